//! Stored records back as events, one by one where one of many cannot be opened.

use crate::IntakeError;
use ledger::{Keyring, LedgerError, Opened, open_all};
use model::{StoredEvent, position::ACTIVITY};
use std::sync::Arc;

/// Records opened by one thread; more are shared out.
const SHARE: usize = 1_000;

/// Opens these records, off the asynchronous threads, and gives them back. One that is damaged is opened as far as its clear part goes, and said so:
/// it must not hold up all that follow.
pub(super) async fn open(keyring: &Arc<Keyring>, first: u64, stored: Vec<StoredEvent>) -> Result<(Vec<StoredEvent>, Vec<Opened>), IntakeError> {
    let mut shares = Vec::new();
    let (mut rest, mut index) = (stored, first);
    while !rest.is_empty() {
        let after = rest.split_off(rest.len().min(SHARE));
        let (share, keyring, from) = (std::mem::replace(&mut rest, after), keyring.clone(), index);
        index += share.len() as u64;
        let runtime = tokio::runtime::Handle::current();
        // Opening is arithmetic with now and then a look into the key store.
        shares.push(tokio::task::spawn_blocking(move || runtime.block_on(open_share(&keyring, from, &share)).map(|opened| (share, opened))));
    }
    let (mut stored, mut opened) = (Vec::new(), Vec::new());
    for share in shares {
        let (records, events) = share.await.map_err(|e| IntakeError::Internal(format!("opening records stopped: {e}")))??;
        stored.extend(records);
        opened.extend(events);
    }
    Ok((stored, opened))
}

async fn open_share(keyring: &Keyring, first: u64, stored: &[StoredEvent]) -> Result<Vec<Opened>, LedgerError> {
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
