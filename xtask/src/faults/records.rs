//! The records that rows send: small, each with an id of its own, in the plain form that the mapping `default` reads.

use crate::bench::records::{BEGIN, rfc3339};
use std::fmt::Write;

/// What is put before the id where the record's label is shown.
pub const LABEL: &str = "Contact ";

/// One act, `seconds` after the first day began.
pub fn write(id: &str, seconds: i64, out: &mut String) {
    let time = rfc3339(BEGIN + seconds * 1_000_000);
    // Writing to a string does not fail.
    let _ = writeln!(
        out,
        r#"{{"id":"{id}","time":"{time}","action":"view","actor":"dana","actor_kind":"human","object_type":"contact","object_id":"{id}","object_label":"{LABEL}{id}","address":"203.0.113.9"}}"#
    );
}

/// A body with one record for each id.
pub fn body<'a>(ids: impl IntoIterator<Item = &'a String>) -> String {
    let mut body = String::new();
    ids.into_iter().zip(0..).for_each(|(id, second)| write(id, second, &mut body));
    body
}
