//! Trying a source without changing anything in it.

use super::settings::{part, require};
use crate::{App, AppError, Caller, Operation};
use connectors::{CheckReport, Settings};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(45);

/// Either settings not saved yet, or a source.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceCheck {
    pub connector: Option<String>,
    #[serde(default)]
    #[schema(value_type = HashMap<String, Value>)]
    pub settings: Map<String, Value>,
    pub source: Option<Uuid>,
}

impl App {
    /// What the source gives this account, stream by stream. A failure is an answer too: `ok` is false and `summary` says what to do.
    pub async fn check_source(&self, caller: &Caller, check: SourceCheck) -> Result<CheckReport, AppError> {
        let target = check.source.map_or_else(crate::Target::none, |id| crate::Target::of("source", id));
        self.read(caller, Operation::SourcesCheck, target, json!({ "connector": check.connector })).await?;
        let (connector, settings) = match (check.source, &check.connector) {
            (Some(id), _) => {
                let source = self.known_source(id).await?;
                (source.connector.clone(), self.source_settings(&source).await?)
            }
            (None, Some(id)) => (id.clone(), Settings::new(check.settings.clone(), self.reach.clone())),
            (None, None) => return Err(AppError::invalid("connector", "name a connector with its settings, or a source")),
        };
        let connector = connectors::find(&connector).ok_or_else(|| AppError::invalid("connector", format!("there is no connector '{connector}'")))?;
        if check.source.is_none() {
            let parted = part(connector.manifest(), check.settings)?;
            require(connector.manifest(), &parted.clear, &parted.secret)?;
        }
        let failed = |summary: String| CheckReport { ok: false, summary, streams: Vec::new() };
        Ok(match tokio::time::timeout(PATIENCE, connector.check(&settings)).await {
            Ok(Ok(report)) => report,
            Ok(Err(error)) => failed(error.to_string()),
            Err(_) => failed(format!("no answer within {} seconds; check the address and the way there", PATIENCE.as_secs())),
        })
    }
}
