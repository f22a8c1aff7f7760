//! Daily digests of administrators' acts: counts, one row a day.

use super::row::{json, json_value};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::Micros;
use sea_orm::QueryResult;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "digests_1",
    statements: &["CREATE TABLE digests (day TEXT PRIMARY KEY, made BIGINT NOT NULL, counts TEXT NOT NULL, mailed TEXT NOT NULL)"],
}];

/// How often somebody did something on that day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActCount {
    /// `None`: the host's command line, or nobody signed in.
    pub member: Option<Uuid>,
    pub operation: String,
    pub succeeded: u64,
    pub failed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestRow {
    /// `2026-11-26`, in UTC.
    pub day: String,
    pub made: Micros,
    pub counts: Vec<ActCount>,
    /// Members to whom it was mailed.
    pub mailed: Vec<Uuid>,
}

#[async_trait]
pub trait Digests {
    /// False when there is one of this day.
    async fn add_digest(&self, digest: &DigestRow) -> Result<bool>;
    async fn digest_mailed(&self, day: &str, mailed: &[Uuid]) -> Result<()>;
    /// Newest first.
    async fn digests(&self, limit: u64) -> Result<Vec<DigestRow>>;
    /// What administrators and the host did from `from` until before `until`.
    async fn acts_of_administrators(&self, from: Micros, until: Micros) -> Result<Vec<ActCount>>;
}

#[async_trait]
impl<H: Handle + ?Sized> Digests for H {
    async fn add_digest(&self, digest: &DigestRow) -> Result<bool> {
        let values = vec![digest.day.as_str().into(), digest.made.into(), json_value(&digest.counts)?, json_value(&digest.mailed)?];
        let sql = "INSERT INTO digests (day, made, counts, mailed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        Ok(self.execute(sql, values).await? == 1)
    }

    async fn digest_mailed(&self, day: &str, mailed: &[Uuid]) -> Result<()> {
        self.execute("UPDATE digests SET mailed = $2 WHERE day = $1", vec![day.into(), json_value(&mailed)?]).await.map(drop)
    }

    async fn digests(&self, limit: u64) -> Result<Vec<DigestRow>> {
        let sql = "SELECT day, made, counts, mailed FROM digests ORDER BY day DESC LIMIT $1";
        self.rows(sql, vec![super::row::signed(limit)?.into()]).await?.iter().map(read).collect()
    }

    async fn acts_of_administrators(&self, from: Micros, until: Micros) -> Result<Vec<ActCount>> {
        let sql = "SELECT member, operation, SUM(CASE WHEN outcome = 'failure' THEN 0 ELSE 1 END) AS succeeded, \
            SUM(CASE WHEN outcome = 'failure' THEN 1 ELSE 0 END) AS failed FROM self_events \
            WHERE time >= $1 AND time < $2 AND (role = 'administrator' OR role = 'host') GROUP BY member, operation ORDER BY member, operation";
        let rows = self.rows(sql, vec![from.into(), until.into()]).await?;
        let count = |row: &QueryResult| {
            Ok(ActCount {
                member: super::row::optional_id(row, "member")?,
                operation: column(row, "operation")?,
                succeeded: super::row::unsigned(row, "succeeded")?,
                failed: super::row::unsigned(row, "failed")?,
            })
        };
        rows.iter().map(count).collect()
    }
}

fn read(row: &QueryResult) -> Result<DigestRow> {
    Ok(DigestRow { day: column(row, "day")?, made: column(row, "made")?, counts: json(row, "counts")?, mailed: json(row, "mailed")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{SelfEvent, SelfEvents, testing::databases};

    #[tokio::test]
    async fn a_day_has_one_digest_of_what_administrators_and_the_host_did() {
        for db in databases().await {
            let acts = [
                (10, Some(1), "administrator", "members.update", "success"),
                (11, Some(1), "administrator", "members.update", "failure"),
                (12, None, "host", "members.create", "success"),
                (13, Some(2), "analyst", "events.search", "success"),
                (20, Some(1), "administrator", "sources.list", "success"),
            ];
            for (position, (time, member, role, operation, outcome)) in (0..).zip(acts) {
                let event = SelfEvent {
                    generation: 0,
                    position,
                    time,
                    member: member.map(Uuid::from_u128),
                    role: Some(role.into()),
                    operation: operation.into(),
                    outcome: outcome.into(),
                    target: String::new(),
                    sealed: vec![],
                };
                db.add_self_event(&event).await.unwrap();
            }
            let mut counts = db.acts_of_administrators(10, 20).await.unwrap();
            counts.sort_by_key(|c| c.member);
            let count = |member: Option<u128>, operation: &str, succeeded, failed| ActCount {
                member: member.map(Uuid::from_u128),
                operation: operation.into(),
                succeeded,
                failed,
            };
            assert_eq!(counts, [count(None, "members.create", 1, 0), count(Some(1), "members.update", 1, 1)]);
            let digest = DigestRow { day: "2026-11-26".into(), made: 30, counts, mailed: vec![] };
            assert!(db.add_digest(&digest).await.unwrap());
            assert!(!db.add_digest(&DigestRow { made: 31, ..digest.clone() }).await.unwrap());
            db.digest_mailed(&digest.day, &[Uuid::from_u128(3)]).await.unwrap();
            assert_eq!(db.digests(5).await.unwrap(), [DigestRow { mailed: vec![Uuid::from_u128(3)], ..digest }]);
        }
    }
}
