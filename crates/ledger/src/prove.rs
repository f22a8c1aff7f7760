//! Proof that one record is in the ledger, and that the ledger only grew, which a stranger can check offline with the public key.

use crate::{
    error::{LedgerError, Result},
    layout::Layout,
    tiles::{Tiles, stored},
};
use merkle::{
    Checkpoint, EntryBundle, Hash, MerkleError, TileId, TlogProof, consistency_proof, decode_entries, inclusion_proof, leaf_hash, root, verify_consistency,
    verify_inclusion,
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

/// A checkpoint and its note; `None` where there is none.
async fn read(blobs: &dyn Blobs, path: &str) -> Result<Option<(Checkpoint, String)>> {
    let Some((bytes, _)) = blobs.get(path).await? else { return Ok(None) };
    let note = String::from_utf8(bytes.to_vec()).map_err(|e| LedgerError::damaged(path, e))?;
    // Unsigned words: proofs must lead to this root, and whoever reads them checks the signature.
    let (text, _) = note.split_once("\n\n").ok_or_else(|| LedgerError::damaged(path, "no signature"))?;
    let checkpoint = Checkpoint::parse_text(&format!("{text}\n")).map_err(|e| LedgerError::damaged(path, e))?;
    Ok(Some((checkpoint, note)))
}

/// The proof of a record under the newest cosigned checkpoint that covers it, and otherwise under the newest signed.
///
/// # Errors
/// `Store(NotFound)` when the record is not under a checkpoint yet (seconds) or does not exist; `Damaged` when what is stored proves nothing.
pub async fn prove(blobs: &dyn Blobs, ledger: &str, generation: u32, index: u64) -> Result<Proof> {
    Prover::over(blobs, ledger, generation, index).await.map(|(_, proof)| proof)
}

/// Makes proofs under one checkpoint. Every tile is read once, and so is every bundle where records are asked for in rising order.
pub struct Prover<'a> {
    blobs: &'a dyn Blobs,
    layout: Layout,
    tiles: Tiles<'a>,
    checkpoint: Checkpoint,
    note: String,
    /// The bundle last read, and its path.
    bundle: Option<(TileId, String, EntryBundle)>,
}

impl<'a> Prover<'a> {
    /// Under the newest cosigned checkpoint that covers the record `newest`, and otherwise under the newest signed; and that record's proof.
    ///
    /// # Errors
    /// As [`prove`].
    pub async fn over(blobs: &'a dyn Blobs, ledger: &str, generation: u32, newest: u64) -> Result<(Self, Proof)> {
        let layout = Layout::new(ledger, generation);
        // An anchor that is damaged takes nobody's proof away; `verify` names it.
        match Self::with(blobs, &layout, &layout.cosigned(), newest).await {
            Ok(found) => Ok(found),
            Err(_) => Self::with(blobs, &layout, &layout.checkpoint(), newest).await,
        }
    }

    async fn with(blobs: &'a dyn Blobs, layout: &Layout, path: &str, newest: u64) -> Result<(Self, Proof)> {
        let (checkpoint, note) = read(blobs, path).await?.ok_or_else(|| not_covered(layout, newest))?;
        let mut prover = Self { blobs, layout: layout.clone(), tiles: Tiles::new(blobs, layout), checkpoint, note, bundle: None };
        let proof = prover.prove(newest).await?;
        Ok((prover, proof))
    }

    /// Records under the checkpoint.
    pub fn size(&self) -> u64 {
        self.checkpoint.size
    }

    /// The checkpoint's root, base64.
    pub fn root(&self) -> String {
        self.checkpoint.root.to_string()
    }

    /// The checkpoint as a signed note.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The proof of one record.
    ///
    /// # Errors
    /// `Store(NotFound)` when the checkpoint does not cover it; `Damaged` when what is stored proves nothing.
    pub async fn prove(&mut self, index: u64) -> Result<Proof> {
        let Checkpoint { size, root: top, .. } = self.checkpoint;
        let tile = TileId::in_tree(0, index >> 8, size).filter(|_| index < size).ok_or_else(|| not_covered(&self.layout, index))?;
        let (path, leaf) = self.entry(tile, (index & 0xff) as usize).await?;
        let hashes = self.tiles.with(|t| inclusion_proof(t, index, size)).await?;
        verify_inclusion(leaf_hash(&leaf), index, size, &hashes, top)
            .map_err(|_| LedgerError::damaged(path, format!("entry {index}, or a tile over it, does not lead to the checkpoint's root")))?;
        let tlog_proof = TlogProof { index, hashes: hashes.clone(), checkpoint: self.note.clone() }.encode();
        Ok(Proof { leaf, index, size, hashes, checkpoint: self.note.clone(), tlog_proof })
    }

    /// An entry of a bundle, and the bundle's path.
    async fn entry(&mut self, tile: TileId, place: usize) -> Result<(String, Vec<u8>)> {
        if self.bundle.as_ref().is_none_or(|(held, ..)| *held != tile) {
            let found = stored(self.blobs, tile, |t| self.layout.entries(t)).await?;
            let (path, bytes) = found.ok_or_else(|| LedgerError::damaged(self.layout.entries(tile), "the file is gone"))?;
            let entries = decode_entries(&bytes).map_err(|e| LedgerError::damaged(&*path, e))?;
            self.bundle = Some((tile, path, entries));
        }
        let held = self.bundle.as_ref().map(|(_, path, entries)| (path.clone(), entries.get(place).cloned()));
        let (path, leaf) = held.ok_or_else(|| LedgerError::Internal("a bundle just read is not held".to_owned()))?;
        let leaf = leaf.ok_or_else(|| LedgerError::damaged(&*path, "the entry is missing"))?;
        Ok((path, leaf))
    }
}

fn not_covered(layout: &Layout, index: u64) -> LedgerError {
    StoreError::NotFound(format!("a checkpoint over record {index} of {}", layout.base())).into()
}

/// The proof that the ledger of `to` records, the newest checkpoint's where left out, begins with that of `from`.
///
/// # Errors
/// `Store(NotFound)` before the first checkpoint; `Merkle(OutOfRange)` when the sizes are not in order or not under it; `Damaged` when what is stored proves nothing.
pub async fn prove_consistency(blobs: &dyn Blobs, ledger: &str, generation: u32, from: u64, to: Option<u64>) -> Result<Consistency> {
    let layout = Layout::new(ledger, generation);
    let (newest, checkpoint) =
        read(blobs, &layout.checkpoint()).await?.ok_or_else(|| StoreError::NotFound(format!("a checkpoint of {ledger}.{generation}")))?;
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
