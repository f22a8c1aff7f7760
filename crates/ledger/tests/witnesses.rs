//! Real witnesses (PyPI aics-witness) cosign a growing ledger, are caught up with after an absence, and notice a roll-back.

mod house;
mod outside;

use house::{House, LEDGER, dying::Dying, signer, verifier};
use ledger::{AnchorKeys, Integrator, KeyFolder, Layout, LedgerError, Lock, Signers, anchor::witnessed, check_anchors, prove, verify};
use merkle::Note;
use outside::{agrees, key, run, witnesses};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use testkit::{WitnessProcess, tlog_tool};

const ORIGIN: &str = "example.org/activity.0";

/// Knows the test's ledger; not yet started.
fn witness(house: &House, name: &str) -> Option<WitnessProcess> {
    let witness = WitnessProcess::new(&house.folder.path().join(name), &format!("{name}.example/w"))?;
    witness.trust(ORIGIN, &verifier().to_string());
    Some(witness)
}

/// Appends and signs up to `until` records.
async fn grow(house: &House, integrator: &Integrator, until: u64) {
    let from = house.trail.head().await.unwrap().size;
    house.fill(from, until, 30).await;
    assert_eq!(integrator.step(until as i64).await.unwrap().unwrap().size, until);
}

async fn text(house: &House, path: &str) -> String {
    String::from_utf8(house.blobs.get(&format!("activity/0/{path}")).await.unwrap().unwrap().0.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witnesses_cosign_growth_and_one_that_was_away_is_caught_up_with() {
    let house = House::embedded().await;
    let (Some(tool), Some(mut one), Some(mut two)) = (tlog_tool("aics-tlog"), witness(&house, "one"), witness(&house, "two")) else { return };
    let integrator = Arc::new(house.integrator());
    one.start();
    let mut both = witnesses(&integrator, &[&one, &two], 2).await;
    let standing = both.check(1_000).await.unwrap();
    assert!(standing.trouble.as_ref().is_some_and(|t| t.contains("two.example/w") && !t.contains("one.example/w")), "{standing:?}");

    grow(&house, &integrator, 7).await;
    let plain = text(&house, "checkpoint").await;
    let standing = both.step(2_000).await.unwrap();
    assert_eq!((standing.size, standing.time), (0, None), "one of two is not enough");
    assert_eq!(standing.covered_at, Some(1_000), "the empty ledger was covered");
    assert_eq!(text(&house, "checkpoint").await, plain);
    two.start();
    let standing = both.step(3_000).await.unwrap();
    assert_eq!((standing.size, standing.covered_at, standing.trouble), (7, Some(3_000), None));
    assert!(text(&house, "checkpoint").await.starts_with(&plain));

    // Each time the witness checks the growth from what it held; the signer goes on beside the cosigned checkpoint it did not write itself.
    for until in [8, 255, 256, 600] {
        grow(&house, &integrator, until).await;
        let standing = both.step(until as i64 * 1_000).await.unwrap();
        assert_eq!((standing.size, standing.trouble), (until, None));
        assert_eq!((one.holds(ORIGIN), two.holds(ORIGIN)), (Some(until), Some(until)));
    }
    two.stop();
    for until in [700, 900] {
        grow(&house, &integrator, until).await;
        let standing = both.step(until as i64 * 1_000).await.unwrap();
        assert_eq!((standing.size, standing.covered_at), (600, Some(600_000)));
        assert!(standing.trouble.unwrap().contains("two.example/w"));
    }
    assert_eq!((one.holds(ORIGIN), two.holds(ORIGIN)), (Some(900), Some(600)));

    // A record under the cosigned checkpoint is proved by that; one after it by the newest signed.
    let keys = [key(&one), key(&two)];
    for (index, size, by) in [(599, 600, 2), (600, 900, 0)] {
        let proof = prove(house.blobs.as_ref(), LEDGER, 0, index).await.unwrap();
        assert_eq!((proof.size, witnessed(&proof.checkpoint, &keys).len()), (size, by), "record {index}");
    }
    two.start();
    assert_eq!(both.step(1_000_000).await.unwrap().size, 900);
    let asked_before = one.log();
    assert_eq!(both.step(2_000_000).await.unwrap().covered_at, Some(2_000_000));
    assert_eq!(one.log(), asked_before, "nobody is asked while there is nothing new");

    let tiles = house.folder.path().join("blobs/activity/0").to_str().unwrap().to_owned();
    let (log_key, cosigned) = (verifier().to_string(), format!("{tiles}/anchor/cosigned"));
    let by_both = ["--log-key", &log_key, "--origin", ORIGIN, "--witness-key", &one.key, "--witness-key", &two.key, "--quorum", "2", "--max-age", "600"];
    agrees(&tool, &[&["verify-checkpoint", "--tiles", &tiles], &by_both[..]].concat());
    agrees(&tool, &[&["verify-checkpoint", "--note", &cosigned], &by_both[..]].concat());
    assert_eq!(text(&house, "checkpoint").await, text(&house, "anchor/cosigned").await);
    let proof = prove(house.blobs.as_ref(), LEDGER, 0, 899).await.unwrap();
    let file = house.folder.path().join("proved");
    std::fs::write(&file, &proof.checkpoint).unwrap();
    agrees(&tool, &[&["verify-checkpoint", "--note", file.to_str().unwrap()], &by_both[..]].concat());
    let stranger = ["verify-checkpoint", "--tiles", &tiles, "--log-key", &log_key, "--origin", ORIGIN, "--witness-key", &two.key, "--quorum", "2"];
    assert!(!run(&tool, &stranger).0, "one witness is not two");

    // The next process goes on from what is stored.
    let next = witnesses(&integrator, &[&one, &two], 2).await.check(3_000_000).await.unwrap();
    assert_eq!((next.size, next.trouble), (900, None));

    // Cosigned before its signer has looked at anything, the checkpoint is shown with it once it has.
    let shown = text(&house, "checkpoint").await;
    let bare = Note::parse(&shown).unwrap().only(&[verifier()]).unwrap();
    house.blobs.put("activity/0/checkpoint", bare.clone().into()).await.unwrap();
    let again = Arc::new(house.integrator());
    again.check().await.unwrap();
    let mut next = witnesses(&again, &[&one, &two], 2).await;
    assert_eq!(next.check(4_000_000).await.unwrap().size, 900);
    assert_eq!(text(&house, "checkpoint").await, bare);
    assert_eq!(again.step(20_000_000).await.unwrap(), None);
    next.step(20_000_000).await.unwrap();
    assert_eq!(text(&house, "checkpoint").await, text(&house, "anchor/cosigned").await);
    house.fill(900, 950, 30).await;
    assert_eq!(again.step(21_000_000).await.unwrap().unwrap().size, 950);
    assert_eq!(house.verify().await.faults, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_stored_does_not_count() {
    let house = House::embedded().await;
    let Some(mut one) = witness(&house, "one") else { return };
    one.start();
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let integrator = Arc::new(house.integrator_on(Arc::new(Dying { blobs: house.blobs.clone(), left: left.clone(), after: false })));
    grow(&house, &integrator, 20).await;
    let mut follower = witnesses(&integrator, &[&one], 1).await;
    // Cut off before the copy kept for good, before the cosigned checkpoint, and before the published one.
    for writes in [0, 1, 1] {
        left.store(writes, Ordering::SeqCst);
        assert!(follower.step(1).await.is_err(), "{writes} writes");
    }
    left.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(follower.step(2).await.unwrap().size, 20);
    assert_eq!(integrator.step(3).await.unwrap(), None);
    follower.step(4).await.unwrap();
    let (cosigned, log) = (text(&house, "anchor/cosigned").await, one.log());
    assert_eq!(text(&house, "checkpoint").await, cosigned);
    assert_eq!(witnessed(&cosigned, &[key(&one)]).len(), 1);
    assert_eq!(log.matches("cosigned example.org").count(), 1, "it was asked once: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_bit_among_cosignatures_is_found_and_named() {
    let house = House::embedded().await;
    let Some(mut one) = witness(&house, "one") else { return };
    one.start();
    let integrator = Arc::new(house.integrator());
    let mut witnesses = witnesses(&integrator, &[&one], 1).await;
    for until in [40, 300] {
        grow(&house, &integrator, until).await;
        // Two hours, so that both are kept for good.
        witnesses.step(until as i64 * 100_000_000).await.unwrap();
    }
    let (log, keys) = (verifier().into(), [key(&one)]);
    let check = async |witnesses: &[merkle::WitnessKey]| {
        let mut report = house.verify().await;
        let keys = AnchorKeys { log: &log, witnesses, roots: None };
        let anchored = check_anchors(house.blobs.as_ref(), &Layout::new(LEDGER, 0), keys, &mut report).await.unwrap();
        (report.faults, anchored)
    };
    let (faults, anchored) = check(&keys).await;
    assert_eq!((faults, anchored.cosignatures, anchored.cosigned, anchored.unchecked), (vec![], 4, 300, 0));
    let (faults, anchored) = check(&[]).await;
    assert_eq!((faults, anchored.cosignatures, anchored.unchecked), (vec![], 0, 4), "without keys it says what was not checked");

    let mut flips = 0;
    for path in ["checkpoint", "anchor/cosigned", "anchor/witness/000000000040", "anchor/witness/000000000300"].map(|p| format!("activity/0/{p}")) {
        let (good, _) = house.blobs.get(&path).await.unwrap().unwrap();
        for place in (0..good.len() * 8).step_by(41) {
            let mut bad = good.to_vec();
            bad[place / 8] ^= 1 << (place % 8);
            house.blobs.put(&path, bad.into()).await.unwrap();
            let named: Vec<String> = check(&keys).await.0.into_iter().map(|f| f.file).collect();
            assert!(!named.is_empty() && named.iter().all(|n| *n == path), "bit {place} of {path}: {named:?}");
            flips += 1;
        }
        house.blobs.put(&path, good).await.unwrap();
    }
    assert!(flips > 200, "{flips}");

    // A line that looks like a witness's and is nobody's, and a cosigned checkpoint of more than is here.
    let cosigned = text(&house, "anchor/cosigned").await;
    let fake = cosigned.clone()
        + "\u{2014} other.example/w 782ADAAAAABrA9ySxlsmpf6U3KPJj4ZVVsiigfJSVPZnqEjAqi5Pjb7RqLjEElGn9p/qIbM5qlljH5fAVkTEgr7Jzv/7HE8Yuv84BA==\n";
    house.blobs.put("activity/0/checkpoint", fake.into()).await.unwrap();
    assert!(check(&keys).await.0[0].what.contains("by no witness known here"));
    let old = Note::parse(&text(&house, "anchor/witness/000000000040").await).unwrap().only(std::slice::from_ref(log.newest())).unwrap();
    house.blobs.put("activity/0/checkpoint", old.into()).await.unwrap();
    let faults = check(&keys).await.0;
    assert!(faults.iter().any(|f| f.what.contains("rolled back")), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_older_than_its_witness_is_refused() {
    let house = House::embedded().await;
    let Some(mut one) = witness(&house, "one") else { return };
    one.start();
    let integrator = Arc::new(house.integrator());
    grow(&house, &integrator, 100).await;
    assert_eq!(witnesses(&integrator, &[&one], 1).await.check(1).await.unwrap().size, 100);

    // Lock and data put back together, so that only the witness knows: to fewer records, to none, and grown again past what it saw.
    for (records, expected) in [(50, "has cosigned 100 records, 50 are here"), (0, "has cosigned 100 records, 0 are here"), (130, "do not continue")] {
        let back = House::embedded().await;
        let integrator = Arc::new(back.integrator());
        if records > 0 {
            grow(&back, &integrator, records).await;
        }
        integrator.check().await.unwrap();
        let error = witnesses(&integrator, &[&one], 1).await.check(2).await.unwrap_err();
        assert!(matches!(error, LedgerError::Older { .. } | LedgerError::Fork { .. }) && error.to_string().contains(expected), "{error}");
    }

    // A witness that is away at the start says it once it is back.
    let back = House::embedded().await;
    let integrator = Arc::new(back.integrator());
    grow(&back, &integrator, 60).await;
    one.stop();
    let mut later = witnesses(&integrator, &[&one], 1).await;
    assert!(later.check(3).await.unwrap().trouble.is_some());
    one.start();
    assert!(matches!(later.step(4).await, Err(LedgerError::Older { .. })));
    assert_eq!(one.holds(ORIGIN), Some(100), "nothing of it was cosigned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_forgot_and_one_that_does_not_know_us_are_trouble() {
    let house = House::embedded().await;
    let Some(mut one) = witness(&house, "one") else { return };
    let mut stranger = WitnessProcess::new(&house.folder.path().join("stranger"), "stranger.example/w").unwrap();
    one.start();
    stranger.start();
    let integrator = Arc::new(house.integrator());
    grow(&house, &integrator, 20).await;
    let mut both = witnesses(&integrator, &[&one, &stranger], 1).await;
    let standing = both.step(1).await.unwrap();
    assert_eq!(standing.size, 20);
    assert!(standing.trouble.as_ref().is_some_and(|t| t.contains("stranger.example/w: it answered 404")), "{standing:?}");

    one.stop();
    one.forget();
    one.start();
    grow(&house, &integrator, 30).await;
    for mut follower in [both, witnesses(&integrator, &[&one], 1).await] {
        let standing = follower.step(2).await.unwrap();
        assert_eq!(standing.size, 20, "what it says now does not count");
        assert!(standing.trouble.as_ref().is_some_and(|t| t.contains("forgotten what it cosigned: 20 records once, 0 now")), "{standing:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_told_of_a_new_key_goes_on_from_what_the_old_one_signed() {
    let house = House::embedded().await;
    let Some(mut one) = witness(&house, "one") else { return };
    let signers = Signers::with_folder(signer(), KeyFolder::new(house.folder.path().join("signing"), None), LEDGER);
    let lock = Lock::of(house.apart.clone(), LEDGER);
    let integrator = Arc::new(Integrator::new(house.trail.clone(), house.blobs.clone(), LEDGER, signers, lock, uuid::Uuid::new_v4()));
    one.start();
    let mut witnesses = witnesses(&integrator, &[&one], 1).await;
    grow(&house, &integrator, 40).await;
    assert_eq!(witnesses.step(1_000).await.unwrap().size, 40);

    let made = integrator.signers().make().unwrap();
    grow(&house, &integrator, 90).await;
    let standing = witnesses.step(2_000).await.unwrap();
    assert_eq!((standing.size, one.holds(ORIGIN)), (40, Some(40)), "it does not know who signed");
    assert!(standing.trouble.as_ref().is_some_and(|t| t.contains("one.example/w")), "{standing:?}");
    one.stop();
    one.trust(ORIGIN, &made.to_string());
    one.start();
    let standing = witnesses.step(3_000).await.unwrap();
    assert_eq!((standing.size, standing.trouble, one.holds(ORIGIN)), (90, None, Some(90)), "its log is the same as before");

    // Anchors of both keys' times are held against the key of their size.
    let keys = integrator.keys().await.unwrap();
    let mut report = verify(house.blobs.as_ref(), LEDGER, 0, &keys, &mut |_| {}).await.unwrap();
    let against = AnchorKeys { log: &keys, witnesses: &[key(&one)], roots: None };
    let anchored = check_anchors(house.blobs.as_ref(), &Layout::new(LEDGER, 0), against, &mut report).await.unwrap();
    assert_eq!((report.faults, anchored.cosigned), (vec![], 90));
    let witnessed = house.blobs.list("activity/0/anchor/witness/").await.unwrap();
    assert_eq!(witnessed.first().map(String::as_str), Some("activity/0/anchor/witness/000000000040"));
}
