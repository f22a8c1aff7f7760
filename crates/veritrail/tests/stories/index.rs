//! The searchable view held against the trail, and built anew while searches go on.

use crate::{
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
const EVENTS: usize = 3_000;

on_both!(the_view_is_verified_and_built_anew_beside_searches);

/// What a command printed that ended with this code.
fn ended(house: &House, arguments: &[&str], code: i32) -> String {
    let output = house.command(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

async fn the_view_is_verified_and_built_anew_beside_searches(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let (analyst, administrator) = (house.member("analyst", &[]), house.member("administrator", &[]));
    let key = house.source("desk", "generic", &[]);
    house.serve().await;
    let acts: Vec<Value> = (0..EVENTS).map(|n| act(&format!("a{n}"), &format!("actor{}", n % 7), "view", 60)).collect();
    for some in acts.chunks(500) {
        house.stranger().push("desk", &key, "application/x-ndjson", ndjson(some)).await.unwrap().ok();
    }
    let (analyst, mut administrator) = (house.signed_in(&analyst).await, house.signed_in(&administrator).await);
    let count = async || analyst.clone().get("/events/count?from=-1h").await.ok()["count"].as_u64().unwrap();
    eventually("everything is searchable", PATIENCE, async || (count().await == EVENTS as u64).then_some(())).await;
    let says = house.run(&["index", "verify"]);
    assert!(says.contains("3000 records compared with the trail, no fault"), "{says}");
    assert_eq!(house.run(&["verify", "--index"]), says);

    // Asked for on the page, and searches see everything all the while.
    let asked = administrator.call(Method::POST, "/index/rebuild", None).await.ok();
    administrator.call(Method::POST, "/index/rebuild", None).await.problem(409);
    let built = async || {
        assert_eq!(count().await, EVENTS as u64, "searches go on");
        let view = administrator.clone().get("/index").await.ok();
        assert_eq!((view["rebuild"]["id"].clone(), view["size"].as_u64()), (asked["id"].clone(), Some(EVENTS as u64)));
        (view["rebuild"]["state"] == "done").then_some(view)
    };
    let view = eventually("it is built anew", PATIENCE, built).await;
    assert_eq!((view["events"].as_u64(), view["rebuild"]["done"].as_u64()), (Some(EVENTS as u64), Some(EVENTS as u64)));
    administrator.call(Method::DELETE, "/index/rebuild", None).await.problem(409);
    analyst.clone().call(Method::POST, "/index/rebuild", None).await.problem(403);
    // Asked for on the command line, the server does it.
    assert!(house.run(&["index", "rebuild"]).contains("3000 events are searchable"));
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[act("late", "actor1", "view", 1)])).await.unwrap().ok();
    eventually("the new view is followed", PATIENCE, async || (count().await == EVENTS as u64 + 1).then_some(())).await;
    assert!(house.run(&["index", "verify"]).contains("no fault"));

    // Days taken away behind its back are missed, by position; and a rebuild without a server brings them back.
    assert!(house.stop().await.success(), "{}", house.log());
    let days = house.folder.path().join("data/index/days");
    std::fs::remove_dir_all(&days).unwrap();
    std::fs::create_dir(&days).unwrap();
    let says = ended(&house, &["index", "verify"], 2);
    assert!(says.contains("FAULT activity.0:0: it is not in the view") && says.contains("faults; `veritrail index rebuild`"), "{says}");
    assert!(house.run(&["index", "rebuild"]).contains("3001 events are searchable"));
    assert!(house.run(&["index", "verify"]).contains("3001 records compared with the trail, no fault"));
    house.serve().await;
    assert_eq!(count().await, EVENTS as u64 + 1);
    house.kill();
    house.serve().await;
    assert_eq!(count().await, EVENTS as u64 + 1);
}
