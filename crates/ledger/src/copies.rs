//! The leaf hashes that the segments hold, beside those of entry bundles and lowest tiles.

use crate::{
    error::Result,
    layout::Layout,
    records::{unpack, unpack_within},
    segment::{Manifest, sha256},
    tiles::stored,
};
use merkle::{Claim, Fault, LogKeys, TileId, leaf_hash};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    str::from_utf8,
};
use store::blobs::Blobs;

/// Largest segment unpacked without its manifest, in bytes.
const MAX_SEGMENT_BYTES: u64 = 1 << 30;

/// Walks the segments in order. A claim is signed for where the segment's bytes are those its signed manifest names.
pub(crate) struct Segments<'a> {
    blobs: &'a dyn Blobs,
    layout: &'a Layout,
    keys: &'a LogKeys,
    /// (first, count), in order, not yet walked.
    waiting: VecDeque<(u64, u64)>,
    /// Beside those that follow one another: a process that lost its lease may have written one before it noticed.
    left_over: Vec<(u64, u64)>,
    size: u64,
    /// Index after what was walked.
    next: u64,
    hashes: VecDeque<Claim>,
    /// Hashes before the first one asked for: its segment begins earlier.
    skipped: usize,
    /// The segment last walked.
    pub(crate) path: String,
    /// Files looked at.
    pub(crate) seen: BTreeSet<String>,
    /// Found since they were last taken out; files named within the log's directory.
    pub(crate) faults: Vec<Fault>,
}

impl<'a> Segments<'a> {
    /// Of all segments, in order, those with records `from..size`.
    pub(crate) fn new(blobs: &'a dyn Blobs, layout: &'a Layout, keys: &'a LogKeys, all: Vec<(u64, u64)>, from: u64, size: u64) -> Self {
        let within = |(first, count): &(u64, u64)| *first < size && first.saturating_add(*count) > from;
        let (waiting, left_over) = chain(all.into_iter().filter(within).collect(), size);
        let next = waiting.front().map_or(from, |(first, _)| from.min(*first));
        let skipped = (from - next) as usize;
        let (hashes, seen, faults) = (VecDeque::new(), BTreeSet::new(), Vec::new());
        Self { blobs, layout, keys, waiting, left_over, size, next, hashes, skipped, path: layout.segments(), seen, faults }
    }

    /// `count` more hashes, those of records beyond all segments included: there is then no claim.
    pub(crate) async fn take(&mut self, count: usize) -> Result<Vec<Claim>> {
        while self.hashes.len() < self.skipped + count {
            match self.waiting.pop_front() {
                Some((first, length)) if first < self.next => self.repeats(first, length),
                Some((first, length)) => {
                    self.gap(first);
                    self.walk(first, length).await?;
                }
                None => self.gap(self.next + (self.skipped + count - self.hashes.len()) as u64),
            }
        }
        self.hashes.drain(..std::mem::take(&mut self.skipped));
        Ok(self.hashes.drain(..count).collect())
    }

    /// Names the segments that were not needed, and holds those left over against the tree: they may repeat what was signed and nothing else.
    pub(crate) async fn end(&mut self) -> Result<()> {
        for (first, count) in std::mem::take(&mut self.waiting) {
            self.repeats(first, count);
        }
        for (first, count) in std::mem::take(&mut self.left_over) {
            self.hashes.clear();
            self.walk(first, count).await?;
            let path = self.layout.segment(first, count);
            let mut tile = None;
            for (index, claim) in (first..self.size).zip(std::mem::take(&mut self.hashes)) {
                let Some(id) = TileId::in_tree(0, index >> 8, self.size) else { break };
                if tile.as_ref().is_none_or(|(known, _)| *known != id) {
                    tile = Some((id, stored(self.blobs, id, |t| self.layout.tile(t)).await?.map_or_else(Vec::new, |(_, bytes)| bytes)));
                }
                let at = (index & 0xff) as usize * 32;
                let signed = tile.as_ref().and_then(|(_, bytes)| bytes.get(at..at + 32));
                if claim.is_some_and(|(hash, _)| Some(&hash.0[..]) != signed) {
                    self.fault(&path, index, "a segment left over holds another record than the one signed");
                    break;
                }
            }
        }
        Ok(())
    }

    fn repeats(&mut self, first: u64, count: u64) {
        self.fault(&self.layout.segment(first, count), first, "it repeats records of the segment before");
    }

    fn fault(&mut self, path: &str, index: u64, what: impl ToString) {
        let file = path.strip_prefix(self.layout.base()).unwrap_or(path);
        self.faults.push(Fault::new(file, Some(index), what));
    }

    fn gap(&mut self, until: u64) {
        if until > self.next {
            let file = format!("{}{:012}-", self.layout.segments(), self.next);
            self.fault(&file, self.next, format!("no segment holds the records from here to {}", until - 1));
            self.hashes.extend((self.next..until).map(|_| None));
            self.next = until;
        }
    }

