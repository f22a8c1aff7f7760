//! Everything relational, one narrow trait per noun, implemented for every [`crate::sql::Handle`]: a pool to read, a unit to change.

pub use alerts::{AlertFinding, AlertNote, AlertQuery, Alerts};
pub use api_tokens::{ApiToken, ApiTokens};
pub use departments::Departments;
pub use digests::{ActCount, DigestRow, Digests};
pub use erasures::{Erasures, Holds};
pub use factors::{Authenticator, Factors};
pub use field_classes::FieldClasses;
pub use findings::Findings;
pub use followers::{Follower, Followers};
pub use identities::{DirectoryGroup, Identities, Provisioned};
pub use ingest_keys::{IngestKey, IngestKeys};
pub use invitations::{Invitation, Invitations};
pub use jobs::Jobs;
pub use links::{Account, Links, Meeting, SubjectName};
pub use members::Members;
pub use passkeys::{Passkey, Passkeys};
pub use password_resets::PasswordResets;
pub use persons::{PersonQuery, Persons};
pub use polls::{Poll, Polls, Trouble};
pub use reveals::Reveals;
pub use searches::{DeliveryRow, SearchRow, Searches};
pub use self_events::{SelfEvent, SelfEvents, SelfQuery};
pub use service_accounts::{ServiceAccount, ServiceAccounts};
pub use sessions::{Session, Sessions};
pub use settings::Settings;
pub use sources::Sources;
pub use steps::{SignInStep, SignInSteps};

mod alerts;
mod api_tokens;
mod departments;
mod digests;
mod erasures;
mod factors;
mod field_classes;
mod findings;
mod followers;
mod identities;
mod ingest_keys;
mod invitations;
mod jobs;
mod links;
mod members;
mod passkeys;
mod password_resets;
mod persons;
mod polls;
mod reveals;
pub(crate) mod row;
mod searches;
mod self_events;
mod service_accounts;
mod sessions;
mod settings;
mod sources;
mod steps;
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
    factors::MIGRATIONS,
    steps::MIGRATIONS,
    passkeys::MIGRATIONS,
    api_tokens::MIGRATIONS,
    password_resets::MIGRATIONS,
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
    service_accounts::MIGRATIONS,
    searches::MIGRATIONS,
    digests::MIGRATIONS,
    identities::MIGRATIONS,
];

/// Applies every noun's migrations.
pub async fn migrate(database: &Database) -> Result<()> {
    for part in PARTS {
        database.migrate(part).await?;
    }
    Ok(())
}
