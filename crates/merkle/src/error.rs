//! Everything that can be wrong with tiles, proofs and notes.

/// Why tree maths or a signed text was refused.
#[derive(Debug, thiserror::Error)]
pub enum MerkleError {
    /// The reader has no such tile, or could not read it.
    #[error("tile {path} cannot be read: {reason}")]
    TileUnreadable { path: String, reason: String },
    /// A tile holds fewer hashes than the tree size demands.
    #[error("tile {path} holds {found} bytes, {wanted} needed")]
    TileTooShort { path: String, found: usize, wanted: usize },
    /// The index or size asked for lies outside the tree.
    #[error("{wanted} lies outside a tree of {size} entries")]
    OutOfRange { wanted: u64, size: u64 },
    /// An entry is longer than the 16-bit length prefix of a bundle can say.
    #[error("an entry of {0} bytes is over the limit of 65535")]
    EntryTooLong(usize),
    /// A text or byte format is broken; the words say which and where.
    #[error("malformed {what}: {reason}")]
    Malformed { what: &'static str, reason: &'static str },
    /// A checkpoint names another log than the one asked about.
    #[error("it is of the log '{found}', not of '{wanted}'")]
    OtherLog { found: String, wanted: String },
    /// The proof does not lead to the expected root.
    #[error("the proof does not lead to the expected root")]
    ProofMismatch,
    /// A signature by a known key does not fit the text.
    #[error("the signature of {0} does not fit the text")]
    BadSignature(String),
    /// None of the signatures is by a key we know.
    #[error("no signature is by a known key")]
    NoKnownSignature,
    /// A key of the log signed a size that another of its keys signs.
    #[error("checkpoints of {size} entries are signed by the key {wanted}, this one is signed by another key of the log")]
    OtherKey { size: u64, wanted: String },
}

impl MerkleError {
    pub(crate) fn malformed(what: &'static str, reason: &'static str) -> Self {
        Self::Malformed { what, reason }
    }
}
