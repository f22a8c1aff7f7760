//! Reading the trail in order, wherever the records are by now: tail or segments.

use crate::{
    error::{LedgerError, Result},
    records::of_tail,
    segment::{Segment, find_segment},
    tree::generation_at,
};
use lru::LruCache;
use model::{Position, StoredEvent};
use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};
use store::{
    blobs::Blobs,
    trail::{Head, Trail},
};

/// Segments kept in memory: followers read neighbours, one after the other.
const SEGMENTS: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");

/// Reads one ledger. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    trail: Arc<dyn Trail>,
    blobs: Arc<dyn Blobs>,
    ledger: String,
    segments: Arc<Mutex<LruCache<(u32, u64), Arc<Segment>>>>,
}

impl Reader {
    pub fn new(trail: Arc<dyn Trail>, blobs: Arc<dyn Blobs>, ledger: &str) -> Self {
        Self { trail, blobs, ledger: ledger.to_owned(), segments: Arc::new(Mutex::new(LruCache::new(SEGMENTS))) }
    }

    pub async fn head(&self) -> Result<Head> {
        Ok(self.trail.head().await?)
    }

    /// Records from index `from` on, in order, with their indexes: whole batches, together at most `limit_bytes` as stored, but at least one.
    /// Empty at the head.
    pub async fn read(&self, from: u64, limit_bytes: usize) -> Result<Vec<(u64, StoredEvent)>> {
        // Batches may move between looking at the head and reading the tail: then they are in segments at the second look.
        for _ in 0..3 {
            let head = self.head().await?;
            if from >= head.size {
                return Ok(Vec::new());
            }
            if from < head.integrated {
                return self.from_segments(&head, from, limit_bytes).await;
            }
            let batches = self.trail.read(from, limit_bytes).await?;
            if batches.first().is_some_and(|b| b.first <= from) {
                let mut records = Vec::new();
                for batch in &batches {
                    records.extend((batch.first..).zip(of_tail(&self.ledger, batch)?).filter(|(index, _)| *index >= from));
                }
                return Ok(records);
            }
        }
        Err(LedgerError::damaged(format!("ledger {}", self.ledger), format!("record {from} is neither in the tail nor in a segment")))
    }

    /// Forgets the segments it keeps in memory: some were succeeded.
    pub fn forget(&self) {
        self.segments.lock().expect("no code panics holding the cache").clear();
    }

    /// The generation that holds an index. What one call of [`Reader::read`] answers is of one generation.
    pub async fn generation_at(&self, index: u64) -> Result<u32> {
        let head = self.head().await?;
        Ok(generation_at(self.trail.as_ref(), &head, index).await?.generation)
    }

    /// Where a position lies in its generation's tree, as proofs count.
    ///
    /// # Errors
    /// `Store(NotFound)` when no such record can be there.
    pub async fn leaf_of(&self, position: &Position) -> Result<u64> {
        crate::tree::leaf_of(self.trail.as_ref(), position).await
    }

    /// One record, or `None` past the head.
    pub async fn get(&self, index: u64) -> Result<Option<StoredEvent>> {
        Ok(self.read(index, 0).await?.into_iter().next().filter(|(found, _)| *found == index).map(|(_, record)| record))
    }

    async fn from_segments(&self, head: &Head, from: u64, limit_bytes: usize) -> Result<Vec<(u64, StoredEvent)>> {
        let (mut records, mut next, mut size) = (Vec::new(), from, 0);
        let generation = generation_at(self.trail.as_ref(), head, from).await?;
        // Segments count as the tree does.
        let first = generation.first;
        while next < generation.end.min(head.integrated) {
            let segment = self.segment(generation.generation, next - first).await?;
            for batch in segment.batches().iter().filter(|b| first + b.first + b.count > next) {
                size += batch.size_bytes();
                if size > limit_bytes && !records.is_empty() {
                    return Ok(records);
                }
                records.extend((first + batch.first..).zip(segment.records(batch)?).filter(|(index, _)| *index >= from));
            }
            next = first + segment.first + segment.count;
        }
        Ok(records)
    }

    async fn segment(&self, generation: u32, index: u64) -> Result<Arc<Segment>> {
        let lock = || self.segments.lock().expect("no code panics holding the cache");
        let cached = lock().iter().find(|((g, _), s)| *g == generation && s.holds(index)).map(|(key, _)| *key);
        if let Some(segment) = cached.and_then(|key| lock().get(&key).cloned()) {
            return Ok(segment);
        }
        let segment = Arc::new(find_segment(self.blobs.as_ref(), &self.ledger, generation, index).await?);
        lock().put((generation, segment.first), segment.clone());
        Ok(segment)
    }
}
