//! The trail as the tree of its newest generation counts it. Indexes go on from one generation to the next; in the tree, and so in segments, tiles and
//! proofs, every generation begins at 0 (ADR 0005).

use crate::error::{LedgerError, Result};
use async_trait::async_trait;
use model::{Micros, Position, Quarantined, source::StreamHealth};
use serde_json::Value;
use std::sync::Arc;
use store::{
    StoreError,
    trail::{Batch, Closed, Head, NewBatch, Placed, Trail},
};
use uuid::Uuid;

/// The index of a generation's first record: what an index has more than its place in the tree.
///
/// # Errors
/// `Store(NotFound)` when there is no such generation.
pub async fn first_of(trail: &dyn Trail, generation: u32) -> Result<u64> {
    let head = trail.head().await?;
    if generation == head.generation {
        return Ok(head.first);
    }
    let closed = trail.closed().await?.into_iter().find(|closed| closed.generation == generation);
    closed.map(|closed| closed.first).ok_or_else(|| StoreError::NotFound(format!("generation {generation} of {}", head.ledger)).into())
}

/// Where a position lies in its generation's tree.
///
/// # Errors
/// `Store(NotFound)` when no such record can be there.
pub async fn leaf_of(trail: &dyn Trail, position: &Position) -> Result<u64> {
    let first = first_of(trail, position.generation).await?;
    position.index.checked_sub(first).ok_or_else(|| StoreError::NotFound(position.to_string()).into())
}

/// The generation that holds an index, and its records as the trail counts them.
pub(crate) async fn generation_at(trail: &dyn Trail, head: &Head, index: u64) -> Result<Closed> {
    if index >= head.first {
        return Ok(Closed { generation: head.generation, first: head.first, end: head.size });
    }
    let found = trail.closed().await?.into_iter().find(|closed| (closed.first..closed.end).contains(&index));
    found.ok_or_else(|| LedgerError::damaged(format!("ledger {}", head.ledger), format!("no generation holds record {index}")))
}

/// What the integrator sees: `size`, `integrated` and the batches' places in the tree. `first` stays as it is.
pub(crate) struct Tree(pub(crate) Arc<dyn Trail>);

#[async_trait]
impl Trail for Tree {
    async fn append(&self, batches: Vec<NewBatch>) -> store::Result<Vec<Vec<Placed>>> {
        self.0.append(batches).await
    }
    async fn head(&self) -> store::Result<Head> {
        let head = self.0.head().await?;
        Ok(Head { size: head.size.saturating_sub(head.first), integrated: head.integrated.saturating_sub(head.first), ..head })
    }
    async fn closed(&self) -> store::Result<Vec<Closed>> {
        self.0.closed().await
    }
    async fn read(&self, index: u64, limit_bytes: usize) -> store::Result<Vec<Batch>> {
        let first = self.0.head().await?.first;
        let batches = self.0.read(index.saturating_add(first), limit_bytes).await?;
        Ok(batches.into_iter().map(|batch| Batch { first: batch.first.saturating_sub(first), ..batch }).collect())
    }
    async fn lease(&self, holder: &str, now: Micros, until: Micros) -> store::Result<u64> {
        self.0.lease(holder, now, until).await
    }
    async fn integrated(&self, epoch: u64, integrated: u64) -> store::Result<()> {
        let first = self.0.head().await?.first;
        self.0.integrated(epoch, integrated.saturating_add(first)).await
    }
    async fn cursor(&self, source: Uuid, stream: &str) -> store::Result<(Value, Value)> {
        self.0.cursor(source, stream).await
    }
    async fn quarantined(&self, source: Option<Uuid>, before: Option<Uuid>, limit: u64) -> store::Result<Vec<Quarantined>> {
        self.0.quarantined(source, before, limit).await
    }
    async fn quarantined_bytes(&self, id: Uuid) -> store::Result<(Quarantined, Vec<u8>)> {
        self.0.quarantined_bytes(id).await
    }
    async fn empty_quarantined(&self, ids: &[Uuid]) -> store::Result<u64> {
        self.0.empty_quarantined(ids).await
    }
    async fn scrub(&self) -> store::Result<()> {
        self.0.scrub().await
    }
    async fn counts(&self) -> store::Result<Vec<StreamHealth>> {
        self.0.counts().await
    }
}
