//! Every port's behaviour suite on every implementation.
#![allow(clippy::unwrap_used, reason = "tests")]

use store::{
    blobs::{Directory, S3},
    events::Splits,
    keys::SqlKeys,
    sql::Database,
    trail::SqlTrail,
};
use tempfile::tempdir;
use uuid::Uuid;

#[tokio::test]
async fn trail_on_sqlite() {
    let folder = tempdir().unwrap();
    testkit::trail::suite(async || {
        let database = Database::open(&testkit::sqlite(folder.path(), &Uuid::new_v4().to_string()), "trail").await.unwrap();
        SqlTrail::open(database, "activity", 0).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn trail_on_postgres() {
    if testkit::services::skipped("VERITRAIL_TEST_POSTGRES") {
        return;
    }
    testkit::trail::suite(async || {
        let database = Database::open(&testkit::postgres().await.unwrap(), "trail").await.unwrap();
        SqlTrail::open(database, "activity", 0).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn nodes_that_start_together_migrate_one_after_the_other() {
    let Some(url) = testkit::postgres().await else { return };
    let open = async || SqlTrail::open(Database::open(&url, "trail").await.unwrap(), "activity", 0).await;
    let (one, two, three) = tokio::join!(open(), open(), open());
    one.and(two).and(three).unwrap();
}

#[tokio::test]
async fn keys_on_sqlite() {
    let folder = tempdir().unwrap();
    let database = Database::open(&testkit::sqlite(folder.path(), "keys.db"), "keys").await.unwrap();
    testkit::keys::suite(&SqlKeys::open(database).await.unwrap()).await;
}

#[tokio::test]
async fn keys_on_postgres() {
    let Some(url) = testkit::postgres().await else { return };
    testkit::keys::suite(&SqlKeys::open(Database::open(&url, "keys").await.unwrap()).await.unwrap()).await;
}

#[tokio::test]
async fn blobs_in_a_directory() {
    let folder = tempdir().unwrap();
    testkit::blobs::suite(&Directory::open(folder.path()).unwrap()).await;
}

#[tokio::test]
async fn blobs_in_s3() {
    let Some(url) = testkit::s3().await else { return };
    testkit::blobs::suite(&S3::open(&url).unwrap()).await;
}

#[tokio::test]
async fn events_in_splits() {
    let folder = tempdir().unwrap();
    testkit::events::suite(&Splits::open(folder.path()).await.unwrap()).await;
}

#[tokio::test]
async fn a_day_gone_by_keeps_one_segment_and_no_leftovers() {
    use model::time::{DAY, EventTime};
    use std::collections::BTreeSet;
    use store::events::Events;
    let folder = tempdir().unwrap();
    let events = Splits::open(folder.path()).await.unwrap();
    let mut index = 0;
    for day in 0..12 {
        for _ in 0..4 {
            let mut entry = testkit::events::entry(index);
            entry.clear.time = EventTime::utc(day * DAY);
            events.add(vec![entry]).await.unwrap();
            index += 1;
            events.commit(index).await.unwrap();
        }
    }
    // More days than are written to at once: the first of them is closed.
    let files = std::fs::read_dir(folder.path().join("days/0")).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    let segments: BTreeSet<String> = files.filter_map(|name| name.split_once('.').map(|(id, _)| id.to_owned())).filter(|id| id.len() == 32).collect();
    assert_eq!(segments.len(), 1, "{segments:?}");
}

#[tokio::test]
async fn a_batch_that_moved_leaves_no_hole_in_what_is_read() {
    use store::{
        sql::Handle,
        trail::{Fingerprint, NewBatch, NewRecord, SqlTrail, Trail},
    };
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("trail.db").display());
    let database = store::sql::Database::open(&url, "trail").await.unwrap();
    let trail = SqlTrail::open(database.clone(), "activity", 0).await.unwrap();
    for n in 0..3 {
        let record = NewRecord { fingerprint: Fingerprint([n; 24]), leaf_hash: [n; 32], bytes: vec![n; 3], time: 1 };
        trail.append(vec![NewBatch { stream: "logins".into(), received: 100, records: vec![record], ..NewBatch::default() }]).await.unwrap();
    }
    let firsts = async || trail.read(0, 1 << 20).await.unwrap().iter().map(|b| b.first).collect::<Vec<_>>();
    assert_eq!(firsts().await, [0, 1, 2]);
    // As when the integrator drops it between two looks of one read.
    database.execute("DELETE FROM trail_batches WHERE first = 1", Vec::new()).await.unwrap();
    assert_eq!(firsts().await, [0]);
}
