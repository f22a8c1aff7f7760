//! What intake hands over, and how it becomes a batch: sealed, fingerprinted, hashed.

use crate::{
    error::{LedgerError, Result},
    fingerprint::fingerprint,
    keyring::{Keyring, aead_open, aead_seal},
    seal::{seal, subjects},
};
use merkle::{MAX_ENTRY_BYTES, leaf_hash};
use model::{Event, Micros, Quarantined, SubjectRef};
use serde_json::Value;
use std::collections::BTreeSet;
use store::trail::{NewBatch, NewQuarantined, NewRecord};
use uuid::Uuid;

/// Largest delivery, sealed, in bytes: one blob in the tail, one piece of memory for every reader.
pub const MAX_DELIVERY_BYTES: usize = 32 << 20;

/// An event on its way in.
#[derive(Clone, Debug)]
pub struct Numbered {
    pub event: Event,
    /// Number of its record among equal records without id, within their file or the source's second.
    pub occurrence: u64,
    /// Number of the event among those of its record.
    pub ordinal: u32,
}

/// What one read, push or file brought, kept in one commit.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub source: Uuid,
    pub stream: String,
    pub received: Micros,
    pub events: Vec<Numbered>,
    /// The cursor after this delivery; `None` leaves the stored one.
    pub cursor: Option<Value>,
    /// The cursor it was read from: somebody who read on meanwhile makes this delivery a conflict.
    pub expected_cursor: Option<Value>,
    pub state: Option<Value>,
    /// What could not be read, with its bytes as received.
    pub quarantine: Vec<(Quarantined, Vec<u8>)>,
    /// Quarantined items that these events replay.
    pub replayed: Vec<Uuid>,
}

impl Delivery {
    pub fn new(source: Uuid, stream: &str, received: Micros) -> Self {
        Self {
            source,
            stream: stream.to_owned(),
            received,
            events: Vec::new(),
            cursor: None,
            expected_cursor: None,
            state: None,
            quarantine: Vec::new(),
            replayed: Vec::new(),
        }
    }
}

/// Seals, fingerprints and hashes a delivery. New subjects' keys are durable before this answers.
///
/// # Errors
/// `TooLarge` when an event's clear part does not fit an entry bundle or the whole does not fit a batch.
pub async fn prepare(keyring: &Keyring, ledger: &str, delivery: Delivery) -> Result<NewBatch> {
    let named: BTreeSet<&SubjectRef> = delivery.events.iter().flat_map(|n| subjects(&n.event)).collect();
    let resolved = keyring.resolve(&named.into_iter().cloned().collect::<Vec<_>>()).await?;
    let mut size_bytes = 0;
    let mut grown = |bytes: usize| {
        size_bytes += bytes;
        if size_bytes <= MAX_DELIVERY_BYTES {
            return Ok(());
        }
        Err(LedgerError::TooLarge { what: format!("a delivery of stream {}", delivery.stream), size_bytes, limit_bytes: MAX_DELIVERY_BYTES })
    };
    let mut records = Vec::with_capacity(delivery.events.len());
    for Numbered { event, occurrence, ordinal } in &delivery.events {
        let stored = seal(keyring, &resolved, ledger, event)?;
        if stored.leaf.len() > MAX_ENTRY_BYTES {
            let what = format!("the clear part of a {} record", clipped(&event.vendor_type));
            return Err(LedgerError::TooLarge { what, size_bytes: stored.leaf.len(), limit_bytes: MAX_ENTRY_BYTES });
        }
        let mut bytes = Vec::new();
        stored.encode(&mut bytes);
        grown(bytes.len())?;
        let fingerprint = fingerprint(keyring, event, *occurrence, *ordinal);
        records.push(NewRecord { fingerprint, leaf_hash: leaf_hash(&stored.leaf).0, bytes, time: event.time.micros });
    }
    let mut quarantine = Vec::with_capacity(delivery.quarantine.len());
    for (item, plain) in delivery.quarantine {
        grown(plain.len())?;
        let sealed = aead_seal(&keyring.source_key(item.source).0, &about(ledger, item.id), &plain)?;
        quarantine.push(NewQuarantined { item, sealed });
    }
    Ok(NewBatch {
        source: delivery.source,
        stream: delivery.stream,
        received: delivery.received,
        records,
        cursor: delivery.cursor,
        expected_cursor: delivery.expected_cursor,
        state: delivery.state,
        quarantine,
        replayed: delivery.replayed,
    })
}

/// The bytes of a quarantined record, as received.
pub fn open_quarantined(keyring: &Keyring, ledger: &str, item: &Quarantined, sealed: &[u8]) -> Result<Vec<u8>> {
    aead_open(&keyring.source_key(item.source).0, &about(ledger, item.id), sealed).ok_or(LedgerError::Unsealable { part: "quarantined record" })
}

fn about(ledger: &str, id: Uuid) -> Vec<u8> {
    format!("veritrail/1 {ledger} quarantine {id}").into_bytes()
}

fn clipped(text: &str) -> String {
    text.chars().take(60).collect()
}
