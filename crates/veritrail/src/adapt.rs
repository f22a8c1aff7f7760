//! Where a port of one floor meets a use case of another.

use app::{App, AppError, directory::Attributor, erasures::Views, index::Rebuild, retention::Segments};
use async_trait::async_trait;
use ledger::{Integrator, Retention, Why};
use model::{
    SourceState, StoredEvent,
    directory::{Attributed, Seen},
};
use pipeline::{Attribution, IndexFollower, Intake, IntakeError, SourceWithSettings, Sources};
use std::{ops::Range, sync::Arc};
use store::{StoreError, records::Sources as _};
use tokio::sync::Mutex;
use uuid::Uuid;

/// The sources as the poller asks for them.
pub struct Polled(pub App);

#[async_trait]
impl Sources for Polled {
    async fn active(&self) -> Result<Vec<SourceWithSettings>, StoreError> {
        let mut active = Vec::new();
        for source in self.0.records.sources().await?.into_iter().filter(|s| s.state == SourceState::Active) {
            let name = source.name.clone();
            let settings = match self.0.source_settings(&source).await {
                Ok(settings) => settings,
                Err(error) => {
                    tracing::error!("the settings of the source '{name}' cannot be opened: {error}");
                    continue;
                }
            };
            match SourceWithSettings::open(source, settings) {
                Ok(source) => active.push(source),
                Err(error) => tracing::error!("the source '{name}' cannot be read: {error}"),
            }
        }
        Ok(active)
    }
}

/// The directory as the index follower asks it.
pub struct Directory(pub Attributor);

#[async_trait]
impl Attribution for Directory {
    async fn attribute(&self, seen: &[Seen]) -> Result<Vec<Attributed>, StoreError> {
        self.0.attribute(seen).await
    }
}

/// What an erasure reaches beyond the records: the searchable view, and what connectors remember.
pub struct Erasable {
    pub index: Arc<IndexFollower>,
    pub intake: Arc<Intake>,
}

#[async_trait]
impl Views for Erasable {
    async fn erase(&self, subjects: &[Uuid], progress: &(dyn Fn(u64, u64) + Send + Sync)) -> app::Result<u64> {
        self.index.erase(subjects, progress).await.map_err(failed)
    }
    async fn forget(&self, source: Uuid, stream: &str, names: &[String]) -> app::Result<bool> {
        self.intake.forget(source, stream, names).await.map_err(failed)
    }
}

/// The searchable view, for whoever builds it anew.
pub struct Searchable(pub Arc<IndexFollower>);

#[async_trait]
impl Rebuild for Searchable {
    async fn rebuild(&self, name: Uuid, progress: &(dyn Fn(u64, u64) -> bool + Send + Sync)) -> app::Result<Option<u64>> {
        self.0.rebuild(name, progress).await.map_err(failed)
    }
    async fn drop_rebuild(&self) -> app::Result<()> {
        self.0.drop_rebuild().await.map_err(failed)
    }
}

/// The trail's segments, and the view that must forget before they do. Without a follower nothing can be dropped.
pub struct Droppable {
    integrator: Integrator,
    index: Option<Arc<IndexFollower>>,
    open: Mutex<Option<Retention>>,
}

impl Droppable {
    pub fn new(integrator: Integrator, index: Option<Arc<IndexFollower>>) -> Self {
        Self { integrator, index, open: Mutex::new(None) }
    }
}

#[async_trait]
impl Segments for Droppable {
    async fn list(&self) -> app::Result<Vec<(u64, u64)>> {
        let opened = Retention::open(&self.integrator).await?;
        let segments = opened.segments();
        *self.open.lock().await = Some(opened);
        Ok(segments)
    }

    async fn records(&self, segment: (u64, u64)) -> app::Result<Option<Vec<(u64, StoredEvent)>>> {
        let open = self.open.lock().await;
        let open = open.as_ref().ok_or_else(not_listed)?;
        if self.index.is_some() {
            open.delete_before(segment).await?;
        }
        Ok(open.records(segment).await?)
    }

    async fn drop_parts(&self, segment: (u64, u64), indexes: &[Range<u64>], why: &Why) -> app::Result<()> {
        let index = self.index.as_ref().ok_or_else(|| AppError::Internal("nothing is dropped without a follower of the view".into()))?;
        let mut open = self.open.lock().await;
        let open = open.as_mut().ok_or_else(not_listed)?;
        let first = open.first();
        let in_ledger: Vec<Range<u64>> = indexes.iter().map(|range| range.start + first..range.end + first).collect();
        Ok(index.remove(&in_ledger, open.drop_parts(segment, indexes, why)).await.map_err(failed)??)
    }
}

fn not_listed() -> AppError {
    AppError::Internal("segments are looked at before they were listed".into())
}

fn failed(error: IntakeError) -> AppError {
    match error {
        IntakeError::Store(error) => error.into(),
        other => AppError::Internal(other.to_string()),
    }
}
