//! What of a ledger's objects belongs to a copy that ends at one checkpoint. Tiles and bundles that grew meanwhile are cut to it: a copy says nothing
//! that its checkpoint does not.

use crate::{
    error::{LedgerError, Result},
    layout::Layout,
    tiles::stored,
};
use bytes::Bytes;
use merkle::{Checkpoint, HASH_BYTES, TILE_WIDTH, TileId, decode_entries, encode_entries};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::blobs::Blobs;
use tokio::task::JoinHandle;

/// Checkpoints are published about once a second; each is to be seen.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Remembers every checkpoint that is published while a copy of the trail is made: one of them ends where the copy does.
pub struct Watch {
    seen: Arc<Mutex<BTreeMap<u64, String>>>,
    looking: JoinHandle<()>,
}

impl Watch {
    /// Looks at once, and then until it is dropped.
    pub async fn start(blobs: Arc<dyn Blobs>, layout: &Layout) -> Result<Self> {
        let (seen, path) = (Arc::<Mutex<BTreeMap<u64, String>>>::default(), layout.checkpoint());
        look(blobs.as_ref(), &path, &seen).await?;
        let looking = tokio::spawn({
            let seen = seen.clone();
            async move {
                loop {
                    tokio::time::sleep(LOOK_EVERY).await;
                    if let Err(error) = look(blobs.as_ref(), &path, &seen).await {
                        tracing::warn!("{path} cannot be read just now: {error}");
                    }
                }
            }
        });
        Ok(Self { seen, looking })
    }

    /// The newest checkpoint seen of `from` to `until` records, and its signed note.
    pub fn within(&self, from: u64, until: u64) -> Option<(u64, String)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.range(from..=until).next_back().map(|(size, note)| (*size, note.clone()))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

async fn look(blobs: &dyn Blobs, path: &str, seen: &Mutex<BTreeMap<u64, String>>) -> Result<()> {
    let Some((bytes, _)) = blobs.get(path).await? else { return Ok(()) };
    let note = std::str::from_utf8(&bytes).map_err(|e| LedgerError::damaged(path, e))?;
    let size = size_of(note).ok_or_else(|| LedgerError::damaged(path, "it is no checkpoint"))?;
    seen.lock().unwrap_or_else(PoisonError::into_inner).insert(size, note.to_owned());
    Ok(())
}

/// Records under a checkpoint, whoever signed it.
fn size_of(note: &str) -> Option<u64> {
    let (text, _) = note.split_once("\n\n")?;
    Checkpoint::parse_text(&format!("{text}\n")).ok().map(|checkpoint| checkpoint.size)
}

/// An object of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub path: String,
    from: Source,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// As it lies.
    Whole,
    Tile(TileId),
    Bundle(TileId),
}

/// The objects of a generation that never change, as far as the checkpoint of `size` records reaches, in an order in which they may be copied. The
/// checkpoint itself, the list of keys and the newest cosigned checkpoint change: [`changing`].
pub async fn objects(blobs: &dyn Blobs, layout: &Layout, size: u64) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for path in blobs.list(&layout.segments()).await? {
        let within = |path: &str| layout.parse_revision(path).is_some_and(|(first, count, _)| first.saturating_add(count) <= size);
        if within(&path) || path.strip_suffix(".note").is_some_and(within) {
            objects.push(Object { path, from: Source::Whole });
        }
    }
    let mut level = 0;
    while TileId::in_tree(level, 0, size).is_some() {
        for tile in (0..).map_while(|index| TileId::in_tree(level, index, size)) {
            objects.push(Object { path: layout.tile(tile), from: Source::Tile(tile) });
            if level == 0 {
                objects.push(Object { path: layout.entries(tile), from: Source::Bundle(tile) });
            }
        }
        level += 1;
    }
    let anchors = blobs.list(&layout.anchors()).await?;
    let kept = anchors.into_iter().filter(|path| layout.anchored(path).is_some_and(|anchored| anchored <= size));
    objects.extend(kept.map(|path| Object { path, from: Source::Whole }));
    Ok(objects)
}

/// Reads an object as it belongs into the copy.
///
/// # Errors
/// `Damaged` names what is gone or too short.
pub async fn read(blobs: &dyn Blobs, layout: &Layout, object: &Object) -> Result<Bytes> {
    let gone = || LedgerError::damaged(&*object.path, "the file is gone");
    match object.from {
        Source::Whole => Ok(blobs.get(&object.path).await?.ok_or_else(gone)?.0),
        Source::Tile(tile) => {
            let (path, mut bytes) = stored_by(blobs, tile, |t| layout.tile(t)).await?.ok_or_else(gone)?;
            let wanted = usize::from(tile.width) * HASH_BYTES;
            if bytes.len() < wanted {
                return Err(LedgerError::damaged(path, format!("{} bytes are fewer than its {} hashes", bytes.len(), tile.width)));
            }
            bytes.truncate(wanted);
            Ok(bytes.into())
        }
        Source::Bundle(tile) => {
            let (path, bytes) = stored_by(blobs, tile, |t| layout.entries(t)).await?.ok_or_else(gone)?;
            let mut entries = decode_entries(&bytes).map_err(|e| LedgerError::damaged(&*path, e))?;
            if entries.len() < usize::from(tile.width) {
                return Err(LedgerError::damaged(path, format!("{} entries are fewer than {}", entries.len(), tile.width)));
            }
            entries.truncate(usize::from(tile.width));
            Ok(encode_entries(&entries)?.into())
        }
    }
}

/// A tile or bundle, the full one in its place, or a wider one: what grows keeps its beginning.
async fn stored_by(blobs: &dyn Blobs, tile: TileId, path: impl Fn(TileId) -> String) -> Result<Option<(String, Vec<u8>)>> {
    if let Some(found) = stored(blobs, tile, &path).await? {
        return Ok(Some(found));
    }
    let whole = path(TileId { width: TILE_WIDTH, ..tile });
    let width = |path: &str| path.rsplit_once('/').and_then(|(_, width)| width.parse::<u16>().ok());
    let wider = blobs.list(&format!("{whole}.p/")).await?.into_iter().find(|path| width(path).is_some_and(|width| width > tile.width));
    if let Some(wider) = wider
        && let Some((bytes, _)) = blobs.get(&wider).await?
    {
        return Ok(Some((wider, bytes.to_vec())));
    }
    // The full one took its place while this was looking.
    Ok(stored(blobs, tile, path).await?)
}

/// The objects of a copy that are others in the next: the checkpoint it ends at, how keys handed over, and what witnesses cosigned of no more than that.
pub async fn changing(blobs: &dyn Blobs, layout: &Layout, (size, note): (u64, &str)) -> Result<Vec<(String, Bytes)>> {
    let mut found = vec![(layout.checkpoint(), Bytes::from(note.to_owned()))];
    if let Some((keys, _)) = blobs.get(&layout.handovers()).await? {
        found.push((layout.handovers(), keys));
    }
    if let Some((cosigned, _)) = blobs.get(&layout.cosigned()).await? {
        let text = std::str::from_utf8(&cosigned).map_err(|e| LedgerError::damaged(layout.cosigned(), e))?;
        if size_of(text).is_some_and(|cosigned| cosigned <= size) {
            found.push((layout.cosigned(), cosigned));
        }
    }
    Ok(found)
}
