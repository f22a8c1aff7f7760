//! Where a port of one floor meets a use case of another.

use app::{App, AppError, directory::Attributor, erasures::Views, index::Rebuild};
use async_trait::async_trait;
use model::{
    SourceState,
    directory::{Attributed, Seen},
};
use pipeline::{Attribution, IndexFollower, Intake, IntakeError, SourceWithSettings, Sources};
use std::sync::Arc;
use store::{StoreError, records::Sources as _};
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

fn failed(error: IntakeError) -> AppError {
    match error {
        IntakeError::Store(error) => error.into(),
        other => AppError::Internal(other.to_string()),
    }
}
