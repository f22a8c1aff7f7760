//! RFC 6962 section 2.1: domain-separated SHA-256 for leaves and nodes.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::MerkleError;

/// Length of a hash in bytes.
pub const HASH_BYTES: usize = 32;

/// A SHA-256 value: a leaf, a node or a root. Shown as standard base64, the way checkpoints and proofs write it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; HASH_BYTES]);

/// The root of a tree without entries: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95,
    0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

impl Hash {
    /// Reads standard, padded, canonical base64 of exactly 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, MerkleError> {
        let bytes = STANDARD.decode(text).map_err(|_| MerkleError::malformed("hash", "not base64"))?;
        bytes.try_into().map(Self).map_err(|_| MerkleError::malformed("hash", "not 32 bytes"))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Hash({self})")
    }
}

/// `SHA-256(0x00 || entry)`.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// `SHA-256(0x01 || left || right)`.
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_root_is_sha256_of_nothing() {
        assert_eq!(EMPTY_ROOT.0, <[u8; 32]>::from(Sha256::digest(b"")));
    }

    #[test]
    fn leaf_and_node_are_separate_domains() {
        // SHA-256 of the single byte 0x00, the well-known leaf hash of the empty entry.
        assert_eq!(leaf_hash(b"").to_string(), "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
        let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
        assert_ne!(node_hash(a, b), leaf_hash(&[a.0, b.0].concat()));
        assert_ne!(node_hash(a, b), node_hash(b, a));
    }

    #[test]
    fn base64_round_trip_and_length() {
        assert_eq!(Hash::from_base64(&leaf_hash(b"x").to_string()).unwrap(), leaf_hash(b"x"));
        assert!(Hash::from_base64("AAAA").is_err());
    }
}
