//! Segments: batches moved out of the tail, byte for byte, with a signed manifest beside them.

use crate::{
    error::{LedgerError, Result},
    layout::Layout,
    records::unpack,
};
use bytes::Bytes;
use merkle::{NoteSigner, NoteVerifier};
use model::StoredEvent;
use sha2::{Digest, Sha256};
use std::ops::Range;
use store::{blobs::Blobs, trail::Batch};

const HEADER: &str = "veritrail segment 1";

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
    pub pieces: Vec<Piece>,
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
        Some((Self { origin: origin.to_owned(), first, count, size_bytes: bytes.len(), sha256: sha256(&bytes), pieces }, bytes.into()))
    }

    /// Lines: header, origin, `first count bytes sha256` of the whole, then the same of each batch in order.
    fn text(&self) -> String {
        let whole = format!("{HEADER}\n{}\n{} {} {} {}\n", self.origin, self.first, self.count, self.size_bytes, self.sha256);
        let pieces = self.pieces.iter().map(|p| format!("{} {} {} {}\n", p.first, p.count, p.size_bytes(), p.sha256));
        std::iter::once(whole).chain(pieces).collect()
    }

    pub(crate) fn sign(&self, signer: &NoteSigner) -> Result<String> {
        Ok(signer.sign(&self.text())?)
    }

    /// Reads a signed manifest whose signature is by a known key.
    pub(crate) fn verify(note: &str, known: &[NoteVerifier]) -> Result<Self> {
        Self::parse(merkle::Note::parse(note)?.verify(known)?)
    }

    /// Reads the text, signed or not; says nothing about who wrote it.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let bad = || LedgerError::damaged("a segment's manifest", "not lines of first, count, bytes and SHA-256 after header and origin");
        let text = text.split_once("\n\n").map_or(text, |(body, _)| body);
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            return Err(bad());
        }
        let origin = lines.next().ok_or_else(bad)?.to_owned();
        let (first, count, size_bytes, sha256) = lines.next().and_then(numbers).ok_or_else(bad)?;
        let (mut at, mut next, mut pieces) = (0_usize, first, Vec::new());
        for line in lines {
            let (first, count, size_bytes, sha256) = numbers(line).filter(|(f, ..)| *f == next).ok_or_else(bad)?;
            let end = at.checked_add(size_bytes).ok_or_else(bad)?;
            pieces.push(Piece { first, count, range: at..end, sha256 });
            (at, next) = (end, next.checked_add(count).ok_or_else(bad)?);
        }
        if at != size_bytes || first.checked_add(count) != Some(next) || count == 0 {
            return Err(bad());
        }
        Ok(Self { origin, first, count, size_bytes, sha256, pieces })
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
}

impl Segment {
    pub(crate) fn holds(&self, index: u64) -> bool {
        (self.first..self.first + self.count).contains(&index)
    }

    pub(crate) fn batches(&self) -> &[Piece] {
        &self.manifest.pieces
    }

    pub(crate) fn records(&self, piece: &Piece) -> Result<Vec<StoredEvent>> {
        unpack(&self.bytes[piece.range.clone()], piece.count).map_err(|why| LedgerError::damaged(&*self.path, format!("batch {}: {why}", piece.first)))
    }

    /// Reads a segment and holds its bytes against its manifest, which finds rot; `veritrail verify` also checks who signed.
    pub(crate) async fn load(blobs: &dyn Blobs, layout: &Layout, first: u64, count: u64) -> Result<Self> {
        let (path, note_path) = (layout.segment(first, count), layout.segment_note(first, count));
        let gone = |path: &str| LedgerError::damaged(path, "the file is gone");
        let (note, _) = blobs.get(&note_path).await?.ok_or_else(|| gone(&note_path))?;
        let note = std::str::from_utf8(&note).map_err(|e| LedgerError::damaged(&*note_path, e))?;
        let manifest = Manifest::parse(note).map_err(|e| LedgerError::damaged(&*note_path, e))?;
        let (bytes, _) = blobs.get(&path).await?.ok_or_else(|| gone(&path))?;
        if bytes.len() != manifest.size_bytes || sha256(&bytes) != manifest.sha256 || (manifest.first, manifest.count) != (first, count) {
            return Err(LedgerError::damaged(path, "the bytes do not fit the manifest beside it"));
        }
        Ok(Self { first, count, path, manifest, bytes })
    }
}

/// The segment that holds this index.
pub(crate) async fn find_segment(blobs: &dyn Blobs, ledger: &str, generation: u32, index: u64) -> Result<Segment> {
    let layout = Layout::new(ledger, generation);
    for path in blobs.list(&layout.segments()).await? {
        match layout.parse_segment(&path) {
            Some((first, count)) if (first..first.saturating_add(count)).contains(&index) => return Segment::load(blobs, &layout, first, count).await,
            _ => {}
        }
    }
    Err(LedgerError::damaged(layout.segments(), format!("no segment holds record {index}")))
}
