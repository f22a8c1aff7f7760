//! A copy put back goes on where it can, and where it cannot the loss is declared: nothing is ever signed twice.

mod house;

use house::{House, LEDGER, delivery, verifier};
use ledger::{
    Keyring, Layout, LedgerError, Lock, Loss, Master, Opening,
    backup::{Watch, changing, objects, read},
    loss::{check_opening, opening},
    prove,
    tree::leaf_of,
    verify,
};
use merkle::LogKeys;
use std::{num::NonZeroUsize, path::PathBuf, sync::Arc};
use store::{
    blobs::{Blobs, Directory, S3},
    copy::{self, Part},
    keys::SqlKeys,
    sql::Database,
    trail::{Placed, SqlTrail},
};

/// More than a lease lasts, in microseconds.
const LATER: i64 = 100_000_000;

/// A ledger whose database can be copied.
struct Kept {
    house: House,
    trail: Arc<SqlTrail>,
    database: Database,
}

impl Kept {
    /// On PostgreSQL and S3, or on SQLite and a directory; beside `other` with its lock and its keys.
    async fn new(outgrown: bool, other: Option<&House>) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let (url, blobs): (String, Arc<dyn Blobs>) = if outgrown {
            (testkit::postgres().await?, Arc::new(S3::open(&testkit::s3().await?).unwrap()))
        } else {
            (testkit::sqlite(folder.path(), "trail.db"), Arc::new(Directory::open(folder.path().join("blobs")).unwrap()))
        };
        let database = Database::open(&url, "trail").await.unwrap();
        let trail = Arc::new(SqlTrail::open(database.clone(), LEDGER, 0).await.unwrap());
        let (apart, keyring): (Arc<dyn Blobs>, Arc<Keyring>) = match other {
            Some(other) => (other.apart.clone(), other.keyring.clone()),
            None => {
                let keys = Database::open(&testkit::sqlite(folder.path(), "keys.db"), "keys").await.unwrap();
                let keys = Arc::new(SqlKeys::open(keys).await.unwrap());
                let keyring = Keyring::new(Master::from_secret(&[7; 32]).unwrap(), keys, NonZeroUsize::new(1_000).unwrap());
                (Arc::new(Directory::open(folder.path().join("apart")).unwrap()), Arc::new(keyring))
            }
        };
        Some(Self { house: House { folder, trail: trail.clone(), blobs, apart, keyring }, trail, database })
    }

    /// Copies database and objects as a backup does; the file, and the size of its checkpoint.
    async fn copy(&self, name: &str, watch: &Watch, layout: &Layout) -> Copy {
        let file = self.house.folder.path().join(name);
        let head = copy::save(&self.database, Part::Trail, &file, &mut |_| {}).await.unwrap().unwrap();
        let (size, note) = watch.within(head.integrated - head.first, head.size - head.first).expect("a checkpoint ends within the copy");
        let blobs = self.house.blobs.as_ref();
        let mut kept = changing(blobs, layout, (size, &note)).await.unwrap();
        for object in objects(blobs, layout, size).await.unwrap() {
            kept.push((object.path.clone(), read(blobs, layout, &object).await.unwrap()));
        }
        Copy { file, size, objects: kept }
    }

    async fn put_back(&self, copy: &Copy) {
        copy::put_back(&copy.file, Part::Trail, &self.database, &mut |_| {}).await.unwrap();
        for (path, bytes) in &copy.objects {
            self.house.blobs.put(path, bytes.clone()).await.unwrap();
        }
    }

    async fn verified(&self, generation: u32) -> u64 {
        let keys: LogKeys = verifier().into();
        let report = verify(self.house.blobs.as_ref(), LEDGER, generation, &keys, &mut |_| {}).await.unwrap();
        assert_eq!(report.faults, [], "generation {generation}");
        report.size
    }
}

struct Copy {
    file: PathBuf,
    size: u64,
    objects: Vec<(String, bytes::Bytes)>,
}

async fn step(house: &House, now: i64) {
    let integrator = house.integrator();
    integrator.check().await.unwrap();
    while integrator.step(now).await.unwrap().is_some() {}
}

fn positions(placed: &[Placed]) -> Vec<(bool, String)> {
    placed.iter().map(|p| (matches!(p, Placed::New(_)), p.position().to_string())).collect()
}

