//! Who looked at what: imprints (contacts, once an hour) and each user's list of last viewed records.

use super::{
    database::{Column, Database},
    manifest::{IMPRINT, LAST_VIEWED, NORMALISER},
    normalise::{Judged, Row, account},
    rows::bad_cursor,
};
use crate::{ConnectorError, Context, Page, RawRecord};
use model::{Class, Event, EventTime, Micros, Outcome, Refusal, SECOND, SubjectRef, Target, class::act, event::Identity, time};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far back each read looks again: a view stamped by Creme may be committed after a later one.
const OVERLAP: Micros = 30 * SECOND;
/// A contact's imprint is committed a moment after the view of the same request: a view so young is left for the next read.
const SETTLE: Micros = SECOND;
/// A view and an imprint so close are one act: one request writes both.
const SAME_REQUEST: Micros = 2 * SECOND;
/// Views remembered inside the overlap.
const MAX_SEEN: usize = 5_000;

const COLUMNS: &[Column] = &[
    Column::Int("id"),
    Column::Text("viewed"),
    Column::Int("entity_ctype_id"),
    Column::Text("model"),
    Column::Int("entity_id"),
    Column::Text("label"),
    Column::Int("user_id"),
    Column::Text("username"),
    Column::Text("imprint"),
];

#[derive(Default, Serialize, Deserialize)]
struct Cursor {
    /// The newest view read.
    viewed: Micros,
    /// Views inside the overlap that were handed on: row and time.
    seen: Vec<(i64, Micros)>,
}

/// Creme keeps one row per user and record, with the time of the last view: two views between two reads are one.
pub(super) async fn read(database: &mut Database, cursor: &Value, limit: usize, now: Micros) -> Result<Page, ConnectorError> {
    let mut at: Cursor = if cursor.is_null() { Cursor::default() } else { serde_json::from_value(cursor.clone()).map_err(bad_cursor)? };
    let since = at.viewed.saturating_sub(OVERLAP).max(0);
    // With the views already handed on, so that a page is never only those.
    let limit = limit + at.seen.len();
    let sql = format!(
        "SELECT CAST(t.id AS TEXT), CAST(t.viewed AS TEXT), CAST(t.entity_ctype_id AS TEXT), c.model, CAST(t.entity_id AS TEXT), \
         e.header_filter_search_field, CAST(t.user_id AS TEXT), u.username, \
         (SELECT CAST(MAX(i.date) AS TEXT) FROM creme_core_imprint i WHERE i.entity_id = t.entity_id AND i.user_id = t.user_id) \
         FROM creme_core_lastviewedentity t LEFT JOIN django_content_type c ON c.id = t.entity_ctype_id \
         LEFT JOIN creme_core_cremeentity e ON e.id = t.entity_id LEFT JOIN creme_core_cremeuser u ON u.id = t.user_id \
         WHERE t.entity_id IS NOT NULL AND t.viewed >= {} ORDER BY t.viewed, t.id LIMIT {limit}",
        database.time_parameter()
    );
    let since = database.time_text(since);
    let rows = database.rows(&sql, Some(&since), COLUMNS).await?;
    let more = rows.len() >= limit;
    let mut records = Vec::new();
    for row in rows {
        let id = row["id"].as_i64().unwrap_or_default();
        let viewed = row["viewed"].as_str().and_then(time::parse).map_or(at.viewed, |t| t.micros);
        // A clock of Creme's that is ahead must not hold views back.
        if (0..SETTLE).contains(&(now - viewed)) || at.seen.contains(&(id, viewed)) {
            continue;
        }
        at.seen.push((id, viewed));
        at.viewed = at.viewed.max(viewed);
        records.push(RawRecord {
            text: Value::Object(row).to_string(),
            origin: format!("creme_core_lastviewedentity {id}"),
            kind: "creme_core_lastviewedentity".to_owned(),
        });
    }
    let horizon = at.viewed - OVERLAP;
    at.seen.retain(|(_, viewed)| *viewed >= horizon);
    let surplus = at.seen.len().saturating_sub(MAX_SEEN);
    at.seen.drain(..surplus);
    Ok(Page { records, refused: Vec::new(), cursor: serde_json::to_value(at).map_err(bad_cursor)?, more })
}

