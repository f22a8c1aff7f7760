//! Proof that an event stands in the ledger.

use super::{
    read_position,
    view::{ProofView, WitnessedView},
};
use crate::{App, AppError, Caller, Operation};
use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use ledger::LedgerError;
use model::{SECOND, position::ACTIVITY, time::rfc3339};
use serde_json::json;
use store::StoreError;

impl App {
    /// The inclusion proof of an event the reader may see, under the newest cosigned checkpoint over it, or else the newest signed.
    ///
    /// # Errors
    /// `Conflict` until a checkpoint covers the event, which takes about a second.
    pub async fn prove_event(&self, caller: &Caller, position: &str) -> Result<ProofView, AppError> {
        let position = read_position(position)?;
        let scope = self.read(caller, Operation::EventsProve, &position, json!({})).await?;
        self.events.get(&scope, &position).await?.ok_or_else(|| AppError::not_found(format!("event {position}")))?;
        let leaf = self.reader.leaf_of(&position).await?;
        let proof = ledger::prove(self.blobs.as_ref(), ACTIVITY, position.generation, leaf).await.map_err(|error| match error {
            LedgerError::Store(StoreError::NotFound(_)) => {
                AppError::Conflict(format!("{position} is not yet under a signed checkpoint; one is signed about every second"))
            }
            other => other.into(),
        })?;
        // A checkpoint that rotted is no evidence: the reader would find out only at home.
        if self.board.verifiers(ACTIVITY).is_some() {
            let (origin, keys) = self.log_of(position.generation).await?;
            let damaged = |e| AppError::Internal(format!("the checkpoint over {position} is damaged: {e}; verify the ledger"));
            keys.checkpoint(&proof.checkpoint, &origin).map_err(damaged)?;
        }
        let mut lines = proof.checkpoint.lines();
        let origin = lines.next().unwrap_or_default().to_owned();
        let root = lines.nth(1).unwrap_or_default().to_owned();
        let cosigned = ledger::anchor::witnessed(&proof.checkpoint, &self.board.witness_keys());
        let witnesses: Vec<WitnessedView> = cosigned
            .into_iter()
            .map(|c| WitnessedView { name: c.witness, time: rfc3339(i64::try_from(c.time_secs).unwrap_or(i64::MAX / SECOND) * SECOND) })
            .collect();
        // Signed no later than the first who cosigned it says.
        let cosigned_at = witnesses.iter().map(|w| w.time.clone()).min();
        Ok(ProofView {
            position: position.to_string(),
            index: proof.index,
            size: proof.size,
            leaf: BASE64.encode(&proof.leaf),
            leaf_hash: ledger::prove::hash_of_leaf(&proof.leaf),
            hashes: proof.hashes.iter().map(ToString::to_string).collect(),
            root,
            checkpoint_time: self.board.time_of(ACTIVITY, proof.size).or(cosigned_at),
            checkpoint: proof.checkpoint,
            tlog_proof: proof.tlog_proof,
            origin,
            witnesses,
        })
    }
}
