//! One record as one event, as its mapping says.

use super::manifest::NORMALISER;
use super::mapping::{self, Act, Choice, Mapping, Value};
use crate::{Context, RawRecord};
use model::{Actor, ActorKind, Change, Counts, Event, Network, Outcome, Refusal, SubjectRef, Target, event::Identity};
use serde_json::{Map, Value as Json};
use std::net::IpAddr;

/// The longest kind and reason kept in the clear: words, not texts.
const MOST_WORD_CHARS: usize = 100;

struct Fields(Map<String, Json>);

impl Fields {
    /// The value at a path: the key as written, else key by key along the dots; numbers count into lists.
    fn at(&self, path: &str) -> Option<&Json> {
        if let Some(value) = self.0.get(path) {
            return Some(value);
        }
        let mut keys = path.split('.');
        let first = self.0.get(keys.next()?)?;
        keys.try_fold(first, |value, key| match value {
            Json::Object(members) => members.get(key),
            Json::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        })
    }

    fn text(&self, path: &str) -> Option<String> {
        match self.at(path)? {
            Json::String(text) => Some(text.trim().to_owned()).filter(|t| !t.is_empty() && t.as_str() != "-"),
            Json::Number(number) => Some(number.to_string()),
            Json::Bool(yes) => Some(yes.to_string()),
            _ => None,
        }
    }

    fn first(&self, paths: &[String]) -> Option<String> {
        paths.iter().find_map(|path| self.text(path))
    }

    fn value(&self, value: &Value) -> Result<Option<String>, Refusal> {
        match self.first(&value.fields).or_else(|| value.otherwise.clone()) {
            None if value.required => Err(missing(&value.fields)),
            found => Ok(found),
        }
    }

    fn optional(&self, value: Option<&Value>) -> Result<Option<String>, Refusal> {
        value.map_or(Ok(None), |value| self.value(value))
    }

    fn number(&self, value: Option<&Value>) -> Result<Option<u64>, Refusal> {
        let Some((value, text)) = value.zip(self.optional(value)?) else { return Ok(None) };
        let field = value.fields.first().map_or("constant", String::as_str);
        text.parse().map(Some).map_err(|_| Refusal::field("bad_value", field, format!("'{field}' is not a whole number.")))
    }

    /// The choice by a field's value, and that value; `own` reads values that need no table.
    fn choice<T: Clone>(&self, choice: &Choice<T>, own: fn(&str) -> Option<T>) -> Result<(T, Option<String>), Refusal> {
        let written = self.first(&choice.fields);
        let found = written.as_ref().and_then(|text| choice.table.get(&text.to_lowercase()).cloned().or_else(|| own(text)));
        match (found.or_else(|| choice.otherwise.clone()), &written) {
            (Some(found), _) => Ok((found, written)),
            (None, None) => Err(missing(&choice.fields)),
            (None, Some(_)) => {
                let field = choice.fields.join("' or '");
                Err(Refusal::field("unmapped", &field, format!("The mapping's table has no line for this value of '{field}'.")))
            }
        }
    }
}

fn missing(fields: &[String]) -> Refusal {
    let field = fields.join("' or '");
    Refusal::field("missing_field", &field, format!("The record has no '{field}'."))
}

pub(super) fn event(mapping: &Mapping, context: &Context, stream: &str, record: &RawRecord) -> Result<Event, Refusal> {
    let fields = match serde_json::from_str(&record.text) {
        Ok(Json::Object(members)) => Fields(members),
        Ok(_) => return Err(Refusal::new("bad_json", "The record is not a JSON object.")),
        Err(e) => return Err(Refusal::new("bad_json", format!("The record is not JSON: column {} of its line {}.", e.column(), e.line()))),
    };
    let time = time(mapping, &fields)?;
    let (act, chosen_by) = fields.choice(&mapping.act, |text| Act::named(text).ok().filter(|_| text.contains('/')))?;
    let kind = fields.optional(mapping.kind.as_ref())?.or(chosen_by).unwrap_or_else(|| "record".to_owned());
    if kind.chars().count() > MOST_WORD_CHARS {
        let field = mapping.kind.as_ref().map_or(&mapping.act.fields, |kind| &kind.fields).join("' or '");
        return Err(Refusal::field("bad_value", &field, format!("'{field}' is longer than {MOST_WORD_CHARS} characters; a kind is a word.")));
    }
    let mut event = Event::new(context.source, stream, NORMALISER, &kind, act.class, act.activity, time);
    if let Some(id) = fields.optional(mapping.id.as_ref())? {
        event.identity = Identity::Vendor(id);
    }
    let said = mapping.outcome.as_ref().map(|outcome| fields.choice(outcome, |_| None)).transpose()?;
    event.outcome = said.map(|(word, _)| word.0).filter(|o| *o != Outcome::Unknown).unwrap_or(act.outcome);
    event.reason = fields.optional(mapping.reason.as_ref())?.map(|text| word(&text));
    event.actor = mapping.actor.as_ref().map(|actor| self::actor(actor, context, &fields)).transpose()?.flatten();
    event.target = mapping.target.as_ref().map(|target| self::target(target, context, &fields)).transpose()?.flatten();
    event.network = network(&mapping.network, &fields)?;
    event.counts = Counts { rows: fields.number(mapping.rows.as_ref())?, bytes: fields.number(mapping.bytes.as_ref())? };
    event.changes = mapping.changes.as_ref().map(|changes| self::changes(changes, &fields)).transpose()?.unwrap_or_default();
    event.raw = record.text.clone();
    event.detail = fields.0;
    Ok(event)
}

