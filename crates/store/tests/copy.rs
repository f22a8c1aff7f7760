//! A copy holds what a database held at one moment, and goes back into either kind.
#![allow(clippy::unwrap_used, reason = "tests")]

use store::{
    copy::{self, Part},
    keys::{Keys, SqlKeys, SubjectRow},
    records::{self, Settings},
    sql::{Database, Handle},
    trail::{Fingerprint, NewBatch, NewRecord, SqlTrail, Trail},
};
use tempfile::TempDir;
use uuid::Uuid;

/// More than one page.
const MANY: u64 = 1_201;

/// Records, both trails and keys in one database, as PostgreSQL has them, or in one file.
async fn database(folder: &TempDir, outgrown: bool) -> Option<Database> {
    let url = if outgrown { testkit::postgres().await? } else { testkit::sqlite(folder.path(), &Uuid::new_v4().to_string()) };
    let database = Database::open(&url, "the test").await.unwrap();
    records::migrate(&database).await.unwrap();
    SqlKeys::open(database.clone()).await.unwrap();
    for ledger in ["activity", "self"] {
        SqlTrail::open(database.clone(), ledger, 0).await.unwrap();
    }
    Some(database)
}

fn batch(numbers: std::ops::Range<u8>) -> NewBatch {
    let record = |n: u8| NewRecord { fingerprint: Fingerprint([n; 24]), leaf_hash: [n; 32], bytes: vec![n; 5], time: i64::from(n) };
    NewBatch { stream: "logins".into(), received: 100, records: numbers.map(record).collect(), ..NewBatch::default() }
}

async fn fill(database: &Database) {
    for n in 0..MANY {
        database.put_setting(&format!("name {n}"), &format!("Wert {n} 'ü'")).await.unwrap();
    }
    // No key, and nothing in some columns; a table that refers to another.
    for n in 0..3_i64 {
        let sql = "INSERT INTO employments (person, department, manager, from_time, until_time) VALUES ($1, $2, $3, $4, $5)";
        let values = vec![vec![1_u8, 2].into(), vec![3_u8].into(), None::<Vec<u8>>.into(), Some(n).into(), None::<i64>.into()];
        database.execute(sql, values).await.unwrap();
    }
    let source = "INSERT INTO sources (id, name, connector, title, settings, state, created) VALUES ($1, 'desk', 'generic', '', '{}', 'active', 5)";
    database.execute(source, vec![vec![9_u8].into()]).await.unwrap();
    let secret = "INSERT INTO source_secrets (source, sealed, updated) VALUES ($1, $2, 7)";
    database.execute(secret, vec![vec![9_u8].into(), Vec::<u8>::new().into()]).await.unwrap();
    let activity = SqlTrail::open(database.clone(), "activity", 0).await.unwrap();
    activity.append(vec![batch(0..5), batch(5..9)]).await.unwrap();
    activity.lease("somebody", 0, i64::MAX).await.unwrap();
    SqlTrail::open(database.clone(), "self", 0).await.unwrap().append(vec![batch(100..103)]).await.unwrap();
    let keys = SqlKeys::open(database.clone()).await.unwrap();
    let row = |n: u8| SubjectRow { lookup: [n; 16], subject: Uuid::from_u128(n.into()), wrapped: Some(vec![n; 60]) };
    keys.insert(None, (1..4).map(row).collect()).await.unwrap();
    keys.erase(&[Uuid::from_u128(2)]).await.unwrap();
    keys.wrap_under(None, Uuid::from_u128(8)).await.unwrap();
}

async fn count(database: &Database, table: &str) -> i64 {
    database.rows(&format!("SELECT COUNT(*) AS n FROM {table}"), vec![]).await.unwrap()[0].try_get("", "n").unwrap()
}

