//! A real Creme, known acts in it, and the real binary beside it: everything Creme records becomes the right event in time, on
//! PostgreSQL and on SQLite. `scripts/creme/acts.py` plays the acts and says what each must become.
#![allow(clippy::print_stdout, reason = "the test says what it measured")]

#[path = "creme/crm.rs"]
mod crm;
#[path = "creme/judge.rs"]
mod judge;
#[path = "creme/product.rs"]
mod product;

use crm::{Creme, installed, repository};
use judge::{Arrived, Played, complete, judge};
use product::Product;
use serde_json::Value;
use std::{
    collections::HashMap,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
};

/// How often the API is asked; a delay is measured no finer than this.
const LOOK: Duration = Duration::from_millis(250);
/// How long after the last act events may still come: the promise and some air, to tell late from never.
const LAST: Duration = Duration::from_secs(14);
/// A duplicate or an event of nothing would come at the next look of the slowest stream.
const QUIET: Duration = Duration::from_secs(6);

/// What each look asks for. An event that is older when it arrives counts as missing.
const RECENT: &str = "-60s";

pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_micros()).expect("fits")
}

/// What the API has shown so far, by position.
#[derive(Default)]
struct Watch(HashMap<String, Arrived>);

impl Watch {
    /// Events since then; the promise is far shorter than what is looked back.
    async fn look(&mut self, product: &Product, since: &str) {
        let events = product.events(&format!("from={since}")).await;
        let first_seen = now();
        for view in events {
            let position = view["position"].as_str().expect("a position").to_owned();
            self.0.entry(position).or_insert(Arrived { view, first_seen, opened: None });
        }
    }
}

async fn story(title: &str, folder: PathBuf, creme: Creme) {
    let settings = [("database_url", creme.reader_url.clone()), ("access_log", creme.access_log().display().to_string())];
    let mut product = Product::start(&folder, &settings).await;

    let python = PathBuf::from(std::env::var("HOME").expect("HOME is set")).join(".cache/veritrail/creme-venv/bin/python");
    let mut acts = Command::new(python)
        .arg(repository().join("scripts/creme/acts.py"))
        .args([creme.folder.to_string_lossy().as_ref(), &creme.owner_url, &creme.port.to_string(), "--wait"])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("acts.py can be run");
    let mut lines = BufReader::new(acts.stdout.take().expect("a pipe")).lines();
    let mut go = acts.stdin.take().expect("a pipe");
    let baseline: Value = serde_json::from_str(&lines.next_line().await.expect("a line").expect("a line")).expect("JSON");
    let rows = |table: &str| baseline["baseline"][table].as_u64().expect("a count");
    let (history, accounts) = (rows("creme_core_historyline"), rows("creme_core_cremeuser") + rows("creme_core_userrole"));
    let ready = Instant::now();
    loop {
        let (h, a) = (product.count("filter=stream:historyline").await, product.count("filter=stream:accounts").await);
        if (h, a) == (history, accounts) {
            break;
        }
        assert!(
            ready.elapsed() < Duration::from_secs(40),
            "what was there before the first act was not read: {h} of {history} lines, {a} of {accounts} accounts"
        );
        tokio::time::sleep(LOOK).await;
    }
    let mut before = Watch::default();
    before.look(&product, "-1h").await;
    let before: Vec<String> = before.0.into_keys().collect();
    go.write_all(b"go\n").await.expect("acts.py listens");

    let (mut watch, mut played, mut sought) = (Watch::default(), Vec::new(), Vec::new());
    let mut last = None;
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            line = lines.next_line(), if last.is_none() => match line.expect("a line of acts.py") {
                Some(line) => {
                    let said: Value = serde_json::from_str(&line).expect("JSON");
                    if said.get("act").is_some() { played.push(Played(said)) } else { sought.push(said) }
                }
                None => last = Some(Instant::now()),
            },
            _ = looks.tick() => watch.look(&product, RECENT).await,
        }
        let Some(ended) = last else { continue };
        let arrived: Vec<Arrived> = watch
            .0
            .iter()
            .filter(|(p, _)| !before.contains(p))
            .map(|(_, a)| Arrived { view: a.view.clone(), first_seen: a.first_seen, opened: None })
            .collect();
        if ended.elapsed() > LAST || ended.elapsed() > QUIET && complete(&played, &arrived) {
            break;
        }
    }
    assert!(acts.wait().await.expect("acts.py ends").success(), "{title}: acts.py failed after {} acts; its words are above", played.len());

    // What Creme has erased since is still here, under the same positions.
    let kept = product.events("from=-1h").await.len();
    assert!(kept >= watch.0.len(), "{} events were seen, {kept} are left", watch.0.len());
    let erased = said(&sought, "what Creme still has");
    assert_eq!(erased["found"], 0, "Creme was to have erased its lines of the deleted records: {erased}");
    assert_eq!(said(&sought, "the name tried")["found_in"], serde_json::json!([]), "the name tried in a failed sign-in is written down after all");
    let source = product.get("/sources").await["items"][0].clone();
    for stream in source["streams"].as_array().expect("streams") {
        assert!(stream["quarantined"] == 0 && stream["trouble"].is_null(), "{title}: {stream}");
    }

    let opened: HashMap<u64, _> = product.stop_and_open().await.into_iter().collect();
    let mut arrived: Vec<Arrived> = watch.0.into_iter().filter(|(p, _)| !before.contains(p)).map(|(_, a)| a).collect();
    for event in &mut arrived {
        let index = Arrived::index(event.view["position"].as_str().expect("a position"));
        event.opened = Some(opened.get(&index).expect("what the API showed is in the trail").clone());
    }
    let records = &sought.last().expect("acts.py names the records at its end")["kept"];
    for name in ["mara", "ivo", "works"] {
        let id = records[name].to_string();
        let of = |event: &&Arrived| event.opened.as_ref().and_then(|o| o.target.as_ref()).is_some_and(|t| t.subject.vendor_id == id);
        let left = arrived.iter().filter(of).count();
        println!("{title}: {left} events still name the record {id} ({name}), of which Creme keeps nothing");
        assert!(left > 0, "the trail lost what Creme erased");
    }
    let mut verdict = judge(&played, &arrived, &creme.granted);
    verdict.print(title);
    assert!(verdict.acts >= 60, "{} acts are too few", verdict.acts);
    assert!(verdict.faults.is_empty(), "{title}: {} faults, listed above", verdict.faults.len());
}

fn said<'a>(sought: &'a [Value], what: &str) -> &'a Value {
    sought.iter().find(|s| s["sought"].as_str().is_some_and(|s| s.starts_with(what))).unwrap_or_else(|| panic!("acts.py did not say '{what}'"))
}

#[tokio::test]
async fn every_act_in_a_creme_on_sqlite_is_its_event() {
    if !installed() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let creme = Creme::start(folder.path(), None).await;
    story("Creme on SQLite", folder.path().to_owned(), creme).await;
}

#[tokio::test]
async fn every_act_in_a_creme_on_postgresql_is_its_event() {
    if !installed() {
        return;
    }
    let Some(database) = testkit::services::postgres().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let creme = Creme::start(folder.path(), Some(database)).await;
    story("Creme on PostgreSQL", folder.path().to_owned(), creme).await;
}
