//! Subject keys in SQLite or PostgreSQL.

use super::{Keys, SubjectRow};
use crate::{
    Result, StoreError,
    sql::{Database, Handle, Migration, column, placeholders},
};
use async_trait::async_trait;
use sea_orm::{QueryResult, Value as Sql};
use uuid::Uuid;

/// Rows per statement: three values each stay far below SQLite's 32,766 and PostgreSQL's 65,535 parameters.
const ROWS: usize = 1_000;

const MIGRATIONS: &[Migration] = &[Migration {
    name: "keys_1",
    statements: &[
        "CREATE TABLE subject_keys (lookup BYTEA PRIMARY KEY, subject BYTEA NOT NULL UNIQUE, wrapped BYTEA)",
        "CREATE TABLE secrets (name TEXT PRIMARY KEY, wrapped BYTEA NOT NULL)",
    ],
}];

/// The key store in a database of its own.
#[derive(Clone, Debug)]
pub struct SqlKeys {
    database: Database,
}

impl SqlKeys {
    pub async fn open(database: Database) -> Result<Self> {
        database.migrate(MIGRATIONS).await?;
        Ok(Self { database })
    }

    async fn select(&self, by: &str, keys: impl Iterator<Item = Vec<u8>>) -> Result<Vec<SubjectRow>> {
        let keys: Vec<Vec<u8>> = keys.collect();
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(ROWS) {
            let sql = format!("SELECT lookup, subject, wrapped FROM subject_keys WHERE {by} IN ({})", list(chunk.len()));
            for row in self.database.rows(&sql, chunk.iter().map(|k| Sql::from(k.clone())).collect()).await? {
                found.push(subject(&row)?);
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Keys for SqlKeys {
    async fn by_lookup(&self, lookups: &[[u8; 16]]) -> Result<Vec<SubjectRow>> {
        self.select("lookup", lookups.iter().map(|l| l.to_vec())).await
    }

    async fn by_subject(&self, subjects: &[Uuid]) -> Result<Vec<SubjectRow>> {
        self.select("subject", subjects.iter().map(|s| s.as_bytes().to_vec())).await
    }

    async fn insert(&self, mut rows: Vec<SubjectRow>) -> Result<Vec<SubjectRow>> {
        // In one order everywhere: nodes that insert the same subjects at once wait for each other instead of deadlocking.
        rows.sort_unstable_by_key(|r| r.lookup);
        let unit = self.database.begin().await?;
        for chunk in rows.chunks(ROWS) {
            let sql = format!("INSERT INTO subject_keys (lookup, subject, wrapped) VALUES {} ON CONFLICT (lookup) DO NOTHING", placeholders(chunk.len(), 3));
            let row = |r: &SubjectRow| [r.lookup.to_vec().into(), r.subject.as_bytes().to_vec().into(), r.wrapped.clone().into()];
            unit.execute(&sql, chunk.iter().flat_map(row).collect()).await?;
        }
        unit.commit().await?;
        self.by_lookup(&rows.iter().map(|r| r.lookup).collect::<Vec<_>>()).await
    }

    async fn erase(&self, subjects: &[Uuid]) -> Result<u64> {
        let unit = self.database.begin().await?;
        let mut erased = 0;
        for chunk in subjects.chunks(ROWS) {
            let sql = format!("UPDATE subject_keys SET wrapped = NULL WHERE wrapped IS NOT NULL AND subject IN ({})", list(chunk.len()));
            erased += unit.execute(&sql, chunk.iter().map(|s| Sql::from(s.as_bytes().to_vec())).collect()).await?;
        }
        unit.commit().await?;
        // Also where nothing was left to erase: an earlier try may have stopped in between.
        self.database.scrub(&["subject_keys"]).await?;
        Ok(erased)
    }

    async fn secret(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let rows = self.database.rows("SELECT wrapped FROM secrets WHERE name = $1", vec![name.into()]).await?;
        rows.first().map(|row| column(row, "wrapped")).transpose()
    }

    async fn set_secret(&self, name: &str, wrapped: &[u8]) -> Result<()> {
        let sql = "INSERT INTO secrets (name, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        if self.database.execute(sql, vec![name.into(), wrapped.to_vec().into()]).await? == 0 {
            return Err(StoreError::Conflict(format!("the secret {name} is set already")));
        }
        Ok(())
    }
}

fn list(len: usize) -> String {
    (1..=len).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

fn subject(row: &QueryResult) -> Result<SubjectRow> {
    let damaged = |why: &str| StoreError::Damaged { what: "subject_keys".to_owned(), why: why.to_owned() };
    Ok(SubjectRow {
        lookup: column::<Vec<u8>>(row, "lookup")?.try_into().map_err(|_| damaged("a look-up is not 16 bytes"))?,
        subject: Uuid::from_slice(&column::<Vec<u8>>(row, "subject")?).map_err(|_| damaged("a subject is not 16 bytes"))?,
        wrapped: column(row, "wrapped")?,
    })
}