async fn holds_the_same(one: &Database, other: &Database) {
    for table in ["settings", "employments", "sources", "source_secrets", "trail_batches", "trail_fingerprints", "trail_streams", "subject_keys"] {
        assert_eq!(count(one, table).await, count(other, table).await, "{table}");
    }
    assert_eq!(count(other, "settings").await, MANY as i64);
    for n in [0, 499, 500, 1_200] {
        assert_eq!(other.setting(&format!("name {n}")).await.unwrap().unwrap(), format!("Wert {n} 'ü'"));
    }
    for ledger in ["activity", "self"] {
        let (one, other) = (SqlTrail::open(one.clone(), ledger, 0).await.unwrap(), SqlTrail::open(other.clone(), ledger, 0).await.unwrap());
        let heads = (one.head().await.unwrap(), other.head().await.unwrap());
        assert_eq!(heads.0, heads.1);
        let bytes =
            async |trail: &SqlTrail| trail.read(0, usize::MAX).await.unwrap().into_iter().map(|b| (b.first, b.bytes, b.leaf_hashes)).collect::<Vec<_>>();
        assert_eq!(bytes(&one).await, bytes(&other).await);
    }
    let keys = SqlKeys::open(other.clone()).await.unwrap();
    assert_eq!((keys.count().await.unwrap(), keys.wrapped_under().await.unwrap()), (2, Some(Uuid::from_u128(8))));
    assert_eq!(keys.by_subject(&[Uuid::from_u128(2)]).await.unwrap()[0].wrapped, None, "what was erased is erased");
}

async fn goes_there_and_back(from_outgrown: bool, to_outgrown: bool) {
    let folder = tempfile::tempdir().unwrap();
    let (Some(from), Some(to)) = (database(&folder, from_outgrown).await, database(&folder, to_outgrown).await) else { return };
    fill(&from).await;
    for part in Part::ALL {
        let file = folder.path().join(format!("{}.sqlite", part.name()));
        let mut rows = 0;
        let head = copy::save(&from, part, &file, &mut |more| rows += more).await.unwrap();
        match part {
            Part::Trail => assert_eq!(head.map(|h| (h.ledger, h.size)), Some(("activity".to_owned(), 9))),
            Part::Records => assert_eq!(head.map(|h| (h.ledger, h.size)), Some(("self".to_owned(), 3))),
            Part::Keys => assert_eq!(head, None),
        }
        assert!(rows > 3, "{rows} rows of {}", part.name());
        assert!(copy::is_unused(&to, part).await.unwrap(), "{}", part.name());
        let before = std::fs::read(&file).unwrap();
        copy::put_back(&file, part, &to, &mut |_| {}).await.unwrap();
        assert!(!copy::is_unused(&to, part).await.unwrap(), "{}", part.name());
        // Again, as after a restore that was cut off.
        copy::put_back(&file, part, &to, &mut |_| {}).await.unwrap();
        assert!(std::fs::read(&file).unwrap() == before, "reading a copy leaves it as it is");
        assert!(copy::save(&from, part, &file, &mut |_| {}).await.is_err(), "a copy is not written over");
    }
    holds_the_same(&from, &to).await;
    // Whoever held the lease there holds nothing here.
    SqlTrail::open(to.clone(), "activity", 0).await.unwrap().lease("another", 1, 2).await.unwrap();
}

#[tokio::test]
async fn from_sqlite_to_sqlite() {
    goes_there_and_back(false, false).await;
}

#[tokio::test]
async fn from_sqlite_to_postgres_and_from_there_to_sqlite() {
    goes_there_and_back(false, true).await;
    goes_there_and_back(true, false).await;
}

#[tokio::test]
async fn a_copy_is_of_one_moment() {
    for outgrown in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let Some(from) = database(&folder, outgrown).await else { continue };
        let trail = SqlTrail::open(from.clone(), "activity", 0).await.unwrap();
        for n in 0..200 {
            trail.append(vec![batch(n..n + 1)]).await.unwrap();
        }
        let file = folder.path().join("copy.sqlite");
        let writing = async {
            for n in 200..250 {
                trail.append(vec![batch(n..n + 1)]).await.unwrap();
            }
        };
        let mut told = |_: u64| {};
        let (head, ()) = tokio::join!(copy::save(&from, Part::Trail, &file, &mut told), writing);
        let head = head.unwrap().unwrap();
        let to = database(&folder, false).await.unwrap();
        copy::put_back(&file, Part::Trail, &to, &mut |_| {}).await.unwrap();
        assert_eq!(count(&to, "trail_fingerprints").await, head.size as i64, "{outgrown}");
        assert_eq!(count(&to, "trail_batches").await, head.size as i64, "{outgrown}");
        assert_eq!(trail.head().await.unwrap().size, 250);
    }
}
