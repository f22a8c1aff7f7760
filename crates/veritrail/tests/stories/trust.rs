//! What a stranger and the server itself hold against the ledger.

use crate::{
    client::Client,
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use merkle::{Hash, Note, NoteVerifier, verify_consistency};
use serde_json::Value;
use std::{path::Path, time::Duration};

on_both!(growth_is_proved_where_it_is_published);

const PATIENCE: Duration = Duration::from_secs(10);

/// Pushes acts `from..until`, and waits until a checkpoint covers them.
async fn grow(house: &House, auditor: &mut Client, key: &str, from: u64, until: u64) {
    let acts: Vec<Value> = (from..until).map(|n| act(&format!("a{n}"), "dana", "view", 5)).collect();
    house.stranger().push("desk", key, "application/x-ndjson", ndjson(&acts)).await.unwrap().ok();
    let covered = async || {
        let ledgers = auditor.clone().get("/ledgers").await.ok();
        (ledgers["items"][0]["checkpoint"]["size"].as_u64() == Some(until)).then_some(())
    };
    eventually("a checkpoint covers them", PATIENCE, covered).await;
}

/// A checkpoint kept, what grew since, the proof between them, and the published files verified from elsewhere.
async fn growth_is_proved_where_it_is_published(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    house.set("LEDGER__PUBLISH", true);
    let (auditor, key) = (house.member("auditor", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut auditor = house.signed_in(&auditor).await;
    auditor.get("/ledgers/activity/consistency?from=0").await.problem(409);
    grow(&house, &mut auditor, &key, 0, 300).await;
    let published = format!("{}/ledger/activity", house.url);
    let kept = reqwest::get(format!("{published}/checkpoint")).await.unwrap().text().await.unwrap();
    grow(&house, &mut auditor, &key, 300, 700).await;

    let proof = auditor.get("/ledgers/activity/consistency?from=300").await.ok();
    let hash = |value: &Value| Hash::from_base64(value.as_str().unwrap()).unwrap();
    let hashes: Vec<Hash> = proof["hashes"].as_array().unwrap().iter().map(hash).collect();
    verify_consistency(300, hash(&proof["from_root"]), 700, hash(&proof["to_root"]), &hashes).unwrap();
    assert_eq!(kept.lines().nth(2), proof["from_root"].as_str(), "the root of the checkpoint kept");
    let verifier = auditor.get("/ledgers").await.ok()["verifier_key"].as_str().unwrap().to_owned();
    let signed = proof["checkpoint"].as_str().unwrap();
    let text = Note::parse(signed).unwrap().verify(&[NoteVerifier::parse(&verifier).unwrap()]).unwrap().to_owned();
    assert_eq!(text.lines().nth(2), proof["to_root"].as_str());
    assert_eq!(auditor.get("/ledgers/activity/consistency?from=300&to=400").await.ok()["to"], 400);
    for wrong in ["from=701", "from=400&to=300", "from=0&to=701"] {
        auditor.get(&format!("/ledgers/activity/consistency?{wrong}")).await.problem(422);
    }
    auditor.get("/ledgers/other/consistency?from=0").await.problem(404);
    auditor.get("/ledgers/activity/consistency").await.problem(400);

    let (old, state) = (house.file("old.checkpoint", &kept), house.folder.path().join("state"));
    let (old, state) = (old.to_str().unwrap(), state.to_str().unwrap());
    let says = house.run(&["verify", "--key", &verifier, "--from", old, "--state", state, &published]);
    assert!(says.contains("700 records verified, no fault"), "{says}");
    grow(&house, &mut auditor, &key, 700, 800).await;
    let says = house.run(&["verify", "--key", &verifier, "--state", state, &published]);
    assert!(says.contains("800 records verified (those before 512 were verified by an earlier run), no fault"), "{says}");
    let newer = house.file("new.checkpoint", reqwest::get(format!("{published}/checkpoint")).await.unwrap().bytes().await.unwrap());
    assert!(house.stop().await.success(), "{}", house.log());
    let says = house.run(&["verify", "--from", newer.to_str().unwrap()]);
    assert!(says.contains("800 records verified, no fault"), "{says}");
    let refused = house.output(&["verify", "--ledger", "self", "--from", old]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is no checkpoint of this ledger"), "{}", String::from_utf8_lossy(&refused.stderr));
}

fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

/// The server verifies itself; a byte changed behind its back is an alert that names it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_byte_is_found_and_told() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    house.set("LEDGER__VERIFY_EVERY_SECS", 1);
    house.set("LEDGER__VERIFY_ALL_EVERY_SECS", 2);
    house.run(&[
        "directory",
        "import",
        house
            .file("people.csv", "employee_id,name,email,title,zone,department,manager_employee_id,from,until,accounts\n1,Dana,,,,Sales,,2020-01-01,,dana\n")
            .to_str()
            .unwrap(),
    ]);
    let (analyst, lead, key) = (house.member("analyst", &[]), house.member("department_lead", &["Sales"]), house.source("desk", "generic", &[]));
    house.serve().await;
    let (mut analyst, mut lead) = (house.signed_in(&analyst).await, house.signed_in(&lead).await);
    grow(&house, &mut analyst, &key, 0, 300).await;
    let verified = async |faults: bool| {
        let ledger = analyst.clone().get("/ledgers").await.ok()["items"][0]["verified"].clone();
        (ledger["size"] == 300 && ledger["all_time"].is_string() && (ledger["faults"].as_u64() > Some(0)) == faults).then_some(())
    };
    eventually("it verified itself", PATIENCE, async || verified(false).await).await;
    assert_eq!(analyst.clone().get("/alerts").await.ok()["items"].as_array().map(Vec::len), Some(0));

    flip(&house.folder.path().join("data/blobs/activity/0/tile/entries/000"));
    let critical = async || analyst.clone().get("/alerts?severity=critical").await.ok()["items"].get(0).cloned();
    let alert = eventually("a critical alert", PATIENCE, critical).await;
    let headline = alert["headline"].as_str().unwrap();
    assert!(headline.starts_with("The ledger 'activity' is not what was signed: activity/0/tile/entries/000, from record "), "{headline}");
    eventually("the ledger's state says so", PATIENCE, async || verified(true).await).await;
    let detail = analyst.get(&format!("/alerts/{}", alert["id"].as_str().unwrap())).await.ok();
    assert!(detail["explanation"]["what"].as_str().unwrap().contains("entry 1"), "{detail}");
    assert!(detail["explanation"]["next"].as_array().is_some_and(|next| next.len() >= 3), "{detail}");
    assert_eq!(detail["facts"]["file"], "activity/0/tile/entries/000");
    // The same fault again is the same finding, and departments have no part in it.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(analyst.get("/alerts").await.ok()["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(analyst.get("/alerts").await.ok()["items"][0]["findings"], 1);
    assert_eq!(lead.get("/alerts").await.ok()["items"].as_array().map(Vec::len), Some(0));
}

/// The name in every checkpoint stays when the installation gets another address; another name is refused with words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_address_keeps_the_name() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    let (auditor, key) = (house.member("auditor", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut auditor = house.signed_in(&auditor).await;
    grow(&house, &mut auditor, &key, 0, 20).await;
    let verifier = auditor.get("/ledgers").await.ok()["verifier_key"].as_str().unwrap().to_owned();
    assert!(house.stop().await.success());
    house.set("SERVER__PUBLIC_URL", "http://veritrail.example.com");
    house.serve().await;
    grow(&house, &mut auditor, &key, 20, 40).await;
    assert_eq!(auditor.get("/ledgers").await.ok()["verifier_key"], verifier.as_str());
    assert!(house.stop().await.success());
    let data = house.folder.path().join("data/blobs/activity/0");
    assert!(house.run(&["verify", "--key", &verifier, data.to_str().unwrap()]).contains("40 records verified, no fault"));

    // With the key of another log one line says so, and not one for each file.
    let keys = house.run(&["ledger", "key", "show"]);
    let of_self = keys.lines().find_map(|line| line.strip_prefix("Verifier key     self: ")).unwrap();
    let wrong = house.output(&["verify", "--key", of_self, data.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&[wrong.stdout, wrong.stderr].concat()).into_owned();
    assert_eq!(wrong.status.code(), Some(2), "{said}");
    assert!(said.lines().filter(|line| line.starts_with("FAULT")).count() <= 2 && said.contains("is the key another log's?"), "{said}");

    house.set("LEDGER__ORIGIN", "another.example.com");
    let refused = house.output(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("must never change") && said.contains("another.example.com"), "{said}");
}
