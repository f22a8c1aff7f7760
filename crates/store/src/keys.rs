//! Wrapped subject keys, in a store of their own, backed up apart.

use crate::Result;
use async_trait::async_trait;
use uuid::Uuid;

pub use sql::SqlKeys;

mod sql;

/// A subject's row: found by the keyed hash of how its source names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRow {
    /// Keyed hash of (source, kind, vendor id).
    pub lookup: [u8; 16],
    pub subject: Uuid,
    /// The subject's key under the key-encryption key; `None` once erased.
    pub wrapped: Option<Vec<u8>>,
}

/// The key store. Inserting is durable before it answers: an event may only name subjects whose keys survive.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Rows for these look-ups; missing ones are left out.
    async fn by_lookup(&self, lookups: &[[u8; 16]]) -> Result<Vec<SubjectRow>>;
    async fn by_subject(&self, subjects: &[Uuid]) -> Result<Vec<SubjectRow>>;
    /// Inserts new rows; for look-ups another node inserted first, answers the row that is there.
    async fn insert(&self, rows: Vec<SubjectRow>) -> Result<Vec<SubjectRow>>;
    /// Destroys the wrapped keys; they are in no page and no log of the store afterwards. How many there were.
    async fn erase(&self, subjects: &[Uuid]) -> Result<u64>;
    /// A small named secret of the installation (wrapped salts and token keys): set once.
    async fn secret(&self, name: &str) -> Result<Option<Vec<u8>>>;
    async fn set_secret(&self, name: &str, wrapped: &[u8]) -> Result<()>;
}
