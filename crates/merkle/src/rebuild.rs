//! The tree built anew from its leaf hashes, one after the other: every tile as it must be, and the root, in memory that does not grow with the log.

use crate::{EMPTY_ROOT, Hash, MerkleError, TILE_WIDTH, TileId, fold, node_hash, tile::TILE_HEIGHT};

/// A tile as the leaves under it demand it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    pub tile: TileId,
    pub hashes: Vec<Hash>,
}

impl Built {
    /// The first entry under it.
    pub fn first_entry(&self) -> u64 {
        self.tile.index.checked_shl(TILE_HEIGHT * (u32::from(self.tile.level) + 1)).unwrap_or(u64::MAX)
    }
}

/// A tree of `size` leaves that grows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuild {
    size: u64,
    /// Per level, the hashes of the tile now growing.
    rows: Vec<Vec<Hash>>,
}

impl Rebuild {
    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next leaf; answers the tiles it fills, lowest first.
    pub fn push(&mut self, leaf: Hash) -> Vec<Built> {
        let (mut filled, mut next) = (Vec::new(), Some(leaf));
        let mut level = 0_u8;
        while let Some(hash) = next.take() {
            if self.rows.len() == usize::from(level) {
                self.rows.push(Vec::new());
            }
            let row = &mut self.rows[usize::from(level)];
            row.push(hash);
            if row.len() == usize::from(TILE_WIDTH) {
                let hashes = std::mem::take(row);
                next = Some(fold(&hashes));
                filled.push(Built { tile: TileId { level, index: entries_above(self.size, level), width: TILE_WIDTH }, hashes });
            }
            level += 1;
        }
        self.size += 1;
        filled
    }

    /// The partial tiles at the growing edge, lowest first.
    pub fn edge(&self) -> Vec<Built> {
        let rows = self.rows.iter().enumerate().filter(|(_, row)| !row.is_empty());
        rows.map(|(level, row)| {
            let level = level as u8;
            Built { tile: TileId { level, index: entries_above(self.size, level), width: row.len() as u16 }, hashes: row.clone() }
        })
        .collect()
    }

    /// The root of the leaves so far.
    pub fn root(&self) -> Hash {
        let mut root = None;
        // RFC 6962: each complete subtree is hashed with everything to its right, so the smallest and last comes first.
        for row in &self.rows {
            let mut end = row.len();
            while end > 0 {
                let start = end & (end - 1);
                let node = fold(&row[start..end]);
                root = Some(root.map_or(node, |right| node_hash(node, right)));
                end = start;
            }
        }
        root.unwrap_or(EMPTY_ROOT)
    }
}

/// Which tile of a level entry `entry` lies under.
fn entries_above(entry: u64, level: u8) -> u64 {
    entry.checked_shr(TILE_HEIGHT * (u32::from(level) + 1)).unwrap_or(0)
}

const HEADER: &str = "veritrail verified 1";

/// How far a log was verified, and all that is needed to go on from there: the hashes at the edge, lowest level first. A text of its own, to be kept by whoever
/// verifies; its hashes are as good as the place it was kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The log's name, as its checkpoints say it.
    pub origin: String,
    rebuild: Rebuild,
}

impl Place {
    pub fn new(origin: &str, rebuild: Rebuild) -> Self {
        Self { origin: origin.to_owned(), rebuild }
    }

    /// Leaves verified.
    pub fn size(&self) -> u64 {
        self.rebuild.size
    }

    pub fn rebuild(&self) -> &Rebuild {
        &self.rebuild
    }

    /// Lines: header, origin, size, one hash each.
    pub fn encode(&self) -> String {
        let hashes = self.rebuild.rows.iter().flatten().map(|hash| format!("{hash}\n"));
        std::iter::once(format!("{HEADER}\n{}\n{}\n", self.origin, self.rebuild.size)).chain(hashes).collect()
    }

    pub fn parse(text: &str) -> Result<Self, MerkleError> {
        let bad = |reason| MerkleError::malformed("state of a verification", reason);
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            return Err(bad("unknown header"));
        }
        let origin = lines.next().filter(|o| !o.is_empty()).ok_or_else(|| bad("no origin"))?.to_owned();
        let size: u64 = lines.next().and_then(|l| l.parse().ok()).ok_or_else(|| bad("no size"))?;
        let mut hashes = lines.map(Hash::from_base64);
        let mut rows = Vec::new();
        let mut left = size;
        while left > 0 {
            let row = hashes.by_ref().take((left % u64::from(TILE_WIDTH)) as usize).collect::<Result<Vec<_>, _>>()?;
            if row.len() as u64 != left % u64::from(TILE_WIDTH) {
                return Err(bad("hashes are missing"));
            }
            rows.push(row);
            left >>= TILE_HEIGHT;
        }
        if hashes.next().is_some() { Err(bad("more hashes than its size has")) } else { Ok(Self { origin, rebuild: Rebuild { size, rows } }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{append_tiles, leaf_hash, root, tile::read_hashes};
    use std::collections::HashMap;

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn read(tiles: &HashMap<TileId, Vec<u8>>) -> impl Fn(TileId) -> Result<Vec<u8>, MerkleError> + '_ {
        |tile| tiles.get(&tile).cloned().ok_or_else(|| MerkleError::TileUnreadable { path: tile.path(), reason: "absent".into() })
    }

    #[test]
    fn tiles_and_root_are_those_of_an_append() {
        for size in [0, 1, 2, 3, 255, 256, 257, 300, 511, 512, 65_535, 65_536, 65_537, 66_000] {
            let leaves = leaves(size);
            let appended: HashMap<TileId, Vec<u8>> = append_tiles(&read(&HashMap::new()), 0, &leaves).unwrap().into_iter().collect();
            let mut rebuild = Rebuild::default();
            let mut built: Vec<Built> = leaves.iter().flat_map(|leaf| rebuild.push(*leaf)).collect();
            built.extend(rebuild.edge());
            assert_eq!(built.len(), appended.len(), "{size}");
            for Built { tile, hashes } in built {
                assert_eq!(read_hashes(&read(&appended), tile).unwrap(), hashes, "{size}: {}", tile.path());
            }
            assert_eq!(rebuild.root(), root(&read(&appended), size).unwrap(), "{size}");
            let place = Place::new("example.org/trail", rebuild);
            assert_eq!(Place::parse(&place.encode()).unwrap(), place, "{size}");
        }
    }

    #[test]
    fn a_broken_place_is_refused() {
        let mut rebuild = Rebuild::default();
        leaves(513).into_iter().for_each(|leaf| drop(rebuild.push(leaf)));
        let text = Place::new("o", rebuild).encode();
        let cut = &text[..text.trim_end().rfind('\n').unwrap() + 1];
        for broken in [cut, &format!("{text}{}\n", EMPTY_ROOT), &text.replacen("513", "514", 1), "veritrail verified 2\no\n0\n", ""] {
            assert!(Place::parse(broken).is_err(), "{broken}");
        }
    }
}
