//! Dropping sealed parts: a segment in which something is due is succeeded by one without it (docs/adr/0006-retention.md). Nothing here decides what is due.

use crate::{
    error::{LedgerError, Result},
    integrate::Integrator,
    layout::Layout,
    segment::{Manifest, Piece, Segment, Succession, sha256},
};
use bytes::Bytes;
use merkle::{NoteSigner, TILE_WIDTH};
use model::{Micros, StoredEvent};
use std::{collections::BTreeMap, ops::Range, sync::Arc};
use store::blobs::Blobs;
use uuid::Uuid;

/// As the trail's batches are packed.
const ZSTD_LEVEL: i32 = 3;

/// Why parts are dropped, for the successor's manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    pub time: Micros,
    /// [`model::retention::Rule::text`].
    pub rule: String,
    pub job: Uuid,
}

/// The signed segments of a ledger's newest generation, and what may sign their successors. Indexes are those of the tree.
pub struct Retention {
    blobs: Arc<dyn Blobs>,
    layout: Layout,
    signer: Arc<NoteSigner>,
    /// Index of the generation's first record: segments count from there on.
    first: u64,
    /// Records under the newest checkpoint.
    size: u64,
    /// By first index and count: the newest revision.
    segments: BTreeMap<(u64, u64), u32>,
}

impl Retention {
    /// # Errors
    /// As [`Integrator::check`].
    pub async fn open(integrator: &Integrator) -> Result<Self> {
        let (newest, _) = integrator.newest().await?;
        let (blobs, layout, keys) = integrator.place().await?;
        let mut segments = layout.newest_revisions(&blobs.list(&layout.segments()).await?);
        segments.retain(|(first, count), _| first.saturating_add(*count) <= newest.size);
        let (signer, first) = (integrator.signers().of(keys.newest())?, integrator.first().await?);
        Ok(Self { signer, blobs, layout, first, size: newest.size, segments })
    }

    /// What the ledger's index of a record has more than its index in the tree.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// First index and count of each segment, in order.
    pub fn segments(&self) -> Vec<(u64, u64)> {
        self.segments.keys().copied().collect()
    }

    /// A segment's records from their indexes on; `None` where none has parts any more.
    pub async fn records(&self, segment: (u64, u64)) -> Result<Option<Vec<(u64, StoredEvent)>>> {
        let manifest = self.manifest(segment, self.revision(segment)?).await?;
        if manifest.is_tombstone() {
            return Ok(None);
        }
        let (_, records) = self.load(segment).await?;
        Ok(records.iter().any(|(_, record)| !record.parts.is_empty()).then_some(records))
    }

    /// Writes the segment's successor without the sealed parts of the records at these indexes, and deletes the object it succeeds. The same again
    /// changes nothing.
    pub async fn drop_parts(&mut self, segment: (u64, u64), indexes: &[Range<u64>], why: &Why) -> Result<()> {
        let revision = self.revision(segment)?;
        let before = self.manifest(segment, revision).await?;
        let (loaded, mut records) = self.load(segment).await?;
        let mut changed = false;
        for (index, record) in &mut records {
            if indexes.iter().any(|range| range.contains(index)) && !record.parts.is_empty() {
                record.parts.clear();
                changed = true;
            }
        }
        if !changed {
            return Ok(());
        }
        let dropped = |index: &u64| indexes.iter().any(|range| range.contains(index)) || before.succession.as_ref().is_some_and(|s| s.drops(*index));
        let succession = Succession {
            replaces: sha256(before.text().as_bytes()),
            time: why.time,
            rule: why.rule.clone(),
            job: why.job,
            dropped: neighbours(records.iter().map(|(index, _)| *index).filter(dropped)),
        };
        let (first, count) = segment;
        let bundles_full = first + count <= self.size / u64::from(TILE_WIDTH) * u64::from(TILE_WIDTH);
        let (pieces, bytes) = if bundles_full && records.iter().all(|(_, record)| record.parts.is_empty()) {
            (Vec::new(), Vec::new())
        } else {
            packed(loaded.batches(), &records)?
        };
        let (origin, size_bytes, sha256) = (before.origin.clone(), bytes.len(), sha256(&bytes));
        let manifest = Manifest { origin, first, count, size_bytes, sha256, pieces, succession: Some(succession) };
        let path = self.layout.revision(first, count, revision + 1);
        if !manifest.is_tombstone() {
            // What a stopped process left there has no manifest: it is not the segment yet.
            self.blobs.put(&path, bytes.into()).await?;
        }
        self.blobs.create(&format!("{path}.note"), Bytes::from(manifest.sign(&self.signer)?)).await?;
        // Read back before what it succeeds is gone.
        Segment::load_revision(self.blobs.as_ref(), &self.layout, segment, revision + 1).await?;
        self.segments.insert(segment, revision + 1);
        self.delete_before(segment).await
    }

    /// Deletes what a stopped process left of revisions that were succeeded.
    pub async fn delete_before(&self, segment: (u64, u64)) -> Result<()> {
        for revision in 0..self.revision(segment)? {
            self.blobs.delete(&self.layout.revision(segment.0, segment.1, revision)).await?;
        }
        Ok(())
    }

    fn revision(&self, segment: (u64, u64)) -> Result<u32> {
        self.segments.get(&segment).copied().ok_or_else(|| LedgerError::Internal(format!("there is no segment {}-{}", segment.0, segment.1)))
    }

    async fn manifest(&self, (first, count): (u64, u64), revision: u32) -> Result<Manifest> {
        let path = format!("{}.note", self.layout.revision(first, count, revision));
        let (note, _) = self.blobs.get(&path).await?.ok_or_else(|| LedgerError::damaged(&*path, "the file is gone"))?;
        let note = std::str::from_utf8(&note).map_err(|e| LedgerError::damaged(&*path, e))?;
        Manifest::parse(note).map_err(|e| LedgerError::damaged(&*path, e))
    }

    async fn load(&self, segment: (u64, u64)) -> Result<(Segment, Vec<(u64, StoredEvent)>)> {
        let loaded = Segment::load_revision(self.blobs.as_ref(), &self.layout, segment, self.revision(segment)?).await?;
        let mut records = Vec::new();
        for piece in loaded.batches() {
            records.extend((piece.first..).zip(loaded.records(piece)?));
        }
        Ok((loaded, records))
    }
}

/// The records in the batches they came in, packed anew.
fn packed(batches: &[Piece], records: &[(u64, StoredEvent)]) -> Result<(Vec<Piece>, Vec<u8>)> {
    let (mut pieces, mut bytes): (Vec<Piece>, Vec<u8>) = (Vec::new(), Vec::new());
    for batch in batches {
        let mut plain = Vec::new();
        let within = records.iter().filter(|(index, _)| (batch.first..batch.first + batch.count).contains(index));
        within.for_each(|(_, record)| record.encode(&mut plain));
        let piece = zstd::stream::encode_all(&plain[..], ZSTD_LEVEL).map_err(|e| LedgerError::Internal(format!("packing a batch failed: {e}")))?;
        let range = bytes.len()..bytes.len() + piece.len();
        pieces.push(Piece { first: batch.first, count: batch.count, range, sha256: sha256(&piece) });
        bytes.extend(piece);
    }
    Ok((pieces, bytes))
}

/// Ascending indexes as ranges.
pub fn neighbours(indexes: impl IntoIterator<Item = u64>) -> Vec<Range<u64>> {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for index in indexes {
        match ranges.last_mut() {
            Some(last) if last.end == index => last.end = index + 1,
            _ => ranges.push(index..index + 1),
        }
    }
    ranges
}
