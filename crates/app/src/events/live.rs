//! Whether an event that passes by answers a question: the rule the index enforces in its queries, for one entry.

use model::query::{EventQuery, Field, IndexEntry};

/// The scope is held apart ([`super::Viewer::admits`]).
pub fn matches(query: &EventQuery, entry: &IndexEntry) -> bool {
    let clear = &entry.clear;
    let time = clear.time.micros;
    let in_time = query.from.is_none_or(|from| time >= from) && query.until.is_none_or(|until| time < until);
    let enough = query.min_rows.is_none_or(|least| clear.rows.is_some_and(|rows| rows >= least));
    in_time
        && enough
        && query.tokens.iter().all(|token| entry.tokens.contains(token))
        && query.filters.iter().all(|filter| value(entry, filter.field).is_some_and(|v| filter.values.contains(&v)) != filter.exclude)
}

/// The entry's value of a field, as the index holds it.
fn value(entry: &IndexEntry, field: Field) -> Option<String> {
    let clear = &entry.clear;
    match field {
        Field::Source => Some(clear.source.to_string()),
        Field::Stream => Some(clear.stream.clone()),
        Field::VendorType => Some(clear.vendor_type.clone()),
        Field::Class => Some(clear.class_uid.uid().to_string()),
        Field::Activity => Some(clear.activity_id.type_uid(clear.class_uid).to_string()),
        Field::Outcome => Some(clear.outcome.name().to_owned()),
        Field::Actor => clear.actor_subject.map(|id| id.to_string()),
        Field::Person => entry.person.map(|id| id.to_string()),
        Field::Department => entry.department.map(|id| id.to_string()),
        Field::ObjectType => clear.object_type.clone(),
        Field::Target => clear.target_subject.map(|id| id.to_string()),
        Field::Address => entry.address.clone(),
    }
}
