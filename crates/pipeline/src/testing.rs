//! A spine of a test's own, on real stores.

use crate::{Intake, Limits, SourceWithSettings};
use bytes::Bytes;
use connectors::{Connector, FileHint, Settings};
use ledger::{Appender, Keyring, Master, Opened, Reader, open_all};
use model::{Source, SourceState, position::ACTIVITY};
use serde_json::{Value, json};
use std::{num::NonZeroUsize, sync::Arc};
use store::{
    blobs::Directory,
    keys::SqlKeys,
    records::migrate,
    sql::Database,
    trail::{SqlTrail, Trail},
};
use tempfile::TempDir;
use uuid::Uuid;

pub struct Spine {
    pub folder: TempDir,
    pub trail: Arc<dyn Trail>,
    pub records: Database,
    pub keyring: Arc<Keyring>,
    pub intake: Arc<Intake>,
}

impl Spine {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (trail, records) = (testkit::sqlite(folder.path(), "trail.db"), testkit::sqlite(folder.path(), "records.db"));
        Self::on(folder, &trail, &records).await
    }

    /// The same on SQLite, and on PostgreSQL where it is to be tested.
    pub async fn both() -> Vec<Self> {
        let mut spines = vec![Self::sqlite().await];
        if let (Some(trail), Some(records)) = (testkit::postgres().await, testkit::postgres().await) {
            spines.push(Self::on(tempfile::tempdir().unwrap(), &trail, &records).await);
        }
        spines
    }

    async fn on(folder: TempDir, trail: &str, records: &str) -> Self {
        let trail = SqlTrail::open(Database::open(trail, "trail").await.unwrap(), ACTIVITY, 0).await.unwrap();
        let records = Database::open(records, "records").await.unwrap();
        migrate(&records).await.unwrap();
        let keys = SqlKeys::open(Database::open(&testkit::sqlite(folder.path(), "keys.db"), "keys").await.unwrap()).await.unwrap();
        let keyring = Arc::new(Keyring::new(Master::from_secret(&[7; 32]).unwrap(), Arc::new(keys), NonZeroUsize::new(10_000).unwrap()));
        let trail: Arc<dyn Trail> = Arc::new(trail);
        let intake = intake(&trail, &keyring, Limits::default());
        Self { folder, trail, records, keyring, intake }
    }

    /// As after a restart, with nothing remembered in memory.
    pub fn restarted(&self, limits: Limits) -> Arc<Intake> {
        intake(&self.trail, &self.keyring, limits)
    }

    pub fn reader(&self) -> Reader {
        let blobs = Directory::open(self.folder.path().join("blobs")).unwrap();
        Reader::new(self.trail.clone(), Arc::new(blobs), ACTIVITY)
    }

    pub async fn size(&self) -> u64 {
        self.trail.head().await.unwrap().size
    }

    /// Every event of the trail, in order.
    pub async fn opened(&self) -> Vec<Opened> {
        let (reader, mut all) = (self.reader(), Vec::new());
        loop {
            let page = reader.read(all.len() as u64, 1 << 20).await.unwrap();
            if page.is_empty() {
                return all;
            }
            let stored: Vec<_> = page.into_iter().map(|(_, stored)| stored).collect();
            all.extend(open_all(&self.keyring, ACTIVITY, &stored).await.unwrap());
        }
    }
}

fn intake(trail: &Arc<dyn Trail>, keyring: &Arc<Keyring>, limits: Limits) -> Arc<Intake> {
    Intake::new(Appender::start(trail.clone(), keyring.clone(), ACTIVITY), trail.clone(), keyring.clone(), limits)
}

fn configured(connector: &str, settings: Value) -> (Source, Settings) {
    let Value::Object(settings) = settings else { panic!("settings are an object") };
    let source = Source {
        id: Uuid::from_u128(11),
        name: "sales".into(),
        connector: connector.into(),
        title: "Sales".into(),
        settings: settings.clone(),
        state: SourceState::Active,
        created: 0,
    };
    (source, Settings::new(settings, connectors::Reach::default()))
}

pub fn source(connector: &str, settings: Value) -> SourceWithSettings {
    let (source, settings) = configured(connector, settings);
    SourceWithSettings::open(source, settings).unwrap()
}

pub fn source_of(connector: Arc<dyn Connector>) -> SourceWithSettings {
    let (source, settings) = configured(connector.manifest().id, json!({}));
    SourceWithSettings { source, settings, connector }
}

pub fn named(name: &str) -> FileHint {
    FileHint { name: name.into(), ..FileHint::default() }
}

/// `count` exports by `actor`, a second apart, without ids; those from `first` on.
pub fn exports(actor: &str, first: u32, count: u32) -> Bytes {
    let line =
        |n: u32| format!(r#"{{"time":"2026-03-02T10:{:02}:{:02}Z","action":"export","actor":"{actor}","object_id":"{n}","ip":"192.0.2.7"}}"#, n / 60, n % 60);
    (first..first + count).map(|n| line(n) + "\n").collect::<String>().into()
}

impl crate::Intake {
    /// A body that is there already.
    pub async fn push(&self, source: &SourceWithSettings, hint: crate::FileHint, bytes: Bytes) -> Result<crate::Accepted, crate::IntakeError> {
        let mut body = self.body(bytes.len() as u64)?;
        body.push(&bytes)?;
        self.accept(source, hint, body).await
    }
}
