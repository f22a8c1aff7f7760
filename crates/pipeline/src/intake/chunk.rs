//! From items of one chunk to one delivery's parts, by the connector's fold.

use super::{
    number::Numbering,
    quarantine::{Kept, KeptRecord, Origin, quarantined},
};
use crate::IntakeError;
use connectors::{Connector, Context, RawRecord, input::Item};
use ledger::Numbered;
use model::{Event, Quarantined, Refusal, event::Identity, time::SECOND};
use serde_json::Value;

/// Events one record may become.
const MAX_EVENTS_PER_RECORD: usize = 1_000;
/// Raw bytes of all events of one record together.
const MAX_RAW_BYTES: usize = 8 << 20;
/// The longest of the words that stay clear.
const MAX_WORD_BYTES: usize = 1_000;

/// What one stream's records of a chunk became.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub records: u64,
    pub events: Vec<Numbered>,
    pub quarantine: Vec<(Quarantined, Vec<u8>)>,
}

/// Folds the records of one stream, in order, into `state`.
pub(super) fn fold(
    connector: &dyn Connector,
    context: &Context,
    stream: &str,
    state: &mut Value,
    items: Vec<Item>,
    numbering: &mut Numbering,
) -> Result<Piece, IntakeError> {
    let mut piece = Piece::default();
    for item in items {
        piece.records += 1;
        let (origin, size_bytes, refusal, kept) = match item {
            Item::Refused { bytes, size_bytes, origin, refusal, .. } => (origin, size_bytes, refusal, Kept::Bytes(bytes)),
            Item::Record { record, .. } => match normalise(connector, context, stream, state, &record) {
                Ok(events) => {
                    number(&mut piece.events, events, stream, &record.text, numbering)?;
                    continue;
                }
                Err(refusal) => {
                    let occurrence = numbering.next(stream, &record.text, None)?;
                    (record.origin.clone(), record.text.len() as u64, refusal, Kept::Record(KeptRecord { record, occurrence }))
                }
            },
        };
        let from = Origin { source: context.source, stream, received: context.received, origin: &origin, size_bytes };
        piece.quarantine.push(quarantined(from, refusal, &kept)?);
    }
    Ok(piece)
}

/// The connector's events of one record, held against the ledger's limits: one record too large must not stop those beside it.
pub(super) fn normalise(connector: &dyn Connector, context: &Context, stream: &str, state: &mut Value, record: &RawRecord) -> Result<Vec<Event>, Refusal> {
    let mut events = connector.normalise(context, stream, state, record)?;
    let (count, size_bytes) = (events.len(), events.iter().map(|e| e.raw.len()).sum::<usize>());
    if count > MAX_EVENTS_PER_RECORD || size_bytes > MAX_RAW_BYTES {
        let message = format!("The record became {count} events with {size_bytes} bytes; at most {MAX_EVENTS_PER_RECORD} and {MAX_RAW_BYTES} are taken.");
        return Err(Refusal::new("too_large", message));
    }
    for event in &mut events {
        let words = [Some(&event.vendor_type), event.reason.as_ref(), event.target.as_ref().map(|t| &t.object_type)];
        if words.iter().flatten().any(|word| word.len() > MAX_WORD_BYTES) {
            return Err(Refusal::new("too_large", format!("The record's kind, reason or object type is longer than {MAX_WORD_BYTES} bytes.")));
        }
        event.received = context.received;
    }
    Ok(events)
}

fn number(into: &mut Vec<Numbered>, events: Vec<Event>, stream: &str, text: &str, numbering: &mut Numbering) -> Result<(), IntakeError> {
    let occurrence = match events.iter().find(|e| e.identity == Identity::Content) {
        Some(event) => numbering.next(stream, text, Some(event.time.micros.div_euclid(SECOND)))?,
        None => 0,
    };
    into.extend(events.into_iter().zip(0..).map(|(event, ordinal)| Numbered { event, occurrence, ordinal }));
    Ok(())
}
