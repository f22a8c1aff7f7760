use super::*;
use crate::{Reach, input::Item};
use model::{Outcome, event::Identity, time};
use serde_json::json;
use std::path::Path;
use uuid::Uuid;

fn settings(mapping: &str) -> Settings {
    let Value::Object(map) = json!({ "mapping": mapping }) else { unreachable!() };
    Settings::new(map, Reach::default())
}

/// Every record of a body: its event, or the refusal's code and field.
fn read(mapping: &str, media_type: &str, body: &str) -> Vec<Result<Event, (String, Option<String>)>> {
    let settings = settings(mapping);
    let hint = FileHint { media_type: media_type.into(), ..FileHint::default() };
    let context = Context { source: Uuid::nil(), received: 0, settings: settings.clone() };
    let items = Generic.split(&settings, &hint, Box::new(body.as_bytes())).unwrap();
    items
        .map(|item| match item.unwrap() {
            Item::Record { stream, record } => {
                assert_eq!(stream, STREAM);
                Generic.normalise(&context, &stream, &mut Value::Null, &record).map(|mut events| events.remove(0)).map_err(|r| (r.code, r.field))
            }
            Item::Refused { refusal, .. } => Err((refusal.code, refusal.field)),
        })
        .collect()
}

fn one(mapping: &str, body: &str) -> Event {
    read(mapping, "", body).remove(0).unwrap()
}

const EXPORT: &str = r#"{"id":"7","time":"2026-03-02T10:00:00+01:00","action":"export","outcome":"ok","actor":"dana@x.example","actor_kind":"person","object_type":"Report","object_id":"9","object_label":"All customers","address":"192.0.2.7","rows":"4012"}"#;

#[test]
fn a_plain_record_says_all_there_is() {
    let e = one("", EXPORT);
    assert_eq!((e.type_uid(), e.outcome, e.counts.rows, e.vendor_type.as_str()), (600_107, Outcome::Success, Some(4012), "export"));
    assert_eq!((time::rfc3339(e.time.micros).as_str(), e.time.offset_minutes), ("2026-03-02T09:00:00.000000Z", Some(60)));
    assert_eq!(e.identity, Identity::Vendor("7".into()));
    let target = e.target.unwrap();
    assert_eq!((target.subject.vendor_id.as_str(), target.label.as_deref()), ("report/9", Some("All customers")));
    assert_eq!((e.actor.unwrap().subject.vendor_id.as_str(), e.network.unwrap().address.as_deref()), ("dana@x.example", Some("192.0.2.7")));
    assert_eq!(e.raw, EXPORT);
}

