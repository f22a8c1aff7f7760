//! Writing one batch under the head's lock.

use super::{bytes, damaged, signed, unsigned};
use crate::{
    Result, StoreError,
    sql::{Handle, Unit, column, placeholders},
    trail::{Fingerprint, Head, NewBatch, NewQuarantined, NewRecord, Placed},
};
use model::{Micros, Position};
use sea_orm::Value as Sql;
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// Rows per statement: four values each stay far below SQLite's 32,766 and PostgreSQL's 65,535 parameters.
const ROWS: usize = 1_000;
/// The tail's batches live for about a second; segments keep the same bytes, so speed counts more than the last percent.
const ZSTD_LEVEL: i32 = 1;

/// Writes one batch at the head and moves `head` on. The caller holds the head row's lock, so nobody else inserts fingerprints meanwhile.
pub(super) async fn batch(unit: &Unit, head: &mut Head, batch: NewBatch) -> Result<Vec<Placed>> {
    let ledger = head.ledger.clone();
    if let Some(expected) = &batch.expected_cursor {
        let (stored, _) = cursor(unit, &ledger, batch.source, &batch.stream).await?;
        if stored != *expected {
            return Err(StoreError::Conflict(format!("the cursor of stream {} moved since it was read", batch.stream)));
        }
    }
    let mut known = known(unit, &ledger, &batch.records).await?;
    let (first, mut placed, mut new) = (head.size, Vec::with_capacity(batch.records.len()), Vec::new());
    for record in &batch.records {
        placed.push(match known.get(&record.fingerprint) {
            Some(position) => Placed::Duplicate(position.clone()),
            None => {
                let position = Position { ledger: ledger.clone(), generation: head.generation, index: head.size };
                known.insert(record.fingerprint, position.clone());
                new.push(record);
                head.size += 1;
                Placed::New(position)
            }
        });
    }
    if !new.is_empty() {
        fingerprints(unit, head, first, &new).await?;
        records(unit, &ledger, first, batch.received, &new).await?;
    }
    for quarantined in &batch.quarantine {
        quarantine(unit, &ledger, quarantined).await?;
    }
    for id in &batch.replayed {
        let mark = "UPDATE trail_quarantine SET replayed = $3 WHERE ledger = $1 AND id = $2";
        unit.execute(mark, vec![ledger.as_str().into(), bytes(*id), batch.received.into()]).await?;
    }
    stream(unit, &ledger, &batch, new.len() as u64).await?;
    Ok(placed)
}

/// Cursor and state of a stream, `Null` where there is none.
pub(super) async fn cursor(handle: &dyn Handle, ledger: &str, source: Uuid, stream: &str) -> Result<(Value, Value)> {
    let sql = "SELECT cursor_json, state_json FROM trail_streams WHERE ledger = $1 AND source = $2 AND stream = $3";
    let rows = handle.rows(sql, vec![ledger.into(), bytes(source), stream.into()]).await?;
    let Some(row) = rows.first() else { return Ok((Value::Null, Value::Null)) };
    let json = |name| match column::<Option<String>>(row, name)? {
        Some(text) => serde_json::from_str(&text).map_err(|e| damaged(name, e)),
        None => Ok(Value::Null),
    };
    Ok((json("cursor_json")?, json("state_json")?))
}

async fn known(unit: &Unit, ledger: &str, records: &[NewRecord]) -> Result<HashMap<Fingerprint, Position>> {
    let mut known = HashMap::new();
    for chunk in records.chunks(ROWS) {
        let list = (2..chunk.len() + 2).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT fingerprint, generation, position FROM trail_fingerprints WHERE ledger = $1 AND fingerprint IN ({list})");
        let values = std::iter::once(Sql::from(ledger)).chain(chunk.iter().map(|r| r.fingerprint.0.to_vec().into())).collect();
        for row in unit.rows(&sql, values).await? {
            let fingerprint = <[u8; 24]>::try_from(column::<Vec<u8>>(&row, "fingerprint")?).map_err(|_| damaged("fingerprint", "not 24 bytes"))?;
            let generation = u32::try_from(column::<i64>(&row, "generation")?).map_err(|e| damaged("generation", e))?;
            known.insert(Fingerprint(fingerprint), Position { ledger: ledger.to_owned(), generation, index: unsigned(&row, "position")? });
        }
    }
    Ok(known)
}

