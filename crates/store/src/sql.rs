//! One way to speak SQL to SQLite and PostgreSQL: statements written once with `$1` placeholders.

use crate::{Result, StoreError};
use async_trait::async_trait;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, Value,
};
use std::time::Duration;

pub(crate) use failure::{commit_failed, failed};
pub(crate) use migrate::Migration;

mod failure;
mod migrate;

/// How long a statement waits for another process's SQLite lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller waits for a connection before the store counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

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

async fn sqlite(url: &str, connections: u32, what: &'static str) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|o| o.busy_timeout(BUSY_TIMEOUT).foreign_keys(true).pragma("journal_mode", "WAL").pragma("synchronous", "FULL"));
    sea_orm::Database::connect(options).await.map_err(|e| failed(what, e))
}

impl Unit {
    /// # Errors
    /// `Unknown` when the answer did not arrive: find out what happened before anything else.
    pub async fn commit(self) -> Result<()> {
        let what = self.what;
        self.transaction.commit().await.map_err(|e| commit_failed(what, e))
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

async fn execute<C: ConnectionTrait>(connection: &C, what: &'static str, sql: &str, values: Vec<Value>) -> Result<u64> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.execute_raw(statement).await.map(|done| done.rows_affected()).map_err(|e| failed(what, e))
}

async fn rows<C: ConnectionTrait>(connection: &C, what: &'static str, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
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
