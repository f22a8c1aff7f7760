//! The file of an export: whose it is on the first line, then one event per row or line.

use super::{ExportFormat, watermark::Watermark};
use crate::{AppError, Result, events::EventView};
use serde_json::json;
use std::borrow::Cow;

const COLUMNS: [&str; 24] = [
    "position",
    "time",
    "received",
    "sentence",
    "source",
    "stream",
    "vendor_type",
    "class",
    "activity",
    "outcome",
    "reason",
    "actor",
    "actor_subject",
    "person",
    "department",
    "object_type",
    "target",
    "target_subject",
    "address",
    "session",
    "user_agent",
    "rows",
    "bytes",
    "changes",
];

pub(super) enum Sheet {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Ndjson(Vec<u8>),
}

impl Sheet {
    pub fn new(format: ExportFormat, watermark: &Watermark) -> Result<Self> {
        Ok(match format {
            ExportFormat::Ndjson => {
                let mut lines = serde_json::to_vec(&json!({ "watermark": watermark })).map_err(broken)?;
                lines.push(b'\n');
                Sheet::Ndjson(lines)
            }
            ExportFormat::Csv => {
                let mut writer = csv::Writer::from_writer(watermark.comment().into_bytes());
                writer.write_record(COLUMNS).map_err(broken)?;
                Sheet::Csv(Box::new(writer))
            }
        })
    }

    pub fn add(&mut self, event: &EventView) -> Result<()> {
        match self {
            Sheet::Csv(writer) => writer.write_record(cells(event).iter().map(|cell| safe(cell).into_owned())).map_err(broken),
            Sheet::Ndjson(lines) => {
                serde_json::to_writer(&mut *lines, event).map_err(broken)?;
                lines.push(b'\n');
                Ok(())
            }
        }
    }

    /// Bytes written so far; those the writer still holds back are few.
    pub fn bytes(&self) -> usize {
        match self {
            Sheet::Csv(writer) => writer.get_ref().len(),
            Sheet::Ndjson(lines) => lines.len(),
        }
    }

    pub fn finish(self) -> Result<Vec<u8>> {
        match self {
            Sheet::Csv(writer) => writer.into_inner().map_err(broken),
            Sheet::Ndjson(lines) => Ok(lines),
        }
    }
}

fn broken(error: impl std::fmt::Display) -> AppError {
    AppError::Internal(format!("an event cannot be written into an export: {error}"))
}

fn cells(event: &EventView) -> [String; COLUMNS.len()] {
    let (actor, target) = (event.actor.as_ref(), event.target.as_ref());
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let number = |value: Option<u64>| value.map(|n| n.to_string()).unwrap_or_default();
    [
        event.position.clone(),
        event.time.clone(),
        event.received.clone(),
        event.sentence.clone(),
        event.source.name.clone(),
        event.stream.clone(),
        event.vendor_type.clone(),
        event.class.name.to_owned(),
        event.activity.caption.to_owned(),
        event.outcome.to_owned(),
        text(&event.reason),
        actor.map(|a| a.label.clone()).unwrap_or_default(),
        actor.map(|a| a.subject.to_string()).unwrap_or_default(),
        actor.and_then(|a| a.person.as_ref()).map(|p| p.name.clone()).unwrap_or_default(),
        actor.and_then(|a| a.department.as_ref()).map(|d| d.name.clone()).unwrap_or_default(),
        target.map(|t| t.object_type.clone()).unwrap_or_default(),
        target.map(|t| t.label.clone()).unwrap_or_default(),
        target.map(|t| t.subject.to_string()).unwrap_or_default(),
        text(&event.address),
        text(&event.session),
        text(&event.user_agent),
        number(event.rows),
        number(event.bytes),
        event.changes_count.to_string(),
    ]
}

/// A cell no spreadsheet takes for a formula: names and labels come from the CRM, where anybody may have written them.
fn safe(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_never_starts_a_formula() {
        for cell in ["=1+1", "+49 30", "-2", "@SUM(A1)", "\tx", "\rx", "\nx"] {
            assert_eq!(safe(cell), format!("'{cell}"));
        }
        assert_eq!(safe("a=b"), "a=b");
        assert_eq!(safe(""), "");
    }
}
