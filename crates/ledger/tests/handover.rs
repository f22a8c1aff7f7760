//! A ledger's signing key hands over to the next one: old sizes keep their key, new sizes have theirs alone, and nothing that was signed is signed again.

mod house;

use house::{House, LEDGER, dying::Dying, signer};
use ledger::{Integrator, KeyFolder, Layout, LedgerError, Lock, LogKeys, Passphrase, Signers, prove, verify, verify::verify_again};
use merkle::{Checkpoint, MerkleError, TlogProof, leaf_hash};
use std::sync::{Arc, atomic::AtomicUsize};
use store::blobs::Blobs;
use uuid::Uuid;

const ORIGIN: &str = "example.org/activity.0";
const CHECKPOINT: &str = "activity/0/checkpoint";
/// More than a lease lasts, in microseconds.
const LATER: i64 = 100_000_000;

fn signers(house: &House) -> Signers {
    signers_with(house, None)
}

fn signers_with(house: &House, passphrase: Option<Passphrase>) -> Signers {
    Signers::with_folder(signer(), KeyFolder::new(house.folder.path().join("signing"), passphrase), LEDGER)
}

fn lock(house: &House) -> Lock {
    Lock::of(house.apart.clone(), LEDGER)
}

fn integrator(house: &House) -> Integrator {
    Integrator::new(house.trail.clone(), house.blobs.clone(), LEDGER, signers(house), lock(house), Uuid::new_v4())
}

async fn text(house: &House, path: &str) -> String {
    String::from_utf8(house.blobs.get(path).await.unwrap().unwrap().0.to_vec()).unwrap()
}

async fn faults(house: &House, keys: &LogKeys) -> Vec<String> {
    let report = verify(house.blobs.as_ref(), LEDGER, 0, keys, &mut |_| {}).await.unwrap();
    report.faults.into_iter().map(|f| format!("{}: {}", f.file, f.what)).collect()
}

async fn old_sizes_keep_their_key_and_new_ones_have_theirs(house: House) {
    let one = integrator(&house);
    house.fill(0, 300, 100).await;
    one.step(1).await.unwrap().unwrap();
    let before = text(&house, CHECKPOINT).await;
    let alone = one.keys().await.unwrap();
    assert_eq!((alone.all().len(), alone.handovers()), (1, ""));

    let made = one.signers().make().unwrap();
    assert_eq!(one.keys().await.unwrap(), alone, "until the next checkpoint nothing changes");
    assert_eq!(one.step(2).await.unwrap(), None, "and what is signed is not signed again");
    assert_eq!(text(&house, CHECKPOINT).await, before);
    house.fill(300, 700, 100).await;
    let done = one.step(3).await.unwrap().unwrap();
    assert_eq!(done.keys.all(), [(0, signer().verifier()), (301, made.clone())]);
    assert_eq!((one.keys().await.unwrap(), text(&house, "activity/0/keys").await), (done.keys.clone(), done.keys.handovers().to_owned()));
    let after = text(&house, CHECKPOINT).await;
    assert_eq!(after.lines().next(), before.lines().next(), "the ledger's name stays");
    assert_eq!(Checkpoint::verify(&after, ORIGIN, &[made.clone()]).unwrap().size, 700);
    assert!(matches!(Checkpoint::verify(&after, ORIGIN, &[signer().verifier()]), Err(MerkleError::NoKnownSignature)), "by the new key alone");
    assert_eq!(done.keys.checkpoint(&before, ORIGIN).unwrap().size, 300);
    assert_eq!(faults(&house, &done.keys).await, [""; 0], "segments that the old key signed included");
    for trusted in [signer().verifier(), made.clone()] {
        assert_eq!(LogKeys::parse(done.keys.handovers(), ORIGIN, &trusted).unwrap(), done.keys, "a stranger with either key learns both");
    }
    let proof = prove(house.blobs.as_ref(), LEDGER, 0, 5).await.unwrap();
    TlogProof::parse(&proof.tlog_proof).unwrap().verify(leaf_hash(&proof.leaf), ORIGIN, &[made.clone()]).unwrap();

    // Another process, and a second handover; the private half of the one in between goes for good.
    let two = integrator(&house);
    two.check().await.unwrap();
    let third = two.signers().make().unwrap();
    house.fill(700, 720, 10).await;
    let done = two.step(LATER).await.unwrap().unwrap();
    assert_eq!(done.keys.all()[2], (701, third));
    assert_eq!(two.signers().destroy_past(&done.keys).unwrap(), 1);
    assert!(signers(&house).of(&made).is_err());
    let three = integrator(&house);
    three.check().await.unwrap();
    house.fill(720, 730, 10).await;
    three.step(2 * LATER).await.unwrap().unwrap();
    assert_eq!(faults(&house, &done.keys).await, [""; 0]);
    // Whoever was told of one key only, as before, is told that it is not this list's.
    assert!(faults(&house, &signer().verifier().into()).await.iter().any(|f| f.starts_with("activity/0/keys: ")));
}

#[tokio::test]
async fn old_sizes_keep_their_key_on_sqlite_and_a_directory() {
    old_sizes_keep_their_key_and_new_ones_have_theirs(House::embedded().await).await;
}

#[tokio::test]
async fn old_sizes_keep_their_key_on_postgres_and_s3() {
    if let Some(house) = House::outgrown().await {
        old_sizes_keep_their_key_and_new_ones_have_theirs(house).await;
    }
}

