//! Users, roles and rights. Creme keeps their state only: each read compares a snapshot with the last one.
//!
//! The reader emits one record per user or role that differs from the stream's state; the fold tells what the difference
//! means and takes the new row into the state.

mod differences;
mod snapshot;

pub(super) use differences::normalise;
pub(super) use snapshot::read;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Users and roles together; more are refused rather than half compared.
const MAX_ROWS: usize = 20_000;

/// One user or role that differs, as the reader found it.
#[derive(Debug, Serialize, Deserialize)]
struct Difference {
    /// `user` or `role`.
    what: String,
    id: i64,
    /// As it is now; `None` when it is gone.
    row: Option<Map<String, Value>>,
    /// There was no earlier snapshot: what stands here is no act.
    first: bool,
    /// When the snapshot was taken, RFC 3339.
    observed: String,
}

/// The last snapshot: `user/5` and `role/2`, each with its fields.
#[derive(Default, Serialize, Deserialize)]
struct Snapshot {
    rows: BTreeMap<String, Map<String, Value>>,
}

impl Snapshot {
    /// `None` before the first snapshot.
    fn of(state: &Value) -> Option<Self> {
        serde_json::from_value(state.clone()).ok()
    }
}

fn key(what: &str, id: i64) -> String {
    format!("{what}/{id}")
}
