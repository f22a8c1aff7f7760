//! The port to a log's files.

use crate::Error;
use merkle::{MerkleError, Stored, TILE_WIDTH, TileId};

/// Where a log's files are read. Paths begin at the log's directory: `checkpoint`, `tile/0/000`, `tile/entries/000`.
pub trait Files {
    /// The place, as its reader named it.
    fn place(&self) -> &str;
    /// A file, or `None` where there is none.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error>;
    /// Every file under `tile/`; `None` where files cannot be listed.
    fn list(&self) -> Result<Option<Vec<String>>, Error>;
}

/// The tile or bundle, or the full one that took a partial one's place.
pub(crate) fn stored(files: &dyn Files, id: TileId, path: impl Fn(&TileId) -> String) -> Result<Option<Stored>, Error> {
    for tile in [id, TileId { width: TILE_WIDTH, ..id }] {
        if let Some(bytes) = files.read(&path(&tile))? {
            return Ok(Some(Stored { tile, bytes }));
        }
    }
    Ok(None)
}

/// A tile for the tree maths.
pub(crate) fn tile(files: &dyn Files, id: TileId) -> Result<Vec<u8>, MerkleError> {
    let unreadable = |reason: String| MerkleError::TileUnreadable { path: id.path(), reason };
    let found = stored(files, id, TileId::path).map_err(|e| unreadable(e.to_string()))?;
    found.map(|found| found.bytes).ok_or_else(|| unreadable("the file is gone".to_owned()))
}
