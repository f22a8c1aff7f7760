//! Sources as pages read them.

use connectors::{CheckReport, CheckedStream, Manifest, Recorded, Setting, StreamManifest};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StreamView {
    pub stream: String,
    pub title: String,
    pub last_received: Option<String>,
    pub last_event: Option<String>,
    pub last_polled: Option<String>,
    pub events: u64,
    pub duplicates: u64,
    pub quarantined: u64,
    pub trouble: Option<String>,
    pub trouble_since: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SourceHealth {
    pub id: Uuid,
    pub name: String,
    pub title: String,
    pub connector: String,
    #[schema(schema_with = crate::view::words::source_state)]
    pub state: &'static str,
    pub created: String,
    #[schema(schema_with = crate::view::words::source_status)]
    pub status: &'static str,
    /// One sentence.
    pub summary: String,
    pub streams: Vec<StreamView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SourceList {
    pub items: Vec<SourceHealth>,
}

/// The key itself is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct KeyView {
    pub id: Uuid,
    pub name: String,
    pub created: String,
    pub last_used: Option<String>,
    pub revoked: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SourceDetail {
    #[serde(flatten)]
    pub health: SourceHealth,
    /// A secret that is set reads `set`.
    #[schema(value_type = HashMap<String, Value>)]
    pub settings: Map<String, Value>,
    pub keys: Vec<KeyView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ConnectorList {
    pub items: Vec<ConnectorView>,
}

/// What can be connected: its manifest, as the connector gives it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ConnectorView {
    pub id: &'static str,
    pub version: u16,
    pub title: &'static str,
    pub summary: &'static str,
    pub settings: Vec<SettingView>,
    pub streams: Vec<StreamManifestView>,
    pub recorded: Vec<RecordedView>,
}

/// One line of the add-source form.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SettingView {
    pub name: &'static str,
    pub title: &'static str,
    pub help: &'static str,
    #[schema(schema_with = crate::view::words::setting_kind)]
    pub kind: &'static str,
    pub required: bool,
    pub example: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StreamManifestView {
    pub name: &'static str,
    pub title: &'static str,
    /// 0 for streams that are only pushed or imported.
    pub poll_secs: u32,
    pub lateness_secs: u32,
}

/// An act of a user, and the stream it arrives by; `null` when the CRM records it nowhere.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RecordedView {
    pub act: &'static str,
    pub stream: Option<&'static str>,
    pub note: &'static str,
}

impl From<&'static Manifest> for ConnectorView {
    fn from(manifest: &'static Manifest) -> Self {
        let setting =
            |s: &'static Setting| SettingView { name: s.name, title: s.title, help: s.help, kind: s.kind.name(), required: s.required, example: s.example };
        let stream = |s: &'static StreamManifest| StreamManifestView { name: s.name, title: s.title, poll_secs: s.poll_secs, lateness_secs: s.lateness_secs };
        let recorded = |r: &'static Recorded| RecordedView { act: r.act, stream: r.stream, note: r.note };
        Self {
            id: manifest.id,
            version: manifest.version,
            title: manifest.title,
            summary: manifest.summary,
            settings: manifest.settings.iter().map(setting).collect(),
            streams: manifest.streams.iter().map(stream).collect(),
            recorded: manifest.recorded.iter().map(recorded).collect(),
        }
    }
}

/// Whether a source can be read with these settings, stream by stream.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CheckView {
    pub ok: bool,
    /// One sentence: connected as whom; or what failed and what to do.
    pub summary: String,
    pub streams: Vec<CheckedStreamView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CheckedStreamView {
    pub stream: String,
    pub available: bool,
    pub detail: String,
}

impl From<CheckReport> for CheckView {
    fn from(report: CheckReport) -> Self {
        let stream = |CheckedStream { stream, available, detail }| CheckedStreamView { stream, available, detail };
        Self { ok: report.ok, summary: report.summary, streams: report.streams.into_iter().map(stream).collect() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReasonView {
    pub code: String,
    pub message: String,
    pub field: Option<String>,
}

/// A record in quarantine: its structure, never its values.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuarantinedView {
    pub id: Uuid,
    pub stream: String,
    pub received: String,
    pub reason: ReasonView,
    pub origin: String,
    pub size_bytes: u64,
    pub structure: Vec<String>,
    pub replayed: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuarantinePage {
    pub items: Vec<QuarantinedView>,
    pub next: Option<String>,
}
