//! One Salesforce record as one event, whichever of the four forms it came in.

use super::kinds::{class_of, class_of_setup};
use super::times;
use crate::{Context, RawRecord};
use model::{Actor, ActorKind, Class, Counts, Event, Network, Outcome, Refusal, SubjectRef, Target, event::Identity};
use serde_json::{Map, Value};
use std::net::IpAddr;

pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// The first of these fields that says something, as text.
    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| match self.0.get(*name)? {
            Value::String(s) if !s.trim().is_empty() => Some(s.trim().to_owned()),
            Value::Number(n) => Some(n.to_string()),
            Value::Bool(b) => Some(b.to_string()),
            _ => None,
        })
    }
    fn number(&self, names: &[&str]) -> Option<u64> {
        names.iter().find_map(|name| whole(&self.text(&[name])?))
    }
}

/// A count, also where it is written `20680.0`, as real-time events do.
fn whole(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.bytes().all(|b| b == b'0') { whole.parse().ok() } else { None }
}

pub(super) fn event(context: &Context, stream: &str, record: &RawRecord) -> Result<Event, Refusal> {
    let (kind, fields) = open(record)?;
    let time = times::of(context, &fields)?;
    let action = fields.text(&["action", "Action"]).unwrap_or_default();
    let operation = fields.text(&["Operation", "OPERATION_TYPE", "METHOD_NAME", "METHOD", "ORIGIN"]).unwrap_or_default();
    let (class, activity, object_type) = if kind == "SetupAuditTrail" { class_of_setup(&action) } else { class_of(&kind, &operation) };
    let mut event = Event::new(context.source, stream, "salesforce/1", &kind, class, activity, time);
    // REQUEST_ID names a transaction, which may hold several events, so it is no identity; EventIdentifier and record ids are.
    if let Some(id) = fields.text(&["EventIdentifier"]) {
        event.identity = Identity::Vendor(format!("{kind}/{id}"));
    } else if let (Some(id), "LoginHistory" | "SetupAuditTrail") = (fields.text(&["Id"]), kind.as_str()) {
        event.identity = Identity::Vendor(format!("{kind}/{id}"));
    }
    (event.outcome, event.reason) = outcome(&kind, class, &fields);
    event.actor = if kind.starts_with("LoginAs") { impersonator(context, &fields) } else { actor(context, &fields) };
    event.network = network(&fields);
    event.target = if kind.starts_with("LoginAs") { impersonated(context, &fields) } else { target(context, object_type, &fields) };
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
        if fields.0.contains_key("LoginTime") || fields.0.contains_key("Login Time") {
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
    let username = fields.text(&["USER_NAME", "Username", "sfdc_created_by_username", "User"]);
    let id = fields.text(&["USER_ID_DERIVED", "UserId", "sfdc_created_by_id", "CreatedById", "USER_ID"]);
    let human = fields.text(&["USER_TYPE"]).is_some_and(|t| t.starts_with("Standard"));
    Some(Actor {
        subject: SubjectRef::account(context.source, id.map(|id| long_id(&id)).or_else(|| username.clone())?),
        kind: if human { ActorKind::Human } else { ActorKind::Unknown },
        username,
        name: fields.text(&["sfdc_created_by_name"]),
        email: None,
        application: fields.text(&["Application", "CLIENT_NAME", "Client"]).filter(|a| a != "N/A"),
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
    let address = ["SOURCE_IP", "SourceIp", "Source IP", "CLIENT_IP"].iter().find_map(|name| fields.text(&[name]).filter(|a| a.parse::<IpAddr>().is_ok()));
    let network = Network {
        address,
        user_agent: fields.text(&["USER_AGENT", "UserAgent", "BROWSER_TYPE", "Browser"]).filter(|b| b != "Unknown"),
        session: fields.text(&["SESSION_KEY", "SessionKey"]),
        country: fields.text(&["CountryIso"]),
        city: fields.text(&["City"]),
    };
    (network != Network::default()).then_some(network)
}

/// Who signed in as somebody else. Source: EventLogFile "Login As" and LoginAsEventStream: the delegated user is the administrator.
fn impersonator(context: &Context, fields: &Fields) -> Option<Actor> {
    let username = fields.text(&["DELEGATED_USER_NAME", "DelegatedUsername"]);
    let id = fields.text(&["DELEGATED_USER_ID_DERIVED", "DELEGATED_USER_ID"]).map(|id| long_id(&id));
    Some(Actor {
        subject: SubjectRef::account(context.source, id.or_else(|| username.clone())?),
        kind: ActorKind::Human,
        username,
        name: None,
        email: None,
        application: fields.text(&["Application"]).filter(|a| a != "N/A"),
    })
}

/// The account that was signed in to.
fn impersonated(context: &Context, fields: &Fields) -> Option<Target> {
    let actor = actor(context, fields)?;
    Some(Target { subject: actor.subject, object_type: "user".to_owned(), label: actor.username })
}

fn target(context: &Context, object_type: &str, fields: &Fields) -> Option<Target> {
    let (id, label) = match object_type {
        "" | "query" => return None,
        "report" => (fields.text(&["REPORT_ID_DERIVED", "Report", "ReportId", "REPORT_ID", "URI_ID_DERIVED"])?, fields.text(&["Name"])),
        "page" | "dashboard" => (fields.text(&["RecordId", "URI_ID_DERIVED", "PAGE_ENTITY_ID", "DASHBOARD_ID_DERIVED", "PAGE_URL", "PageUrl", "URI"])?, None),
        "list_view" => (fields.text(&["ListViewId", "QueriedEntities"])?, fields.text(&["Name"])),
        "api" => (fields.text(&["ENTITY_NAME", "ENTITY_TYPE", "QueriedEntities", "URL", "URI"])?, None),
        // The trail names what was changed in words only, save for users: `(UserID: [00500000000000A])`.
        _ => {
            let display = fields.text(&["display", "Display", "Action"])?;
            let id = display.split_once("UserID: [")?.1.split_once(']')?.0.to_owned();
            return Some(Target { subject: SubjectRef::account(context.source, long_id(&id)), object_type: "user".to_owned(), label: None });
        }
    };
    let Some(kind) = key_prefix(&id) else {
        return Some(Target { subject: SubjectRef::record(context.source, format!("{object_type}/{id}")), object_type: object_type.to_owned(), label });
    };
    // A record's id is its own throughout the organisation, so that a page, a report and a change of one record are about one subject.
    let object_type = match kind {
        "" => fields.text(&["PAGE_ENTITY_TYPE"]).map_or_else(|| object_type.to_owned(), |t| t.to_ascii_lowercase()),
        known => known.to_owned(),
    };
    let id = long_id(&id);
    let subject = if object_type == "user" { SubjectRef::account(context.source, id) } else { SubjectRef::record(context.source, id) };
    Some(Target { subject, object_type, label })
}

/// The object type by an id's first three characters, empty where the prefix is not a standard object's; `None` for what is no id.
/// Source: Salesforce Help, "Standard Field Record ID Prefix Decoder".
fn key_prefix(id: &str) -> Option<&'static str> {
    if !matches!(id.len(), 15 | 18) || !id.bytes().all(|b| b.is_ascii_alphanumeric()) || !id.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(match &id[..3] {
        "001" => "account",
        "003" => "contact",
        "005" => "user",
        "006" => "opportunity",
        "00Q" => "lead",
        "00O" => "report",
        "01Z" => "dashboard",
        "500" => "case",
        "701" => "campaign",
        _ => "",
    })
}
