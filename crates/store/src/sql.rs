//! One way to speak SQL to SQLite and PostgreSQL: statements written once with `$1` placeholders.

use crate::{Result, StoreError};
use async_trait::async_trait;
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel, QueryResult, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait, Value, sqlx::Executor,
};
use std::{path::Path, time::Duration};

pub(crate) use failure::{commit_failed, failed};
pub(crate) use migrate::Migration;

mod failure;
mod migrate;
mod sound;
mod verified;

/// How long a statement waits for another process's SQLite lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller waits for a connection before the store counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const SQLITE_READERS: u32 = 4;
const SCRUB_TRIES: u32 = 200;
const SCRUB_PAUSE: Duration = Duration::from_millis(50);
/// 4-KiB pages in the write-ahead log before they are copied into the database: 64 MB. A batch of the trail's tail lives for about a second; with the
/// usual 4 MB every one would be written twice.
const SQLITE_CHECKPOINT_PAGES: &str = "16000";
/// From this many values on, SQLite's placeholders are written without numbers.
const MANY_VALUES: usize = 16;
const POSTGRES_CONNECTIONS: u32 = 16;
/// How long PostgreSQL waits for the next statement of a transaction before it ends the session. A node that was stopped in the middle of one (a paused
/// machine, a network that is gone) would otherwise keep the head's row from all others for as long as it is stopped.
const POSTGRES_IDLE_IN_TRANSACTION: &str = "SET idle_in_transaction_session_timeout = '10s'";

/// An open database: a pool of connections, migrated.
#[derive(Clone, Debug)]
pub struct Database {
    /// Writes and units. On SQLite this is a single connection, so writers queue here instead of meeting `SQLITE_BUSY`.
    pub(crate) connection: DatabaseConnection,
    /// Plain reads: they must not wait for an open unit.
    readers: DatabaseConnection,
    /// How errors call it: `records`, `trail`, `keys`.
    pub(crate) what: &'static str,
}

/// A transaction. Dropped without [`Unit::commit`] it rolls back.
#[derive(Debug)]
pub struct Unit {
    pub(crate) transaction: DatabaseTransaction,
    pub(crate) what: &'static str,
}

/// What both offer inside this crate; the narrow traits of `records` are implemented for every handle.
#[async_trait]
pub trait Handle: Send + Sync {
    fn backend(&self) -> DbBackend;
    /// Runs a statement that changes something; the number of rows changed.
    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64>;
    /// Runs a query. On a [`Database`] a query that is not a `SELECT` (such as `INSERT ... RETURNING`) takes the writer.
    async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>>;
}

impl Database {
    /// Opens `sqlite://path?mode=rwc` (write-ahead log, full sync) or `postgres://...`. `what` names it in errors.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be reached, `Internal` for another kind of URL.
    pub async fn open(url: &str, what: &'static str) -> Result<Self> {
        if url.starts_with("sqlite:") {
            let connection = sqlite(url, 1, what).await?;
            let readers = sqlite(url, SQLITE_READERS, what).await?;
            return Ok(Self { connection, readers, what });
        }
        if !(url.starts_with("postgres:") || url.starts_with("postgresql:")) {
            return Err(StoreError::Internal(format!("the URL of {what} must start with sqlite:, postgres: or postgresql:")));
        }
        let mut options = ConnectOptions::new(url);
        options.max_connections(POSTGRES_CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
        options.map_sqlx_postgres_opts(verified::verified);
        options.map_sqlx_postgres_pool_opts(|pool| {
            pool.after_connect(|connection, _| Box::pin(async move { connection.execute(POSTGRES_IDLE_IN_TRANSACTION).await.map(|_| ()) }))
        });
        let connection = sea_orm::Database::connect(options).await.map_err(|e| failed(what, e))?;
        Ok(Self { readers: connection.clone(), connection, what })
    }

    /// Begins a transaction. On SQLite it takes the write lock at once: a later upgrade could not wait its turn.
    pub async fn begin(&self) -> Result<Unit> {
        let options = TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
        let transaction = self.connection.begin_with_options(options).await.map_err(|e| failed(self.what, e))?;
        Ok(Unit { transaction, what: self.what })
    }
}

impl Database {
    /// What SQLite finds wrong with the file, in its own words; empty when nothing is. Of a PostgreSQL server nothing is asked: it has tools of its own.
    pub async fn faults(&self) -> Result<Vec<String>> {
        if self.backend() != DbBackend::Sqlite {
            return Ok(Vec::new());
        }
        let said = self.rows("PRAGMA integrity_check(20)", vec![]).await?;
        let said: Vec<String> = said.iter().map(|row| column(row, "integrity_check")).collect::<Result<_>>()?;
        Ok(said.into_iter().filter(|line| line != "ok").collect())
    }
}

/// What errors call a copy.
const COPY: &str = "the copy of a database";

impl Database {
    /// A transaction that sees the database as of its first query, whatever is written meanwhile. It changes nothing.
    pub(crate) async fn snapshot(&self) -> Result<Unit> {
        let options = match self.backend() {
            DbBackend::Sqlite => TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred), ..Default::default() },
            _ => TransactionOptions { isolation_level: Some(IsolationLevel::RepeatableRead), access_mode: Some(AccessMode::ReadOnly), ..Default::default() },
        };
        let transaction = self.readers.begin_with_options(options).await.map_err(|e| failed(self.what, e))?;
        Ok(Unit { transaction, what: self.what })
    }

    /// A new SQLite file that only this process knows, without a log beside it: all of it is in the one file once [`Database::close`] answered.
    pub(crate) async fn new_file(file: &Path) -> Result<Self> {
        Self::alone(format!("sqlite://{}?mode=rwc", file.display())).await
    }

    /// An SQLite file that nobody changes.
    pub(crate) async fn unchanging(file: &Path) -> Result<Self> {
        Self::alone(format!("sqlite://{}?mode=ro&immutable=1", file.display())).await
    }

    async fn alone(url: String) -> Result<Self> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
        let connection = sea_orm::Database::connect(options).await.map_err(|e| failed(COPY, e))?;
        Ok(Self { readers: connection.clone(), connection, what: COPY })
    }

    pub(crate) async fn close(self) -> Result<()> {
        self.connection.close().await.map_err(|e| failed(self.what, e))
    }
}

