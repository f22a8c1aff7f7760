//! Ending a generation after a declared loss, and opening the next.

use super::{HEAD, SqlTrail, append, signed, unsigned};
use crate::{
    Result, StoreError,
    sql::{Handle, Unit},
    trail::{Head, NewBatch, Placed},
};
use model::Position;
use sea_orm::{DbBackend, Value as Sql};

impl SqlTrail {
    /// Ends the head's generation where it is integrated and opens the generation `number` with the one record of `opening`. What waits in the tail
    /// follows that record, each one index further on; a resend finds it there. Where the opening record stands.
    ///
    /// # Errors
    /// `Conflict` when the head is not `seen` any more.
    pub async fn renew(&self, seen: &Head, number: u32, opening: NewBatch) -> Result<Position> {
        let unit = self.database.begin().await?;
        let position = self.renew_in(&unit, seen, number, opening).await?;
        unit.commit().await?;
        Ok(position)
    }

    /// [`SqlTrail::renew`] inside the caller's transaction, which must be of the database this trail was opened on. After an error it must be rolled back.
    pub async fn renew_in(&self, unit: &Unit, seen: &Head, number: u32, opening: NewBatch) -> Result<Position> {
        let lock = if unit.backend() == DbBackend::Postgres { " FOR UPDATE" } else { "" };
        let head = self.read_head(unit, &format!("{HEAD}{lock}")).await?;
        if head != *seen || number <= head.generation {
            return Err(StoreError::Conflict(format!("ledger {} moved on since it was looked at", self.ledger)));
        }
        let at = signed(head.integrated)?;
        let ledger = || Sql::from(self.ledger.as_str());
        let close = "INSERT INTO trail_generations (ledger, generation, first, ends) VALUES ($1, $2, $3, $4)";
        unit.execute(close, vec![ledger(), i64::from(head.generation).into(), signed(head.first)?.into(), at.into()]).await?;
        // The last one first: none meets its neighbour.
        let waiting = "SELECT first FROM trail_batches WHERE ledger = $1 AND first >= $2 ORDER BY first DESC";
        for row in unit.rows(waiting, vec![ledger(), at.into()]).await? {
            let first = signed(unsigned(&row, "first")?)?;
            unit.execute("UPDATE trail_batches SET first = first + 1 WHERE ledger = $1 AND first = $2", vec![ledger(), first.into()]).await?;
        }
        let follow = "UPDATE trail_fingerprints SET generation = $3, position = position + 1 WHERE ledger = $1 AND generation = $2 AND position >= $4";
        unit.execute(follow, vec![ledger(), i64::from(head.generation).into(), i64::from(number).into(), at.into()]).await?;
        let mut next = Head { generation: number, first: head.integrated, size: head.integrated, ..head.clone() };
        let placed = append::batch(unit, &mut next, opening).await?;
        let [Placed::New(position)] = &placed[..] else {
            return Err(StoreError::Internal(format!("a generation of ledger {} is opened by one new record, not by {placed:?}", self.ledger)));
        };
        let open = "UPDATE trail_heads SET generation = $2, first = $3, size = $4 WHERE ledger = $1";
        unit.execute(open, vec![ledger(), i64::from(number).into(), at.into(), signed(head.size + 1)?.into()]).await?;
        Ok(position.clone())
    }
}
