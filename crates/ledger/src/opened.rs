//! Many stored records opened at once: their subjects' keys are fetched in bulk.

use crate::{
    error::Result,
    keyring::Keyring,
    seal::{Opened, open},
};
use model::StoredEvent;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Opens records of a ledger with the keys that are left.
pub async fn open_all(keyring: &Keyring, ledger: &str, stored: &[StoredEvent]) -> Result<Vec<Opened>> {
    let mut subjects = BTreeSet::new();
    for record in stored {
        subjects.extend(record.clear()?.subjects());
    }
    let keys = keyring.keys(&subjects.into_iter().collect::<Vec<Uuid>>()).await?;
    stored.iter().map(|record| open(keyring, &keys, ledger, record)).collect()
}