async fn fingerprints(unit: &Unit, head: &Head, first: u64, new: &[&NewRecord]) -> Result<()> {
    let mut index = signed(first)?;
    for chunk in new.chunks(ROWS) {
        let mut values: Vec<Sql> = Vec::with_capacity(chunk.len() * 4);
        for record in chunk {
            values.extend([head.ledger.as_str().into(), record.fingerprint.0.to_vec().into(), i64::from(head.generation).into(), index.into()]);
            index += 1;
        }
        let sql = format!(
            "INSERT INTO trail_fingerprints (ledger, fingerprint, generation, position) VALUES {} ON CONFLICT DO NOTHING",
            placeholders(chunk.len(), 4)
        );
        if unit.execute(&sql, values).await? != chunk.len() as u64 {
            return Err(StoreError::Internal(format!("fingerprints of ledger {} were written without the head's lock", head.ledger)));
        }
    }
    Ok(())
}

async fn records(unit: &Unit, ledger: &str, first: u64, received: Micros, new: &[&NewRecord]) -> Result<()> {
    let plain = new.iter().map(|r| r.bytes.as_slice()).collect::<Vec<_>>().concat();
    let packed = zstd::bulk::compress(&plain, ZSTD_LEVEL).map_err(|e| StoreError::Internal(format!("zstd: {e}")))?;
    let hashes = new.iter().map(|r| r.leaf_hash.as_slice()).collect::<Vec<_>>().concat();
    let sql = "INSERT INTO trail_batches (ledger, first, count, received, bytes, leaf_hashes) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = vec![ledger.into(), signed(first)?.into(), signed(new.len() as u64)?.into(), received.into(), packed.into(), hashes.into()];
    unit.execute(sql, values).await.map(drop)
}

async fn quarantine(unit: &Unit, ledger: &str, quarantined: &NewQuarantined) -> Result<()> {
    let NewQuarantined { item, sealed } = quarantined;
    let json = serde_json::to_string(item).map_err(|e| StoreError::Internal(e.to_string()))?;
    let sql = "INSERT INTO trail_quarantine (ledger, id, source, item, sealed, replayed) VALUES ($1, $2, $3, $4, $5, $6)";
    unit.execute(sql, vec![ledger.into(), bytes(item.id), bytes(item.source), json.into(), sealed.clone().into(), item.replayed.into()]).await.map(drop)
}

/// Cursor, state and counters of the batch's stream, in its one row.
async fn stream(unit: &Unit, ledger: &str, batch: &NewBatch, new: u64) -> Result<()> {
    let text = |json: &Option<Value>| json.as_ref().map(Value::to_string);
    let newest = batch.records.iter().map(|r| r.time).max();
    let sql = "INSERT INTO trail_streams AS s (ledger, source, stream, cursor_json, state_json, last_received, last_event, events, duplicates, quarantined) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (ledger, source, stream) DO UPDATE SET \
        cursor_json = COALESCE(excluded.cursor_json, s.cursor_json), state_json = COALESCE(excluded.state_json, s.state_json), \
        last_received = CASE WHEN s.last_received > excluded.last_received THEN s.last_received ELSE excluded.last_received END, \
        last_event = CASE WHEN excluded.last_event IS NULL OR s.last_event > excluded.last_event THEN s.last_event ELSE excluded.last_event END, \
        events = s.events + excluded.events, duplicates = s.duplicates + excluded.duplicates, quarantined = s.quarantined + excluded.quarantined";
    let values = vec![
        ledger.into(),
        bytes(batch.source),
        batch.stream.as_str().into(),
        text(&batch.cursor).into(),
        text(&batch.state).into(),
        batch.received.into(),
        newest.into(),
        signed(new)?.into(),
        signed(batch.records.len() as u64 - new)?.into(),
        signed(batch.quarantine.len() as u64)?.into(),
    ];
    unit.execute(sql, values).await.map(drop)
}
