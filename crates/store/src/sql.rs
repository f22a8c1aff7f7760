//! One way to speak SQL to SQLite and PostgreSQL: statements written once with `$1` placeholders.

use crate::Result;
use async_trait::async_trait;
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, Value};

/// An open database: a pool of connections, migrated.
#[derive(Clone, Debug)]
pub struct Database {
    pub(crate) connection: DatabaseConnection,
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
    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64>;
    async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>>;
}
