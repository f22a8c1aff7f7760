//! The directory as pages read it.

use crate::{events::view::SourceRef, view::Named};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PersonView {
    pub id: Uuid,
    pub employee_id: String,
    pub name: String,
    pub email: Option<String>,
    pub title: Option<String>,
    pub zone: Option<String>,
    /// When this person's values were erased.
    pub erased: Option<String>,
    /// Now; after leaving, none.
    pub department: Option<Named>,
    pub manager: Option<Named>,
    /// Account names the directory gives this person.
    pub accounts: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PersonPage {
    pub items: Vec<PersonView>,
    pub next: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PersonHistoryView {
    pub department: Named,
    pub manager: Option<Named>,
    pub from: Option<String>,
    pub until: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LinkView {
    pub subject: Uuid,
    pub source: SourceRef,
    pub label: String,
    pub from: Option<String>,
    pub until: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PersonDetail {
    #[serde(flatten)]
    pub person: PersonView,
    pub history: Vec<PersonHistoryView>,
    pub links: Vec<LinkView>,
    pub events_7d: u64,
    pub alerts_open: u64,
}

/// Somebody or something named in events.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SubjectView {
    pub id: Uuid,
    pub kind: String,
    pub label: String,
    pub object_type: Option<String>,
    pub source: SourceRef,
    pub person: Option<Named>,
    /// To the second.
    pub first: Option<String>,
    pub last: Option<String>,
    pub events: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DepartmentView {
    pub id: Uuid,
    pub name: String,
    pub parent: Option<Uuid>,
    /// Who belongs to it now, without its parts.
    pub persons: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DepartmentList {
    pub items: Vec<DepartmentView>,
}
