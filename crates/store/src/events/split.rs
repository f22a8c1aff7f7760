//! One day's index: its columns and how an entry is written into them.

use crate::{Result, StoreError};
use model::query::{Field, IndexEntry};
use std::path::Path;
use tantivy::{
    Index, IndexReader, ReloadPolicy, Searcher, TantivyDocument,
    directory::MmapDirectory,
    schema::{self, FAST, INDEXED, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions},
};

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
        let text = TextOptions::default().set_indexing_options(whole).set_fast("raw");
        Self {
            time: b.add_i64_field("time", FAST | INDEXED | STORED),
            index: b.add_u64_field("index", FAST | INDEXED | STORED),
            generation: b.add_u64_field("generation", FAST | INDEXED | STORED),
            rows: b.add_u64_field("rows", FAST),
            tokens: b.add_u64_field("tokens", INDEXED),
            record: b.add_bytes_field("record", STORED),
            ledger: b.add_text_field("ledger", text.clone() | STORED),
            session: b.add_text_field("session", text.clone()),
            // Person and department come back with every hit.
            facets: Field::ALL.iter().map(|f| b.add_text_field(f.name(), text.clone() | STORED)).collect(),
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

/// An open split. Readers see what was committed when [`Split::reload`] was last called.
pub(super) struct Split {
    pub index: Index,
    reader: IndexReader,
}

impl Split {
    pub fn open(path: &Path, columns: &Columns) -> Result<Self> {
        let directory = MmapDirectory::open(path).map_err(broken)?;
        let index = Index::open_or_create(directory, columns.schema.clone()).map_err(broken)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(broken)?;
        Ok(Self { index, reader })
    }

    pub fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    pub fn reload(&self) -> Result<()> {
        self.reader.reload().map_err(broken)
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
