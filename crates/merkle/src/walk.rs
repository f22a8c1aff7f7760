//! Verification of a stored log, without I/O: the caller brings the files the walk asks for, and the walk says what is wrong with each.
//!
//! A log keeps the hash of every entry at least twice: as the entry in its bundle and as a hash in the lowest tile. Both are held against each other and against
//! what lies above them, and the tree is built anew from what they agree on.

use crate::{Built, Checkpoint, Hash, MerkleError, Place, Rebuild, TILE_WIDTH, TileId, fold, leaf_hash, verify_consistency};

/// Something stored that is not what was signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, from the log's directory on.
    pub file: String,
    /// The first entry concerned, where it can be told.
    pub index: Option<u64>,
    pub what: String,
}

impl Fault {
    pub fn new(file: impl Into<String>, index: Option<u64>, what: impl ToString) -> Self {
        Self { file: file.into(), index, what: what.to_string() }
    }

    pub fn gone(file: impl Into<String>, index: Option<u64>) -> Self {
        Self::new(file, index, "the file is gone")
    }
}

/// A tile or bundle as stored; its width says which file it was, which may be the full one in the place of a partial one.
#[derive(Clone, Debug)]
pub struct Stored {
    pub tile: TileId,
    pub bytes: Vec<u8>,
}

/// A leaf hash known from elsewhere, and whether that place is signed for.
pub type Claim = Option<(Hash, bool)>;

/// What the leaf hashes of one group are.
#[derive(Clone, Debug)]
pub struct Judged {
    pub truth: Vec<Hash>,
    /// The first entry whose claim is not the truth.
    pub wrong_claim: Option<u64>,
}

/// A verification on its way from the first entry to the last.
#[derive(Clone, Debug)]
pub struct Walk {
    origin: String,
    size: u64,
    root: Option<Hash>,
    rebuild: Rebuild,
    faults: Vec<Fault>,
}

impl Walk {
    /// Over the `size` entries that a checkpoint of the log `origin` signs with this `root`, where there is one.
    pub fn new(origin: &str, size: u64, root: Option<Hash>) -> Self {
        Self { origin: origin.to_owned(), size, root, rebuild: Rebuild::default(), faults: Vec::new() }
    }

    /// Goes on where an earlier verification of the same log ended. False, and from the start, where the place is another log's or lies beyond the checkpoint.
    pub fn resume(&mut self, place: &Place) -> bool {
        let fits = place.origin == self.origin && place.size() <= self.size;
        if fits {
            self.rebuild = place.rebuild().clone();
        }
        fits
    }

    /// Entries to be walked.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Entries walked.
    pub fn position(&self) -> u64 {
        self.rebuild.size()
    }

    /// Where a later verification may go on; none between two full bundles, and none once anything is wrong: it must be found again.
    pub fn place(&self) -> Option<Place> {
        let sound = self.faults.is_empty() && self.position().is_multiple_of(u64::from(TILE_WIDTH));
        sound.then(|| Place::new(&self.origin, self.rebuild.clone()))
    }

    /// The lowest tile, and so the bundle, to be brought next. `None` at the end.
    pub fn wanted(&self) -> Option<TileId> {
        let left = TileId::in_tree(0, self.position() / u64::from(TILE_WIDTH), self.size)?;
        (self.position() < self.size).then_some(left)
    }

    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Finds the true leaf hashes of the wanted group from its copies, and names the copies that differ. `above` is the hash that the tile over it keeps for it.
    ///
    /// A signed claim is the truth. Otherwise two of three copies are; and where there are only two, the one that what lies above agrees with.
    pub fn judge(&mut self, id: TileId, tile: Option<&Stored>, bundle: Option<&Stored>, claims: &[Claim], above: Option<Hash>) -> Judged {
        let first = id.index * u64::from(TILE_WIDTH);
        let in_tile: Vec<Hash> = tile.map_or_else(Vec::new, |t| hashes(&t.bytes));
        let in_bundle: Vec<Hash> = bundle.map_or_else(Vec::new, |b| entry_hashes(&b.bytes).0);
        let bundle_is_right = claims.is_empty() && self.leads_up(id, &in_bundle, above);
        let (mut truth, mut wrong_claim) = (Vec::with_capacity(usize::from(id.width)), None);
        for at in 0..usize::from(id.width) {
            let (tile, bundle) = (in_tile.get(at), in_bundle.get(at));
            let claim = claims.get(at).copied().flatten();
            let hash = match claim {
                Some((hash, true)) => Some(hash),
                Some((hash, false)) if Some(&hash) == tile || Some(&hash) == bundle || tile.is_none() || tile != bundle => Some(hash),
                _ if bundle_is_right => bundle.copied(),
                _ => tile.or(bundle).copied(),
            };
            if claim.is_some_and(|(claimed, _)| Some(claimed) != hash) {
                wrong_claim.get_or_insert(first + at as u64);
            }
            truth.push(hash.unwrap_or(Hash([0; 32])));
        }
        for (found, path) in [(tile, id.path()), (bundle, id.entries_path())] {
            if found.is_none() {
                self.fault(Fault::gone(path, Some(first)));
            }
        }
        if let Some(tile) = tile {
            self.compare_tile(tile, &truth);
        }
        if let Some(bundle) = bundle {
            self.compare_bundle(bundle, &truth);
        }
        Judged { truth, wrong_claim }
    }

