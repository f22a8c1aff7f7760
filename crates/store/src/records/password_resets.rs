//! Links that let a member choose another password, by the hash of their token.

use super::row::{id, id_value};
use crate::{
    Result,
    sql::{Handle, Migration},
};
use async_trait::async_trait;
use model::Micros;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "password_resets_1",
    statements: &["CREATE TABLE password_resets (hash BYTEA PRIMARY KEY, member BYTEA NOT NULL, expires BIGINT NOT NULL)"],
}];

#[async_trait]
pub trait PasswordResets {
    /// In the place of earlier ones of this member. `hash` is SHA-256 of the token in the link.
    async fn put_password_reset(&self, member: Uuid, hash: &[u8; 32], expires: Micros) -> Result<()>;
    /// Whose it is.
    async fn password_reset(&self, hash: &[u8; 32], now: Micros) -> Result<Option<Uuid>>;
    /// Uses it up; false when it was before.
    async fn use_password_reset(&self, hash: &[u8; 32]) -> Result<bool>;
}

#[async_trait]
impl<H: Handle + ?Sized> PasswordResets for H {
    async fn put_password_reset(&self, member: Uuid, hash: &[u8; 32], expires: Micros) -> Result<()> {
        self.execute("DELETE FROM password_resets WHERE member = $1", vec![id_value(member)]).await?;
        let sql = "INSERT INTO password_resets (hash, member, expires) VALUES ($1, $2, $3)";
        self.execute(sql, vec![hash.to_vec().into(), id_value(member), expires.into()]).await.map(drop)
    }

    async fn password_reset(&self, hash: &[u8; 32], now: Micros) -> Result<Option<Uuid>> {
        let sql = "SELECT member FROM password_resets WHERE hash = $1 AND expires > $2";
        self.rows(sql, vec![hash.to_vec().into(), now.into()]).await?.first().map(|row| id(row, "member")).transpose()
    }

    async fn use_password_reset(&self, hash: &[u8; 32]) -> Result<bool> {
        Ok(self.execute("DELETE FROM password_resets WHERE hash = $1", vec![hash.to_vec().into()]).await? == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn a_reset_is_used_once_and_a_new_one_replaces_the_old() {
        for db in databases().await {
            let ann = Uuid::from_u128(1);
            db.put_password_reset(ann, &[1; 32], 100).await.unwrap();
            db.put_password_reset(ann, &[2; 32], 100).await.unwrap();
            assert_eq!(db.password_reset(&[1; 32], 50).await.unwrap(), None);
            assert_eq!(db.password_reset(&[2; 32], 99).await.unwrap(), Some(ann));
            assert_eq!(db.password_reset(&[2; 32], 100).await.unwrap(), None, "expired");
            assert!(db.use_password_reset(&[2; 32]).await.unwrap());
            assert!(!db.use_password_reset(&[2; 32]).await.unwrap());
        }
    }
}
