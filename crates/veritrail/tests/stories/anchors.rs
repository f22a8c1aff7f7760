//! A witness and a time-stamping authority beside the real binary: what they confirmed is shown, checked, and never rolled back.

use crate::{
    client::Client,
    house::{House, SetUp, eventually},
    records::{act, ndjson},
};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use testkit::{Receiver, WitnessProcess};

pub struct Outside {
    witness: WitnessProcess,
    authority: Receiver,
    /// PEM file of the authority's certificates.
    pub roots: PathBuf,
}

/// A house with a witness and an authority, both running.
pub async fn house() -> Option<(House, Outside)> {
    let mut house = House::new(SetUp::Embedded).await?;
    let mut witness = WitnessProcess::new(&house.folder.path().join("witness"), "witness.example/w")?;
    let printed = house.run(&["init"]);
    for ledger in ["activity", "self"] {
        let key = printed.lines().find_map(|l| l.strip_prefix("Verifier key")?.trim().strip_prefix(&format!("{ledger}: "))).expect("its key is printed");
        witness.trust(&format!("{}/{ledger}.0", key.split('+').next().unwrap()), key);
    }
    witness.start();
    let authority = Receiver::authority(&[house.folder.path().join("tsa").to_str().unwrap()]);
    let files = authority.next();
    house.set("ANCHORS__WITNESSES", format!("{} {}", witness.key, witness.url()));
    house.set("ANCHORS__WITNESS_SECS", 1);
    house.set("ANCHORS__TIME_URL", format!("http://127.0.0.1:{}/", authority.port));
    house.set("ANCHORS__TIME_SECS", 1);
    let roots = PathBuf::from(files["roots"].as_str().unwrap());
    house.set("ANCHORS__TIME_ROOTS", roots.display());
    house.set("ANCHORS__ALLOW_PRIVATE", true);
    Some((house, Outside { witness, authority, roots }))
}

