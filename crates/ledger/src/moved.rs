//! Moving batches: segment, entry bundles and tiles are written, read back and hashed again. Nothing here signs a checkpoint.

use crate::{
    error::{LedgerError, Result},
    layout::Layout,
    records::of_tail,
    segment::{Manifest, Segment},
    tiles::{Tiles, stored},
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use merkle::{Hash, NoteSigner, TILE_WIDTH, TileId, append_tiles, consistency_proof, decode_entries, encode_entries, leaf_hash, root, verify_consistency};
use store::{StoreError, blobs::Blobs, trail::Batch};

/// Objects read back at once.
const AT_ONCE: usize = 8;

/// What a move works on.
pub(crate) struct Move<'a> {
    pub(crate) blobs: &'a dyn Blobs,
    pub(crate) layout: &'a Layout,
    pub(crate) signer: &'a NoteSigner,
    pub(crate) ledger: &'a str,
    /// What was signed before.
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

/// A tree whose every new byte was read back from the store.
pub(crate) struct Grown {
    pub(crate) size: u64,
    pub(crate) root: Hash,
    /// Folders of partial tiles that full ones have replaced.
    pub(crate) replaced: Vec<String>,
}

impl Move<'_> {
    /// A segment that a stopped process wrote and did not sign is taken over: the batches it holds, and no more.
    pub(crate) async fn adopt(&self, mut batches: Vec<Batch>) -> Result<Vec<Batch>> {
        let prefix = format!("{}{:012}-", self.layout.segments(), self.size);
        for path in self.blobs.list(&prefix).await? {
            let Some((_, count)) = self.layout.parse_segment(&path) else { continue };
            let end = self.size + count;
            let kept = batches.iter().take_while(|b| b.first + b.count <= end).count();
            if batches.get(kept.wrapping_sub(1)).is_some_and(|b| b.first + b.count == end) {
                batches.truncate(kept);
                return Ok(batches);
            }
            return Err(LedgerError::damaged(path, "it does not end where a batch of the tail ends"));
        }
        Ok(batches)
    }

    pub(crate) async fn run(&self, batches: &[Batch]) -> Result<Grown> {
        let leaves = self.segment(batches).await?;
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        let size = self.size + hashes.len() as u64;
        let mut before = Tiles::new(self.blobs, self.layout);
        let tiles = before.with(|t| append_tiles(t, self.size, &hashes)).await?;
        let mut objects = self.bundles(&leaves, &tiles).await?;
        objects.extend(tiles.iter().map(|(tile, bytes)| (self.layout.tile(*tile), Bytes::from(bytes.clone()))));
        self.write_and_read_back(objects).await?;

        let mut after = Tiles::new(self.blobs, self.layout);
        let root = after.with(|t| root(t, size)).await?;
        let proof = after.with(|t| consistency_proof(t, self.size, size)).await?;
        verify_consistency(self.size, self.root, size, root, &proof)
            .map_err(|e| LedgerError::Fork { ledger: self.ledger.to_owned(), why: format!("from {} to {size} records, {e}", self.size) })?;
        Ok(Grown { size, root, replaced: self.replaced(&tiles) })
    }

    /// Writes the segment and its manifest, and reads the leaves from what was stored.
    async fn segment(&self, batches: &[Batch]) -> Result<Vec<Vec<u8>>> {
        let origin = self.layout.origin(self.signer.verifier().name());
        let (manifest, bytes) = Manifest::of(&origin, batches).ok_or_else(|| LedgerError::Internal("no batches to move".into()))?;
        let (first, count) = (manifest.first, manifest.count);
        self.blobs.create(&self.layout.segment(first, count), bytes).await?;
        self.sign(&manifest).await?;
        let stored = Segment::load(self.blobs, self.layout, first, count).await?;
        let mut leaves = Vec::new();
        for (piece, batch) in stored.batches().iter().zip(batches) {
            // What the tail holds must fit its own hashes too: they were committed with the records' positions.
            of_tail(self.ledger, batch)?;
            let records = stored.records(piece)?;
            if records.iter().map(|r| leaf_hash(&r.leaf).0).ne(batch.leaf_hashes.iter().copied()) {
                return Err(LedgerError::damaged(self.layout.segment(first, count), format!("batch {} does not fit its leaf hashes", batch.first)));
            }
            leaves.extend(records.into_iter().map(|r| r.leaf));
        }
        Ok(leaves)
    }

    /// A stopped process may have signed the same manifest with the key before; nothing signed names it yet.
    async fn sign(&self, manifest: &Manifest) -> Result<()> {
        let (path, note) = (self.layout.segment_note(manifest.first, manifest.count), Bytes::from(manifest.sign(self.signer)?));
        match self.blobs.create(&path, note.clone()).await {
            Err(StoreError::Conflict(why)) => {
                let there = self.blobs.get(&path).await?;
                let same = there.is_some_and(|(there, _)| std::str::from_utf8(&there).is_ok_and(|there| Manifest::parse(there).is_ok_and(|m| m == *manifest)));
                if same { Ok(self.blobs.put(&path, note).await?) } else { Err(StoreError::Conflict(why).into()) }
            }
            done => Ok(done?),
        }
    }

    /// The entry bundles under the new level-0 tiles; the first may go on from a partial one, whose entries are hashed again.
    async fn bundles(&self, leaves: &[Vec<u8>], tiles: &[(TileId, Vec<u8>)]) -> Result<Vec<(String, Bytes)>> {
        let mut entries = Vec::new();
        let begun = (self.size % u64::from(TILE_WIDTH)) as u16;
        let bottom: Vec<&(TileId, Vec<u8>)> = tiles.iter().filter(|(tile, _)| tile.level == 0).collect();
        if let (1.., Some((tile, hashes))) = (begun, bottom.first()) {
            let old = TileId { width: begun, ..*tile };
            let path = self.layout.entries(old);
            let (path, bytes) = stored(self.blobs, old, |t| self.layout.entries(t)).await?.ok_or_else(|| LedgerError::damaged(path, "the file is gone"))?;
            entries = decode_entries(&bytes).map_err(|e| LedgerError::damaged(&*path, e))?;
            entries.truncate(usize::from(begun));
            let fits = entries.iter().map(|e| leaf_hash(e).0).eq(hashes.as_chunks::<32>().0.iter().take(usize::from(begun)).copied());
            if !fits {
                return Err(LedgerError::damaged(path, "its entries do not fit their hashes in the tile"));
            }
        }
        entries.extend_from_slice(leaves);
        let mut objects = Vec::new();
        for ((tile, _), chunk) in bottom.into_iter().zip(entries.chunks(usize::from(TILE_WIDTH))) {
            objects.push((self.layout.entries(*tile), encode_entries(chunk)?.into()));
        }
        Ok(objects)
    }

    async fn write_and_read_back(&self, objects: Vec<(String, Bytes)>) -> Result<()> {
        self.blobs.create_all(objects.clone()).await?;
        let one = async |(path, bytes): (String, Bytes)| match self.blobs.get(&path).await? {
            Some((there, _)) if there == bytes => Ok(()),
            _ => Err(LedgerError::damaged(path, "what was read back is not what was written")),
        };
        stream::iter(objects).map(one).buffer_unordered(AT_ONCE).try_collect().await
    }

    fn replaced(&self, tiles: &[(TileId, Vec<u8>)]) -> Vec<String> {
        let begun = |tile: &TileId| TileId::in_tree(tile.level, tile.index, self.size).is_some();
        let full = tiles.iter().map(|(tile, _)| *tile).filter(|tile| tile.is_full() && begun(tile));
        full.flat_map(|tile| [Some(self.layout.tile(tile)), (tile.level == 0).then(|| self.layout.entries(tile))])
            .flatten()
            .map(|path| format!("{path}.p/"))
            .collect()
    }
}
