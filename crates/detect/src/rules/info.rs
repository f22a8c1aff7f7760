//! What people read about a rule, and its tests: Sigma's own keys and ours under `veritrail`.

use model::Severity;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A rule in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleInfo {
    /// `D01`; findings name it.
    pub id: String,
    pub title: String,
    pub description: String,
    /// The level of the file's main document.
    pub level: Severity,
    pub version: String,
    /// `single`, `count` or `sequence`.
    pub kind: String,
    pub tags: Vec<String>,
    pub falsepositives: Vec<String>,
    pub runbook: String,
    /// The kinds of records it needs.
    pub streams: Vec<String>,
    /// What it cannot see without some of them.
    pub degraded: Option<String>,
    /// What it means when the rule fires, for the reader of an alert.
    pub meaning: String,
    /// What to do next, in order.
    pub next: Vec<String>,
}

/// The `veritrail` keys of a file's main document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ours {
    pub id: String,
    pub version: String,
    pub runbook: String,
    pub streams: Vec<String>,
    #[serde(default)]
    pub degraded: Option<String>,
    pub meaning: String,
    pub next: Vec<String>,
    #[serde(default)]
    pub tests: Tests,
}

/// The `veritrail` keys of any single-event document: which number of the event explains it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Explained {
    pub observed: Option<String>,
    pub threshold: Option<u64>,
}

/// Events that must and that must not match.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tests {
    #[serde(default, rename = "match")]
    pub matching: Vec<Test>,
    #[serde(default, rename = "no_match")]
    pub quiet: Vec<Test>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    pub name: String,
    /// The highest level among the findings that stand at the end.
    #[serde(default)]
    pub level: Option<String>,
    pub events: Vec<Given>,
}

/// One OCSF event as `model::Event::to_ocsf` gives it, or a row of equal ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    /// Since the event before.
    #[serde(default)]
    pub after_secs: i64,
    #[serde(default = "one")]
    pub times: u32,
    /// Between the events of a row.
    #[serde(default)]
    pub every_secs: i64,
    pub event: Map<String, Value>,
    /// Top-level fields that replace those of `event`, which is often an alias.
    #[serde(default)]
    pub set: Map<String, Value>,
}

fn one() -> u32 {
    1
}
