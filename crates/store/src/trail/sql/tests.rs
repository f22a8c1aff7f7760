use super::*;
use crate::trail::{Fingerprint, NewBatch, NewRecord};

#[tokio::test]
async fn an_append_inside_a_unit_vanishes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("trail.db").display());
    let trail = SqlTrail::open(Database::open(&url, "trail").await.unwrap(), "activity", 0).await.unwrap();
    let record = NewRecord { fingerprint: Fingerprint([1; 24]), leaf_hash: [1; 32], bytes: vec![1; 3], time: 1 };
    let delivery = NewBatch { stream: "logins".into(), received: 100, records: vec![record], ..NewBatch::default() };
    let unit = trail.database.begin().await.unwrap();
    trail.append_in(&unit, vec![delivery.clone()]).await.unwrap();
    assert_eq!(trail.head().await.unwrap().size, 0, "readers neither wait nor see it");
    unit.rollback().await.unwrap();
    assert!(matches!(&trail.append(vec![delivery]).await.unwrap()[0][..], [Placed::New(p)] if p.index == 0));
}
