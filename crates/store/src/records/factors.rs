//! Second factors: the secret that a member's authenticator app shares with us, sealed, and recovery codes by their keyed hash.

use super::row::{id, id_value, unsigned};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::Micros;
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "factors_1",
    statements: &[
        "CREATE TABLE authenticators (member BYTEA PRIMARY KEY, sealed BYTEA NOT NULL, begun BIGINT NOT NULL, confirmed BIGINT, last_step BIGINT NOT NULL)",
        "CREATE TABLE recovery_codes (member BYTEA NOT NULL, hash BYTEA NOT NULL, used BIGINT, PRIMARY KEY (member, hash))",
    ],
}];

/// A member's authenticator app.
#[derive(Clone, PartialEq, Eq)]
pub struct Authenticator {
    pub member: Uuid,
    /// The shared secret, sealed.
    pub sealed: Vec<u8>,
    pub begun: Micros,
    /// When a first code of it was right; `None`: it does not count yet.
    pub confirmed: Option<Micros>,
    /// The newest time step whose code was accepted: none is accepted twice.
    pub last_step: i64,
}

#[async_trait]
pub trait Factors {
    async fn authenticator(&self, member: Uuid) -> Result<Option<Authenticator>>;
    /// Begins an enrolment, in the place of one that was never confirmed. False when there is a confirmed one.
    async fn begin_authenticator(&self, member: Uuid, sealed: &[u8], now: Micros) -> Result<bool>;
    async fn confirm_authenticator(&self, member: Uuid, now: Micros) -> Result<()>;
    /// False when the code of this step or a later one was accepted before.
    async fn use_step(&self, member: Uuid, step: i64) -> Result<bool>;
    /// In the place of all earlier ones. `hashes` are keyed.
    async fn put_recovery_codes(&self, member: Uuid, hashes: &[[u8; 32]]) -> Result<()>;
    /// Uses one up; false when there is none such, or it was used.
    async fn use_recovery_code(&self, member: Uuid, hash: &[u8; 32], now: Micros) -> Result<bool>;
    /// How many were not used.
    async fn recovery_codes_left(&self, member: Uuid) -> Result<u64>;
    /// Authenticator and recovery codes; false when there was no authenticator.
    async fn remove_factors(&self, member: Uuid) -> Result<bool>;
    /// Members with a confirmed one, or with a passkey.
    async fn members_with_factor(&self) -> Result<Vec<Uuid>>;
}

#[async_trait]
impl<H: Handle + ?Sized> Factors for H {
    async fn authenticator(&self, member: Uuid) -> Result<Option<Authenticator>> {
        let sql = "SELECT member, sealed, begun, confirmed, last_step FROM authenticators WHERE member = $1";
        self.rows(sql, vec![id_value(member)]).await?.first().map(read).transpose()
    }

    async fn begin_authenticator(&self, member: Uuid, sealed: &[u8], now: Micros) -> Result<bool> {
        let sql = "INSERT INTO authenticators (member, sealed, begun, last_step) VALUES ($1, $2, $3, -1) \
            ON CONFLICT (member) DO UPDATE SET sealed = excluded.sealed, begun = excluded.begun WHERE authenticators.confirmed IS NULL";
        Ok(self.execute(sql, vec![id_value(member), sealed.to_vec().into(), now.into()]).await? == 1)
    }

    async fn confirm_authenticator(&self, member: Uuid, now: Micros) -> Result<()> {
        self.execute("UPDATE authenticators SET confirmed = $2 WHERE member = $1 AND confirmed IS NULL", vec![id_value(member), now.into()]).await.map(drop)
    }

    async fn use_step(&self, member: Uuid, step: i64) -> Result<bool> {
        let sql = "UPDATE authenticators SET last_step = $2 WHERE member = $1 AND last_step < $2";
        Ok(self.execute(sql, vec![id_value(member), step.into()]).await? == 1)
    }

    async fn put_recovery_codes(&self, member: Uuid, hashes: &[[u8; 32]]) -> Result<()> {
        self.execute("DELETE FROM recovery_codes WHERE member = $1", vec![id_value(member)]).await?;
        for hash in hashes {
            self.execute("INSERT INTO recovery_codes (member, hash) VALUES ($1, $2)", vec![id_value(member), hash.to_vec().into()]).await?;
        }
        Ok(())
    }

