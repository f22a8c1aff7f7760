//! What every `Keys` does.

use store::{
    StoreError,
    keys::{Keys, Rewrapped, SubjectRow},
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
    walked_in_order_and_rewrapped_where_unchanged(keys).await;
    // Last: rows are under another key-encryption key afterwards.
    nothing_comes_under_a_key_that_was_replaced(keys).await;
}

async fn the_first_insert_wins(keys: &dyn Keys) {
    assert_eq!(keys.insert(None, vec![row(1, 1, 1)]).await.unwrap(), [row(1, 1, 1)]);
    assert_eq!(keys.insert(None, vec![row(1, 2, 2)]).await.unwrap(), [row(1, 1, 1)]);
    assert_eq!(keys.by_subject(&[Uuid::from_u128(2)]).await.unwrap(), []);
    // Nodes that meet the same new subjects at once, in different orders, must agree and not lock each other out.
    let rows = |from: u128| (100..140_u32).map(|n| row(n, from + u128::from(n), 1)).collect::<Vec<_>>();
    let reversed = rows(20_000).into_iter().rev().collect();
    let (one, two) = tokio::join!(keys.insert(None, rows(10_000)), keys.insert(None, reversed));
    let sorted = |mut rows: Vec<SubjectRow>| {
        rows.sort_by_key(|r| r.lookup);
        rows
    };
    assert_eq!(sorted(one.unwrap()), sorted(two.unwrap()));
}

async fn many_at_once(keys: &dyn Keys) {
    let rows: Vec<SubjectRow> = (1_000..3_500_u32).map(|n| row(n, 1_000_000 + u128::from(n), 3)).collect();
    assert_eq!(keys.insert(None, rows.clone()).await.unwrap().len(), 2_500);
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
    assert_eq!(keys.insert(None, vec![row(1, 5, 5)]).await.unwrap()[0].wrapped, None, "an erased subject gets no new key by the way");
}

async fn secrets_are_set_once(keys: &dyn Keys) {
    assert_eq!(keys.secret("salt").await.unwrap(), None);
    keys.set_secret("salt", &[3]).await.unwrap();
    assert!(matches!(keys.set_secret("salt", &[4]).await, Err(StoreError::Conflict(_))));
    assert_eq!(keys.secret("salt").await.unwrap(), Some(vec![3]));
}

async fn walked_in_order_and_rewrapped_where_unchanged(keys: &dyn Keys) {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = keys.walk(after, 700).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.lookup);
        all.extend(page);
    }
    assert!(all.is_sorted_by(|a, b| a.lookup < b.lookup), "each once, in order");
    assert_eq!(all.len() as u64, keys.count().await.unwrap());
    assert!(!all.iter().any(|r| r.subject == Uuid::from_u128(1)), "an erased row holds no key");
    // More than one statement's worth; one of them erased after it was read, one changed.
    let changed: Vec<Rewrapped> =
        all.iter().filter_map(|r| Some(Rewrapped { lookup: r.lookup, before: r.wrapped.clone()?, after: vec![9; 77] })).take(1_200).collect();
    let (erased, other) = (all[3].subject, &changed[4]);
    keys.erase(&[erased]).await.unwrap();
    keys.rewrap(&[Rewrapped { after: vec![8; 77], ..other.clone() }]).await.unwrap();
    assert_eq!(keys.rewrap(&changed).await.unwrap(), 1_198);
    assert_eq!(keys.rewrap(&changed).await.unwrap(), 0, "done before");
    assert_eq!(keys.by_subject(&[erased]).await.unwrap()[0].wrapped, None, "what was erased meanwhile does not rise");
    assert_eq!(keys.by_lookup(&[other.lookup]).await.unwrap()[0].wrapped, Some(vec![8; 77]));
    assert_eq!(keys.by_lookup(&[changed[5].lookup]).await.unwrap()[0].wrapped, Some(vec![9; 77]));
    keys.scrub().await.unwrap();
}

async fn nothing_comes_under_a_key_that_was_replaced(keys: &dyn Keys) {
    let (one, two) = (Uuid::from_u128(71), Uuid::from_u128(72));
    assert_eq!(keys.wrapped_under().await.unwrap(), None);
    assert!(matches!(keys.wrap_under(Some(two), one).await, Err(StoreError::Conflict(_))));
    keys.wrap_under(None, one).await.unwrap();
    assert_eq!(keys.wrapped_under().await.unwrap(), Some(one));
    assert!(matches!(keys.wrap_under(None, two).await, Err(StoreError::Conflict(_))));
    let new = row(9_000, 9_000, 1);
    assert!(matches!(keys.insert(None, vec![new.clone()]).await, Err(StoreError::Conflict(_))));
    assert_eq!(keys.by_lookup(&[new.lookup]).await.unwrap(), []);
    assert_eq!(keys.insert(Some(one), vec![new.clone()]).await.unwrap(), [new]);
    // While rows come in, the key in force changes: every one that was taken was under the one in force.
    let under = async |kek: Uuid, from: u32| {
        let mut taken = 0;
        for n in from..from + 50 {
            match keys.insert(Some(kek), vec![row(n, u128::from(n), 1)]).await {
                Ok(_) => taken += 1,
                Err(StoreError::Conflict(_)) => break,
                Err(error) => panic!("{error}"),
            }
        }
        taken
    };
    let change = async {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        keys.wrap_under(Some(one), two).await.unwrap();
        keys.count().await.unwrap()
    };
    let (_, then) = tokio::join!(under(one, 10_000), change);
    assert_eq!(keys.count().await.unwrap(), then, "none came under it after the change");
    assert_eq!(under(two, 20_000).await, 50);
}
