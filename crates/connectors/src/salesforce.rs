//! Salesforce: exported event log files, login history, setup audit trail and real-time events, read from files.

mod kinds;
mod manifest;
mod record;
#[cfg(test)]
mod tests;
mod times;

use crate::{CheckReport, Connector, ConnectorError, Context, FileHint, Manifest, Page, RawRecord, Records, Settings, State, input};
use async_trait::async_trait;
use model::{Event, Refusal};
use serde_json::Value;
use std::io::BufRead;

const FILES_ONLY: &str = "This version reads Salesforce from imported files and pushed bodies only; it does not sign in to Salesforce.";

pub struct Salesforce;

#[async_trait]
impl Connector for Salesforce {
    fn manifest(&self) -> &'static Manifest {
        &manifest::MANIFEST
    }

    async fn check(&self, _: &Settings) -> Result<CheckReport, ConnectorError> {
        Ok(CheckReport { ok: true, summary: FILES_ONLY.into(), streams: Vec::new() })
    }

    async fn read(&self, _: &Settings, _: &str, _: &Value, _: &State, _: usize) -> Result<Page, ConnectorError> {
        Err(ConnectorError::Protocol(FILES_ONLY.into()))
    }

    fn normalise(&self, context: &Context, stream: &str, _: &mut State, record: &RawRecord) -> Result<Vec<Event>, Refusal> {
        record::event(context, stream, record).map(|event| vec![event])
    }

    fn split<'a>(&self, _: &Settings, hint: &FileHint, input: Box<dyn BufRead + Send + 'a>) -> Result<Records<'a>, ConnectorError> {
        let items = input::by_name(hint, input);
        if !hint.stream.is_empty() {
            return Ok(items);
        }
        Ok(Box::new(items.map(|item| {
            item.map(|item| match item {
                input::Item::Record { record, .. } => input::Item::Record { stream: stream_of(&record.text).to_owned(), record },
                input::Item::Refused { bytes, size_bytes, origin, refusal, .. } => {
                    input::Item::Refused { stream: "event_log_file".to_owned(), bytes, size_bytes, origin, refusal }
                }
            })
        })))
    }
}

/// Tells the stream by the field that only its records have.
fn stream_of(text: &str) -> &'static str {
    let has = |name: &str| text.contains(name);
    if has("\"channel\"") || has("\"EventIdentifier\"") {
        "real_time"
    } else if has("\"LoginTime\"") || has("\"Login Time\"") {
        "login_history"
    } else if has("\"sfdc_created_date\"") || has("\"Section\"") {
        "setup_audit_trail"
    } else {
        "event_log_file"
    }
}
