//! Records that could not be read, as structure.

use super::view::{QuarantinePage, QuarantinedView, ReasonView};
use crate::{App, AppError, Caller, Operation, events::cursor};
use model::time::rfc3339;
use serde_json::json;
use uuid::Uuid;

const PAGE: usize = 50;

impl App {
    /// A source's quarantine, newest first.
    pub async fn quarantine(&self, caller: &Caller, source: Uuid, cursor_text: Option<&str>) -> Result<QuarantinePage, AppError> {
        self.read(caller, Operation::QuarantineList, ("source", source), json!({})).await?;
        self.known_source(source).await?;
        let bound = [b"quarantine".as_slice(), source.as_bytes()];
        let before = cursor_text.map(|text| cursor::open::<Uuid>(&self.keyring, &bound, text)).transpose()?;
        let mut found = self.trail.quarantined(Some(source), before, PAGE as u64 + 1).await?;
        let more = found.len() > PAGE;
        found.truncate(PAGE);
        let next = found.last().filter(|_| more).map(|item| cursor::seal(&self.keyring, &bound, &item.id)).transpose()?;
        let items = found.into_iter().map(|item| QuarantinedView {
            id: item.id,
            stream: item.stream,
            received: rfc3339(item.received),
            reason: ReasonView { code: item.refusal.code, message: item.refusal.message, field: item.refusal.field },
            origin: item.origin,
            size_bytes: item.size_bytes,
            structure: item.structure,
            replayed: item.replayed.map(rfc3339),
        });
        Ok(QuarantinePage { items: items.collect(), next })
    }
}
