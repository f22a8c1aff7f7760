//! Another key-encryption key: stopped anywhere and begun again, beside a server at work and erasures, on both databases.
#![allow(clippy::unwrap_used, reason = "tests")]

use ledger::{KeyFolder, Keyring, LedgerError, Master, Passphrase, Purpose, open_all, seal};
use model::{Actor, ActorKind, Class, Event, EventTime, StoredEvent, SubjectRef, class::act};
use std::{num::NonZeroUsize, sync::Arc};
use store::{StoreError, keys::SqlKeys, sql::Database};
use tempfile::TempDir;
use uuid::Uuid;

const SUBJECTS: usize = 2_300;

/// A key store and a key folder, opened as often as a process would.
struct Place {
    folder: TempDir,
    url: String,
}

impl Place {
    fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = testkit::sqlite(folder.path(), "keys.db");
        Self { folder, url }
    }

    async fn outgrown() -> Option<Self> {
        Some(Self { url: testkit::postgres().await?, folder: tempfile::tempdir().unwrap() })
    }

    fn key_folder(&self) -> KeyFolder {
        KeyFolder::new(self.folder.path().join("keys"), Passphrase::new("correct horse"))
    }

    async fn keyring(&self) -> Keyring {
        self.keyring_with(&self.url, self.key_folder()).await
    }

    async fn keyring_with(&self, url: &str, folder: KeyFolder) -> Keyring {
        let keys = SqlKeys::open(Database::open(url, "keys").await.unwrap()).await.unwrap();
        Keyring::with_wraps(Master::from_secret(&[7; 32]).unwrap(), Arc::new(folder), Arc::new(keys), NonZeroUsize::new(10_000).unwrap())
    }
}

fn subjects(from: usize, until: usize) -> Vec<SubjectRef> {
    (from..until).map(|n| SubjectRef::account(Uuid::from_u128(1), format!("user-{n}"))).collect()
}

/// One event of each, sealed under their keys.
async fn sealed(keyring: &Keyring, subjects: &[SubjectRef]) -> Vec<StoredEvent> {
    let resolved = keyring.resolve(subjects).await.unwrap();
    let event = |subject: &SubjectRef| {
        let mut event = Event::new(Uuid::from_u128(1), "exports", "generic/1", "export", Class::WebResources, act::EXPORT, EventTime::utc(5));
        let username = Some(subject.vendor_id.clone());
        event.actor = Some(Actor { subject: subject.clone(), kind: ActorKind::Human, username, name: None, email: None, application: None });
        event
    };
    subjects.iter().map(|subject| seal(keyring, &resolved, "activity", &event(subject)).unwrap()).collect()
}

fn ids(stored: &[StoredEvent]) -> Vec<Uuid> {
    stored.iter().map(|s| s.clear().unwrap().actor_subject.unwrap()).collect()
}

/// How many still open with every key unwrapped anew, each to what was sealed.
async fn opens(keyring: &Keyring, stored: &[StoredEvent]) -> usize {
    keyring.forget();
    let opened = open_all(keyring, "activity", stored).await.unwrap();
    opened.iter().filter(|o| o.actor.as_ref().is_some_and(|a| a.username.as_ref() == Some(&a.subject.vendor_id))).count()
}

async fn rotated(keyring: &Keyring) -> u64 {
    let (mut after, mut replaced) = (None, 0);
    while let Some(stepped) = keyring.rewrap(after).await.unwrap() {
        (after, replaced) = (Some(stepped.after), replaced + stepped.replaced);
    }
    replaced
}

