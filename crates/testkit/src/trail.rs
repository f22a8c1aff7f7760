//! What every `Trail` does.

use model::{Quarantined, Refusal};
use serde_json::{Value, json};
use store::{
    StoreError,
    trail::{Fingerprint, NewBatch, NewQuarantined, NewRecord, Placed, Trail},
};
use uuid::Uuid;

fn record(n: u32) -> NewRecord {
    let mut fingerprint = [0; 24];
    fingerprint[..4].copy_from_slice(&n.to_be_bytes());
    NewRecord { fingerprint: Fingerprint(fingerprint), leaf_hash: [n as u8; 32], bytes: vec![n as u8; 3], time: i64::from(n) }
}

fn delivery(records: impl IntoIterator<Item = u32>) -> NewBatch {
    NewBatch { stream: "logins".into(), received: 100, records: records.into_iter().map(record).collect(), ..NewBatch::default() }
}

/// Indexes; duplicates negative, shifted by one so that 0 can be one.
fn indexes(placed: &[Placed]) -> Vec<i64> {
    let one = |p: &Placed| match p {
        Placed::New(p) => p.index as i64,
        Placed::Duplicate(p) => -1 - p.index as i64,
    };
    placed.iter().map(one).collect()
}

/// `fresh` opens an empty trail of the ledger `activity`, generation 0, each time it is called.
pub async fn suite<T: Trail>(fresh: impl AsyncFn() -> T) {
    duplicates_are_found_across_and_within_batches(&fresh().await).await;
    a_lost_race_for_the_cursor_commits_nothing(&fresh().await).await;
    an_older_lease_holder_moves_nothing(&fresh().await).await;
    quarantine_commits_with_its_batch(&fresh().await).await;
    writers_at_once_leave_no_gap(&fresh().await).await;
}

async fn duplicates_are_found_across_and_within_batches(trail: &dyn Trail) {
    let placed = trail.append(vec![delivery([1, 2, 1]), delivery([2, 3])]).await.unwrap();
    assert_eq!(placed.iter().map(|p| indexes(p)).collect::<Vec<_>>(), [vec![0, 1, -1], vec![-2, 2]]);
    let again = delivery(1_000..3_500);
    assert_eq!(indexes(&trail.append(vec![again.clone()]).await.unwrap()[0])[2_499], 2_502);
    assert_eq!(indexes(&trail.append(vec![again]).await.unwrap()[0])[2_499], -2_503);
    let batches = trail.read(1, 0).await.unwrap();
    assert_eq!((batches.len(), batches[0].first, batches[0].count, batches[0].received), (1, 0, 2, 100));
    assert_eq!(zstd::decode_all(&batches[0].bytes[..]).unwrap(), [1, 1, 1, 2, 2, 2]);
    assert_eq!(batches[0].leaf_hashes, [[1; 32], [2; 32]]);
    assert_eq!(trail.read(0, usize::MAX).await.unwrap().len(), 3);
    assert!(trail.read(2_503, usize::MAX).await.unwrap().is_empty());
    let counts = trail.counts().await.unwrap();
    assert_eq!((counts[0].events, counts[0].duplicates, counts[0].last_event, counts[0].last_received), (2_503, 2_502, Some(3_499), Some(100)));
}

async fn a_lost_race_for_the_cursor_commits_nothing(trail: &dyn Trail) {
    assert_eq!(trail.cursor(Uuid::nil(), "logins").await.unwrap(), (Value::Null, Value::Null));
    let from = |expected| NewBatch { cursor: Some(json!({"at": 7})), state: Some(json!(1)), expected_cursor: Some(expected), ..delivery([1]) };
    trail.append(vec![from(Value::Null)]).await.unwrap();
    assert_eq!(trail.cursor(Uuid::nil(), "logins").await.unwrap(), (json!({"at": 7}), json!(1)));
    let lost = trail.append(vec![delivery([5]), from(Value::Null)]).await;
    assert!(matches!(lost, Err(StoreError::Conflict(_))));
    assert_eq!(trail.head().await.unwrap().size, 1, "the batch beside it was rolled back too");
    trail.append(vec![from(json!({"at": 7}))]).await.unwrap();
    trail.append(vec![delivery([])]).await.unwrap();
    assert_eq!(trail.cursor(Uuid::nil(), "logins").await.unwrap(), (json!({"at": 7}), json!(1)), "a push leaves cursor and state");
}

