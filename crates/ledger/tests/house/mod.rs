//! A ledger of a test's own, on real stores, and events to put into it.
#![allow(dead_code, clippy::unwrap_used, reason = "every test file uses its share of this")]

pub mod dying;
pub mod outsider;

use ledger::{Appender, Delivery, Integrator, Keyring, Lock, Master, Numbered, Reader, Report, verify};
use merkle::{NoteSigner, NoteVerifier};
use model::{Actor, ActorKind, Change, Class, Event, EventTime, Network, SubjectRef, Target, class::act, event::Identity};
use std::{num::NonZeroUsize, sync::Arc};
use store::{
    blobs::{Blobs, Directory, S3},
    keys::SqlKeys,
    sql::Database,
    trail::{SqlTrail, Trail},
};
use tempfile::TempDir;
use uuid::Uuid;

pub const LEDGER: &str = "activity";

pub struct House {
    pub folder: TempDir,
    pub trail: Arc<dyn Trail>,
    pub blobs: Arc<dyn Blobs>,
    /// Where the lock lies: apart from the data.
    pub apart: Arc<dyn Blobs>,
    pub keyring: Arc<Keyring>,
}

impl House {
    /// SQLite files and a directory.
    pub async fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let trail = Database::open(&testkit::sqlite(folder.path(), "trail.db"), "trail").await.unwrap();
        let blobs = Arc::new(Directory::open(folder.path().join("blobs")).unwrap());
        Self::on(folder, trail, blobs).await
    }

    /// PostgreSQL and S3, where they are to be tested.
    pub async fn outgrown() -> Option<Self> {
        let (postgres, s3) = (testkit::postgres().await?, testkit::s3().await?);
        let trail = Database::open(&postgres, "trail").await.unwrap();
        Some(Self::on(tempfile::tempdir().unwrap(), trail, Arc::new(S3::open(&s3).unwrap())).await)
    }

    async fn on(folder: TempDir, database: Database, blobs: Arc<dyn Blobs>) -> Self {
        let keys = Database::open(&testkit::sqlite(folder.path(), "keys.db"), "keys").await.unwrap();
        let keys = Arc::new(SqlKeys::open(keys).await.unwrap());
        let keyring = Keyring::new(Master::from_secret(&[7; 32]).unwrap(), keys, NonZeroUsize::new(1_000).unwrap());
        let apart = Arc::new(Directory::open(folder.path().join("apart")).unwrap());
        Self { trail: Arc::new(SqlTrail::open(database, LEDGER, 0).await.unwrap()), blobs, apart, keyring: Arc::new(keyring), folder }
    }

    pub fn appender(&self) -> Arc<Appender> {
        Appender::start(self.trail.clone(), self.keyring.clone(), LEDGER)
    }

    pub fn reader(&self) -> Reader {
        Reader::new(self.trail.clone(), self.blobs.clone(), LEDGER)
    }

    pub fn integrator(&self) -> Integrator {
        self.integrator_on(self.blobs.clone())
    }

    pub fn integrator_on(&self, blobs: Arc<dyn Blobs>) -> Integrator {
        Integrator::new(self.trail.clone(), blobs, LEDGER, signer(), Lock::new(self.apart.clone(), "activity.lock"), uuid::Uuid::new_v4())
    }

    pub async fn verify(&self) -> Report {
        verify(self.blobs.as_ref(), LEDGER, 0, &verifier().into(), &mut |_| {}).await.unwrap()
    }

    /// Appends events `from..until`, `per` to a delivery.
    pub async fn fill(&self, from: u64, until: u64, per: usize) {
        let appender = self.appender();
        for chunk in (from..until).collect::<Vec<_>>().chunks(per) {
            appender.append(delivery(chunk.iter().copied())).await.unwrap();
        }
    }
}

pub fn signer() -> NoteSigner {
    NoteSigner::new("example.org", &[3; 32]).unwrap()
}

pub fn verifier() -> NoteVerifier {
    signer().verifier()
}

pub fn source() -> Uuid {
    Uuid::from_u128(1)
}

pub fn event(n: u64) -> Event {
    let mut e = Event::new(source(), "exports", "generic/1", "export", Class::WebResources, act::EXPORT, EventTime::utc(n as i64 * 1_000_000));
    e.identity = Identity::Vendor(format!("id-{n}"));
    e.actor = Some(Actor {
        subject: SubjectRef::account(source(), format!("user-{}", n % 7)),
        kind: ActorKind::Human,
        username: Some(format!("user{}@example.org", n % 7)),
        name: Some("Dana Scully".into()),
        email: None,
        application: None,
    });
    e.network = Some(Network { address: Some("192.0.2.7".into()), ..Network::default() });
    e.target =
        Some(Target { subject: SubjectRef::record(source(), format!("report/{}", n % 11)), object_type: "report".into(), label: Some("Q3 pipeline".into()) });
    e.changes = vec![Change { field: "stage".into(), old: "Open".into(), new: "Won".into() }];
    e.raw = format!(r#"{{"n":{n},"note":"Bielefeld"}}"#);
    e
}

pub fn delivery(numbers: impl IntoIterator<Item = u64>) -> Delivery {
    let mut delivery = Delivery::new(source(), "exports", 5);
    delivery.events = numbers.into_iter().map(|n| Numbered { event: event(n), occurrence: 0, ordinal: 0 }).collect();
    delivery
}
