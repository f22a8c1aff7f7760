//! From an empty machine to a proved event: what the first people do.

use crate::{
    client::Client,
    house::{House, PASSWORD, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use serde_json::json;
use std::time::{Duration, Instant};

on_both!(first_day, a_file_twice, searched_within_a_second);

/// First run, invitation, source, key, push, search, proof, own trail, verify, graceful stop.
async fn first_day(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let printed = house.run(&["init"]);
    let code = printed.lines().find_map(|l| l.strip_prefix("First-run code")).expect("a code for the first administrator").trim().to_owned();
    house.serve().await;

    let mut admin = house.stranger();
    assert_eq!(admin.get("/first-run").await.ok()["needed"], true);
    let asked = |code: &str| json!({ "code": code, "organisation": "A test", "name": "Mina", "email": "mina@example.org", "password": PASSWORD });
    assert!(matches!(admin.post("/first-run", asked("WRONG-WRONG-WRONG-WRONG")).await.status, 401 | 422));
    assert_eq!(admin.post("/first-run", asked(&code)).await.ok()["member"]["role"], "administrator");
    assert_ne!(house.stranger().post("/first-run", asked(&code)).await.status, 200, "the code is good once");

    let mut ada = invited(&house, &mut admin, "ada@example.org", "analyst").await;
    let new = json!({ "name": "desk", "connector": "generic", "title": "Desk", "settings": {} });
    ada.post("/sources", new.clone()).await.problem(403);
    let source = admin.post("/sources", new).await.ok();
    let id = source["id"].as_str().unwrap();
    let key = admin.post(&format!("/sources/{id}/keys"), json!({ "name": "test" })).await.ok()["key"].as_str().unwrap().to_owned();
    let taken = admin.push("desk", &key, "application/x-ndjson", ndjson(&[act("1", "dana", "export", 5)])).await.unwrap().ok();
    assert_eq!((&taken["accepted"], &taken["positions"][0]), (&json!(1), &json!("activity.0:0")));
    admin.get("/events?from=-1h").await.problem(403);

    let found = async || ada.clone().get("/events?from=-1h").await.ok()["items"].get(0).cloned();
    let event = eventually("the event is found", Duration::from_secs(5), found).await;
    assert_eq!((&event["position"], &event["actor"]["label"]), (&json!("activity.0:0"), &json!("dana")));
    assert_eq!(event["activity"]["caption"], "Export");
    let proved = async || Some(ada.clone().get("/events/activity.0:0/proof").await).filter(|a| a.status == 200).map(|a| a.body);
    let proof = eventually("a checkpoint covers it", Duration::from_secs(5), proved).await;
    assert!(proof["tlog_proof"].as_str().unwrap().starts_with("c2sp.org/tlog-proof@v1\n"));

    let trail = invited(&house, &mut admin, "otto@example.org", "auditor").await.get("/self").await.ok();
    let operations: Vec<&str> = trail["items"].as_array().unwrap().iter().filter_map(|e| e["operation"].as_str()).collect();
    for operation in ["sources.create", "sources.keys", "members.invite", "events.search", "events.prove"] {
        assert!(operations.contains(&operation), "the own trail lacks {operation}: {operations:?}");
    }

    assert!(house.stop().await.success(), "{}", house.log());
    for ledger in ["activity", "self"] {
        house.run(&["verify", "--ledger", ledger]);
    }
    assert!(!house.log().contains(&key) && !house.log().contains(&code), "secrets are not logged");
}

/// Somebody invited by the administrator, signed in by accepting.
async fn invited(house: &House, admin: &mut Client, email: &str, role: &str) -> Client {
    let link = admin.post("/members/invitations", json!({ "email": email, "role": role })).await.ok();
    let token = link["link"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
    let mut new = house.stranger();
    assert_eq!(new.post("/invitations/offered", json!({ "token": token })).await.ok()["role"], role);
    let member = new.post("/invitations/accept", json!({ "token": token, "name": "Somebody", "password": PASSWORD })).await.ok();
    assert_eq!(member["member"]["email"], email);
    new
}

/// Two equal lines are two events; the same file again, by command or by upload, is none.
async fn a_file_twice(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    house.source("desk", "generic", &[]);
    let (admin, analyst) = (house.member("administrator", &[]), house.member("analyst", &[]));
    let mut line = act("", "dana", "view", 60);
    line.as_object_mut().unwrap().remove("id");
    let file = house.file("two.ndjson", ndjson(&[line.clone(), line]));
    let import = || house.run(&["import", "--source", "desk", file.to_str().unwrap()]);
    let (first, second) = (import(), import());
    assert!(first.contains("2 new events"), "{first}");
    assert!(second.contains("0 new events, 2 there already"), "{second}");
    house.serve().await;
    let mut admin = house.signed_in(&admin).await;
    let id = admin.get("/sources").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let uploaded = admin.upload(&id, "two.ndjson", std::fs::read(&file).unwrap()).await.ok();
    assert_eq!((&uploaded["accepted"], &uploaded["duplicates"]), (&json!(0), &json!(2)));
    let mut analyst = house.signed_in(&analyst).await;
    let both = async || (analyst.get("/events/count?from=-1h").await.ok()["count"] == 2).then_some(());
    eventually("both are found", Duration::from_secs(5), both).await;
}

async fn searched_within_a_second(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let (analyst, key) = (house.member("analyst", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut analyst = house.signed_in(&analyst).await;
    let mut delays = Vec::new();
    for n in 0..10 {
        let begun = Instant::now();
        house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[act(&format!("zanzibar{n}"), "dana", "view", 1)])).await.unwrap().ok();
        let question = format!("/events/count?from=-1h&q=zanzibar{n}");
        eventually("it is found", Duration::from_secs(5), async || (analyst.get(&question).await.ok()["count"] == 1).then_some(())).await;
        delays.push(begun.elapsed());
    }
    delays.sort();
    println!("{set_up:?}: searchable after {:?} (median), {:?} (worst of {})", delays[5], delays[9], delays.len());
    assert!(delays[5] < Duration::from_secs(1), "{delays:?}");
}
