use super::*;
use model::{Outcome, event::Identity};
use std::path::Path;
use uuid::Uuid;

fn normalised(text: &str) -> Result<Event, Refusal> {
    let context = Context { source: Uuid::nil(), received: 0, settings: Settings::default() };
    let record = RawRecord { text: text.into(), origin: "test".into(), kind: String::new() };
    Salesforce.normalise(&context, "s", &mut Value::Null, &record).map(|mut events| events.remove(0))
}

fn check(text: &str, type_uid: u64, outcome: Outcome, actor: &str) {
    let e = normalised(text).unwrap();
    assert_eq!((e.type_uid(), e.outcome, e.actor.map_or(String::new(), |a| a.subject.vendor_id)), (type_uid, outcome, actor.to_owned()), "{text}");
}

// Field names: Salesforce Object Reference, EventLogFile "Login", "ReportExport" and "BulkApi" event types; "SetupAuditTrail"; "LoginEventStream".
#[test]
fn each_form_becomes_its_class() {
    check(
        r#"{"EVENT_TYPE":"Login","TIMESTAMP":"20240311160000.000","LOGIN_STATUS":"LOGIN_ERROR_INVALID_PASSWORD","USER_ID":"0055g00000AbCdE"}"#,
        300_201,
        Outcome::Failure,
        "0055g00000AbCdEAAV",
    );
    check(r#"{"EVENT_TYPE":"ReportExport","TIMESTAMP_DERIVED":"2024-03-11T16:00:00.000Z"}"#, 600_107, Outcome::Unknown, "");
    check(r#"{"EVENT_TYPE":"BulkApi","OPERATION_TYPE":"query","SUCCESS":"1","TIMESTAMP":"20240311160000.000"}"#, 600_302, Outcome::Success, "");
    check(r#"{"EVENT_TYPE":"SomethingNew","TIMESTAMP":"20240311160000.000"}"#, 99, Outcome::Unknown, "");
    check(r#"{"action":"createduser","sfdc_created_date":"2024-03-11T16:00:00+00:00","sfdc_created_by_id":"u"}"#, 300_101, Outcome::Success, "u");
}

#[test]
fn a_pushed_event_is_known_by_its_own_id() {
    let e = normalised(
        r#"{"channel":"/event/LoginEventStream","data":{"payload":{"EventDate":"2024-03-11T16:00:00.000+0000","EventIdentifier":"e1","Status":"Success","SourceIp":"198.51.100.7"}}}"#,
    )
    .unwrap();
    assert_eq!((e.identity, e.outcome), (Identity::Vendor("LoginEventStream/e1".into()), Outcome::Success));
    assert_eq!(e.network.and_then(|n| n.address).as_deref(), Some("198.51.100.7"));
}

#[test]
fn signing_in_as_somebody_is_by_the_administrator_and_to_the_account() {
    // Field names: Object Reference, EventLogFile "Login As"; Platform Events Developer Guide, LoginAsEventStream.
    for text in [
        r#"{"EVENT_TYPE":"LoginAs","TIMESTAMP":"20240311160000.000","USER_ID_DERIVED":"0055g00000AbCdEAAV","DELEGATED_USER_ID":"0055g00000ADMIN","DELEGATED_USER_NAME":"admin@x.example"}"#,
        r#"{"channel":"/event/LoginAsEventStream","data":{"payload":{"EventDate":"2024-03-11T16:00:00.000Z","EventIdentifier":"e","UserId":"0055g00000AbCdEAAV","DelegatedUsername":"admin@x.example"}}}"#,
    ] {
        let e = normalised(text).unwrap();
        let (actor, target) = (e.actor.unwrap(), e.target.unwrap());
        assert_eq!((actor.username.as_deref(), target.subject.vendor_id.as_str()), (Some("admin@x.example"), "0055g00000AbCdEAAV"));
        assert_eq!((target.subject.kind, target.object_type.as_str()), (model::SubjectKind::Account, "user"));
    }
}

#[test]
fn downloads_from_setup_are_read_by_their_own_headers() {
    let csv = "\"Username\",\"Login Time\",\"Source IP\",\"Location\",\"Login Type\",\"Status\",\"Browser\"\n\"dana@x.example\",\"3/6/2023, 5:15:54 AM PST\",\"192.0.2.7\",\"Germany\",\"Application\",\"Invalid Password\",\"Chrome 110\"\n";
    let hint = FileHint { name: "login_history.csv".into(), ..FileHint::default() };
    let item = Salesforce.split(&Settings::default(), &hint, Box::new(csv.as_bytes())).unwrap().next().unwrap().unwrap();
    let input::Item::Record { stream, record } = item else { panic!("{item:?}") };
    let e = normalised(&record.text).unwrap();
    assert_eq!((stream.as_str(), e.vendor_type.as_str(), e.outcome), ("login_history", "LoginHistory", Outcome::Failure));
    assert_eq!((model::time::rfc3339(e.time.micros).as_str(), e.time.offset_minutes), ("2023-03-06T13:15:54.000000Z", Some(-480)));
    assert_eq!(e.network.unwrap().address.as_deref(), Some("192.0.2.7"));
    let trail = r#"{"Date":"3/6/2023, 5:15:54 AM PST","User":"admin@x.example","Source Namespace Prefix":"","Action":"Permission set Reports: assigned to user Dana (UserID: [0055g00000AbCdE])","Section":"Manage Users","Delegate User":""}"#;
    check(trail, 300_501, Outcome::Success, "admin@x.example");
    assert_eq!(normalised(trail).unwrap().target.unwrap().subject.vendor_id, "0055g00000AbCdEAAV");
}

#[test]
fn exports_have_their_rows_and_records_one_subject() {
    let e = normalised(r#"{"channel":"/event/ReportEventStream","data":{"payload":{"EventDate":"2024-03-11T16:00:00.000Z","Operation":"ReportExported","ReportId":"00O5g000003AbCd","RowsProcessed":20680.0}}}"#).unwrap();
    assert_eq!((e.type_uid(), e.counts.rows), (600_107, Some(20_680)));
    let e = normalised(
        r#"{"EVENT_TYPE":"Report","TIMESTAMP":"20240311160000.000","ORIGIN":"ReportExported","ROW_COUNT":"12000","REPORT_ID_DERIVED":"00O5g000003AbCd"}"#,
    )
    .unwrap();
    assert_eq!((e.type_uid(), e.counts.rows), (600_107, Some(12_000)));
    let page =
        normalised(r#"{"EVENT_TYPE":"LightningPageView","TIMESTAMP":"20240311160000.000","PAGE_ENTITY_ID":"0015g00000AbCdEAAV","PAGE_ENTITY_TYPE":"Account"}"#)
            .unwrap();
    let live = normalised(r#"{"channel":"/event/LightningUriEventStream","data":{"payload":{"EventDate":"2024-03-11T16:00:00.000Z","Operation":"Update","RecordId":"0015g00000AbCdE"}}}"#).unwrap();
    assert_eq!((page.type_uid(), live.type_uid()), (600_102, 600_103));
    assert_eq!((page.target.clone(), page.target.unwrap().object_type.as_str()), (live.target, "account"));
}

#[test]
fn only_records_without_time_or_shape_are_refused() {
    for (text, code) in [("[1]", "bad_json"), ("{}", "missing_field"), (r#"{"EventDate":"soon"}"#, "bad_time")] {
        assert_eq!(normalised(text).unwrap_err().code, code);
    }
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Over records kept outside the repository; passes where they are absent.
#[test]
fn every_sample_record_is_an_event_or_refused_with_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/salesforce");
    if !folder.is_dir() {
        println!("no sample records here: nothing compared");
        return;
    }
    let mut found = Vec::new();
    files(&folder, &mut found);
    found.sort();
    for path in found {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let input = Box::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap()));
        let (mut events, mut refused) = (0, Vec::new());
        for item in Salesforce.split(&Settings::default(), &FileHint { name: name.clone(), ..FileHint::default() }, input).unwrap() {
            match item.unwrap() {
                input::Item::Refused { refusal, .. } => refused.push(refusal.code),
                input::Item::Record { record, .. } => match normalised(&record.text) {
                    Ok(event) => {
                        assert!(!event.vendor_type.is_empty() && event.raw == record.text);
                        events += 1;
                    }
                    Err(refusal) => {
                        assert!(!refusal.message.is_empty());
                        refused.push(refusal.code);
                    }
                },
            }
        }
        println!("{name}: {events} events, {} refused", refused.len());
        assert!(events + refused.len() > 0, "{name} gave nothing");
        assert!(!name.ends_with(".json") || refused.is_empty(), "{name}: {refused:?}");
    }
}
