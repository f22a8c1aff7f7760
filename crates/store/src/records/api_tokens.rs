//! Tokens with which members' programs call the API. Only their hashes are kept.

use super::row::{damaged, id, id_value, json, json_value};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::Micros;
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "api_tokens_1",
        statements: &[
            "CREATE TABLE api_tokens (id BYTEA PRIMARY KEY, member BYTEA NOT NULL, name TEXT NOT NULL, hash BYTEA NOT NULL, operations TEXT NOT NULL, \
            created BIGINT NOT NULL, expires BIGINT NOT NULL, last_used BIGINT, revoked BIGINT)",
            "CREATE INDEX api_tokens_member ON api_tokens (member)",
        ],
    },
    Migration {
        name: "api_tokens_2",
        statements: &["ALTER TABLE api_tokens ADD COLUMN before_hash BYTEA", "ALTER TABLE api_tokens ADD COLUMN before_until BIGINT"],
    },
];

const SELECT: &str = "SELECT id, member, name, hash, before_hash, before_until, operations, created, expires, last_used, revoked FROM api_tokens";

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    pub id: Uuid,
    pub member: Uuid,
    pub name: String,
    /// SHA-256 of the secret: 32 random bytes need no slow hash.
    pub hash: [u8; 32],
    /// The secret before it, and until when that still opens.
    pub before: Option<([u8; 32], Micros)>,
    /// What it may be used for, by the operations' names.
    pub operations: Vec<String>,
    pub created: Micros,
    pub expires: Micros,
    pub last_used: Option<Micros>,
    pub revoked: Option<Micros>,
}

#[async_trait]
pub trait ApiTokens {
    async fn add_api_token(&self, token: &ApiToken) -> Result<()>;
    /// Revoked and expired ones too.
    async fn api_token(&self, id: Uuid) -> Result<Option<ApiToken>>;
    /// A member's, oldest first, revoked and expired ones too.
    async fn api_tokens_of(&self, member: Uuid) -> Result<Vec<ApiToken>>;
    /// Writes the secrets, when it was made and until when it lasts; false when the member has no such token that is not revoked.
    async fn rotate_api_token(&self, token: &ApiToken) -> Result<bool>;
    /// Whether the member had such a token that was not revoked yet.
    async fn revoke_api_token(&self, member: Uuid, id: Uuid, now: Micros) -> Result<bool>;
    async fn revoke_api_tokens_of(&self, member: Uuid, now: Micros) -> Result<u64>;
    async fn api_token_used(&self, id: Uuid, now: Micros) -> Result<()>;
}

#[async_trait]
impl<H: Handle + ?Sized> ApiTokens for H {
    async fn add_api_token(&self, token: &ApiToken) -> Result<()> {
        let values = vec![
            id_value(token.id),
            id_value(token.member),
            token.name.as_str().into(),
            token.hash.to_vec().into(),
            json_value(&token.operations)?,
            token.created.into(),
            token.expires.into(),
        ];
        let sql = "INSERT INTO api_tokens (id, member, name, hash, operations, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        self.execute(sql, values).await.map(drop)
    }

    async fn api_token(&self, id: Uuid) -> Result<Option<ApiToken>> {
        self.rows(&format!("{SELECT} WHERE id = $1"), vec![id_value(id)]).await?.first().map(read).transpose()
    }

    async fn api_tokens_of(&self, member: Uuid) -> Result<Vec<ApiToken>> {
        self.rows(&format!("{SELECT} WHERE member = $1 ORDER BY created, id"), vec![id_value(member)]).await?.iter().map(read).collect()
    }

    async fn rotate_api_token(&self, token: &ApiToken) -> Result<bool> {
        let sql = "UPDATE api_tokens SET hash = $3, created = $4, expires = $5, before_hash = $6, before_until = $7 \
            WHERE member = $1 AND id = $2 AND revoked IS NULL";
        let values = vec![
            id_value(token.member),
            id_value(token.id),
            token.hash.to_vec().into(),
            token.created.into(),
            token.expires.into(),
            token.before.map(|(hash, _)| hash.to_vec()).into(),
            token.before.map(|(_, until)| until).into(),
        ];
        Ok(self.execute(sql, values).await? == 1)
    }

    async fn revoke_api_token(&self, member: Uuid, id: Uuid, now: Micros) -> Result<bool> {
        let sql = "UPDATE api_tokens SET revoked = $3 WHERE member = $1 AND id = $2 AND revoked IS NULL";
        Ok(self.execute(sql, vec![id_value(member), id_value(id), now.into()]).await? == 1)
    }

    async fn revoke_api_tokens_of(&self, member: Uuid, now: Micros) -> Result<u64> {
        self.execute("UPDATE api_tokens SET revoked = $2 WHERE member = $1 AND revoked IS NULL", vec![id_value(member), now.into()]).await
    }

    async fn api_token_used(&self, id: Uuid, now: Micros) -> Result<()> {
        self.execute("UPDATE api_tokens SET last_used = $2 WHERE id = $1", vec![id_value(id), now.into()]).await.map(drop)
    }
}

fn read(row: &QueryResult) -> Result<ApiToken> {
    let hash = |bytes: Vec<u8>| bytes.try_into().map_err(|_| damaged("hash", "it is not 32 bytes"));
    let before = column::<Option<Vec<u8>>>(row, "before_hash")?.map(hash).transpose()?;
    Ok(ApiToken {
        id: id(row, "id")?,
        member: id(row, "member")?,
        name: column(row, "name")?,
        hash: hash(column(row, "hash")?)?,
        before: before.zip(column(row, "before_until")?),
        operations: json(row, "operations")?,
        created: column(row, "created")?,
        expires: column(row, "expires")?,
        last_used: column(row, "last_used")?,
        revoked: column(row, "revoked")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn a_token_is_its_members_until_it_is_revoked() {
        for db in databases().await {
            let (ann, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
            let token = |n: u128| ApiToken {
                id: Uuid::from_u128(n),
                member: ann,
                name: "SIEM".into(),
                hash: [1; 32],
                before: None,
                operations: vec!["events.search".into()],
                created: 10,
                expires: 100,
                last_used: None,
                revoked: None,
            };
            db.add_api_token(&token(3)).await.unwrap();
            db.add_api_token(&token(4)).await.unwrap();
            let mut rotated = ApiToken { hash: [2; 32], before: Some(([1; 32], 60)), created: 40, expires: 200, ..token(3) };
            assert!(!db.rotate_api_token(&ApiToken { member: bob, ..rotated.clone() }).await.unwrap());
            assert!(db.rotate_api_token(&rotated).await.unwrap());
            db.api_token_used(token(3).id, 50).await.unwrap();
            rotated.last_used = Some(50);
            assert_eq!(db.api_tokens_of(ann).await.unwrap(), [token(4), rotated.clone()]);
            assert!(!db.revoke_api_token(bob, token(3).id, 60).await.unwrap());
            assert!(db.revoke_api_token(ann, token(3).id, 60).await.unwrap());
            assert!(!db.revoke_api_token(ann, token(3).id, 70).await.unwrap());
            assert!(!db.rotate_api_token(&rotated).await.unwrap(), "revoked for good");
            assert_eq!(db.revoke_api_tokens_of(ann, 80).await.unwrap(), 1);
            assert_eq!(db.api_token(token(3).id).await.unwrap().unwrap().revoked, Some(60));
        }
    }
}
