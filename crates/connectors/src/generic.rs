//! Generic: anybody's records, read through a declarative mapping. Pushed over HTTP or imported; never polled.

mod built_in;
mod manifest;
pub mod mapping;
mod record;
#[cfg(test)]
mod tests;
mod times;

use crate::{CheckReport, CheckedStream, Connector, ConnectorError, Context, FileHint, Manifest, Page, RawRecord, Records, Settings, State, input};
use async_trait::async_trait;
use model::{Event, Refusal};
use serde_json::Value;
use std::io::BufRead;

pub use built_in::names;
pub use mapping::Mapping;

/// The stream of records whose sender names none.
pub const STREAM: &str = "activity";

pub struct Generic;

#[async_trait]
impl Connector for Generic {
    fn manifest(&self) -> &'static Manifest {
        &manifest::MANIFEST
    }

    async fn check(&self, settings: &Settings) -> Result<CheckReport, ConnectorError> {
        let mapping = built_in::of(settings)?;
        let summary = format!("The mapping “{}” is understood. Records arrive by HTTP or import; nothing is fetched.", mapping.title);
        let streams = vec![CheckedStream { stream: STREAM.into(), available: true, detail: "Waits for what is sent.".into() }];
        Ok(CheckReport { ok: true, summary, streams })
    }

    async fn read(&self, _: &Settings, stream: &str, cursor: &Value, _: &State, _: usize) -> Result<Page, ConnectorError> {
        // Nothing to fetch is no failure: a source that is only pushed to is always up to date.
        if stream == STREAM { Ok(Page { cursor: cursor.clone(), ..Page::default() }) } else { Err(ConnectorError::NoStream(stream.to_owned())) }
    }

    fn normalise(&self, context: &Context, stream: &str, _: &mut State, record: &RawRecord) -> Result<Vec<Event>, Refusal> {
        let mapping = built_in::of(&context.settings).map_err(|e| Refusal::new("bad_mapping", e.to_string()))?;
        record::event(&mapping, context, stream, record).map(|event| vec![event])
    }

    fn split<'a>(&self, settings: &Settings, hint: &FileHint, input: Box<dyn BufRead + Send + 'a>) -> Result<Records<'a>, ConnectorError> {
        // A mapping that cannot be read is told to the sender now; otherwise every record would go to quarantine for it.
        built_in::of(settings)?;
        let mut hint = hint.clone();
        if hint.stream.is_empty() {
            hint.stream = STREAM.to_owned();
        }
        let name = hint.name.to_ascii_lowercase();
        let told = !hint.media_type.is_empty() || [".csv", ".json", ".ndjson", ".jsonl"].iter().any(|end| name.ends_with(end));
        Ok(if told { input::by_name(&hint, input) } else { input::ndjson(&hint, input) })
    }
}