/// Pushes one more event, and waits until it is confirmed on all sides; the ledger's state then.
pub async fn confirmed(reader: &mut Client, key: &str, number: u64) -> Value {
    reader.push("desk", key, "application/x-ndjson", ndjson(&[act(&number.to_string(), "dana", "export", 5)])).await.unwrap().ok();
    let pushed = Instant::now();
    let confirmed = async || {
        let state = reader.get("/ledgers").await.ok()["items"][0].clone();
        let all = |anchor: &str| state[anchor]["size"] == number && state[anchor]["waiting"] == 0;
        (all("witness") && all("time_stamp")).then_some(state)
    };
    let state = eventually("a witness and an authority confirm it", Duration::from_secs(20), confirmed).await;
    println!("event {number} was cosigned and time-stamped {} ms after it was acknowledged", pushed.elapsed().as_millis());
    state
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &to) } else { assert!(std::fs::copy(entry.path(), to).is_ok()) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_outside_confirms_the_trail_and_notices_a_roll_back() {
    let Some((mut house, mut outside)) = house().await else { return };
    let (auditor, key) = (house.member("auditor", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut reader = house.signed_in(&auditor).await;
    let state = confirmed(&mut reader, &key, 1).await;
    assert_eq!((&state["witness"]["trouble"], &state["witness"]["behind_since"]), (&Value::Null, &Value::Null), "{state}");
    let unnoticed = reader.get("/ledgers").await.ok()["rollback_unnoticed"].clone();
    assert!(unnoticed.as_str().is_some_and(|t| t.contains("could not be noticed")), "the witness is on this machine: {unnoticed}");
    let proof = reader.get("/events/activity.0:0/proof").await.ok();
    assert_eq!(proof["witnesses"][0]["name"], "witness.example/w", "{proof}");
    assert!(proof["tlog_proof"].as_str().unwrap().contains("\n\u{2014} witness.example/w "), "{proof}");
    let metrics = reqwest::get(format!("{}/metrics", house.url)).await.unwrap().text().await.unwrap();
    for anchor in ["witness", "time"] {
        let line = format!("veritrail_anchor_records{{ledger=\"activity\",anchor=\"{anchor}\"}} 1\n");
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }

    // The last round is at the end: all that was signed is confirmed when the server is gone.
    assert!(house.stop().await.success(), "{}", house.log());
    for ledger in ["activity", "self"] {
        let said = house.run(&["verify", "--ledger", ledger]);
        assert!(said.contains("cosignatures verified") && said.contains("time-stamps verified") && !said.contains(" NOT checked"), "{said}");
    }
    let data = house.folder.path().join("data");
    copy(&data, &house.folder.path().join("backup"));

    house.serve().await;
    let mut reader = house.signed_in(&auditor).await;
    confirmed(&mut reader, &key, 2).await;
    // Away, and caught up with.
    outside.witness.stop();
    reader.push("desk", &key, "application/x-ndjson", ndjson(&[act("3", "dana", "view", 5)])).await.unwrap().ok();
    let trouble = async || reader.get("/ledgers").await.ok()["items"][0]["witness"]["trouble"].as_str().map(str::to_owned);
    let said = eventually("its absence is shown", Duration::from_secs(20), trouble).await;
    assert!(said.contains("witness.example/w"), "{said}");
    outside.witness.start();
    confirmed(&mut reader, &key, 4).await;
    assert!(house.stop().await.success(), "{}", house.log());

    // The lock lies in the same directory and is put back with it: only the witness knows.
    std::fs::rename(&data, house.folder.path().join("newest")).unwrap();
    copy(&house.folder.path().join("backup"), &data);
    let refused = house.output(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("has cosigned 4 records, 1 are here"), "{said}");

    // Asked while it is away it cannot say so; once it is back, the server ends.
    outside.witness.stop();
    house.serve().await;
    outside.witness.start();
    let said = async || house.log().contains("veritrail: stopped, nothing more is acknowledged: a witness contradicts the ledger").then_some(());
    eventually("the server ends and says why", Duration::from_secs(30), said).await;

    house.kill();
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::rename(house.folder.path().join("newest"), &data).unwrap();
    house.serve().await;
    let mut reader = house.signed_in(&auditor).await;
    confirmed(&mut reader, &key, 5).await;
    drop(outside.authority);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anchors_that_cannot_be_as_configured_are_refused_with_words() {
    let Some(house) = House::new(SetUp::Embedded).await else { return };
    let key = "witness.example/w1+efcd800c+BGa+fjMsekUzMr2dCn99sFX1xe8aBq2mbZizn7aBDEc6";
    let twice = format!("{key} https://a.example,{key} https://b.example");
    for (name, value, expected) in [
        ("WITNESSES", "https://witness.example".to_owned(), "must be NAME+HASH+KEY"),
        ("WITNESSES", format!("{key} http://witness.example"), "http:// needs anchors.allow_private"),
        ("WITNESSES", twice, "stands twice"),
        ("QUORUM", "2".to_owned(), "anchors.quorum is 2; with 1 witnesses to ask it must be 1 to 1"),
        ("TIME_URL", "tsa.example".to_owned(), "is no URL"),
        (
            "TIME_URL",
            "http://tsa.example/tsr".to_owned(),
            "'http://tsa.example/tsr' in anchors.time_url would be asked in the clear; use https://, or set anchors.time_over_http",
        ),
        ("TIME_ROOTS", "missing.pem".to_owned(), "missing.pem' cannot be read"),
    ] {
        let mut command = house.command(&["serve"]);
        command.env("VERITRAIL__ANCHORS__WITNESSES", format!("{key} https://127.0.0.1:9")).env("VERITRAIL__ANCHORS__TIME_URL", "https://127.0.0.1:9");
        let done = command.env(format!("VERITRAIL__ANCHORS__{name}"), &value).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && said.contains(expected), "{name} = {value}: {said}");
    }
}
