//! Findings in the order they were made, so that alerts can follow them.

use super::row::{id_value, json, json_value, signed, unsigned};
use crate::{
    Result,
    sql::{Handle, Migration},
};
use async_trait::async_trait;
use model::Finding;
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "findings_1",
    statements: &["CREATE TABLE findings (id BYTEA PRIMARY KEY, number BIGINT NOT NULL UNIQUE, rule TEXT NOT NULL, finding TEXT NOT NULL)"],
}];

/// Ids per statement.
const ROWS: usize = 500;

#[async_trait]
pub trait Findings {
    /// Adds findings after all others, in this order; those already there (a replay makes the same ids) stay as they are. How many were new.
    /// Inside a unit that also moves its follower: that row's lock keeps the numbers without gap or race.
    async fn add_findings(&self, findings: &[Finding]) -> Result<u64>;
    async fn finding(&self, id: Uuid) -> Result<Option<Finding>>;
    /// Those of these ids that exist.
    async fn findings(&self, ids: &[Uuid]) -> Result<Vec<Finding>>;
    /// Findings numbered above `number` (0 at first), oldest first, each with its number.
    async fn findings_after(&self, number: u64, limit: u64) -> Result<Vec<(u64, Finding)>>;
}

#[async_trait]
impl<H: Handle + ?Sized> Findings for H {
    async fn add_findings(&self, findings: &[Finding]) -> Result<u64> {
        let rows = self.rows("SELECT COALESCE(MAX(number), 0) AS last FROM findings", vec![]).await?;
        let mut last = rows.first().map_or(Ok(0), |row| unsigned(row, "last"))?;
        let before = last;
        let sql = "INSERT INTO findings (id, number, rule, finding) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
        for finding in findings {
            let values = vec![id_value(finding.id), signed(last + 1)?.into(), finding.rule.as_str().into(), json_value(finding)?];
            last += self.execute(sql, values).await?;
        }
        Ok(last - before)
    }

    async fn finding(&self, id: Uuid) -> Result<Option<Finding>> {
        self.rows("SELECT finding FROM findings WHERE id = $1", vec![id_value(id)]).await?.first().map(|row| json(row, "finding")).transpose()
    }

    async fn findings(&self, ids: &[Uuid]) -> Result<Vec<Finding>> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(ROWS) {
            let places = (1..=chunk.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
            let sql = format!("SELECT finding FROM findings WHERE id IN ({places}) ORDER BY number");
            for row in self.rows(&sql, chunk.iter().map(|id| id_value(*id)).collect()).await? {
                found.push(json(&row, "finding")?);
            }
        }
        Ok(found)
    }

    async fn findings_after(&self, number: u64, limit: u64) -> Result<Vec<(u64, Finding)>> {
        let sql = "SELECT number, finding FROM findings WHERE number > $1 ORDER BY number LIMIT $2";
        let read = |row: &QueryResult| Ok((unsigned(row, "number")?, json(row, "finding")?));
        self.rows(sql, vec![signed(number)?.into(), signed(limit)?.into()]).await?.iter().map(read).collect()
    }
}