fn time(mapping: &Mapping, fields: &Fields) -> Result<model::EventTime, Refusal> {
    let found = mapping.time.fields.iter().find_map(|field| Some((field, fields.text(field)?)));
    let (field, text) = found.ok_or_else(|| missing(&mapping.time.fields))?;
    let unreadable = || Refusal::field("bad_time", field, format!("The time in '{field}' is not in the format the mapping says."));
    mapping.time.format.read(&text, mapping.time.zone.as_ref()).ok_or_else(unreadable)
}

/// A machine word: small letters, digits and underscores.
fn word(text: &str) -> String {
    text.chars().take(MOST_WORD_CHARS).map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

fn actor(map: &mapping::Actor, context: &Context, fields: &Fields) -> Result<Option<Actor>, Refusal> {
    let Some(id) = fields.value(&map.id)? else { return Ok(None) };
    let kind = map.kind.as_ref().map(|kind| fields.choice(kind, |_| None)).transpose()?;
    Ok(Some(Actor {
        subject: SubjectRef::account(context.source, id),
        kind: kind.map_or(ActorKind::Unknown, |(word, _)| word.0),
        username: fields.optional(map.username.as_ref())?,
        name: fields.optional(map.name.as_ref())?,
        email: fields.optional(map.email.as_ref())?,
        application: fields.optional(map.application.as_ref())?,
    }))
}

fn target(map: &mapping::Target, context: &Context, fields: &Fields) -> Result<Option<Target>, Refusal> {
    let (Some(object_type), Some(id)) = (fields.value(&map.object_type)?, fields.value(&map.id)?) else { return Ok(None) };
    let object_type = object_type.to_lowercase();
    let subject = if map.account_types.contains(&object_type) {
        SubjectRef::account(context.source, id)
    } else {
        SubjectRef::record(context.source, format!("{object_type}/{id}"))
    };
    Ok(Some(Target { subject, object_type, label: fields.optional(map.label.as_ref())? }))
}

/// An address that is none stays in the event's detail; the rest of the record is still worth keeping.
fn network(map: &mapping::Network, fields: &Fields) -> Result<Option<Network>, Refusal> {
    let network = Network {
        address: fields.optional(map.address.as_ref())?.filter(|a| a.parse::<IpAddr>().is_ok()),
        user_agent: fields.optional(map.user_agent.as_ref())?,
        session: fields.optional(map.session.as_ref())?,
        country: fields.optional(map.country.as_ref())?,
        city: fields.optional(map.city.as_ref())?,
    };
    Ok((network != Network::default()).then_some(network))
}

/// In a CSV column the list is JSON text.
fn changes(map: &mapping::Changes, fields: &Fields) -> Result<Vec<Change>, Refusal> {
    let bad = || Refusal::field("bad_value", &map.list, format!("'{}' is not a list of changes that each name '{}'.", map.list, map.field));
    let parsed;
    let list = match fields.at(&map.list) {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::String(text)) if text.trim().is_empty() => return Ok(Vec::new()),
        Some(Json::String(text)) => {
            parsed = serde_json::from_str::<Json>(text).map_err(|_| bad())?;
            &parsed
        }
        Some(list) => list,
    };
    let change = |item: &Json| {
        let field = item.get(&map.field).and_then(Json::as_str).ok_or_else(bad)?.to_owned();
        let member = |name: &str| item.get(name).cloned().unwrap_or(Json::Null);
        Ok(Change { field, old: member(&map.old), new: member(&map.new) })
    };
    list.as_array().ok_or_else(bad)?.iter().map(change).collect()
}
