//! Connected CRMs: adding, changing and checking them, the keys of those who push, how each stream is doing, and what is in quarantine.

pub use change::{SourceChange, SourceNew};
pub use check::SourceCheck;
pub use keys::NewKey;
pub use view::{SourceDetail, SourceHealth};

mod change;
mod check;
mod health;
mod keys;
mod quarantine;
mod settings;
mod taking;
#[cfg(test)]
mod tests;
pub mod view;

use crate::{App, AppError, Caller, Operation};
use model::{Source, time::rfc3339};
use serde_json::json;
use store::records::{IngestKeys, Sources};
use uuid::Uuid;
use view::{ConnectorList, KeyView, SourceList};

impl App {
    pub async fn sources(&self, caller: &Caller) -> Result<SourceList, AppError> {
        self.read(caller, Operation::SourcesList, (), json!({})).await?;
        Ok(SourceList { items: self.source_health().await? })
    }

    pub async fn source(&self, caller: &Caller, id: Uuid) -> Result<SourceDetail, AppError> {
        self.read(caller, Operation::SourcesRead, ("source", id), json!({})).await?;
        let source = self.known_source(id).await?;
        self.source_detail(&source).await
    }

    /// The catalogue: what can be connected, and what each CRM records.
    pub async fn connectors(&self, caller: &Caller) -> Result<ConnectorList, AppError> {
        self.read(caller, Operation::ConnectorsList, (), json!({})).await?;
        Ok(ConnectorList { items: connectors::catalogue().into_iter().map(|c| c.manifest().into()).collect() })
    }

    pub(crate) async fn known_source(&self, id: Uuid) -> Result<Source, AppError> {
        self.records.source(id).await?.ok_or_else(|| AppError::not_found(format!("source {id}")))
    }

    async fn source_detail(&self, source: &Source) -> Result<SourceDetail, AppError> {
        let health = self.health_of(std::slice::from_ref(source)).await?.pop();
        let keys = self.records.ingest_keys(source.id).await?;
        Ok(SourceDetail {
            health: health.ok_or_else(|| AppError::Internal("one source has no health".into()))?,
            settings: self.shown_settings(source).await?,
            keys: keys
                .into_iter()
                .map(|k| KeyView { id: k.id, name: k.name, created: rfc3339(k.created), last_used: k.last_used.map(rfc3339), revoked: k.revoked.map(rfc3339) })
                .collect(),
        })
    }
}
