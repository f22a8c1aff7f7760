//! The detection rules in force: as pages show them, and as the follower runs them.

use crate::config::Config;
use anyhow::{Context, Result};
use app::rules::{RuleBook, RuleView};
use detect::{Engine, HashKey, Limits, RuleFile, RuleSet};
use ledger::Keyring;
use model::DAY;

/// Events remembered per rule and source at most.
const MAX_EVENTS: usize = 200_000;
/// Daily log files of a CRM may be this late.
const LATENESS: model::Micros = 3 * DAY;

pub fn set(config: &Config) -> Result<RuleSet> {
    let folder = &config.detect.rules;
    if folder.as_os_str().is_empty() {
        return Ok(RuleSet::embedded()?);
    }
    let entries = std::fs::read_dir(folder).with_context(|| format!("the rules folder '{}' cannot be read", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
            let text = std::fs::read_to_string(&path).with_context(|| format!("the rule '{}' cannot be read", path.display()))?;
            files.push(RuleFile { name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text });
        }
    }
    Ok(RuleSet::load(files)?)
}

pub fn book(rules: &RuleSet) -> RuleBook {
    let view = |info: &detect::RuleInfo| RuleView {
        id: info.id.clone(),
        title: info.title.clone(),
        description: info.description.clone(),
        level: info.level.name().to_owned(),
        version: info.version.clone(),
        kind: info.kind.clone(),
        tags: info.tags.clone(),
        falsepositives: info.falsepositives.clone(),
        runbook: info.runbook.clone(),
        streams: info.streams.clone(),
        degraded: info.degraded.clone(),
        meaning: info.meaning.clone(),
        next: info.next.clone(),
    };
    RuleBook::new(rules.list().iter().map(view).collect())
}

/// The engine that the detect follower runs.
pub fn engine(rules: &RuleSet, keyring: &Keyring) -> Result<Engine> {
    let limits = Limits { lateness: LATENESS, max_events: MAX_EVENTS, ..Limits::default() };
    Ok(Engine::new(rules, limits, HashKey(keyring.mac("detect-groups", &[])))?)
}
