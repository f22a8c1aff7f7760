//! One flipped bit, one lost byte or one lost file, anywhere in what is stored, is found and named.

mod house;

use house::{House, LEDGER, verifier};
use ledger::{Layout, Verification, prove, prove_consistency, verify};
use merkle::{Checkpoint, LogKeys, verify_consistency};
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
    let report = verify(house.blobs.as_ref(), LEDGER, 0, &stranger.into(), &mut |walk| last = (walk.position(), walk.size())).await.unwrap();
    assert!(report.faults.iter().any(|f| f.file == "activity/0/checkpoint"));
    assert_eq!(last, (300, 300));
    assert_eq!(verify(house.blobs.as_ref(), "self", 0, &verifier().into(), &mut |_| {}).await.unwrap().faults.len(), 1);
}

#[tokio::test]
async fn what_was_verified_is_gone_on_from_and_what_was_signed_is_continued() {
    let house = House::embedded().await;
    filled(&house).await;
    let known = [verifier()];
    let keys = LogKeys::from(verifier());
    let asked = |place, older, segments| {
        let layout = Layout::new(LEDGER, 0);
        Verification { blobs: house.blobs.as_ref(), layout, keys: &keys, place, older, segments }
    };
    let note = String::from_utf8(house.blobs.get("activity/0/checkpoint").await.unwrap().unwrap().0.to_vec()).unwrap();
    let kept = Checkpoint::verify(&note, "example.org/activity.0", &known).unwrap();
    let first = asked(None, Some(kept.clone()), true).run(&mut |_| {}).await.unwrap();
    let place = first.place.unwrap();
    assert_eq!((first.faults, first.from, place.size()), (vec![], 0, 256));

    house.fill(300, 700, 25).await;
    let integrator = house.integrator();
    while integrator.step(60_000_000).await.unwrap().is_some() {}
    let next = asked(Some(place.clone()), Some(kept.clone()), true).run(&mut |_| {}).await.unwrap();
    assert_eq!((next.faults, next.from, next.size, next.place.as_ref().map(|p| p.size())), (vec![], 256, 700, Some(512)));
    let proof = prove_consistency(house.blobs.as_ref(), LEDGER, 0, 300, None).await.unwrap();
    assert_eq!((proof.from_root, proof.to), (kept.root, 700));
    verify_consistency(300, proof.from_root, 700, proof.to_root, &proof.hashes).unwrap();
    assert!(prove_consistency(house.blobs.as_ref(), LEDGER, 0, 701, None).await.is_err());

    // Something that grew wrong is found from the place on; the place is not moved over it.
    let path = "activity/0/tile/entries/001";
    let good = house.blobs.get(path).await.unwrap().unwrap().0;
    house.blobs.put(path, good.iter().map(|b| b ^ 1).collect::<Vec<u8>>().into()).await.unwrap();
    let wrong = asked(Some(place), None, true).run(&mut |_| {}).await.unwrap();
    assert_eq!((wrong.faults.iter().map(|f| (f.file.as_str(), f.index)).collect::<Vec<_>>(), wrong.place), (vec![(path, Some(256))], None));
    house.blobs.put(path, good).await.unwrap();

    // The old checkpoint put back, and a history that is another.
    let newest = house.blobs.get("activity/0/checkpoint").await.unwrap().unwrap().0;
    let newer = Checkpoint::verify(std::str::from_utf8(&newest).unwrap(), "example.org/activity.0", &known).unwrap();
    house.blobs.put("activity/0/checkpoint", note.into()).await.unwrap();
    let back = asked(None, Some(newer), true).run(&mut |_| {}).await.unwrap();
    assert!(back.faults.iter().any(|f| f.file == "activity/0/checkpoint" && f.what.contains("rolled back")), "{:?}", back.faults);
    house.blobs.put("activity/0/checkpoint", newest).await.unwrap();
    let other = Checkpoint { root: merkle::leaf_hash(b"another history"), ..kept };
    let fork = asked(None, Some(other), true).run(&mut |_| {}).await.unwrap();
    assert!(fork.faults.len() == 1 && fork.faults[0].what.contains("does not continue the checkpoint of 300 entries"), "{:?}", fork.faults);
}

#[tokio::test]
async fn a_copy_without_segments_is_verified_as_far_as_it_goes() {
    let house = House::embedded().await;
    filled(&house).await;
    let keys = LogKeys::from(verifier());
    for path in house.blobs.list("activity/0/segment/").await.unwrap() {
        house.blobs.delete(&path).await.unwrap();
    }
    assert!(!house.verify().await.faults.is_empty(), "the installation itself must have them");
    let copy = store::blobs::Directory::open(house.folder.path().join("blobs/activity/0")).unwrap();
    let run = async || {
        let asked = Verification { blobs: &copy, layout: Layout::of_copy(LEDGER, 0), keys: &keys, place: None, older: None, segments: false };
        asked.run(&mut |_| {}).await.unwrap().faults
    };
    assert_eq!(run().await, []);
    for file in ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"] {
        let path = format!("activity/0/{file}");
        let good = house.blobs.get(&path).await.unwrap().unwrap().0;
        let mut bad = good.to_vec();
        bad[20] ^= 1;
        house.blobs.put(&path, bad.into()).await.unwrap();
        let faults = run().await;
        assert!(faults.len() == 1 && faults[0].file == file && faults[0].index.is_some(), "{file}: {faults:?}");
        house.blobs.put(&path, good).await.unwrap();
    }
}
