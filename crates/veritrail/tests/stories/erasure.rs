//! A person's values before and after an erasure, looked for in every byte that is kept.

use crate::{
    house::{House, SetUp, eventually},
    on_both, probe,
    records::{act, ndjson},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

const PEOPLE: usize = 20;
const ERASED: usize = 3;
const SOON: Duration = Duration::from_secs(30);

on_both!(an_erased_person_is_nowhere);

/// Every kind of value that names person `n`, each to be found by itself.
fn canaries(n: usize) -> [String; 5] {
    [
        format!("canary-login-{n:02}x"),
        format!("canary{n:02}x@mail.example"),
        format!("Canary Name{n:02}x"),
        format!("203.0.113.{}", 100 + n),
        format!("canary-session-{n:02}x"),
    ]
}

fn events_of(n: usize) -> Vec<Value> {
    let [login, _, name, address, session] = canaries(n);
    (0..3)
        .map(|k| {
            let mut event = act(&format!("p{n}-{k}"), &login, if k == 0 { "export" } else { "view" }, 60 + k);
            event["object_label"] = format!("Customer {k}").into();
            event["object_id"] = format!("customer-{k}").into();
            event["note"] = format!("asked by {name}").into();
            event["address"] = address.as_str().into();
            event["session"] = session.as_str().into();
            event
        })
        .collect()
}

async fn an_erased_person_is_nowhere(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let row = |n: usize| {
        let [login, email, name, ..] = canaries(n);
        format!("{n},{name},{email},Seller,Europe/Berlin,Sales,,2020-01-01,,{login}\n")
    };
    let directory = "employee_id,name,email,title,zone,department,manager_employee_id,from,until,accounts\n".to_owned();
    let people = house.file("people.csv", directory + &(0..PEOPLE).map(row).collect::<String>());
    let key = house.source("desk", "generic", &[]);
    house.run(&["directory", "import", people.to_str().unwrap()]);
    std::fs::remove_file(&people).unwrap();
    let (analyst, officer) = (house.member("analyst", &[]), house.member("privacy_officer", &[]));
    house.serve().await;

    let all: Vec<Value> = (0..PEOPLE).flat_map(events_of).collect();
    let pushed = house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&all)).await.unwrap().ok();
    assert_eq!(pushed["accepted"], all.len());
    // A record that cannot be read, with a name in it, goes to quarantine.
    let broken: Vec<Value> = (0..PEOPLE).map(|n| json!({ "id": format!("q{n}"), "time": "yesterday", "actor": canaries(n)[0] })).collect();
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&broken)).await.unwrap().ok();
    let mut analyst = house.signed_in(&analyst).await;
    eventually("everything is searchable", SOON, async || (analyst.clone().get("/events/count?from=-1h").await.ok()["count"] == all.len()).then_some(())).await;
    let export = analyst.post("/exports", json!({ "format": "csv", "query": "from=-1h" })).await.ok()["id"].as_str().unwrap().to_owned();
    eventually("the export is there", SOON, async || (analyst.clone().get(&format!("/jobs/{export}")).await.ok()["state"] == "done").then_some(())).await;
    assert_eq!(analyst.get(&format!("/jobs/{export}/file")).await.status, 200);
    let pack = analyst.post("/evidence", json!({ "query": "from=-1h" })).await.ok()["id"].as_str().unwrap().to_owned();
    eventually("the pack is there", SOON, async || (analyst.clone().get(&format!("/jobs/{pack}")).await.ok()["state"] == "done").then_some(())).await;

    let mut officer = house.signed_in(&officer).await;
    let persons = officer.get("/persons?limit=100").await.ok()["items"].as_array().unwrap().clone();
    let id_of = |n: usize| persons.iter().find(|p| p["name"] == canaries(n)[2].as_str()).unwrap()["id"].as_str().unwrap().to_owned();
    let probed = probe::of(&house).await;
    for n in 0..PEOPLE {
        for canary in canaries(n) {
            assert!(probed.finds(&canary), "before: the probe does not find {canary}, so it would not find what is left of it");
        }
    }
    let positions =
        analyst.get("/events?from=-1h&limit=200").await.ok()["items"].as_array().unwrap().iter().map(|e| e["position"].to_string()).collect::<BTreeSet<_>>();
    let before = probe::keys_of(&house, set_up);

    // A hold stands in the way until it is released.
    let hold = officer.post("/holds", json!({ "kind": "person", "id": id_of(0), "reason": "Suit 4" })).await.ok()["id"].as_str().unwrap().to_owned();
    let refused = officer.post("/erasures", json!({ "person": id_of(0), "basis": "objection", "reason": "Case 1" })).await;
    assert!(refused.problem(409).contains("Suit 4"));
    officer.post(&format!("/holds/{hold}/release"), json!({})).await.ok();

    let mut subjects = Vec::new();
    for n in 0..ERASED {
        let detail = officer.get(&format!("/persons/{}", id_of(n))).await.ok();
        subjects.extend(detail["links"].as_array().unwrap().iter().map(|l| l["subject"].as_str().unwrap().to_owned()));
        officer.post("/erasures", json!({ "person": id_of(n), "basis": "objection", "reason": format!("Case {n}") })).await.ok();
    }
    assert_eq!(subjects.len(), ERASED);
    let done = async || {
        let list = officer.clone().get("/erasures").await.ok();
        let items = list["items"].as_array().unwrap().clone();
        items.iter().all(|e| e["state"] == "done").then_some(items)
    };
    let erasures = eventually("the erasures are done", SOON, done).await;
    for erasure in &erasures {
        assert_eq!((&erasure["events"], &erasure["accounts"], &erasure["quarantined"]), (&json!(3), &json!(1), &json!(1)), "{erasure}");
        assert_eq!(erasure["left"][0]["what"], format!("job:{export}"));
    }
    assert!(erasures.iter().any(|e| e["export_files"] == 2), "the first took the file of the export and the pack");
    for job in [&export, &pack] {
        assert_eq!(analyst.get(&format!("/jobs/{job}/file")).await.status, 409);
    }

    let probed = probe::of(&house).await;
    for n in 0..PEOPLE {
        for canary in canaries(n) {
            assert_eq!(probed.finds(&canary), n >= ERASED, "after: {canary} {:?}", probed.places(&canary));
        }
    }
    assert_eq!(probed.keys_found(&subjects), 0, "no wrapped key of an erased subject lies in any page");

    // The events stay, without their values; every proof verifies.
    let page = analyst.get("/events?from=-1h&limit=200").await.ok();
    let events = page["items"].as_array().unwrap();
    assert_eq!(events.iter().map(|e| e["position"].to_string()).collect::<BTreeSet<_>>(), positions);
    let erased: Vec<&Value> = events.iter().filter(|e| e["erased"] == true).collect();
    assert_eq!(erased.len(), 3 * ERASED);
    for event in &erased {
        assert!(event["actor"]["label"] == "Erased person" || event["actor"]["label"] == "erased", "{event}");
        let at = event["position"].as_str().unwrap();
        analyst.get(&format!("/events/{at}/proof")).await.ok();
    }
    let found = analyst.get(&format!("/events/count?from=-1h&q={}", canaries(0)[0])).await.ok();
    assert_eq!(found["count"], 0);
    // What comes later about the erased account names nobody.
    let late = events_of(0).into_iter().map(|mut e| {
        e["id"] = format!("late-{}", e["id"].as_str().unwrap()).into();
        e
    });
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&late.collect::<Vec<_>>())).await.unwrap().ok();
    eventually("later events are there", SOON, async || (analyst.clone().get("/events/count?from=-1h").await.ok()["count"] == all.len() + 3).then_some(()))
        .await;
    assert_eq!(analyst.get("/events/count?from=-1h&filter=address:203.0.113.100").await.ok()["count"], 0);
    assert_eq!(officer.call(Method::GET, "/holds", None).await.ok()["items"][0]["released_by"]["name"], "privacy_officer");

    assert!(house.stop().await.success());
    house.run(&["verify"]);
    // A key store from before comes back: its keys are destroyed again before anything is served.
    if let Some(before) = before {
        before.restore(&house);
        assert_eq!(probe::of(&house).await.keys_found(&subjects), ERASED, "the backup held them");
        house.serve().await;
        let probed = probe::of(&house).await;
        assert_eq!(probed.keys_found(&subjects), 0);
        assert!(!probed.finds(&canaries(0)[0]) && probed.finds(&canaries(PEOPLE - 1)[0]));
    }
}
