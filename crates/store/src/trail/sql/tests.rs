use super::*;
use crate::trail::{Fingerprint, NewQuarantined, NewRecord};
use model::Refusal;
use serde_json::json;

async fn trail() -> (SqlTrail, std::path::PathBuf) {
    let path = std::env::temp_dir().join(format!("trail-{}.db", Uuid::new_v4()));
    let database = Database::open(&format!("sqlite://{}?mode=rwc", path.display()), "trail").await.unwrap();
    (SqlTrail::open(database, "activity", 0).await.unwrap(), path)
}

fn record(n: u8) -> NewRecord {
    NewRecord { fingerprint: Fingerprint([n; 24]), leaf_hash: [n; 32], bytes: vec![n; 3], time: i64::from(n) }
}

fn delivery(records: &[u8]) -> NewBatch {
    NewBatch { stream: "logins".into(), received: 100, records: records.iter().map(|n| record(*n)).collect(), ..NewBatch::default() }
}

/// Indexes; duplicates negative, shifted by one so that 0 can be one.
fn indexes(placed: &[Placed]) -> Vec<i64> {
    let one = |p: &Placed| match p {
        Placed::New(p) => p.index as i64,
        Placed::Duplicate(p) => -1 - p.index as i64,
    };
    placed.iter().map(one).collect()
}

#[tokio::test]
async fn duplicates_are_found_across_and_within_batches() {
    let (trail, path) = trail().await;
    let placed = trail.append(vec![delivery(&[1, 2, 1]), delivery(&[2, 3])]).await.unwrap();
    assert_eq!(placed.iter().map(|p| indexes(p)).collect::<Vec<_>>(), [vec![0, 1, -1], vec![-2, 2]]);
    let many: Vec<NewRecord> = (0..2_500_u32).map(|n| NewRecord { fingerprint: fingerprint(n), ..record(9) }).collect();
    let again = NewBatch { records: many, ..delivery(&[]) };
    assert_eq!(indexes(&trail.append(vec![again.clone()]).await.unwrap()[0])[2_499], 2_502);
    assert_eq!(indexes(&trail.append(vec![again]).await.unwrap()[0])[2_499], -2_503);
    let batches = trail.read(1, 0).await.unwrap();
    assert_eq!((batches.len(), batches[0].first, batches[0].count), (1, 0, 2));
    assert_eq!(zstd::decode_all(&batches[0].bytes[..]).unwrap(), [1, 1, 1, 2, 2, 2]);
    assert_eq!(batches[0].leaf_hashes, [[1; 32], [2; 32]]);
    assert_eq!(trail.read(0, usize::MAX).await.unwrap().len(), 3);
    let counts = trail.counts().await.unwrap();
    assert_eq!((counts[0].events, counts[0].duplicates, counts[0].last_event), (2_503, 2_502, Some(9)));
    std::fs::remove_file(path).unwrap();
}

fn fingerprint(n: u32) -> Fingerprint {
    let mut bytes = [0xee; 24];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    Fingerprint(bytes)
}

#[tokio::test]
async fn a_lost_race_for_the_cursor_commits_nothing() {
    let (trail, path) = trail().await;
    let from = |expected| NewBatch { cursor: Some(json!({"at": 7})), state: Some(json!(1)), expected_cursor: Some(expected), ..delivery(&[1]) };
    trail.append(vec![from(Value::Null)]).await.unwrap();
    assert_eq!(trail.cursor(Uuid::nil(), "logins").await.unwrap(), (json!({"at": 7}), json!(1)));
    let lost = trail.append(vec![delivery(&[5]), from(Value::Null)]).await;
    assert!(matches!(lost, Err(StoreError::Conflict(_))));
    assert_eq!(trail.head().await.unwrap().size, 1, "the batch beside it was rolled back too");
    trail.append(vec![from(json!({"at": 7}))]).await.unwrap();
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn an_older_lease_holder_moves_nothing() {
    let (trail, path) = trail().await;
    trail.append(vec![delivery(&[1, 2])]).await.unwrap();
    let old = trail.lease("a", 0, 10).await.unwrap();
    assert!(matches!(trail.lease("b", 9, 20).await, Err(StoreError::Conflict(_))));
    let new = trail.lease("b", 10, 20).await.unwrap();
    assert!(matches!(trail.integrated(old, 2).await, Err(StoreError::Conflict(_))));
    assert!(matches!(trail.integrated(new, 3).await, Err(StoreError::Conflict(_))), "beyond the head");
    trail.integrated(new, 2).await.unwrap();
    assert!(trail.read(0, 1).await.unwrap().is_empty());
    assert_eq!(indexes(&trail.append(vec![delivery(&[2, 3])]).await.unwrap()[0]), [-2, 2], "fingerprints outlive their batches");
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn quarantine_commits_with_its_batch_and_is_marked_by_its_replay() {
    let (trail, path) = trail().await;
    let refusal = Refusal::new("bad_time", "no time");
    let item = Quarantined {
        id: Uuid::from_u128(5),
        source: Uuid::nil(),
        stream: "logins".into(),
        received: 100,
        refusal,
        origin: "line 3".into(),
        size_bytes: 4,
        structure: vec![],
        replayed: None,
    };
    let quarantine = vec![NewQuarantined { item: item.clone(), sealed: vec![7] }];
    trail.append(vec![NewBatch { quarantine, ..delivery(&[1]) }]).await.unwrap();
    assert_eq!(trail.quarantined_bytes(item.id).await.unwrap(), (item.clone(), vec![7]));
    assert!(trail.quarantined(None, Some(item.id), 10).await.unwrap().is_empty());
    assert!(trail.quarantined(Some(Uuid::from_u128(1)), None, 10).await.unwrap().is_empty());
    trail.append(vec![NewBatch { replayed: vec![item.id], ..delivery(&[2]) }]).await.unwrap();
    assert_eq!(trail.quarantined(Some(Uuid::nil()), None, 10).await.unwrap()[0].replayed, Some(100));
    assert_eq!(trail.counts().await.unwrap()[0].quarantined, 1);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn an_append_inside_a_unit_vanishes_with_it() {
    let (trail, path) = trail().await;
    let unit = trail.database.begin().await.unwrap();
    trail.append_in(&unit, vec![delivery(&[1])]).await.unwrap();
    assert_eq!(trail.head().await.unwrap().size, 0, "readers neither wait nor see it");
    unit.rollback().await.unwrap();
    assert_eq!(indexes(&trail.append(vec![delivery(&[1])]).await.unwrap()[0]), [0]);
    std::fs::remove_file(path).unwrap();
}
