//! Persons, departments, and which subjects belong to whom, each with the time it held.

use crate::Micros;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `[from, until)` in event time; `None` is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    pub from: Option<Micros>,
    pub until: Option<Micros>,
}

impl Validity {
    pub const ALWAYS: Validity = Validity { from: None, until: None };

    pub fn contains(&self, time: Micros) -> bool {
        self.from.is_none_or(|f| time >= f) && self.until.is_none_or(|u| time < u)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    pub id: Uuid,
    pub name: String,
    pub parent: Option<Uuid>,
}

/// A person of the company: a revisable set of subjects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: Uuid,
    /// The key in the HR file; unique.
    pub employee_id: String,
    pub name: String,
    pub email: Option<String>,
    pub title: Option<String>,
    /// IANA zone, for example `Europe/Berlin`.
    pub zone: Option<String>,
    /// When this person's values were erased; what is left is an id that events point to.
    pub erased: Option<Micros>,
}

impl Person {
    /// What stands in the name's place.
    pub const ERASED: &str = "Erased person";
}

/// Where a person belonged, and to whom he reported, over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employment {
    pub person: Uuid,
    pub department: Uuid,
    pub manager: Option<Uuid>,
    pub validity: Validity,
}

/// An actor seen at a time, by the names its source gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub subject: Uuid,
    pub source: Uuid,
    pub time: Micros,
    /// Sign-in name, e-mail address, vendor's id; any case.
    pub names: Vec<String>,
}

/// To whom an event belonged at its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributed {
    pub person: Option<Uuid>,
    pub department: Option<Uuid>,
}

/// A subject belongs to a person for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub subject: Uuid,
    pub person: Uuid,
    pub validity: Validity,
}