/// One imprint: a user opened a contact's page, at most one per user, contact and hour.
pub(super) fn imprint(context: &Context, record: &RawRecord) -> Result<Judged, Refusal> {
    let row = Row::parse(record)?;
    let when = stamp(&row, "date")?;
    let id = row.required_int("id")?.to_string();
    view(context, &row, IMPRINT, "imprint", id, when, record)
}

/// One row of the last viewed records, as it stood.
pub(super) fn last_viewed(context: &Context, record: &RawRecord) -> Result<Judged, Refusal> {
    let row = Row::parse(record)?;
    let when = stamp(&row, "viewed")?;
    if row.text("imprint").and_then(time::parse).is_some_and(|i| (i.micros - when.micros).abs() <= SAME_REQUEST) {
        return Ok(Judged::Ignored("the same view arrives as an imprint"));
    }
    let id = format!("{}/{}", row.required_int("id")?, when.micros);
    view(context, &row, LAST_VIEWED, "last_viewed", id, when, record)
}

fn stamp(row: &Row, name: &str) -> Result<EventTime, Refusal> {
    row.text(name).and_then(time::parse).ok_or_else(|| Refusal::field("bad_time", name, format!("the row's time '{name}' cannot be read")))
}

fn view(context: &Context, row: &Row, stream: &str, kind: &str, id: String, when: EventTime, record: &RawRecord) -> Result<Judged, Refusal> {
    let user = row.required_int("user_id")?;
    let entity = row.required_int("entity_id")?;
    let mut event = Event::new(context.source, stream, NORMALISER, kind, Class::WebResources, act::READ, when);
    event.identity = Identity::Vendor(id);
    event.outcome = Outcome::Success;
    event.counts.rows = Some(1);
    let mut actor = account(context.source, Some(user), row.text("username").unwrap_or_default());
    actor.username = row.text("username").map(str::to_owned);
    event.actor = Some(actor);
    event.target = Some(Target {
        subject: SubjectRef::record(context.source, entity.to_string()),
        object_type: row.object_type(),
        label: row.text("label").map(str::to_owned),
    });
    event.raw = record.text.clone();
    Ok(Judged::one(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use serde_json::json;
    use uuid::Uuid;

    fn judge(kind: fn(&Context, &RawRecord) -> Result<Judged, Refusal>, row: Value) -> Result<Judged, Refusal> {
        let context = Context { source: Uuid::nil(), received: 0, settings: Settings::default() };
        kind(&context, &RawRecord { text: row.to_string(), origin: "test".into(), kind: String::new() })
    }

    fn row() -> Value {
        json!({ "id": 3, "date": "2026-03-02 09:15:00.25+00", "viewed": "2026-03-02 09:15:00.5+00", "entity_ctype_id": 98, "model": "contact", "entity_id": 31,
            "label": "mara oduya", "user_id": 4, "username": "dana", "imprint": null })
    }

    #[test]
    fn a_view_names_user_and_record() {
        let Ok(Judged::Events(events)) = judge(imprint, row()) else { panic!() };
        let e = &events[0];
        assert_eq!((e.activity, e.identity.clone()), (act::READ, Identity::Vendor("3".into())));
        assert_eq!(e.actor.as_ref().map(|a| a.subject.vendor_id.as_str()), Some("4"));
        assert_eq!(e.target.as_ref().map(|t| (t.subject.vendor_id.as_str(), t.object_type.as_str())), Some(("31", "contact")));
    }

    #[test]
    fn one_view_in_two_tables_is_one_event() {
        let mut both = row();
        both["imprint"] = json!("2026-03-02 09:15:00.25+00");
        assert!(matches!(judge(last_viewed, both), Ok(Judged::Ignored(_))));
        let mut later = row();
        later["imprint"] = json!("2026-03-02 08:50:00+00");
        assert!(matches!(judge(last_viewed, later), Ok(Judged::Events(_))));
    }

    #[test]
    fn a_row_without_time_or_user_is_refused() {
        let mut broken = row();
        broken["date"] = json!("soon");
        assert_eq!(judge(imprint, broken).unwrap_err().code, "bad_time");
        let mut nobody = row();
        nobody["user_id"] = Value::Null;
        assert_eq!(judge(imprint, nobody).unwrap_err().code, "missing_field");
    }
}
