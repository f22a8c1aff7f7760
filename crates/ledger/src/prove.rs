//! Proof that one record is in the ledger, and that the ledger only grew, which a stranger can check offline with the public key.

use crate::{
    error::{LedgerError, Result},
    layout::Layout,
    tiles::{Tiles, stored},
};
use merkle::{
    Checkpoint, Hash, MerkleError, TileId, TlogProof, consistency_proof, decode_entries, inclusion_proof, leaf_hash, root, verify_consistency, verify_inclusion,
};
use store::{StoreError, blobs::Blobs};

/// Evidence for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The clear part, as hashed.
    pub leaf: Vec<u8>,
    pub index: u64,
    /// Records under the checkpoint.
    pub size: u64,
    /// Audit path, leaf side first.
    pub hashes: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
    /// All but the leaf as one file (c2sp.org/tlog-proof).
    pub tlog_proof: String,
}

/// Evidence that the ledger of `to` records begins with the ledger of `from`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    pub from: u64,
    pub from_root: Hash,
    pub to: u64,
    pub to_root: Hash,
    pub hashes: Vec<Hash>,
    /// The newest signed note, which is of `to` records unless another size was asked for.
    pub checkpoint: String,
}

/// The newest checkpoint and its note; `None` before the first.
async fn newest(blobs: &dyn Blobs, layout: &Layout) -> Result<Option<(Checkpoint, String)>> {
    let path = layout.checkpoint();
    let Some((bytes, _)) = blobs.get(&path).await? else { return Ok(None) };
    let note = String::from_utf8(bytes.to_vec()).map_err(|e| LedgerError::damaged(&*path, e))?;
    // Unsigned words: proofs must lead to this root, and whoever reads them checks the signature.
    let (text, _) = note.split_once("\n\n").ok_or_else(|| LedgerError::damaged(&*path, "no signature"))?;
    let checkpoint = Checkpoint::parse_text(&format!("{text}\n")).map_err(|e| LedgerError::damaged(&*path, e))?;
    Ok(Some((checkpoint, note)))
}

/// The proof of a record under the newest checkpoint.
///
/// # Errors
/// `Store(NotFound)` when the record is not under a checkpoint yet (seconds) or does not exist; `Damaged` when what is stored proves nothing.
pub async fn prove(blobs: &dyn Blobs, ledger: &str, generation: u32, index: u64) -> Result<Proof> {
    let layout = Layout::new(ledger, generation);
    let missing = || StoreError::NotFound(format!("a checkpoint over {ledger}.{generation}:{index}"));
    let (Checkpoint { size, root: top, .. }, checkpoint) = newest(blobs, &layout).await?.ok_or_else(missing)?;
    let tile = TileId::in_tree(0, index >> 8, size).filter(|_| index < size).ok_or_else(missing)?;
    let path = layout.entries(tile);
    let (path, bundle) = stored(blobs, tile, |t| layout.entries(t)).await?.ok_or_else(|| LedgerError::damaged(path, "the file is gone"))?;
    let entries = decode_entries(&bundle).map_err(|e| LedgerError::damaged(&*path, e))?;
    let leaf = entries.into_iter().nth((index & 0xff) as usize).ok_or_else(|| LedgerError::damaged(&*path, "the entry is missing"))?;
    let hashes = Tiles::new(blobs, &layout).with(|t| inclusion_proof(t, index, size)).await?;
    verify_inclusion(leaf_hash(&leaf), index, size, &hashes, top)
        .map_err(|_| LedgerError::damaged(path, format!("entry {index}, or a tile over it, does not lead to the checkpoint's root")))?;
    let tlog_proof = TlogProof { index, hashes: hashes.clone(), checkpoint: checkpoint.clone() }.encode();
    Ok(Proof { leaf, index, size, hashes, checkpoint, tlog_proof })
}

/// The proof that the ledger of `to` records, the newest checkpoint's where left out, begins with that of `from`.
///
/// # Errors
/// `Store(NotFound)` before the first checkpoint; `Merkle(OutOfRange)` when the sizes are not in order or not under it; `Damaged` when what is stored proves nothing.
pub async fn prove_consistency(blobs: &dyn Blobs, ledger: &str, generation: u32, from: u64, to: Option<u64>) -> Result<Consistency> {
    let layout = Layout::new(ledger, generation);
    let (newest, checkpoint) = newest(blobs, &layout).await?.ok_or_else(|| StoreError::NotFound(format!("a checkpoint of {ledger}.{generation}")))?;
    let to = to.unwrap_or(newest.size);
    if to > newest.size {
        return Err(MerkleError::OutOfRange { wanted: to, size: newest.size }.into());
    }
    let mut tiles = Tiles::new(blobs, &layout);
    let hashes = tiles.with(|t| consistency_proof(t, from, to)).await?;
    let (from_root, to_root) = (tiles.with(|t| root(t, from)).await?, tiles.with(|t| root(t, to)).await?);
    let leads = verify_consistency(from, from_root, to, to_root, &hashes).is_ok() && (to < newest.size || to_root == newest.root);
    if leads {
        return Ok(Consistency { from, from_root, to, to_root, hashes, checkpoint });
    }
    Err(LedgerError::damaged(layout.base(), format!("its tiles do not lead from {from} records to the {to} of the checkpoint")))
}

/// A leaf's RFC 6962 hash, base64.
pub fn hash_of_leaf(leaf: &[u8]) -> String {
    leaf_hash(leaf).to_string()
}