    async fn use_recovery_code(&self, member: Uuid, hash: &[u8; 32], now: Micros) -> Result<bool> {
        let sql = "UPDATE recovery_codes SET used = $3 WHERE member = $1 AND hash = $2 AND used IS NULL";
        Ok(self.execute(sql, vec![id_value(member), hash.to_vec().into(), now.into()]).await? == 1)
    }

    async fn recovery_codes_left(&self, member: Uuid) -> Result<u64> {
        let sql = "SELECT COUNT(*) AS codes FROM recovery_codes WHERE member = $1 AND used IS NULL";
        self.rows(sql, vec![id_value(member)]).await?.first().map_or(Ok(0), |row| unsigned(row, "codes"))
    }

    async fn remove_factors(&self, member: Uuid) -> Result<bool> {
        self.execute("DELETE FROM recovery_codes WHERE member = $1", vec![id_value(member)]).await?;
        Ok(self.execute("DELETE FROM authenticators WHERE member = $1", vec![id_value(member)]).await? == 1)
    }

    async fn members_with_factor(&self) -> Result<Vec<Uuid>> {
        let sql = "SELECT member FROM authenticators WHERE confirmed IS NOT NULL UNION SELECT member FROM passkeys";
        self.rows(sql, vec![]).await?.iter().map(|row| id(row, "member")).collect()
    }
}

fn read(row: &QueryResult) -> Result<Authenticator> {
    Ok(Authenticator {
        member: id(row, "member")?,
        sealed: column(row, "sealed")?,
        begun: column(row, "begun")?,
        confirmed: column(row, "confirmed")?,
        last_step: column(row, "last_step")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    const ANN: Uuid = Uuid::from_u128(1);

    #[tokio::test]
    async fn an_enrolment_is_replaced_until_it_is_confirmed() {
        for db in databases().await {
            assert!(db.begin_authenticator(ANN, b"one", 10).await.unwrap());
            assert!(db.begin_authenticator(ANN, b"two", 20).await.unwrap());
            assert!(db.members_with_factor().await.unwrap().is_empty());
            db.confirm_authenticator(ANN, 30).await.unwrap();
            assert!(!db.begin_authenticator(ANN, b"three", 40).await.unwrap());
            let kept = db.authenticator(ANN).await.unwrap().unwrap();
            assert!(kept == Authenticator { member: ANN, sealed: b"two".to_vec(), begun: 20, confirmed: Some(30), last_step: -1 });
            assert_eq!(db.members_with_factor().await.unwrap(), [ANN]);
            assert!(db.remove_factors(ANN).await.unwrap());
            assert!(!db.remove_factors(ANN).await.unwrap());
            assert!(db.authenticator(ANN).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn a_step_and_a_code_are_used_once() {
        for db in databases().await {
            db.begin_authenticator(ANN, b"secret", 10).await.unwrap();
            assert!(db.use_step(ANN, 7).await.unwrap());
            assert!(!db.use_step(ANN, 7).await.unwrap());
            assert!(!db.use_step(ANN, 6).await.unwrap(), "an older one neither");
            assert!(db.use_step(ANN, 8).await.unwrap());

            db.put_recovery_codes(ANN, &[[1; 32], [2; 32]]).await.unwrap();
            assert!(db.use_recovery_code(ANN, &[1; 32], 50).await.unwrap());
            assert!(!db.use_recovery_code(ANN, &[1; 32], 60).await.unwrap());
            assert!(!db.use_recovery_code(Uuid::from_u128(2), &[2; 32], 60).await.unwrap(), "somebody else's");
            assert_eq!(db.recovery_codes_left(ANN).await.unwrap(), 1);
            db.put_recovery_codes(ANN, &[[3; 32]]).await.unwrap();
            assert!(!db.use_recovery_code(ANN, &[2; 32], 70).await.unwrap(), "replaced");
            assert_eq!(db.recovery_codes_left(ANN).await.unwrap(), 1);
        }
    }
}
