//! Where a port of one floor meets a use case of another.

use app::{App, directory::Attributor};
use async_trait::async_trait;
use model::{
    SourceState,
    directory::{Attributed, Seen},
};
use pipeline::{Attribution, SourceWithSettings, Sources};
use store::{StoreError, records::Sources as _};

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
