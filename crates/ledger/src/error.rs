//! What can go wrong in the ledger.

use store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue before the durable commit is full. Nothing was kept.
    #[error("the ledger's queue is full; send again in {retry_after_secs} s")]
    Busy { retry_after_secs: u64 },
    /// A delivery or leaf over its limit. Nothing was kept.
    #[error("{what} has {size_bytes} bytes; the limit is {limit_bytes}")]
    TooLarge { what: String, size_bytes: usize, limit_bytes: usize },
    /// After a failed fsync or an outcome that cannot be found out nothing more is acknowledged.
    #[error("the ledger has stopped and acknowledges nothing more: {0}; find the cause, then start again")]
    Stopped(String),
    /// The data is older than what was signed before, by the lock or a witness: a backup was restored, or they are another ledger's.
    #[error(
        "ledger {ledger} is older than what was signed of it: {why}; restore newer data, or declare the loss: `veritrail ledger new-generation --ledger {ledger}` (docs/backup.md)"
    )]
    Older { ledger: String, why: String },
    /// Two histories: what is stored does not continue what was signed.
    #[error("ledger {ledger} does not continue what was signed: {why}; nothing is signed until this is resolved")]
    Fork { ledger: String, why: String },
    /// The bytes are not what was sealed: damaged, or sealed under another key.
    #[error("the {part} part cannot be opened: it is damaged or was sealed under another key")]
    Unsealable { part: &'static str },
    /// The opened bytes do not match the commitment in the leaf.
    #[error("the {part} part does not match its commitment in the ledger")]
    Commitment { part: &'static str },
    /// A file of the key folder, by what is wrong with it or with the passphrase. Nothing in it is ever said.
    #[error("the key file '{file}' cannot be used: {why}")]
    KeyFile { file: String, why: String },
    #[error("a stored record cannot be read: {0}")]
    Record(#[from] model::stored::StoredError),
    #[error("tree maths: {0}")]
    Merkle(#[from] merkle::MerkleError),
    #[error("internal: {0}")]
    Internal(String),
}

impl LedgerError {
    /// Whether it leaves open what is on the disk, so that nothing may be acknowledged after it.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Stopped(_) | Self::Store(StoreError::Fatal { .. }))
    }

    pub(crate) fn damaged(what: impl Into<String>, why: impl ToString) -> Self {
        Self::Store(StoreError::Damaged { what: what.into(), why: why.to_string() })
    }
}

pub type Result<T, E = LedgerError> = std::result::Result<T, E>;
