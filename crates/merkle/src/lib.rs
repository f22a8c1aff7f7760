//! The maths under the ledger: RFC 6962 hashes, C2SP tlog-tiles, proofs, signed notes, checkpoints and the cosignatures of witnesses.
//!
//! This crate knows no storage, clock, network or async: bytes come in through [`TileReader`] and arguments, bytes go out as return values.

mod checkpoint;
mod cosignature;
mod entries;
mod error;
mod hash;
mod keys;
mod note;
mod path;
mod proof;
mod rebuild;
mod tile;
mod tlog_proof;
mod tree;
mod walk;

pub use checkpoint::Checkpoint;
pub use cosignature::{Cosignature, WitnessKey, cosigned};
pub use entries::{EntryBundle, MAX_ENTRY_BYTES, decode_entries, encode_entries};
pub use error::MerkleError;
pub use hash::{EMPTY_ROOT, HASH_BYTES, Hash, leaf_hash, node_hash};
pub use keys::LogKeys;
pub use note::{Note, NoteSigner, NoteVerifier};
pub use proof::{consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
pub use rebuild::{Built, Place, Rebuild};
pub use tile::{TILE_WIDTH, TileId, TileReader, append_tiles};
pub use tlog_proof::TlogProof;
pub use tree::{fold, root};
pub use walk::{Claim, Fault, Judged, Stored, Walk, continued};

#[cfg(test)]
mod properties;
