//! What is secret is in no log, however much is logged, and in no answer and no print of the configuration.

use crate::{
    house::{House, PASSWORD, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use serde_json::json;
use std::time::Duration;

on_both!(nothing_secret_is_logged_or_shown);

async fn nothing_secret_is_logged_or_shown(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    // Every one leads nowhere, so that each of them also fails aloud.
    let configured = [
        ("WEBHOOK__URL", "https://127.0.0.1:9/services/canary-hook", "canary-hook"),
        ("WEBHOOK__SECRET", "whsec_Y2FuYXJ5LXNpZ25pbmcta2V5LTAxMjM0NTY3ODk=", "Y2FuYXJ5LXNpZ25pbmcta2V5"),
        ("WEBHOOK__ALLOW_PRIVATE", "true", ""),
        ("MAIL__URL", "smtps://veritrail:canary-mail@127.0.0.1:9", "canary-mail"),
        ("MAIL__TO", "security@example.org", ""),
        ("METRICS__TOKEN", "canary-metrics", "canary-metrics"),
        ("OIDC__ISSUER", "http://127.0.0.1:9/realm", ""),
        ("OIDC__CLIENT_ID", "veritrail", ""),
        ("OIDC__CLIENT_SECRET", "canary-oidc", "canary-oidc"),
        ("OIDC__ALLOW_PRIVATE", "true", ""),
        ("LOG__FILTER", "debug", ""),
    ];
    configured.iter().for_each(|(key, value, _)| house.set(key, value));
    let mut canaries: Vec<String> = configured.iter().map(|(.., canary)| (*canary).to_owned()).filter(|c| !c.is_empty()).collect();
    canaries.extend(["canary-database", "canary-wrong", PASSWORD].map(str::to_owned));
    let roles = ["administrator", "analyst", "auditor"].map(|role| house.member(role, &[]));
    let key = house.source("desk", "generic", &[]);
    house.source("crm", "creme", &["database_url=postgres://reader:canary-database@127.0.0.1:9/creme"]);
    canaries.push(key.clone());
    let printed = [house.run(&["config", "explain"]), house.run(&["source", "list"])].concat();
    house.serve().await;

    let wrong = house.stranger().post("/session", json!({ "email": roles[1], "password": "canary-wrong and more" })).await;
    assert_eq!(wrong.status, 401);
    let [mut admin, mut analyst, auditor] = [house.signed_in(&roles[0]).await, house.signed_in(&roles[1]).await, house.signed_in(&roles[2]).await];
    canaries.extend([&admin, &analyst, &auditor].iter().map(|client| client.secret().to_owned()));
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[act("s1", "dana", "view", 1)])).await.unwrap().ok();
    house.stranger().push("desk", "canary-wrong", "application/x-ndjson", ndjson(&[])).await.unwrap().problem(401);
    let token = analyst.post("/me/tokens", json!({ "name": "siem", "operations": ["events.search"], "days": 3 })).await.ok();
    canaries.push(token["token"].as_str().expect("a token is shown once").to_owned());
    assert!(house.stranger().post("/session/provider/begin", json!({})).await.status >= 400, "the provider does not answer");
    let invited = admin.post("/members/invitations", json!({ "email": "new@example.org", "role": "analyst", "departments": [] })).await.ok();
    let link = invited["link"].as_str().unwrap();
    let (page, token) = link.split_once('#').expect("what is secret of a link is what browsers send nowhere");
    assert_eq!(page, format!("{}/invitation", house.url));
    assert_eq!(house.stranger().post("/invitations/offered", json!({ "token": token })).await.ok()["email"], "new@example.org");
    canaries.push(token.to_owned());
    // Searched words are part of an address: of a page, which shows what was asked, and of the question.
    analyst.get("/events?from=-1h&q=canary-searched").await.ok();
    analyst.get("/search?q=canary-searched").await.ok();
    canaries.push("canary-searched".to_owned());
    let document = admin.get("/openapi.json").await.ok();
    let asked = document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    for part in asked.flat_map(|operation| operation["parameters"].as_array().into_iter().flatten()) {
        let (place, name) = (part["in"].as_str().unwrap(), part["name"].as_str().unwrap());
        let an_id = place == "path" && (part["schema"]["format"] == "uuid" || ["id", "name", "position"].contains(&name));
        assert!(an_id || place == "query" && !["token", "key", "code", "secret", "password"].contains(&name), "{part}");
    }
    house.stranger().post("/password-resets", json!({ "email": roles[1] })).await;
    let sources = async || {
        let sources = admin.get("/sources").await.ok();
        sources.to_string().contains("trouble").then_some(sources)
    };
    let sources = eventually("the CRM is in trouble", Duration::from_secs(30), sources).await;
    let crm = sources["items"].as_array().unwrap().iter().find(|s| s["name"] == "crm").unwrap()["id"].clone();
    let answers = [
        admin.post("/sources/check", json!({ "source": crm })).await.body,
        admin.get("/settings").await.body,
        admin.get("/members").await.body,
        analyst.get("/me/tokens").await.body,
        sources,
    ];
    assert!(house.stop().await.success(), "{}", house.log());

    let (log, answers) = (house.log(), json!(answers).to_string());
    assert!(log.contains("DEBUG") && log.len() > 2_000, "much is logged: {} bytes", log.len());
    for canary in &canaries {
        assert!(!log.contains(canary.as_str()), "the log holds {canary}");
        assert!(!printed.contains(canary.as_str()), "a print of the command line holds {canary}");
        assert!(!answers.contains(canary.as_str()), "an answer holds {canary}");
    }
    println!("{} secrets in none of {} bytes of log", canaries.len(), log.len());
}
