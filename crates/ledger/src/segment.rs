//! Segments: batches moved out of the tail, byte for byte, with a signed manifest beside them.

use crate::{
    error::{LedgerError, Result},
    layout::Layout,
    records::unpack,
};
use bytes::Bytes;
use merkle::{NoteSigner, NoteVerifier, TILE_WIDTH, TileId, decode_entries};
use model::{Micros, StoredEvent};
use sha2::{Digest, Sha256};
use std::ops::Range;
use store::{StoreError, blobs::Blobs, trail::Batch};
use uuid::Uuid;

const HEADER: &str = "veritrail segment 1";
/// Of one that succeeds another.
const SUCCESSOR: &str = "veritrail segment 2";

/// Where one batch lies in its segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Index of its first record.
    pub first: u64,
    pub count: u64,
    /// Bytes in the segment.
    pub range: Range<usize>,
    /// Hex SHA-256 of those bytes.
    pub sha256: String,
}

impl Piece {
    pub(crate) fn size_bytes(&self) -> usize {
        self.range.len()
    }
}

/// What the manifest beside a segment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The log the segment belongs to, as its checkpoints name it.
    pub origin: String,
    pub first: u64,
    pub count: u64,
    pub size_bytes: usize,
    /// Hex SHA-256 of the whole segment.
    pub sha256: String,
    /// Of a tombstone there are none.
    pub pieces: Vec<Piece>,
    /// Where it succeeds another, of which sealed parts were dropped.
    pub succession: Option<Succession>,
}

/// What a successor says of what is gone (docs/adr/0006-retention.md).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// Hex SHA-256 of the text of the manifest before.
    pub replaces: String,
    pub time: Micros,
    /// [`model::retention::Rule::text`].
    pub rule: String,
    pub job: Uuid,
    /// Indexes whose sealed parts were dropped, by this one or one before; in order and apart.
    pub dropped: Vec<Range<u64>>,
}

impl Succession {
    pub(crate) fn drops(&self, index: u64) -> bool {
        let at = self.dropped.partition_point(|range| range.end <= index);
        self.dropped.get(at).is_some_and(|range| range.contains(&index))
    }

    /// Lines: `replaces sha256`, `retention time rule job`, `dropped first-last ...`.
    fn text(&self) -> String {
        let dropped: String = self.dropped.iter().map(|range| format!(" {}-{}", range.start, range.end - 1)).collect();
        format!("replaces {}\nretention {} {} {}\ndropped{dropped}\n", self.replaces, self.time, self.rule, self.job)
    }

    fn parse(lines: &mut std::str::Lines<'_>) -> Option<Self> {
        let replaces = lines.next()?.strip_prefix("replaces ")?.to_owned();
        let mut words = lines.next()?.strip_prefix("retention ")?.split(' ');
        let (time, rule, job) = (words.next()?.parse().ok()?, words.next()?.to_owned(), words.next()?.parse().ok()?);
        let mut dropped: Vec<Range<u64>> = Vec::new();
        for range in lines.next()?.strip_prefix("dropped")?.split_whitespace() {
            let (first, last) = range.split_once('-')?;
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            if last < first || dropped.last().is_some_and(|before| before.end > first) {
                return None;
            }
            dropped.push(first..last.checked_add(1)?);
        }
        words.next().is_none().then_some(Self { replaces, time, rule, job, dropped })
    }
}

impl Manifest {
    /// The manifest of these neighbouring batches, and the segment's bytes. `None` for no batches.
    pub(crate) fn of(origin: &str, batches: &[Batch]) -> Option<(Self, Bytes)> {
        let first = batches.first()?.first;
        let (mut bytes, mut pieces) = (Vec::new(), Vec::new());
        for batch in batches {
            let range = bytes.len()..bytes.len() + batch.bytes.len();
            bytes.extend_from_slice(&batch.bytes);
            pieces.push(Piece { first: batch.first, count: batch.count, range, sha256: sha256(&batch.bytes) });
        }
        let count = batches.iter().map(|b| b.count).sum();
        Some((Self { origin: origin.to_owned(), first, count, size_bytes: bytes.len(), sha256: sha256(&bytes), pieces, succession: None }, bytes.into()))
    }

