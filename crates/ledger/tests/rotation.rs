//! Another key-encryption key: stopped anywhere and begun again, beside a server at work and erasures, on both databases.
#![allow(clippy::unwrap_used, reason = "tests")]

use ledger::{KeyFolder, Keyring, LedgerError, Master, Passphrase, Purpose};
use model::SubjectRef;
use std::{collections::HashMap, num::NonZeroUsize, sync::Arc};
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

/// Ids and keys, as text that can be compared.
async fn known(keyring: &Keyring, subjects: &[SubjectRef]) -> HashMap<String, Option<(Uuid, Vec<u8>)>> {
    let sealed = |id: Uuid| keyring.mac("test", &[id.as_bytes()]).to_vec();
    keyring.resolve(subjects).await.unwrap().into_iter().map(|(s, found)| (s.vendor_id, found.map(|(id, _)| (id, sealed(id))))).collect()
}

/// Whether each subject's key still opens what was sealed under it, by unwrapping it anew.
async fn opens(keyring: &Keyring, ids: &[Uuid]) -> usize {
    keyring.forget();
    keyring.keys(ids).await.unwrap().len()
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
    let all = subjects(0, SUBJECTS);
    let before = known(&server, &all).await;
    let ids: Vec<Uuid> = before.values().flatten().map(|(id, _)| *id).collect();
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
    assert_eq!(opens(&server, &ids).await, SUBJECTS);
    // What the server meets now comes under the new key at once.
    known(&server, &subjects(SUBJECTS, SUBJECTS + 10)).await;
    assert_eq!(server.wrapped().await.unwrap(), [(None, 1_300), (Some(first), 1_010)].into());

    let again = place.keyring().await;
    again.wrap_under(first).await.unwrap();
    assert_eq!(rotated(&again).await, 1_300, "those done before the stop are not done again");
    assert_eq!(again.wrapped().await.unwrap(), [(Some(first), 2_310)].into());
    again.scrub().await.unwrap();
    server.forget();
    assert_eq!(known(&server, &all).await, before, "the same ids as ever");
    assert_eq!(opens(&server, &ids).await, SUBJECTS);

    // On to a second one, with an erasure while a batch is in hand.
    let second = folder.make(&Purpose::KeyEncryption).unwrap();
    again.wrap_under(second).await.unwrap();
    let gone = before["user-7"].as_ref().unwrap().0;
    let (_, replaced) = tokio::join!(server.erase(&[gone]), rotated(&again));
    assert!((2_309..=2_310).contains(&replaced), "{replaced}");
    assert_eq!(again.wrapped().await.unwrap(), [(Some(second), 2_309)].into());
    assert_eq!(known(&place.keyring().await, &subjects(7, 8)).await["user-7"], None, "what is erased stays so");

    // The first is destroyed: nothing that lives needs it.
    folder.destroy(&Purpose::KeyEncryption, first).unwrap();
    let ids: Vec<Uuid> = ids.into_iter().filter(|id| *id != gone).collect();
    assert_eq!(opens(&place.keyring().await, &ids).await, SUBJECTS - 1);
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
    let ids: Vec<Uuid> = known(&keyring, &subjects(0, 20)).await.into_values().flatten().map(|(id, _)| id).collect();
    keyring.scrub().await.unwrap();
    let copy = place.folder.path().join("copy.db");
    std::fs::copy(place.folder.path().join("keys.db"), &copy).unwrap();
    let copy = testkit::sqlite(place.folder.path(), "copy.db");
    assert_eq!(opens(&place.keyring_with(&copy, place.key_folder()).await, &ids).await, 20, "so far a copy is as good as the store");

    let second = folder.make(&Purpose::KeyEncryption).unwrap();
    keyring.wrap_under(second).await.unwrap();
    assert_eq!(rotated(&keyring).await, 20);
    folder.destroy(&Purpose::KeyEncryption, first).unwrap();
    assert_eq!(opens(&place.keyring().await, &ids).await, 20);
    let restored = place.keyring_with(&copy, place.key_folder()).await;
    let refused = restored.keys(&ids).await.map(drop).unwrap_err();
    assert!(matches!(&refused, LedgerError::Store(StoreError::Unavailable { .. })) && refused.to_string().contains(&first.to_string()), "{refused}");
    assert!(restored.resolve(&subjects(90, 91)).await.is_err(), "nor does anything new come under a key that is gone");
}

#[tokio::test]
async fn another_passphrase_is_told_in_one_line_and_nothing_is_changed() {
    let place = Place::embedded();
    let keyring = place.keyring().await;
    let id = place.key_folder().make(&Purpose::KeyEncryption).unwrap();
    keyring.wrap_under(id).await.unwrap();
    known(&keyring, &subjects(0, 3)).await;
    for (passphrase, says) in [(Passphrase::new("correct horsf"), "the passphrase is not the one"), (None, "it is sealed under a passphrase")] {
        let wrong = place.keyring_with(&place.url, KeyFolder::new(place.key_folder().path(), passphrase)).await;
        let refused = wrong.ready().await.unwrap_err().to_string();
        assert!(refused.contains(says) && refused.contains(&id.to_string()) && !refused.contains('\n') && !refused.contains("horse"), "{refused}");
        assert!(wrong.resolve(&subjects(9, 10)).await.is_err());
    }
    place.keyring().await.ready().await.unwrap();
    assert_eq!(keyring.wrapped().await.unwrap(), [(Some(id), 3)].into());
}
