//! Sign-ins under way: the password was right, the second step is still to be taken. By the hash of a token that the browser holds.

use super::row::{damaged, id, id_value, unsigned};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::Micros;
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "steps_1",
    statements: &["CREATE TABLE sign_in_steps (hash BYTEA PRIMARY KEY, member BYTEA NOT NULL, created BIGINT NOT NULL, tries BIGINT NOT NULL)"],
}];

/// A sign-in that waits for its second step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInStep {
    /// SHA-256 of the token in the cookie.
    pub hash: [u8; 32],
    pub member: Uuid,
    pub created: Micros,
    /// Codes tried.
    pub tries: u64,
}

#[async_trait]
pub trait SignInSteps {
    /// Ends those from before `stale` on the way.
    async fn add_step(&self, step: &SignInStep, stale: Micros) -> Result<()>;
    async fn step(&self, hash: &[u8; 32]) -> Result<Option<SignInStep>>;
    /// Counts a try before its outcome is known; false when there were `most` already.
    async fn try_step(&self, hash: &[u8; 32], most: u64) -> Result<bool>;
    /// False when it was ended before.
    async fn end_step(&self, hash: &[u8; 32]) -> Result<bool>;
    async fn end_steps_of(&self, member: Uuid) -> Result<u64>;
}

#[async_trait]
impl<H: Handle + ?Sized> SignInSteps for H {
    async fn add_step(&self, step: &SignInStep, stale: Micros) -> Result<()> {
        self.execute("DELETE FROM sign_in_steps WHERE created < $1", vec![stale.into()]).await?;
        let sql = "INSERT INTO sign_in_steps (hash, member, created, tries) VALUES ($1, $2, $3, 0)";
        self.execute(sql, vec![step.hash.to_vec().into(), id_value(step.member), step.created.into()]).await.map(drop)
    }

    async fn step(&self, hash: &[u8; 32]) -> Result<Option<SignInStep>> {
        let sql = "SELECT hash, member, created, tries FROM sign_in_steps WHERE hash = $1";
        self.rows(sql, vec![hash.to_vec().into()]).await?.first().map(read).transpose()
    }

    async fn try_step(&self, hash: &[u8; 32], most: u64) -> Result<bool> {
        let most = super::row::signed(most)?;
        let sql = "UPDATE sign_in_steps SET tries = tries + 1 WHERE hash = $1 AND tries < $2";
        Ok(self.execute(sql, vec![hash.to_vec().into(), most.into()]).await? == 1)
    }

    async fn end_step(&self, hash: &[u8; 32]) -> Result<bool> {
        Ok(self.execute("DELETE FROM sign_in_steps WHERE hash = $1", vec![hash.to_vec().into()]).await? == 1)
    }

    async fn end_steps_of(&self, member: Uuid) -> Result<u64> {
        self.execute("DELETE FROM sign_in_steps WHERE member = $1", vec![id_value(member)]).await
    }
}

fn read(row: &QueryResult) -> Result<SignInStep> {
    Ok(SignInStep {
        hash: column::<Vec<u8>>(row, "hash")?.try_into().map_err(|_| damaged("hash", "not 32 bytes"))?,
        member: id(row, "member")?,
        created: column(row, "created")?,
        tries: unsigned(row, "tries")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn tries_are_counted_and_a_step_ends_once() {
        for db in databases().await {
            let step = |n: u8, created| SignInStep { hash: [n; 32], member: Uuid::from_u128(1), created, tries: 0 };
            db.add_step(&step(1, 10), 0).await.unwrap();
            db.add_step(&step(2, 30), 20).await.unwrap();
            assert_eq!(db.step(&[1; 32]).await.unwrap(), None, "stale");
            assert!(db.try_step(&[2; 32], 2).await.unwrap());
            assert!(db.try_step(&[2; 32], 2).await.unwrap());
            assert!(!db.try_step(&[2; 32], 2).await.unwrap());
            assert_eq!(db.step(&[2; 32]).await.unwrap(), Some(SignInStep { tries: 2, ..step(2, 30) }));
            assert!(db.end_step(&[2; 32]).await.unwrap());
            assert!(!db.end_step(&[2; 32]).await.unwrap());
            db.add_step(&step(3, 40), 0).await.unwrap();
            assert_eq!(db.end_steps_of(Uuid::from_u128(1)).await.unwrap(), 1);
        }
    }
}
