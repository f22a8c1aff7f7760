//! One normalised thing that happened, in the clear. It exists in memory only: what is kept is a [`crate::StoredEvent`].

use crate::{Activity, Class, EventTime, Micros, Position, SubjectRef};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Version of the event's shape. Readers upcast older versions; stored bytes never change.
pub const SCHEMA_VERSION: u16 = 1;

/// OCSF `status_id`: what became of the attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    #[default]
    Unknown,
    Success,
    Failure,
}

impl Outcome {
    pub const ALL: [Outcome; 3] = [Outcome::Success, Outcome::Failure, Outcome::Unknown];
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Unknown => "unknown",
            Outcome::Success => "success",
            Outcome::Failure => "failure",
        }
    }
    /// OCSF `status_id`.
    pub fn status_id(self) -> u8 {
        match self {
            Outcome::Unknown => 0,
            Outcome::Success => 1,
            Outcome::Failure => 2,
        }
    }
}

/// Who or what acted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    #[default]
    Unknown,
    Human,
    /// An integration, connected application or API-only user.
    Application,
    /// The CRM itself (workflow, scheduler).
    System,
}

/// The account or application that did it. Sealed under the subject's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub subject: SubjectRef,
    pub kind: ActorKind,
    /// Sign-in name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The application through which it was done ("Data Loader"), where the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
}

/// Where from. Sealed under the actor's key; under the source's own where no actor is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// IPv4 or IPv6 address in text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The vendor's session key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// ISO 3166-1 alpha-2, as the source gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
}

/// What it was done to. Sealed under the target's key; the object type alone is clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub subject: SubjectRef,
    /// The CRM's object type, lower case: `contact`, `report`, `user`, `role`.
    pub object_type: String,
    /// What people call it: a contact's name, a report's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// One field's change. Sealed under the target's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub field: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub old: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub new: Value,
}

/// How much was moved. Clear: amounts are not personal data, and detection needs them after an erasure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records read, exported, imported or changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// How an event is told from a resend of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The vendor's own event id; unique within source and stream. A record that yields several events suffixes them `#1`, `#2`.
    Vendor(String),
    /// No id: the raw bytes, and their occurrence number within the file or the source's second (counted by intake).
    Content,
}

/// One normalised event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub schema_version: u16,
    /// `connector/version`, for example `creme/1`.
    pub normaliser: String,
    pub source: Uuid,
    /// The source's stream, for example `login_history`.
    pub stream: String,
    /// The vendor's own name of this kind of record (`ReportExport`, `historyline.20`); clear and searchable, also for types we do not know.
    pub vendor_type: String,
    pub identity: Identity,
    pub class: Class,
    pub activity: Activity,
    pub outcome: Outcome,
    /// A short machine word for why, without personal data: `wrong_password`, `locked`.
    pub reason: Option<String>,
    pub time: EventTime,
    /// When Veritrail received it. Set by intake.
    pub received: Micros,
    pub counts: Counts,
    pub actor: Option<Actor>,
    pub network: Option<Network>,
    pub target: Option<Target>,
    pub changes: Vec<Change>,
    /// Facts of the vendor that fit nowhere else (OCSF `unmapped`); sealed with `raw`.
    pub detail: Map<String, Value>,
    /// The record as received, UTF-8; sealed.
    pub raw: String,
    /// The position this event corrects, where a later fix re-read an old record.
    pub corrects: Option<Position>,
}

impl Event {
    /// An event with everything optional empty; normalisers fill in what the record says.
    pub fn new(source: Uuid, stream: &str, normaliser: &str, vendor_type: &str, class: Class, activity: Activity, time: EventTime) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            normaliser: normaliser.to_owned(),
            source,
            stream: stream.to_owned(),
            vendor_type: vendor_type.to_owned(),
            identity: Identity::Content,
            class,
            activity,
            outcome: Outcome::Unknown,
            reason: None,
            time,
            received: 0,
            counts: Counts::default(),
            actor: None,
            network: None,
            target: None,
            changes: Vec::new(),
            detail: Map::new(),
            raw: String::new(),
            corrects: None,
        }
    }

    pub fn type_uid(&self) -> u64 {
        self.activity.type_uid(self.class)
    }

    /// The event as OCSF JSON (version [`crate::class::OCSF_VERSION`]): what rules match on, what exports and the API show.
    /// Fields that OCSF has no attribute for go to `unmapped`.
    pub fn to_ocsf(&self) -> Value {
        ocsf(self)
    }
}

