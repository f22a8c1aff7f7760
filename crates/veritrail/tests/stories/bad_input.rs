//! What is wrong gets a clear answer, and nothing already accepted is lost.

use crate::{
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{io::Write, time::Duration};

on_both!(broken_records_wait_in_quarantine, refused_with_words, a_full_queue);

const MAPPING: &str = "title: T\nid: id\ntime: { field: time, format: rfc3339 }\nact: { field: action, table: { view: web_resources_activity/read } }\n";

/// Broken lines, wrong encoding and a 200 MB line in one file: the good lines are events, each bad one is kept with its reason.
async fn broken_records_wait_in_quarantine(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    house.source("desk", "generic", &[]);
    let (admin, analyst) = (house.member("administrator", &[]), house.member("analyst", &[]));
    let path = house.folder.path().join("mixed.ndjson");
    let mut file = std::fs::File::create(&path).unwrap();
    writeln!(file, "{}", act("good1", "dana", "view", 50)).unwrap();
    writeln!(file, "{{\"id\": \"cut off").unwrap();
    file.write_all(b"{\"id\":\"latin\",\"time\":\"2026-03-02T09:15:00Z\",\"action\":\"view\",\"actor\":\"Ren\xe9\"}\n").unwrap();
    let mut untimed = act("untimed", "dana", "view", 0);
    untimed["time"] = "yesterday".into();
    writeln!(file, "{untimed}").unwrap();
    file.write_all(b"{\"id\":\"huge\",\"text\":\"").unwrap();
    let megabyte = vec![b'x'; 1 << 20];
    (0..200).for_each(|_| file.write_all(&megabyte).unwrap());
    file.write_all(b"\"}\n").unwrap();
    writeln!(file, "{}", act("good2", "dana", "view", 40)).unwrap();
    drop(file);
    let printed = house.run(&["import", "--source", "desk", path.to_str().unwrap()]);
    println!("{set_up:?}: {}", printed.trim());
    assert!(printed.contains("6 records, 2 new events, 0 there already, 4 in quarantine"), "{printed}");
    let csv = house.file("broken.csv", "id,time,action,actor\n1,2026-03-02T09:15:00Z,view,dana\n2,2026-03-02T09:16:00Z\n\"3,never closed\n");
    let printed = house.run(&["import", "--source", "desk", csv.to_str().unwrap()]);
    println!("{set_up:?}: {}", printed.trim());
    assert!(printed.contains("1 new events"), "{printed}");

    house.serve().await;
    let mut admin = house.signed_in(&admin).await;
    let id = admin.get("/sources").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let waiting = admin.get(&format!("/sources/{id}/quarantine")).await.ok();
    let waiting = waiting["items"].as_array().unwrap();
    assert!(waiting.len() >= 4);
    for one in waiting {
        let why = one["reason"]["message"].as_str().unwrap();
        println!("{set_up:?}: {} -> {}: {why} ({} bytes)", one["origin"], one["reason"]["code"], one["size_bytes"]);
        assert!(why.len() > 10 && !one["origin"].as_str().unwrap().is_empty());
    }
    assert!(waiting.iter().any(|w| w["size_bytes"].as_u64().unwrap() > 200 << 20), "the long line's true size is told");
    assert!(!json!(waiting).to_string().contains("yesterday"), "values are masked");
    // Replaying what is still wrong says so again and keeps it.
    let again = admin.call(Method::POST, &format!("/quarantine/{}/replay", waiting[0]["id"].as_str().unwrap()), None).await;
    assert!(again.status == 409 || again.body["refused"]["message"].is_string(), "{} {}", again.status, again.body);
    let mut analyst = house.signed_in(&analyst).await;
    let all = async || (analyst.get("/events/count?from=2026-01-01T00:00:00Z").await.ok()["count"] == 3).then_some(());
    eventually("the good ones are found", Duration::from_secs(5), all).await;
}

async fn refused_with_words(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    house.set("SERVER__BODY_BYTES", 1 << 20);
    let key = house.source("desk", "generic", &[]);
    house.source("other", "generic", &[]);
    let (admin, analyst) = (house.member("administrator", &[]), house.member("analyst", &[]));
    house.serve().await;
    let stranger = house.stranger();
    let push = async |source: &str, key: &str, media: &str, body: Vec<u8>| stranger.push(source, key, media, body).await.unwrap();
    let good = ndjson(&[act("1", "dana", "view", 1)]).into_bytes();

    for (source, with) in [("desk", "wrong"), ("other", key.as_str()), ("nowhere", key.as_str())] {
        assert!(push(source, with, "application/x-ndjson", good.clone()).await.problem(401).contains("Nothing was taken"));
    }
    assert!(push("desk", &key, "application/xml", good.clone()).await.problem(415).contains("application/x-ndjson"));
    assert!(push("desk", &key, "application/x-ndjson", vec![b'x'; 2 << 20]).await.problem(413).contains("1048576"));
    let mixed = [b"not json\n".as_slice(), &good].concat();
    let taken = push("desk", &key, "application/x-ndjson", mixed).await.ok();
    assert_eq!((&taken["accepted"], &taken["quarantined"]), (&json!(1), &json!(1)));

    let (mut admin, mut analyst) = (house.signed_in(&admin).await, house.signed_in(&analyst).await);
    for (question, word) in [
        ("from=tomorrowish", "from"),
        ("from=-1h&filter=colour:red", "colour"),
        ("from=-1h&cursor=abc", "cursor"),
        ("from=-1h&limit=100000", "limit"),
        ("from=-1h&unknown=1", "unknown"),
    ] {
        let answer = analyst.get(&format!("/events?{question}")).await;
        assert!(answer.problem(422).contains(word) || answer.body["errors"].to_string().contains(word), "{question}: {}", answer.body);
    }
    // What is no JSON, or not of the shape asked for, is said in the same form as everything else.
    for body in [Value::Null, json!([]), json!({ "name": 1 }), json!({ "name": "a", "colour": "red" })] {
        admin.post("/sources", body).await.problem(422);
    }
    admin.get("/sources/not-an-id").await.problem(400);
    analyst.get("/events/activity.0:99999999").await.problem(404);
    analyst.get("/no/such/page").await.problem(404);
    let unknown = admin.post("/sources", json!({ "name": "x", "connector": "abacus", "title": "X", "settings": {} })).await;
    assert!(unknown.body.to_string().contains("abacus"), "{}", unknown.body);
    let mapping = admin.post("/sources/check", json!({ "connector": "generic", "settings": { "mapping": MAPPING.replace("rfc3339", "stardate") } })).await;
    assert!(mapping.body.to_string().contains("stardate"), "{}", mapping.body);
}

/// More at once than the memory set apart for it: some are told to wait and when to come back, and none is half taken.
async fn a_full_queue(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    house.set("SERVER__INTAKE_BYTES", 256 << 10);
    let (analyst, key) = (house.member("analyst", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..24 {
        let (client, key) = (house.stranger(), key.clone());
        senders.spawn(async move {
            let records: Vec<Value> = (0..400).map(|n| act(&format!("q{sender}n{n}"), "dana", "view", 1)).collect();
            let answer = client.push("desk", &key, "application/x-ndjson", ndjson(&records)).await.unwrap();
            match answer.status {
                200 => (1, 0, answer.body["accepted"].as_u64().unwrap()),
                429 => {
                    assert!(answer.retry_after.as_deref().is_some_and(|s| s.parse::<u64>().is_ok()), "{answer:?}");
                    (0, 1, 0)
                }
                _ => panic!("{} {}", answer.status, answer.body),
            }
        });
    }
    let (mut taken, mut told, mut events) = (0, 0, 0);
    while let Some(one) = senders.join_next().await {
        let one = one.unwrap();
        (taken, told, events) = (taken + one.0, told + one.1, events + one.2);
    }
    println!("{set_up:?}: {taken} bodies taken, {told} told to wait");
    assert!(taken > 0 && told > 0 && events == taken * 400);
    let mut analyst = house.signed_in(&analyst).await;
    let all = async || (analyst.get("/events/count?from=-1h").await.ok()["count"] == events).then_some(());
    eventually("exactly what was acknowledged", Duration::from_secs(20), all).await;
}
