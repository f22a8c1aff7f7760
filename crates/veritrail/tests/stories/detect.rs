//! From an attack to the people who must know.

use crate::{
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::Receiver;

const SECRET: &str = "whsec_dGhlIHNlY3JldCBvZiBhIHRlc3Qgb2YgdmVyaXRyYWls";

on_both!(a_brute_force_is_told, a_large_export_is_told);

/// Thirty-one failures and a success: an alert within five seconds of the last record, a mail, a signed webhook, a verdict.
async fn a_brute_force_is_told(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let (Some(mail), Some(hook)) = (Receiver::start("smtp.py", &[]), Receiver::start("webhook.py", &[SECRET])) else { return };
    house.set("MAIL__URL", format!("smtp://127.0.0.1:{}?tls=none", mail.port));
    house.set("MAIL__TO", "soc@example.org");
    house.set("WEBHOOK__URL", format!("http://127.0.0.1:{}/alerts", hook.port));
    house.set("WEBHOOK__SECRET", SECRET);
    house.set("WEBHOOK__ALLOW_PRIVATE", true);
    let (analyst, key) = (house.member("analyst", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut analyst = house.signed_in(&analyst).await;

    for n in 0..31 {
        house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[act(&format!("f{n}"), "nora.quist", "login_failed", 40 - n)])).await.unwrap().ok();
    }
    let mut success = act("s", "nora.quist", "login", 0);
    success["outcome"] = "ok".into();
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[success])).await.unwrap().ok();
    let last = Instant::now();
    let high = async || {
        let alerts = analyst.clone().get("/alerts").await.ok();
        alerts["items"].as_array().unwrap().iter().find(|a| a["severity"] == "high").cloned()
    };
    let alert = eventually("a high alert", Duration::from_secs(5), high).await;
    println!("{set_up:?}: the alert was there {:?} after the last record", last.elapsed());
    let headline = alert["headline"].as_str().unwrap();
    assert!(headline.contains("nora.quist"), "{headline}");

    let path = format!("/alerts/{}", alert["id"].as_str().unwrap());
    let detail = analyst.get(&path).await.ok();
    let explanation = &detail["explanation"];
    assert!(explanation["why"].as_str().unwrap().contains("31"), "{explanation}");
    assert!(explanation["meaning"].as_str().is_some_and(|m| m.contains("password")), "{explanation}");
    assert!(explanation["next"].as_array().is_some_and(|n| n.len() >= 3), "{explanation}");
    assert!(!detail["events"].as_array().unwrap().is_empty());

    // Both receivers hear of it, and no name leaves.
    let told = mail.next();
    let text = told["text"].as_str().unwrap();
    assert!(told["to"] == json!(["soc@example.org"]) && text.contains(&path) && !text.contains("nora.quist"), "{told}");
    let posted = hook.next();
    assert_eq!(posted["verified"], json!(true), "{posted}");
    assert!(!posted.to_string().contains("nora.quist"), "{posted}");

    let verdict = analyst.post(&format!("{path}/verdict"), json!({ "verdict": "true", "note": "Nora says it was not her." })).await;
    assert!(verdict.status < 300, "{}", verdict.body);
    assert_eq!(analyst.get(&path).await.ok()["verdict"], "true");
}

async fn a_large_export_is_told(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let (analyst, key) = (house.member("analyst", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut analyst = house.signed_in(&analyst).await;
    let mut export = act("e", "dana", "export", 2);
    export["rows"] = 120_000.into();
    let mut small = act("small", "emil", "export", 3);
    small["rows"] = 40.into();
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[small, export])).await.unwrap().ok();
    let one = async || Some(analyst.get("/alerts").await.ok()["items"].clone()).filter(|i| !i.as_array().unwrap().is_empty());
    let alerts = eventually("an alert", Duration::from_secs(5), one).await;
    assert_eq!(alerts.as_array().unwrap().len(), 1, "the small export is none: {alerts}");
    assert!(alerts[0]["severity"] == "critical" && alerts[0]["headline"].as_str().unwrap().contains("120,000"), "{alerts}");
}
