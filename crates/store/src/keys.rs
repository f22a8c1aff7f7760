//! Wrapped subject keys, in a store of their own, backed up apart.

use crate::Result;
use async_trait::async_trait;
use uuid::Uuid;

pub(crate) use sql::MIGRATIONS;
pub use sql::SqlKeys;

mod sql;

/// A subject's row: found by the keyed hash of how its source names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRow {
    /// Keyed hash of (source, kind, vendor id).
    pub lookup: [u8; 16],
    pub subject: Uuid,
    /// The subject's key under a key-encryption key; `None` once erased.
    pub wrapped: Option<Vec<u8>>,
}

/// A wrapped key under another key-encryption key than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrapped {
    pub lookup: [u8; 16],
    pub before: Vec<u8>,
    pub after: Vec<u8>,
}

/// The key store. Inserting is durable before it answers: an event may only name subjects whose keys survive.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Rows for these look-ups; missing ones are left out.
    async fn by_lookup(&self, lookups: &[[u8; 16]]) -> Result<Vec<SubjectRow>>;
    async fn by_subject(&self, subjects: &[Uuid]) -> Result<Vec<SubjectRow>>;
    /// Inserts new rows, wrapped by the key-encryption key `under`; for look-ups another node inserted first, answers the row that is there.
    ///
    /// # Errors
    /// `Conflict` when new rows are to be under another one by now: wrap them anew.
    async fn insert(&self, under: Option<Uuid>, rows: Vec<SubjectRow>) -> Result<Vec<SubjectRow>>;
    /// The key-encryption key that new rows are under; `None`: the one derived from the master secret.
    async fn wrapped_under(&self) -> Result<Option<Uuid>>;
    /// New rows are under `to` from now on, those of every other node included: once this answers, no row comes under `from` any more.
    ///
    /// # Errors
    /// `Conflict` when they are not under `from`.
    async fn wrap_under(&self, from: Option<Uuid>, to: Uuid) -> Result<()>;
    /// Rows that hold a key, in the order of their look-ups, after this one.
    async fn walk(&self, after: Option<[u8; 16]>, limit: u64) -> Result<Vec<SubjectRow>>;
    /// How many rows hold a key.
    async fn count(&self) -> Result<u64>;
    /// Replaces wrapped keys, each where it is still the one that was read: one that was erased meanwhile stays erased. How many were replaced.
    async fn rewrap(&self, rows: &[Rewrapped]) -> Result<u64>;
    /// Leaves nothing of wrapped keys that were replaced in pages and logs of the store.
    async fn scrub(&self) -> Result<()>;
    /// Destroys the wrapped keys; they are in no page and no log of the store afterwards. How many there were.
    async fn erase(&self, subjects: &[Uuid]) -> Result<u64>;
    /// A small named secret of the installation (wrapped salts and token keys): set once.
    async fn secret(&self, name: &str) -> Result<Option<Vec<u8>>>;
    async fn set_secret(&self, name: &str, wrapped: &[u8]) -> Result<()>;
}
