//! Someone or something named in events.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What kind of thing a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// A login in a CRM, human or not.
    Account,
    /// A record in a CRM: a contact, a deal, a report.
    Record,
    /// A connected application or integration.
    Application,
    /// Someone who signs in to Veritrail.
    Member,
}

impl SubjectKind {
    pub fn name(self) -> &'static str {
        match self {
            SubjectKind::Account => "account",
            SubjectKind::Record => "record",
            SubjectKind::Application => "application",
            SubjectKind::Member => "member",
        }
    }
}

/// How a source names a subject. Ours is a random id, found through the key store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SubjectRef {
    pub source: Uuid,
    pub kind: SubjectKind,
    /// The vendor's id, as written by the vendor; for records prefixed by the object type (`contact/42`) where ids are per table.
    pub vendor_id: String,
}

impl SubjectRef {
    pub fn account(source: Uuid, vendor_id: impl Into<String>) -> Self {
        Self { source, kind: SubjectKind::Account, vendor_id: vendor_id.into() }
    }
    pub fn record(source: Uuid, vendor_id: impl Into<String>) -> Self {
        Self { source, kind: SubjectKind::Record, vendor_id: vendor_id.into() }
    }
    pub fn application(source: Uuid, vendor_id: impl Into<String>) -> Self {
        Self { source, kind: SubjectKind::Application, vendor_id: vendor_id.into() }
    }
}
