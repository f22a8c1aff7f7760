//! How long what is kept: the rule of the configuration, a dry run, and the job that wants one.

use crate::{
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

on_both!(nothing_is_dropped_that_nobody_looked_at);

async fn nothing_is_dropped_that_nobody_looked_at(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let (analyst, officer) = (house.member("analyst", &[]), house.member("privacy_officer", &[]));
    let key = house.source("desk", "generic", &[]);
    house.serve().await;
    let acts: Vec<Value> = (0..400).map(|n| act(&format!("a{n}"), "dana", "view", 60)).collect();
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&acts)).await.unwrap().ok();
    let (analyst, mut officer) = (house.signed_in(&analyst).await, house.signed_in(&officer).await);
    let count = async || analyst.clone().get("/events/count?from=-1h").await.ok()["count"].as_u64().unwrap();
    eventually("everything is searchable", PATIENCE, async || (count().await == 400).then_some(())).await;
    // By default everything is kept.
    let view = officer.get("/retention").await.ok();
    assert!(view["rule"].as_array().unwrap().iter().all(|one| one["days"] == 0), "{view}");
    let why = officer.post("/retention", json!({ "dry_run": true })).await;
    assert!(why.problem(409).contains("everything is kept"));
    assert!(house.stop().await.success(), "{}", house.log());

    house.set("RETENTION__ACCESS", 30);
    house.serve().await;
    let mut officer = house.signed_in("privacy_officer@example.org").await;
    let why = officer.post("/retention", json!({ "dry_run": false })).await;
    assert!(why.problem(409).contains("dry run first"));
    officer.post("/retention", json!({ "dry_run": true })).await.ok();
    let planned = eventually("the dry run is done", PATIENCE, async || {
        let view = officer.clone().get("/retention").await.ok();
        (view["job"]["state"] == "done").then_some(view["planned"].clone())
    });
    let planned = planned.await;
    assert_eq!((planned["rule"].as_str(), planned["plan"]["classes"].as_array().map(Vec::len)), (Some("access:30"), Some(0)), "{planned}");
    // The same on the command line, beside the server and without it.
    let says = house.run(&["retention", "plan"]);
    assert!(says.contains("Rule access:30") && says.contains("Nothing is due."), "{says}");
    assert!(house.run(&["retention", "apply"]).contains("Nothing is due."));
    assert!(house.stop().await.success(), "{}", house.log());
    let refused = house.output(&["retention", "apply"]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("dry run first"), "a job uses its dry run up");
    house.run(&["retention", "plan"]);
    house.run(&["retention", "apply"]);
    for ledger in ["activity", "self"] {
        assert!(house.run(&["verify", "--ledger", ledger]).contains("no fault"));
    }
    assert!(house.run(&["index", "verify"]).contains("400 records compared with the trail, no fault"));
}