/// 100 records under a checkpoint, 150 in the tail when the copy is made, then all of them signed: the copy has it all, and goes on.
async fn a_tail_that_was_signed_is_moved_again(outgrown: bool) {
    let Some(first) = Kept::new(outgrown, None).await else { return };
    let layout = Layout::new(LEDGER, 0);
    first.house.fill(0, 100, 40).await;
    step(&first.house, 0).await;
    let watch = Watch::start(first.house.blobs.clone(), &layout).await.unwrap();
    first.house.fill(100, 250, 50).await;
    let copy = first.copy("copy.sqlite", &watch, &layout).await;
    assert_eq!(copy.size, 100);
    step(&first.house, LATER).await;

    let second = Kept::new(outgrown, Some(&first.house)).await.unwrap();
    assert!(copy::is_unused(&second.database, Part::Trail).await.unwrap());
    second.put_back(&copy).await;
    assert!(!copy::is_unused(&second.database, Part::Trail).await.unwrap());
    let integrator = second.house.integrator();
    assert!(matches!(integrator.check().await, Err(LedgerError::Older { .. })), "its tiles end at 100");
    assert_eq!(integrator.catch_up(2 * LATER).await.unwrap(), 150);
    assert_eq!(integrator.catch_up(2 * LATER).await.unwrap(), 0, "there is nothing left to do");
    integrator.check().await.unwrap();
    assert_eq!(integrator.loss().await.unwrap(), None);
    assert_eq!(second.verified(0).await, 250);
    assert_eq!(first.verified(0).await, 250);
    let checkpoint = async |kept: &Kept| kept.house.blobs.get(&layout.checkpoint()).await.unwrap().unwrap().0;
    assert_eq!(checkpoint(&first).await, checkpoint(&second).await, "no other checkpoint was signed");
    let again = second.house.appender().append(delivery([7, 240])).await.unwrap();
    assert_eq!(positions(&again), [(false, "activity.0:7".into()), (false, "activity.0:240".into())]);
    second.house.fill(250, 300, 50).await;
    step(&second.house, 3 * LATER).await;
    assert_eq!(second.verified(0).await, 300);
}

/// As before, and 50 more are signed and then lost.
async fn a_loss_is_declared_and_named(outgrown: bool) {
    let Some(first) = Kept::new(outgrown, None).await else { return };
    let layout = Layout::new(LEDGER, 0);
    first.house.fill(0, 100, 40).await;
    step(&first.house, 0).await;
    let watch = Watch::start(first.house.blobs.clone(), &layout).await.unwrap();
    first.house.fill(100, 250, 50).await;
    let copy = first.copy("copy.sqlite", &watch, &layout).await;
    first.house.fill(250, 300, 50).await;
    step(&first.house, LATER).await;

    let second = Kept::new(outgrown, Some(&first.house)).await.unwrap();
    second.put_back(&copy).await;
    let integrator = second.house.integrator();
    assert_eq!(integrator.catch_up(2 * LATER).await.unwrap(), 0, "the tail does not reach the lock");
    assert!(matches!(integrator.step(2 * LATER).await, Err(LedgerError::Older { .. })), "nothing is signed");
    let loss: Loss = integrator.loss().await.unwrap().unwrap();
    assert_eq!((loss.range().as_str(), loss.kept, loss.opening.moved, loss.number), ("activity.0:100..activity.0:300", 100, 150, 1));
    assert_eq!((loss.opening.checkpoint.origin.as_str(), loss.opening.checkpoint.size), ("example.org/activity.0", 300));

    let record = loss.opened_by(&second.house.keyring, LEDGER, "a disk", 9).await.unwrap();
    let head = integrator.close(second.trail.as_ref(), &loss, 2 * LATER).await.unwrap();
    assert_eq!((head.integrated, head.size), (100, 250));
    assert_eq!(second.trail.renew(&head, loss.number, record.clone()).await.unwrap().to_string(), "activity.1:100");
    assert!(second.trail.renew(&head, loss.number, record).await.is_err(), "the head is another");
    let lock = Lock::new(second.house.apart.clone(), "activity.lock");
    assert!(!lock.past(0).is_new().await.unwrap(), "what the lock said is kept");
    step(&second.house, 3 * LATER).await;
    assert_eq!((second.verified(0).await, second.verified(1).await), (100, 151));

    // The old generation's copy cannot sign any more.
    let third = Kept::new(outgrown, Some(&first.house)).await.unwrap();
    third.put_back(&copy).await;
    assert!(matches!(third.house.integrator().step(4 * LATER).await, Err(LedgerError::Older { .. })));
    assert!(matches!(first.house.integrator().check().await, Err(LedgerError::Older { .. })), "nor can what was lost, if it comes back");
    let behind = third.house.integrator().loss().await.unwrap().unwrap();
    assert_eq!((behind.range().as_str(), behind.number), ("activity.0:100..activity.1:251", 2));

    // What opens it is named by the record itself, in clear, and held against what the lock kept.
    let (blobs, keys, own) = (second.house.blobs.as_ref(), LogKeys::from(verifier()), Layout::new(LEDGER, 1));
    let named: Opening = opening(blobs, &own).await.unwrap().unwrap();
    assert_eq!(named, loss.opening);
    assert_eq!(opening(blobs, &layout).await.unwrap(), None);
    assert_eq!(check_opening(blobs, &own, &keys, Some(&lock)).await.unwrap(), None);
    let (now, _) = second.house.apart.get("activity.lock").await.unwrap().unwrap();
    let (kept, _) = second.house.apart.get("activity.0.lock").await.unwrap().unwrap();
    second.house.apart.put("activity.0.lock", now).await.unwrap();
    assert!(check_opening(blobs, &own, &keys, Some(&lock)).await.unwrap().is_some(), "another checkpoint was the last");
    second.house.apart.put("activity.0.lock", kept).await.unwrap();

    // Old positions stay, moved ones are found where they are now, lost ones come again.
    let again = second.house.appender().append(delivery([99, 100, 249, 250])).await.unwrap();
    let wanted = [(false, "activity.0:99"), (false, "activity.1:101"), (false, "activity.1:250"), (true, "activity.1:251")];
    assert_eq!(positions(&again), wanted.map(|(new, at)| (new, at.to_owned())));
    step(&second.house, 4 * LATER).await;
    assert_eq!(second.verified(1).await, 152);
    for placed in &again {
        let at = placed.position();
        let leaf = leaf_of(second.trail.as_ref(), at).await.unwrap();
        let proof = prove(blobs, LEDGER, at.generation, leaf).await.unwrap();
        assert_eq!(proof.leaf, second.house.reader().get(at.index).await.unwrap().unwrap().leaf, "{at}");
    }
    let (mut all, mut next, reader) = (Vec::new(), 0, second.house.reader());
    loop {
        let page = reader.read(next, 4_000).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        assert_eq!(reader.generation_at(next).await.unwrap(), reader.generation_at(*last).await.unwrap(), "one read, one generation");
        next = last + 1;
        all.extend(page.into_iter().map(|(index, _)| index));
    }
    assert!(all.into_iter().eq(0..252));
}

