//! A whole [`App`] for tests: SQLite always, PostgreSQL where a server is given; and a clock the test moves.

use crate::{
    App, AppParts, Policy,
    letters::{Letter, Letters},
    masking::{Classes, Masking, REVEALS_PER_DAY},
    provider::{Provider, ProviderPolicy},
    rules::RuleBook,
    sessions::SignInPolicy,
};
use async_trait::async_trait;
use ledger::{Keyring, Master, Reader};
use model::{Micros, position::ACTIVITY};
use std::{
    cell::Cell,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};
use store::{
    blobs::{Blobs, Directory},
    events::Splits,
    keys::SqlKeys,
    reserve::Reserve,
    sql::{Database, Handle},
    trail::SqlTrail,
};
use tempfile::TempDir;

/// Room for some thirty reads.
const RESERVE_BYTES: u64 = 32 * 1024;

/// The time every house begins at.
pub(crate) const START: Micros = 1_795_415_186_000_000;

thread_local! {
    static NOW: Cell<Micros> = const { Cell::new(START) };
}

/// The clock of the test's own thread; `#[tokio::test]` runs everything that asks it there.
pub(crate) struct Clock;

impl Clock {
    pub fn now(&self) -> Micros {
        now()
    }
    pub fn pass(&self, micros: Micros) {
        NOW.set(NOW.get() + micros);
    }
}

fn now() -> Micros {
    NOW.get()
}

/// A letter box: what was written to members, instead of a mail server. Sending itself is proven beside a real one.
#[derive(Default)]
pub(crate) struct Post(Mutex<Vec<Letter>>);

impl Post {
    /// Everything written so far, which is forgotten.
    pub fn taken(&self) -> Vec<Letter> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[async_trait]
impl Letters for Post {
    async fn send(&self, letter: Letter) -> crate::Result<()> {
        self.0.lock().unwrap().push(letter);
        Ok(())
    }
}

pub(crate) struct House {
    pub app: App,
    pub post: Arc<Post>,
    pub clock: Clock,
    /// The URL of its records, for a second connection.
    pub records_url: String,
    _folder: TempDir,
}

/// One house of each kind.
pub(crate) async fn houses() -> Vec<House> {
    houses_with(SignInPolicy::default()).await
}

/// The same under this policy.
pub(crate) async fn houses_with(sign_in: SignInPolicy) -> Vec<House> {
    houses_of(sign_in, None).await
}

/// The same with a sign-in of the company.
pub(crate) async fn houses_of(sign_in: SignInPolicy, provider: Option<(Arc<dyn Provider>, ProviderPolicy)>) -> Vec<House> {
    NOW.set(START);
    let mut houses = vec![house(None, sign_in.clone(), provider.clone()).await];
    if let Some(url) = testkit::postgres().await {
        houses.push(house(Some(url), sign_in, provider).await);
    }
    houses
}

async fn house(records: Option<String>, sign_in: SignInPolicy, provider: Option<(Arc<dyn Provider>, ProviderPolicy)>) -> House {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| testkit::sqlite(folder.path(), name);
    let records_url = records.unwrap_or_else(|| file("records.db"));
    let keys = SqlKeys::open(Database::open(&file("keys.db"), "keys").await.unwrap()).await.unwrap();
    let keyring = Arc::new(Keyring::new(Master::from_secret(&[7; 32]).unwrap(), Arc::new(keys), NonZeroUsize::new(100).unwrap()));
    let trail = Arc::new(SqlTrail::open(Database::open(&file("trail.db"), "trail").await.unwrap(), ACTIVITY, 0).await.unwrap());
    let blobs: Arc<dyn Blobs> = Arc::new(Directory::open(folder.path().join("blobs")).unwrap());
    let post = Arc::new(Post::default());
    let events = Arc::new(Splits::open(folder.path().join("index")).await.unwrap());
    let parts = AppParts {
        records: Database::open(&records_url, "records").await.unwrap(),
        keyring,
        events,
        reader: Reader::new(trail.clone(), blobs.clone(), ACTIVITY),
        trail,
        rules: Arc::new(RuleBook::default()),
        masking: Masking { classes: Classes::embedded().unwrap(), reveals_per_day: REVEALS_PER_DAY },
        blobs,
        apart: Arc::new(Directory::open(folder.path().join("apart")).unwrap()),
        reserve: Reserve::open(&folder.path().join("reserve"), RESERVE_BYTES).unwrap(),
        policy: Policy::standard().unwrap(),
        self_generation: 0,
        public_url: "https://veritrail.example.com/".into(),
        demo: false,
        sign_in,
        provider,
        letters: Some(post.clone()),
        reach: connectors::Reach::default(),
        clock: now,
    };
    House { app: App::new(parts).await.unwrap(), post, clock: Clock, records_url, _folder: folder }
}

/// Makes every write to the self ledger fail, or lets it work again, through a connection of its own.
pub(crate) async fn break_ledger(url: &str, broken: bool) {
    let database = Database::open(url, "records").await.unwrap();
    let statements: &[&str] = match (url.starts_with("sqlite"), broken) {
        (true, true) => &["CREATE TRIGGER broken BEFORE INSERT ON trail_batches BEGIN SELECT RAISE(ABORT, 'no room'); END"],
        (true, false) => &["DROP TRIGGER broken"],
        (false, true) => &[
            "CREATE FUNCTION broken() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$ LANGUAGE plpgsql",
            "CREATE TRIGGER broken BEFORE INSERT ON trail_batches FOR EACH ROW EXECUTE FUNCTION broken()",
        ],
        (false, false) => &["DROP TRIGGER broken ON trail_batches", "DROP FUNCTION broken()"],
    };
    for statement in statements {
        database.execute(statement, vec![]).await.unwrap();
    }
}
