//! A pack of evidence in the hands of a stranger: the commands of its own README, run as they stand.

use crate::{
    anchors,
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

on_both!(a_pack_is_checked_with_the_commands_it_names);

const SOON: Duration = Duration::from_secs(30);

/// Where PyPI's aics-tlog is; `None` where leaving it out was asked for.
fn tools() -> Option<PathBuf> {
    testkit::tlog_tool("aics-tlog").map(|tool| tool.parent().unwrap().to_owned())
}

/// The binary beside the one under test, where it was built too.
fn verifier() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_BIN_EXE_veritrail")).with_file_name("veritrail-verify");
    path.exists().then_some(path)
}

fn unpacked(house: &House, zip: &Path, name: &str) -> PathBuf {
    let folder = house.folder.path().join(name);
    let done = Command::new("python3").args(["-m", "zipfile", "-e"]).arg(zip).arg(&folder).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    folder
}

/// The indented blocks under "Checking".
fn commands(readme: &str) -> Vec<String> {
    let (_, checking) = readme.split_once("## Checking").expect("it says how to check");
    let mut blocks = vec![String::new()];
    for line in checking.lines() {
        match line.strip_prefix("    ") {
            Some(command) => blocks.last_mut().unwrap().push_str(&format!("{command}\n")),
            None if line.is_empty() => {}
            None => blocks.push(String::new()),
        }
    }
    blocks.into_iter().filter(|block| !block.is_empty()).collect()
}

/// Runs every command of the README; how many blocks there were, and what failed.
fn check(folder: &Path, tools: &Path) -> (usize, Vec<String>) {
    let blocks = commands(&std::fs::read_to_string(folder.join("README.md")).unwrap());
    let mut faults = Vec::new();
    for block in &blocks {
        if block.contains("veritrail-verify") && verifier().is_none() {
            println!("veritrail-verify was not built: not tested here");
            continue;
        }
        let beside = verifier().map_or(PathBuf::from("."), |v| v.parent().unwrap().to_owned());
        let path = format!("{}:{}:{}", tools.display(), beside.display(), std::env::var("PATH").unwrap());
        let done = Command::new("bash").args(["-euo", "pipefail", "-c", block]).current_dir(folder).env("PATH", path).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        if !done.status.success() || said.contains("FAILED") {
            faults.push(format!("{block}\n{said}"));
        }
    }
    (blocks.len(), faults)
}

/// As a page has it made and fetches it; the file.
async fn asked(house: &House, auditor: &str, query: &str) -> PathBuf {
    let mut auditor = house.signed_in(auditor).await;
    let job = auditor.post("/evidence", json!({ "query": query })).await.ok()["id"].as_str().unwrap().to_owned();
    let done = async || {
        let job = auditor.clone().get(&format!("/jobs/{job}")).await.ok();
        assert_ne!(job["state"], "failed", "{job}");
        (job["state"] == "done").then_some(job)
    };
    let job = eventually("the pack is made", SOON, done).await;
    assert!(job["file"].as_str().unwrap().ends_with(".zip"), "{job}");
    house.file("fetched.zip", auditor.file(&format!("/jobs/{}/file", job["id"].as_str().unwrap())).await)
}