impl Database {
    /// Leaves nothing of changed and deleted rows of these tables in pages and logs of the database: SQLite overwrites them as it goes and here empties
    /// its write-ahead log; PostgreSQL writes the tables anew, which shuts others out of them for that time. It would write on what somebody's older
    /// snapshot still sees, so such transactions are waited for first.
    ///
    /// # Errors
    /// `Unavailable` when a reader, a backup say, does not end meanwhile; then something may be left, and it is to be tried again.
    pub async fn scrub(&self, tables: &[&str]) -> Result<()> {
        if self.backend() == DbBackend::Sqlite {
            for _ in 0..SCRUB_TRIES {
                let rows = rows(&self.connection, self.what, "PRAGMA wal_checkpoint(TRUNCATE)", vec![]).await?;
                // Busy while a reader still needs the log.
                if rows.first().map_or(Ok(0), |row| column::<i64>(row, "busy"))? == 0 {
                    return Ok(());
                }
                tokio::time::sleep(SCRUB_PAUSE).await;
            }
            return Err(StoreError::Unavailable { what: self.what, why: "its write-ahead log is in use and could not be emptied".into() });
        }
        self.nobody_sees_the_past().await?;
        for table in tables {
            self.execute(&format!("VACUUM (FULL) {table}"), vec![]).await?;
        }
        Ok(())
    }

    /// Waits until no transaction of this PostgreSQL database sees rows as they were before now.
    async fn nobody_sees_the_past(&self) -> Result<()> {
        let now = self.rows("SELECT pg_current_xact_id()::text AS now", vec![]).await?;
        let now: String = now.first().map(|row| column(row, "now")).transpose()?.unwrap_or_default();
        let older = "SELECT COUNT(*) AS older FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
            AND GREATEST(age(backend_xmin), age(backend_xid)) >= age($1::xid8::xid)";
        for _ in 0..SCRUB_TRIES {
            let rows = self.rows(older, vec![now.as_str().into()]).await?;
            if rows.first().map_or(Ok(0), |row| column::<i64>(row, "older"))? == 0 {
                return Ok(());
            }
            tokio::time::sleep(SCRUB_PAUSE).await;
        }
        Err(StoreError::Unavailable { what: self.what, why: "a transaction is open that still sees what was erased; it is tried again".into() })
    }
}

async fn sqlite(url: &str, connections: u32, what: &'static str) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|o| {
        let o = o.busy_timeout(BUSY_TIMEOUT).foreign_keys(true).pragma("journal_mode", "WAL").pragma("synchronous", "FULL");
        // What is deleted is overwritten: an erased key or name must not lie on in a free page.
        o.pragma("wal_autocheckpoint", SQLITE_CHECKPOINT_PAGES).pragma("secure_delete", "ON")
    });
    options.map_sqlx_sqlite_pool_opts(sound::only);
    sea_orm::Database::connect(options).await.map_err(|e| failed(what, e))
}

