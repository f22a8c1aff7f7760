//! Where integration stands: found from checkpoint, lock, tiles and head, whatever point the last process was stopped at.

use crate::{
    error::{LedgerError, Result},
    layout::Layout,
    lock::{Lock, Locked, keys_of, swapped},
    tiles::Tiles,
};
use merkle::{EMPTY_ROOT, Hash, LogKeys, NoteVerifier, TileId, root};
use store::{
    blobs::{Blobs, Version},
    trail::{Head, Trail},
};

/// What was last signed, and the versions the next signature swaps against.
pub(crate) struct Signed {
    pub(crate) layout: Layout,
    pub(crate) generation: u32,
    /// The index of the generation's first record.
    pub(crate) first: u64,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    /// Of the lease under which it was signed; 0 where that was before this process looked.
    pub(crate) epoch: u64,
    pub(crate) keys: LogKeys,
    /// The newest checkpoint as a signed note; `None` where nothing was signed.
    pub(crate) note: Option<String>,
    /// The lock's checkpoint, where the one published is older: the last process stopped between the two.
    unpublished: Option<String>,
    pub(crate) published: Option<Version>,
    pub(crate) locked: Option<Version>,
}

/// Reads everything and changes nothing. `first` is the ledger's first key.
///
/// # Errors
/// `Older` when data or trail lack what was signed, `Fork` when they hold something else.
pub(crate) async fn find(blobs: &dyn Blobs, lock: &Lock, ledger: &str, first: &NoteVerifier, head: &Head) -> Result<Signed> {
    let (in_lock, locked) = lock.read(ledger, first).await?.unzip();
    stand(blobs, (in_lock, locked), ledger, first, head).await
}

/// The same held against what was read of a lock, and without one against the data alone.
pub(crate) async fn stand(
    blobs: &dyn Blobs,
    (in_lock, locked): (Option<Locked>, Option<Version>),
    ledger: &str,
    first: &NoteVerifier,
    head: &Head,
) -> Result<Signed> {
    let layout = Layout::new(ledger, head.generation);
    let older = |why: String| LedgerError::Older { ledger: ledger.to_owned(), why };
    let path = layout.checkpoint();
    if let Some(lock) = in_lock.as_ref().filter(|lock| lock.generation > head.generation) {
        return Err(older(format!("the data is of generation {}, the lock of {}", head.generation, lock.generation)));
    }
    let keys = keys_of(blobs, in_lock.as_ref(), &layout, head.generation, first).await?;
    let (mut known, mut published) = (Vec::new(), None);
    if let Some((bytes, version)) = blobs.get(&path).await? {
        let read = std::str::from_utf8(&bytes).map_err(|e| LedgerError::damaged(&*path, e))?;
        let checkpoint = keys.checkpoint(read, &layout.origin(keys.name())).map_err(|e| LedgerError::damaged(&*path, e))?;
        known.push((checkpoint, read.to_owned()));
        published = Some(version);
    }
    let shown = known.first().map_or(0, |(c, _)| c.size);
    let mut unpublished = None;
    if let Some(lock) = in_lock.filter(|lock| lock.generation == head.generation) {
        if lock.checkpoint.size > shown {
            unpublished = Some(lock.note.clone());
        }
        known.push((lock.checkpoint, lock.note));
    }
    let mut tiles = Tiles::new(blobs, &layout);
    for (checkpoint, _) in &known {
        let found = tiles.with(|t| root(t, checkpoint.size)).await;
        match found {
            Ok(found) if found == checkpoint.root => {}
            Ok(_) => {
                let why = format!("the stored tiles give another root for the {} records signed", checkpoint.size);
                return Err(LedgerError::Fork { ledger: ledger.to_owned(), why });
            }
            Err(LedgerError::Merkle(why)) => return Err(older(format!("{} records were signed, but {why}", checkpoint.size))),
            Err(error) => return Err(error),
        }
    }
    let last = known.into_iter().max_by_key(|(c, _)| c.size);
    let (size, root, note) = last.map_or((0, EMPTY_ROOT, None), |(c, note)| (c.size, c.root, Some(note)));
    if head.size < size {
        return Err(older(format!("the trail holds {} records, {size} were signed", head.size)));
    }
    if head.integrated > size {
        return Err(older(format!("{} records were moved, only {size} are signed", head.integrated)));
    }
    Ok(Signed { layout, generation: head.generation, first: head.first, size, root, epoch: 0, keys, note, unpublished, published, locked })
}

impl Signed {
    /// Publishes how keys were handed over, before what the newest of them signed.
    pub(crate) async fn publish_keys(&self, blobs: &dyn Blobs) -> Result<()> {
        let (path, handovers) = (self.layout.handovers(), self.keys.handovers());
        if !handovers.is_empty() && blobs.get(&path).await?.is_none_or(|(there, _)| there != handovers.as_bytes()) {
            blobs.put(&path, handovers.to_owned().into()).await?;
        }
        Ok(())
    }

    /// Publishes what the lock holds, and drops from the tail what was signed: it must be what the tiles say.
    pub(crate) async fn settle(&mut self, trail: &dyn Trail, blobs: &dyn Blobs, ledger: &str, epoch: u64) -> Result<()> {
        self.publish_keys(blobs).await?;
        if let Some(note) = self.unpublished.take() {
            self.published = Some(swapped(blobs, &self.layout.checkpoint(), self.published.as_ref(), note.into_bytes()).await?);
        }
        let mut next = trail.head().await?.integrated;
        if next == self.size {
            return Ok(());
        }
        let layout = self.layout.clone();
        let mut tiles = Tiles::new(blobs, &layout);
        let fork = |why: String| LedgerError::Fork { ledger: ledger.to_owned(), why };
        while next < self.size {
            let batches = trail.read(next, crate::integrate::STEP_BYTES).await?;
            if batches.first().is_none_or(|b| b.first != next) {
                return Err(LedgerError::damaged(format!("ledger {ledger}"), format!("record {next} is neither moved nor in the tail")));
            }
            for batch in batches.iter().take_while(|b| b.first < self.size) {
                for (index, hash) in (batch.first..).zip(&batch.leaf_hashes) {
                    let tile = TileId::in_tree(0, index >> 8, self.size).ok_or_else(|| fork(format!("record {index} was not signed with its batch")))?;
                    let at = (index & 0xff) as usize * hash.len();
                    let signed = tiles.with(|t| t.read_tile(tile)).await?;
                    if signed.get(at..at + hash.len()) != Some(hash) {
                        return Err(fork(format!("record {index} of the tail is not the one signed")));
                    }
                }
                next = batch.first + batch.count;
            }
        }
        if next != self.size {
            return Err(fork(format!("what was signed ends within a batch, at {}", self.size)));
        }
        Ok(trail.integrated(epoch, self.size).await?)
    }
}