async fn a_pack_is_checked_with_the_commands_it_names(set_up: SetUp) {
    let (Some(tools), Some(mut house)) = (tools(), House::new(set_up).await) else { return };
    let (auditor, key) = (house.member("auditor", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut acts: Vec<Value> = (0..300).map(|n| act(&format!("a{n}"), "dana", if n % 40 == 0 { "export" } else { "view" }, 900 - n)).collect();
    acts.push(json!({ "id": "broken", "time": "yesterday", "actor": "dana" }));
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&acts)).await.unwrap().ok();
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&acts[..7])).await.unwrap().ok();
    let reader = house.signed_in(&auditor).await;
    eventually("all is searchable", SOON, async || (reader.clone().get("/events/count?from=-1h").await.ok()["count"] == 300).then_some(())).await;

    let zip = asked(&house, &auditor, "from=-1h&filter=activity:web_resources_activity.export").await;
    let folder = unpacked(&house, &zip, "pack");
    let about: Value = serde_json::from_slice(&std::fs::read(folder.join("query.json")).unwrap()).unwrap();
    assert_eq!((&about["counts"]["records"], &about["asked_by"]["name"]), (&json!(8), &json!("auditor")), "{about}");
    let covered = &about["coverage"][0];
    assert_eq!((&covered["events_in_period"], &covered["records_in_pack"], &covered["duplicates_ever"]), (&json!(300), &json!(8), &json!(7)), "{covered}");
    assert_eq!((&covered["quarantined_in_period"], &covered["quarantined_ever"]), (&json!(1), &json!(1)), "{covered}");
    let (blocks, faults) = check(&folder, &tools);
    assert!(blocks == 3 && faults.is_empty(), "{blocks} blocks: {}", faults.join("\n"));

    // One letter of one entry: its hash and every verifier say so.
    let entry = std::fs::read_dir(folder.join("entries")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&entry).unwrap();
    std::fs::write(&entry, text.replacen("\"outcome\":\"unknown\"", "\"outcome\":\"failure\"", 1)).unwrap();
    let (_, faults) = check(&folder, &tools);
    assert_eq!(faults.len(), 2 + usize::from(verifier().is_some()), "{}", faults.join("\n"));

    // The same on the host, beside the running server; and it is in the own trail.
    let out = house.folder.path().join("host.zip");
    let (query, path) = ("from=-1h&filter=activity:web_resources_activity.export", out.to_str().unwrap());
    assert!(house.run(&["evidence", "--query", query, "--out", path]).contains("host.zip written"));
    let (_, faults) = check(&unpacked(&house, &out, "host"), &tools);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let again = house.output(&["evidence", "--query", query, "--out", path]);
    assert!(!again.status.success(), "nothing is overwritten");
    let acts = reader.clone().get("/self?operation=evidence.create").await.ok();
    let targets: Vec<&str> = acts["items"].as_array().unwrap().iter().map(|act| act["target"].as_str().unwrap().split(':').next().unwrap()).collect();
    assert_eq!(targets, ["pack", "job"], "{acts}");
    assert_eq!(acts["items"][1]["sentence"], "auditor had a pack of evidence made");
    let wrong = house.output(&["evidence", "--query", "filter=nose:red", "--out", house.folder.path().join("no.zip").to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("there is no field 'nose'") && !house.folder.path().join("no.zip").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pack_carries_what_parties_outside_said() {
    let Some(tools) = tools() else { return };
    let Some((mut house, outside)) = anchors::house().await else { return };
    let (auditor, key) = (house.member("auditor", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut reader = house.signed_in(&auditor).await;
    for number in 1..=3 {
        anchors::confirmed(&mut reader, &key, number).await;
    }
    // The first alone: stamped when there was one, cosigned when there were three.
    let first = reader.get("/events?from=-1h&limit=10").await.ok()["items"][1]["time"].as_str().unwrap().to_owned();
    for (name, query, blocks) in [("all", "from=-1h".to_owned(), 5), ("first", format!("from=-1h&until={first}"), 6)] {
        let folder = unpacked(&house, &asked(&house, &auditor, &query).await, name);
        std::fs::copy(&outside.roots, folder.join("roots.pem")).unwrap();
        let (found, faults) = check(&folder, &tools);
        assert!(found == blocks && faults.is_empty(), "{name}: {found} blocks: {}", faults.join("\n"));
        let about: Value = serde_json::from_slice(&std::fs::read(folder.join("query.json")).unwrap()).unwrap();
        assert_eq!(about["ledger"]["cosigned"][0]["witness"], "witness.example/w", "{about}");
        assert!(about["ledger"]["time_stamp"]["time"].is_string(), "{about}");
    }
}
