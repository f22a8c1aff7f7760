//! kill -9 under load: nothing acknowledged is lost, nothing is doubled.

use crate::{
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// TRUST.md asks for 20 with every change; more by `VERITRAIL_TEST_KILLS`.
const KILLS: u64 = 20;
const SENDERS: u64 = 4;
const PER_BODY: u64 = 25;

on_both!(killed_under_load);

async fn killed_under_load(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let kills = std::env::var("VERITRAIL_TEST_KILLS").ok().and_then(|k| k.parse().ok()).unwrap_or(KILLS);
    let (analyst, key) = (house.member("analyst", &[]), house.source("desk", "generic", &[]));
    house.serve().await;

    let (stop, sent, unanswered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let acknowledged: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let (client, key, stop) = (house.stranger(), key.clone(), stop.clone());
        let (sent, unanswered, acknowledged) = (sent.clone(), unanswered.clone(), acknowledged.clone());
        senders.spawn(async move {
            let mut body = 0;
            while !stop.load(Ordering::Relaxed) {
                let ids: Vec<String> = (0..PER_BODY).map(|n| format!("s{sender}b{body}n{n}")).collect();
                let records: Vec<Value> = ids.iter().map(|id| act(id, "dana", "view", 1)).collect();
                sent.fetch_add(PER_BODY, Ordering::Relaxed);
                // The same body until it is answered: what a sender must do, and what must be harmless.
                loop {
                    match client.push("desk", &key, "application/x-ndjson", ndjson(&records)).await {
                        Ok(answer) if answer.status == 200 => break,
                        Ok(answer) => assert!(matches!(answer.status, 429 | 503), "{} {}", answer.status, answer.body),
                        Err(_) => {
                            unanswered.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                acknowledged.lock().unwrap().extend(ids.into_iter().map(|id| (id, 0)));
                body += 1;
            }
        });
    }
    let mut back = Vec::new();
    for n in 0..kills {
        // At another moment of the commit each time.
        tokio::time::sleep(Duration::from_millis(200 + (n * 97) % 900)).await;
        house.kill();
        back.push(house.serve().await);
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = senders.join_next().await {
        ended.unwrap();
    }

    let expected = acknowledged.lock().unwrap().len() as u64;
    let mut analyst = house.signed_in(&analyst).await;
    let begun = Instant::now();
    let all = async || {
        let count = analyst.get("/events/count?from=-1d").await.ok()["count"].as_u64().unwrap();
        (count >= expected).then_some(count)
    };
    let indexed = eventually("the index has caught up", Duration::from_secs(30), all).await;
    let caught_up = begun.elapsed();
    assert!(house.stop().await.success(), "{}", house.log());
    house.run(&["verify"]);

    // Each event by its record's id, out of the index that went through it all.
    let mut found = acknowledged.lock().unwrap().clone();
    let mut phantoms = BTreeSet::new();
    for line in house.run(&["query", "--from", "-1d", "--format", "ndjson", "--limit", "1000000"]).lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let label = event["target"]["label"].as_str().unwrap().trim_start_matches("Contact ").to_owned();
        match found.get_mut(&label) {
            Some(times) => *times += 1,
            None => drop(phantoms.insert(label)),
        }
    }
    let lost = found.values().filter(|times| **times == 0).count();
    let duplicate = found.values().filter(|times| **times > 1).count();
    back.sort();
    println!(
        "{set_up:?}: {kills} kills, sent {}, acknowledged {expected}, unanswered requests {}, found {indexed}, lost {lost}, duplicate {duplicate}, phantom {}, \
         back after {:?} (median) {:?} (worst), index caught up {caught_up:?} after the last answer",
        sent.load(Ordering::Relaxed),
        unanswered.load(Ordering::Relaxed),
        phantoms.len(),
        back[back.len() / 2],
        back[back.len() - 1],
    );
    assert!(unanswered.load(Ordering::Relaxed) > 0, "no kill hit a request: the test proves nothing");
    assert_eq!((lost, duplicate, phantoms.len()), (0, 0, 0), "{phantoms:?}");
}

/// There is one sequencer: a second server on the same data says so and ends, and the first goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_directory() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    house.serve().await;
    let second = house.output(&["serve", "--listen", "127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && said.contains("another `veritrail serve`"), "{said}");
    assert!(reqwest::get(format!("{}/health", house.url)).await.unwrap().status().is_success());
    assert!(house.stop().await.success());
}
