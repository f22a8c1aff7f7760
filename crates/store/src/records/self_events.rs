//! What members did in Veritrail, for reading: one row per record of the `self` ledger, written in the same transaction.

use super::row::{damaged, id_value, optional_id, optional_id_value, signed, unsigned};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::Micros;
use sea_orm::{QueryResult, Value as Sql};
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "self_events_1",
        statements: &[
            "CREATE TABLE self_events (generation BIGINT NOT NULL, position BIGINT NOT NULL, time BIGINT NOT NULL, member BYTEA, operation TEXT NOT NULL, \
            outcome TEXT NOT NULL, target TEXT NOT NULL, sealed BYTEA NOT NULL, PRIMARY KEY (generation, position))",
            "CREATE INDEX self_events_member ON self_events (member, generation, position)",
            "CREATE INDEX self_events_operation ON self_events (operation, generation, position)",
        ],
    },
    Migration {
        name: "self_events_2",
        statements: &[
            "ALTER TABLE self_events ADD COLUMN role TEXT",
            "CREATE INDEX self_events_role ON self_events (role, generation, position)",
            "CREATE INDEX self_events_time ON self_events (time)",
        ],
    },
];

/// A row of the tool's own trail. Nothing here but the sealed record may hold personal values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfEvent {
    pub generation: u32,
    pub position: u64,
    pub time: Micros,
    /// `None` where nobody was signed in.
    pub member: Option<Uuid>,
    /// The role he had then, `host` for the host's command line; `None` where nobody was signed in, and in rows of older versions.
    pub role: Option<String>,
    pub operation: String,
    /// `success` or `failure`.
    pub outcome: String,
    /// `kind:id`, or empty.
    pub target: String,
    /// The record as in the ledger ([`model::StoredEvent::encode`]).
    pub sealed: Vec<u8>,
}

/// Which rows; newest first, older than `before` = (generation, position).
#[derive(Clone, Debug, Default)]
pub struct SelfQuery {
    pub member: Option<Uuid>,
    /// Those of these roles.
    pub roles: Vec<String>,
    pub operation: Option<String>,
    pub before: Option<(u32, u64)>,
    pub limit: u64,
}

#[async_trait]
pub trait SelfEvents {
    async fn add_self_event(&self, event: &SelfEvent) -> Result<()>;
    async fn self_events(&self, query: &SelfQuery) -> Result<Vec<SelfEvent>>;
    /// Takes a row away that is not as its record; the record stays.
    async fn remove_self_event(&self, generation: u32, position: u64) -> Result<()>;
    /// Rows of a generation from a position on become the next one's, each one position further on, as their records do.
    async fn move_self_events(&self, from: (u32, u64), to: u32) -> Result<u64>;
}

#[async_trait]
impl<H: Handle + ?Sized> SelfEvents for H {
    async fn add_self_event(&self, event: &SelfEvent) -> Result<()> {
        let sql = "INSERT INTO self_events (generation, position, time, member, operation, outcome, target, sealed, role) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = vec![
            i64::from(event.generation).into(),
            signed(event.position)?.into(),
            event.time.into(),
            optional_id_value(event.member),
            event.operation.as_str().into(),
            event.outcome.as_str().into(),
            event.target.as_str().into(),
            event.sealed.clone().into(),
            event.role.clone().into(),
        ];
        self.execute(sql, values).await.map(drop)
    }

    async fn self_events(&self, query: &SelfQuery) -> Result<Vec<SelfEvent>> {
        let mut sql = "SELECT generation, position, time, member, role, operation, outcome, target, sealed FROM self_events WHERE 1 = 1".to_owned();
        let mut values: Vec<Sql> = Vec::new();
        if let Some(member) = query.member {
            values.push(id_value(member));
            sql.push_str(&format!(" AND member = ${}", values.len()));
        }
        if !query.roles.is_empty() {
            let from = values.len() + 1;
            values.extend(query.roles.iter().map(|role| Sql::from(role.as_str())));
            let places: Vec<String> = (from..=values.len()).map(|n| format!("${n}")).collect();
            sql.push_str(&format!(" AND role IN ({})", places.join(", ")));
        }
        if let Some(operation) = &query.operation {
            values.push(operation.as_str().into());
            sql.push_str(&format!(" AND operation = ${}", values.len()));
        }
        if let Some((generation, position)) = query.before {
            values.extend([i64::from(generation).into(), signed(position)?.into()]);
            let (g, p) = (values.len() - 1, values.len());
            sql.push_str(&format!(" AND (generation < ${g} OR (generation = ${g} AND position < ${p}))"));
        }
        values.push(signed(query.limit)?.into());
        sql.push_str(&format!(" ORDER BY generation DESC, position DESC LIMIT ${}", values.len()));
        self.rows(&sql, values).await?.iter().map(read).collect()
    }

    async fn remove_self_event(&self, generation: u32, position: u64) -> Result<()> {
        let sql = "DELETE FROM self_events WHERE generation = $1 AND position = $2";
        self.execute(sql, vec![i64::from(generation).into(), signed(position)?.into()]).await.map(drop)
    }

    async fn move_self_events(&self, (generation, position): (u32, u64), to: u32) -> Result<u64> {
        let sql = "UPDATE self_events SET generation = $3, position = position + 1 WHERE generation = $1 AND position >= $2";
        self.execute(sql, vec![i64::from(generation).into(), signed(position)?.into(), i64::from(to).into()]).await
    }
}

fn read(row: &QueryResult) -> Result<SelfEvent> {
    Ok(SelfEvent {
        generation: u32::try_from(column::<i64>(row, "generation")?).map_err(|e| damaged("generation", e))?,
        position: unsigned(row, "position")?,
        time: column(row, "time")?,
        member: optional_id(row, "member")?,
        role: column(row, "role")?,
        operation: column(row, "operation")?,
        outcome: column(row, "outcome")?,
        target: column(row, "target")?,
        sealed: column(row, "sealed")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;

    #[tokio::test]
    async fn rows_are_read_newest_first_by_member_and_operation() {
        for db in databases().await {
            let row = |position: u64, member: Option<u128>, operation: &str| SelfEvent {
                generation: 0,
                position,
                time: 5,
                member: member.map(Uuid::from_u128),
                role: member.map(|_| "analyst".to_owned()),
                operation: operation.into(),
                outcome: "success".into(),
                target: String::new(),
                sealed: vec![1],
            };
            let rows = [row(0, Some(1), "events.search"), row(1, None, "session.create"), row(2, Some(1), "events.read"), row(3, Some(2), "events.search")];
            for r in &rows {
                db.add_self_event(r).await.unwrap();
            }
            let read = async |query: SelfQuery| db.self_events(&query).await.unwrap().into_iter().map(|r| r.position).collect::<Vec<_>>();
            assert_eq!(read(SelfQuery { limit: 2, ..Default::default() }).await, [3, 2]);
            assert_eq!(read(SelfQuery { limit: 9, before: Some((0, 2)), ..Default::default() }).await, [1, 0]);
            assert_eq!(read(SelfQuery { limit: 9, member: Some(Uuid::from_u128(1)), ..Default::default() }).await, [2, 0]);
            assert_eq!(read(SelfQuery { limit: 9, operation: Some("events.search".into()), ..Default::default() }).await, [3, 0]);
            assert_eq!(db.self_events(&SelfQuery { limit: 9, before: Some((0, 2)), ..Default::default() }).await.unwrap()[0], rows[1]);
            db.remove_self_event(0, 1).await.unwrap();
            assert_eq!(read(SelfQuery { limit: 9, ..Default::default() }).await, [3, 2, 0]);
        }
    }
}
