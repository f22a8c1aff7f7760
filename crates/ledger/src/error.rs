//! What can go wrong in the ledger.

use store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bytes are not what was sealed: damaged, or sealed under another key.
    #[error("the {part} part cannot be opened: it is damaged or was sealed under another key")]
    Unsealable { part: &'static str },
    /// The opened bytes do not match the commitment in the leaf.
    #[error("the {part} part does not match its commitment in the ledger")]
    Commitment { part: &'static str },
    #[error("a stored record cannot be read: {0}")]
    Record(#[from] model::stored::StoredError),
    #[error("internal: {0}")]
    Internal(String),
}

pub type Result<T, E = LedgerError> = std::result::Result<T, E>;
