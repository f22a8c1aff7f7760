//! Proof that one record is in the ledger, which a stranger can check offline with the public key.

use crate::{
    error::{LedgerError, Result},
    layout::Layout,
    tiles::{Tiles, stored},
};
use merkle::{Checkpoint, Hash, TileId, TlogProof, decode_entries, inclusion_proof, leaf_hash, verify_inclusion};
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

/// The proof of a record under the newest cosigned checkpoint that covers it, and otherwise under the newest signed.
///
/// # Errors
/// `Store(NotFound)` when the record is not under a checkpoint yet (seconds) or does not exist; `Damaged` when what is stored proves nothing.
pub async fn prove(blobs: &dyn Blobs, ledger: &str, generation: u32, index: u64) -> Result<Proof> {
    let layout = Layout::new(ledger, generation);
    // An anchor that is damaged takes nobody's proof away; `verify` names it.
    match prove_under(blobs, &layout, &layout.cosigned(), index).await {
        Ok(proof) => Ok(proof),
        Err(_) => prove_under(blobs, &layout, &layout.checkpoint(), index).await,
    }
}

async fn prove_under(blobs: &dyn Blobs, layout: &Layout, path: &str, index: u64) -> Result<Proof> {
    let missing = || StoreError::NotFound(format!("a checkpoint over record {index} of {}", layout.base()));
    let (bytes, _) = blobs.get(path).await?.ok_or_else(missing)?;
    let checkpoint = String::from_utf8(bytes.to_vec()).map_err(|e| LedgerError::damaged(path, e))?;
    // Unsigned words: the audit path below must lead to this root, and the reader of the proof checks the signature.
    let (text, _) = checkpoint.split_once("\n\n").ok_or_else(|| LedgerError::damaged(path, "no signature"))?;
    let Checkpoint { size, root, .. } = Checkpoint::parse_text(&format!("{text}\n")).map_err(|e| LedgerError::damaged(path, e))?;
    let tile = TileId::in_tree(0, index >> 8, size).filter(|_| index < size).ok_or_else(missing)?;
    let path = layout.entries(tile);
    let (path, bundle) = stored(blobs, tile, |t| layout.entries(t)).await?.ok_or_else(|| LedgerError::damaged(path, "the file is gone"))?;
    let entries = decode_entries(&bundle).map_err(|e| LedgerError::damaged(&*path, e))?;
    let leaf = entries.into_iter().nth((index & 0xff) as usize).ok_or_else(|| LedgerError::damaged(&*path, "the entry is missing"))?;
    let hashes = Tiles::new(blobs, layout).with(|t| inclusion_proof(t, index, size)).await?;
    verify_inclusion(leaf_hash(&leaf), index, size, &hashes, root)
        .map_err(|_| LedgerError::damaged(path, format!("entry {index}, or a tile over it, does not lead to the checkpoint's root")))?;
    let tlog_proof = TlogProof { index, hashes: hashes.clone(), checkpoint: checkpoint.clone() }.encode();
    Ok(Proof { leaf, index, size, hashes, checkpoint, tlog_proof })
}

/// A leaf's RFC 6962 hash, base64.
pub fn hash_of_leaf(leaf: &[u8]) -> String {
    leaf_hash(leaf).to_string()
}
