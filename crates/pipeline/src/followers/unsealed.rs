//! Stored records back as events, one by one where one of many cannot be opened.

use ledger::{Keyring, LedgerError, Opened, open_all};
use model::{StoredEvent, position::ACTIVITY};

/// Opens these records. One that is damaged is opened as far as its clear part goes, and said so: it must not hold up all that follow.
pub(super) async fn open(keyring: &Keyring, first: u64, stored: &[StoredEvent]) -> Result<Vec<Opened>, LedgerError> {
    match open_all(keyring, ACTIVITY, stored).await {
        Err(LedgerError::Unsealable { .. } | LedgerError::Commitment { .. }) => {}
        opened => return opened,
    }
    let mut all = Vec::with_capacity(stored.len());
    for (record, index) in stored.iter().zip(first..) {
        match open_all(keyring, ACTIVITY, std::slice::from_ref(record)).await {
            Ok(opened) => all.extend(opened),
            Err(e @ (LedgerError::Unsealable { .. } | LedgerError::Commitment { .. })) => {
                tracing::error!("record {index} of the activity ledger shows its clear part only: {e}; verify the ledger");
                let bare = StoredEvent { leaf: record.leaf.clone(), parts: Vec::new() };
                all.extend(open_all(keyring, ACTIVITY, &[bare]).await?);
            }
            Err(e) => return Err(e),
        }
    }
    Ok(all)
}
