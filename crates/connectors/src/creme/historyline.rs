//! `creme_core_historyline`: what users did to records. Types as in Creme 2.8, `creme/creme_core/models/history.py`.

use super::{
    manifest::{HISTORYLINE, NORMALISER},
    normalise::{Judged, Row, account},
};
use crate::{Context, RawRecord, State};
use model::{Activity, Actor, ActorKind, Change, Class, Event, Outcome, Refusal, SubjectRef, Target, class::act, event::Identity, time};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Records remembered by name, in the trash and deleted each; the oldest go first.
const MAX_GONE: usize = 1_000;

/// What a line's type says was done. Lines about links, properties and parts of a record are changes of the record; a link has
/// two lines, one for each end.
fn meaning(kind: i64) -> (Activity, &'static str) {
    match kind {
        1 => (act::CREATE, "creation"),
        2 => (act::UPDATE, "edition"),
        3 => (act::DELETE, "deletion"),
        4 => (act::UPDATE, "related_edition"),
        5 => (act::UPDATE, "property_added"),
        6 | 7 => (act::UPDATE, "relation_added"),
        8 | 9 => (act::UPDATE, "relation_deleted"),
        10 => (act::UPDATE, "part_created"),
        11 => (act::UPDATE, "part_edited"),
        12 => (act::UPDATE, "part_deleted"),
        13 => (act::UPDATE, "property_deleted"),
        14 => (act::DELETE, "trash"),
        15 => (act::UPDATE, "custom_fields"),
        20 => (act::EXPORT, "export"),
        _ => (Activity::OTHER, "unknown"),
    }
}

/// Reads one line. Its id is the event's; a line of a type Creme added since is kept as activity Other.
pub(super) fn normalise(context: &Context, state: &mut State, record: &RawRecord) -> Result<Judged, Refusal> {
    let row = Row::parse(record)?;
    let (id, kind) = (row.required_int("id")?, row.required_int("type")?);
    let (mut activity, reason) = meaning(kind);
    let when = row.text("date").and_then(time::parse).ok_or_else(|| Refusal::field("bad_time", "date", "the line's date cannot be read"))?;
    let value = value_of(&row)?;
    let mut e = Event::new(context.source, HISTORYLINE, NORMALISER, &format!("historyline.{kind}"), Class::WebResources, activity, when);
    e.identity = Identity::Vendor(id.to_string());
    e.outcome = Outcome::Success;
    e.reason = Some(reason.to_owned());
    e.raw = record.text.clone();
    e.actor = Some(actor(context, &row));

    let object_type = row.object_type();
    let label = value.first().and_then(Value::as_str).filter(|s| !s.is_empty());
    match kind {
        20 => {
            e.counts.rows =
                Some(value.get(1).and_then(Value::as_u64).ok_or_else(|| Refusal::field("missing_field", "value", "an export line has no row count"))?);
            let view = value.get(2).and_then(Value::as_str).map(str::to_owned);
            e.target = Some(Target { subject: SubjectRef::record(context.source, format!("list/{object_type}")), object_type, label: view });
            return Ok(Judged::one(e));
        }
        14 if value.get(1) == Some(&Value::Bool(false)) => {
            activity = act::UPDATE;
            e.reason = Some("restored".to_owned());
        }
        2 | 15 => e.changes = value.iter().skip(1).filter_map(|item| change(kind, item)).collect(),
        4..=13 => {
            // A part's edition names the part first, then its fields as an edition does.
            let parts = if kind == 11 { 1 } else { value.len() };
            e.changes = value.iter().skip(1 + parts).filter_map(|item| change(kind, item)).collect();
            e.detail.insert("about".to_owned(), Value::Array(value.iter().skip(1).take(parts).cloned().collect()));
        }
        _ => {}
    }
    e.activity = activity;
    // A deleted record's id is taken off its lines. Its way into the trash still had it, if it was read in time; otherwise the
    // line names a subject of its own, so that namesakes are not joined.
    let entity = row.int("entity_id");
    let found = label.and_then(|label| gone(state, kind, &object_type, label, entity));
    if let Some((_, by)) = found {
        e.detail.insert("record_by".to_owned(), by.into());
    }
    let subject = entity.or(found.map(|(id, _)| id)).map_or_else(|| format!("historyline/{id}"), |id| id.to_string());
    e.target = Some(Target { subject: SubjectRef::record(context.source, subject), object_type, label: label.map(str::to_owned) });
    if row.flag("by_wf_engine") {
        e.detail.insert("by_workflow".to_owned(), Value::Bool(true));
    }
    Ok(Judged::one(e))
}

/// Records that Creme no longer names, by type and name.
#[derive(Default, Serialize, Deserialize)]
struct Gone {
    #[serde(default)]
    trashed: Vec<(String, String, i64)>,
    /// Deleted for good: their custom fields and parts are emptied after the deletion's own line.
    #[serde(default)]
    deleted: Vec<(String, String, i64)>,
}

