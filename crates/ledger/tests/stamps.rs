//! A real time-stamping authority (openssl ts) stamps checkpoints, and openssl judges what is stored.

mod house;
mod outside;

use house::{House, LEDGER, verifier};
use ledger::{AnchorKeys, Authority, Layout, Roots, Stamps, anchor::stamp_over, check_anchors};
use outside::{agrees, run, to};
use serde_json::Value;
use std::{path::Path, sync::Arc};
use testkit::Receiver;

/// An authority of its own, its address and its roots.
fn authority(house: &House, name: &str, arguments: &[&str]) -> (Receiver, String, Value) {
    let folder = house.folder.path().join(name);
    let server = Receiver::authority(&[&[folder.to_str().unwrap()], arguments].concat());
    let (url, files) = (format!("http://127.0.0.1:{}/", server.port), server.next());
    (server, url, files)
}

fn roots(files: &Value) -> Roots {
    Roots::parse(&std::fs::read(files["roots"].as_str().unwrap()).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_are_time_stamped_and_openssl_agrees() {
    let house = House::embedded().await;
    let (_server, url, files) = authority(&house, "tsa", &["--fail-first", "1"]);
    let integrator = Arc::new(house.integrator());
    let mut stamps = Stamps::open(integrator.clone(), Authority::new(to(&url), Some(roots(&files)))).await.unwrap();
    assert_eq!(stamps.step(1).await.unwrap().size, 0, "nothing is signed yet");
    let started = now();
    for (until, size) in [(40, 0), (90, 90), (300, 300)] {
        house.fill(house.trail.head().await.unwrap().size, until, 30).await;
        integrator.step(until as i64).await.unwrap().unwrap();
        let standing = stamps.step(until as i64).await.unwrap();
        assert_eq!(standing.size, size, "{standing:?}");
        assert_eq!(standing.trouble.is_some_and(|t| t.contains("503: try again")), until == 40, "the first request meets a failure");
    }
    let standing = stamps.step(400).await.unwrap();
    assert_eq!(standing.covered_at, Some(400));
    assert!((started - 2_000_000..=now() + 2_000_000).contains(&standing.time.unwrap()), "{standing:?}");

    let folder = house.folder.path().join("blobs/activity/0/anchor/time");
    let (tool, at) = (Path::new("openssl"), |name: &str| folder.join(name).to_str().unwrap().to_owned());
    let root = files["roots"].as_str().unwrap();
    for size in ["000000000090", "000000000300"] {
        let (stamp, stamped) = (at(&format!("{size}.tsr")), at(&format!("{size}.checkpoint")));
        agrees(tool, &["ts", "-verify", "-in", &stamp, "-data", &stamped, "-CAfile", root]);
    }
    let mixed = ["ts", "-verify", "-in", &at("000000000090.tsr"), "-data", &at("000000000300.checkpoint"), "-CAfile", root];
    assert!(!run(tool, &mixed).0, "a stamp of another checkpoint was accepted");

    // Handed out with proofs: the oldest over a record, and where none is yet, the newest.
    for (index, size) in [(0, 90), (89, 90), (90, 300), (299, 300), (300, 300)] {
        let found = stamp_over(house.blobs.as_ref(), LEDGER, 0, index).await.unwrap().unwrap();
        assert_eq!(found.size, size, "record {index}");
        assert!((started - 2_000_000..=now() + 2_000_000).contains(&found.time));
    }

    // The next process goes on from what is stored and asks for nothing again.
    let next = Stamps::open(integrator.clone(), Authority::new(to("http://127.0.0.1:9/"), None)).await.unwrap().step(500).await.unwrap();
    assert_eq!((next.size, next.time, next.trouble), (300, standing.time, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_authority_must_not_answer_is_refused_and_nothing_is_stored() {
    let house = House::embedded().await;
    let (_server, url, files) = authority(&house, "tsa", &[]);
    let (_refusing, refusing, _) = authority(&house, "refusing", &["--digest", "sha1"]);
    let integrator = Arc::new(house.integrator());
    house.fill(0, 10, 10).await;
    integrator.step(1).await.unwrap().unwrap();
    let other_roots = authority(&house, "other", &[]).2;
    for (url, roots_of, expected) in [(&refusing, &files, "refused the request"), (&url, &other_roots, "not trusted with time-stamps")] {
        let mut stamps = Stamps::open(integrator.clone(), Authority::new(to(url), Some(roots(roots_of)))).await.unwrap();
        let standing = stamps.step(2).await.unwrap();
        assert!(standing.size == 0 && standing.trouble.as_ref().is_some_and(|t| t.contains(expected)), "{standing:?}");
        assert_eq!(house.blobs.list("activity/0/anchor").await.unwrap(), Vec::<String>::new());
    }
    for (pem, expected) in [("", "no certificate"), ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read")] {
        assert!(Roots::parse(pem.as_bytes()).err().unwrap().contains(expected));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_bit_in_a_time_stamp_is_found_and_named() {
    let house = House::embedded().await;
    let (_server, url, files) = authority(&house, "tsa", &[]);
    let integrator = Arc::new(house.integrator());
    house.fill(0, 300, 100).await;
    integrator.step(1).await.unwrap().unwrap();
    let roots = roots(&files);
    Stamps::open(integrator, Authority::new(to(&url), Some(roots.clone()))).await.unwrap().step(2).await.unwrap();
    let log = verifier().into();
    let check = async |roots: Option<&Roots>| {
        let mut report = house.verify().await;
        let keys = AnchorKeys { log: &log, witnesses: &[], roots };
        let anchored = check_anchors(house.blobs.as_ref(), &Layout::new(LEDGER, 0), keys, &mut report).await.unwrap();
        (report.faults, anchored)
    };
    let (faults, anchored) = check(Some(&roots)).await;
    assert_eq!((faults, anchored.stamps, anchored.stamped, anchored.stamps_signed), (vec![], 1, 300, true));
    assert!(!check(None).await.1.stamps_signed);

    let (mut flips, mut beside) = (0, 0);
    for path in ["activity/0/anchor/time/000000000300.tsr", "activity/0/anchor/time/000000000300.checkpoint"] {
        let (good, _) = house.blobs.get(path).await.unwrap().unwrap();
        for place in (0..good.len() * 8).step_by(97) {
            let mut bad = good.to_vec();
            bad[place / 8] ^= 1 << (place % 8);
            house.blobs.put(path, bad.into()).await.unwrap();
            let named: Vec<String> = check(Some(&roots)).await.0.into_iter().map(|f| f.file).collect();
            assert!(named.iter().all(|n| n == path), "bit {place} of {path}: {named:?}");
            flips += 1;
            beside += usize::from(named.is_empty());
        }
        house.blobs.put(path, good).await.unwrap();
    }
    // What nothing leads from: the root's own copy in the answer, which the verifier has from elsewhere.
    println!("{flips} bits flipped, {beside} of them in bytes that prove nothing");
    assert!(flips > 100 && beside * 2 < flips, "{beside} of {flips} were not noticed");
    house.blobs.delete("activity/0/anchor/time/000000000300.checkpoint").await.unwrap();
    assert!(check(Some(&roots)).await.0[0].what.contains("is gone"));
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}
