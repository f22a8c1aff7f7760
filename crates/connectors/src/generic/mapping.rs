//! A mapping: which of a record's fields say what. Unknown keys are refused with their line.

use super::times::{self, Format};
use jiff::tz::TimeZone;
use model::{Activity, ActorKind, Class, Outcome};
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// The longest mapping taken.
const MOST_BYTES: usize = 64 * 1024;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What people call it.
    pub title: String,
    /// The vendor's own id of the record; without it the record is told from others by its content.
    pub id: Option<Value>,
    pub time: Time,
    /// Class and activity, and the outcome where the act itself says it.
    pub act: Choice<Act>,
    /// The vendor's name for this kind of record; where absent, what `act` was chosen by.
    pub kind: Option<Value>,
    pub outcome: Option<Choice<OutcomeWord>>,
    pub reason: Option<Value>,
    pub actor: Option<Actor>,
    pub target: Option<Target>,
    #[serde(default)]
    pub network: Network,
    pub rows: Option<Value>,
    pub bytes: Option<Value>,
    pub changes: Option<Changes>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    pub id: Value,
    pub username: Option<Value>,
    pub name: Option<Value>,
    pub email: Option<Value>,
    pub application: Option<Value>,
    pub kind: Option<Choice<KindWord>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub object_type: Value,
    pub id: Value,
    pub label: Option<Value>,
    /// Object types whose ids name accounts, so that a user acted on and a user acting are one subject.
    #[serde(default)]
    pub account_types: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub address: Option<Value>,
    pub user_agent: Option<Value>,
    pub session: Option<Value>,
    pub country: Option<Value>,
    pub city: Option<Value>,
}

/// A list of changes: where it is, and what its members call field, old and new value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    pub list: String,
    pub field: String,
    pub old: String,
    pub new: String,
}

#[derive(Clone, Debug)]
pub struct Time {
    pub fields: Vec<String>,
    pub format: Format,
    pub zone: Option<TimeZone>,
}

/// Where a text comes from: the first field that says something, else a constant.
#[derive(Clone, Debug, Default)]
pub struct Value {
    pub fields: Vec<String>,
    pub otherwise: Option<String>,
    pub required: bool,
}

/// A field's value looked up in a table.
#[derive(Clone, Debug)]
pub struct Choice<T> {
    pub fields: Vec<String>,
    /// Keys in lower case.
    pub table: BTreeMap<String, T>,
    pub otherwise: Option<T>,
}

/// `class/activity` or `class/activity/outcome`, in OCSF's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    pub class: Class,
    pub activity: Activity,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
pub struct OutcomeWord(pub Outcome);

#[derive(Clone, Copy, Debug)]
pub struct KindWord(pub ActorKind);

impl Mapping {
    /// Reads a mapping. The error names line and key.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MOST_BYTES {
            return Err(format!("the mapping has {} bytes; at most {MOST_BYTES} are taken", text.len()));
        }
        serde_yaml_ng::from_str(text).map_err(|e| e.to_string())
    }
}

impl Act {
    /// Reads `class/activity[/outcome]`.
    pub fn named(text: &str) -> Result<Self, String> {
        let mut parts = text.split('/').map(str::trim);
        let class = parts.next().unwrap_or_default();
        let class = Class::from_name(class).ok_or_else(|| {
            let known: Vec<&str> = Class::ALL.iter().map(|c| c.name()).collect();
            format!("'{class}' is no class; there are {}", known.join(", "))
        })?;
        let activity = parts.next().unwrap_or("other");
        let activity = Activity::named(class, activity).ok_or_else(|| {
            let known: Vec<String> = class.activities().iter().map(|(_, n)| n.to_ascii_lowercase().replace(' ', "_")).collect();
            format!("'{activity}' is no activity of {}; there are {}, other, unknown", class.name(), known.join(", "))
        })?;
        let outcome = parts.next().map_or(Ok(Outcome::Unknown), outcome)?;
        if let Some(extra) = parts.next() {
            return Err(format!("'{extra}' is one part too many: write class/activity/outcome"));
        }
        Ok(Self { class, activity, outcome })
    }
}

fn outcome(text: &str) -> Result<Outcome, String> {
    let all = [Outcome::Success, Outcome::Failure, Outcome::Unknown];
    all.into_iter().find(|o| o.name() == text).ok_or_else(|| format!("'{text}' is no outcome; there are success, failure, unknown"))
}

fn kind(text: &str) -> Result<ActorKind, String> {
    Ok(match text {
        "human" => ActorKind::Human,
        "application" => ActorKind::Application,
        "system" => ActorKind::System,
        "unknown" => ActorKind::Unknown,
        other => return Err(format!("'{other}' is no kind of actor; there are human, application, system, unknown")),
    })
}

macro_rules! from_text {
    ($($type:ty = $read:expr;)*) => { $(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                $read(&text).map_err(D::Error::custom)
            }
        }
    )* };
}

from_text! {
    Act = Act::named;
    OutcomeWord = |text: &str| outcome(text).map(OutcomeWord);
    KindWord = |text: &str| kind(text).map(KindWord);
    Format = Format::named;
    Zone = |text: &str| times::zone(text).map(Zone);
}

struct Zone(TimeZone);

/// `field` or `fields`, whichever was written.
fn fields<E: serde::de::Error>(field: Option<String>, fields: Vec<String>) -> Result<Vec<String>, E> {
    match (field, fields) {
        (Some(_), fields) if !fields.is_empty() => Err(E::custom("write either field or fields")),
        (Some(field), _) => Ok(vec![field]),
        (None, fields) => Ok(fields),
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            field: Option<String>,
            #[serde(default)]
            fields: Vec<String>,
            #[serde(default)]
            format: Format,
            zone: Option<Zone>,
        }
        let w = Written::deserialize(from)?;
        let fields = fields::<D::Error>(w.field, w.fields)?;
        if fields.is_empty() {
            return Err(D::Error::custom("time needs a field"));
        }
        Ok(Self { fields, format: w.format, zone: w.zone.map(|zone| zone.0) })
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Choice<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, bound = "T: DeserializeOwned")]
        struct Written<T> {
            field: Option<String>,
            #[serde(default)]
            fields: Vec<String>,
            #[serde(default = "BTreeMap::new")]
            table: BTreeMap<String, T>,
            otherwise: Option<T>,
            constant: Option<T>,
        }
        let w = Written::<T>::deserialize(from)?;
        let fields = fields::<D::Error>(w.field, w.fields)?;
        if fields.is_empty() == w.constant.is_none() {
            return Err(D::Error::custom("write either a field with its table, or a constant"));
        }
        let table = w.table.into_iter().map(|(key, value)| (key.to_lowercase(), value)).collect();
        Ok(Self { fields, table, otherwise: w.otherwise.or(w.constant) })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a field's path, a list of paths, or {field, fields, otherwise, constant, required}")
    }

    fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<Value, E> {
        Ok(Value { fields: vec![path.to_owned()], ..Value::default() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(path) = seq.next_element()? {
            fields.push(path);
        }
        Ok(Value { fields, ..Value::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            field: Option<String>,
            #[serde(default)]
            fields: Vec<String>,
            otherwise: Option<String>,
            constant: Option<String>,
            #[serde(default)]
            required: bool,
        }
        let w = Written::deserialize(MapAccessDeserializer::new(map))?;
        let fields = fields::<A::Error>(w.field, w.fields)?;
        if fields.is_empty() == w.constant.is_none() {
            return Err(A::Error::custom("write either a field or a constant"));
        }
        Ok(Value { fields, otherwise: w.otherwise.or(w.constant), required: w.required })
    }
}
