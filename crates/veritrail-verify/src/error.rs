//! Why nothing could be verified at all. What is verified and wrong is a fault in the report.

use merkle::MerkleError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{file} cannot be read: {why}")]
    Unreadable { file: String, why: String },
    #[error("{file} cannot be written: {why}")]
    Unwritable { file: String, why: String },
    #[error("there is no checkpoint in {place}; name the directory of one ledger, such as blobs/activity/0")]
    NoCheckpoint { place: String },
    #[error("{place}: {scheme} addresses are not spoken here; use http://, or copy the files (curl, wget) and name the directory")]
    Scheme { place: String, scheme: String },
    #[error("the checkpoint of {place} is not signed by the key given ({key}): {why}")]
    Checkpoint { place: String, key: String, why: MerkleError },
    #[error("{file} is no checkpoint of this log signed by the key given: {why}")]
    Older { file: String, why: MerkleError },
    #[error("{file} proves nothing about this entry: {why}")]
    Proof { file: String, why: MerkleError },
    #[error("{file} is not a state of this verifier: {why}; remove it, and the next run begins anew")]
    State { file: String, why: MerkleError },
}

impl Error {
    pub(crate) fn unreadable(file: impl Into<String>, why: impl ToString) -> Self {
        Self::Unreadable { file: file.into(), why: why.to_string() }
    }
}
