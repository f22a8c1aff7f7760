//! The Merkle tree hash of RFC 6962 section 2.1, read from tiles instead of entries.

use std::ops::Range;

use crate::{
    EMPTY_ROOT, Hash, MerkleError, TileId, TileReader, node_hash,
    tile::{TILE_HEIGHT, TILE_WIDTH, read_hashes},
};

/// The root of the first `size` entries.
pub fn root(tiles: &(impl TileReader + ?Sized), size: u64) -> Result<Hash, MerkleError> {
    if size == 0 { Ok(EMPTY_ROOT) } else { range_hash(tiles, size, 0..size) }
}

/// Largest power of two below `count`; `count` is at least 2.
pub(crate) fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// Hash over a range that RFC 6962's recursion visits, so its start is a multiple of the power of two that covers it. Never empty.
pub(crate) fn range_hash(tiles: &(impl TileReader + ?Sized), size: u64, range: Range<u64>) -> Result<Hash, MerkleError> {
    let count = range.end - range.start;
    if count.is_power_of_two() {
        return complete_node(tiles, size, count.ilog2(), range.start >> count.ilog2());
    }
    let middle = range.start + split(count);
    Ok(node_hash(range_hash(tiles, size, range.start..middle)?, range_hash(tiles, size, middle..range.end)?))
}

/// A node with all `2^height` leaves under it: folded from the hashes its tile keeps.
fn complete_node(tiles: &(impl TileReader + ?Sized), size: u64, height: u32, index: u64) -> Result<Hash, MerkleError> {
    let above = height % TILE_HEIGHT;
    let first = index << above;
    let width = u64::from(TILE_WIDTH);
    let outside = MerkleError::OutOfRange { wanted: index << height, size };
    let tile = TileId::in_tree((height / TILE_HEIGHT) as u8, first / width, size).ok_or(outside)?;
    let hashes = read_hashes(tiles, tile)?;
    let start = (first % width) as usize;
    let part = hashes.get(start..start + (1 << above)).ok_or(MerkleError::OutOfRange { wanted: index << height, size })?;
    Ok(fold(part))
}

/// The node over a power-of-two number of neighbours; for a full tile, the hash that stands for it one level up.
pub fn fold(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => EMPTY_ROOT,
        [one] => *one,
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            node_hash(fold(left), fold(right))
        }
    }
}
