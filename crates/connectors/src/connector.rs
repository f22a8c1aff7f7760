//! The one contract every connector keeps.

use crate::{
    Manifest, Reach,
    input::{FileHint, Records},
};
use async_trait::async_trait;
use model::{Event, Micros, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io::BufRead;
use uuid::Uuid;

/// Settings of one source, secrets opened, and what it may reach with them. `Debug` shows names only.
#[derive(Clone, Default)]
pub struct Settings {
    values: Map<String, Value>,
    reach: Reach,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.values.keys()).finish()
    }
}

/// By values: other ones are another way in.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        for (name, value) in &self.values {
            name.hash(state);
            value.hash(state);
        }
    }
}

impl Settings {
    pub fn new(values: Map<String, Value>, reach: Reach) -> Self {
        Self { values, reach }
    }
    pub fn reach(&self) -> &Reach {
        &self.reach
    }
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Value::as_str).map(str::trim).filter(|s| !s.is_empty())
    }
    pub fn required(&self, name: &'static str) -> Result<&str, ConnectorError> {
        self.text(name).ok_or(ConnectorError::MissingSetting(name))
    }
}

/// A connector's memory for one stream (snapshots, joins): bounded by the connector, committed with the cursor.
pub type State = Value;

/// One record as the source gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawRecord {
    /// The record's text. JSON where the source is a database or an API; the line where it is a log.
    pub text: String,
    /// Where it came from, for quarantine: `LoginHistory.csv line 17`, `historyline 204`.
    pub origin: String,
    /// A kind the reader already knows (CSV file's type, table name); empty where the record says itself.
    #[serde(default)]
    pub kind: String,
}

/// What a read of a stream gave. `cursor` and the state after normalising commit with the events.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub records: Vec<RawRecord>,
    /// Records the reader itself could not make out (wrong encoding, over-long line), kept as they were.
    pub refused: Vec<(Vec<u8>, String, Refusal)>,
    pub cursor: Value,
    /// There is more to read now.
    pub more: bool,
}

/// What normalising may know besides the record: nothing else, so that a replay gives the same events.
#[derive(Clone, Debug)]
pub struct Context {
    pub source: Uuid,
    pub received: Micros,
    pub settings: Settings,
}

/// What the source gives this account and licence, in words.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CheckReport {
    pub ok: bool,
    /// One sentence: connected as whom, to which version; or what failed and what to do.
    pub summary: String,
    pub streams: Vec<CheckedStream>,
}

#[derive(Clone, Debug, Serialize)]
pub struct CheckedStream {
    pub stream: String,
    pub available: bool,
    pub detail: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    #[error("the setting '{0}' is missing")]
    MissingSetting(&'static str),
    #[error("the setting '{name}' is wrong: {why}")]
    BadSetting { name: &'static str, why: String },
    #[error("there is no stream '{0}'")]
    NoStream(String),
    /// The credential was refused: nobody but an administrator can mend it.
    #[error("sign-in to the source was refused: {0}")]
    Credential(String),
    /// Try again later; after `retry_after_secs` where the source said so.
    #[error("the source cannot be reached: {why}")]
    Unavailable { why: String, retry_after_secs: Option<u64> },
    #[error("the source answered something unexpected: {0}")]
    Protocol(String),
    #[error("'{origin}' cannot be read: {refusal}")]
    Input { origin: String, refusal: Refusal },
}

#[async_trait]
pub trait Connector: Send + Sync {
    fn manifest(&self) -> &'static Manifest;

    /// Tries everything a read would need, stream by stream, changing nothing in the CRM.
    async fn check(&self, settings: &Settings) -> Result<CheckReport, ConnectorError>;

    /// Reads at most about `limit` records of `stream` after `cursor` (`Null` at first). Repeat-safe: the same cursor gives the
    /// same records while the source keeps them. `state` is this stream's state, read-only here; snapshots emit difference
    /// records against it.
    async fn read(&self, settings: &Settings, stream: &str, cursor: &Value, state: &State, limit: usize) -> Result<Page, ConnectorError>;

    /// The pure fold `(state, record) -> (state, events)`. Depends on its arguments alone. `Event::received` is filled by intake.
    fn normalise(&self, context: &Context, stream: &str, state: &mut State, record: &RawRecord) -> Result<Vec<Event>, Refusal>;

    /// Splits a file or a pushed body into records, in bounded memory. The hint tells stream, name and media type.
    fn split<'a>(&self, settings: &Settings, hint: &FileHint, input: Box<dyn BufRead + Send + 'a>) -> Result<Records<'a>, ConnectorError>;
}
