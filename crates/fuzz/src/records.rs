//! Files and pushed bodies of each connector, split and turned into events.

use connectors::{Context, FileHint, Reach, Settings, State, find, input::Item};
use serde_json::{Map, Value};
use uuid::Uuid;

const RECEIVED: i64 = 1_795_415_186_000_000;

/// Splits and normalises, as intake does; the streams share one state, as nothing else would find a fault in one that another left.
fn through(connector: &str, hint: &FileHint, settings: &Settings, data: &[u8]) {
    let connector = find(connector).expect("it is in the catalogue");
    let context = Context { source: Uuid::nil(), received: RECEIVED, settings: settings.clone() };
    let Ok(items) = connector.split(settings, hint, Box::new(data)) else { return };
    let mut state: State = Value::Null;
    for item in items {
        let Ok(Item::Record { stream, record }) = item else { continue };
        drop(connector.normalise(&context, &stream, &mut state, &record));
    }
}

fn hint(name: &str, media_type: &str) -> FileHint {
    FileHint { stream: String::new(), name: name.into(), media_type: media_type.into() }
}

pub fn csv(data: &[u8]) {
    through("generic", &hint("events.csv", "text/csv"), &Settings::default(), data);
}

pub fn csv_seeds() -> Vec<Vec<u8>> {
    let quoted = "id,time,user,action,note\n1,2026-11-24T09:00:00Z,dana,view,\"said \"\"no\"\",\nthen yes\"\n2,2026-11-24 10:00:00,\u{e9}mile,login,\n";
    vec![quoted.into(), b"\xef\xbb\xbfid;time;user\r\n1;2026-11-24T09:00:00+01:00;x\r\n".to_vec(), b"id,id\n1\n1,2,3\n\"open".to_vec()]
}

pub fn json(data: &[u8]) {
    for media_type in ["application/json", "application/x-ndjson"] {
        through("generic", &hint("events", media_type), &Settings::default(), data);
    }
}

pub fn json_seeds() -> Vec<Vec<u8>> {
    vec![
        br#"{"id":"a1","time":"2026-11-24T09:00:00Z","user":"dana","action":"view","object":"contact","object_id":7,"ip":"192.0.2.7","rows":3}"#.to_vec(),
        b"{\"id\":1,\"time\":1795415186,\"action\":\"export\"}\n\n{\"id\":2,\"time\":1795415186000,\"changes\":[{\"field\":\"phone\",\"old\":null,\"new\":\"+49\"}]}\n"
            .to_vec(),
        br#"[{"time":"2026-11-24"},[],7,"text",null,{"user":{"name":"\ud83d\ude00"}}]"#.to_vec(),
    ]
}

const CREME: [&str; 6] = [
    "creme_core_historyline.csv",
    "creme_core_imprint.csv",
    "creme_core_lastviewedentity.csv",
    "creme_core_cremeuser.csv",
    "django_content_type.csv",
    "access.log",
];

/// The first byte says which file it is.
pub fn creme(data: &[u8]) {
    let Some((which, data)) = data.split_first() else { return };
    let name = CREME[usize::from(*which) % CREME.len()];
    through("creme", &hint(name, ""), &Settings::default(), data);
}

pub fn creme_seeds() -> Vec<Vec<u8>> {
    let history = "id,entity_id,entity_ctype_id,entity_owner_id,username,date,type,value\n\
        7,12,70,2,dana,2026-11-24 09:00:00.123456+00,2,\"[\"\"Acme\"\",[\"\"phone\"\",\"\"1\"\",\"\"2\"\"]]\"\n\
        8,,70,2,dana,2026-11-24 09:00:01+00,3,\"[\"\"Acme\"\"]\"\n9,,70,2,dana,2026-11-24 09:00:02+00,20,\"[\"\"\"\",120,\"\"All\"\"]\"\n";
    let users = "id,username,is_active,is_superuser,last_login\n3,dana,t,f,2026-11-24 09:00:00+00\n";
    let log = "192.0.2.7 - - [24/Nov/2026:09:00:00 +0000] \"POST /creme_login/ HTTP/1.1\" 302 0 \"-\" \"Mozilla/5.0\"\n\
        192.0.2.7 - - [24/Nov/2026:09:00:05 +0000] \"GET /reports/export/12?x=%20 HTTP/1.1\" 200 5120 \"-\" \"curl \\\"7\\\"\"\n";
    let seed = |which: u8, text: &str| [&[which], text.as_bytes()].concat();
    vec![
        seed(0, history),
        seed(1, "id,date,entity_id,user_id\n1,2026-11-24 09:00:00+00,12,3\n"),
        seed(2, "id,entity_id,user_id,viewed\n1,12,3,2026-11-24 09:00:00+00\n"),
        seed(3, users),
        seed(5, log),
    ]
}

/// The first byte says how dates are written and what the file is called.
pub fn salesforce(data: &[u8]) {
    let Some((how, data)) = data.split_first() else { return };
    let mut values = Map::new();
    if how & 1 == 1 {
        values.insert("date_order".into(), "day_first".into());
        values.insert("timezone".into(), "Europe/Berlin".into());
    }
    let settings = Settings::new(values, Reach::default());
    let name = if how & 2 == 2 { "events.json" } else { "LoginHistory.csv" };
    through("salesforce", &hint(name, ""), &settings, data);
}

pub fn salesforce_seeds() -> Vec<Vec<u8>> {
    let login = "Username,Login Time,Source IP,Login Type,Status,Browser,Application\ndana@example.com,24.11.2026 09:00:00,192.0.2.7,Application,Success,Chrome 131,Browser\n";
    let file = "\"EVENT_TYPE\",\"TIMESTAMP\",\"REQUEST_ID\",\"ORGANIZATION_ID\",\"USER_ID\",\"ROWS_PROCESSED\",\"CLIENT_IP\",\"TIMESTAMP_DERIVED\"\n\
        \"ReportExport\",\"20261124090000.123\",\"4ab\",\"00D000000000001\",\"005000000000001\",\"5000\",\"192.0.2.7\",\"2026-11-24T09:00:00.123Z\"\n";
    let streamed = r#"[{"channel":"/event/LoginEventStream","data":{"payload":{"EventIdentifier":"a-b","EventDate":"2026-11-24T09:00:00Z","Username":"dana@example.com","SourceIp":"192.0.2.7","Status":"Success"}}}]"#;
    let setup = r#"{"Id":"0Ym1","Action":"PermSetAssign","Section":"Manage Users","CreatedDate":"2026-11-24T09:00:00.000+0000","Display":"Permission set X: assigned to user Y"}"#;
    let seed = |how: u8, text: &str| [&[how], text.as_bytes()].concat();
    vec![seed(1, login), seed(0, file), seed(2, streamed), seed(2, setup)]
}