/// Remembers a record that goes to the trash; at its deletion, whose line has no id any more, gives the id back if only one fits,
/// and to the lines that follow from the deletion. Answers the id and how it was found.
fn gone(state: &mut State, kind: i64, object_type: &str, label: &str, entity: Option<i64>) -> Option<(i64, &'static str)> {
    let mut gone = Gone::deserialize(&*state).unwrap_or_default();
    let same = |(t, l, _): &&(String, String, i64)| t == object_type && l == label;
    let found = match (kind, entity) {
        (14, Some(id)) => {
            gone.trashed.retain(|(.., known)| *known != id);
            gone.trashed.push((object_type.to_owned(), label.to_owned(), id));
            None
        }
        (3, None) => {
            let fits: Vec<i64> = gone.trashed.iter().filter(same).map(|(.., id)| *id).collect();
            gone.trashed.retain(|record| !same(&record));
            gone.deleted.retain(|record| !same(&record));
            let only = if let [only] = fits.as_slice() { Some(*only) } else { None };
            gone.deleted.extend(only.map(|id| (object_type.to_owned(), label.to_owned(), id)));
            only.map(|id| (id, "the only trashed record of this type and name"))
        }
        (_, None) => return gone.deleted.iter().find(same).map(|(.., id)| (*id, "the record of this type and name that was deleted last")),
        _ => return None,
    };
    for list in [&mut gone.trashed, &mut gone.deleted] {
        let surplus = list.len().saturating_sub(MAX_GONE);
        list.drain(..surplus);
    }
    *state = serde_json::to_value(gone).unwrap_or_default();
    found
}

/// `value` is JSON in a text column; some drivers hand it over already read.
fn value_of(row: &Row) -> Result<Vec<Value>, Refusal> {
    match row.value("value") {
        Value::Array(items) => Ok(items.clone()),
        Value::String(text) => serde_json::from_str(text).map_err(|_| Refusal::field("bad_json", "value", "the line's value is not a JSON list")),
        // The column may be null.
        Value::Null => Ok(Vec::new()),
        _ => Err(Refusal::field("bad_json", "value", "the line's value is not a JSON list")),
    }
}

/// Creme writes an empty name for what it does itself (set-up, jobs).
fn actor(context: &Context, row: &Row) -> Actor {
    match row.text("username") {
        Some(name) => {
            let mut actor = account(context.source, row.int("user_id"), name);
            if row.flag("by_wf_engine") {
                actor.application = Some("Creme workflow".to_owned());
            }
            actor
        }
        None => Actor {
            subject: SubjectRef::application(context.source, "creme"),
            kind: ActorKind::System,
            username: None,
            name: Some("Creme".to_owned()),
            email: None,
            application: None,
        },
    }
}

