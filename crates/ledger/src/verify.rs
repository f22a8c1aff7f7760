//! Verification of everything stored, naming the file and the position of every fault.

use crate::{
    copies::Segments,
    error::{LedgerError, Result},
    layout::Layout,
    lock::Lock,
    tiles::Tiles,
};
use merkle::{Checkpoint, Hash, LogKeys, MerkleError, Place, Stored, TILE_WIDTH, TileId, Walk, consistency_proof, continued};
use std::collections::{BTreeMap, BTreeSet};
use store::blobs::Blobs;

pub use merkle::Fault;

/// What verification found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Records under the checkpoint.
    pub size: u64,
    /// The first record looked at: not 0 where an earlier verification was gone on from.
    pub from: u64,
    /// The signed note; empty where it could not be read.
    pub checkpoint: String,
    pub faults: Vec<Fault>,
    /// Where the next verification may go on; `None` with a fault, and for fewer records than a bundle holds.
    pub place: Option<Place>,
}

/// What is to be verified, and against what.
pub struct Verification<'a> {
    pub blobs: &'a dyn Blobs,
    pub layout: Layout,
    pub keys: &'a LogKeys,
    /// Goes on where an earlier verification ended.
    pub place: Option<Place>,
    /// A checkpoint of the same log that somebody kept: what is stored must continue it.
    pub older: Option<Checkpoint>,
    /// Whether there must be segments; a copy for auditors has none.
    pub segments: bool,
}

/// The files there are when it starts, beside those the tree names.
struct Listed {
    files: BTreeSet<String>,
    /// Partial tiles and bundles, by the full one's path.
    partial: BTreeMap<String, Vec<String>>,
    seen: BTreeSet<String>,
}

/// Holds every file of a generation against the checkpoint and against one another.
///
/// # Errors
/// Only when the store cannot be read; what is read and wrong is in the report.
pub async fn verify(blobs: &dyn Blobs, ledger: &str, generation: u32, keys: &LogKeys, progress: &mut (dyn FnMut(&Walk) + Send)) -> Result<Report> {
    let whole = Verification { blobs, layout: Layout::new(ledger, generation), keys, place: None, older: None, segments: true };
    whole.run(progress).await
}

/// The same beside a server at work, going on where an earlier verification ended: its place as [`Place::encode`] writes it. One that cannot be read
/// begins anew. `keys` are those known so far, `lock` lists those that took over meanwhile.
///
/// # Errors
/// As [`verify`].
pub async fn verify_again(
    blobs: &dyn Blobs,
    (ledger, generation): (&str, u32),
    mut keys: LogKeys,
    lock: &Lock,
    place: Option<&str>,
    progress: &mut (dyn FnMut(&Walk) + Send),
) -> Result<Report> {
    loop {
        let (layout, place) = (Layout::new(ledger, generation), place.and_then(|text| Place::parse(text).ok()));
        let report = Verification { blobs, layout, keys: &keys, place, older: None, segments: true }.run(progress).await?;
        // The lock lists a new key before anything it signed is shown.
        match lock.keys(blobs, ledger, generation, &keys.all()[0].1).await {
            Ok(now) if now != keys && !report.faults.is_empty() => keys = now,
            _ => return Ok(report),
        }
    }
}

/// Where neither the checkpoint nor any segment is signed by a known key, the key is another log's: one fault says so instead of one for each.
fn say_once(faults: &mut Vec<Fault>, manifests: usize) {
    let unknown = MerkleError::NoKnownSignature.to_string();
    let is_manifest = |fault: &Fault| fault.file.ends_with(".note") && fault.what.ends_with(&unknown);
    if manifests == 0 || faults.iter().filter(|fault| is_manifest(fault)).count() < manifests {
        return;
    }
    let Some(checkpoint) = faults.iter_mut().find(|fault| fault.file == "checkpoint" && fault.what == unknown) else { return };
    checkpoint.what = "neither it nor any segment is signed by a known key; is the key another log's?".into();
    faults.retain(|fault| !is_manifest(fault));
}

