//! Subject keys in SQLite or PostgreSQL.

use super::{Keys, Rewrapped, SubjectRow};
use crate::{
    Result, StoreError,
    sql::{Database, Handle, Migration, column, placeholders},
};
use async_trait::async_trait;
use sea_orm::{DbBackend, QueryResult, Value as Sql};
use uuid::Uuid;

/// Rows per statement: three values each stay far below SQLite's 32,766 and PostgreSQL's 65,535 parameters.
const ROWS: usize = 1_000;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "keys_1",
        statements: &[
            "CREATE TABLE subject_keys (lookup BYTEA PRIMARY KEY, subject BYTEA NOT NULL UNIQUE, wrapped BYTEA)",
            "CREATE TABLE secrets (name TEXT PRIMARY KEY, wrapped BYTEA NOT NULL)",
        ],
    },
    Migration {
        name: "keys_2",
        statements: &[
            "CREATE TABLE wrapped_under (one INTEGER PRIMARY KEY CHECK (one = 1), kek BYTEA)",
            "INSERT INTO wrapped_under (one, kek) VALUES (1, NULL)",
        ],
    },
];

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

    async fn insert(&self, under: Option<Uuid>, mut rows: Vec<SubjectRow>) -> Result<Vec<SubjectRow>> {
        // In one order everywhere: nodes that insert the same subjects at once wait for each other instead of deadlocking.
        rows.sort_unstable_by_key(|r| r.lookup);
        let unit = self.database.begin().await?;
        // Held until the rows are there: on SQLite the unit is the only writer, on PostgreSQL it holds the row against a change.
        let held = if unit.backend() == DbBackend::Sqlite { "" } else { " FOR SHARE" };
        let now = kek(&unit.rows(&format!("SELECT kek FROM wrapped_under{held}"), vec![]).await?)?;
        if now != under {
            unit.rollback().await?;
            return Err(StoreError::Conflict("new keys are wrapped by another key-encryption key by now".into()));
        }
        for chunk in rows.chunks(ROWS) {
            let sql = format!("INSERT INTO subject_keys (lookup, subject, wrapped) VALUES {} ON CONFLICT (lookup) DO NOTHING", placeholders(chunk.len(), 3));
            let row = |r: &SubjectRow| [r.lookup.to_vec().into(), r.subject.as_bytes().to_vec().into(), r.wrapped.clone().into()];
            unit.execute(&sql, chunk.iter().flat_map(row).collect()).await?;
        }
        unit.commit().await?;
        self.by_lookup(&rows.iter().map(|r| r.lookup).collect::<Vec<_>>()).await
    }

    async fn wrapped_under(&self) -> Result<Option<Uuid>> {
        kek(&self.database.rows("SELECT kek FROM wrapped_under", vec![]).await?)
    }

    async fn wrap_under(&self, from: Option<Uuid>, to: Uuid) -> Result<()> {
        let bytes = |id: Uuid| id.as_bytes().to_vec();
        let sql = "UPDATE wrapped_under SET kek = $1 WHERE kek IS NOT DISTINCT FROM $2";
        if self.database.execute(sql, vec![bytes(to).into(), from.map(bytes).into()]).await? == 0 {
            return Err(StoreError::Conflict("another key-encryption key was put in force meanwhile".into()));
        }
        Ok(())
    }

    async fn walk(&self, after: Option<[u8; 16]>, limit: u64) -> Result<Vec<SubjectRow>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = match after {
            None => {
                self.database.rows("SELECT lookup, subject, wrapped FROM subject_keys WHERE wrapped IS NOT NULL ORDER BY lookup LIMIT $1", vec![limit.into()])
            }
            Some(after) => self.database.rows(
                "SELECT lookup, subject, wrapped FROM subject_keys WHERE lookup > $1 AND wrapped IS NOT NULL ORDER BY lookup LIMIT $2",
                vec![after.to_vec().into(), limit.into()],
            ),
        };
        rows.await?.iter().map(subject).collect()
    }

    async fn count(&self) -> Result<u64> {
        let rows = self.database.rows("SELECT COUNT(*) AS n FROM subject_keys WHERE wrapped IS NOT NULL", vec![]).await?;
        rows.first().map_or(Ok(0), |row| Ok(column::<i64>(row, "n")?.unsigned_abs()))
    }

    async fn rewrap(&self, rows: &[Rewrapped]) -> Result<u64> {
        let unit = self.database.begin().await?;
        let mut replaced = 0;
        for chunk in rows.chunks(ROWS) {
            // Both databases call the columns of VALUES column1, column2 and so on.
            let sql = format!(
                "UPDATE subject_keys SET wrapped = v.column3 FROM (VALUES {}) AS v WHERE subject_keys.lookup = v.column1 AND subject_keys.wrapped = v.column2",
                placeholders(chunk.len(), 3)
            );
            let row = |r: &Rewrapped| [Sql::from(r.lookup.to_vec()), r.before.clone().into(), r.after.clone().into()];
            replaced += unit.execute(&sql, chunk.iter().flat_map(row).collect()).await?;
        }
        unit.commit().await?;
        Ok(replaced)
    }

    async fn scrub(&self) -> Result<()> {
        self.database.scrub(&["subject_keys"]).await
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

fn kek(rows: &[QueryResult]) -> Result<Option<Uuid>> {
    let damaged = |why: &str| StoreError::Damaged { what: "wrapped_under".to_owned(), why: why.to_owned() };
    let row = rows.first().ok_or_else(|| damaged("its row is gone"))?;
    let id = column::<Option<Vec<u8>>>(row, "kek")?;
    id.map(|id| Uuid::from_slice(&id).map_err(|_| damaged("an id is not 16 bytes"))).transpose()
}

fn subject(row: &QueryResult) -> Result<SubjectRow> {
    let damaged = |why: &str| StoreError::Damaged { what: "subject_keys".to_owned(), why: why.to_owned() };
    Ok(SubjectRow {
        lookup: column::<Vec<u8>>(row, "lookup")?.try_into().map_err(|_| damaged("a look-up is not 16 bytes"))?,
        subject: Uuid::from_slice(&column::<Vec<u8>>(row, "subject")?).map_err(|_| damaged("a subject is not 16 bytes"))?,
        wrapped: column(row, "wrapped")?,
    })
}
