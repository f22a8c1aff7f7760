//! Finding events: the searchable view of the trail.

use crate::Result;
use async_trait::async_trait;
use model::{
    Micros, Position, Scope,
    query::{After, Bucket, EventQuery, Facet, Field, IndexEntry, Page},
};
use std::{ops::Range, sync::Arc};
use uuid::Uuid;

pub use digest::{Digest, SUMMED, Sums};
pub use splits::Splits;

mod compile;
mod counts;
mod digest;
mod parallel;
mod read;
mod shared;
mod split;
mod splits;
mod switch;
mod tally;
mod walk;
mod write;

/// Events of one day, by the values of a field and by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Old {
    pub field: Field,
    /// As in [`model::query::Filter`].
    pub values: Vec<String>,
    /// `[from, until)`, within one UTC day.
    pub times: Range<Micros>,
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

    /// Takes the events at these indexes (in order and apart) out, so that nothing of them is left in any file; a day of which nothing is left goes as a
    /// whole. Nothing may be added meanwhile, and what was added must be committed. The same again changes nothing.
    async fn remove(&self, indexes: &[Range<u64>]) -> Result<()>;

    /// A view that is being built beside this one, empty at first; what was begun under the same name before is gone on with, what was begun under
    /// another is dropped. Without a name: the one there is, if any.
    async fn beside(&self, name: Option<Uuid>) -> Result<Option<Arc<dyn Events>>>;
    /// Puts the view beside, which must be committed, in the place of this one. Nothing may be added to either meanwhile; reads go on.
    async fn switch(&self) -> Result<()>;
    /// Drops the view beside, if there is one.
    async fn drop_beside(&self) -> Result<()>;

    /// The days, counted from the epoch, that there are events of.
    async fn days(&self) -> Result<Vec<i64>>;
    /// Sums over everything held of these days' events below an index.
    async fn sums(&self, days: &[i64], below: u64) -> Result<Sums>;
    /// The digests of the events with indexes within the ranges (in order and apart), by index; at most about `limit`.
    async fn digests(&self, within: &[Range<u64>], limit: usize) -> Result<Vec<(u64, Digest)>>;

    /// Newest first by (event time, index).
    async fn search(&self, scope: &Scope, query: &EventQuery, after: Option<After>, limit: usize) -> Result<Page>;
    async fn count(&self, scope: &Scope, query: &EventQuery) -> Result<u64>;
    async fn facets(&self, scope: &Scope, query: &EventQuery, fields: &[Field], limit: usize) -> Result<Vec<Facet>>;
    /// Bars of `interval` microseconds, aligned to the epoch, only those with events.
    async fn histogram(&self, scope: &Scope, query: &EventQuery, interval: i64) -> Result<Vec<Bucket>>;
    /// One event, if the scope admits it.
    async fn get(&self, scope: &Scope, position: &Position) -> Result<Option<model::query::Hit>>;
}