async fn stopped_and_begun_again(place: Place) {
    // Opened before there was any other key: it must find the new ones by itself.
    let server = place.keyring().await;
    let stored = sealed(&server, &subjects(0, SUBJECTS)).await;
    assert_eq!(server.wrapped().await.unwrap(), [(None, SUBJECTS as u64)].into());

    let folder = place.key_folder();
    let first = folder.make(&Purpose::KeyEncryption).unwrap();
    let rotating = place.keyring().await;
    rotating.wrap_under(first).await.unwrap();
    let one = rotating.rewrap(None).await.unwrap().unwrap();
    assert_eq!((one.looked_at, one.replaced), (1_000, 1_000));
    // Stopped here, as by kill -9: some rows are under the new key, some not, and everybody reads all of them.
    drop(rotating);
    assert_eq!(server.wrapped().await.unwrap(), [(None, 1_300), (Some(first), 1_000)].into());
    assert_eq!(opens(&server, &stored).await, SUBJECTS);
    // What the server meets now comes under the new key at once.
    sealed(&server, &subjects(SUBJECTS, SUBJECTS + 10)).await;
    assert_eq!(server.wrapped().await.unwrap(), [(None, 1_300), (Some(first), 1_010)].into());

    let again = place.keyring().await;
    again.wrap_under(first).await.unwrap();
    assert_eq!(rotated(&again).await, 1_300, "those done before the stop are not done again");
    assert_eq!(again.wrapped().await.unwrap(), [(Some(first), 2_310)].into());
    again.scrub().await.unwrap();
    assert_eq!(opens(&server, &stored).await, SUBJECTS);
    assert_eq!(ids(&sealed(&server, &subjects(0, SUBJECTS)).await), ids(&stored), "the same ids as ever");

    // On to a second one, with an erasure while a batch is in hand.
    let second = folder.make(&Purpose::KeyEncryption).unwrap();
    again.wrap_under(second).await.unwrap();
    let gone = ids(&stored)[7];
    let gone = [gone];
    let (_, replaced) = tokio::join!(server.erase(&gone), rotated(&again));
    assert!((2_309..=2_310).contains(&replaced), "{replaced}");
    assert_eq!(again.wrapped().await.unwrap(), [(Some(second), 2_309)].into());
    assert_eq!(opens(&server, &stored[7..8]).await, 0, "what is erased stays so");

    // The first is destroyed: nothing that lives needs it.
    folder.destroy(&Purpose::KeyEncryption, first).unwrap();
    assert_eq!(opens(&place.keyring().await, &stored).await, SUBJECTS - 1);
}

#[tokio::test]
async fn stopped_and_begun_again_on_sqlite() {
    stopped_and_begun_again(Place::embedded()).await;
}

#[tokio::test]
async fn stopped_and_begun_again_on_postgres() {
    let Some(place) = Place::outgrown().await else { return };
    stopped_and_begun_again(place).await;
}

#[tokio::test]
async fn a_copy_of_the_key_store_ends_with_the_key_it_was_under() {
    let place = Place::embedded();
    let (folder, keyring) = (place.key_folder(), place.keyring().await);
    let first = folder.make(&Purpose::KeyEncryption).unwrap();
    keyring.wrap_under(first).await.unwrap();
    let stored = sealed(&keyring, &subjects(0, 20)).await;
    keyring.scrub().await.unwrap();
    let copy = place.folder.path().join("copy.db");
    std::fs::copy(place.folder.path().join("keys.db"), &copy).unwrap();
    let copy = testkit::sqlite(place.folder.path(), "copy.db");
    assert_eq!(opens(&place.keyring_with(&copy, place.key_folder()).await, &stored).await, 20, "so far a copy is as good as the store");

    let second = folder.make(&Purpose::KeyEncryption).unwrap();
    keyring.wrap_under(second).await.unwrap();
    assert_eq!(rotated(&keyring).await, 20);
    folder.destroy(&Purpose::KeyEncryption, first).unwrap();
    assert_eq!(opens(&place.keyring().await, &stored).await, 20);
    let restored = place.keyring_with(&copy, place.key_folder()).await;
    let refused = restored.keys(&ids(&stored)).await.map(drop).unwrap_err();
    assert!(matches!(&refused, LedgerError::Store(StoreError::Unavailable { .. })) && refused.to_string().contains(&first.to_string()), "{refused}");
    assert!(restored.resolve(&subjects(90, 91)).await.is_err(), "nor does anything new come under a key that is gone");
}

#[tokio::test]
async fn another_passphrase_is_told_in_one_line_and_nothing_is_changed() {
    let place = Place::embedded();
    let keyring = place.keyring().await;
    let id = place.key_folder().make(&Purpose::KeyEncryption).unwrap();
    keyring.wrap_under(id).await.unwrap();
    sealed(&keyring, &subjects(0, 3)).await;
    for (passphrase, says) in [(Passphrase::new("correct horsf"), "the passphrase is not the one"), (None, "it is sealed under a passphrase")] {
        let wrong = place.keyring_with(&place.url, KeyFolder::new(place.key_folder().path(), passphrase)).await;
        let refused = wrong.ready().await.unwrap_err().to_string();
        assert!(refused.contains(says) && refused.contains(&id.to_string()) && !refused.contains('\n') && !refused.contains("horse"), "{refused}");
        assert!(wrong.resolve(&subjects(9, 10)).await.is_err());
    }
    place.keyring().await.ready().await.unwrap();
    assert_eq!(keyring.wrapped().await.unwrap(), [(Some(id), 3)].into());
}
