//! Findings a person must look at.

use crate::{Micros, Severity};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    New,
    InProgress,
    Closed,
}

impl AlertStatus {
    pub const ALL: [AlertStatus; 3] = [AlertStatus::New, AlertStatus::InProgress, AlertStatus::Closed];
    pub fn name(self) -> &'static str {
        match self {
            AlertStatus::New => "new",
            AlertStatus::InProgress => "in_progress",
            AlertStatus::Closed => "closed",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// What a person judged the alert to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    True,
    Expected,
    Noise,
}

impl Verdict {
    pub const ALL: [Verdict; 3] = [Verdict::True, Verdict::Expected, Verdict::Noise];
    pub fn name(self) -> &'static str {
        match self {
            Verdict::True => "true",
            Verdict::Expected => "expected",
            Verdict::Noise => "noise",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// One alert: the open findings of one rule about one actor at one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    pub id: Uuid,
    pub rule: String,
    pub severity: Severity,
    pub status: AlertStatus,
    pub actor: Option<Uuid>,
    pub source: Uuid,
    /// The actor's department at the time of the last finding, for scope.
    pub department: Option<Uuid>,
    pub person: Option<Uuid>,
    pub first: Micros,
    pub last: Micros,
    pub opened: Micros,
    pub findings: u64,
    pub assignee: Option<Uuid>,
    pub verdict: Option<Verdict>,
    pub verdict_by: Option<Uuid>,
    pub verdict_at: Option<Micros>,
    pub verdict_note: Option<String>,
}
