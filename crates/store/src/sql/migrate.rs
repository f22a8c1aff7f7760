//! Ordered migrations, each applied once, all of one part in one transaction.

use super::{Database, Handle, column};
use crate::Result;
use sea_orm::DbBackend;

/// PostgreSQL advisory lock key: nodes that start together migrate one after the other.
const LOCK: i64 = 0x7665_7269_7472_6169;

/// One step. Statements are PostgreSQL's; for SQLite `BYTEA` becomes `BLOB`.
pub(crate) struct Migration {
    /// Unique over all parts, never changed once released: `trail_1`.
    pub(crate) name: &'static str,
    pub(crate) statements: &'static [&'static str],
}

impl Database {
    /// Applies what is not applied yet, in order.
    pub(crate) async fn migrate(&self, migrations: &[Migration]) -> Result<()> {
        let unit = self.begin().await?;
        let sqlite = unit.backend() == DbBackend::Sqlite;
        if !sqlite {
            unit.rows("SELECT 1 AS locked FROM (SELECT pg_advisory_xact_lock($1)) AS l", vec![LOCK.into()]).await?;
        }
        unit.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)", vec![]).await?;
        let applied = unit.rows("SELECT name FROM migrations", vec![]).await?.iter().map(|row| column(row, "name")).collect::<Result<Vec<String>>>()?;
        for migration in migrations.iter().filter(|m| !applied.iter().any(|name| name == m.name)) {
            for statement in migration.statements {
                let statement = if sqlite { statement.replace("BYTEA", "BLOB") } else { (*statement).to_owned() };
                unit.execute(&statement, vec![]).await?;
            }
            unit.execute("INSERT INTO migrations (name) VALUES ($1)", vec![migration.name.into()]).await?;
        }
        unit.commit().await
    }
}
