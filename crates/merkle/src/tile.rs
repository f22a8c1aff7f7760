//! Tiles of height 8 (c2sp.org/tlog-tiles): 256 hashes of one tree level, and how an append extends them.

use crate::{HASH_BYTES, Hash, MerkleError, tree::fold};

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 256;
/// Tree levels a tile spans.
pub(crate) const TILE_HEIGHT: u32 = 8;

/// One tile: hashes `index * 256 ..` of tree level `level * 8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    /// Tile level, 0 at the leaves.
    pub level: u8,
    /// Which tile on that level, from the left.
    pub index: u64,
    /// Hashes in it: 256 when full, 1 to 255 at the growing edge.
    pub width: u16,
}

impl TileId {
    /// Whether no append can change it any more.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The tile as it stands in a tree of `size` entries; `None` if that tree does not reach it.
    pub fn in_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        let hashes = size.checked_shr(u32::from(level) * TILE_HEIGHT)?;
        let width = hashes.checked_sub(index.checked_mul(u64::from(TILE_WIDTH))?)?.min(u64::from(TILE_WIDTH)) as u16;
        (width > 0).then_some(Self { level, index, width })
    }
}

/// Where tree maths gets its tiles. A longer answer than asked is fine (the full tile in place of a partial one); only the first `width` hashes count.
pub trait TileReader {
    /// The bytes of a tile: its hashes one after the other.
    fn read_tile(&self, tile: TileId) -> Result<Vec<u8>, MerkleError>;
}

impl<F: Fn(TileId) -> Result<Vec<u8>, MerkleError>> TileReader for F {
    fn read_tile(&self, tile: TileId) -> Result<Vec<u8>, MerkleError> {
        self(tile)
    }
}

/// Exactly `tile.width` hashes, or why not.
pub(crate) fn read_hashes(tiles: &(impl TileReader + ?Sized), tile: TileId) -> Result<Vec<Hash>, MerkleError> {
    let bytes = tiles.read_tile(tile)?;
    let wanted = usize::from(tile.width) * HASH_BYTES;
    let short = || MerkleError::TileTooShort { path: tile.path(), found: bytes.len(), wanted };
    let (hashes, _) = bytes.get(..wanted).ok_or_else(short)?.as_chunks::<HASH_BYTES>();
    Ok(hashes.iter().copied().map(Hash).collect())
}

/// The tiles that are new or wider once `leaves` are appended to a tree of `old_size` entries, lowest level first.
/// Reads only the partial tiles at the old edge. Storing the answer and nothing else makes the tree of `old_size + leaves.len()`.
pub fn append_tiles(tiles: &(impl TileReader + ?Sized), old_size: u64, leaves: &[Hash]) -> Result<Vec<(TileId, Vec<u8>)>, MerkleError> {
    let width = u64::from(TILE_WIDTH);
    old_size.checked_add(leaves.len() as u64).ok_or(MerkleError::OutOfRange { wanted: leaves.len() as u64, size: old_size })?;
    let mut written = Vec::new();
    let mut fresh = leaves.to_vec();
    let mut level = 0u8;
    while !fresh.is_empty() {
        let before = old_size.checked_shr(u32::from(level) * TILE_HEIGHT).unwrap_or(0);
        let mut index = before / width;
        let mut row = match (before % width) as u16 {
            0 => Vec::new(),
            width => read_hashes(tiles, TileId { level, index, width })?,
        };
        row.append(&mut fresh);
        for hashes in row.chunks(usize::from(TILE_WIDTH)) {
            let tile = TileId { level, index, width: hashes.len() as u16 };
            written.push((tile, hashes.iter().flat_map(|hash| hash.0).collect()));
            if tile.is_full() {
                fresh.push(fold(hashes));
            }
            index += 1;
        }
        level += 1;
    }
    Ok(written)
}
