//! Batches become segments, tiles and a signed checkpoint; whatever is cut off is gone on with; older data is refused.

mod house;

use house::{House, LEDGER, dying::Dying, event, signer, verifier};
use ledger::{Integrator, LedgerError, Lock, open_all, prove};
use merkle::{Checkpoint, TlogProof, leaf_hash};
use std::sync::{Arc, atomic::AtomicUsize};
use store::{
    StoreError,
    blobs::{Blobs, Directory},
};

async fn what_is_appended_is_moved_signed_and_proved(house: House) {
    let integrator = house.integrator();
    integrator.check().await.unwrap();
    assert_eq!(integrator.step(0).await.unwrap(), None);
    let (mut from, mut checkpoints) = (0, Vec::new());
    for until in [1, 2, 255, 256, 257, 300, 600] {
        house.fill(from, until, 40).await;
        let before: Vec<_> = house.reader().read(0, usize::MAX).await.unwrap();
        let done = integrator.step(until as i64).await.unwrap().unwrap();
        assert_eq!((done.size, done.behind), (until, 0));
        let read = Checkpoint::verify(&done.checkpoint, "example.org/activity.0", &[verifier()]).unwrap();
        assert_eq!((read.size, read.root), (until, done.root));
        assert_eq!(integrator.step(until as i64).await.unwrap(), None);
        assert!(house.trail.read(0, 1).await.unwrap().is_empty(), "the tail is dropped");
        let moved = house.reader().read(0, usize::MAX).await.unwrap();
        assert_eq!((moved.len() as u64, moved.starts_with(&before)), (until, true), "moving changes nothing");
        checkpoints.push(done);
        from = until;
    }
    let report = house.verify().await;
    assert_eq!((report.size, report.faults), (600, vec![]));
    assert_eq!(report.checkpoint, checkpoints.last().unwrap().checkpoint);
    for index in [0, 1, 255, 256, 511, 599] {
        let proof = prove(house.blobs.as_ref(), LEDGER, 0, index).await.unwrap();
        let read = TlogProof::parse(&proof.tlog_proof).unwrap();
        assert_eq!(read.verify(leaf_hash(&proof.leaf), "example.org/activity.0", &[verifier()]).unwrap().size, 600);
        assert_eq!(house.reader().get(index).await.unwrap().unwrap().leaf, proof.leaf);
    }
    assert!(matches!(prove(house.blobs.as_ref(), LEDGER, 0, 600).await, Err(LedgerError::Store(StoreError::NotFound(_)))));

    // Tail and segments are one order, and a resend finds its place wherever it is by now.
    house.fill(600, 650, 50).await;
    let mut all = Vec::new();
    loop {
        let page = house.reader().read(all.len() as u64, 3_000).await.unwrap();
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    assert!(all.iter().map(|(i, _)| *i).eq(0..650));
    let stored: Vec<_> = all.into_iter().map(|(_, s)| s).collect();
    let opened = open_all(&house.keyring, LEDGER, &stored).await.unwrap();
    assert!(opened.iter().zip(0..).all(|(o, n)| o.raw.as_ref() == Some(&event(n).raw)));
    let again = house.appender().append(house::delivery([3, 620])).await.unwrap();
    assert_eq!(again.iter().map(|p| p.position().index).collect::<Vec<_>>(), [3, 620]);
}

#[tokio::test]
async fn moved_signed_and_proved_on_sqlite_and_a_directory() {
    what_is_appended_is_moved_signed_and_proved(House::embedded().await).await;
}

#[tokio::test]
async fn moved_signed_and_proved_on_postgres_and_s3() {
    if let Some(house) = House::outgrown().await {
        what_is_appended_is_moved_signed_and_proved(house).await;
    }
}

#[tokio::test]
async fn killed_at_any_write_the_next_process_goes_on() {
    let house = House::embedded().await;
    let (mut size, mut kills) = (0, 0);
    // Every write of a step that also fills a tile, with more records each time; before and after the write.
    for at in 0..14 {
        for after in [false, true] {
            house.fill(size, size + 30, 10).await;
            size += 30;
            let left = Arc::new(AtomicUsize::new(at));
            let dying = |blobs: &Arc<dyn Blobs>| Arc::new(Dying { blobs: blobs.clone(), left: left.clone(), after }) as Arc<dyn Blobs>;
            let lock = Lock::new(dying(&house.apart), "activity.lock");
            let killed =
                Integrator::new(house.trail.clone(), dying(&house.blobs), LEDGER, signer(), lock, uuid::Uuid::new_v4()).step(size as i64 * 100_000_000).await;
            kills += usize::from(killed.is_err());
            house.fill(size, size + 7, 7).await;
            size += 7;
            let next = house.integrator();
            next.check().await.unwrap();
            let mut now = size as i64 * 100_000_000 + 20_000_000;
            while next.step(now).await.unwrap().is_some() {
                now += 1;
            }
            let report = house.verify().await;
            assert_eq!((report.size, report.faults), (size, vec![]), "killed at write {at}, after: {after}");
            assert_eq!(house.trail.head().await.unwrap().integrated, size);
        }
    }
    assert!(kills >= 14, "{kills}");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy(&from, &to) } else { assert!(std::fs::copy(from, to).is_ok()) }
    }
}

#[tokio::test]
async fn data_older_than_its_lock_is_refused() {
    let house = House::embedded().await;
    house.fill(0, 50, 10).await;
    house.integrator().step(1).await.unwrap().unwrap();
    copy(&house.folder.path().join("blobs"), &house.folder.path().join("backup"));
    house.fill(50, 90, 10).await;
    house.integrator().step(100_000_000).await.unwrap().unwrap();
    let restored: Arc<dyn Blobs> = Arc::new(Directory::open(house.folder.path().join("backup")).unwrap());
    let old = house.integrator_on(restored);
    assert!(matches!(old.check().await, Err(LedgerError::Older { .. })));
    house.fill(90, 95, 5).await;
    assert!(matches!(old.step(200_000_000).await, Err(LedgerError::Older { .. })));
    house.integrator().step(300_000_000).await.unwrap().unwrap();

    // The whole data, trail included, from before the lock: another trail with other records under the same lock.
    let other = House::embedded().await;
    other.fill(0, 200, 10).await;
    let under_our_lock =
        Integrator::new(other.trail.clone(), other.blobs.clone(), LEDGER, signer(), Lock::new(house.apart.clone(), "activity.lock"), uuid::Uuid::new_v4());
    assert!(matches!(under_our_lock.check().await, Err(LedgerError::Older { .. })));
    assert!(under_our_lock.step(1).await.is_err());
    assert_eq!(other.blobs.get("activity/0/checkpoint").await.unwrap(), None);
}

#[tokio::test]
async fn one_of_two_integrators_signs() {
    let house = House::embedded().await;
    let (one, two) = (house.integrator(), house.integrator());
    house.fill(0, 20, 5).await;
    one.step(1_000_000).await.unwrap().unwrap();
    house.fill(20, 40, 5).await;
    assert!(matches!(two.step(2_000_000).await, Err(LedgerError::Store(StoreError::Conflict(_)))));
    assert_eq!(two.step(12_000_000).await.unwrap().unwrap().size, 40);
    house.fill(40, 60, 5).await;
    assert!(one.step(13_000_000).await.is_err(), "the first holder lost its lease");
    assert_eq!(two.step(14_000_000).await.unwrap().unwrap().size, 60);
    assert_eq!(house.verify().await.faults, []);
}
