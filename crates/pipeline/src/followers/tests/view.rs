//! The view built anew, held against the trail, and without what retention dropped.

use super::*;
use std::sync::atomic::{AtomicU64, Ordering};

#[tokio::test]
async fn a_rebuild_that_was_stopped_goes_on_while_searches_and_following_do() {
    for spine in Spine::both().await {
        // More events than one step takes, each batch of its own.
        let generic = source("generic", json!({}));
        let file: Vec<u8> = (0..4).flat_map(|actor| exports(&format!("a{actor}"), 0, 2_500)).collect();
        spine.intake.import(&generic, named("a.ndjson"), Box::new(std::io::Cursor::new(file)), &|_| {}, &CancellationToken::new()).await.unwrap();
        let (follower, splits, _) = index(&spine).await;
        while follower.step().await.unwrap() > 0 {}
        let count = async || splits.count(&Scope::everything(), &EventQuery::default()).await.unwrap();
        let name = Uuid::from_u128(1);
        let reached = AtomicU64::new(0);
        let once = |done: u64, _: u64| {
            reached.store(done, Ordering::Relaxed);
            false
        };
        assert_eq!(follower.rebuild(name, &once).await.unwrap(), None, "it was stopped");
        assert!(reached.load(Ordering::Relaxed) > 0);
        push(&spine, "dana", 0, 5).await;
        follower.step().await.unwrap();
        assert_eq!(count().await, 10_005, "the view is the old one, and follows");
        drop((follower, splits));
        // Another process.
        let (follower, splits, _) = index(&spine).await;
        let begun = AtomicU64::new(u64::MAX);
        let hear = |done: u64, _: u64| {
            begun.fetch_min(done, Ordering::Relaxed);
            true
        };
        assert_eq!(follower.rebuild(name, &hear).await.unwrap(), Some(10_005));
        assert!(begun.load(Ordering::Relaxed) >= reached.load(Ordering::Relaxed), "what was done is not done again");
        assert_eq!(splits.count(&Scope::everything(), &EventQuery::default()).await.unwrap(), 10_005);
        push(&spine, "dana", 5, 1).await;
        follower.step().await.unwrap();
        assert_eq!(splits.count(&Scope::everything(), &EventQuery::default()).await.unwrap(), 10_006);
        let again = Splits::open(spine.folder.path().join("index")).await.unwrap();
        assert_eq!(again.count(&Scope::everything(), &EventQuery::default()).await.unwrap(), 10_006);
        assert!(!spine.folder.path().join("index/beside").exists());
    }
}

#[tokio::test]
async fn an_erasure_reaches_a_view_that_is_being_built() {
    for spine in Spine::both().await {
        push(&spine, "dana@x.example", 0, 9).await;
        push(&spine, "fox@x.example", 0, 4).await;
        let (follower, splits, _) = index(&spine).await;
        while follower.step().await.unwrap() > 0 {}
        let name = Uuid::from_u128(1);
        assert_eq!(follower.rebuild(name, &|_, _| false).await.unwrap(), None);
        let word = |word| EventQuery { tokens: vec![token(&spine.keyring, word)], ..EventQuery::default() };
        let hit = splits.search(&Scope::everything(), &word("dana@x.example"), None, 1).await.unwrap().hits.remove(0);
        let actor = model::StoredEvent::decode(&hit.record).unwrap().0.clear().unwrap().actor_subject.unwrap();
        spine.keyring.erase(&[actor]).await.unwrap();
        follower.erase(&[actor], &|_, _| {}).await.unwrap();
        assert_eq!(follower.rebuild(name, &|_, _| true).await.unwrap(), Some(13));
        let count = async |query| splits.count(&Scope::everything(), &query).await.unwrap();
        assert_eq!((count(word("dana@x.example")).await, count(word("fox@x.example")).await, count(EventQuery::default()).await), (0, 4, 13));
    }
}

async fn faults(spine: &Spine, splits: &Splits) -> Vec<(u64, String)> {
    let (reader, seen) = (spine.reader(), Mutex::new((0, 0)));
    let differing = compare(&reader, &spine.keyring, splits, &|done, total| *seen.lock().unwrap() = (done, total)).await.unwrap();
    let (done, total) = seen.into_inner().unwrap();
    assert!(done == total && total > 0, "{done} of {total}");
    name_faults(&reader, &spine.keyring, splits, &differing).await.unwrap().into_iter().map(|f| (f.index, f.what)).collect()
}

