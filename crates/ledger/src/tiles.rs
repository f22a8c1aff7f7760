//! Tree maths over stored tiles: the maths is synchronous and asks for tiles as it goes, so missing ones are fetched and it starts again.

use crate::{error::Result, layout::Layout};
use merkle::{MerkleError, TILE_WIDTH, TileId, TileReader};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};
use store::blobs::Blobs;

/// The tiles of one generation, as stored; each is read at most once.
pub(crate) struct Tiles<'a> {
    blobs: &'a dyn Blobs,
    layout: Layout,
    read: HashMap<TileId, Vec<u8>>,
}

/// What the maths sees: tiles read so far, and a note of the first one missing.
struct Known<'a> {
    read: &'a HashMap<TileId, Vec<u8>>,
    missing: Mutex<Option<TileId>>,
}

impl Known<'_> {
    fn missing(&self) -> MutexGuard<'_, Option<TileId>> {
        self.missing.lock().expect("no code panics holding the note")
    }
}

impl TileReader for Known<'_> {
    fn read_tile(&self, tile: TileId) -> Result<Vec<u8>, MerkleError> {
        self.read.get(&tile).cloned().ok_or_else(|| {
            *self.missing() = Some(tile);
            MerkleError::TileUnreadable { path: tile.path(), reason: "not stored".to_owned() }
        })
    }
}

impl<'a> Tiles<'a> {
    pub(crate) fn new(blobs: &'a dyn Blobs, layout: &Layout) -> Self {
        Self { blobs, layout: layout.clone(), read: HashMap::new() }
    }

    /// Takes a tile for stored.
    pub(crate) fn suppose(&mut self, tile: TileId, bytes: Vec<u8>) {
        self.read.insert(tile, bytes);
    }

    /// Runs the maths, fetching what it asks for.
    pub(crate) async fn with<T>(&mut self, work: impl Fn(&dyn TileReader) -> Result<T, MerkleError>) -> Result<T> {
        loop {
            let (result, missing) = {
                let known = Known { read: &self.read, missing: Mutex::new(None) };
                let result = work(&known);
                let missing = known.missing().take();
                (result, missing)
            };
            let Some(tile) = missing else { return Ok(result?) };
            match stored(self.blobs, tile, |t| self.layout.tile(t)).await? {
                Some((_, bytes)) => drop(self.read.insert(tile, bytes)),
                None => return Ok(result?),
            }
        }
    }
}

/// The object of a tile or bundle, or the full one that took a partial one's place; and its path.
pub(crate) async fn stored(blobs: &dyn Blobs, tile: TileId, path: impl Fn(TileId) -> String) -> store::Result<Option<(String, Vec<u8>)>> {
    for tile in [tile, TileId { width: TILE_WIDTH, ..tile }] {
        let path = path(tile);
        if let Some((bytes, _)) = blobs.get(&path).await? {
            return Ok(Some((path, bytes.to_vec())));
        }
    }
    Ok(None)
}
