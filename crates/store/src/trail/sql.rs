//! The trail's tail in SQLite or PostgreSQL.

use super::{Batch, Closed, Head, NewBatch, Placed, Trail};
use crate::{
    Result, StoreError,
    sql::{Database, Handle, Unit, column},
};
use async_trait::async_trait;
use model::{Micros, Quarantined, source::StreamHealth};
use sea_orm::{DbBackend, QueryResult, Value as Sql};
use serde_json::Value;
use uuid::Uuid;

pub(crate) use schema::MIGRATIONS;

mod append;
mod renew;
mod schema;
#[cfg(test)]
mod tests;

const HEAD: &str = "SELECT generation, first, size, epoch, integrated FROM trail_heads WHERE ledger = $1";

/// One ledger's tail. Several ledgers may share a database.
#[derive(Clone, Debug)]
pub struct SqlTrail {
    database: Database,
    ledger: String,
}

impl SqlTrail {
    /// Migrates and, for a new ledger, writes its head with this generation; a ledger that is there keeps its own.
    pub async fn open(database: Database, ledger: &str, generation: u32) -> Result<Self> {
        database.migrate(MIGRATIONS).await?;
        let insert = "INSERT INTO trail_heads (ledger, generation, size, epoch, integrated, holder, lease_until) \
            VALUES ($1, $2, 0, 0, 0, '', 0) ON CONFLICT DO NOTHING";
        database.execute(insert, vec![ledger.into(), i64::from(generation).into()]).await?;
        Ok(Self { database, ledger: ledger.to_owned() })
    }

    /// [`Trail::append`] inside the caller's transaction, so that records and their ledger entries are one commit. The unit must be of
    /// the database this trail was opened on. After an error the unit must be rolled back.
    ///
    /// # Errors
    /// `Conflict` when a batch's `expected_cursor` is not the stored one: then none of the batches may be committed.
    pub async fn append_in(&self, unit: &Unit, batches: Vec<NewBatch>) -> Result<Vec<Vec<Placed>>> {
        let lock = if unit.backend() == DbBackend::Postgres { " FOR UPDATE" } else { "" };
        let mut head = self.read_head(unit, &format!("{HEAD}{lock}")).await?;
        let mut placed = Vec::with_capacity(batches.len());
        for batch in batches {
            placed.push(append::batch(unit, &mut head, batch).await?);
        }
        unit.execute("UPDATE trail_heads SET size = $2 WHERE ledger = $1", vec![self.ledger.as_str().into(), signed(head.size)?.into()]).await?;
        Ok(placed)
    }

    async fn read_head(&self, handle: &dyn Handle, sql: &str) -> Result<Head> {
        read_head(handle, &self.ledger, sql).await
    }
}

/// A ledger's head as a copy of its database holds it; `None` where the copy has no such ledger.
pub(crate) async fn head_in(handle: &dyn Handle, ledger: &str) -> Result<Option<Head>> {
    match read_head(handle, ledger, HEAD).await {
        Err(StoreError::NotFound(_)) => Ok(None),
        head => head.map(Some),
    }
}

async fn read_head(handle: &dyn Handle, ledger: &str, sql: &str) -> Result<Head> {
    let rows = handle.rows(sql, vec![ledger.into()]).await?;
    let row = rows.first().ok_or_else(|| StoreError::NotFound(format!("ledger {ledger}")))?;
    Ok(Head {
        ledger: ledger.to_owned(),
        generation: generation(row)?,
        first: unsigned(row, "first")?,
        size: unsigned(row, "size")?,
        epoch: unsigned(row, "epoch")?,
        integrated: unsigned(row, "integrated")?,
    })
}

#[async_trait]
impl Trail for SqlTrail {
    async fn append(&self, batches: Vec<NewBatch>) -> Result<Vec<Vec<Placed>>> {
        let unit = self.database.begin().await?;
        let placed = self.append_in(&unit, batches).await?;
        unit.commit().await?;
        Ok(placed)
    }

    async fn head(&self) -> Result<Head> {
        self.read_head(&self.database, HEAD).await
    }

    async fn closed(&self) -> Result<Vec<Closed>> {
        let sql = "SELECT generation, first, ends FROM trail_generations WHERE ledger = $1 ORDER BY generation";
        let closed = |row: &QueryResult| Ok(Closed { generation: generation(row)?, first: unsigned(row, "first")?, end: unsigned(row, "ends")? });
        self.database.rows(sql, vec![self.ledger.as_str().into()]).await?.iter().map(closed).collect()
    }

    async fn read(&self, index: u64, limit_bytes: usize) -> Result<Vec<Batch>> {
        let next = "SELECT first, count, received, bytes, leaf_hashes FROM trail_batches \
            WHERE ledger = $1 AND first + count > $2 AND first >= $3 ORDER BY first LIMIT 1";
        let (mut batches, mut size, mut from) = (Vec::new(), 0, 0);
        while let Some(row) = self.database.rows(next, vec![self.ledger.as_str().into(), signed(index)?.into(), signed(from)?.into()]).await?.first() {
            let hashes: Vec<u8> = column(row, "leaf_hashes")?;
            let leaf_hashes = hashes.chunks(32).map(|h| <[u8; 32]>::try_from(h).map_err(|e| damaged(&self.ledger, e))).collect::<Result<Vec<_>>>()?;
            let batch = Batch {
                first: unsigned(row, "first")?,
                count: unsigned(row, "count")?,
                received: column(row, "received")?,
                bytes: column(row, "bytes")?,
                leaf_hashes,
            };
            if batch.leaf_hashes.len() as u64 != batch.count {
                return Err(damaged(&self.ledger, format!("batch {} has {} leaf hashes for {} records", batch.first, batch.leaf_hashes.len(), batch.count)));
            }
            // Between two of these queries the batches in between may have moved to segments: what is read must have no hole.
            if !batches.is_empty() && batch.first != from {
                break;
            }
            size += batch.bytes.len();
            if size > limit_bytes && !batches.is_empty() {
                break;
            }
            from = batch.first + batch.count;
            batches.push(batch);
        }
        Ok(batches)
    }

