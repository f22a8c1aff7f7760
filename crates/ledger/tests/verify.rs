//! One flipped bit, one lost byte or one lost file, anywhere in what is stored, is found and named.

mod house;

use house::{House, LEDGER, verifier};
use ledger::{prove, verify};
use std::collections::BTreeSet;

/// Three segments over 300 records, with partial tiles from the way there.
async fn filled(house: &House) -> Vec<String> {
    let integrator = house.integrator();
    for (from, until) in [(0, 100), (100, 270), (270, 300)] {
        house.fill(from, until, 25).await;
        integrator.step(until as i64).await.unwrap().unwrap();
    }
    assert_eq!(house.verify().await.faults, []);
    house.blobs.list("").await.unwrap()
}

async fn one_flipped_bit_is_found_and_named(house: House, bits: usize) {
    let files = filled(&house).await;
    let kinds = ["checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44", "segment/000000000100-170.seg"];
    for kind in kinds {
        assert!(files.contains(&format!("activity/0/{kind}")), "{kind} of {files:?}");
    }
    let mut flips = 0;
    for path in &files {
        let (good, _) = house.blobs.get(path).await.unwrap().unwrap();
        let places: BTreeSet<usize> = (0..bits).map(|n| n * (good.len() * 8 - 1) / (bits - 1)).collect();
        for place in places {
            let mut bad = good.to_vec();
            bad[place / 8] ^= 1 << (place % 8);
            house.blobs.put(path, bad.into()).await.unwrap();
            let faults = house.verify().await.faults;
            let named: BTreeSet<&str> = faults.iter().map(|f| f.file.as_str()).collect();
            assert_eq!(named, BTreeSet::from([path.as_str()]), "bit {place} of {path}: {faults:?}");
            if !path.ends_with("checkpoint") {
                assert!(faults.iter().all(|f| f.index.is_some()), "bit {place} of {path}: {faults:?}");
            }
            flips += 1;
        }
        house.blobs.put(path, good.slice(..good.len() - 1)).await.unwrap();
        assert!(house.verify().await.faults.iter().all(|f| f.file == *path) && !house.verify().await.faults.is_empty(), "{path} one byte shorter");
        house.blobs.delete(path).await.unwrap();
        let lost = house.verify().await.faults;
        let spare = path.contains(".p/") && !["/44", "/1"].iter().any(|w| path.ends_with(w));
        assert!(spare || !lost.is_empty(), "{path} lost");
        house.blobs.put(path, good).await.unwrap();
    }
    assert_eq!(house.verify().await.faults, []);
    assert!(flips >= files.len() * bits.min(8), "{flips}");
    println!("{flips} bits flipped in {} files, all found and named", files.len());
}

#[tokio::test]
async fn one_flipped_bit_is_found_and_named_in_a_directory() {
    one_flipped_bit_is_found_and_named(House::embedded().await, 24).await;
}

#[tokio::test]
async fn one_flipped_bit_is_found_and_named_on_s3() {
    if let Some(house) = House::outgrown().await {
        one_flipped_bit_is_found_and_named(house, 2).await;
    }
}

#[tokio::test]
async fn the_position_of_a_changed_record_is_named() {
    let house = House::embedded().await;
    filled(&house).await;
    let path = "activity/0/tile/entries/000";
    let (good, _) = house.blobs.get(path).await.unwrap().unwrap();
    let (mut at, mut bad) = (0, good.to_vec());
    for _ in 0..137 {
        at += 2 + usize::from(u16::from_be_bytes([good[at], good[at + 1]]));
    }
    bad[at + 10] ^= 1;
    house.blobs.put(path, bad.into()).await.unwrap();
    let faults = house.verify().await.faults;
    assert_eq!(faults.iter().map(|f| (f.file.as_str(), f.index)).collect::<Vec<_>>(), [(path, Some(137))]);
    assert!(prove(house.blobs.as_ref(), LEDGER, 0, 137).await.is_err(), "no wrong answer is served");
}

#[tokio::test]
async fn strangers_and_strays_are_named() {
    let house = House::embedded().await;
    filled(&house).await;
    house.blobs.put("activity/0/notes.txt", "hello".into()).await.unwrap();
    assert_eq!(house.verify().await.faults[0].file, "activity/0/notes.txt");
    let stranger = merkle::NoteSigner::new("example.org", &[4; 32]).unwrap().verifier();
    let mut last = (0, 0);
    let report = verify(house.blobs.as_ref(), LEDGER, 0, &[stranger], &mut |walk| last = (walk.position(), walk.size())).await.unwrap();
    assert!(report.faults.iter().any(|f| f.file == "activity/0/checkpoint"));
    assert_eq!(last, (300, 300));
    assert_eq!(verify(house.blobs.as_ref(), "self", 0, &[verifier()], &mut |_| {}).await.unwrap().faults.len(), 1);
}
