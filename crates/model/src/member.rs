//! Someone who signs in to Veritrail.

use crate::Micros;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The eight roles. What each may do stands in `content/authorization/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Analyst,
    Auditor,
    ExternalAuditor,
    Administrator,
    AccessOwner,
    PrivacyOfficer,
    DepartmentLead,
    Employee,
}

impl Role {
    pub const ALL: [Role; 8] = [
        Role::Analyst,
        Role::Auditor,
        Role::ExternalAuditor,
        Role::Administrator,
        Role::AccessOwner,
        Role::PrivacyOfficer,
        Role::DepartmentLead,
        Role::Employee,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Role::Analyst => "analyst",
            Role::Auditor => "auditor",
            Role::ExternalAuditor => "external_auditor",
            Role::Administrator => "administrator",
            Role::AccessOwner => "access_owner",
            Role::PrivacyOfficer => "privacy_officer",
            Role::DepartmentLead => "department_lead",
            Role::Employee => "employee",
        }
    }

    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|r| r.name() == name)
    }
}

/// Who signs in: a person, or a program that has an account of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberKind {
    #[default]
    Person,
    /// A service account: it comes in by API tokens only.
    Service,
}

impl MemberKind {
    pub fn name(self) -> &'static str {
        match self {
            MemberKind::Person => "person",
            MemberKind::Service => "service",
        }
    }

    pub fn from_name(name: &str) -> Option<MemberKind> {
        [MemberKind::Person, MemberKind::Service].into_iter().find(|kind| kind.name() == name)
    }
}

/// A member as everyone on the floors above sees him; the password hash never leaves `store` and `app/members`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub id: Uuid,
    #[serde(default)]
    pub kind: MemberKind,
    /// Sign-in name, lower case; unique. Of a service account `service:NAME`, which nobody signs in by.
    pub email: String,
    pub name: String,
    pub role: Role,
    /// The departments a lead or access owner answers for; those an external auditor may see.
    pub departments: Vec<Uuid>,
    /// The person this member is, for own activity.
    pub person: Option<Uuid>,
    /// Access ends at this time (external auditors).
    pub until: Option<Micros>,
    pub active: bool,
    pub created: Micros,
}