    async fn lease(&self, holder: &str, now: Micros, until: Micros) -> Result<u64> {
        let unit = self.database.begin().await?;
        let take = "UPDATE trail_heads SET epoch = epoch + 1, holder = $2, lease_until = $4 WHERE ledger = $1 AND (lease_until <= $3 OR holder = $2)";
        if unit.execute(take, vec![self.ledger.as_str().into(), holder.into(), now.into(), until.into()]).await? == 0 {
            return Err(StoreError::Conflict(format!("another holder's lease on ledger {} still runs", self.ledger)));
        }
        let epoch = self.read_head(&unit, HEAD).await?.epoch;
        unit.commit().await?;
        Ok(epoch)
    }

    async fn integrated(&self, epoch: u64, integrated: u64) -> Result<()> {
        let unit = self.database.begin().await?;
        let ledger = || Sql::from(self.ledger.as_str());
        let mark = "UPDATE trail_heads SET integrated = $3 WHERE ledger = $1 AND epoch = $2 AND integrated <= $3 AND size >= $3";
        if unit.execute(mark, vec![ledger(), signed(epoch)?.into(), signed(integrated)?.into()]).await? == 0 {
            return Err(StoreError::Conflict(format!("epoch {epoch} may not mark ledger {} integrated to {integrated}", self.ledger)));
        }
        unit.execute("DELETE FROM trail_batches WHERE ledger = $1 AND first + count <= $2", vec![ledger(), signed(integrated)?.into()]).await?;
        unit.commit().await
    }

    async fn cursor(&self, source: Uuid, stream: &str) -> Result<(Value, Value)> {
        append::cursor(&self.database, &self.ledger, source, stream).await
    }

    async fn quarantined(&self, source: Option<Uuid>, before: Option<Uuid>, limit: u64) -> Result<Vec<Quarantined>> {
        let mut sql = "SELECT item, replayed FROM trail_quarantine WHERE ledger = $1".to_owned();
        let mut values: Vec<Sql> = vec![self.ledger.as_str().into()];
        for (condition, id) in [("source =", source), ("id <", before)] {
            if let Some(id) = id {
                values.push(bytes(id));
                sql.push_str(&format!(" AND {condition} ${}", values.len()));
            }
        }
        values.push(signed(limit)?.into());
        sql.push_str(&format!(" ORDER BY id DESC LIMIT ${}", values.len()));
        self.database.rows(&sql, values).await?.iter().map(item).collect()
    }

    async fn quarantined_bytes(&self, id: Uuid) -> Result<(Quarantined, Vec<u8>)> {
        let sql = "SELECT item, replayed, sealed FROM trail_quarantine WHERE ledger = $1 AND id = $2";
        let rows = self.database.rows(sql, vec![self.ledger.as_str().into(), bytes(id)]).await?;
        let row = rows.first().ok_or_else(|| StoreError::NotFound(format!("quarantined record {id}")))?;
        Ok((item(row)?, column(row, "sealed")?))
    }

    async fn empty_quarantined(&self, ids: &[Uuid]) -> Result<u64> {
        let mut emptied = 0;
        for id in ids {
            let sql = "UPDATE trail_quarantine SET sealed = $3 WHERE ledger = $1 AND id = $2";
            emptied += self.database.execute(sql, vec![self.ledger.as_str().into(), bytes(*id), Vec::<u8>::new().into()]).await?;
        }
        Ok(emptied)
    }

    async fn scrub(&self) -> Result<()> {
        self.database.scrub(&["trail_quarantine", "trail_streams"]).await
    }

    async fn counts(&self) -> Result<Vec<StreamHealth>> {
        let sql =
            "SELECT source, stream, last_received, last_event, events, duplicates, quarantined FROM trail_streams WHERE ledger = $1 ORDER BY source, stream";
        let health = |row: &QueryResult| {
            Ok(StreamHealth {
                source: Uuid::from_slice(&column::<Vec<u8>>(row, "source")?).map_err(|e| damaged(&self.ledger, e))?,
                stream: column(row, "stream")?,
                last_received: column(row, "last_received")?,
                last_event: column(row, "last_event")?,
                events: unsigned(row, "events")?,
                duplicates: unsigned(row, "duplicates")?,
                quarantined: unsigned(row, "quarantined")?,
                ..Default::default()
            })
        };
        self.database.rows(sql, vec![self.ledger.as_str().into()]).await?.iter().map(health).collect()
    }
}

fn item(row: &QueryResult) -> Result<Quarantined> {
    let item: Quarantined = serde_json::from_str(&column::<String>(row, "item")?).map_err(|e| damaged("quarantine", e))?;
    Ok(Quarantined { replayed: column(row, "replayed")?, ..item })
}

fn damaged(what: &str, why: impl ToString) -> StoreError {
    StoreError::Damaged { what: what.to_owned(), why: why.to_string() }
}

fn generation(row: &QueryResult) -> Result<u32> {
    u32::try_from(column::<i64>(row, "generation")?).map_err(|e| damaged("generation", e))
}

fn bytes(id: Uuid) -> Sql {
    id.as_bytes().to_vec().into()
}

fn unsigned(row: &QueryResult, name: &str) -> Result<u64> {
    u64::try_from(column::<i64>(row, name)?).map_err(|e| damaged(name, e))
}

fn signed(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| StoreError::Internal(format!("{number} does not fit a BIGINT")))
}