/// `["field", old, new]`; `["field", new]` where it was empty; `["field"]` or the bare name where Creme keeps no values.
fn change(kind: i64, item: &Value) -> Option<Change> {
    let parts = match item {
        Value::Array(parts) => parts.as_slice(),
        name => std::slice::from_ref(name),
    };
    let field = match parts.first()? {
        Value::String(name) => name.clone(),
        Value::Number(id) if kind == 15 => format!("custom_field/{id}"),
        _ => return None,
    };
    let (old, new) = match parts {
        [_, old, new, ..] => (old.clone(), new.clone()),
        [_, new] => (Value::Null, new.clone()),
        _ => (Value::Null, Value::Null),
    };
    Some(Change { field, old, new })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use serde_json::json;
    use uuid::Uuid;

    fn judge(row: Value) -> Result<Judged, Refusal> {
        let context = Context { source: Uuid::nil(), received: 0, settings: Settings::default() };
        normalise(&context, &mut State::Null, &RawRecord { text: row.to_string(), origin: "historyline".into(), kind: String::new() })
    }

    fn line(kind: i64, value: &str) -> Value {
        json!({ "id": 204, "entity_id": 31, "entity_ctype_id": 98, "model": "contact", "username": "dana", "user_id": 4, "type": kind,
            "date": "2026-03-02 09:15:00.250000+00", "value": value, "by_wf_engine": false })
    }

    fn event(row: Value) -> Event {
        match judge(row) {
            Ok(Judged::Events(mut events)) if events.len() == 1 => events.remove(0),
            other => panic!("one event expected, got {other:?}"),
        }
    }

    fn check(kind: i64, value: &str, activity: Activity, reason: &str) {
        let e = event(line(kind, value));
        assert_eq!((e.activity, e.reason.as_deref()), (activity, Some(reason)), "type {kind}");
        assert_eq!((e.vendor_type.as_str(), e.identity), (format!("historyline.{kind}").as_str(), Identity::Vendor("204".into())));
        let target = e.target.expect("a record");
        assert_eq!((target.subject.vendor_id.as_str(), target.object_type.as_str(), target.label.as_deref()), ("31", "contact", Some("Mara Oduya")));
        assert_eq!(e.actor.expect("a user").subject.vendor_id, "4");
        assert_eq!(e.time.micros, 1_772_442_900_250_000);
    }

    #[test]
    fn each_type_is_its_act() {
        check(1, r#"["Mara Oduya"]"#, act::CREATE, "creation");
        check(2, r#"["Mara Oduya", ["phone", "1"]]"#, act::UPDATE, "edition");
        check(3, r#"["Mara Oduya"]"#, act::DELETE, "deletion");
        check(6, r#"["Mara Oduya", 203, "persons-subject_employed_by"]"#, act::UPDATE, "relation_added");
        check(10, r#"["Mara Oduya", 97, 5, "Home"]"#, act::UPDATE, "part_created");
        check(14, r#"["Mara Oduya", true]"#, act::DELETE, "trash");
        check(14, r#"["Mara Oduya", false]"#, act::UPDATE, "restored");
        check(15, r#"["Mara Oduya", [7, "gold"]]"#, act::UPDATE, "custom_fields");
        check(77, r#"["Mara Oduya"]"#, Activity::OTHER, "unknown");
    }

    #[test]
    fn changes_keep_old_and_new() {
        let e = event(line(2, r#"["M", ["phone", "1", "2"], ["position_id", 3], ["description"]]"#));
        let all: Vec<_> = e.changes.iter().map(|c| (c.field.as_str(), c.old.clone(), c.new.clone())).collect();
        assert_eq!(all, vec![("phone", json!("1"), json!("2")), ("position_id", Value::Null, json!(3)), ("description", Value::Null, Value::Null)]);
        assert_eq!(event(line(15, r#"["M", [7, "gold", "silver"]]"#)).changes[0].field, "custom_field/7");
        let part = event(line(11, r#"["M", [97, 1, "Lund"], ["city", "Lund", "Malmö"]]"#));
        assert_eq!((part.changes[0].field.as_str(), part.changes[0].old.clone(), part.changes[0].new.clone()), ("city", json!("Lund"), json!("Malmö")));
        assert_eq!(part.detail["about"], json!([[97, 1, "Lund"]]));
    }

    #[test]
    fn an_export_counts_its_rows() {
        let mut row = line(20, r#"["", 4012, "Contact view"]"#);
        row["entity_id"] = Value::Null;
        let e = event(row);
        assert_eq!((e.activity, e.counts.rows), (act::EXPORT, Some(4012)));
        let target = e.target.expect("the list");
        assert_eq!((target.subject.vendor_id.as_str(), target.label.as_deref()), ("list/contact", Some("Contact view")));
        assert_eq!(judge(line(20, r#"["", "many"]"#)).unwrap_err().code, "missing_field");
    }

    #[test]
    fn a_deleted_record_and_a_deleted_user_stay_apart_from_namesakes() {
        let mut row = line(3, r#"["Mara Oduya"]"#);
        row["entity_id"] = Value::Null;
        row["user_id"] = Value::Null;
        let e = event(row);
        assert_eq!(e.target.expect("a record").subject.vendor_id, "historyline/204");
        assert_eq!(e.actor.expect("a user").subject.vendor_id, "username/dana");
    }

    #[test]
    fn a_deletion_finds_its_record_in_the_trash() {
        let context = Context { source: Uuid::nil(), received: 0, settings: Settings::default() };
        let mut state = State::Null;
        let mut fold = |mut row: Value, entity: Value| {
            row["entity_id"] = entity;
            match normalise(&context, &mut state, &RawRecord { text: row.to_string(), origin: "t".into(), kind: String::new() }) {
                Ok(Judged::Events(mut events)) => events.remove(0).target.expect("a record").subject.vendor_id,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(fold(line(14, r#"["Mara Oduya", true]"#), json!(31)), "31");
        assert_eq!(fold(line(3, r#"["Mara Oduya"]"#), Value::Null), "31");
        assert_eq!(fold(line(15, r#"["Mara Oduya", [7, "gold", null]]"#), Value::Null), "31", "its custom fields are emptied after it");
        assert_eq!(fold(line(3, r#"["Mara Oduya"]"#), Value::Null), "historyline/204");
    }

    #[test]
    fn creme_itself_is_the_system() {
        let mut row = line(1, r#"["Invoices"]"#);
        row["username"] = json!("");
        assert_eq!(event(row).actor.expect("Creme").kind, ActorKind::System);
    }

    #[test]
    fn what_is_no_line_is_refused() {
        assert_eq!(judge(line(1, "not json")).unwrap_err().code, "bad_json");
        let mut row = line(1, r#"["M"]"#);
        row["date"] = json!("soon");
        assert_eq!(judge(row).unwrap_err().code, "bad_time");
        assert_eq!(judge(json!([1])).unwrap_err().code, "bad_json");
    }
}
