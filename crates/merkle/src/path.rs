//! Where tiles and entry bundles live: the path scheme of c2sp.org/tlog-tiles.

use crate::{MerkleError, TileId, tile::TILE_WIDTH};

/// `1234067` becomes `x001/x234/067`.
fn encode_index(index: u64) -> String {
    let mut text = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    text
}

fn with_width(tile: &TileId, prefix: String) -> String {
    let index = encode_index(tile.index);
    if tile.is_full() { format!("tile/{prefix}/{index}") } else { format!("tile/{prefix}/{index}.p/{}", tile.width) }
}

impl TileId {
    /// `tile/<L>/<N>[.p/<W>]`.
    pub fn path(&self) -> String {
        with_width(self, self.level.to_string())
    }

    /// `tile/entries/<N>[.p/<W>]`: the bundle with the entries under this level-0 tile.
    pub fn entries_path(&self) -> String {
        with_width(self, "entries".to_owned())
    }

    /// Reads what [`TileId::path`] writes; any other spelling of the same tile is refused.
    pub fn from_path(path: &str) -> Result<Self, MerkleError> {
        let bad = || MerkleError::malformed("tile path", "not tile/<L>/<N>[.p/<W>]");
        let (level, rest) = path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or_else(bad)?;
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, width.parse().map_err(|_| bad())?),
            None => (rest, TILE_WIDTH),
        };
        let digits: String = index.chars().filter(char::is_ascii_digit).collect();
        let tile = Self { level: level.parse().map_err(|_| bad())?, index: digits.parse().map_err(|_| bad())?, width };
        let sound = tile.level < 64 && (1..=TILE_WIDTH).contains(&width) && tile.path() == path;
        if sound { Ok(tile) } else { Err(bad()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(level: u8, index: u64, width: u16, expect: &str) {
        let tile = TileId { level, index, width };
        assert_eq!(tile.path(), expect);
        assert_eq!(TileId::from_path(expect).unwrap(), tile);
    }

    #[test]
    fn paths_of_the_specification() {
        check(0, 0, 256, "tile/0/000");
        check(0, 1_234_067, 256, "tile/0/x001/x234/067");
        check(1, 1000, 7, "tile/1/x001/000.p/7");
        check(7, u64::MAX, 255, "tile/7/x018/x446/x744/x073/x709/x551/615.p/255");
        assert_eq!(TileId { level: 0, index: 5, width: 9 }.entries_path(), "tile/entries/005.p/9");
    }

    #[test]
    fn other_spellings_are_refused() {
        for path in ["tile/0/00", "tile/00/000", "tile/0/x000/001", "tile/0/001.p/256", "tile/0/001.p/0", "tile/64/000", "tile/0/../000", "tile/0/001.p/+7", ""]
        {
            assert!(TileId::from_path(path).is_err(), "{path}");
        }
    }
}
