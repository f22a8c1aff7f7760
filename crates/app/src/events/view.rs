//! Events as pages read them.

use crate::masking::{FieldState, RawFieldView, RevealView};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

pub use crate::view::Named;

/// What stands where a value is masked.
pub const MASK: &str = "•••";

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SourceRef {
    pub id: Uuid,
    pub name: String,
    pub title: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ActorView {
    pub subject: Uuid,
    pub kind: String,
    pub label: String,
    pub person: Option<Named>,
    pub department: Option<Named>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TargetView {
    pub subject: Uuid,
    pub object_type: String,
    pub label: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ClassView {
    pub uid: u32,
    pub name: &'static str,
    pub caption: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ActivityView {
    pub id: u8,
    pub caption: &'static str,
    pub type_uid: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EventView {
    pub position: String,
    pub time: String,
    pub offset_minutes: Option<i16>,
    pub time_confidence: &'static str,
    pub received: String,
    pub sentence: String,
    pub source: SourceRef,
    pub stream: String,
    pub vendor_type: String,
    pub class: ClassView,
    pub activity: ActivityView,
    #[schema(schema_with = crate::view::words::outcome)]
    pub outcome: &'static str,
    pub reason: Option<String>,
    pub actor: Option<ActorView>,
    pub target: Option<TargetView>,
    pub address: Option<String>,
    pub session: Option<String>,
    pub user_agent: Option<String>,
    pub rows: Option<u64>,
    pub bytes: Option<u64>,
    pub changes_count: u64,
    pub erased: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ChangeView {
    pub field: String,
    pub old: Value,
    pub new: Value,
    #[schema(schema_with = crate::view::words::field_class)]
    pub class: &'static str,
    #[schema(schema_with = crate::view::words::field_state)]
    pub state: FieldState,
    /// Until when both are shown, or the request may be decided.
    pub until: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EventDetail {
    #[serde(flatten)]
    pub event: EventView,
    #[schema(value_type = HashMap<String, Value>)]
    pub ocsf: Map<String, Value>,
    pub changes: Vec<ChangeView>,
    /// As the source wrote it, every value masked that is not shown.
    pub raw: String,
    /// The members of a raw record that is a JSON object.
    pub raw_fields: Vec<RawFieldView>,
    // Of the raw record as a whole: that of its most closely kept member.
    #[schema(schema_with = crate::view::words::field_state)]
    pub raw_state: FieldState,
    /// Of a raw record that is one value: until when it is shown, or the request may be decided.
    pub raw_until: Option<String>,
    /// What its reader asked to have revealed of it in the last two days, newest first.
    pub reveals: Vec<RevealView>,
    pub schema_version: u16,
    pub normaliser: String,
    pub corrects: Option<String>,
    pub masked_fields: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EventPage {
    pub items: Vec<EventView>,
    pub next: Option<String>,
    pub took_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EventCount {
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BucketView {
    pub start: String,
    pub success: u64,
    pub failure: u64,
    pub unknown: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Histogram {
    pub interval_secs: u64,
    pub buckets: Vec<BucketView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FacetValue {
    pub value: String,
    pub label: String,
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FacetView {
    pub field: &'static str,
    pub values: Vec<FacetValue>,
    pub other: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Facets {
    pub facets: Vec<FacetView>,
}

/// That an event stands in the ledger under a signed checkpoint; everything a verifier needs.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ProofView {
    pub position: String,
    pub index: u64,
    pub size: u64,
    /// The leaf's bytes, base64.
    pub leaf: String,
    pub leaf_hash: String,
    pub hashes: Vec<String>,
    pub root: String,
    pub checkpoint: String,
    pub tlog_proof: String,
    pub checkpoint_time: Option<String>,
    pub origin: String,
    /// Who outside cosigned this checkpoint.
    pub witnesses: Vec<WitnessedView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WitnessedView {
    pub name: String,
    /// By its own clock.
    pub time: String,
}
