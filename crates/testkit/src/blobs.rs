//! What every `Blobs` does.

use bytes::Bytes;
use store::{StoreError, blobs::Blobs};

pub async fn suite(blobs: &dyn Blobs) {
    reads_back(blobs).await;
    compares_and_swaps(blobs).await;
    creates_many(blobs).await;
    one_of_many_writers_wins(blobs).await;
    refuses_odd_paths(blobs).await;
}

async fn reads_back(blobs: &dyn Blobs) {
    assert_eq!(blobs.get("none").await.unwrap(), None);
    assert!(matches!(blobs.range("none", 0, 1).await, Err(StoreError::NotFound(_))));
    for path in ["a/b/2", "a/b/10", "a/bc", "z"] {
        blobs.put(path, path.into()).await.unwrap();
    }
    blobs.put("a/bc", "0123".into()).await.unwrap();
    assert_eq!(blobs.get("a/bc").await.unwrap().unwrap().0, "0123");
    assert_eq!(blobs.range("a/bc", 1, 3).await.unwrap(), "12");
    assert_eq!(blobs.range("a/bc", 0, 4).await.unwrap(), "0123");
    assert_eq!(blobs.range("a/bc", 4, 4).await.unwrap(), "");
    for (from, until) in [(1, 5), (4, 5), (9, 12), (3, 2)] {
        assert!(matches!(blobs.range("a/bc", from, until).await, Err(StoreError::NotFound(_))), "{from}..{until}");
    }
    assert_eq!(blobs.list("").await.unwrap(), ["a/b/10", "a/b/2", "a/bc", "z"]);
    assert_eq!(blobs.list("a/b").await.unwrap(), ["a/b/10", "a/b/2", "a/bc"]);
    assert_eq!(blobs.list("a/b/1").await.unwrap(), ["a/b/10"]);
    assert_eq!(blobs.list("b").await.unwrap(), [""; 0]);
    blobs.delete("z").await.unwrap();
    blobs.delete("z").await.unwrap();
    assert_eq!(blobs.get("z").await.unwrap(), None);
    let big = Bytes::from(vec![7; 3_000_000]);
    blobs.put("big", big.clone()).await.unwrap();
    assert_eq!(blobs.get("big").await.unwrap().unwrap().0, big);
}

async fn compares_and_swaps(blobs: &dyn Blobs) {
    let one = blobs.swap("lock", None, "one".into()).await.unwrap();
    assert!(matches!(blobs.swap("lock", None, "two".into()).await, Err(StoreError::Conflict(_))));
    let two = blobs.swap("lock", Some(&one), "two".into()).await.unwrap();
    assert_eq!(blobs.get("lock").await.unwrap().unwrap(), ("two".into(), two.clone()));
    assert!(matches!(blobs.swap("lock", Some(&one), "three".into()).await, Err(StoreError::Conflict(_))));
    blobs.swap("lock", Some(&two), "three".into()).await.unwrap();
    assert!(matches!(blobs.swap("missing", Some(&two), "x".into()).await, Err(StoreError::Conflict(_))));
    assert_eq!(blobs.get("missing").await.unwrap(), None);
    blobs.create("tile", "hashes".into()).await.unwrap();
    blobs.create("tile", "hashes".into()).await.unwrap();
    assert!(matches!(blobs.create("tile", "others".into()).await, Err(StoreError::Conflict(_))));
    assert_eq!(blobs.get("tile").await.unwrap().unwrap().0, "hashes");
}

async fn creates_many(blobs: &dyn Blobs) {
    let many = |what: &str| -> Vec<(String, Bytes)> { (0..40).map(|n| (format!("many/{}/{n}", n % 3), format!("{what} {n}").into())).collect() };
    blobs.create_all(Vec::new()).await.unwrap();
    blobs.create_all(many("one")).await.unwrap();
    blobs.create_all(many("one")).await.unwrap();
    assert!(matches!(blobs.create_all(many("other")).await, Err(StoreError::Conflict(_))));
    for (path, bytes) in many("one") {
        assert_eq!(blobs.get(&path).await.unwrap().unwrap().0, bytes, "{path}");
    }
    assert_eq!(blobs.list("many/").await.unwrap().len(), 40);
}

async fn one_of_many_writers_wins(blobs: &dyn Blobs) {
    let start = blobs.swap("race", None, "start".into()).await.unwrap();
    let writers = (0..8).map(|n| blobs.swap("race", Some(&start), format!("writer {n}").into()));
    let results = futures::future::join_all(writers).await;
    let winners: Vec<usize> = results.iter().enumerate().filter(|(_, r)| r.is_ok()).map(|(n, _)| n).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    assert!(results.iter().all(|r| matches!(r, Ok(_) | Err(StoreError::Conflict(_)))), "{results:?}");
    assert_eq!(blobs.get("race").await.unwrap().unwrap().0, format!("writer {}", winners[0]));
}

async fn refuses_odd_paths(blobs: &dyn Blobs) {
    for path in ["../x", "/x", "a//b", "a/./b", "", "a\\b", "ä", "a/"] {
        assert!(matches!(blobs.put(path, Bytes::new()).await, Err(StoreError::Internal(_))), "{path}");
    }
}
