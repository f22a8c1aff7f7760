//! The leaf hashes a ledger keeps three times over: in segments, in entry bundles and in the lowest tiles.

use crate::{
    error::Result,
    layout::Layout,
    records::{unpack, unpack_within},
    segment::{Manifest, sha256},
    verify::Fault,
};
use merkle::{Hash, NoteVerifier, leaf_hash};
use std::{
    collections::{BTreeSet, VecDeque},
    str::from_utf8,
};
use store::blobs::Blobs;

/// Largest segment unpacked without its manifest, in bytes.
const MAX_SEGMENT_BYTES: u64 = 1 << 30;

/// A leaf hash from a segment, and whether the segment's bytes are those its signed manifest names.
pub(crate) type FromSegment = Option<(Hash, bool)>;

/// Walks the segments in order.
pub(crate) struct Segments<'a> {
    pub(crate) blobs: &'a dyn Blobs,
    pub(crate) layout: &'a Layout,
    pub(crate) known: &'a [NoteVerifier],
    /// (first, count), in order, not yet walked.
    pub(crate) waiting: VecDeque<(u64, u64)>,
    /// Index after what was walked.
    pub(crate) next: u64,
    pub(crate) hashes: VecDeque<FromSegment>,
    pub(crate) path: String,
    pub(crate) seen: &'a mut BTreeSet<String>,
}

impl Segments<'_> {
    /// At least `count` more hashes, and the path of the segment each came from.
    pub(crate) async fn take(&mut self, count: usize, faults: &mut Vec<Fault>) -> Result<Vec<FromSegment>> {
        while self.hashes.len() < count {
            match self.waiting.pop_front() {
                Some((first, length)) if first < self.next => {
                    let file = self.layout.segment(first, length);
                    faults.push(Fault::new(file, Some(first), "it repeats records of the segment before"));
                }
                Some((first, length)) => {
                    self.gap(first, faults);
                    self.walk(first, length, faults).await?;
                }
                None => self.gap(self.next + (count - self.hashes.len()) as u64, faults),
            }
        }
        Ok(self.hashes.drain(..count).collect())
    }

    fn gap(&mut self, until: u64, faults: &mut Vec<Fault>) {
        if until > self.next {
            let file = format!("{}{:012}-", self.layout.segments(), self.next);
            faults.push(Fault::new(file, Some(self.next), format!("no segment holds the records from here to {}", until - 1)));
            self.hashes.extend((self.next..until).map(|_| None));
            self.next = until;
        }
    }

    async fn walk(&mut self, first: u64, count: u64, faults: &mut Vec<Fault>) -> Result<()> {
        let (path, note) = (self.layout.segment(first, count), self.layout.segment_note(first, count));
        self.seen.extend([path.clone(), note.clone()]);
        self.path.clone_from(&path);
        self.next = first + count;
        let manifest = self.manifest(&note, first, count, faults).await?;
        let Some((bytes, _)) = self.blobs.get(&path).await? else {
            faults.push(Fault::new(path, Some(first), "the file is gone"));
            self.hashes.extend((0..count).map(|_| None));
            return Ok(());
        };
        let Some(manifest) = manifest else {
            // Without the manifest the batches still follow one another; the sealed parts' bytes are then held by nothing.
            match unpack_within(&bytes, count, MAX_SEGMENT_BYTES) {
                Ok(records) => self.hashes.extend(records.iter().map(|r| Some((leaf_hash(&r.leaf), false)))),
                Err(why) => {
                    faults.push(Fault::new(path, Some(first), why));
                    self.hashes.extend((0..count).map(|_| None));
                }
            }
            return Ok(());
        };
        let whole = bytes.len() == manifest.size_bytes && sha256(&bytes) == manifest.sha256;
        let before = faults.len();
        for piece in &manifest.pieces {
            let stored = bytes.get(piece.range.clone()).filter(|b| sha256(b) == piece.sha256);
            let records = stored.ok_or_else(|| "its SHA-256 is not the one signed".to_owned()).and_then(|b| unpack(b, piece.count));
            match records {
                Ok(records) => self.hashes.extend(records.iter().map(|r| Some((leaf_hash(&r.leaf), true)))),
                Err(why) => {
                    let what = format!("batch {} to {}: {why}", piece.first, piece.first + piece.count - 1);
                    faults.push(Fault::new(path.clone(), Some(piece.first), what));
                    self.hashes.extend((0..piece.count).map(|_| None));
                }
            }
        }
        if !whole && faults.len() == before {
            faults.push(Fault::new(path, Some(first), format!("it has {} bytes, {} were signed", bytes.len(), manifest.size_bytes)));
        }
        Ok(())
    }

    async fn manifest(&self, path: &str, first: u64, count: u64, faults: &mut Vec<Fault>) -> Result<Option<Manifest>> {
        let Some((note, _)) = self.blobs.get(path).await? else {
            faults.push(Fault::new(path, Some(first), "the file is gone"));
            return Ok(None);
        };
        let read = from_utf8(&note).map_err(|e| e.to_string()).and_then(|n| Manifest::verify(n, self.known).map_err(|e| e.to_string()));
        let fits = |m: &Manifest| (m.first, m.count) == (first, count) && self.known.iter().any(|k| m.origin == self.layout.origin(k.name()));
        match read {
            Ok(manifest) if fits(&manifest) => return Ok(Some(manifest)),
            Ok(_) => faults.push(Fault::new(path, Some(first), "it was signed for another segment")),
            Err(why) => faults.push(Fault::new(path, Some(first), why)),
        }
        Ok(None)
    }
}

/// Hashes of as many entries as a bundle still holds; nothing after a broken length.
pub(crate) fn entry_hashes(mut bundle: &[u8]) -> (Vec<Hash>, bool) {
    let mut hashes = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let Some((entry, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))) else { return (hashes, false) };
        hashes.push(leaf_hash(entry));
        bundle = rest;
    }
    (hashes, bundle.is_empty())
}
