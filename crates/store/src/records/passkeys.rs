//! Passkeys of members: public keys by the id that their authenticators gave them, and the challenges that were answered.

use super::row::{id, id_value};
use crate::{
    Result, StoreError,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::Micros;
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "passkeys_1",
    statements: &[
        "CREATE TABLE passkeys (id BYTEA PRIMARY KEY, member BYTEA NOT NULL, name TEXT NOT NULL, public_key BYTEA NOT NULL, counter BIGINT NOT NULL, \
            created BIGINT NOT NULL, last_used BIGINT)",
        "CREATE INDEX passkeys_member ON passkeys (member)",
        "CREATE TABLE answered_challenges (hash BYTEA PRIMARY KEY, time BIGINT NOT NULL)",
    ],
}];

const SELECT: &str = "SELECT id, member, name, public_key, counter, created, last_used FROM passkeys";

/// A passkey: what is kept of it opens nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential's id, as its authenticator chose it.
    pub id: Vec<u8>,
    pub member: Uuid,
    pub name: String,
    /// An uncompressed point of P-256.
    pub public_key: Vec<u8>,
    /// How often it signed, where its authenticator counts.
    pub counter: i64,
    pub created: Micros,
    pub last_used: Option<Micros>,
}

#[async_trait]
pub trait Passkeys {
    /// `Conflict` when there is one of this id.
    async fn add_passkey(&self, passkey: &Passkey) -> Result<()>;
    async fn passkey(&self, id: &[u8]) -> Result<Option<Passkey>>;
    /// A member's, oldest first.
    async fn passkeys_of(&self, member: Uuid) -> Result<Vec<Passkey>>;
    /// False when another use changed the counter since it was `before`.
    async fn passkey_used(&self, id: &[u8], before: i64, counter: i64, now: Micros) -> Result<bool>;
    /// False when the member has none of this id.
    async fn remove_passkey(&self, member: Uuid, id: &[u8]) -> Result<bool>;
    async fn remove_passkeys_of(&self, member: Uuid) -> Result<u64>;
    /// Remembers that a challenge was answered; false when it was before. Forgets those from before `stale`.
    async fn answer_challenge(&self, hash: &[u8; 32], now: Micros, stale: Micros) -> Result<bool>;
}

#[async_trait]
impl<H: Handle + ?Sized> Passkeys for H {
    async fn add_passkey(&self, passkey: &Passkey) -> Result<()> {
        let sql = "INSERT INTO passkeys (id, member, name, public_key, counter, created) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let values = vec![
            passkey.id.clone().into(),
            id_value(passkey.member),
            passkey.name.as_str().into(),
            passkey.public_key.clone().into(),
            passkey.counter.into(),
            passkey.created.into(),
        ];
        match self.execute(sql, values).await? {
            0 => Err(StoreError::Conflict("this passkey is registered already".into())),
            _ => Ok(()),
        }
    }

    async fn passkey(&self, id: &[u8]) -> Result<Option<Passkey>> {
        self.rows(&format!("{SELECT} WHERE id = $1"), vec![id.to_vec().into()]).await?.first().map(read).transpose()
    }

    async fn passkeys_of(&self, member: Uuid) -> Result<Vec<Passkey>> {
        self.rows(&format!("{SELECT} WHERE member = $1 ORDER BY created, id"), vec![id_value(member)]).await?.iter().map(read).collect()
    }

    async fn passkey_used(&self, id: &[u8], before: i64, counter: i64, now: Micros) -> Result<bool> {
        let sql = "UPDATE passkeys SET counter = $3, last_used = $4 WHERE id = $1 AND counter = $2";
        Ok(self.execute(sql, vec![id.to_vec().into(), before.into(), counter.into(), now.into()]).await? == 1)
    }

    async fn remove_passkey(&self, member: Uuid, id: &[u8]) -> Result<bool> {
        Ok(self.execute("DELETE FROM passkeys WHERE member = $1 AND id = $2", vec![id_value(member), id.to_vec().into()]).await? == 1)
    }

    async fn remove_passkeys_of(&self, member: Uuid) -> Result<u64> {
        self.execute("DELETE FROM passkeys WHERE member = $1", vec![id_value(member)]).await
    }

    async fn answer_challenge(&self, hash: &[u8; 32], now: Micros, stale: Micros) -> Result<bool> {
        self.execute("DELETE FROM answered_challenges WHERE time < $1", vec![stale.into()]).await?;
        let sql = "INSERT INTO answered_challenges (hash, time) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        Ok(self.execute(sql, vec![hash.to_vec().into(), now.into()]).await? == 1)
    }
}

fn read(row: &QueryResult) -> Result<Passkey> {
    Ok(Passkey {
        id: column(row, "id")?,
        member: id(row, "member")?,
        name: column(row, "name")?,
        public_key: column(row, "public_key")?,
        counter: column(row, "counter")?,
        created: column(row, "created")?,
        last_used: column(row, "last_used")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn a_passkey_belongs_to_one_member_and_counts_up() {
        for db in databases().await {
            let (ann, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
            let key = Passkey { id: vec![7; 20], member: ann, name: "Phone".into(), public_key: vec![4; 65], counter: 3, created: 10, last_used: None };
            db.add_passkey(&key).await.unwrap();
            assert!(matches!(db.add_passkey(&Passkey { member: bob, ..key.clone() }).await, Err(StoreError::Conflict(_))));
            assert!(db.passkey_used(&key.id, 3, 5, 20).await.unwrap());
            assert!(!db.passkey_used(&key.id, 3, 6, 30).await.unwrap(), "used meanwhile");
            let used = Passkey { counter: 5, last_used: Some(20), ..key.clone() };
            assert_eq!(db.passkey(&key.id).await.unwrap(), Some(used.clone()));
            assert_eq!((db.passkeys_of(ann).await.unwrap(), db.passkeys_of(bob).await.unwrap()), (vec![used], vec![]));
            assert!(!db.remove_passkey(bob, &key.id).await.unwrap());
            assert!(db.remove_passkey(ann, &key.id).await.unwrap());
            assert_eq!(db.remove_passkeys_of(ann).await.unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn a_challenge_is_answered_once() {
        for db in databases().await {
            assert!(db.answer_challenge(&[1; 32], 10, 0).await.unwrap());
            assert!(!db.answer_challenge(&[1; 32], 20, 0).await.unwrap());
            assert!(db.answer_challenge(&[2; 32], 30, 20).await.unwrap());
            assert!(db.answer_challenge(&[1; 32], 40, 0).await.unwrap(), "forgotten when it is long void");
        }
    }
}
