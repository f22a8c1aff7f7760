//! Finding events: the searchable view of the trail.

use crate::Result;
use async_trait::async_trait;
use model::{
    Micros, Position, Scope,
    query::{After, Bucket, EventQuery, Facet, Field, IndexEntry, Page},
};

pub use splits::Splits;

mod compile;
mod counts;
mod parallel;
mod read;
mod split;
mod splits;
mod tally;
mod write;

/// Events of one day, by the values of a field and by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Old {
    pub field: Field,
    /// As in [`model::query::Filter`].
    pub values: Vec<String>,
    /// `[from, until)`, within one UTC day.
    pub times: std::ops::Range<Micros>,
}

/// Every read takes the scope of the member who asks, and enforces it in the query: lists, counts, facets and histograms alike.
#[async_trait]
pub trait Events: Send + Sync {
    /// Adds entries in ledger order; entries at or below what a split already holds are skipped (idempotent by position).
    async fn add(&self, entries: Vec<IndexEntry>) -> Result<()>;
    /// Makes everything added durable and searchable. `next` is the follower's next index: data and cursor are one.
    async fn commit(&self, next: u64) -> Result<()>;
    /// The index from which the follower must resume.
    async fn resume(&self) -> Result<u64>;
    /// Drops everything: the next `resume` is 0.
    async fn clear(&self) -> Result<()>;
    /// Puts `entries` in the place of every event of `old`; of what they replace nothing is left in any file. Nothing may be added meanwhile,
    /// and what was added must be committed.
    async fn replace(&self, old: Old, entries: Vec<IndexEntry>) -> Result<()>;

    /// Newest first by (event time, index).
    async fn search(&self, scope: &Scope, query: &EventQuery, after: Option<After>, limit: usize) -> Result<Page>;
    async fn count(&self, scope: &Scope, query: &EventQuery) -> Result<u64>;
    async fn facets(&self, scope: &Scope, query: &EventQuery, fields: &[Field], limit: usize) -> Result<Vec<Facet>>;
    /// Bars of `interval` microseconds, aligned to the epoch, only those with events.
    async fn histogram(&self, scope: &Scope, query: &EventQuery, interval: i64) -> Result<Vec<Bucket>>;
    /// One event, if the scope admits it.
    async fn get(&self, scope: &Scope, position: &Position) -> Result<Option<model::query::Hit>>;
}
