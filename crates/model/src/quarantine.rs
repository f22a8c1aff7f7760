//! Records that could not be read. They are kept, sealed, and can be replayed after a fix.

use crate::Micros;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a record was not turned into events: what, where, and what to do, without values of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Machine word: `not_utf8`, `bad_csv`, `bad_json`, `missing_field`, `bad_time`, `too_large`, `unmapped`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// The field at fault, where one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Refusal {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), field: None }
    }
    pub fn field(code: &str, field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(code, message) }
    }
}

/// One record in quarantine. The bytes are sealed under the source's key and opened only for a replay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    pub id: Uuid,
    pub source: Uuid,
    pub stream: String,
    pub received: Micros,
    pub refusal: Refusal,
    /// File and line, or request id, where it came from.
    pub origin: String,
    pub size_bytes: u64,
    /// Names of the fields the record had, values masked; for administrators who mend a mapping.
    pub structure: Vec<String>,
    /// Set once a replay turned it into events.
    pub replayed: Option<Micros>,
}
