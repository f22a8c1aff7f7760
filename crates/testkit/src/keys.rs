//! What every `Keys` does.

use store::{
    StoreError,
    keys::{Keys, SubjectRow},
};
use uuid::Uuid;

fn row(lookup: u32, subject: u128, key: u8) -> SubjectRow {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&lookup.to_be_bytes());
    SubjectRow { lookup: bytes, subject: Uuid::from_u128(subject), wrapped: Some(vec![key]) }
}

pub async fn suite(keys: &dyn Keys) {
    the_first_insert_wins(keys).await;
    many_at_once(keys).await;
    erased_is_gone(keys).await;
    secrets_are_set_once(keys).await;
}

async fn the_first_insert_wins(keys: &dyn Keys) {
    assert_eq!(keys.insert(vec![row(1, 1, 1)]).await.unwrap(), [row(1, 1, 1)]);
    assert_eq!(keys.insert(vec![row(1, 2, 2)]).await.unwrap(), [row(1, 1, 1)]);
    assert_eq!(keys.by_subject(&[Uuid::from_u128(2)]).await.unwrap(), []);
    // Nodes that meet the same new subjects at once, in different orders, must agree and not lock each other out.
    let rows = |from: u128| (100..140_u32).map(|n| row(n, from + u128::from(n), 1)).collect::<Vec<_>>();
    let reversed = rows(20_000).into_iter().rev().collect();
    let (one, two) = tokio::join!(keys.insert(rows(10_000)), keys.insert(reversed));
    let sorted = |mut rows: Vec<SubjectRow>| {
        rows.sort_by_key(|r| r.lookup);
        rows
    };
    assert_eq!(sorted(one.unwrap()), sorted(two.unwrap()));
}

async fn many_at_once(keys: &dyn Keys) {
    let rows: Vec<SubjectRow> = (1_000..3_500_u32).map(|n| row(n, 1_000_000 + u128::from(n), 3)).collect();
    assert_eq!(keys.insert(rows.clone()).await.unwrap().len(), 2_500);
    let lookups: Vec<[u8; 16]> = rows.iter().map(|r| r.lookup).collect();
    assert_eq!(keys.by_lookup(&lookups).await.unwrap().len(), 2_500);
    let subjects: Vec<Uuid> = rows.iter().map(|r| r.subject).collect();
    assert_eq!(keys.by_subject(&subjects).await.unwrap().len(), 2_500);
}

async fn erased_is_gone(keys: &dyn Keys) {
    let one = Uuid::from_u128(1);
    assert_eq!(keys.erase(&[one]).await.unwrap(), 1);
    assert_eq!(keys.erase(&[one]).await.unwrap(), 0);
    assert_eq!(keys.by_subject(&[one]).await.unwrap(), [SubjectRow { wrapped: None, ..row(1, 1, 1) }]);
    assert_eq!(keys.insert(vec![row(1, 5, 5)]).await.unwrap()[0].wrapped, None, "an erased subject gets no new key by the way");
}

async fn secrets_are_set_once(keys: &dyn Keys) {
    assert_eq!(keys.secret("salt").await.unwrap(), None);
    keys.set_secret("salt", &[3]).await.unwrap();
    assert!(matches!(keys.set_secret("salt", &[4]).await, Err(StoreError::Conflict(_))));
    assert_eq!(keys.secret("salt").await.unwrap(), Some(vec![3]));
}
