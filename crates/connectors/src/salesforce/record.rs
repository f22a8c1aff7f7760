//! One Salesforce record as one event, whichever of the four forms it came in.

use super::kinds::{class_of, class_of_setup};
use crate::{Context, RawRecord};
use model::{Actor, ActorKind, Class, Counts, Event, EventTime, Network, Outcome, Refusal, SubjectRef, Target, event::Identity, time};
use serde_json::{Map, Value};
use std::net::IpAddr;

/// Fields that may hold the time of the act, most exact first.
const TIMES: [&str; 7] = ["TIMESTAMP_DERIVED", "EventDate", "LoginTime", "sfdc_created_date", "CreatedDate", "TIMESTAMP", "Date"];

struct Fields(Map<String, Value>);

impl Fields {
    /// The first of these fields that says something, as text.
    fn text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| match self.0.get(*name)? {
            Value::String(s) if !s.trim().is_empty() => Some(s.trim().to_owned()),
            Value::Number(n) => Some(n.to_string()),
            Value::Bool(b) => Some(b.to_string()),
            _ => None,
        })
    }
    fn number(&self, names: &[&str]) -> Option<u64> {
        names.iter().find_map(|name| self.text(&[name])?.parse().ok())
    }
}

pub(super) fn event(context: &Context, stream: &str, record: &RawRecord) -> Result<Event, Refusal> {
    let (kind, fields) = open(record)?;
    let time = time_of(&fields)?;
    let action = fields.text(&["action", "Action"]).unwrap_or_default();
    let operation = fields.text(&["Operation", "OPERATION_TYPE", "METHOD_NAME", "METHOD"]).unwrap_or_default();
    let (class, activity, object_type) = if kind == "SetupAuditTrail" { class_of_setup(&action) } else { class_of(&kind, &operation) };
    let mut event = Event::new(context.source, stream, "salesforce/1", &kind, class, activity, time);
    // REQUEST_ID names a transaction, which may hold several events, so it is no identity; EventIdentifier and record ids are.
    if let Some(id) = fields.text(&["EventIdentifier"]) {
        event.identity = Identity::Vendor(format!("{kind}/{id}"));
    } else if let (Some(id), "LoginHistory" | "SetupAuditTrail") = (fields.text(&["Id"]), kind.as_str()) {
        event.identity = Identity::Vendor(format!("{kind}/{id}"));
    }
    (event.outcome, event.reason) = outcome(&kind, class, &fields);
    event.actor = actor(context, &fields);
    event.network = network(&fields);
    event.target = target(context, object_type, &fields);
    event.counts = Counts {
        rows: fields.number(&["ROWS_PROCESSED", "RowsProcessed", "RECORDS_PROCESSED", "ROW_COUNT", "RowsReturned"]),
        bytes: fields.number(&["RESPONSE_SIZE"]),
    };
    event.detail = fields.0;
    event.raw = record.text.clone();
    Ok(event)
}

/// The record's type and its own fields, out of the CometD envelope where there is one.
fn open(record: &RawRecord) -> Result<(String, Fields), Refusal> {
    let not_object = || Refusal::new("bad_json", "The record is not a JSON object.");
    let Ok(Value::Object(mut outer)) = serde_json::from_str(&record.text) else { return Err(not_object()) };
    let channel = outer.get("channel").and_then(Value::as_str).and_then(|c| c.rsplit('/').next()).map(str::to_owned);
    let fields = match outer.get_mut("data").and_then(|d| d.get_mut("payload")).map(Value::take) {
        Some(Value::Object(payload)) => Fields(payload),
        Some(_) => return Err(not_object()),
        None => Fields(outer),
    };
    let declared = fields.0.get("attributes").and_then(|a| a.get("type")).and_then(Value::as_str).map(str::to_owned);
    let kind = channel.filter(|c| !c.is_empty()).or_else(|| fields.text(&["EVENT_TYPE"])).or(declared).unwrap_or_else(|| {
        if fields.0.contains_key("LoginTime") {
            "LoginHistory".to_owned()
        } else if fields.0.contains_key("action") || fields.0.contains_key("Action") {
            "SetupAuditTrail".to_owned()
        } else if record.kind.is_empty() {
            "unknown".to_owned()
        } else {
            record.kind.clone()
        }
    });
    Ok((kind, fields))
}

fn time_of(fields: &Fields) -> Result<EventTime, Refusal> {
    let mut unreadable = None;
    for name in TIMES {
        let Some(text) = fields.text(&[name]) else { continue };
        match compact_time(&text).or_else(|| time::parse(&text)) {
            Some(time) => return Ok(time),
            None => unreadable = unreadable.or(Some(name)),
        }
    }
    Err(match unreadable {
        Some(name) => Refusal::field("bad_time", name, format!("The time in {name} cannot be read.")),
        None => Refusal::new("missing_field", "The record has no field with a time (TIMESTAMP_DERIVED, EventDate, LoginTime, CreatedDate)."),
    })
}

