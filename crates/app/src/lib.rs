//! The use cases: what members do with Veritrail, one folder per noun. Everything goes through the [`door`].

use ledger::{Keyring, Reader};
use model::{Member, Micros, Role};
use std::{ops::Deref, sync::Arc};
use store::{
    blobs::Blobs,
    events::Events,
    reserve::Reserve,
    sql::Database,
    trail::{SqlTrail, Trail},
};
use uuid::Uuid;

pub mod alerts;
pub mod digests;
pub mod directory;
pub mod door;
pub mod erasures;
pub mod error;
pub mod events;
pub mod factors;
pub mod index;
pub mod jobs;
pub mod keys;
pub mod ledgers;
pub mod letters;
pub mod masking;
pub mod members;
pub mod operation;
pub mod overview;
pub mod own_trail;
pub mod passkeys;
pub mod provider;
pub mod provisioning;
mod query;
pub mod retention;
pub mod roles;
pub mod rules;
pub mod search;
pub mod searches;
pub mod service_accounts;
pub mod sessions;
pub mod sources;
#[cfg(test)]
mod testing;
pub mod tokens;
pub mod view;

pub use door::{Door, Policy, Target, Width};
pub use error::{AppError, FieldProblem, Result};
pub use operation::{Kind, Operation};

/// Who asks: a signed-in member, from where, in which request.
#[derive(Clone, Debug)]
pub struct Caller {
    pub member: Member,
    /// The client's network address, as the server saw it.
    pub address: Option<String>,
    pub request: Uuid,
    pub entry: Entry,
}

/// How a caller came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The host's command line, or work that goes on for a member after he asked for it.
    Host,
    /// A session, and when in it the member last showed who he is.
    Session { id: Uuid, shown: Micros },
    /// An API token, and what it is for.
    Token { id: Uuid, operations: Vec<Operation> },
}

impl Entry {
    /// The session's id.
    pub fn session(&self) -> Option<Uuid> {
        match self {
            Self::Session { id, .. } => Some(*id),
            Self::Host | Self::Token { .. } => None,
        }
    }

    /// Whether it reaches so far; the member's role is asked besides.
    pub fn covers(&self, operation: Operation) -> bool {
        match self {
            Self::Token { operations, .. } => operations.contains(&operation),
            Self::Host | Self::Session { .. } => true,
        }
    }
}

impl Caller {
    /// The host's command line, acting in a role. Whoever runs it holds the master secret; what he does is recorded under the nil id.
    pub fn host(role: Role) -> Self {
        let member = Member {
            kind: model::MemberKind::Person,
            id: Uuid::nil(),
            email: "host".into(),
            name: "The host's command line".into(),
            role,
            departments: Vec::new(),
            person: None,
            until: None,
            active: true,
            created: 0,
        };
        Self { member, address: None, request: Uuid::now_v7(), entry: Entry::Host }
    }
}

/// What the binary hands over.
pub struct AppParts {
    /// The records database; the `self` ledger lives in it too. [`App::new`] migrates it.
    pub records: Database,
    pub keyring: Arc<Keyring>,
    pub events: Arc<dyn Events>,
    /// The `activity` ledger.
    pub reader: Reader,
    /// The tail of the `activity` ledger: quarantine and counts.
    pub trail: Arc<dyn Trail>,
    pub rules: Arc<rules::RuleBook>,
    pub masking: masking::Masking,
    pub blobs: Arc<dyn Blobs>,
    /// What is kept apart from the data, with the ledgers' locks: tombstones of erasures.
    pub apart: Arc<dyn Blobs>,
    /// Where reads wait while the `self` ledger cannot be written; `None`: they are refused then.
    pub reserve: Option<Reserve>,
    /// The policy in force: [`Policy::standard`], or one from the content folder.
    pub policy: Policy,
    /// Generation of a new `self` ledger; one that is there keeps its own.
    pub self_generation: u32,
    /// Where people reach Veritrail, for links: `https://veritrail.example.com`.
    pub public_url: String,
    /// A demonstration with simulated data.
    pub demo: bool,
    pub sign_in: sessions::SignInPolicy,
    /// The company's own sign-in; `None`: there is none.
    pub provider: Option<(Arc<dyn provider::Provider>, provider::ProviderPolicy)>,
    /// Mail to members; `None`: none is sent.
    pub letters: Option<Arc<dyn letters::Letters>>,
    /// What sources may reach inside the network and on this machine.
    pub reach: connectors::Reach,
    pub clock: fn() -> Micros,
}

/// Everything the use cases share. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// What an [`App`] points to.
pub struct Shared {
    pub records: Database,
    pub self_trail: SqlTrail,
    pub keyring: Arc<Keyring>,
    pub events: Arc<dyn Events>,
    /// The `activity` ledger.
    pub reader: Reader,
    /// The tail of the `activity` ledger: quarantine and counts.
    pub trail: Arc<dyn Trail>,
    pub rules: Arc<rules::RuleBook>,
    pub masking: masking::Masking,
    pub blobs: Arc<dyn Blobs>,
    pub apart: Arc<dyn Blobs>,
    pub door: Door,
    /// What the signer of checkpoints last said.
    pub board: ledgers::Board,
    pub(crate) passwords: members::Passwords,
    pub public_url: String,
    pub demo: bool,
    pub(crate) sign_in: sessions::SignInPolicy,
    pub(crate) provider: Option<(Arc<dyn provider::Provider>, provider::ProviderPolicy)>,
    pub(crate) letters: Option<Arc<dyn letters::Letters>>,
    pub(crate) reach: connectors::Reach,
    pub clock: fn() -> Micros,
}

impl Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// Migrates the records and opens the `self` ledger in them.
    pub async fn new(parts: AppParts) -> Result<Self> {
        let AppParts { records, keyring, events, reader, trail, rules, masking, blobs, apart, policy, self_generation, .. } = parts;
        let (public_url, demo, sign_in, provider, letters, clock) = (parts.public_url, parts.demo, parts.sign_in, parts.provider, parts.letters, parts.clock);
        let reach = parts.reach;
        store::records::migrate(&records).await?;
        let self_trail = SqlTrail::open(records.clone(), model::position::SELF, self_generation).await?;
        let door = Door::new(policy, parts.reserve);
        Ok(Self(Arc::new(Shared {
            records,
            self_trail,
            keyring,
            events,
            reader,
            trail,
            rules,
            masking,
            blobs,
            apart,
            door,
            board: ledgers::Board::default(),
            passwords: members::Passwords::new()?,
            public_url,
            demo,
            sign_in,
            provider,
            letters,
            reach,
            clock,
        })))
    }

    pub(crate) fn now(&self) -> Micros {
        (self.clock)()
    }
}

/// The system's clock, for [`AppParts::clock`].
pub fn system_clock() -> Micros {
    jiff::Timestamp::now().as_microsecond()
}
