//! Settings by the connector's manifest: secrets are taken out and sealed, the rest is kept in the clear.

use crate::{App, AppError, FieldProblem};
use connectors::{Manifest, SettingKind, Settings};
use model::Source;
use serde_json::{Map, Value};
use store::records::Sources;

const PURPOSE: &str = "source settings";
const MAX_CHARS: usize = 20_000;
/// What stands for a secret that is set.
const SET: &str = "set";

/// Settings as given, parted.
pub(super) struct Parted {
    pub clear: Map<String, Value>,
    pub secret: Map<String, Value>,
}

/// Holds settings against the manifest. Values left out, empty, or (secrets) the word shown for a set one are not in the answer.
pub(super) fn part(manifest: &Manifest, given: Map<String, Value>) -> Result<Parted, AppError> {
    let mut parted = Parted { clear: Map::new(), secret: Map::new() };
    let mut problems = Vec::new();
    for (name, value) in given {
        let Some(setting) = manifest.settings.iter().find(|s| s.name == name) else {
            problems.push(FieldProblem::new(format!("settings.{name}"), format!("{} has no such setting", manifest.title)));
            continue;
        };
        match value {
            Value::Null => {}
            Value::String(text) if text.trim().is_empty() => {}
            Value::String(text) if text.len() > MAX_CHARS => {
                problems.push(FieldProblem::new(format!("settings.{name}"), format!("at most {MAX_CHARS} characters")));
            }
            Value::String(text) if setting.kind == SettingKind::Secret => {
                if text != SET {
                    parted.secret.insert(name, text.into());
                }
            }
            Value::String(text) => drop(parted.clear.insert(name, text.trim().into())),
            _ => problems.push(FieldProblem::new(format!("settings.{name}"), "write it as text")),
        }
    }
    if problems.is_empty() { Ok(parted) } else { Err(AppError::Invalid(problems)) }
}

/// That nothing required is missing.
pub(super) fn require(manifest: &Manifest, clear: &Map<String, Value>, secret: &Map<String, Value>) -> Result<(), AppError> {
    let missing = manifest.settings.iter().filter(|s| s.required && !clear.contains_key(s.name) && !secret.contains_key(s.name));
    let problems: Vec<FieldProblem> =
        missing.map(|s| FieldProblem::new(format!("settings.{}", s.name), format!("{} is missing: {}", s.title, s.help))).collect();
    if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
}

impl App {
    /// A source's settings with its secrets opened, for the pipeline and for checks.
    pub async fn source_settings(&self, source: &Source) -> Result<Settings, AppError> {
        let mut all = source.settings.clone();
        all.extend(self.open_secrets(source).await?);
        Ok(Settings::new(all, self.reach.clone()))
    }

    pub(super) async fn open_secrets(&self, source: &Source) -> Result<Map<String, Value>, AppError> {
        let Some(sealed) = self.records.source_secrets(source.id).await? else { return Ok(Map::new()) };
        let plain = self.keyring.open_for_source(source.id, PURPOSE, &sealed)?;
        serde_json::from_slice(&plain).map_err(|_| AppError::Internal(format!("the secrets of source {} are damaged; enter them again", source.name)))
    }

    pub(super) fn seal_secrets(&self, source: uuid::Uuid, secrets: &Map<String, Value>) -> Result<Vec<u8>, AppError> {
        let plain = serde_json::to_vec(secrets).map_err(|e| AppError::Internal(e.to_string()))?;
        Ok(self.keyring.seal_for_source(source, PURPOSE, &plain)?)
    }

    /// Settings for a page: of secrets only that they are set.
    pub(super) async fn shown_settings(&self, source: &Source) -> Result<Map<String, Value>, AppError> {
        let mut shown = source.settings.clone();
        for name in self.open_secrets(source).await?.into_iter().map(|(name, _)| name) {
            shown.insert(name, SET.into());
        }
        Ok(shown)
    }
}