/// `20230315013819.200`, UTC: the form of TIMESTAMP in event log files.
fn compact_time(text: &str) -> Option<EventTime> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.len() != 14 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| &whole[from..to];
    time::parse(&format!("{}-{}-{}T{}:{}:{}.{fraction}Z", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14)))
}

fn outcome(kind: &str, class: Class, fields: &Fields) -> (Outcome, Option<String>) {
    let word = |text: &str| Some(text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect());
    if class == Class::Authentication
        && let Some(status) = fields.text(&["LOGIN_STATUS", "Status"])
    {
        return match status.as_str() {
            "LOGIN_NO_ERROR" | "Success" | "Succeeded" | "AutomatedSuccess" => (Outcome::Success, None),
            "InProgress" | "Initiated" => (Outcome::Unknown, word(&status)),
            _ => (Outcome::Failure, word(&status)),
        };
    }
    if kind == "SetupAuditTrail" || kind.starts_with("Logout") {
        return (Outcome::Success, None);
    }
    match (fields.text(&["SUCCESS"]).as_deref(), fields.number(&["STATUS_CODE"]), fields.text(&["REQUEST_STATUS"]).as_deref()) {
        (Some("0" | "false"), ..) | (_, Some(400..), _) | (.., Some("F")) => (Outcome::Failure, None),
        (Some("1" | "true"), ..) | (_, Some(200..400), _) | (.., Some("S")) => (Outcome::Success, None),
        _ => (Outcome::Unknown, None),
    }
}

fn actor(context: &Context, fields: &Fields) -> Option<Actor> {
    let username = fields.text(&["USER_NAME", "Username", "sfdc_created_by_username"]);
    let id = fields.text(&["USER_ID_DERIVED", "UserId", "sfdc_created_by_id", "CreatedById", "USER_ID"]);
    let human = fields.text(&["USER_TYPE"]).is_some_and(|t| t.starts_with("Standard"));
    Some(Actor {
        subject: SubjectRef::account(context.source, id.map(|id| long_id(&id)).or_else(|| username.clone())?),
        kind: if human { ActorKind::Human } else { ActorKind::Unknown },
        username,
        name: fields.text(&["sfdc_created_by_name"]),
        email: None,
        application: fields.text(&["Application", "CLIENT_NAME"]).filter(|a| a != "N/A"),
    })
}

/// The 18-character form of a 15-character id, so that both name one subject. The suffix marks capitals, five to a character.
/// Source: Salesforce Object Reference, "ID Field Type".
fn long_id(id: &str) -> String {
    if id.len() != 15 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return id.to_owned();
    }
    let suffix = id.as_bytes().chunks(5).map(|five| {
        let bits = five.iter().enumerate().fold(0u8, |bits, (at, b)| bits | (u8::from(b.is_ascii_uppercase()) << at));
        char::from(if bits < 26 { b'A' + bits } else { b'0' + bits - 26 })
    });
    id.chars().chain(suffix).collect()
}

fn network(fields: &Fields) -> Option<Network> {
    let address = ["SOURCE_IP", "SourceIp", "CLIENT_IP"].iter().find_map(|name| fields.text(&[name]).filter(|a| a.parse::<IpAddr>().is_ok()));
    let network = Network {
        address,
        user_agent: fields.text(&["USER_AGENT", "UserAgent", "BROWSER_TYPE", "Browser"]).filter(|b| b != "Unknown"),
        session: fields.text(&["SESSION_KEY", "SessionKey"]),
        country: fields.text(&["CountryIso"]),
        city: fields.text(&["City"]),
    };
    (network != Network::default()).then_some(network)
}

fn target(context: &Context, object_type: &str, fields: &Fields) -> Option<Target> {
    let (id, label) = match object_type {
        "" => return None,
        "report" => (fields.text(&["REPORT_ID_DERIVED", "Report", "ReportId", "REPORT_ID", "URI_ID_DERIVED"])?, fields.text(&["Name"])),
        "page" | "dashboard" => (fields.text(&["URI_ID_DERIVED", "PAGE_ENTITY_ID", "DASHBOARD_ID_DERIVED", "PAGE_URL", "URI"])?, None),
        "api" => (fields.text(&["ENTITY_NAME", "ENTITY_TYPE", "QueriedEntities", "URL", "URI"])?, None),
        "query" => return None,
        // The trail names what was changed in words only, save for users: `(UserID: [00500000000000A])`.
        _ => {
            let display = fields.text(&["display", "Display"])?;
            (display.split_once("UserID: [")?.1.split_once(']')?.0.to_owned(), None)
        }
    };
    let subject = match object_type {
        "user" => SubjectRef::account(context.source, long_id(&id)),
        _ => SubjectRef::record(context.source, format!("{object_type}/{}", long_id(&id))),
    };
    Some(Target { subject, object_type: object_type.to_owned(), label })
}
