//! One day's index: its columns and how an entry is written into them.

use super::{counts::Hashes, tally::Tally};
use crate::{Result, StoreError};
use model::query::{Field, IndexEntry};
use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tantivy::{
    Index, IndexReader, ReloadPolicy, Searcher, TantivyDocument,
    columnar::StrColumn,
    directory::MmapDirectory,
    index::SegmentId,
    schema::{self, FAST, IndexRecordOption, NumericOptions, STORED, Schema, TextFieldIndexing, TextOptions},
};

/// Raised when columns change: an index of another format is built anew from the trail.
pub(super) const FORMAT: &str = "2";

/// The columns of every split. Text columns hold values whole (no words), indexed and counted.
pub(super) struct Columns {
    pub schema: Schema,
    pub time: schema::Field,
    pub index: schema::Field,
    pub generation: schema::Field,
    pub rows: schema::Field,
    pub tokens: schema::Field,
    pub record: schema::Field,
    pub ledger: schema::Field,
    pub session: schema::Field,
    facets: Vec<schema::Field>,
}

impl Columns {
    pub fn new() -> Self {
        let mut b = Schema::builder();
        let whole = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(IndexRecordOption::Basic).set_fieldnorms(false);
        let text = TextOptions::default().set_indexing_options(whole.clone()).set_fast("raw");
        // Person and department come back with every hit; the rest stands in the record.
        let facet = |f: &Field| if matches!(f, Field::Person | Field::Department) { text.clone() | STORED } else { text.clone() };
        Self {
            // Every event has values of its own here: a list of terms would be as long as the events, and ranges are read from the column.
            time: b.add_i64_field("time", FAST | STORED),
            index: b.add_u64_field("index", FAST | STORED),
            generation: b.add_u64_field("generation", STORED),
            rows: b.add_u64_field("rows", FAST),
            tokens: b.add_u64_field("tokens", NumericOptions::default().set_indexed()),
            record: b.add_bytes_field("record", STORED),
            ledger: b.add_text_field("ledger", STORED),
            session: b.add_text_field("session", TextOptions::default().set_indexing_options(whole)),
            facets: Field::ALL.iter().map(|f| b.add_text_field(f.name(), facet(f))).collect(),
            schema: b.build(),
        }
    }

    pub fn facet(&self, field: Field) -> schema::Field {
        let at = Field::ALL.iter().position(|f| *f == field).expect("ALL names every field");
        self.facets[at]
    }

    pub fn document(&self, entry: &IndexEntry) -> TantivyDocument {
        let clear = &entry.clear;
        let mut d = TantivyDocument::default();
        d.add_i64(self.time, clear.time.micros);
        d.add_u64(self.index, entry.position.index);
        d.add_u64(self.generation, u64::from(entry.position.generation));
        d.add_text(self.ledger, &entry.position.ledger);
        d.add_bytes(self.record, &entry.record);
        if let Some(rows) = clear.rows {
            d.add_u64(self.rows, rows);
        }
        for token in &entry.tokens {
            d.add_u64(self.tokens, *token);
        }
        if let Some(session) = &entry.session {
            d.add_text(self.session, session);
        }
        for field in Field::ALL {
            if let Some(value) = entry.value(field) {
                d.add_text(self.facet(field), &value);
            }
        }
        d
    }
}

/// Blocks of stored records kept unpacked per segment; a page reads each of its events once.
const STORE_BLOCKS: usize = 8;

/// An open split. Readers see what was committed when [`Split::reload`] was last called.
pub(super) struct Split {
    /// Days since the epoch.
    pub day: i64,
    pub index: Index,
    reader: IndexReader,
    loaded: AtomicU64,
    tallies: Mutex<HashMap<SegmentId, Option<Arc<Tally>>>>,
    hashes: Mutex<HashMap<(SegmentId, Field), Arc<Hashes>>>,
}

impl Split {
    pub fn open(path: &Path, day: i64, columns: &Columns) -> Result<Self> {
        let directory = MmapDirectory::open(path).map_err(broken)?;
        let index = Index::open_or_create(directory, columns.schema.clone()).map_err(broken)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(STORE_BLOCKS).try_into().map_err(broken)?;
        let split = Self { day, index, reader, loaded: AtomicU64::new(0), tallies: Mutex::default(), hashes: Mutex::default() };
        split.loaded.store(split.next()?, Ordering::Release);
        Ok(split)
    }

    pub fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// The caller holds the writers, so nothing is committed meanwhile.
    pub fn reload(&self) -> Result<()> {
        // Before the reader shows it: whoever sees the events must see this too.
        self.loaded.store(self.next()?, Ordering::Release);
        self.reader.reload().map_err(broken)
    }

    /// Readers see no index at or above this one. To be asked after [`Split::searcher`].
    pub fn loaded(&self) -> u64 {
        self.loaded.load(Ordering::Acquire)
    }

    /// The tallies of all segments of this view; `None` when one has none.
    pub fn tallies(&self, searcher: &Searcher) -> Result<Option<Vec<Arc<Tally>>>> {
        let lock = || self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tallies = Vec::with_capacity(searcher.segment_readers().len());
        for reader in searcher.segment_readers() {
            let known = lock().get(&reader.segment_id()).cloned();
            let tally = match known {
                Some(tally) => tally,
                None => {
                    // Made without the lock: two that ask at once make it twice, and nobody waits.
                    let tally = Tally::of(reader)?.map(Arc::new);
                    let mut kept = lock();
                    let current = self.searcher();
                    kept.retain(|id, _| current.segment_readers().iter().any(|r| r.segment_id() == *id));
                    kept.insert(reader.segment_id(), tally.clone());
                    tally
                }
            };
            tallies.push(tally);
        }
        Ok(tallies.into_iter().collect())
    }

    /// The hashes of a segment's values of a field.
    pub fn hashes(&self, segment: SegmentId, field: Field, column: &StrColumn) -> Result<Arc<Hashes>> {
        let lock = || self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hashes) = lock().get(&(segment, field)) {
            return Ok(hashes.clone());
        }
        let hashes = Arc::new(Hashes::of(column)?);
        if hashes.may_be_kept() {
            let current = self.searcher();
            let mut kept = lock();
            kept.retain(|(id, _), _| current.segment_readers().iter().any(|r| r.segment_id() == *id));
            kept.insert((segment, field), hashes.clone());
        }
        Ok(hashes)
    }

    /// Removes the files that no reader and no commit needs.
    pub fn sweep(&self) -> Result<()> {
        let writer = self.index.writer_with_num_threads::<TantivyDocument>(1, super::write::HEAP).map_err(broken)?;
        writer.garbage_collect_files().wait().map_err(broken)?;
        writer.wait_merging_threads().map_err(broken)
    }

    /// The first index this split does not hold, from its last commit.
    pub fn next(&self) -> Result<u64> {
        match self.index.load_metas().map_err(broken)?.payload {
            None => Ok(0),
            Some(text) => text.parse().map_err(|_| StoreError::Damaged { what: "split of the event index".into(), why: format!("its commit says '{text}'") }),
        }
    }
}

/// The index failed; it can be rebuilt, so nothing of the trail is in danger.
pub(super) fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable { what: "the event index", why: error.to_string() }
}
