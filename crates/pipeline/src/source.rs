//! Sources as the data plane needs them: with their secrets opened.

use crate::IntakeError;
use async_trait::async_trait;
use connectors::{Connector, Settings};
use model::{Source, SourceState};
use std::sync::Arc;
use store::StoreError;

/// A source, its settings with secrets merged in, and the connector that reads it. `Debug` shows no values.
#[derive(Clone)]
pub struct SourceWithSettings {
    pub source: Source,
    pub settings: Settings,
    pub connector: Arc<dyn Connector>,
}

impl std::fmt::Debug for SourceWithSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceWithSettings").field("name", &self.source.name).field("settings", &self.settings).finish()
    }
}

impl SourceWithSettings {
    /// Finds the source's connector in the catalogue.
    ///
    /// # Errors
    /// `NoConnector` when this version has none of that name.
    pub fn open(source: Source, settings: Settings) -> Result<Self, IntakeError> {
        let connector = connectors::find(&source.connector).ok_or_else(|| IntakeError::NoConnector(source.connector.clone()))?;
        Ok(Self { source, settings, connector })
    }

    pub fn is_active(&self) -> bool {
        self.source.state == SourceState::Active
    }
}

/// Where the poller learns what to read. Asked every few seconds, so that sources added or changed are picked up.
#[async_trait]
pub trait Sources: Send + Sync {
    /// All sources that are not paused.
    async fn active(&self) -> Result<Vec<SourceWithSettings>, StoreError>;
}