#[tokio::test]
async fn a_view_is_held_against_the_trail_and_every_fault_has_a_position() {
    for spine in Spine::both().await {
        push(&spine, "dana@x.example", 0, 1_500).await;
        push(&spine, "fox@x.example", 0, 30).await;
        let (follower, splits, _) = index(&spine).await;
        while follower.step().await.unwrap() > 0 {}
        assert_eq!(faults(&spine, &splits).await, []);
        // The directory may have learnt something since.
        let other = IndexFollower::new(spine.reader(), spine.keyring.clone(), Arc::new(splits.clone()), Arc::new(ByTime(0)), Arc::new(Notify::new()));
        assert_eq!(other.rebuild(Uuid::from_u128(2), &|_, _| true).await.unwrap(), Some(1_530));
        assert_eq!(faults(&spine, &splits).await, []);

        // A view of somebody who made mistakes.
        let wrong = Splits::open(spine.folder.path().join("wrong")).await.unwrap();
        let made = entries(&spine).await;
        let mut added = Vec::new();
        for entry in made {
            match entry.position.index {
                7 => continue,
                1_100 => added.push(model::query::IndexEntry { tokens: entry.tokens[1..].to_vec(), ..entry }),
                1_200 => added.push(model::query::IndexEntry { address: None, ..entry }),
                1_300 => added.push(model::query::IndexEntry { record: b"another".to_vec(), ..entry }),
                1_400 => {
                    let mut entry = entry;
                    entry.clear.time.micros += model::DAY;
                    added.push(entry);
                }
                _ => added.push(entry),
            }
        }
        let mut beyond = added[0].clone();
        beyond.position.index = 2_000;
        added.push(beyond);
        wrong.add(added).await.unwrap();
        wrong.commit(1_530).await.unwrap();
        let found = faults(&spine, &wrong).await;
        assert_eq!(found.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [7, 1_100, 1_200, 1_300, 1_400, 2_000], "{found:?}");
        for ((_, what), word) in found.iter().zip(["not in the view", "words", "columns", "record", "day", "no such record"]) {
            assert!(what.contains(word), "{what}");
        }
    }
}

/// Every event of the trail as the view holds it, by a view of its own.
async fn entries(spine: &Spine) -> Vec<model::query::IndexEntry> {
    let (reader, mut stored) = (spine.reader(), Vec::new());
    while (stored.len() as u64) < spine.size().await {
        stored.extend(reader.read(stored.len() as u64, 1 << 20).await.unwrap());
    }
    let (indexes, stored): (Vec<u64>, Vec<model::StoredEvent>) = stored.into_iter().unzip();
    let (stored, opened) = unsealed::open(&spine.keyring, 0, stored).await.unwrap();
    let mut tokenizer = ledger::Tokenizer::new(&spine.keyring);
    let of = |((index, stored), opened): ((u64, model::StoredEvent), ledger::Opened)| {
        let position = model::Position { ledger: ACTIVITY.to_owned(), generation: 0, index };
        index::entry(&mut tokenizer, position, stored, opened, Attributed::default())
    };
    indexes.into_iter().zip(stored).zip(opened).map(of).collect()
}

#[tokio::test]
async fn expired_events_leave_the_view_and_no_rebuild_brings_them_back() {
    for spine in Spine::both().await {
        push(&spine, "dana@x.example", 0, 30).await;
        push(&spine, "fox@x.example", 0, 10).await;
        let (follower, splits, _) = index(&spine).await;
        while follower.step().await.unwrap() > 0 {}
        let blobs: Arc<dyn store::blobs::Blobs> = Arc::new(store::blobs::Directory::open(spine.folder.path().join("blobs")).unwrap());
        let lock = ledger::Lock::new(Arc::new(store::blobs::Directory::open(spine.folder.path().join("apart")).unwrap()), "activity.lock");
        let signer = merkle::NoteSigner::new("example.org", &[3; 32]).unwrap();
        let integrator = ledger::Integrator::new(spine.trail.clone(), blobs, ACTIVITY, signer, lock, Uuid::from_u128(9));
        integrator.step(1).await.unwrap().unwrap();
        // A view that is being built holds them already.
        assert_eq!(follower.rebuild(Uuid::from_u128(1), &|_, _| false).await.unwrap(), None);
        let mut retention = ledger::Retention::open(&integrator).await.unwrap();
        let segments = retention.segments();
        assert_eq!(segments, [(0, 40)]);
        let why = ledger::Why { time: 1, rule: "export:1".into(), job: Uuid::from_u128(7) };
        // All of Dana's but the last.
        let due = 0..29;
        let due = std::slice::from_ref(&due);
        follower.remove(due, retention.drop_parts(segments[0], due, &why)).await.unwrap().unwrap();
        let word = |word| EventQuery { tokens: vec![token(&spine.keyring, word)], ..EventQuery::default() };
        let count = async |query| splits.count(&Scope::everything(), &query).await.unwrap();
        assert_eq!((count(EventQuery::default()).await, count(word("dana@x.example")).await), (11, 1));
        assert_eq!(faults(&spine, &splits).await, []);
        assert!(follower.rebuild(Uuid::from_u128(1), &|_, _| true).await.unwrap().is_some());
        assert_eq!((count(EventQuery::default()).await, count(word("dana@x.example")).await), (11, 1));
        assert!(follower.rebuild(Uuid::from_u128(2), &|_, _| true).await.unwrap().is_some(), "from the first record on");
        assert_eq!((count(EventQuery::default()).await, faults(&spine, &splits).await), (11, vec![]));
        assert!(spine.reader().get(0).await.unwrap().unwrap().parts.is_empty());
    }
}