fn ocsf(e: &Event) -> Value {
    let mut o = Map::new();
    let mut put = |k: &str, v: Value| {
        if !v.is_null() {
            o.insert(k.to_owned(), v);
        }
    };
    put("class_uid", e.class.uid().into());
    put("class_name", e.class.caption().into());
    put("category_uid", e.class.category_uid().into());
    put("activity_id", e.activity.0.into());
    put("activity_name", e.activity.caption(e.class).into());
    put("type_uid", e.type_uid().into());
    put("severity_id", 1.into());
    put("status_id", e.outcome.status_id().into());
    put(
        "status",
        match e.outcome {
            Outcome::Unknown => "Unknown",
            Outcome::Success => "Success",
            Outcome::Failure => "Failure",
        }
        .into(),
    );
    put("status_detail", e.reason.clone().into());
    put("time", (e.time.micros / 1000).into());
    put("timezone_offset", e.time.offset_minutes.into());
    let mut metadata = serde_json::json!({
        "version": crate::class::OCSF_VERSION,
        "product": { "name": "Veritrail", "vendor_name": "Veritrail" },
        "log_name": e.stream,
        "event_code": e.vendor_type,
        "logged_time": e.received / 1000,
        "log_version": e.normaliser,
    });
    if let Identity::Vendor(id) = &e.identity {
        metadata["original_event_uid"] = id.clone().into();
    }
    put("metadata", metadata);
    if let Some(a) = &e.actor {
        let user = serde_json::json!({ "uid": a.subject.vendor_id, "name": a.username, "full_name": a.name, "email_addr": a.email,
            "type": match a.kind { ActorKind::Unknown => "Unknown", ActorKind::Human => "User", ActorKind::Application => "Service", ActorKind::System => "System" } });
        let user = compact(user);
        let mut actor = serde_json::json!({ "user": user });
        if let Some(app) = &a.application {
            actor["app_name"] = app.clone().into();
        }
        if let Some(session) = e.network.as_ref().and_then(|n| n.session.clone()) {
            actor["session"] = serde_json::json!({ "uid": session });
        }
        if e.class == Class::Authentication {
            put("user", actor["user"].clone());
        }
        put("actor", actor);
    } else if let Some(session) = e.network.as_ref().and_then(|n| n.session.clone()) {
        put("actor", serde_json::json!({ "session": { "uid": session } }));
    }
    if let Some(n) = &e.network {
        let location = compact(serde_json::json!({ "country": n.country, "city": n.city }));
        let mut endpoint = compact(serde_json::json!({ "ip": n.address }));
        if location.as_object().is_some_and(|l| !l.is_empty()) {
            endpoint["location"] = location;
        }
        if endpoint.as_object().is_some_and(|l| !l.is_empty()) {
            put("src_endpoint", endpoint);
        }
        if let Some(ua) = &n.user_agent {
            put("http_request", serde_json::json!({ "user_agent": ua }));
        }
    }
    if let Some(t) = &e.target {
        let resource = compact(serde_json::json!({ "uid": t.subject.vendor_id, "name": t.label, "type": t.object_type }));
        match e.class {
            Class::AccountChange | Class::UserAccess => put("user", compact(serde_json::json!({ "uid": t.subject.vendor_id, "name": t.label }))),
            Class::EntityManagement => put("entity", resource),
            Class::GroupManagement => put("group", compact(serde_json::json!({ "uid": t.subject.vendor_id, "name": t.label }))),
            Class::WebResources => put("web_resources", Value::Array(vec![resource])),
            Class::Authentication | Class::Base => {}
            Class::ApplicationLifecycle => put("app", compact(serde_json::json!({ "uid": t.subject.vendor_id, "name": t.label }))),
            _ => put("resources", Value::Array(vec![resource])),
        }
    }
    put("count", e.counts.rows.filter(|r| *r > 0).into());
    let mut unmapped = e.detail.clone();
    if let Some(b) = e.counts.bytes {
        unmapped.insert("bytes".into(), b.into());
    }
    if let Some(r) = e.counts.rows {
        unmapped.insert("rows".into(), r.into());
    }
    if !e.changes.is_empty() {
        unmapped.insert("changes".into(), serde_json::to_value(&e.changes).unwrap_or(Value::Null));
    }
    if let Some(t) = &e.target {
        unmapped.insert("object_type".into(), t.object_type.clone().into());
    }
    unmapped.insert("source".into(), e.source.to_string().into());
    put("unmapped", Value::Object(unmapped));
    let product = e.normaliser.split('/').next().unwrap_or_default();
    crate::ocsf::fit(e.class, product, &e.vendor_type, &mut o);
    Value::Object(o)
}

/// Drops null members.
fn compact(v: Value) -> Value {
    match v {
        Value::Object(m) => Value::Object(m.into_iter().filter(|(_, v)| !v.is_null()).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::act;

    #[test]
    fn an_export_reads_as_ocsf() {
        let source = Uuid::nil();
        let mut e = Event::new(source, "exports", "generic/1", "export", Class::WebResources, act::EXPORT, EventTime::utc(1_000_000));
        e.counts.rows = Some(4012);
        e.outcome = Outcome::Success;
        e.actor = Some(Actor {
            subject: SubjectRef::account(source, "u1"),
            kind: ActorKind::Human,
            username: Some("dana".into()),
            name: None,
            email: None,
            application: None,
        });
        e.target = Some(Target { subject: SubjectRef::record(source, "report/7"), object_type: "report".into(), label: Some("All customers".into()) });
        let o = e.to_ocsf();
        assert_eq!(o["class_uid"], 6001);
        assert_eq!(o["activity_name"], "Export");
        assert_eq!(o["count"], 4012);
        assert_eq!(o["actor"]["user"]["name"], "dana");
        assert_eq!(o["web_resources"][0]["name"], "All customers");
    }
}
