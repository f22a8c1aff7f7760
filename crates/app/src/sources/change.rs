//! Adding and changing sources.

use super::{
    settings::{part, require},
    view::SourceDetail,
};
use crate::{App, AppError, Caller, FieldProblem, Operation};
use model::{Source, SourceState};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::{records::Sources, sql::Unit};
use utoipa::ToSchema;
use uuid::Uuid;

const MAX_TITLE_CHARS: usize = 100;

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceNew {
    /// Lower-case letters, digits and hyphens; never changes.
    pub name: String,
    pub connector: String,
    pub title: String,
    #[serde(default)]
    #[schema(value_type = HashMap<String, Value>)]
    pub settings: Map<String, Value>,
}

/// What is left out stays; a secret that is left out, empty or `set` stays too.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceChange {
    pub title: Option<String>,
    #[schema(value_type = Option<HashMap<String, Value>>)]
    pub settings: Option<Map<String, Value>>,
    /// `active` or `paused`.
    pub state: Option<String>,
}

impl App {
    pub async fn create_source(&self, caller: &Caller, new: SourceNew) -> Result<SourceDetail, AppError> {
        self.allowed(caller, Operation::SourcesCreate, ()).await?;
        let mut problems: Vec<FieldProblem> = [name_problem(&new.name), title_problem(&new.title)].into_iter().flatten().collect();
        let connector = connectors::find(&new.connector);
        if connector.is_none() {
            problems.push(FieldProblem::new("connector", format!("there is no connector '{}'", new.connector)));
        }
        let (Some(connector), true) = (connector, problems.is_empty()) else { return Err(AppError::Invalid(problems)) };
        let parted = part(connector.manifest(), new.settings)?;
        require(connector.manifest(), &parted.clear, &parted.secret)?;
        let source = Source {
            id: Uuid::now_v7(),
            name: new.name,
            connector: new.connector,
            title: new.title.trim().to_owned(),
            settings: parted.clear,
            state: SourceState::Active,
            created: self.now(),
        };
        let sealed = self.seal_secrets(source.id, &parted.secret)?;
        let detail = json!({ "name": source.name, "connector": source.connector });
        self.change(caller, Operation::SourcesCreate, ("source", source.id), detail, async |unit: &Unit| {
            unit.add_source(&source).await?;
            Ok(unit.put_source_secrets(source.id, &sealed, source.created).await?)
        })
        .await?;
        self.source_detail(&source).await
    }

    pub async fn update_source(&self, caller: &Caller, id: Uuid, change: SourceChange) -> Result<SourceDetail, AppError> {
        self.allowed(caller, Operation::SourcesUpdate, ("source", id)).await?;
        let mut source = self.known_source(id).await?;
        let before = source.clone();
        let mut changed = Vec::new();
        if let Some(title) = change.title {
            if let Some(problem) = title_problem(&title) {
                return Err(AppError::Invalid(vec![problem]));
            }
            source.title = title.trim().to_owned();
            changed.push("title");
        }
        if let Some(state) = change.state {
            source.state = match state.as_str() {
                "active" => SourceState::Active,
                "paused" => SourceState::Paused,
                _ => return Err(AppError::invalid("state", format!("'{state}' is not a state; there are active, paused"))),
            };
            changed.push("state");
        }
        let mut sealed = None;
        if let Some(settings) = change.settings {
            let connector = connectors::find(&source.connector)
                .ok_or_else(|| AppError::Conflict(format!("this version has no connector '{}', so its settings cannot be changed", source.connector)))?;
            let parted = part(connector.manifest(), settings)?;
            let mut secrets = self.open_secrets(&source).await?;
            secrets.extend(parted.secret);
            require(connector.manifest(), &parted.clear, &secrets)?;
            source.settings = parted.clear;
            sealed = Some(self.seal_secrets(id, &secrets)?);
            changed.push("settings");
        }
        // Secrets are not among these settings.
        let told = |s: &Source| json!({ "title": s.title, "state": s.state, "settings": s.settings });
        let detail = json!({ "changed": changed, "before": told(&before), "after": told(&source) });
        self.change(caller, Operation::SourcesUpdate, ("source", id), detail, async |unit: &Unit| {
            unit.change_source(&source).await?;
            if let Some(sealed) = &sealed {
                unit.put_source_secrets(id, sealed, self.now()).await?;
            }
            Ok(())
        })
        .await?;
        self.source_detail(&source).await
    }
}

fn name_problem(name: &str) -> Option<FieldProblem> {
    let fits = (2..=40).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    (!fits).then(|| FieldProblem::new("name", "2 to 40 lower-case letters, digits and hyphens, for example crm-sales"))
}

fn title_problem(title: &str) -> Option<FieldProblem> {
    let chars = title.trim().chars().count();
    (!(1..=MAX_TITLE_CHARS).contains(&chars)).then(|| FieldProblem::new("title", format!("a title has 1 to {MAX_TITLE_CHARS} characters")))
}
