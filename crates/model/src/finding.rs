//! One hit of a rule or model.

use crate::{Micros, Position};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Sigma levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 5] = [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
    pub fn from_name(name: &str) -> Option<Severity> {
        if name == "informational" {
            return Some(Severity::Info);
        }
        Severity::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// A finding holds subject ids, numbers and positions only; its words are rendered per reader from `rule` and `facts`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Derived from the rule, the group and the events: replaying the same positions gives the same id.
    pub id: Uuid,
    /// Id of the rule's file.
    pub rule: String,
    pub rule_version: String,
    pub severity: Severity,
    /// Whom it is about, where known; the grouping of alerts.
    pub actor: Option<Uuid>,
    pub source: Uuid,
    /// First and last event time of what fired it.
    pub first: Micros,
    pub last: Micros,
    /// How many events matched; `events` holds at most [`Finding::MAX_EVENTS`] of them.
    pub count: u64,
    pub events: Vec<Position>,
    /// Numbers for the explanation: `{"threshold": 10, "observed": 14, "window_secs": 1200}`.
    pub facts: Map<String, Value>,
    /// The finding this one replaces after a late event changed the picture.
    pub supersedes: Option<Uuid>,
}

impl Finding {
    pub const MAX_EVENTS: usize = 200;
}