    async fn walk(&mut self, first: u64, count: u64) -> Result<()> {
        let (path, note) = (self.layout.segment(first, count), self.layout.segment_note(first, count));
        self.seen.extend([path.clone(), note.clone()]);
        self.path.clone_from(&path);
        self.next = first + count;
        let manifest = self.manifest(&note, first, count).await?;
        let Some((bytes, _)) = self.blobs.get(&path).await? else {
            self.fault(&path, first, "the file is gone");
            self.hashes.extend((0..count).map(|_| None));
            return Ok(());
        };
        let Some(manifest) = manifest else {
            // Without the manifest the batches still follow one another; the sealed parts' bytes are then held by nothing.
            match unpack_within(&bytes, count, MAX_SEGMENT_BYTES) {
                Ok(records) => self.hashes.extend(records.iter().map(|r| Some((leaf_hash(&r.leaf), false)))),
                Err(why) => {
                    self.fault(&path, first, why);
                    self.hashes.extend((0..count).map(|_| None));
                }
            }
            return Ok(());
        };
        let whole = bytes.len() == manifest.size_bytes && sha256(&bytes) == manifest.sha256;
        let before = self.faults.len();
        for piece in &manifest.pieces {
            let stored = bytes.get(piece.range.clone()).filter(|b| sha256(b) == piece.sha256);
            let records = stored.ok_or_else(|| "its SHA-256 is not the one signed".to_owned()).and_then(|b| unpack(b, piece.count));
            match records {
                Ok(records) => self.hashes.extend(records.iter().map(|r| Some((leaf_hash(&r.leaf), true)))),
                Err(why) => {
                    let what = format!("batch {} to {}: {why}", piece.first, piece.first + piece.count - 1);
                    self.fault(&path, piece.first, what);
                    self.hashes.extend((0..piece.count).map(|_| None));
                }
            }
        }
        if !whole && self.faults.len() == before {
            self.fault(&path, first, format!("it has {} bytes, {} were signed", bytes.len(), manifest.size_bytes));
        }
        Ok(())
    }

    async fn manifest(&mut self, path: &str, first: u64, count: u64) -> Result<Option<Manifest>> {
        let Some((note, _)) = self.blobs.get(path).await? else {
            self.fault(path, first, "the file is gone");
            return Ok(None);
        };
        // A process that lost its lease in between may have signed it with the key that was in force before the segment.
        let known = [self.keys.of_size(first).clone(), self.keys.of_size(first.saturating_add(count)).clone()];
        let read = from_utf8(&note).map_err(|e| e.to_string()).and_then(|n| Manifest::verify(n, &known).map_err(|e| e.to_string()));
        let fits = |m: &Manifest| (m.first, m.count) == (first, count) && m.origin == self.layout.origin(self.keys.name());
        match read {
            Ok(manifest) if fits(&manifest) => return Ok(Some(manifest)),
            Ok(_) => self.fault(path, first, "it was signed for another segment"),
            Err(why) => self.fault(path, first, why),
        }
        Ok(None)
    }
}

/// The segments that follow one another until the tree's end, and the others. Where none do, all are walked as they come.
fn chain(all: Vec<(u64, u64)>, size: u64) -> (VecDeque<(u64, u64)>, Vec<(u64, u64)>) {
    let mut leads: BTreeMap<u64, u64> = BTreeMap::new();
    for (first, count) in all.iter().rev() {
        let end = first.saturating_add(*count);
        if end >= size || leads.contains_key(&end) {
            leads.insert(*first, *count);
        }
    }
    let mut followed = BTreeSet::new();
    let mut next = all.first().map(|(first, _)| *first);
    while let Some((first, count)) = next.and_then(|first| leads.get(&first).map(|count| (first, *count))) {
        followed.insert((first, count));
        next = Some(first.saturating_add(count)).filter(|end| *end < size && count > 0);
    }
    if followed.is_empty() {
        return (all.into(), Vec::new());
    }
    let (followed, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|segment| followed.contains(segment));
    (followed.into(), others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_that_leads_nowhere_is_left_over() {
        let check = |all: &[(u64, u64)], left_over: &[(u64, u64)]| assert_eq!(chain(all.to_vec(), 40).1, left_over, "{all:?}");
        check(&[(0, 10), (10, 30)], &[]);
        check(&[(0, 10), (10, 5), (10, 20), (30, 10)], &[(10, 5)]);
        check(&[(0, 10), (10, 20), (10, 25), (30, 10)], &[(10, 25)]);
        check(&[(0, 10), (0, 40)], &[(0, 10)]);
        check(&[(0, 10), (20, 20)], &[]);
        check(&[], &[]);
    }
}