#[tokio::test]
async fn the_old_key_signs_nothing_new() {
    let house = House::embedded().await;
    // As long as nobody made another key, processes with and without the folder are the same.
    let old = house.integrator();
    house.fill(0, 50, 10).await;
    old.step(1).await.unwrap().unwrap();
    let new = integrator(&house);
    new.signers().make().unwrap();
    house.fill(50, 90, 10).await;
    let done = new.step(LATER).await.unwrap().unwrap();

    // A process that knows the old key alone comes back: it says what it lacks, and signs nothing.
    house.fill(90, 95, 5).await;
    let refused = old.step(2 * LATER).await.unwrap_err().to_string();
    assert!(refused.contains("private half"), "{refused}");
    assert_eq!(lock(&house).keys(house.blobs.as_ref(), LEDGER, 0, &signer().verifier()).await.unwrap(), done.keys);

    // A thief of the old key signs the true root again, and a longer history: both are refused by name.
    let good = text(&house, CHECKPOINT).await;
    let newest = Checkpoint::parse_text(&good[..good.find("\n\n").unwrap() + 1]).unwrap();
    for size in [newest.size, 4_000] {
        let forged = Checkpoint { size, ..newest.clone() }.sign(&signer()).unwrap();
        house.blobs.put(CHECKPOINT, forged.into()).await.unwrap();
        let found = faults(&house, &done.keys).await;
        assert!(found.iter().any(|f| f.starts_with("activity/0/checkpoint: ") && f.contains("another key of the log")), "{found:?}");
        let refused = integrator(&house).check().await.unwrap_err().to_string();
        assert!(refused.contains("another key of the log"), "{refused}");
    }
    house.blobs.put(CHECKPOINT, good.into()).await.unwrap();
    assert_eq!(faults(&house, &done.keys).await, [""; 0]);

    // Without the lock, what is published is as good: the first key signed it.
    house.apart.delete("activity.lock").await.unwrap();
    let again = integrator(&house);
    again.check().await.unwrap();
    assert_eq!(again.keys().await.unwrap(), done.keys);
    again.step(3 * LATER).await.unwrap().unwrap();
    // A changed byte in the list is found, by a server at work too.
    let list = done.keys.handovers();
    house.blobs.put("activity/0/keys", list.replacen("51", "52", 1).into()).await.unwrap();
    assert_eq!(faults(&house, &done.keys).await, ["activity/0/keys: it is not the list of keys that this ledger is verified by"]);
    let at_work = verify_again(house.blobs.as_ref(), (LEDGER, 0), done.keys.clone(), &lock(&house), None, &mut |_| {}).await.unwrap();
    assert_eq!(at_work.faults.len(), 1);
    house.blobs.delete("activity/0/keys").await.unwrap();
    assert_eq!(faults(&house, &done.keys).await.len(), 1);
}

#[tokio::test]
async fn who_verifies_while_a_key_takes_over_finds_nothing_wrong() {
    let house = House::embedded().await;
    let integrator = integrator(&house);
    house.fill(0, 50, 10).await;
    let before = integrator.step(1).await.unwrap().unwrap().keys;
    integrator.signers().make().unwrap();
    house.fill(50, 90, 10).await;
    integrator.step(2).await.unwrap().unwrap();
    assert!(!faults(&house, &before).await.is_empty(), "by the old list alone there is something wrong");
    let report = verify_again(house.blobs.as_ref(), (LEDGER, 0), before, &lock(&house), None, &mut |_| {}).await.unwrap();
    assert_eq!((report.size, report.faults), (90, vec![]));
}

#[tokio::test]
async fn killed_at_any_write_of_a_handover_the_next_process_goes_on() {
    let house = House::embedded().await;
    let (mut size, mut kills, mut now, mut keys) = (0, 0, 0, 1);
    for at in 0..14 {
        for (after, made_before) in [(false, true), (true, true), (false, false), (true, false)] {
            house.fill(size, size + 30, 10).await;
            (size, now) = (size + 30, now + LATER);
            let left = Arc::new(AtomicUsize::new(at));
            let dying = |blobs: &Arc<dyn Blobs>| Arc::new(Dying { blobs: blobs.clone(), left: left.clone(), after }) as Arc<dyn Blobs>;
            if made_before {
                signers(&house).make().unwrap();
            }
            let lock = Lock::of(dying(&house.apart), LEDGER);
            let killed = Integrator::new(house.trail.clone(), dying(&house.blobs), LEDGER, signers(&house), lock, Uuid::new_v4()).step(now).await;
            kills += usize::from(killed.is_err());
            if !made_before {
                signers(&house).make().unwrap();
            }
            house.fill(size, size + 7, 7).await;
            (size, keys) = (size + 7, keys + 1);
            let next = integrator(&house);
            next.check().await.unwrap();
            now += LATER;
            while next.step(now).await.unwrap().is_some() {
                now += 1;
            }
            let listed = next.keys().await.unwrap();
            let expect = [""; 0];
            assert_eq!((listed.all().len(), faults(&house, &listed).await), (keys, expect.map(str::to_owned).to_vec()), "killed at write {at}, after: {after}");
        }
    }
    assert!(kills >= 14, "{kills}");
}

#[tokio::test]
async fn a_key_that_cannot_be_opened_stops_the_start() {
    let house = House::embedded().await;
    house.fill(0, 50, 10).await;
    let with = |passphrase| {
        let signers = signers_with(&house, Passphrase::new(passphrase));
        Integrator::new(house.trail.clone(), house.blobs.clone(), LEDGER, signers, lock(&house), Uuid::new_v4())
    };
    with("correct horse").signers().make().unwrap();
    assert!(matches!(with("another").check().await, Err(LedgerError::KeyFile { .. })));
    assert!(with("another").step(1).await.is_err());
    assert_eq!(house.blobs.get(&Layout::new(LEDGER, 0).checkpoint()).await.unwrap(), None);
    let right = with("correct horse");
    right.check().await.unwrap();
    assert_eq!(right.step(LATER).await.unwrap().unwrap().keys.all().len(), 2);
}