impl Unit {
    /// # Errors
    /// `Unknown` when the answer did not arrive: find out what happened before anything else.
    pub async fn commit(self) -> Result<()> {
        let what = self.what;
        self.transaction.commit().await.map_err(|e| commit_failed(what, e))
    }

    /// For a transaction that rests between its statements, as a copy does while its other side works.
    pub(crate) async fn may_rest(&self) -> Result<()> {
        if self.backend() == DbBackend::Postgres {
            self.execute("SET LOCAL idle_in_transaction_session_timeout = 0", vec![]).await?;
        }
        Ok(())
    }

    pub async fn rollback(self) -> Result<()> {
        let what = self.what;
        self.transaction.rollback().await.map_err(|e| failed(what, e))
    }
}

#[async_trait]
impl Handle for Database {
    fn backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }
    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64> {
        execute(&self.connection, self.what, sql, values).await
    }
    async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
        let reads = sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
        rows(if reads { &self.readers } else { &self.connection }, self.what, sql, values).await
    }
}

#[async_trait]
impl Handle for Unit {
    fn backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }
    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64> {
        execute(&self.transaction, self.what, sql, values).await
    }
    async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
        rows(&self.transaction, self.what, sql, values).await
    }
}

fn statement(backend: DbBackend, sql: &str, values: Vec<Value>) -> Statement {
    let many = backend == DbBackend::Sqlite && values.len() > MANY_VALUES;
    match many.then(|| unnumbered(sql)).flatten() {
        Some(sql) => Statement::from_sql_and_values(backend, sql, values),
        None => Statement::from_sql_and_values(backend, sql, values),
    }
}

/// `$1, $2, $3` as `?, ?, ?`: SQLite keeps the names of numbered ones in a list and searches it for each value bound, which for thousands took more time
/// than storing them. `None` where the numbers do not count up by one.
fn unnumbered(sql: &str) -> Option<String> {
    let mut out = String::with_capacity(sql.len());
    let mut parts = sql.split('$');
    out.push_str(parts.next()?);
    for (number, part) in (1_usize..).zip(parts) {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (digits, rest) = part.split_at(digits);
        if digits.parse() != Ok(number) || rest.contains('\'') {
            return None;
        }
        out.push('?');
        out.push_str(rest);
    }
    Some(out)
}

async fn execute<C: ConnectionTrait>(connection: &C, what: &'static str, sql: &str, values: Vec<Value>) -> Result<u64> {
    let statement = statement(connection.get_database_backend(), sql, values);
    connection.execute_raw(statement).await.map(|done| done.rows_affected()).map_err(|e| failed(what, e))
}

async fn rows<C: ConnectionTrait>(connection: &C, what: &'static str, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
    let statement = statement(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await.map_err(|e| failed(what, e))
}

/// A column of a row; another type than asked for is our fault.
pub(crate) fn column<T: sea_orm::TryGetable>(row: &QueryResult, name: &str) -> Result<T> {
    row.try_get("", name).map_err(|e| StoreError::Internal(format!("column {name}: {e}")))
}

/// `($1, $2), ($3, $4)`: placeholders for `rows` rows of `columns` values.
pub(crate) fn placeholders(rows: usize, columns: usize) -> String {
    let row = |r: usize| format!("({})", (1..=columns).map(|c| format!("${}", r * columns + c)).collect::<Vec<_>>().join(", "));
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_somebody_still_sees_is_waited_for() {
        for db in crate::records::testing::databases().await {
            let unit = db.begin().await.unwrap();
            unit.execute("INSERT INTO settings (name, value) VALUES ($1, $2)", vec!["open".into(), "still".into()]).await.unwrap();
            if db.backend() == DbBackend::Postgres {
                let scrubbed = tokio::time::timeout(Duration::from_millis(500), db.scrub(&["directory_groups"])).await;
                assert!(scrubbed.is_err(), "somebody still sees what was");
            }
            unit.rollback().await.unwrap();
            db.scrub(&["directory_groups"]).await.unwrap();
        }
    }

    #[test]
    fn only_placeholders_that_count_up_lose_their_numbers() {
        assert_eq!(unnumbered("SELECT a WHERE b = $1 AND c IN ($2, $3)").as_deref(), Some("SELECT a WHERE b = ? AND c IN (?, ?)"));
        assert_eq!(unnumbered(&format!("INSERT INTO t VALUES {}", placeholders(2, 2))).as_deref(), Some("INSERT INTO t VALUES (?, ?), (?, ?)"));
        for sql in ["UPDATE t SET a = $2 WHERE b = $1", "SELECT $1, $1", "SELECT $1 WHERE a = '$2'"] {
            assert_eq!(unnumbered(sql), None, "{sql}");
        }
    }
}
