//! What leaves.

use model::{Micros, Severity};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// A message for people and programs. The caller masks it: it goes to places Veritrail does not control.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notice {
    /// The same for every repetition.
    pub id: Uuid,
    /// A dotted word for programs: `alert.opened`.
    pub kind: String,
    pub time: Micros,
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// What people read below it, line by line.
    pub lines: Vec<String>,
    /// Where to read on; empty for none.
    pub link: String,
    /// For programs, masked.
    pub payload: Value,
}
