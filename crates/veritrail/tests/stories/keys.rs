//! Keys changed under a server at work: what people's keys are wrapped by, and what signs checkpoints.

use crate::{
    client::Client,
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use ledger::{KeyFolder, Keyring, Master, Passphrase};
use model::SubjectRef;
use serde_json::Value;
use std::{num::NonZeroUsize, path::PathBuf, process::Stdio, sync::Arc, time::Duration};
use store::{keys::SqlKeys, sql::Database};
use uuid::Uuid;

on_both!(the_key_encryption_key_changes_and_nobody_notices, the_signing_key_changes_and_strangers_follow);

const PATIENCE: Duration = Duration::from_secs(10);

/// One act of each of these people; waits until they are found by name.
async fn push(house: &House, analyst: &mut Client, key: &str, people: std::ops::Range<u64>) {
    let acts: Vec<Value> = people.clone().map(|n| act(&format!("a{n}"), &format!("person{n}"), "view", 5)).collect();
    house.stranger().push("desk", key, "application/x-ndjson", ndjson(&acts)).await.unwrap().ok();
    named(analyst, people.end).await;
}

/// Waits until so many events are found, each with the name of whoever did it.
async fn named(analyst: &mut Client, all: u64) {
    let found = async || {
        let page = analyst.get("/events?from=-1h&limit=200").await.ok();
        let names = page["items"].as_array()?.iter().filter(|e| e["actor"]["label"].as_str().is_some_and(|l| l.starts_with("person"))).count();
        (names as u64 == all).then_some(())
    };
    eventually("every event names who did it", PATIENCE, found).await;
}

fn key_files(house: &House, prefix: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(house.setting("DATA__DIRECTORY").unwrap()).join("keys");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    files.filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(prefix))).collect()
}