    /// Nothing of it is left but what its manifests say.
    pub(crate) fn is_tombstone(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Lines: header, origin, `first count bytes sha256` of the whole, what it succeeds, then the same of each batch in order.
    pub(crate) fn text(&self) -> String {
        let header = if self.succession.is_some() { SUCCESSOR } else { HEADER };
        let whole = format!("{header}\n{}\n{} {} {} {}\n", self.origin, self.first, self.count, self.size_bytes, self.sha256);
        let succession = self.succession.as_ref().map(Succession::text);
        let pieces = self.pieces.iter().map(|p| format!("{} {} {} {}\n", p.first, p.count, p.size_bytes(), p.sha256));
        std::iter::once(whole).chain(succession).chain(pieces).collect()
    }

    pub(crate) fn sign(&self, signer: &NoteSigner) -> Result<String> {
        Ok(signer.sign(&self.text())?)
    }

    /// Reads a signed manifest whose signature is by a known key.
    pub(crate) fn verify(note: &str, known: &[NoteVerifier]) -> Result<Self> {
        Self::parse(merkle::Note::parse(note)?.verify(known)?)
    }

    /// Reads the text, signed or not; says nothing about who wrote it.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = || LedgerError::damaged("a segment's manifest", "not lines of first, count, bytes and SHA-256 after header and origin");
        let text = text.split_once("\n\n").map_or(text, |(body, _)| body);
        let mut lines = text.lines();
        let succeeds = match lines.next() {
            Some(HEADER) => false,
            Some(SUCCESSOR) => true,
            _ => return Err(bad()),
        };
        let origin = lines.next().ok_or_else(bad)?.to_owned();
        let (first, count, size_bytes, sha256) = lines.next().and_then(numbers).ok_or_else(bad)?;
        let succession = if succeeds { Some(Succession::parse(&mut lines).ok_or_else(bad)?) } else { None };
        let (mut at, mut next, mut pieces) = (0_usize, first, Vec::new());
        for line in lines {
            let (first, count, size_bytes, sha256) = numbers(line).filter(|(f, ..)| *f == next).ok_or_else(bad)?;
            let end = at.checked_add(size_bytes).ok_or_else(bad)?;
            pieces.push(Piece { first, count, range: at..end, sha256 });
            (at, next) = (end, next.checked_add(count).ok_or_else(bad)?);
        }
        let end = first.checked_add(count).ok_or_else(bad)?;
        let tombstone = succeeds && pieces.is_empty();
        if at != size_bytes || (next != end && !tombstone) || count == 0 {
            return Err(bad());
        }
        Ok(Self { origin, first, count, size_bytes, sha256, pieces, succession })
    }
}

fn numbers(line: &str) -> Option<(u64, u64, usize, String)> {
    let mut words = line.split(' ');
    let parsed = (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.to_owned());
    words.next().is_none().then_some(parsed)
}

/// Lower-case hex of SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A segment in memory whose bytes fit its manifest.
pub struct Segment {
    pub first: u64,
    pub count: u64,
    path: String,
    manifest: Manifest,
    bytes: Bytes,
    /// Of a tombstone, from the entry bundles.
    leaves: Vec<Vec<u8>>,
}

impl Segment {
    pub(crate) fn holds(&self, index: u64) -> bool {
        (self.first..self.first + self.count).contains(&index)
    }

    pub(crate) fn batches(&self) -> &[Piece] {
        &self.manifest.pieces
    }

    pub(crate) fn records(&self, piece: &Piece) -> Result<Vec<StoredEvent>> {
        if !self.leaves.is_empty() {
            return Ok(self.leaves.iter().map(|leaf| StoredEvent { leaf: leaf.clone(), parts: Vec::new() }).collect());
        }
        unpack(&self.bytes[piece.range.clone()], piece.count).map_err(|why| LedgerError::damaged(&*self.path, format!("batch {}: {why}", piece.first)))
    }

