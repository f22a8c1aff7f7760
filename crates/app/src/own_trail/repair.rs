//! Whether the own trail can be written, and whether the rows that are read of it are what the ledger holds. Done at the host.

use crate::{
    App, Result,
    door::{Act, HOST, Target},
};
use ledger::{Opened, Reader, loss::OPENING, open_all};
use model::{StoredEvent, position::SELF};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};
use store::{
    records::{SelfEvent, SelfEvents, SelfQuery},
    reserve::Used,
    sql::Unit,
    trail::Trail,
};
use uuid::Uuid;

/// Read at once of the ledger.
const PIECE: usize = 1 << 20;

/// One row that is not as the ledger's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    pub generation: u32,
    pub position: u64,
    pub what: &'static str,
    /// As it should be; `None`: there should be none.
    wanted: Option<SelfEvent>,
}

/// How the own trail is.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Records that wait to be written; `None` where a server has them, which writes them itself.
    pub waiting: Option<Used>,
    /// What is wrong with the database's file, in its own words; empty when nothing is, or where the database is a server.
    pub database: Vec<String>,
    /// Records compared.
    pub records: u64,
    pub rows: Vec<RowFault>,
    /// Why nothing can be written; `None` when something can.
    pub refused: Option<String>,
}

impl Condition {
    pub fn is_sound(&self) -> bool {
        self.database.is_empty() && self.rows.is_empty() && self.refused.is_none() && self.waiting.is_none_or(|used| used.frames == 0)
    }
}

/// What a repair did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    pub written: u64,
    pub rows: u64,
}

