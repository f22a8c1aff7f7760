//! Sources as pages read them.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StreamView {
    pub stream: String,
    pub title: String,
    pub last_received: Option<String>,
    pub last_event: Option<String>,
    pub last_polled: Option<String>,
    pub events: u64,
    pub duplicates: u64,
    pub quarantined: u64,
    pub trouble: Option<String>,
    pub trouble_since: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SourceHealth {
    pub id: Uuid,
    pub name: String,
    pub title: String,
    pub connector: String,
    pub state: &'static str,
    pub created: String,
    /// `ok`, `waiting`, `trouble` or `paused`.
    pub status: &'static str,
    /// One sentence.
    pub summary: String,
    pub streams: Vec<StreamView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SourceList {
    pub items: Vec<SourceHealth>,
}

/// The key itself is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct KeyView {
    pub id: Uuid,
    pub name: String,
    pub created: String,
    pub last_used: Option<String>,
    pub revoked: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SourceDetail {
    #[serde(flatten)]
    pub health: SourceHealth,
    /// A secret that is set reads `set`.
    #[schema(value_type = Object)]
    pub settings: Map<String, Value>,
    pub keys: Vec<KeyView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ConnectorList {
    /// Manifests as the connectors give them.
    pub items: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReasonView {
    pub code: String,
    pub message: String,
    pub field: Option<String>,
}

/// A record in quarantine: its structure, never its values.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuarantinedView {
    pub id: Uuid,
    pub stream: String,
    pub received: String,
    pub reason: ReasonView,
    pub origin: String,
    pub size_bytes: u64,
    pub structure: Vec<String>,
    pub replayed: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuarantinePage {
    pub items: Vec<QuarantinedView>,
    pub next: Option<String>,
}
