//! Findings, followers and polls, on both databases.
#![allow(clippy::unwrap_used, reason = "tests")]

use model::{Finding, Position, Severity};
use store::{
    StoreError,
    records::{Findings, Follower, Followers, Polls, migrate},
    sql::Database,
};
use tempfile::{TempDir, tempdir};
use uuid::Uuid;

async fn databases() -> (TempDir, Vec<Database>) {
    let folder = tempdir().unwrap();
    let mut databases = vec![Database::open(&testkit::sqlite(folder.path(), "records.db"), "records").await.unwrap()];
    if let Some(url) = testkit::postgres().await {
        databases.push(Database::open(&url, "records").await.unwrap());
    }
    for database in &databases {
        migrate(database).await.unwrap();
    }
    (folder, databases)
}

fn finding(n: u128) -> Finding {
    Finding {
        id: Uuid::from_u128(n),
        rule: "mass_export".into(),
        rule_version: "1".into(),
        severity: Severity::High,
        actor: None,
        source: Uuid::nil(),
        first: 1,
        last: 2,
        count: 3,
        events: vec![Position { ledger: "activity".into(), generation: 0, index: 7 }],
        facts: Default::default(),
        supersedes: None,
    }
}

#[tokio::test]
async fn findings_keep_their_order_and_a_replay_adds_none() {
    let (_folder, databases) = databases().await;
    for database in databases {
        assert_eq!(database.add_findings(&[finding(9), finding(3)]).await.unwrap(), 2);
        assert_eq!(database.add_findings(&[finding(3), finding(1)]).await.unwrap(), 1);
        let after = async |number| database.findings_after(number, 10).await.unwrap().into_iter().map(|(n, f)| (n, f.id.as_u128())).collect::<Vec<_>>();
        assert_eq!(after(0).await, [(1, 9), (2, 3), (3, 1)]);
        assert_eq!(after(2).await, [(3, 1)]);
        assert_eq!(database.finding(Uuid::from_u128(3)).await.unwrap(), Some(finding(3)));
        assert_eq!(database.findings(&[Uuid::from_u128(1), Uuid::from_u128(5), Uuid::from_u128(9)]).await.unwrap(), [finding(9), finding(1)]);
    }
}

#[tokio::test]
async fn a_follower_moves_only_from_where_it_was_and_with_its_findings() {
    let (_folder, databases) = databases().await;
    for database in databases {
        let to = |next| Follower { next, state: vec![next as u8] };
        assert_eq!(database.follower("detect").await.unwrap(), None);
        database.move_follower("detect", None, &to(3)).await.unwrap();
        assert!(matches!(database.move_follower("detect", None, &to(4)).await, Err(StoreError::Conflict(_))));
        let unit = database.begin().await.unwrap();
        unit.add_findings(&[finding(1)]).await.unwrap();
        assert!(matches!(unit.move_follower("detect", Some(2), &to(9)).await, Err(StoreError::Conflict(_))));
        unit.rollback().await.unwrap();
        assert_eq!((database.finding(Uuid::from_u128(1)).await.unwrap(), database.follower("detect").await.unwrap()), (None, Some(to(3))));
        database.move_follower("detect", Some(3), &to(5)).await.unwrap();
        assert_eq!(database.follower("detect").await.unwrap(), Some(to(5)));
        database.remove_follower("detect").await.unwrap();
        assert_eq!(database.follower("detect").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_trouble_keeps_its_beginning_until_a_success() {
    let (_folder, databases) = databases().await;
    for database in databases {
        let note = async |at, trouble| {
            database.note_poll(Uuid::nil(), "logins", at, trouble).await.unwrap();
            let poll = database.polls().await.unwrap().remove(0);
            (poll.last_polled, poll.trouble.map(|t| (t.kind, t.text, t.since)))
        };
        assert_eq!(note(1, Some(("unavailable", "no answer"))).await, (1, Some(("unavailable".into(), "no answer".into(), 1))));
        assert_eq!(note(2, Some(("unavailable", "still none"))).await, (2, Some(("unavailable".into(), "still none".into(), 1))));
        assert_eq!(note(3, Some(("credential", "refused"))).await, (3, Some(("credential".into(), "refused".into(), 3))));
        assert_eq!(note(4, None).await, (4, None));
        assert_eq!(note(5, Some(("credential", "refused"))).await.1.unwrap().2, 5);
    }
}
