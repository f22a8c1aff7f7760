//! Questions to the searchable view of the trail, and their answers.

use crate::{Micros, Outcome, Position};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A facet: a field events are counted and filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Source,
    Stream,
    VendorType,
    Class,
    /// `type_uid`: class and activity together.
    Activity,
    Outcome,
    Actor,
    Person,
    Department,
    ObjectType,
    Target,
    Address,
}

impl Field {
    pub const ALL: [Field; 12] = [
        Field::Source,
        Field::Stream,
        Field::VendorType,
        Field::Class,
        Field::Activity,
        Field::Outcome,
        Field::Actor,
        Field::Person,
        Field::Department,
        Field::ObjectType,
        Field::Target,
        Field::Address,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Field::Source => "source",
            Field::Stream => "stream",
            Field::VendorType => "vendor_type",
            Field::Class => "class",
            Field::Activity => "activity",
            Field::Outcome => "outcome",
            Field::Actor => "actor",
            Field::Person => "person",
            Field::Department => "department",
            Field::ObjectType => "object_type",
            Field::Target => "target",
            Field::Address => "address",
        }
    }
}

/// One condition; several values are alternatives. Values are written as the index holds them:
/// ids as hyphenated UUIDs, `class` as `class_uid`, `activity` as `type_uid`, `outcome` as its name, `address` as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Filter {
    pub field: Field,
    pub values: Vec<String>,
    /// Matches events without any of the values instead.
    #[serde(default)]
    pub exclude: bool,
}

/// What to find. Times are event times, `[from, until)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EventQuery {
    pub from: Option<Micros>,
    pub until: Option<Micros>,
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// Keyed tokens that must all occur (made from words by the ledger's token key).
    #[serde(default)]
    pub tokens: Vec<u64>,
    /// Only events that moved at least this many rows.
    pub min_rows: Option<u64>,
}

/// The event as the index holds it for answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub position: Position,
    pub time: Micros,
    /// The stored record ([`crate::StoredEvent::encode`]) without its `raw` part; values are opened per reader.
    pub record: Vec<u8>,
    pub person: Option<Uuid>,
    pub department: Option<Uuid>,
}

/// Newest first. `next` continues after the last hit; bound to the query by the API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub hits: Vec<Hit>,
    pub next: Option<After>,
}

/// Where a page ended: strictly older than this (time, index).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    pub time: Micros,
    pub index: u64,
    /// The head when the first page was read: later pages leave out what came after, so nothing shifts.
    pub head: u64,
}

/// How many events carry one value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetCount {
    pub value: String,
    pub count: u64,
}

/// The most frequent values of a field; `other` counts the events of values not listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    pub field: Field,
    pub values: Vec<FacetCount>,
    pub other: u64,
}

/// One bar: events with `start <= time < start + interval`, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    pub start: Micros,
    pub success: u64,
    pub failure: u64,
    pub unknown: u64,
}

impl Bucket {
    pub fn add(&mut self, outcome: Outcome, count: u64) {
        match outcome {
            Outcome::Success => self.success += count,
            Outcome::Failure => self.failure += count,
            Outcome::Unknown => self.unknown += count,
        }
    }
}

/// What the follower hands to the index for one event.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexEntry {
    pub position: Position,
    pub clear: crate::ClearEvent,
    /// As [`Hit::record`].
    pub record: Vec<u8>,
    /// Attribution as of event time.
    pub person: Option<Uuid>,
    pub department: Option<Uuid>,
    pub address: Option<String>,
    pub session: Option<String>,
    /// Keyed tokens of the words in names, labels, values and the raw record.
    pub tokens: Vec<u64>,
}

impl IndexEntry {
    /// The event's value of a field, written as [`Filter`] names it.
    pub fn value(&self, field: Field) -> Option<String> {
        let clear = &self.clear;
        match field {
            Field::Source => Some(clear.source.to_string()),
            Field::Stream => Some(clear.stream.clone()),
            Field::VendorType => Some(clear.vendor_type.clone()),
            Field::Class => Some(clear.class_uid.uid().to_string()),
            Field::Activity => Some(clear.activity_id.type_uid(clear.class_uid).to_string()),
            Field::Outcome => Some(clear.outcome.name().to_owned()),
            Field::Actor => clear.actor_subject.map(|id| id.to_string()),
            Field::Person => self.person.map(|id| id.to_string()),
            Field::Department => self.department.map(|id| id.to_string()),
            Field::ObjectType => clear.object_type.clone(),
            Field::Target => clear.target_subject.map(|id| id.to_string()),
            Field::Address => self.address.clone(),
        }
    }
}
