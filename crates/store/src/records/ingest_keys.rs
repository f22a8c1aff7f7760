//! Keys with which a sender pushes records to one source. Only their hashes are kept.

use super::row::{damaged, id, id_value};
use crate::{
    Result, StoreError,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::Micros;
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "ingest_keys_1",
    statements: &[
        "CREATE TABLE ingest_keys (id BYTEA PRIMARY KEY, source BYTEA NOT NULL REFERENCES sources (id), name TEXT NOT NULL, hash BYTEA NOT NULL, \
            created BIGINT NOT NULL, last_used BIGINT, revoked BIGINT)",
        "CREATE INDEX ingest_keys_source ON ingest_keys (source)",
    ],
}];

const SELECT: &str = "SELECT id, source, name, hash, created, last_used, revoked FROM ingest_keys";

/// An ingest key without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestKey {
    pub id: Uuid,
    pub source: Uuid,
    pub name: String,
    /// SHA-256 of the key's secret: 32 random bytes need no slow hash.
    pub hash: [u8; 32],
    pub created: Micros,
    pub last_used: Option<Micros>,
    pub revoked: Option<Micros>,
}

#[async_trait]
pub trait IngestKeys {
    async fn add_ingest_key(&self, key: &IngestKey) -> Result<()>;
    /// Revoked ones too.
    async fn ingest_key(&self, id: Uuid) -> Result<Option<IngestKey>>;
    /// A source's keys, oldest first, revoked ones too.
    async fn ingest_keys(&self, source: Uuid) -> Result<Vec<IngestKey>>;
    /// Whether the key was there and not revoked yet.
    async fn revoke_ingest_key(&self, source: Uuid, id: Uuid, now: Micros) -> Result<bool>;
    async fn ingest_key_used(&self, id: Uuid, now: Micros) -> Result<()>;
}

#[async_trait]
impl<H: Handle + ?Sized> IngestKeys for H {
    async fn add_ingest_key(&self, key: &IngestKey) -> Result<()> {
        let values = vec![id_value(key.id), id_value(key.source), key.name.as_str().into(), key.hash.to_vec().into(), key.created.into()];
        let sql = "INSERT INTO ingest_keys (id, source, name, hash, created) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        match self.execute(sql, values).await? {
            0 => Err(StoreError::Conflict(format!("the ingest key {} is there already", key.id))),
            _ => Ok(()),
        }
    }

    async fn ingest_key(&self, id: Uuid) -> Result<Option<IngestKey>> {
        self.rows(&format!("{SELECT} WHERE id = $1"), vec![id_value(id)]).await?.first().map(read).transpose()
    }

    async fn ingest_keys(&self, source: Uuid) -> Result<Vec<IngestKey>> {
        self.rows(&format!("{SELECT} WHERE source = $1 ORDER BY created, id"), vec![id_value(source)]).await?.iter().map(read).collect()
    }

    async fn revoke_ingest_key(&self, source: Uuid, id: Uuid, now: Micros) -> Result<bool> {
        let sql = "UPDATE ingest_keys SET revoked = $3 WHERE source = $1 AND id = $2 AND revoked IS NULL";
        Ok(self.execute(sql, vec![id_value(source), id_value(id), now.into()]).await? > 0)
    }

    async fn ingest_key_used(&self, id: Uuid, now: Micros) -> Result<()> {
        self.execute("UPDATE ingest_keys SET last_used = $2 WHERE id = $1", vec![id_value(id), now.into()]).await.map(drop)
    }
}

fn read(row: &QueryResult) -> Result<IngestKey> {
    Ok(IngestKey {
        id: id(row, "id")?,
        source: id(row, "source")?,
        name: column(row, "name")?,
        hash: column::<Vec<u8>>(row, "hash")?.try_into().map_err(|_| damaged("hash", "it is not 32 bytes"))?,
        created: column(row, "created")?,
        last_used: column(row, "last_used")?,
        revoked: column(row, "revoked")?,
    })
}
