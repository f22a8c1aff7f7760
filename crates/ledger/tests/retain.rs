//! Sealed parts are dropped, and everything that was proved still is.

mod house;

use house::{House, LEDGER};
use ledger::{Layout, Retention, Why, prove};
use model::StoredEvent;
use std::ops::Range;
use uuid::Uuid;

fn why() -> Why {
    Why { time: 1_795_415_186_000_000, rule: "export:90".into(), job: Uuid::from_u128(7) }
}

/// Three segments over 300 records: 0..100, 100..270, 270..300.
async fn filled(house: &House) {
    let integrator = house.integrator();
    for (from, until) in [(0, 100), (100, 270), (270, 300)] {
        house.fill(from, until, 25).await;
        integrator.step(until as i64).await.unwrap().unwrap();
    }
}

async fn dropped(house: &House, segment: (u64, u64), range: Range<u64>) {
    let mut retention = Retention::open(&house.integrator()).await.unwrap();
    retention.drop_parts(segment, std::slice::from_ref(&range), &why()).await.unwrap();
}

async fn records(house: &House) -> Vec<StoredEvent> {
    let (reader, mut all) = (house.reader(), Vec::new());
    while all.len() < 300 {
        let page = reader.read(all.len() as u64, 1 << 20).await.unwrap();
        assert_eq!(page.first().map(|(index, _)| *index), Some(all.len() as u64));
        all.extend(page.into_iter().map(|(_, record)| record));
    }
    all
}

async fn parts_go_and_proofs_stay(house: House) {
    filled(&house).await;
    let layout = Layout::new(LEDGER, 0);
    let there = async |path: String| house.blobs.get(&path).await.unwrap().is_some();
    let before = records(&house).await;
    let proof = prove(house.blobs.as_ref(), LEDGER, 0, 10).await.unwrap();
    let segments = Retention::open(&house.integrator()).await.unwrap().segments();
    assert_eq!(segments, [(0, 100), (100, 170), (270, 30)]);

    // Half of one: its object is succeeded by another.
    dropped(&house, (0, 100), 0..50).await;
    assert!(!there(layout.segment(0, 100)).await && there(layout.segment_note(0, 100)).await && there(layout.revision(0, 100, 1)).await);
    assert_eq!(house.verify().await.faults, []);
    let after = records(&house).await;
    assert!(after.iter().zip(&before).all(|(a, b)| a.leaf == b.leaf));
    assert!(after[..50].iter().all(|r| r.parts.is_empty()) && after[50..] == before[50..], "what stays is what was there, byte for byte");
    // The same again changes nothing.
    dropped(&house, (0, 100), 0..50).await;
    assert!(!there(layout.revision(0, 100, 2)).await);

    // The rest of it: a tombstone, and leaves from the bundles.
    dropped(&house, (0, 100), 0..100).await;
    assert!(!there(layout.revision(0, 100, 1)).await && !there(layout.revision(0, 100, 2)).await);
    assert!(there(format!("{}.note", layout.revision(0, 100, 2))).await);
    // All of one over a bundle that is not full keeps an object.
    dropped(&house, (270, 30), 270..300).await;
    assert!(there(layout.revision(270, 30, 1)).await);
    assert_eq!(house.verify().await.faults, []);
    let after = records(&house).await;
    assert!(after.iter().zip(&before).all(|(a, b)| a.leaf == b.leaf));
    assert!(after[..100].iter().chain(&after[270..]).all(|r| r.parts.is_empty()) && after[100..270] == before[100..270]);
    assert_eq!(prove(house.blobs.as_ref(), LEDGER, 0, 10).await.unwrap().tlog_proof, proof.tlog_proof);
    let retention = Retention::open(&house.integrator()).await.unwrap();
    assert!(retention.records((0, 100)).await.unwrap().is_none() && retention.records((270, 30)).await.unwrap().is_none());
    assert!(retention.records((100, 170)).await.unwrap().is_some());

    // A copy takes the successors, and their manifests.
    let copied: Vec<String> = ledger::backup::objects(house.blobs.as_ref(), &layout, 300).await.unwrap().into_iter().map(|object| object.path).collect();
    for path in [format!("{}.note", layout.revision(0, 100, 2)), layout.revision(270, 30, 1), layout.segment(100, 170), layout.segment_note(0, 100)] {
        assert!(copied.contains(&path), "{path} of {copied:?}");
    }

    // The ledger grows on.
    house.fill(300, 320, 20).await;
    house.integrator().step(20_000_000).await.unwrap().unwrap();
    assert_eq!(house.verify().await.faults, []);

    // Every file of it is held against the others.
    for (path, lost) in [
        (format!("{}.note", layout.revision(0, 100, 2)), true),
        (format!("{}.note", layout.revision(0, 100, 1)), true),
        (layout.segment_note(0, 100), true),
        (layout.revision(270, 30, 1), true),
        (format!("{}.note", layout.revision(270, 30, 1)), true),
    ] {
        let (good, _) = house.blobs.get(&path).await.unwrap().unwrap();
        let mut bad = good.to_vec();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        house.blobs.put(&path, bad.into()).await.unwrap();
        assert!(!house.verify().await.faults.is_empty(), "{path} changed");
        house.blobs.delete(&path).await.unwrap();
        assert_eq!(!house.verify().await.faults.is_empty(), lost, "{path} lost");
        house.blobs.put(&path, good).await.unwrap();
    }
    assert_eq!(house.verify().await.faults, []);
}

#[tokio::test]
async fn parts_go_and_proofs_stay_in_a_directory() {
    parts_go_and_proofs_stay(House::embedded().await).await;
}

#[tokio::test]
async fn parts_go_and_proofs_stay_on_s3() {
    let Some(house) = House::outgrown().await else { return };
    parts_go_and_proofs_stay(house).await;
}

#[tokio::test]
async fn a_run_that_was_stopped_is_found_again() {
    let house = House::embedded().await;
    filled(&house).await;
    let layout = Layout::new(LEDGER, 0);
    let (bytes, _) = house.blobs.get(&layout.segment(100, 170)).await.unwrap().unwrap();
    // Stopped before the manifest: the object is not the segment yet.
    house.blobs.put(&layout.revision(100, 170, 1), "half of it".into()).await.unwrap();
    assert!(records(&house).await[100..270].iter().all(|r| !r.parts.is_empty()));
    dropped(&house, (100, 170), 100..101).await;
    // Stopped before the object it succeeds was deleted.
    house.blobs.put(&layout.segment(100, 170), bytes).await.unwrap();
    assert_eq!(house.verify().await.faults, []);
    assert!(records(&house).await[100].parts.is_empty());
    Retention::open(&house.integrator()).await.unwrap().delete_before((100, 170)).await.unwrap();
    assert!(house.blobs.get(&layout.segment(100, 170)).await.unwrap().is_none());
    assert_eq!(house.verify().await.faults, []);
}
