//! Alerts as pages read them.

use super::explain::Explanation;
use crate::{
    events::{SourceRef, view::EventView},
    rules::RuleView,
    view::Named,
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleRef {
    pub id: String,
    pub title: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertActor {
    pub subject: Uuid,
    pub label: String,
    pub person: Option<Named>,
    pub department: Option<Named>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertView {
    pub id: Uuid,
    pub rule: RuleRef,
    #[schema(schema_with = crate::view::words::severity)]
    pub severity: &'static str,
    #[schema(schema_with = crate::view::words::alert_status)]
    pub status: &'static str,
    pub headline: String,
    pub actor: Option<AlertActor>,
    pub source: SourceRef,
    pub first: String,
    pub last: String,
    pub opened: String,
    pub findings: u64,
    pub assignee: Option<Named>,
    #[schema(schema_with = crate::view::words::verdict)]
    pub verdict: Option<&'static str>,
    pub verdict_note: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatusCounts {
    pub new: u64,
    pub in_progress: u64,
    pub closed: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertPage {
    pub items: Vec<AlertView>,
    pub next: Option<String>,
    pub counts: StatusCounts,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FindingView {
    pub id: Uuid,
    pub first: String,
    pub last: String,
    pub count: u64,
    pub supersedes: Option<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertHistoryView {
    pub at: String,
    /// Veritrail itself has the nil id.
    pub member: Named,
    pub what: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertDetail {
    #[serde(flatten)]
    pub alert: AlertView,
    pub explanation: Explanation,
    /// Numbers and words only.
    #[schema(value_type = HashMap<String, Value>)]
    pub facts: Map<String, Value>,
    pub events: Vec<EventView>,
    pub findings_list: Vec<FindingView>,
    pub rule_detail: RuleView,
    pub history: Vec<AlertHistoryView>,
}