    /// Reads a segment and holds its bytes against its manifest, which finds rot; `veritrail verify` also checks who signed.
    pub(crate) async fn load(blobs: &dyn Blobs, layout: &Layout, first: u64, count: u64) -> Result<Self> {
        Self::load_revision(blobs, layout, (first, count), 0).await
    }

    /// The same of one that succeeds it.
    pub(crate) async fn load_revision(blobs: &dyn Blobs, layout: &Layout, (first, count): (u64, u64), revision: u32) -> Result<Self> {
        let path = layout.revision(first, count, revision);
        let note_path = format!("{path}.note");
        let gone = |path: &str| LedgerError::damaged(path, "the file is gone");
        let (note, _) = blobs.get(&note_path).await?.ok_or_else(|| gone(&note_path))?;
        let note = std::str::from_utf8(&note).map_err(|e| LedgerError::damaged(&*note_path, e))?;
        let mut manifest = Manifest::parse(note).map_err(|e| LedgerError::damaged(&*note_path, e))?;
        if manifest.is_tombstone() && (manifest.first, manifest.count) == (first, count) {
            let leaves = leaves(blobs, layout, first..first + count).await?;
            // One batch without bytes: whoever reads batches reads it like any other.
            manifest.pieces.push(Piece { first, count, range: 0..0, sha256: manifest.sha256.clone() });
            return Ok(Self { first, count, path, manifest, bytes: Bytes::new(), leaves });
        }
        let (bytes, _) = blobs.get(&path).await?.ok_or_else(|| gone(&path))?;
        if bytes.len() != manifest.size_bytes || sha256(&bytes) != manifest.sha256 || (manifest.first, manifest.count) != (first, count) {
            return Err(LedgerError::damaged(path, "the bytes do not fit the manifest beside it"));
        }
        Ok(Self { first, count, path, manifest, bytes, leaves: Vec::new() })
    }
}

/// Leaves from full entry bundles.
async fn leaves(blobs: &dyn Blobs, layout: &Layout, range: Range<u64>) -> Result<Vec<Vec<u8>>> {
    let width = u64::from(TILE_WIDTH);
    let mut leaves = Vec::new();
    for index in range.start / width..=(range.end - 1) / width {
        let path = layout.entries(TileId { level: 0, index, width: TILE_WIDTH });
        let (bytes, _) = blobs.get(&path).await?.ok_or_else(|| LedgerError::damaged(&*path, "the file is gone"))?;
        let entries = decode_entries(&bytes).map_err(|e| LedgerError::damaged(&*path, e))?;
        leaves.extend((index * width..).zip(entries).filter(|(at, _)| range.contains(at)).map(|(_, entry)| entry));
    }
    if leaves.len() as u64 != range.end - range.start {
        return Err(LedgerError::damaged(layout.segments(), format!("the bundles over {} to {} are not full", range.start, range.end - 1)));
    }
    Ok(leaves)
}

/// The segment that holds this index, in its newest revision.
pub(crate) async fn find_segment(blobs: &dyn Blobs, ledger: &str, generation: u32, index: u64) -> Result<Segment> {
    let layout = Layout::new(ledger, generation);
    let mut tried = None;
    loop {
        let newest = layout.newest_revisions(&blobs.list(&layout.segments()).await?);
        let holding = newest.into_iter().find(|((first, count), _)| (*first..first.saturating_add(*count)).contains(&index));
        let Some((segment, revision)) = holding else {
            return Err(LedgerError::damaged(layout.segments(), format!("no segment holds record {index}")));
        };
        match Segment::load_revision(blobs, &layout, segment, revision).await {
            // It may just have been succeeded: then there is a newer one now.
            Err(LedgerError::Store(StoreError::Damaged { .. })) if tried != Some(revision) => tried = Some(revision),
            found => return found,
        }
    }
}