fn refused(house: &House, arguments: &[&str], passphrase: &str) -> String {
    let output = house.command(arguments).env("VERITRAIL__KEYS__PASSPHRASE", passphrase).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

async fn the_key_encryption_key_changes_and_nobody_notices(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    house.set("KEYS__PASSPHRASE", "correct horse battery");
    let (analyst, auditor, key) = (house.member("analyst", &[]), house.member("auditor", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let (mut analyst, mut auditor) = (house.signed_in(&analyst).await, house.signed_in(&auditor).await);
    push(&house, &mut analyst, &key, 0..40).await;
    let says = house.run(&["keys", "list"]);
    assert!(says.lines().count() == 1 && says.starts_with("derived") && says.trim_end().ends_with("in force"), "{says}");

    let says = house.run(&["keys", "rotate"]);
    assert!(says.contains("New keys are wrapped by"), "{says}");
    push(&house, &mut analyst, &key, 40..60).await;
    let says = house.run(&["keys", "list"]);
    let derived = says.lines().find(|l| l.starts_with("derived")).unwrap();
    assert!(derived.contains(" 0 keys"), "the server wraps by the new one too: {says}");
    assert!(says.lines().any(|l| l.contains("file with passphrase") && l.ends_with("in force") && !l.contains(" 0 keys")), "{says}");
    let file = std::fs::read_to_string(&key_files(&house, "kek-")[0]).unwrap();
    assert!(file.contains("sealed") && file.contains("memory_kib") && !file.contains("correct horse"), "{file}");

    // The first is destroyed with the second rotation, and a server that starts knows the second alone.
    house.run(&["keys", "rotate", "--retire"]);
    assert_eq!(key_files(&house, "kek-").len(), 1);
    push(&house, &mut analyst, &key, 60..70).await;
    assert!(house.stop().await.success(), "{}", house.log());
    for passphrase in ["wrong", ""] {
        let why = refused(&house, &["keys", "list"], passphrase);
        assert!(why.trim_end().lines().count() == 1 && why.contains("passphrase") && !why.contains("wrong"), "{why}");
        refused(&house, &["serve"], passphrase);
    }
    house.serve().await;
    named(&mut analyst, 70).await;
    let log = house.log();
    assert!(!log.contains("correct horse"), "no passphrase in the log");
    // Nothing of the ledger changed, and the tool's own trail says who did what.
    for ledger in ["activity", "self"] {
        let says = house.run(&["verify", "--ledger", ledger]);
        assert!(says.contains("no fault"), "{says}");
    }
    for (operation, times) in [("keys.rotate", 2), ("keys.retire", 1)] {
        let trail = auditor.get(&format!("/self?operation={operation}")).await.ok();
        assert_eq!(trail["items"].as_array().map(Vec::len), Some(times), "{operation}: {trail}");
    }

    // Without its file nothing is taken and nothing is made up: whoever sends is told to come again.
    assert!(house.stop().await.success(), "{}", house.log());
    let kek = key_files(&house, "kek-").remove(0);
    let away = kek.with_extension("away");
    std::fs::rename(&kek, &away).unwrap();
    house.serve().await;
    let stranger = house.stranger();
    let sent = async || stranger.push("desk", &key, "application/x-ndjson", ndjson(&[act("b1", "person71", "view", 5)])).await.unwrap();
    sent().await.problem(503);
    std::fs::rename(&away, &kek).unwrap();
    sent().await.ok();
    named(&mut analyst, 71).await;
}

async fn the_signing_key_changes_and_strangers_follow(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    house.set("LEDGER__PUBLISH", true);
    house.set("LEDGER__VERIFY_EVERY_SECS", 1);
    house.set("LEDGER__VERIFY_ALL_EVERY_SECS", 2);
    let (analyst, key) = (house.member("analyst", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut analyst = house.signed_in(&analyst).await;
    let signed = async |analyst: &mut Client, size: u64, keys: usize| {
        let said = async || {
            let ledgers = analyst.get("/ledgers").await.ok();
            let of_activity = ledgers["keys"].as_array()?.iter().filter(|k| k["ledger"] == "activity").count();
            let covered = ledgers["items"][0]["checkpoint"]["size"].as_u64() == Some(size);
            (covered && of_activity == keys).then_some(ledgers)
        };
        eventually("a checkpoint covers it, by the key expected", PATIENCE, said).await
    };
    push(&house, &mut analyst, &key, 0..30).await;
    let before = signed(&mut analyst, 30, 1).await;
    let published = format!("{}/ledger/activity", house.url);
    let get = async |file: &str| reqwest::get(format!("{published}/{file}")).await.unwrap();
    let kept = get("checkpoint").await.text().await.unwrap();
    assert_eq!(get("keys").await.status(), 404);

    let says = house.run(&["ledger", "key", "rotate", "--ledger", "activity"]);
    assert!(says.contains("signs from the next checkpoint on"), "{says}");
    assert!(house.run(&["ledger", "key", "rotate", "--ledger", "activity"]).contains("waits for the next checkpoint"));
    push(&house, &mut analyst, &key, 30..50).await;
    let after = signed(&mut analyst, 50, 2).await;
    assert_eq!(after["origin"], before["origin"]);
    assert_ne!(after["verifier_key"], before["verifier_key"]);
    let keys: Vec<(u64, &str)> = after["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|k| k["ledger"] == "activity")
        .map(|k| (k["from"].as_u64().unwrap(), k["verifier_key"].as_str().unwrap()))
        .collect();
    assert_eq!(keys, [(0, before["verifier_key"].as_str().unwrap()), (31, after["verifier_key"].as_str().unwrap())]);

    // A stranger with the old key, or the new one, and a checkpoint of the old key's time.
    let old = house.file("old.checkpoint", &kept);
    for (_, key) in &keys {
        let says = house.run(&["verify", "--key", key, "--from", old.to_str().unwrap(), &published]);
        assert!(says.contains("50 records verified, no fault"), "{says}");
    }
    let shown = house.run(&["ledger", "key", "show"]);
    assert!(keys.iter().all(|(_, key)| shown.contains(key)) && shown.contains("For a contract") && shown.contains("from size 31 on"), "{shown}");

    // Signed on after a start, verified by the server itself and at the command line.
    assert!(house.stop().await.success(), "{}", house.log());
    house.serve().await;
    push(&house, &mut analyst, &key, 50..55).await;
    signed(&mut analyst, 55, 2).await;
    let verified = async || (analyst.clone().get("/ledgers").await.ok()["items"][0]["verified"]["size"].as_u64() == Some(55)).then_some(());
    eventually("it verified itself", PATIENCE, verified).await;
    assert_eq!(analyst.get("/alerts").await.ok()["items"].as_array().map(Vec::len), Some(0), "{}", house.log());
    for ledger in ["activity", "self"] {
        let says = house.run(&["verify", "--ledger", ledger]);
        assert!(says.contains("no fault"), "{says}");
    }
}

/// The installation's own key store, read as the binary reads it.
async fn keyring(house: &House, passphrase: &str) -> Keyring {
    let data = PathBuf::from(house.setting("DATA__DIRECTORY").unwrap());
    let url = format!("sqlite://{}?mode=rw", data.join("keys.sqlite").display());
    let keys = SqlKeys::open(Database::open(&url, "keys").await.unwrap()).await.unwrap();
    let master = Master::from_secret(&std::fs::read(data.join("master.secret")).unwrap()).unwrap();
    let folder = KeyFolder::new(data.join("keys"), Passphrase::new(passphrase));
    Keyring::with_wraps(master, Arc::new(folder), Arc::new(keys), NonZeroUsize::new(100_000).unwrap())
}

/// kill -9 of the real command, at ever later moments, until it comes to its end by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_killed_at_any_moment_is_gone_on_with() {
    const SUBJECTS: usize = 20_000;
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    house.set("KEYS__PASSPHRASE", "first");
    let subjects: Vec<SubjectRef> = (0..SUBJECTS).map(|n| SubjectRef::account(Uuid::from_u128(9), format!("person{n}"))).collect();
    let before = keyring(&house, "first").await.resolve(&subjects).await.unwrap();
    let ids: Vec<Uuid> = subjects.iter().map(|s| before[s].as_ref().unwrap().0).collect();

    let (mut kills, mut halfway, mut wait) = (0, 0, Duration::from_millis(50));
    loop {
        let mut rotation = house.command(&["keys", "rotate"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(wait).await;
        if let Some(ended) = rotation.try_wait().unwrap() {
            assert!(ended.success());
            break;
        }
        rotation.kill().unwrap();
        rotation.wait().unwrap();
        let ring = keyring(&house, "first").await;
        let wrapped = ring.wrapped().await.unwrap();
        assert!(wrapped.values().sum::<u64>() >= SUBJECTS as u64, "{wrapped:?}");
        assert!(wrapped.len() <= 2, "one rotation is ended before another begins: {wrapped:?}");
        kills += 1;
        halfway += usize::from(wrapped.len() > 1);
        wait += Duration::from_millis(40);
        assert!(wait < Duration::from_secs(60), "it does not end");
    }
    println!("{kills} kills, {halfway} of them with some keys under either");
    let ring = keyring(&house, "first").await;
    let (under, wrapped) = (ring.wrapped_under().await.unwrap(), ring.wrapped().await.unwrap());
    assert!(under.is_some() && wrapped.keys().all(|kek| *kek == under), "{wrapped:?}");
    assert_eq!(ring.keys(&ids).await.unwrap().len(), SUBJECTS);
    assert!(kills > 0 && halfway > 0, "{kills} kills, {halfway} halfway");

    // Key files that were made for a rotation killed before it put them in force go with the others.
    house.run(&["keys", "retire"]);
    assert_eq!(key_files(&house, "kek-").len(), 1);
    house.run(&["ledger", "key", "rotate"]);
    let another = house.file("passphrase", "second\n");
    let says = house.run(&["keys", "seal", "--passphrase-file", another.to_str().unwrap()]);
    assert!(says.starts_with("3 key files are sealed"), "{says}");
    refused(&house, &["keys", "list"], "first");
    house.set("KEYS__PASSPHRASE_FILE", another.display());
    house.run(&["keys", "list"]);
    assert_eq!(keyring(&house, "second").await.keys(&ids).await.unwrap().len(), SUBJECTS);
}

/// With a passphrase from the beginning nothing is ever under the derived key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_begun_with_a_passphrase_begins_with_a_key_of_its_own() {
    let Some(house) = House::new(SetUp::Embedded).await else { return };
    let run = |arguments: &[&str]| {
        let data = house.folder.path().join("another");
        let output = house.command(arguments).env("VERITRAIL__DATA__DIRECTORY", data).env("VERITRAIL__KEYS__PASSPHRASE", "correct horse").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let says = run(&["init"]);
    assert!(says.contains("Key folder") && says.contains("For a contract") && !says.contains("correct horse"), "{says}");
    run(&["source", "add", "desk", "--connector", "generic"]);
    let says = run(&["keys", "list"]);
    assert!(says.lines().any(|l| l.starts_with("derived") && l.contains(" 0 keys")) && says.contains("in force"), "{says}");
    assert_eq!(run(&["init"]).matches("Key folder").count(), 1);
    assert_eq!(run(&["keys", "list"]).lines().count(), 2, "init again makes no other");
}
