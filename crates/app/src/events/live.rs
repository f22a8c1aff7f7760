//! Whether an event that passes by answers a question: the rule the index enforces in its queries, for one entry.

use model::query::{EventQuery, IndexEntry};

/// The scope is held apart ([`super::Viewer::admits`]).
pub fn matches(query: &EventQuery, entry: &IndexEntry) -> bool {
    let clear = &entry.clear;
    let time = clear.time.micros;
    let in_time = query.from.is_none_or(|from| time >= from) && query.until.is_none_or(|until| time < until);
    let enough = query.min_rows.is_none_or(|least| clear.rows.is_some_and(|rows| rows >= least));
    in_time
        && enough
        && query.tokens.iter().all(|token| entry.tokens.contains(token))
        && query.filters.iter().all(|filter| entry.value(filter.field).is_some_and(|v| filter.values.contains(&v)) != filter.exclude)
}
