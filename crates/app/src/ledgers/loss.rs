//! Declaring a loss: a ledger's generation ends, the next names what was lost. Done at the host, with nothing serving.

use crate::{
    App, AppError, Result,
    door::{HOST, Target},
};
use ledger::{Integrator, Layout, Lock, LogKeys, Loss};
use model::{
    Position,
    position::{ACTIVITY, SELF},
};
use serde_json::json;
use store::{
    StoreError,
    records::{SelfEvent, SelfEvents},
    sql::Unit,
    trail::{Head, NewBatch, SqlTrail},
};

/// As in the tool's own trail.
const OPERATION: &str = "ledgers.renew";

impl App {
    /// Opens the next generation of the integrator's ledger, whose trail this is. `reason` is sealed. Where its first record stands.
    ///
    /// # Errors
    /// `SelfLedger` when it cannot be recorded; nothing is changed then.
    pub async fn declare_loss(&self, integrator: &Integrator, trail: &SqlTrail, loss: &Loss, reason: &str) -> Result<Position> {
        let (ledger, now) = (integrator.ledger(), self.now());
        let opening = loss.opened_by(&self.keyring, ledger, reason, now).await?;
        if ledger == SELF {
            // Its first record is what is recorded of it.
            let head = integrator.close(trail, loss, now).await?;
            return self.renew_self(trail, &head, loss, opening).await;
        }
        let detail = json!({ "reason": reason, "lost": loss.range(), "size": loss.opening.checkpoint.size, "root": loss.opening.checkpoint.root.to_string() });
        self.record_at_host(OPERATION, Target::of("ledger", ledger), detail).await?;
        let head = integrator.close(trail, loss, now).await?;
        let position = trail.renew(&head, loss.number, opening).await?;
        if self.events.resume().await? > head.integrated {
            // It holds what was lost, or what stands elsewhere now.
            self.events.clear().await?;
        }
        Ok(position)
    }

    async fn renew_self(&self, trail: &SqlTrail, head: &Head, loss: &Loss, opening: NewBatch) -> Result<Position> {
        let sealed = opening.records.first().map(|record| record.bytes.clone()).unwrap_or_default();
        let renew = async |unit: &Unit| {
            let position = trail.renew_in(unit, head, loss.number, opening).await?;
            unit.move_self_events((head.generation, head.integrated), loss.number).await?;
            let row = SelfEvent {
                generation: position.generation,
                position: position.index,
                time: self.now(),
                member: None,
                role: Some(HOST.to_owned()),
                operation: OPERATION.to_owned(),
                outcome: "success".to_owned(),
                target: Target::of("ledger", SELF).as_str().to_owned(),
                sealed,
            };
            unit.add_self_event(&row).await?;
            Ok::<_, StoreError>(position)
        };
        let unit = self.records.begin().await?;
        match renew(&unit).await {
            Ok(position) => {
                unit.commit().await?;
                Ok(position)
            }
            Err(error) => {
                unit.rollback().await?;
                Err(error.into())
            }
        }
    }

    /// The name and the keys of the log that a generation of the ledger `activity` is.
    pub(crate) async fn log_of(&self, generation: u32) -> Result<(String, LogKeys)> {
        let unknown = || AppError::Unavailable("the ledger's key is not known yet; try again".into());
        let (origin, keys) = self.board.verifiers(ACTIVITY).ok_or_else(unknown)?;
        if generation == self.trail.head().await?.generation {
            return Ok((origin, keys));
        }
        let past = Lock::of(self.apart.clone(), ACTIVITY).past(generation);
        let keys = past.keys(self.blobs.as_ref(), ACTIVITY, generation, &keys.all()[0].1).await?;
        Ok((Layout::new(ACTIVITY, generation).origin(keys.name()), keys))
    }
}
