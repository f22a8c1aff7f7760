//! A connected CRM or feed.

use crate::Micros;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Whether a source is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    Active,
    Paused,
}

/// A source as configured. Secrets are kept apart, sealed; `settings` names none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub id: Uuid,
    /// Short unique name used in URLs and on the command line: `creme-sales`.
    pub name: String,
    /// The connector's id in the catalogue: `creme`, `salesforce`, `generic`.
    pub connector: String,
    pub title: String,
    pub settings: Map<String, Value>,
    pub state: SourceState,
    pub created: Micros,
}

/// How one stream of a source is doing. Unknown is `None`, with `trouble` saying why where there is a reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamHealth {
    pub source: Uuid,
    pub stream: String,
    /// Receive time of the last committed batch.
    pub last_received: Option<Micros>,
    /// Newest event time seen.
    pub last_event: Option<Micros>,
    /// When the source was last asked, successfully or not.
    pub last_polled: Option<Micros>,
    pub events: u64,
    pub duplicates: u64,
    pub quarantined: u64,
    /// What is wrong now, in words, and since when; cleared by the next success.
    pub trouble: Option<String>,
    pub trouble_since: Option<Micros>,
}
