//! What several pages read, and the words their fields may hold.

use crate::{
    Operation, Width,
    masking::{FieldState, Origin},
    sessions::Step,
};
use connectors::SettingKind;
use model::{
    AlertStatus, ErasureState, FieldClass, JobState, LegalBasis, Outcome, Role, Severity, Verdict,
    position::{ACTIVITY, SELF},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, SchemaType, Type},
};
use uuid::Uuid;

/// Something with an id and the name people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Named {
    pub id: Uuid,
    pub name: String,
}

impl Named {
    pub fn new(id: Uuid, name: impl Into<String>) -> Self {
        Self { id, name: name.into() }
    }
}

/// Schemas made from the model's own names, so that the document promises every word there is and no other.
pub(crate) mod words {
    use super::*;

    fn one_of(names: impl IntoIterator<Item = &'static str>) -> Object {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
    }

    pub fn outcome() -> Object {
        one_of(Outcome::ALL.map(Outcome::name))
    }
    pub fn severity() -> Object {
        one_of(Severity::ALL.map(Severity::name))
    }
    pub fn alert_status() -> Object {
        one_of(AlertStatus::ALL.map(AlertStatus::name))
    }
    /// `null` until somebody judged.
    pub fn verdict() -> Object {
        let names = Verdict::ALL.map(|v| Value::from(v.name())).into_iter().chain([Value::Null]);
        ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null])).enum_values(Some(names)).build()
    }
    pub fn job_state() -> Object {
        one_of(JobState::ALL.map(JobState::name))
    }
    pub fn legal_basis() -> Object {
        one_of(LegalBasis::ALL.map(LegalBasis::name))
    }
    pub fn erasure_state() -> Object {
        one_of(ErasureState::ALL.map(ErasureState::name))
    }
    pub fn held() -> Object {
        one_of(["everything", "person", "subject", "source"])
    }
    pub fn field_class() -> Object {
        one_of(FieldClass::ALL.map(FieldClass::name))
    }
    pub fn field_state() -> Object {
        one_of(FieldState::ALL.map(FieldState::name))
    }
    pub fn class_origin() -> Object {
        one_of(Origin::ALL.map(Origin::name))
    }
    /// Waits, lapsed undecided, is shown, is over, was declined.
    pub fn reveal_standing() -> Object {
        one_of(["asked", "lapsed", "open", "over", "declined"])
    }
    pub fn role() -> Object {
        one_of(Role::ALL.map(Role::name))
    }
    pub fn operation() -> Object {
        one_of(Operation::ALL.iter().map(|o| o.name()))
    }
    pub fn width() -> Object {
        one_of([Width::No, Width::Own, Width::Departments, Width::Everything].map(Width::name))
    }
    pub fn operations() -> utoipa::openapi::Array {
        utoipa::openapi::ArrayBuilder::new().items(one_of(Operation::ALL.iter().map(|o| o.name()))).build()
    }
    pub fn step() -> Object {
        one_of(Step::ALL.map(Step::name))
    }
    pub fn source_state() -> Object {
        one_of(["active", "paused"])
    }
    pub fn source_status() -> Object {
        one_of(["ok", "waiting", "trouble", "paused"])
    }
    pub fn setting_kind() -> Object {
        one_of(SettingKind::ALL.map(SettingKind::name))
    }
    pub fn found_kind() -> Object {
        one_of(["person", "subject", "event", "page", "alert"])
    }
    pub fn ledger() -> Object {
        one_of([ACTIVITY, SELF])
    }
}
