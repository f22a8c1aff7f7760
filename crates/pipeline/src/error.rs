//! What can keep records from being taken.

use connectors::ConnectorError;
use ledger::LedgerError;
use store::StoreError;
use uuid::Uuid;

/// Nothing that one of these refuses is lost: the sender still has it, and sending it again adds nothing twice.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// 429: too much is being taken in at this moment.
    #[error("too much is being taken in just now; try again after {retry_after_secs} s")]
    Busy { retry_after_secs: u64 },
    /// 413.
    #[error("the body has {size_bytes} bytes; at most {limit_bytes} are taken at once. Send it in parts, or import it as a file")]
    TooLarge { size_bytes: u64, limit_bytes: u64 },
    #[error("the source '{0}' is paused; an administrator can resume it")]
    Paused(String),
    #[error("there is no connector '{0}' in this version")]
    NoConnector(String),
    #[error("the source '{source_name}' has no stream '{stream}'; it has {known}")]
    NoStream { source_name: String, stream: String, known: String },
    /// The input cannot be read as what it is said to be, or reading it failed.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    #[error("reading {name} failed: {why}")]
    Input { name: String, why: String },
    #[error("{name} has more than {limit} different records without an id; cut it into several files")]
    TooManyWithoutId { name: String, limit: usize },
    #[error("stopped on request; what was taken so far stays, and the same file can be imported again")]
    Cancelled,
    #[error("the quarantined record {id} cannot be replayed: {why}")]
    NotReplayable { id: Uuid, why: String },
    #[error(transparent)]
    Ledger(LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("internal: {0}")]
    Internal(String),
}

impl From<LedgerError> for IntakeError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Busy { retry_after_secs } => Self::Busy { retry_after_secs },
            LedgerError::Store(e) => Self::Store(e),
            other => Self::Ledger(other),
        }
    }
}
