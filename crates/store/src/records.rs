//! Everything relational, one narrow trait per noun, implemented for every [`crate::sql::Handle`]: a pool to read, a unit to change.

pub use alerts::{AlertFinding, AlertNote, AlertQuery, Alerts};
pub use ingest_keys::{IngestKey, IngestKeys};
pub use jobs::Jobs;
pub use sources::Sources;

mod alerts;
mod ingest_keys;
mod jobs;
pub(crate) mod row;
mod sources;
#[cfg(test)]
pub(crate) mod testing;

use crate::{Result, sql::Database};

/// Applies every noun's migrations, in this order.
pub async fn migrate(database: &Database) -> Result<()> {
    for part in [sources::MIGRATIONS, ingest_keys::MIGRATIONS, alerts::MIGRATIONS, jobs::MIGRATIONS] {
        database.migrate(part).await?;
    }
    Ok(())
}
