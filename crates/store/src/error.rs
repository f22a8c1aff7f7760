//! What can go wrong below.

/// Errors of every port. The difference that matters upstairs: may one try again, and is it known what happened?
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database or object store cannot be reached, or the disk is full. Nothing was committed; trying again is safe.
    #[error("{what} is not available: {why}")]
    Unavailable { what: &'static str, why: String },
    /// A commit was sent and its outcome is not known. The caller finds out (by fingerprint, head or epoch) before anything else.
    #[error("the outcome of a commit to {what} is unknown: {why}")]
    Unknown { what: &'static str, why: String },
    /// An I/O error or failed fsync: nothing more may be acknowledged by this process.
    #[error("{what} failed and cannot be trusted until recovery: {why}")]
    Fatal { what: &'static str, why: String },
    /// A compare-and-swap or unique key did not hold.
    #[error("conflict: {0}")]
    Conflict(String),
    #[error("not found: {0}")]
    NotFound(String),
    /// Stored bytes are not what they should be.
    #[error("{what} is damaged: {why}")]
    Damaged { what: String, why: String },
    /// A query or migration is wrong: our fault.
    #[error("internal: {0}")]
    Internal(String),
}

/// Why a disk that is full does not answer otherwise.
pub(crate) const DISK_FULL: &str = "the disk is full";

impl StoreError {
    /// For whoever asked: what the database itself said may name hosts, accounts and tables, and stays in the log.
    pub fn told(&self) -> String {
        match self {
            Self::Unavailable { what, why } if why == DISK_FULL => format!("{what} cannot be written: {DISK_FULL}. Nothing was taken or changed by this"),
            Self::Unavailable { what, .. } => format!("{what} cannot be reached just now. Nothing was taken or changed by this"),
            Self::Unknown { what, .. } => format!("{what} did not answer whether it was done. Look before you try again"),
            Self::Fatal { what, .. } => format!("{what} failed; nothing is taken or changed until an administrator looked at the log"),
            _ => "something went wrong here".to_owned(),
        }
    }
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;
