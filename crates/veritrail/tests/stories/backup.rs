//! A disk that is lost, what a backup brings back of it, and what it does not.

use crate::{
    client::Client,
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

on_both!(a_lost_disk_is_declared_and_nothing_is_signed_twice, an_up_to_date_backup_just_serves);

const SOON: Duration = Duration::from_secs(30);
const MEDIA: &str = "application/x-ndjson";

/// Where backups, copies of keys and the lock lie: none of them in the data directory.
struct Places {
    backups: PathBuf,
    keys: PathBuf,
}

impl Places {
    fn of(house: &mut House) -> Self {
        let at = |name: &str| house.folder.path().join(name);
        let (backups, keys, lock) = (at("backups"), at("keys"), at("lock"));
        house.set("DATA__LOCK", lock.display());
        Self { backups, keys }
    }

    fn backup(&self, house: &House) -> String {
        house.run(&["backup", "--to", text(&self.backups), "--keys", text(&self.keys)])
    }

    fn restore(&self, house: &House) -> String {
        house.run(&["restore", "--from", text(&self.backups), "--keys", text(&self.keys)])
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The disk is gone, databases and objects too; the master secret lay elsewhere.
async fn wipe(house: &mut House, set_up: SetUp) {
    let data = PathBuf::from(house.setting("DATA__DIRECTORY").unwrap());
    let secret = std::fs::read(data.join("master.secret")).unwrap();
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("master.secret"), secret).unwrap();
    if set_up == SetUp::Outgrown {
        let database = testkit::postgres().await.unwrap();
        for store in ["RECORDS", "TRAIL", "KEYS"] {
            house.set(&format!("DATA__{store}"), &database);
        }
        house.set("DATA__BLOBS", testkit::s3().await.unwrap());
    }
}

/// Waits until so many of the source's events are found.
async fn found(analyst: &mut Client, all: usize) {
    let count = async || (analyst.get("/events/count?from=-1h&filter=source:desk").await.ok()["count"] == all).then_some(());
    eventually("every event is found", SOON, count).await;
}

/// Waits until a checkpoint covers everything.
async fn signed(analyst: &mut Client) {
    let covered = async || (analyst.get("/ledgers").await.ok()["items"][0]["pending"] == 0).then_some(());
    eventually("everything is signed", SOON, covered).await;
}

fn refused(house: &House, arguments: &[&str]) -> String {
    let output = house.command(arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?} did not fail: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Shown first, then said again.
fn declare(house: &House, ledger: &str) -> String {
    let asked = ["ledger", "new-generation", "--ledger", ledger, "--reason", "a lost disk"];
    let shown = house.run(&asked);
    let range = shown.split_once("--lost ").expect("it shows what is lost").1.split(' ').next().unwrap().to_owned();
    assert!(shown.contains("Nothing was changed"), "{shown}");
    let wrong = refused(house, &[&asked[..], &["--lost", "activity.0:0..activity.0:1", "--yes"]].concat());
    assert!(wrong.contains(&range), "{wrong}");
    house.run(&[&asked[..], &["--lost", &range, "--yes"]].concat());
    range
}

async fn a_lost_disk_is_declared_and_nothing_is_signed_twice(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let places = Places::of(&mut house);
    let people = "employee_id,name,email,title,zone,department,manager_employee_id,from,until,accounts\n\
        1,Dana Lost,dana@mail.example,,,Sales,,2020-01-01,,dana\n2,Kim Stays,kim@mail.example,,,Sales,,2020-01-01,,kim\n";
    let people = house.file("people.csv", people);
    house.run(&["directory", "import", text(&people)]);
    let (analyst, auditor, officer) = (house.member("analyst", &[]), house.member("auditor", &[]), house.member("privacy_officer", &[]));
    let key = house.source("desk", "generic", &[]);
    house.serve().await;
    let acts: Vec<Value> = (0..220).map(|n| act(&format!("a{n}"), if n % 2 == 0 { "dana" } else { "kim" }, "view", 60)).collect();
    let push = async |from: usize, until: usize| {
        let sent = house.stranger().push("desk", &key, MEDIA, ndjson(&acts[from..until])).await.unwrap().ok();
        (sent["accepted"].as_u64().unwrap() as usize, sent["duplicates"].as_u64().unwrap() as usize)
    };
    assert_eq!(push(0, 60).await, (60, 0));
    let mut watching = house.signed_in(&analyst).await;
    found(&mut watching, 60).await;
    signed(&mut watching).await;

    // While the backup is made, more comes in.
    let more = async {
        for n in (60..160).step_by(5) {
            assert_eq!(push(n, n + 5).await, (5, 0));
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    let mut backup = house.command(&["backup", "--to", text(&places.backups), "--keys", text(&places.keys)]).spawn().unwrap();
    more.await;
    assert!(backup.wait().unwrap().success());
    let says = house.run(&["backup", "--verify", text(&places.backups)]);
    assert!(says.contains(" 0 faults") && says.contains("activity.0:") && says.contains("self.0:"), "{says}");

    // Erased after it, and more events that only the lost disk held.
    let mut privacy = house.signed_in(&officer).await;
    let persons = privacy.get("/persons?limit=100").await.ok();
    let dana = persons["items"].as_array().unwrap().iter().find(|p| p["name"] == "Dana Lost").unwrap()["id"].clone();
    privacy.post("/erasures", json!({ "person": dana, "basis": "objection", "reason": "Case 1" })).await.ok();
    let done = async || (privacy.get("/erasures").await.ok()["items"][0]["state"] == "done").then_some(());
    eventually("the erasure is done", SOON, done).await;
    assert_eq!(push(160, 220).await, (60, 0));
    found(&mut watching, 220).await;
    signed(&mut watching).await;
    house.kill();
    wipe(&mut house, set_up).await;

    let says = places.restore(&house);
    assert!(says.contains("new-generation --ledger activity") && says.contains("new-generation --ledger self"), "{says}");
    let why = refused(&house, &["serve"]);
    assert!(why.contains("older than what was signed") && why.contains("new-generation --ledger"), "{why}");
    let why = refused(&house, &["restore", "--from", text(&places.backups), "--keys", text(&places.keys)]);
    assert!(why.contains("in use"), "{why}");
    let why = refused(&house, &["ledger", "new-generation", "--ledger", "activity", "--reason", "x"]);
    assert!(why.contains("--ledger self"), "the tool's own trail comes first: {why}");
    declare(&house, "self");
    let range = declare(&house, "activity");
    assert!(range.starts_with("activity.0:") && range.ends_with("..activity.0:220"), "{range}");
    let why = refused(&house, &["ledger", "new-generation", "--ledger", "activity", "--reason", "again"]);
    assert!(why.contains("nothing is lost"), "{why}");

    house.serve().await;
    let push = async |from: usize, until: usize| {
        let sent = house.stranger().push("desk", &key, MEDIA, ndjson(&acts[from..until])).await.unwrap().ok();
        (sent["accepted"].as_u64().unwrap() as usize, sent["duplicates"].as_u64().unwrap() as usize)
    };
    let (accepted, there) = push(0, 220).await;
    assert!(accepted + there == 220 && (60..=160).contains(&there), "{accepted} were lost and came again, {there} were there");
    let mut watching = house.signed_in(&analyst).await;
    found(&mut watching, 220).await;
    signed(&mut watching).await;
    // Who was erased after the backup stays erased, and so do those events of his that came again.
    let mut privacy = house.signed_in(&officer).await;
    let persons = privacy.get("/persons?limit=100").await.ok().to_string();
    assert!(!persons.contains("Dana Lost") && persons.contains("Kim Stays"), "{persons}");
    for (name, hits) in [("dana", 0), ("kim", 110)] {
        assert_eq!(watching.get(&format!("/events/count?from=-1h&q={name}")).await.ok()["count"], hits, "{name}");
    }
    // Old positions keep their proofs, new ones have theirs.
    let page = watching.get("/events?from=-1h&limit=200&filter=source:desk").await.ok();
    let mut positions: Vec<String> = page["items"].as_array().unwrap().iter().map(|e| e["position"].as_str().unwrap().to_owned()).collect();
    positions.push("activity.0:0".into());
    for generation in ["activity.0:", "activity.1:"] {
        assert!(positions.iter().any(|p| p.starts_with(generation)), "{positions:?}");
    }
    for position in &positions {
        let proof = watching.get(&format!("/events/{position}/proof")).await.ok();
        assert_eq!(proof["position"], *position);
        assert!(proof["origin"].as_str().unwrap().ends_with(position.split(':').next().unwrap()), "{proof}");
    }
    let mut auditor = house.signed_in(&auditor).await;
    let renewed = auditor.get("/self?operation=ledgers.renew").await.ok();
    assert_eq!(renewed["items"].as_array().map(Vec::len), Some(2), "{renewed}");
    assert!(house.stop().await.success(), "{}", house.log());
    for ledger in ["activity", "self"] {
        for generation in ["0", "1"] {
            let says = house.run(&["verify", "--ledger", ledger, "--generation", generation]);
            assert!(says.contains("no fault") && says.contains(&format!("{ledger}.{generation}:")), "{says}");
        }
    }
    // And the next backup holds both.
    places.backup(&house);
    let says = house.run(&["backup", "--verify", text(&places.backups)]);
    assert!(says.contains(" 0 faults") && says.contains("activity.0:") && says.contains("activity.1:"), "{says}");
}

async fn an_up_to_date_backup_just_serves(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let places = Places::of(&mut house);
    let (analyst, auditor, key) = (house.member("analyst", &[]), house.member("auditor", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let acts: Vec<Value> = (0..90).map(|n| act(&format!("a{n}"), "dana", "view", 60)).collect();
    house.stranger().push("desk", &key, MEDIA, ndjson(&acts[..60])).await.unwrap().ok();
    let mut watching = house.signed_in(&analyst).await;
    found(&mut watching, 60).await;
    assert!(house.stop().await.success(), "{}", house.log());
    let says = places.backup(&house);
    assert!(says.contains("0 objects were there from before") && says.contains("activity.0: 60 records under a checkpoint, 0 in the tail"), "{says}");
    let within = refused(&house, &["backup", "--to", text(&places.backups), "--keys", text(&places.backups.join("keys"))]);
    assert!(within.contains("within one another"), "{within}");
    // A second one in another second finds what the first has; its folder alone without manifest is no backup.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let says = places.backup(&house);
    assert!(!says.contains(" 0 objects were there"), "{says}");
    std::fs::create_dir(places.backups.join("20990101T000000Z")).unwrap();
    // A byte changed in one is found, and put right by the next.
    let tile = places.backups.join("blobs/activity/0/tile/0/000.p/60");
    let good = std::fs::read(&tile).unwrap();
    std::fs::write(&tile, [&good[..good.len() - 1], &[good[good.len() - 1] ^ 1]].concat()).unwrap();
    let says = house.output(&["backup", "--verify", text(&places.backups)]);
    assert_eq!(says.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&says.stdout).contains("FAULT blobs/activity/0/tile/0/000.p/60"), "{}", String::from_utf8_lossy(&says.stdout));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    places.backup(&house);
    assert_eq!(std::fs::read(&tile).unwrap(), good);
    house.run(&["backup", "--verify", text(&places.backups)]);

    wipe(&mut house, set_up).await;
    let says = places.restore(&house);
    assert!(says.matches("nothing that was signed is lost").count() == 2 && !says.contains("NO LOCK"), "{says}");
    house.serve().await;
    let mut watching = house.signed_in(&analyst).await;
    found(&mut watching, 60).await;
    let sent = house.stranger().push("desk", &key, MEDIA, ndjson(&acts)).await.unwrap().ok();
    assert_eq!((&sent["accepted"], &sent["duplicates"]), (&json!(30), &json!(60)));
    found(&mut watching, 90).await;
    signed(&mut watching).await;
    watching.get("/events/activity.0:0/proof").await.ok();
    let mut auditor = house.signed_in(&auditor).await;
    for (operation, times) in [("backup.make", 3), ("backup.restore", 1)] {
        let trail = auditor.get(&format!("/self?operation={operation}")).await.ok();
        assert_eq!(trail["items"].as_array().map(Vec::len), Some(times), "{operation}: {trail}");
    }
    assert!(house.stop().await.success(), "{}", house.log());
    for ledger in ["activity", "self"] {
        assert!(house.run(&["verify", "--ledger", ledger]).contains("no fault"));
    }
}