#[test]
fn the_three_formats_give_the_same_event() {
    let of = |media: &str, body: &str| read("", media, body).remove(0).unwrap().to_ocsf();
    let expect = of("application/x-ndjson", r#"{"time":"2026-03-02T10:00:00Z","action":"update","object_id":"1","rows":"3"}"#);
    assert_eq!(of("application/json", "[\n{\"time\":\"2026-03-02T10:00:00Z\",\"action\":\"update\",\"object_id\":\"1\",\"rows\":\"3\"}]"), expect);
    assert_eq!(of("text/csv; charset=utf-8", "time,action,object_id,rows\n2026-03-02T10:00:00Z,update,1,3\n"), expect);
}

#[test]
fn what_lacks_a_needed_field_is_refused_by_its_name() {
    let body = "{\"action\":\"read\"}\n{\"time\":\"soon\",\"action\":\"read\"}\n{\"time\":\"2026-03-02\",\"action\":\"read\",\"rows\":\"many\"}\n{oops\n[1]\n";
    let codes: Vec<_> = read("default", "", body).into_iter().map(|r| r.unwrap_err()).collect();
    let expect =
        [("missing_field", Some("time' or 'timestamp")), ("bad_time", Some("time")), ("bad_value", Some("rows")), ("bad_json", None), ("bad_json", None)];
    assert_eq!(codes, expect.map(|(code, field)| (code.to_owned(), field.map(str::to_owned))));
    let desk =
        read("desk", "", "{\"time\":\"2026-03-02T10:00:00Z\",\"action\":\"view\"}\n{\"time\":\"2026-03-02T10:00:00Z\",\"action\":\"dance\",\"user\":\"a\"}\n");
    let expect = [("missing_field", "user"), ("unmapped", "action")];
    assert_eq!(desk.into_iter().map(|r| r.unwrap_err()).collect::<Vec<_>>(), expect.map(|(c, f)| (c.to_owned(), Some(f.to_owned()))));
}

#[test]
fn a_mapping_of_ones_own_reads_paths_tables_constants_and_local_times() {
    let mapping = "
title: Own
time: { field: meta.at, format: '%d.%m.%Y %H:%M', zone: Europe/Berlin }
act: { field: what, table: { LOOKED: web_resources_activity/read } }
outcome: { constant: success }
actor: { id: [who.0.id, who], kind: { constant: application } }
target: { object_type: { constant: user }, id: on, account_types: [user] }
changes: { list: diff, field: f, old: a, new: b }
";
    let e = one(mapping, r#"{"meta":{"at":"24.11.2026 09:30"},"what":"looked","who":[{"id":5}],"on":"u9","diff":[{"f":"city","a":"Rome","b":null}]}"#);
    assert_eq!((time::rfc3339(e.time.micros).as_str(), e.outcome), ("2026-11-24T08:30:00.000000Z", Outcome::Success));
    assert_eq!(e.actor.unwrap().subject.vendor_id, "5");
    assert_eq!(e.target.unwrap().subject, model::SubjectRef::account(Uuid::nil(), "u9"));
    assert_eq!((e.changes[0].field.as_str(), &e.changes[0].old, e.identity), ("city", &json!("Rome"), Identity::Content));
    // A value that is an act by itself needs no table.
    let e = one(mapping, r#"{"meta":{"at":"24.11.2026 09:30"},"what":"authentication/logon/failure"}"#);
    assert_eq!((e.type_uid(), e.actor.is_none()), (300_201, true));
}

#[track_caller]
fn refused(mapping: &str, line: &str, word: &str) {
    let why = Mapping::parse(mapping).unwrap_err();
    assert!(why.contains(line) && why.contains(word), "{why}");
}

#[test]
fn a_wrong_mapping_is_refused_with_its_line() {
    refused("title: x\ntime: { field: t }\nact: { constant: base_event }\ncolour: red\n", "line 4", "colour");
    refused("title: x\ntime: { field: t }\nact: { constant: base_event }\nactor:\n  id: u\n  shoe_size: s\n", "line 6", "shoe_size");
    refused("title: x\ntime: { field: t }\nact: { constant: base_event }\nrows: { field: r, unit: kg }\n", "line 4", "unit");
    refused("title: x\ntime: { field: t }\nact:\n  field: a\n  table:\n    x: authentication/dance\n", "line 6", "dance");
    refused("title: x\ntime: { field: t, format: iso }\nact: { constant: base_event }\n", "line 2", "iso");
    refused("title: x\ntime: { field: t, zone: Mars/Olympus }\nact: { constant: base_event }\n", "line 2", "Mars");
    refused("title: x\nact: { constant: base_event }\n", "time", "missing");
    assert!(
        Generic.split(&settings("absent"), &FileHint::default(), Box::new(&b""[..])).is_err_and(|e| e.to_string().contains("there is no mapping 'absent'"))
    );
}

/// A mapping left out of the list would not be in the binary.
#[test]
fn every_mapping_of_the_folder_is_built_in_and_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/mappings");
    let mut found: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
    found.sort();
    assert_eq!(found, names().map(str::to_owned).collect::<Vec<_>>());
    for name in names() {
        built_in::of(&settings(name)).unwrap();
    }
}
