//! Classes and reveals as pages read them.

use crate::view::Named;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// How a value stands for its reader; later ones keep it closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldState {
    /// Of an open class.
    Shown,
    /// Revealed to this reader, for a time.
    Revealed,
    /// He asked, and a second member has not decided yet.
    Asked,
    Masked,
    /// A secret: never shown to anybody.
    Never,
    Erased,
}

impl FieldState {
    pub const ALL: [FieldState; 6] = [FieldState::Shown, FieldState::Revealed, FieldState::Asked, FieldState::Masked, FieldState::Never, FieldState::Erased];
    pub fn name(self) -> &'static str {
        match self {
            FieldState::Shown => "shown",
            FieldState::Revealed => "revealed",
            FieldState::Asked => "asked",
            FieldState::Masked => "masked",
            FieldState::Never => "never",
            FieldState::Erased => "erased",
        }
    }
    /// Whether its reader sees the value.
    pub fn is_open(self) -> bool {
        self <= FieldState::Revealed
    }
}

/// A member of the raw record; members of lists share their list's path.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RawFieldView {
    /// `data.payload.email`.
    pub field: String,
    pub value: Value,
    #[schema(schema_with = crate::view::words::field_class)]
    pub class: &'static str,
    #[schema(schema_with = crate::view::words::field_state)]
    pub state: FieldState,
    /// Until when it is shown, or the request may be decided.
    pub until: Option<String>,
}

/// Which masked values of an event to reveal, and why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevealNew {
    /// `changes.FIELD`, `raw.PATH`, or `raw` for the whole record.
    pub fields: Vec<String>,
    /// A case number or the like; it stays, so it must not name the person.
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevealDecision {
    pub approve: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RevealView {
    pub id: Uuid,
    pub member: Named,
    pub position: String,
    pub fields: Vec<String>,
    #[schema(schema_with = crate::view::words::field_class)]
    pub class: &'static str,
    pub reason: String,
    #[schema(schema_with = crate::view::words::reveal_standing)]
    pub standing: &'static str,
    pub asked: String,
    /// Until when it may be decided, or the values are (or were) shown.
    pub until: String,
    pub decided_by: Option<Named>,
    pub decided: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RevealList {
    /// Newest first.
    pub items: Vec<RevealView>,
    /// Fields a member may reveal in 24 hours.
    pub per_day: u64,
}

/// What a connector's sources name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MaskedConnector {
    pub connector: String,
    /// Of its sources.
    pub titles: Vec<String>,
    /// Seen in events or named by the shipped classes; the empty one stands for records that name no object.
    pub object_types: Vec<String>,
    /// How many fields of it a member classed.
    pub classed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MaskingView {
    pub connectors: Vec<MaskedConnector>,
}

/// A field's class, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldClassView {
    pub field: String,
    #[schema(schema_with = crate::view::words::field_class)]
    pub class: &'static str,
    #[schema(schema_with = crate::view::words::class_origin)]
    pub origin: &'static str,
    // The class without the member's decision.
    #[schema(schema_with = crate::view::words::field_class)]
    pub shipped: &'static str,
    pub member: Option<Named>,
    pub changed: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldClassList {
    pub items: Vec<FieldClassView>,
}

/// The class a field is to have from now on; without one, the shipped one again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldClassChange {
    pub connector: String,
    /// Empty for records that name no object.
    pub object_type: String,
    pub field: String,
    /// public, internal, personal, sensitive or secret.
    pub class: Option<String>,
}
