//! Everything relational, one narrow trait per noun, implemented for every [`crate::sql::Handle`]: a pool to read, a unit to change.

pub use alerts::{AlertFinding, AlertNote, AlertQuery, Alerts};
pub use departments::Departments;
pub use erasures::{Erasures, Holds};
pub use field_classes::FieldClasses;
pub use findings::Findings;
pub use followers::{Follower, Followers};
pub use ingest_keys::{IngestKey, IngestKeys};
pub use invitations::{Invitation, Invitations};
pub use jobs::Jobs;
pub use links::{Account, Links, Meeting, SubjectName};
pub use members::Members;
pub use persons::{PersonQuery, Persons};
pub use polls::{Poll, Polls, Trouble};
pub use reveals::Reveals;
pub use self_events::{SelfEvent, SelfEvents, SelfQuery};
pub use sessions::{Session, Sessions};
pub use settings::Settings;
pub use sources::Sources;

mod alerts;
mod departments;
mod erasures;
mod field_classes;
mod findings;
mod followers;
mod ingest_keys;
mod invitations;
mod jobs;
mod links;
mod members;
mod persons;
mod polls;
mod reveals;
pub(crate) mod row;
mod self_events;
mod sessions;
mod settings;
mod sources;
#[cfg(test)]
pub(crate) mod testing;

use crate::{
    Result,
    sql::{Database, Migration},
};

/// Every noun's migrations, in the order in which they are applied.
pub(crate) const PARTS: &[&[Migration]] = &[
    settings::MIGRATIONS,
    members::MIGRATIONS,
    sessions::MIGRATIONS,
    invitations::MIGRATIONS,
    self_events::MIGRATIONS,
    departments::MIGRATIONS,
    persons::MIGRATIONS,
    links::MIGRATIONS,
    sources::MIGRATIONS,
    ingest_keys::MIGRATIONS,
    alerts::MIGRATIONS,
    jobs::MIGRATIONS,
    polls::MIGRATIONS,
    followers::MIGRATIONS,
    findings::MIGRATIONS,
    erasures::MIGRATIONS,
    field_classes::MIGRATIONS,
    reveals::MIGRATIONS,
];

/// Applies every noun's migrations.
pub async fn migrate(database: &Database) -> Result<()> {
    for part in PARTS {
        database.migrate(part).await?;
    }
    Ok(())
}
