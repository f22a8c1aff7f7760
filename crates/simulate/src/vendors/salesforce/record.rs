//! Records, and how REST writes their values.

use super::schema::{Field, Kind, Object};
use jiff::Timestamp;
use model::Micros;
use serde_json::json;

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Text(String),
    Int(i64),
    Double(f64),
    Bool(bool),
    Time(Micros),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Value::Bool(yes)
    }
}

/// A record as it was from one moment until another: what changes is a second record with the same id.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: String,
    /// In the order of the object's fields.
    pub values: Vec<Value>,
    /// When it can first be read.
    pub from: Micros,
    /// When it can no longer be read, as it was replaced, changed or deleted.
    pub until: Micros,
}

impl Record {
    /// A record readable from `from` on; fields not named are null.
    pub fn new(object: &Object, id: String, from: Micros, named: Vec<(&str, Value)>) -> Self {
        let mut values = vec![Value::Null; object.fields.len()];
        if let Some(value) = object.place("Id").and_then(|place| values.get_mut(place)) {
            *value = Value::Text(id.clone());
        }
        for (name, value) in named {
            debug_assert!(object.place(name).is_some(), "{} has no field {name}", object.name);
            if let Some(place) = object.place(name) {
                values[place] = value;
            }
        }
        Self { id, values, from, until: Micros::MAX }
    }

    pub fn text(&self, place: usize) -> Option<&str> {
        match self.values.get(place) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub fn visible(&self, now: Micros) -> bool {
        self.from <= now && now < self.until
    }

    /// The value as JSON. REST API Developer Guide, "Query Event Monitoring Data with REST": times as `2014-03-14T00:00:00.000+0000`,
    /// lengths as `2692.0`, a blob as the address where it is served.
    pub fn json(&self, object: &Object, field: &Field, place: usize, root: &str) -> serde_json::Value {
        if field.kind == Kind::Blob {
            return json!(format!("{root}/sobjects/{}/{}/{}", object.name, self.id, field.name));
        }
        match &self.values[place] {
            Value::Null => serde_json::Value::Null,
            Value::Text(text) => json!(text),
            Value::Int(number) => json!(number),
            Value::Double(number) => json!(number),
            Value::Bool(yes) => json!(yes),
            Value::Time(time) => json!(rest_time(*time)),
        }
    }
}

/// `2014-03-14T00:00:00.000+0000`; empty for a time no calendar holds.
pub fn rest_time(time: Micros) -> String {
    Timestamp::from_microsecond(time).map(|t| t.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()).unwrap_or_default()
}