impl Verification<'_> {
    /// Verifies, in memory that does not grow with the ledger. Files beyond the checkpoint are another process's work in progress and are passed over.
    ///
    /// # Errors
    /// As [`verify`].
    pub async fn run(&self, progress: &mut (dyn FnMut(&Walk) + Send)) -> Result<Report> {
        let mut faults = Vec::new();
        let (note, checkpoint) = self.checkpoint(&mut faults).await?;
        let mut listed = self.list().await?;
        let waiting = self.layout.newest_revisions(&listed.files);
        let manifests = waiting.len();
        let ends = waiting.keys().map(|(first, count)| first.saturating_add(*count));
        let size = checkpoint.as_ref().map_or_else(|| ends.max().unwrap_or(0), |c| c.size);
        let origin = checkpoint.as_ref().map_or(String::new(), |c| c.origin.clone());
        let mut walk = Walk::new(&origin, size, checkpoint.as_ref().map(|c| c.root));
        faults.into_iter().for_each(|fault| walk.fault(fault));
        let from = self.place.as_ref().filter(|place| walk.resume(place)).map_or(0, Place::size);
        let with_segments = self.segments || !waiting.is_empty();
        let mut segments = Segments::new(self.blobs, &self.layout, self.keys, waiting, from, size);
        let mut place = None;
        while let Some(id) = walk.wanted() {
            place = walk.place().or(place);
            let claims = if with_segments { segments.take(usize::from(id.width)).await? } else { Vec::new() };
            segments.faults.drain(..).for_each(|fault| walk.fault(fault));
            self.group(&mut walk, &mut listed, id, &claims, &segments.path).await?;
            progress(&walk);
            // Verification is no hurry of anybody's: whoever waits for this thread goes first.
            tokio::task::yield_now().await;
        }
        place = walk.place().or(place);
        segments.end().await?;
        segments.faults.drain(..).for_each(|fault| walk.fault(fault));
        let from_segments = segments.seen;
        self.older(&mut walk, checkpoint.as_ref()).await?;
        self.handovers(&mut walk).await?;
        if from == 0 {
            let own = [self.layout.checkpoint(), self.layout.handovers()];
            // Anchors are held against their keys by `check_anchors`.
            let unseen =
                |path: &&String| !from_segments.contains(*path) && !listed.seen.contains(*path) && !own.contains(*path) && !self.layout.is_anchor(path);
            for path in listed.files.iter().filter(unseen) {
                if !self.beyond(path, size) && self.blobs.get(path).await?.is_some() {
                    walk.fault(Fault::new(self.name(path), None, "it is no part of this ledger"));
                }
            }
        }
        let mut faults = walk.finish();
        say_once(&mut faults, manifests);
        faults.iter_mut().for_each(|fault| fault.file = format!("{}{}", self.layout.base(), fault.file));
        Ok(Report { size, from, checkpoint: note, place: place.filter(|_| faults.is_empty()), faults })
    }

    /// A path as the walk names it: within the log's directory.
    fn name(&self, path: &str) -> String {
        path.strip_prefix(self.layout.base()).unwrap_or(path).to_owned()
    }

    async fn checkpoint(&self, faults: &mut Vec<Fault>) -> Result<(String, Option<Checkpoint>)> {
        let Some((bytes, _)) = self.blobs.get(&self.layout.checkpoint()).await? else {
            faults.push(Fault::gone("checkpoint", None));
            return Ok((String::new(), None));
        };
        let note = match String::from_utf8(bytes.to_vec()) {
            Ok(note) => note,
            Err(why) => {
                faults.push(Fault::new("checkpoint", None, why));
                return Ok((String::new(), None));
            }
        };
        match self.keys.checkpoint(&note, &self.layout.origin(self.keys.name())) {
            Ok(checkpoint) => Ok((note, Some(checkpoint))),
            Err(why) => {
                faults.push(Fault::new("checkpoint", None, why));
                Ok((note, None))
            }
        }
    }

    /// The list of keys stored beside the checkpoint must be the one that is trusted.
    async fn handovers(&self, walk: &mut Walk) -> Result<()> {
        let stored = self.blobs.get(&self.layout.handovers()).await?.map(|(bytes, _)| bytes);
        match stored {
            None if self.keys.handovers().is_empty() => {}
            None => walk.fault(Fault::gone("keys", None)),
            Some(stored) if stored == self.keys.handovers().as_bytes() => {}
            Some(_) => walk.fault(Fault::new("keys", None, "it is not the list of keys that this ledger is verified by")),
        }
        Ok(())
    }

    async fn list(&self) -> Result<Listed> {
        let files: BTreeSet<String> = self.blobs.list(self.layout.base()).await?.into_iter().collect();
        let mut partial: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (whole, path) in files.iter().filter_map(|path| path.split_once(".p/").map(|(whole, _)| (whole, path))) {
            partial.entry(whole.to_owned()).or_default().push(path.clone());
        }
        Ok(Listed { files, partial, seen: BTreeSet::new() })
    }

    /// One group of up to 256 entries: its tile and bundle, their narrower copies, and the tiles above that it completes.
    async fn group(&self, walk: &mut Walk, listed: &mut Listed, id: TileId, claims: &[merkle::Claim], segment: &str) -> Result<()> {
        let tile = self.stored(listed, id, TileId::path).await?;
        let bundle = self.stored(listed, id, TileId::entries_path).await?;
        let above = if claims.is_empty() { self.above(id, walk.size()).await? } else { None };
        let judged = walk.judge(id, tile.as_ref(), bundle.as_ref(), claims, above);
        if let Some(index) = judged.wrong_claim {
            walk.fault(Fault::new(self.name(segment), Some(index), "the record does not fit its hash in the tile and its entry"));
        }
        for narrower in self.narrower(listed, id, TileId::path).await? {
            walk.compare_tile(&narrower, &judged.truth);
        }
        for narrower in self.narrower(listed, id, TileId::entries_path).await? {
            walk.compare_bundle(&narrower, &judged.truth);
        }
        for built in walk.push(&judged.truth) {
            match self.stored(listed, built.tile, TileId::path).await? {
                Some(found) => walk.compare_tile(&found, &built.hashes),
                None => walk.fault(Fault::gone(built.tile.path(), Some(built.first_entry()))),
            }
            for narrower in self.narrower(listed, built.tile, TileId::path).await? {
                walk.compare_tile(&narrower, &built.hashes);
            }
        }
        Ok(())
    }

    /// The hash that the tile over a lowest tile keeps for it.
    async fn above(&self, id: TileId, size: u64) -> Result<Option<Hash>> {
        let Some(tile) = TileId::in_tree(1, id.index >> 8, size) else { return Ok(None) };
        let found = crate::tiles::stored(self.blobs, tile, |t| self.layout.tile(t)).await?;
        Ok(found.and_then(|(_, bytes)| bytes.as_chunks().0.get((id.index & 0xff) as usize).copied().map(Hash)))
    }

    async fn stored(&self, listed: &mut Listed, id: TileId, path: impl Fn(&TileId) -> String) -> Result<Option<Stored>> {
        let Some((found, bytes)) = crate::tiles::stored(self.blobs, id, |t| format!("{}{}", self.layout.base(), path(&t))).await? else { return Ok(None) };
        let tile = if found.contains(".p/") { id } else { TileId { width: TILE_WIDTH, ..id } };
        listed.seen.insert(found);
        Ok(Some(Stored { tile, bytes }))
    }

    /// Narrower partial files that are still there: they must say the same.
    async fn narrower(&self, listed: &mut Listed, id: TileId, path: impl Fn(&TileId) -> String) -> Result<Vec<Stored>> {
        let at = |tile: TileId| format!("{}{}", self.layout.base(), path(&tile));
        let mut found = Vec::new();
        for file in listed.partial.remove(&at(TileId { width: TILE_WIDTH, ..id })).unwrap_or_default() {
            // Another spelling, or wider than what is signed: judged with the files left over.
            let width = file.rsplit_once('/').and_then(|(_, w)| w.parse::<u16>().ok()).filter(|w| (1..=id.width).contains(w));
            let Some(tile) = width.map(|width| TileId { width, ..id }).filter(|tile| at(*tile) == file) else { continue };
            if listed.seen.insert(file.clone())
                && let Some((bytes, _)) = self.blobs.get(&file).await?
            {
                found.push(Stored { tile, bytes: bytes.to_vec() });
            }
        }
        Ok(found)
    }

    /// What is stored must continue the checkpoint somebody kept.
    async fn older(&self, walk: &mut Walk, newest: Option<&Checkpoint>) -> Result<()> {
        let (Some(older), Some(newest)) = (&self.older, newest) else { return Ok(()) };
        let proof = match Tiles::new(self.blobs, &self.layout).with(|tiles| consistency_proof(tiles, older.size, newest.size)).await {
            Ok(proof) => Ok(proof),
            Err(LedgerError::Merkle(why)) => Err(why),
            Err(error) => return Err(error),
        };
        if let Some(fault) = continued(older, newest, proof) {
            walk.fault(fault);
        }
        Ok(())
    }

    /// Whether a file belongs to a tree larger than the one signed: written, not yet signed.
    fn beyond(&self, path: &str, size: u64) -> bool {
        let segment = |path: &str| self.layout.parse_segment(path).is_some_and(|(first, _)| first >= size);
        if segment(path) || path.strip_suffix(".note").is_some_and(segment) {
            return true;
        }
        let tile = TileId::from_path(&self.name(path).replacen("tile/entries/", "tile/0/", 1));
        tile.is_ok_and(|t| TileId::in_tree(t.level, t.index, size).is_none_or(|signed| signed.width < t.width))
    }
}