impl App {
    /// Looks, and changes nothing. `progress` is told how many records of how many were compared.
    pub async fn own_trail_condition(&self, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Condition> {
        let database = self.records.faults().await?;
        let (records, rows) = self.own_rows_held(progress).await?;
        let refused = self.door.journal.try_writing(self).await.err().map(|e| e.to_string());
        Ok(Condition { waiting: self.waiting(), database, records, rows, refused })
    }

    /// Writes what waits, puts the rows right, and records that. Says what of it was done.
    ///
    /// # Errors
    /// `SelfLedger` while the ledger cannot be written: nothing is changed then.
    pub async fn repair_own_trail(&self, condition: &Condition) -> Result<Repaired> {
        let written = self.record_waiting().await?;
        let done = Repaired { written, rows: condition.rows.len() as u64 };
        if done == Repaired::default() {
            return Ok(done);
        }
        let positions: Vec<String> = condition.rows.iter().map(|fault| format!("{SELF}.{}:{} {}", fault.generation, fault.position, fault.what)).collect();
        let act = Act::at_host("self.repair", Target::of("ledger", SELF), json!({ "written": written, "rows": positions }));
        let put = async |unit: &Unit| {
            for fault in &condition.rows {
                unit.remove_self_event(fault.generation, fault.position).await?;
                if let Some(row) = &fault.wanted {
                    unit.add_self_event(row).await?;
                }
            }
            Ok(done)
        };
        self.recorded(act, put).await
    }

    async fn own_rows_held(&self, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<(u64, Vec<RowFault>)> {
        let reader = Reader::new(Arc::new(self.self_trail.clone()), self.blobs.clone(), SELF);
        let head = self.self_trail.head().await?;
        let mut faults = Vec::new();
        let mut from = 0;
        while from < head.size {
            let mut piece = reader.read(from, PIECE).await?;
            piece.retain(|(index, _)| *index < head.size);
            let Some(last) = piece.last().map(|(index, _)| *index) else { break };
            let generation = reader.generation_at(from).await?;
            let ends = last + 1 == head.size || reader.generation_at(last + 1).await? != generation;
            let (indexes, stored): (Vec<u64>, Vec<StoredEvent>) = piece.into_iter().unzip();
            let opened = open_all(&self.keyring, SELF, &stored).await?;
            let mut rows = self.own_rows(generation, from, (!ends).then_some(last + 1)).await?;
            for ((index, stored), opened) in indexes.into_iter().zip(&stored).zip(&opened) {
                let wanted = row(generation, index, stored, opened);
                let what = match rows.remove(&index) {
                    None => "is missing",
                    Some(row) if differs(&row, &wanted, opened) => "says something else than the ledger",
                    Some(_) => continue,
                };
                faults.push(RowFault { generation, position: index, what, wanted: Some(wanted) });
            }
            // Written while this read is no fault.
            let newest = generation == head.generation && ends;
            let mut surplus: Vec<u64> = rows.into_keys().collect();
            surplus.sort_unstable();
            let now = if newest { self.self_trail.head().await?.size } else { 0 };
            faults.extend(surplus.into_iter().filter(|position| *position >= now).map(|position| RowFault {
                generation,
                position,
                what: "is of no record",
                wanted: None,
            }));
            from = last + 1;
            progress(from, head.size);
        }
        let newest = self.records.self_events(&SelfQuery { limit: 1_000, ..SelfQuery::default() }).await?;
        let later = newest.into_iter().take_while(|row| row.generation > head.generation);
        faults.extend(later.map(|row| RowFault { generation: row.generation, position: row.position, what: "is of no record", wanted: None }));
        Ok((head.size, faults))
    }

    /// Rows of a generation by position, `from` and before `until`, or to its end.
    async fn own_rows(&self, generation: u32, from: u64, until: Option<u64>) -> Result<HashMap<u64, SelfEvent>> {
        let mut found = HashMap::new();
        let mut before = Some(until.map_or((generation + 1, 0), |until| (generation, until)));
        while before.is_some() {
            let rows = self.records.self_events(&SelfQuery { before, limit: 1_000, ..SelfQuery::default() }).await?;
            let full = rows.len() == 1_000;
            before = rows.last().filter(|_| full).map(|row| (row.generation, row.position));
            for row in rows {
                if row.generation != generation || row.position < from {
                    before = None;
                    break;
                }
                found.insert(row.position, row);
            }
        }
        Ok(found)
    }
}

/// The row that a record wants, as far as it is still open.
fn row(generation: u32, position: u64, stored: &StoredEvent, opened: &Opened) -> SelfEvent {
    let said = |key: &str| opened.detail.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let opening = opened.clear.vendor_type == OPENING;
    let mut sealed = Vec::new();
    stored.encode(&mut sealed);
    SelfEvent {
        generation,
        position,
        time: opened.clear.time.micros,
        member: opened.actor.as_ref().and_then(|actor| Uuid::try_parse(&actor.subject.vendor_id).ok()),
        role: if opening { Some(HOST.to_owned()) } else { said("role") },
        operation: if opening { "ledgers.renew".to_owned() } else { opened.clear.vendor_type.clone() },
        outcome: opened.clear.outcome.name().to_owned(),
        target: said("target").unwrap_or_default(),
        sealed,
    }
}

/// What is sealed and erased cannot be compared; rows and records of older versions may have no role.
fn differs(row: &SelfEvent, wanted: &SelfEvent, opened: &Opened) -> bool {
    let clear = |row: &SelfEvent| (row.operation.clone(), row.outcome.clone(), row.sealed.clone());
    let open = opened.erased.is_empty() && opened.clear.vendor_type != OPENING;
    let roles = row.role.as_deref().filter(|role| *role != HOST).zip(wanted.role.as_deref());
    clear(row) != clear(wanted)
        || open && (row.time != wanted.time || row.member != wanted.member || row.target != wanted.target)
        || open && roles.is_some_and(|(row, wanted)| row != wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Caller, Operation,
        testing::{self, House, break_ledger},
    };
    use model::Role;
    use store::sql::{Database, Handle};

    #[tokio::test]
    async fn rows_are_held_against_the_ledger_and_put_right() {
        for House { app, records_url, .. } in testing::houses().await {
            for n in 0..6 {
                app.read(&Caller::host(Role::Auditor), Operation::EventsSearch, (), json!({ "n": n })).await.unwrap();
            }
            assert!(app.own_trail_condition(&|_, _| {}).await.unwrap().is_sound());
            let database = Database::open(&records_url, "records").await.unwrap();
            for sql in [
                "DELETE FROM self_events WHERE position = 1",
                "UPDATE self_events SET operation = 'alerts.list' WHERE position = 2",
                "UPDATE self_events SET target = 'event:9' WHERE position = 3",
                "INSERT INTO self_events SELECT generation, 77, time, member, operation, outcome, target, sealed, role FROM self_events WHERE position = 4",
                "INSERT INTO self_events SELECT 3, 5, time, member, operation, outcome, target, sealed, role FROM self_events WHERE position = 4",
            ] {
                database.execute(sql, vec![]).await.unwrap();
            }
            let found = app.own_trail_condition(&|_, _| {}).await.unwrap();
            let named: Vec<_> = found.rows.iter().map(|f| (f.generation, f.position, f.what)).collect();
            let (missing, other, surplus) = ("is missing", "says something else than the ledger", "is of no record");
            assert_eq!(named, [(0, 1, missing), (0, 2, other), (0, 3, other), (0, 77, surplus), (3, 5, surplus)]);
            assert_eq!((found.records, found.is_sound()), (6, false));

            assert_eq!(app.repair_own_trail(&found).await.unwrap(), Repaired { written: 0, rows: 5 });
            assert!(app.own_trail_condition(&|_, _| {}).await.unwrap().is_sound());
            let rows = app.records.self_events(&SelfQuery { limit: 9, ..SelfQuery::default() }).await.unwrap();
            let read: Vec<_> = rows.iter().map(|r| (r.position, r.operation.as_str())).collect();
            assert_eq!(read[0], (6, "self.repair"), "it is recorded itself");
            assert!(read[1..].iter().all(|(_, operation)| *operation == "events.search") && read.len() == 7);
        }
    }

    #[tokio::test]
    async fn a_ledger_that_cannot_be_written_is_told_and_nothing_is_repaired() {
        for House { app, records_url, .. } in testing::houses().await {
            break_ledger(&records_url, true).await;
            let found = app.own_trail_condition(&|_, _| {}).await.unwrap();
            assert!(found.refused.as_deref().is_some_and(|why| why.contains("no room")), "{:?}", found.refused);
            assert!(app.repair_own_trail(&found).await.is_ok_and(|done| done == Repaired::default()), "there is nothing to do but to free the ledger");
            break_ledger(&records_url, false).await;
            assert!(app.own_trail_condition(&|_, _| {}).await.unwrap().is_sound(), "looking left nothing");
        }
    }
}
