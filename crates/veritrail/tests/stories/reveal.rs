//! A masked value on its way out: asked for, recorded, approved where it is sensitive, shown to one member; and files that say who took them.

use crate::{
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use serde_json::{Value, json};
use std::time::Duration;

on_both!(a_masked_value_leaves_for_a_reason_to_one_member_and_after_its_record);

const EMAIL: &str = "mara.oduya@example.net";
const BIRTHDAY: &str = "1970-01-02";
const SOON: Duration = Duration::from_secs(30);

async fn a_masked_value_leaves_for_a_reason_to_one_member_and_after_its_record(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let classes = house.folder.path().join("classes");
    std::fs::create_dir(&classes).unwrap();
    std::fs::write(classes.join("generic.toml"), "[any]\ninternal = ['status']\nsensitive = ['*birth*']\nsecret = ['*password*']\n").unwrap();
    house.set("MASKING__CLASSES", classes.display());
    house.set("MASKING__REVEALS_PER_DAY", 3);
    let key = house.source("desk", "generic", &[]);
    let (analyst, auditor, officer) = (house.member("analyst", &[]), house.member("auditor", &[]), house.member("privacy_officer", &[]));
    house.serve().await;
    let mut record = act("c1", "dana", "update", 5);
    record["changes"] = json!([
        { "field": "status", "old": "open", "new": "won" },
        { "field": "email", "new": EMAIL },
        { "field": "birthday", "new": BIRTHDAY },
        { "field": "password", "new": "correct horse" },
    ]);
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[record])).await.unwrap().ok();
    let (mut analyst, mut auditor, mut officer) = (house.signed_in(&analyst).await, house.signed_in(&auditor).await, house.signed_in(&officer).await);
    let found = async || Some(analyst.clone().get("/events?from=-1h").await.ok()).filter(|p| p["items"].as_array().is_some_and(|i| !i.is_empty()));
    let page = eventually("the event", SOON, found).await;
    let at = format!("/events/{}", page["items"][0]["position"].as_str().unwrap());

    let masked = analyst.get(&at).await.ok().to_string();
    assert!(masked.contains("won") && ![EMAIL, BIRTHDAY, "correct horse"].iter().any(|v| masked.contains(v)), "{masked}");
    let ask = |fields: Value, reason: &str| json!({ "fields": fields, "reason": reason });
    analyst.post(&format!("{at}/reveal"), ask(json!(["changes.email"]), "")).await.problem(422);
    analyst.post(&format!("{at}/reveal"), ask(json!(["changes.password"]), "Case 17")).await.problem(409);
    officer.post(&format!("{at}/reveal"), ask(json!(["changes.email"]), "Case 17")).await.problem(403);
    let reveal = analyst.post(&format!("{at}/reveal"), ask(json!(["changes.email"]), "Case 17")).await.ok();
    assert!(reveal["standing"] == "open" && !reveal.to_string().contains(EMAIL), "{reveal}");
    assert!(analyst.get(&at).await.ok().to_string().contains(EMAIL));
    assert!(!auditor.get(&at).await.ok().to_string().contains(EMAIL), "to nobody else");

    let asked = analyst.post(&format!("{at}/reveal"), ask(json!(["changes.birthday"]), "Case 18")).await.ok();
    let decision = format!("/reveals/{}/decision", asked["id"].as_str().unwrap());
    assert!(!analyst.get(&at).await.ok().to_string().contains(BIRTHDAY));
    analyst.post(&decision, json!({ "approve": true })).await.problem(403);
    auditor.post(&decision, json!({ "approve": true })).await.problem(403);
    officer.post(&decision, json!({ "approve": true })).await.ok();
    officer.post(&decision, json!({ "approve": false })).await.problem(409);
    assert!(analyst.get(&at).await.ok().to_string().contains(BIRTHDAY));
    let fourth = ask(json!(["raw.actor", "raw.object_id"]), "Case 19");
    let quota = analyst.post(&format!("{at}/reveal"), fourth).await;
    assert!(quota.problem(409).contains("may reveal 3 values in 24 hours"), "{}", quota.body);

    let listed = auditor.get("/reveals").await.ok();
    let told: Vec<Value> = listed["items"].as_array().unwrap().iter().map(|r| json!([r["reason"], r["member"]["name"], r["decided_by"]["name"]])).collect();
    assert_eq!(told, [json!(["Case 18", "analyst", "privacy_officer"]), json!(["Case 17", "analyst", null])]);
    let acts = auditor.get("/self?operation=events.reveal&limit=50").await.ok();
    let acts: Vec<&Value> = acts["items"].as_array().unwrap().iter().rev().collect();
    assert!(acts.iter().any(|a| a["outcome"] == "failure" && a["detail"]["fields"][0] == "changes.password"), "who asks for a secret is recorded");
    let granted = acts.iter().position(|a| a["detail"]["reason"] == "Case 17" && a["outcome"] == "success").unwrap();
    let shown = acts.iter().position(|a| a["detail"]["shown"][0] == reveal["id"]).unwrap();
    assert!(granted < shown && acts[granted]["member"]["name"] == "analyst", "recorded with member and reason before it left");
    assert!(!json!(acts).to_string().contains(EMAIL), "the own trail holds no value");

    let mut left = Vec::new();
    for format in ["csv", "ndjson"] {
        let job = analyst.post("/exports", json!({ "format": format, "query": "from=-1h" })).await.ok()["id"].as_str().unwrap().to_owned();
        eventually("the export", SOON, async || (analyst.clone().get(&format!("/jobs/{job}")).await.ok()["state"] == "done").then_some(())).await;
        left.push(String::from_utf8(analyst.file(&format!("/jobs/{job}/file")).await).unwrap());
    }
    assert!(left.iter().all(|file| !file.contains(EMAIL) && !file.contains(BIRTHDAY)), "files are masked as ever");
    let first: Value = serde_json::from_str(left[1].lines().next().unwrap()).unwrap();
    let requests = auditor.get("/self?operation=exports.create").await.ok();
    let marks: Vec<&str> = requests["items"].as_array().unwrap().iter().map(|a| a["detail"]["mark"].as_str().unwrap()).collect();
    assert_eq!((first["watermark"]["mark"].as_str().unwrap(), first["watermark"]["name"].as_str().unwrap()), (marks[0], "analyst"));
    assert!(left[0].starts_with("# From Veritrail, asked for by analyst <analyst@example.org>") && left[0].contains(marks[1]), "{}", left[0]);
}