#[tokio::test]
async fn a_tail_that_was_signed_is_moved_again_on_sqlite_and_a_directory() {
    a_tail_that_was_signed_is_moved_again(false).await;
}

#[tokio::test]
async fn a_tail_that_was_signed_is_moved_again_on_postgres_and_s3() {
    a_tail_that_was_signed_is_moved_again(true).await;
}

#[tokio::test]
async fn a_loss_is_declared_and_named_on_sqlite_and_a_directory() {
    a_loss_is_declared_and_named(false).await;
}

#[tokio::test]
async fn a_loss_is_declared_and_named_on_postgres_and_s3() {
    a_loss_is_declared_and_named(true).await;
}

/// A copy says nothing that its checkpoint does not: what grew meanwhile is cut.
#[tokio::test]
async fn objects_are_cut_to_the_checkpoint() {
    let house = House::embedded().await;
    let layout = Layout::new(LEDGER, 0);
    house.fill(0, 100, 50).await;
    step(&house, 0).await;
    let watch = Watch::start(house.blobs.clone(), &layout).await.unwrap();
    house.fill(100, 700, 100).await;
    step(&house, LATER).await;
    let (size, note) = watch.within(0, 100).unwrap();
    let kept = Directory::open(house.folder.path().join("kept")).unwrap();
    for (path, bytes) in changing(house.blobs.as_ref(), &layout, (size, &note)).await.unwrap() {
        kept.put(&path, bytes).await.unwrap();
    }
    let all = objects(house.blobs.as_ref(), &layout, size).await.unwrap();
    for object in &all {
        kept.put(&object.path, read(house.blobs.as_ref(), &layout, object).await.unwrap()).await.unwrap();
    }
    let paths: Vec<&str> = all.iter().map(|o| o.path.as_str()).collect();
    assert!(paths.contains(&"activity/0/tile/0/000.p/100") && !paths.contains(&"activity/0/tile/0/000"), "{paths:?}");
    let report = verify(&kept, LEDGER, 0, &verifier().into(), &mut |_| {}).await.unwrap();
    assert_eq!((report.size, report.faults), (100, vec![]));
}
