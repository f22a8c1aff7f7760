//! Masking: how closely each field's values are kept, and showing a masked value to one member for a reason.
//!
//! A value leaves only after its reveal is durable in the own trail; what is sensitive waits for a second member; secrets never leave.

pub use classes::{Classes, Origin};
pub use view::{
    FieldClassChange, FieldClassList, FieldClassView, FieldState, MaskedConnector, MaskingView, RawFieldView, RevealDecision, RevealList, RevealNew, RevealView,
};

mod classes;
mod decide;
mod fields;
mod raw;
mod reveal;
pub(crate) mod sight;
#[cfg(test)]
mod tests;
pub mod view;

pub(crate) use classes::Rulings;

use crate::{App, Result};
use ledger::LedgerError;
use model::{Position, StoredEvent, query::Hit};
use store::{StoreError, records::FieldClasses};

/// Fields a member may reveal in 24 hours where the configuration says nothing.
pub const REVEALS_PER_DAY: u64 = 50;

/// What the configuration says.
#[derive(Clone, Debug)]
pub struct Masking {
    pub classes: Classes,
    /// Fields a member may reveal in 24 hours.
    pub reveals_per_day: u64,
}

impl App {
    pub(crate) async fn rulings(&self) -> Result<Rulings<'_>> {
        Ok(Rulings::new(&self.masking.classes, self.records.field_classes().await?))
    }

    /// The whole record of a hit, its raw part included, which the index leaves out. `None` where the trail cannot give it: then it stays masked.
    pub(crate) async fn whole_record(&self, hit: &Hit) -> Result<Option<StoredEvent>> {
        let stored = match self.from_trail(&hit.position).await {
            Ok(stored) => stored,
            Err(LedgerError::Store(away @ (StoreError::Unavailable { .. } | StoreError::Unknown { .. } | StoreError::Fatal { .. }))) => {
                return Err(away.into());
            }
            Err(error) => {
                tracing::warn!("the record of {} cannot be read, and stays masked; run `veritrail verify`: {error}", hit.position);
                None
            }
        };
        // What the index shows must be the record that the ledger holds.
        let shown = StoredEvent::decode(&hit.record).map(|(stored, _)| stored.leaf).unwrap_or_default();
        Ok(stored.filter(|stored| stored.leaf == shown))
    }

    async fn from_trail(&self, position: &Position) -> ledger::error::Result<Option<StoredEvent>> {
        if self.reader.head().await?.generation != position.generation {
            return Ok(None);
        }
        self.reader.get(position.index).await
    }
}