    /// Whether these hashes give what is kept for them one level up; at the growing edge, the root.
    fn leads_up(&self, id: TileId, group: &[Hash], above: Option<Hash>) -> bool {
        let Some(group) = group.get(..usize::from(id.width)) else { return false };
        if id.is_full() && above.is_some() {
            return above == Some(fold(group));
        }
        if self.root.is_none() || self.position() + u64::from(id.width) != self.size {
            return false;
        }
        let mut rebuild = self.rebuild.clone();
        group.iter().for_each(|hash| drop(rebuild.push(*hash)));
        Some(rebuild.root()) == self.root
    }

    /// Adds the leaf hashes of the wanted group; answers the tiles above level 0 that they complete, and at the end those at the edge.
    pub fn push(&mut self, truth: &[Hash]) -> Vec<Built> {
        let mut built: Vec<Built> = truth.iter().flat_map(|hash| self.rebuild.push(*hash)).collect();
        if self.position() == self.size {
            built.extend(self.rebuild.edge());
        }
        built.retain(|b| b.tile.level > 0);
        built
    }

    /// Holds a tile, whole or narrower than `truth`, against the hashes it must have.
    pub fn compare_tile(&mut self, found: &Stored, truth: &[Hash]) {
        let wanted: Vec<u8> = truth.iter().take(usize::from(found.tile.width)).flat_map(|h| h.0).collect();
        let longer = found.tile.is_full() && truth.len() < usize::from(TILE_WIDTH);
        if found.bytes == wanted || (longer && found.bytes.starts_with(&wanted)) {
            return;
        }
        let at = hashes(&found.bytes).iter().zip(truth).position(|(found, wanted)| found != wanted);
        let what = at.map_or_else(|| format!("it has {} bytes instead of {}", found.bytes.len(), wanted.len()), |at| format!("hash {at} is not the right one"));
        self.fault(Fault::new(found.tile.path(), Some(first_entry(found.tile, at.unwrap_or(0))), what));
    }

    /// Holds a bundle, whole or narrower than `truth`, against the leaf hashes its entries must have.
    pub fn compare_bundle(&mut self, found: &Stored, truth: &[Hash]) {
        let truth = &truth[..truth.len().min(usize::from(found.tile.width))];
        let (entries, clean) = entry_hashes(&found.bytes);
        let wrong = entries.iter().zip(truth).position(|(entry, wanted)| entry != wanted);
        if wrong.is_none() && clean && entries.len() == usize::from(found.tile.width) {
            return;
        }
        let at = wrong.unwrap_or_else(|| entries.len().min(truth.len()));
        self.fault(Fault::new(
            found.tile.entries_path(),
            Some(first_entry(found.tile, at)),
            format!("entry {at} of the bundle is not the record that was signed"),
        ));
    }

    /// What was found wrong, after the last group: the root built anew is the last to be compared.
    pub fn finish(mut self) -> Vec<Fault> {
        let found = self.rebuild.root();
        if let Some(signed) = self.root.filter(|root| self.position() == self.size && *root != found) {
            self.fault(Fault::new("checkpoint", None, format!("the records stored have the root {found}, {signed} was signed")));
        }
        self.faults.sort();
        self.faults.dedup();
        self.faults
    }
}

/// What is wrong where the newest checkpoint does not continue one that somebody kept; `proof` is the consistency proof between them, from the stored tiles.
pub fn continued(kept: &Checkpoint, newest: &Checkpoint, proof: Result<Vec<Hash>, MerkleError>) -> Option<Fault> {
    let wrong = |what: String| Some(Fault::new("checkpoint", None, what));
    if kept.origin != newest.origin {
        return wrong(format!("it is of the log '{}', the checkpoint it was held against of '{}'", newest.origin, kept.origin));
    }
    if kept.size > newest.size {
        return wrong(format!("it signs {} entries, the checkpoint it was held against {}: what is stored was rolled back", newest.size, kept.size));
    }
    match proof.and_then(|proof| verify_consistency(kept.size, kept.root, newest.size, newest.root, &proof)) {
        Ok(()) => None,
        Err(why) => wrong(format!("it does not continue the checkpoint of {} entries it was held against: {why}", kept.size)),
    }
}

/// The first entry under hash `at` of a tile.
fn first_entry(tile: TileId, at: usize) -> u64 {
    let hash = tile.index * u64::from(TILE_WIDTH) + at as u64;
    hash.checked_shl(8 * u32::from(tile.level)).unwrap_or(u64::MAX)
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks().0.iter().copied().map(Hash).collect()
}

/// Hashes of as many entries as a bundle still holds, and whether it ends cleanly; nothing after a broken length.
fn entry_hashes(mut bundle: &[u8]) -> (Vec<Hash>, bool) {
    let mut hashes = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let Some((entry, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))) else { return (hashes, false) };
        hashes.push(leaf_hash(entry));
        bundle = rest;
    }
    (hashes, bundle.is_empty())
}