async fn an_older_lease_holder_moves_nothing(trail: &dyn Trail) {
    trail.append(vec![delivery([1, 2])]).await.unwrap();
    let old = trail.lease("a", 0, 10).await.unwrap();
    assert!(matches!(trail.lease("b", 9, 20).await, Err(StoreError::Conflict(_))));
    let new = trail.lease("b", 10, 20).await.unwrap();
    assert!(matches!(trail.integrated(old, 2).await, Err(StoreError::Conflict(_))));
    assert!(matches!(trail.integrated(new, 3).await, Err(StoreError::Conflict(_))), "beyond the head");
    trail.integrated(new, 2).await.unwrap();
    assert!(trail.read(0, 1).await.unwrap().is_empty());
    assert_eq!(indexes(&trail.append(vec![delivery([2, 3])]).await.unwrap()[0]), [-2, 2], "fingerprints outlive their batches");
    let head = trail.head().await.unwrap();
    assert_eq!((head.size, head.integrated, head.epoch), (3, 2, new));
}

async fn quarantine_commits_with_its_batch(trail: &dyn Trail) {
    let item = Quarantined {
        id: Uuid::from_u128(5),
        source: Uuid::nil(),
        stream: "logins".into(),
        received: 100,
        refusal: Refusal::new("bad_time", "no time"),
        origin: "line 3".into(),
        size_bytes: 4,
        structure: vec!["EventDate".into()],
        replayed: None,
    };
    let quarantine = vec![NewQuarantined { item: item.clone(), sealed: vec![7] }];
    trail.append(vec![NewBatch { quarantine, ..delivery([1]) }]).await.unwrap();
    assert_eq!(trail.quarantined_bytes(item.id).await.unwrap(), (item.clone(), vec![7]));
    assert!(matches!(trail.quarantined_bytes(Uuid::from_u128(6)).await, Err(StoreError::NotFound(_))));
    assert!(trail.quarantined(None, Some(item.id), 10).await.unwrap().is_empty());
    assert!(trail.quarantined(Some(Uuid::from_u128(1)), None, 10).await.unwrap().is_empty());
    trail.append(vec![NewBatch { replayed: vec![item.id], ..delivery([2]) }]).await.unwrap();
    assert_eq!(trail.quarantined(Some(Uuid::nil()), None, 10).await.unwrap()[0].replayed, Some(100));
    assert_eq!(trail.counts().await.unwrap()[0].quarantined, 1);
}

async fn writers_at_once_leave_no_gap(trail: &dyn Trail) {
    // Every writer delivers ten of its own and the same ten as all others.
    let writers = (0..12_u32).map(|w| trail.append(vec![delivery((w * 100..w * 100 + 10).chain(9_000..9_010))]));
    let placed: Vec<Placed> = futures::future::try_join_all(writers).await.unwrap().into_iter().flatten().flatten().collect();
    let mut new: Vec<u64> = placed.iter().filter(|p| matches!(p, Placed::New(_))).map(|p| p.position().index).collect();
    new.sort_unstable();
    assert_eq!(new, (0..130).collect::<Vec<u64>>());
    let read: Vec<(u64, u64)> = trail.read(0, usize::MAX).await.unwrap().iter().map(|b| (b.first, b.count)).collect();
    assert!(read.windows(2).all(|w| w[0].0 + w[0].1 == w[1].0), "{read:?}");
    assert_eq!(trail.head().await.unwrap().size, 130);
}
