//! Taking a quarantined record again, after a fix.

use super::{
    Accepted, Intake, chunk, delivery,
    quarantine::{Kept, KeptRecord},
    state::StreamState,
};
use crate::{IntakeError, SourceWithSettings};
use connectors::Context;
use ledger::{Numbered, open_quarantined};
use model::{Refusal, position::ACTIVITY};
use uuid::Uuid;

/// What a replay did. `refused` says why the record still cannot be read; it then stays in quarantine as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replayed {
    pub events: u64,
    pub duplicates: u64,
    pub refused: Option<Refusal>,
}

impl Intake {
    /// Replays the quarantined record `id` of `source`: its events and the mark that it was replayed are one commit. Again, it adds nothing.
    pub async fn replay(&self, source: &SourceWithSettings, id: Uuid) -> Result<Replayed, IntakeError> {
        let (item, sealed) = self.trail.quarantined_bytes(id).await?;
        if item.source != source.source.id {
            return Err(IntakeError::NotReplayable { id, why: format!("it does not belong to the source '{}'", source.source.name) });
        }
        let plain = open_quarantined(&self.keyring, ACTIVITY, &item, &sealed)?;
        let Kept::Record(KeptRecord { record, occurrence }) = Kept::read(id, &plain)? else {
            return Ok(Replayed { refused: Some(item.refusal), ..Replayed::default() });
        };
        let (lane, _, before) = self.enter(source, &item.stream).await?;
        let mut state = before.connector.clone();
        // As received then: a replay is the same act, read later.
        let context = Context { source: item.source, received: item.received, settings: source.settings.clone() };
        let events = match chunk::normalise(source.connector.as_ref(), &context, &item.stream, &mut state, &record) {
            Ok(events) => events,
            Err(refusal) => return Ok(Replayed { refused: Some(refusal), ..Replayed::default() }),
        };
        let after = StreamState { connector: state, ..before.clone() };
        let mut delivery = delivery(source, &item.stream, crate::now(), chunk::Piece::default());
        delivery.events = events.into_iter().zip(0..).map(|(event, ordinal)| Numbered { event, occurrence, ordinal }).collect();
        delivery.state = if after == before { None } else { Some(self.seal(item.source, &item.stream).write(&after)?) };
        delivery.replayed = vec![id];
        let mut accepted = Accepted::default();
        accepted.add(1, 0, &self.commit(delivery).await?);
        drop(lane);
        Ok(Replayed { events: accepted.events, duplicates: accepted.duplicates, refused: None })
    }
}
