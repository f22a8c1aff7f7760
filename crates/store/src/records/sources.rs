//! Sources as configured, and their secrets in a table of their own: sealed, and never read together with the settings.

use super::row::{id, id_value, json, json_value, word};
use crate::{
    Result, StoreError,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::{Micros, Source, SourceState};
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "sources_1",
    statements: &[
        "CREATE TABLE sources (id BYTEA PRIMARY KEY, name TEXT NOT NULL UNIQUE, connector TEXT NOT NULL, title TEXT NOT NULL, settings TEXT NOT NULL, \
            state TEXT NOT NULL, created BIGINT NOT NULL)",
        "CREATE TABLE source_secrets (source BYTEA PRIMARY KEY REFERENCES sources (id), sealed BYTEA NOT NULL, updated BIGINT NOT NULL)",
    ],
}];

const SELECT: &str = "SELECT id, name, connector, title, settings, state, created FROM sources";

/// An organisation has tens of sources, so lists are whole.
#[async_trait]
pub trait Sources {
    /// `Conflict` when the name is taken.
    async fn add_source(&self, source: &Source) -> Result<()>;
    async fn source(&self, id: Uuid) -> Result<Option<Source>>;
    async fn source_named(&self, name: &str) -> Result<Option<Source>>;
    /// All, by title.
    async fn sources(&self) -> Result<Vec<Source>>;
    /// Writes title, settings and state; name and connector never change.
    async fn change_source(&self, source: &Source) -> Result<()>;
    /// Replaces the sealed secrets.
    async fn put_source_secrets(&self, source: Uuid, sealed: &[u8], now: Micros) -> Result<()>;
    async fn source_secrets(&self, source: Uuid) -> Result<Option<Vec<u8>>>;
}

#[async_trait]
impl<H: Handle + ?Sized> Sources for H {
    async fn add_source(&self, source: &Source) -> Result<()> {
        let values = vec![
            id_value(source.id),
            source.name.as_str().into(),
            source.connector.as_str().into(),
            source.title.as_str().into(),
            json_value(&source.settings)?,
            state_name(source.state).into(),
            source.created.into(),
        ];
        let sql = "INSERT INTO sources (id, name, connector, title, settings, state, created) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        match self.execute(sql, values).await? {
            0 => Err(StoreError::Conflict(format!("a source named '{}' is there already", source.name))),
            _ => Ok(()),
        }
    }

    async fn source(&self, id: Uuid) -> Result<Option<Source>> {
        self.rows(&format!("{SELECT} WHERE id = $1"), vec![id_value(id)]).await?.first().map(read).transpose()
    }

    async fn source_named(&self, name: &str) -> Result<Option<Source>> {
        self.rows(&format!("{SELECT} WHERE name = $1"), vec![name.into()]).await?.first().map(read).transpose()
    }

    async fn sources(&self) -> Result<Vec<Source>> {
        self.rows(&format!("{SELECT} ORDER BY title, name"), vec![]).await?.iter().map(read).collect()
    }

    async fn change_source(&self, source: &Source) -> Result<()> {
        let values = vec![id_value(source.id), source.title.as_str().into(), json_value(&source.settings)?, state_name(source.state).into()];
        match self.execute("UPDATE sources SET title = $2, settings = $3, state = $4 WHERE id = $1", values).await? {
            0 => Err(StoreError::NotFound(format!("source {}", source.id))),
            _ => Ok(()),
        }
    }

    async fn put_source_secrets(&self, source: Uuid, sealed: &[u8], now: Micros) -> Result<()> {
        let sql = "INSERT INTO source_secrets (source, sealed, updated) VALUES ($1, $2, $3) \
            ON CONFLICT (source) DO UPDATE SET sealed = excluded.sealed, updated = excluded.updated";
        self.execute(sql, vec![id_value(source), sealed.to_vec().into(), now.into()]).await.map(drop)
    }

    async fn source_secrets(&self, source: Uuid) -> Result<Option<Vec<u8>>> {
        let rows = self.rows("SELECT sealed FROM source_secrets WHERE source = $1", vec![id_value(source)]).await?;
        rows.first().map(|row| column(row, "sealed")).transpose()
    }
}

fn state_name(state: SourceState) -> &'static str {
    match state {
        SourceState::Active => "active",
        SourceState::Paused => "paused",
    }
}

fn read(row: &QueryResult) -> Result<Source> {
    Ok(Source {
        id: id(row, "id")?,
        name: column(row, "name")?,
        connector: column(row, "connector")?,
        title: column(row, "title")?,
        settings: json(row, "settings")?,
        state: word(row, "state", |s| [SourceState::Active, SourceState::Paused].into_iter().find(|state| state_name(*state) == s))?,
        created: column(row, "created")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{IngestKey, IngestKeys, testing::databases};

    #[tokio::test]
    async fn a_source_its_secrets_and_its_keys() {
        for db in databases().await {
            let settings = serde_json::json!({"url": "https://crm.example"}).as_object().unwrap().clone();
            let source = Source {
                id: Uuid::from_u128(1),
                name: "crm-sales".into(),
                connector: "creme".into(),
                title: "Sales".into(),
                settings,
                state: SourceState::Active,
                created: 5,
            };
            db.add_source(&source).await.unwrap();
            let again = Source { id: Uuid::from_u128(2), ..source.clone() };
            assert!(matches!(db.add_source(&again).await, Err(StoreError::Conflict(_))));
            let paused = Source { state: SourceState::Paused, title: "Sales EU".into(), ..source.clone() };
            db.change_source(&paused).await.unwrap();
            assert_eq!(db.source_named("crm-sales").await.unwrap(), Some(paused.clone()));
            assert_eq!(db.sources().await.unwrap(), [paused]);
            assert_eq!(db.source_secrets(source.id).await.unwrap(), None);
            for sealed in [&[1_u8][..], &[2, 3]] {
                db.put_source_secrets(source.id, sealed, 6).await.unwrap();
            }
            assert_eq!(db.source_secrets(source.id).await.unwrap(), Some(vec![2, 3]));

            let key = IngestKey { id: Uuid::from_u128(3), source: source.id, name: "proxy".into(), hash: [4; 32], created: 7, last_used: None, revoked: None };
            db.add_ingest_key(&key).await.unwrap();
            db.ingest_key_used(key.id, 8).await.unwrap();
            assert!(!db.revoke_ingest_key(Uuid::from_u128(9), key.id, 9).await.unwrap(), "another source's key");
            assert!(db.revoke_ingest_key(source.id, key.id, 9).await.unwrap());
            assert!(!db.revoke_ingest_key(source.id, key.id, 10).await.unwrap());
            assert_eq!(db.ingest_keys(source.id).await.unwrap(), [IngestKey { last_used: Some(8), revoked: Some(9), ..key }]);
        }
    }
}
