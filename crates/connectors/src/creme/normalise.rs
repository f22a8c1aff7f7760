//! From Creme's records to events. Pure: everything an event says is in the record, the context or the stream's state.

use super::{access_log, accounts, historyline, manifest, reads};
use crate::{Context, RawRecord, State};
use model::{Actor, ActorKind, Event, Refusal, SubjectRef};
use serde_json::{Map, Value};
use uuid::Uuid;

/// What became of one record.
#[derive(Debug)]
pub enum Judged {
    Events(Vec<Event>),
    /// Understood, and on purpose no event; says why.
    Ignored(&'static str),
}

impl Judged {
    pub fn one(event: Event) -> Self {
        Judged::Events(vec![event])
    }
}

/// Reads one record of `stream`.
///
/// # Errors
/// A refusal where the record is not in Creme's format; it goes to quarantine.
pub(super) fn normalise(context: &Context, stream: &str, state: &mut State, record: &RawRecord) -> Result<Judged, Refusal> {
    if record.kind == "django_content_type" {
        return Err(Refusal::new("no_act", "Creme's table of content types names kinds of records; a row of it is no act"));
    }
    match stream {
        manifest::HISTORYLINE => historyline::normalise(context, state, record),
        manifest::IMPRINT => reads::imprint(context, record),
        manifest::LAST_VIEWED => reads::last_viewed(context, record),
        manifest::ACCOUNTS => accounts::normalise(context, state, record),
        manifest::ACCESS_LOG => access_log::normalise(context, state, record),
        other => Err(Refusal::new("unmapped", format!("Creme has no stream '{other}'"))),
    }
}

/// A database row as the reader wrote it: a JSON object.
pub(super) struct Row(Map<String, Value>);

impl Row {
    pub fn parse(record: &RawRecord) -> Result<Self, Refusal> {
        match serde_json::from_str(&record.text) {
            Ok(Value::Object(map)) => Ok(Row(map)),
            Ok(_) => Err(Refusal::new("bad_json", "a row of Creme's database is an object")),
            Err(e) => Err(Refusal::new("bad_json", format!("the row is not JSON: line {} column {}", e.line(), e.column()))),
        }
    }

    pub fn value(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// A text column; empty counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).as_str().filter(|s| !s.is_empty())
    }

    /// An integer column, also where a driver wrote it as text.
    pub fn int(&self, name: &str) -> Option<i64> {
        let v = self.value(name);
        v.as_i64().or_else(|| v.as_str()?.parse().ok())
    }

    pub fn required_int(&self, name: &str) -> Result<i64, Refusal> {
        self.int(name).ok_or_else(|| Refusal::field("missing_field", name, format!("the row has no number '{name}'")))
    }

    /// The reader joins the content type's model name; a type Creme no longer knows is named by its number.
    pub fn object_type(&self) -> String {
        match (self.text("model"), self.int("entity_ctype_id")) {
            (Some(model), _) => model.to_lowercase(),
            (None, Some(id)) => format!("ctype_{id}"),
            (None, None) => "record".to_owned(),
        }
    }

    /// A boolean column: SQLite writes 0 and 1, PostgreSQL's text form t and f.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.value(name), Value::Bool(true)) || self.int(name) == Some(1) || matches!(self.text(name), Some("t" | "true"))
    }
}

/// The account behind a user name. Creme's user id names it where the account still exists, its name otherwise.
pub(super) fn account(source: Uuid, user_id: Option<i64>, username: &str) -> Actor {
    let vendor_id = user_id.map_or_else(|| format!("username/{username}"), |id| id.to_string());
    Actor {
        subject: SubjectRef::account(source, vendor_id),
        kind: ActorKind::Human,
        username: Some(username.to_owned()),
        name: None,
        email: None,
        application: None,
    }
}
