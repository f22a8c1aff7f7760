//! A batch's bytes as records, held against the hashes they were committed under.

use crate::error::{LedgerError, Result};
use merkle::leaf_hash;
use model::StoredEvent;
use std::io::Read;
use store::trail::Batch;

/// Largest batch unpacked, in bytes: somewhat more than what a delivery may hold, so that only damage reaches it.
const MAX_BATCH_BYTES: u64 = 64 << 20;

/// Unpacks the records of a batch; there must be `count` of them and nothing after.
pub(crate) fn unpack(packed: &[u8], count: u64) -> Result<Vec<StoredEvent>, String> {
    unpack_within(packed, count, MAX_BATCH_BYTES)
}

/// The same for several batches one after the other, which is how a segment holds them.
pub(crate) fn unpack_within(packed: &[u8], count: u64, limit_bytes: u64) -> Result<Vec<StoredEvent>, String> {
    let mut plain = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(packed).map_err(|e| e.to_string())?;
    decoder.take(limit_bytes + 1).read_to_end(&mut plain).map_err(|e| e.to_string())?;
    if plain.len() as u64 > limit_bytes {
        return Err(format!("unpacks to more than {limit_bytes} bytes"));
    }
    let (mut at, mut records) = (0, Vec::new());
    while at < plain.len() {
        let (record, used) = StoredEvent::decode(&plain[at..]).map_err(|e| e.to_string())?;
        at += used;
        records.push(record);
    }
    if records.len() as u64 == count { Ok(records) } else { Err(format!("holds {} records, not {count}", records.len())) }
}

/// The records of a batch of the tail, each checked against its leaf hash.
pub(crate) fn of_tail(ledger: &str, batch: &Batch) -> Result<Vec<StoredEvent>> {
    let damaged = |why: String| LedgerError::damaged(format!("batch {} of ledger {ledger}", batch.first), why);
    let records = unpack(&batch.bytes, batch.count).map_err(damaged)?;
    for ((index, record), hash) in (batch.first..).zip(&records).zip(&batch.leaf_hashes) {
        if leaf_hash(&record.leaf).0 != *hash {
            return Err(damaged(format!("record {index} does not fit its leaf hash")));
        }
    }
    Ok(records)
}
