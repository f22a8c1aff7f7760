//! A full disk, a database that goes away, a trail of our own that cannot be written: refused with the reason, resumed by itself.

use crate::{
    house::{House, SetUp, eventually},
    records::{act, ndjson},
};
use serde_json::json;
use std::{path::PathBuf, process::Command, time::Duration};
use store::sql::{Database, Handle};
use tempfile::TempDir;

/// A small file system of its own, where this machine lets a test make one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(folder: &TempDir, size: &str) -> Option<Self> {
        let path = folder.path().join("disk");
        std::fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&path).output().is_ok_and(|o| o.status.success());
        if !mounted {
            println!("no file system can be mounted here (that needs root): a full disk was not tested");
        }
        mounted.then_some(Self(path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk() {
    let folder = TempDir::new().unwrap();
    let Some(disk) = SmallDisk::new(&folder, "24m") else { return };
    let data = disk.0.join("data");
    let Some(mut house) = House::at(SetUp::Embedded, folder, &data).await else { return };
    let (analyst, key) = (house.member("analyst", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut analyst = house.signed_in(&analyst).await;
    let push = async |n: u32| house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[act(&format!("d{n}"), "dana", "view", 1)])).await.unwrap();
    push(0).await.ok();
    let first = async || (analyst.clone().get("/events/count?from=-1h").await.ok()["count"] == 1).then_some(());
    eventually("the first is found", Duration::from_secs(5), first).await;

    // Everything that is left is taken by somebody else.
    let ballast = disk.0.join("ballast");
    let _ = Command::new("dd").args(["if=/dev/zero", "bs=4096"]).arg(format!("of={}", ballast.display())).output();
    let mut acknowledged = 1;
    let mut refused = None;
    for n in 1..200 {
        let answer = push(n).await;
        if answer.status == 503 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status, 200, "{}", answer.body);
        acknowledged += 1;
    }
    let refused = refused.expect("a full disk refuses");
    println!("refused after {acknowledged} events: {} (Retry-After {:?})", refused.body["detail"], refused.retry_after);
    assert!(refused.problem(503).contains("cannot be written: the disk is full") && refused.retry_after.is_some());
    // Reads go on: they are remembered until the own trail can be written again.
    assert_eq!(analyst.get("/events/count?from=-1h").await.status, 200);

    std::fs::remove_file(&ballast).unwrap();
    let resumed = async || (push(1_000).await.status == 200).then_some(());
    eventually("it resumes by itself", Duration::from_secs(20), resumed).await;
    let all = async || {
        let count = analyst.clone().get("/events/count?from=-1h").await;
        (count.status == 200 && count.body["count"].as_u64().unwrap() > acknowledged).then_some(count.body["count"].as_u64().unwrap())
    };
    let found = eventually("nothing acknowledged is lost", Duration::from_secs(20), all).await;
    assert!(found <= acknowledged + 2, "{found} found, {acknowledged} acknowledged, one more sent and one refused");
    assert!(house.stop().await.success(), "{}", house.log());
    house.run(&["verify"]);
    house.run(&["verify", "--ledger", "self"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_and_comes_back() {
    let Some(mut house) = House::new(SetUp::Outgrown).await else { return };
    let (analyst, key) = (house.member("analyst", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut analyst = house.signed_in(&analyst).await;
    let push = async |n: u32| house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[act(&format!("p{n}"), "dana", "view", 1)])).await.unwrap();
    push(0).await.ok();

    let name = house.setting("DATA__TRAIL").unwrap().rsplit('/').next().unwrap().to_owned();
    let server = Database::open(&std::env::var("VERITRAIL_TEST_POSTGRES").unwrap(), "the test server").await.unwrap();
    server.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"), vec![]).await.unwrap();
    server.execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"), vec![]).await.unwrap();
    let refused = push(1).await;
    println!("database away: {} (Retry-After {:?})", refused.body["detail"], refused.retry_after);
    assert!(refused.problem(503).contains("cannot be reached just now") && refused.retry_after.is_some());
    assert_eq!(analyst.get("/events/count?from=-1h").await.status, 503, "nobody can be recognised without the records");

    server.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"), vec![]).await.unwrap();
    eventually("it resumes by itself", Duration::from_secs(30), async || (push(1).await.status == 200).then_some(())).await;
    let both = async || {
        let count = analyst.get("/events/count?from=-1h").await;
        (count.status == 200 && count.body["count"] == 2).then_some(())
    };
    eventually("both are found, once", Duration::from_secs(20), both).await;
    assert!(house.stop().await.success(), "{}", house.log());
    house.run(&["verify"]);
}

/// The source's password expired: its page says so within a poll, and the rest of the house does not care.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_whose_password_expired() {
    let Some(database) = testkit::postgres().await else { return };
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    let role = format!("r_{}", uuid::Uuid::new_v4().simple());
    let server = Database::open(&database, "the test server").await.unwrap();
    server.execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'right'"), vec![]).await.unwrap();
    let url = database.replace("veritrail@", &format!("{role}:right@"));
    house.set("SOURCES__REACHABLE", "127.0.0.1");
    house.source("crm", "creme", &[&format!("database_url={url}")]);
    let admin = house.member("administrator", &[]);
    server.execute(&format!("ALTER ROLE {role} NOLOGIN"), vec![]).await.unwrap();
    house.serve().await;
    let mut admin = house.signed_in(&admin).await;
    let trouble = async || {
        let source = admin.get("/sources").await.ok()["items"][0].clone();
        (source["status"] == "trouble").then_some(source)
    };
    let source = eventually("the source is in trouble", Duration::from_secs(20), trouble).await;
    println!("{}: {}", source["summary"], source["streams"][0]["trouble"]);
    assert!(source.to_string().contains("password") || source.to_string().contains("sign in") || source.to_string().contains("log in"), "{source}");
    assert!(!source.to_string().contains("right@"), "secrets are not shown");
    let check = admin.post("/sources/check", json!({ "source": source["id"] })).await.ok();
    assert_eq!(check["ok"], false);
    assert!(!house.log().contains("right@") && house.stop().await.success());
}
