//! Holds what arrived against what was done.

use ledger::Opened;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The promise: an act is an event within this.
const PROMISED: i64 = 10_000_000;
/// A log's time is a whole second.
const SLACK: i64 = 2_000_000;
/// What the acts' own browsers call themselves; other requests are those of whoever started Creme.
const BROWSERS: &str = "Browser of ";

/// One act as the script told it.
#[derive(Clone, Debug)]
pub struct Played(pub Value);

impl Played {
    fn text(&self) -> String {
        format!("act {} ({})", self.0["act"], self.0["text"].as_str().unwrap_or_default())
    }
    fn began(&self) -> i64 {
        self.0["began"].as_i64().expect("when it began")
    }
    pub fn ended(&self) -> i64 {
        self.0["ended"].as_i64().expect("when it ended")
    }
    fn expected(&self) -> impl Iterator<Item = &Value> {
        self.0["events"].as_array().into_iter().flatten()
    }
    /// Rows that a table gained; `None` where it did not change.
    fn gained(&self, table: &str) -> Option<i64> {
        let counts = self.0["changed"]["tables"].get(table)?;
        Some(counts[1].as_i64()? - counts[0].as_i64()?)
    }
    fn tables(&self) -> BTreeSet<&str> {
        self.0["changed"]["tables"].as_object().into_iter().flat_map(|t| t.keys().map(String::as_str)).collect()
    }
}

/// An event as the API showed it, when it was first there, and what the trail holds of it under its keys.
pub struct Arrived {
    pub view: Value,
    pub first_seen: i64,
    pub opened: Option<Opened>,
}

impl Arrived {
    pub fn index(position: &str) -> u64 {
        position.rsplit(':').next().and_then(|i| i.parse().ok()).expect("a position ends in its index")
    }

    fn stream(&self) -> &str {
        self.view["stream"].as_str().unwrap_or_default()
    }

    fn of_the_acts(&self) -> bool {
        self.stream() != "access_log" || self.view["user_agent"].as_str().is_some_and(|a| a.starts_with(BROWSERS))
    }

    /// What differs from what was stated, by name. Without the trail only what the API shows is compared.
    fn differs(&self, stated: &Value) -> Vec<String> {
        let view = &self.view;
        let target = |name: &str| &view["target"][name];
        let mut wrong = Vec::new();
        for (name, expected) in stated.as_object().expect("an event is an object") {
            let found = match name.as_str() {
                "stream" | "outcome" | "vendor_type" | "rows" | "bytes" | "address" => view[name].clone(),
                "class_uid" => view["class"]["uid"].clone(),
                "activity_id" => view["activity"]["id"].clone(),
                "agent" => view["user_agent"].clone(),
                "actor" => view["actor"].get("label").cloned().unwrap_or_default(),
                "object_type" | "label" => target(name).clone(),
                "record" => match &self.opened {
                    Some(opened) => opened.target.as_ref().map(|t| t.subject.vendor_id.clone()).into(),
                    None => continue,
                },
                "changes" => match &self.opened {
                    Some(opened) => sorted(opened.changes.iter().map(|c| Value::from(vec![c.field.clone().into(), c.old.clone(), c.new.clone()]))),
                    None => continue,
                },
                "at_most" => continue,
                other => panic!("the test does not know how to compare '{other}'"),
            };
            let expected = match name.as_str() {
                "record" if !expected.is_string() => expected.to_string().into(),
                "changes" => sorted(expected.as_array().into_iter().flatten().cloned()),
                _ => expected.clone(),
            };
            if found != expected {
                wrong.push(format!("{name} is {found}, not {expected}"));
            }
        }
        wrong
    }

    fn time(&self) -> i64 {
        self.view["time"].as_str().and_then(model::time::parse).expect("a time").micros
    }
}

fn sorted(items: impl Iterator<Item = Value>) -> Value {
    let mut items: Vec<Value> = items.collect();
    items.sort_by_key(Value::to_string);
    items.into()
}

/// What the comparison came to.
#[derive(Default, Debug)]
pub struct Verdict {
    pub acts: usize,
    pub expected: usize,
    pub found: usize,
    pub requests: usize,
    pub recorded_nowhere: usize,
    pub delays: Vec<i64>,
    pub faults: Vec<String>,
    pub missing: usize,
    pub unexpected: usize,
    pub duplicates: usize,
}

impl Verdict {
    pub fn print(&mut self, title: &str) {
        self.delays.sort_unstable();
        let seconds = |micros: Option<&i64>| micros.map_or_else(|| "none".to_owned(), |m| format!("{:.2} s", *m as f64 / 1e6));
        let (median, largest) = (seconds(self.delays.get(self.delays.len() / 2)), seconds(self.delays.last()));
        println!(
            "{title}: {} acts, {} of them recorded nowhere; {} events expected, {} found, {} missing, {} unexpected, {} duplicates; \
             {} requests in the access log; delay: median {median}, largest {largest}",
            self.acts, self.recorded_nowhere, self.expected, self.found, self.missing, self.unexpected, self.duplicates, self.requests
        );
        for fault in &self.faults {
            println!("  {fault}");
        }
    }
}

/// Whether everything expected is there as far as the API shows it: then there is no need to wait longer.
pub fn complete(played: &[Played], arrived: &[Arrived]) -> bool {
    let mut verdict = Verdict::default();
    assign(played, arrived, &mut verdict);
    verdict.missing == 0
}

/// The whole comparison. `granted`: tables that the connector may read.
pub fn judge(played: &[Played], arrived: &[Arrived], granted: &[String]) -> Verdict {
    let mut verdict = Verdict { acts: played.len(), ..Verdict::default() };
    let used = assign(played, arrived, &mut verdict);
    requests(played, arrived, &mut verdict);
    for act in played {
        evidence(act, granted, &mut verdict);
    }
    let accounted: BTreeSet<usize> = used.keys().copied().collect();
    for (at, event) in arrived.iter().enumerate().filter(|(at, e)| e.of_the_acts() && e.stream() != "access_log" && !accounted.contains(at)) {
        let twin = used.iter().find(|(_, stated)| event.differs(stated).is_empty()).map(|(twin, _)| *twin).filter(|twin| *twin != at);
        if twin.is_some_and(|twin| arrived[twin].time() == event.time()) {
            verdict.duplicates += 1;
            verdict.faults.push(format!("twice: {}", event.view));
        } else {
            verdict.unexpected += 1;
            verdict.faults.push(format!("unexpected: {}", event.view));
        }
    }
    verdict
}

/// Gives every expected event one that arrived, the earliest that fits.
fn assign<'a>(played: &'a [Played], arrived: &[Arrived], verdict: &mut Verdict) -> HashMap<usize, &'a Value> {
    let mut used = HashMap::new();
    for act in played {
        let around = act.began() - SLACK..act.ended() + PROMISED + SLACK;
        for stated in act.expected() {
            verdict.expected += 1;
            let free = |used: &HashMap<usize, &Value>| {
                let fits = |(at, e): &(usize, &Arrived)| !used.contains_key(at) && around.contains(&e.time()) && e.differs(stated).is_empty();
                arrived.iter().enumerate().filter(fits).min_by_key(|(_, e)| Arrived::index(e.view["position"].as_str().unwrap_or_default())).map(|(at, _)| at)
            };
            let Some(at) = free(&used) else {
                verdict.missing += 1;
                verdict.faults.push(format!("missing: {} must become {stated}{}", act.text(), nearest(act, stated, arrived)));
                continue;
            };
            used.insert(at, stated);
            verdict.found += 1;
            let delay = (arrived[at].first_seen - act.ended()).max(0);
            verdict.delays.push(delay);
            if delay > PROMISED {
                verdict.faults.push(format!("late: {} was an event after {:.1} s: {stated}", act.text(), delay as f64 / 1e6));
            }
            for _ in 1..stated["at_most"].as_u64().unwrap_or(1) {
                if let Some(more) = free(&used).filter(|more| arrived[*more].time() <= act.ended() + SLACK) {
                    used.insert(more, stated);
                }
            }
        }
    }
    used
}

/// What came closest, to tell a wrong attribute from an event that never came.
fn nearest(act: &Played, stated: &Value, arrived: &[Arrived]) -> String {
    let around = act.began() - SLACK..act.ended() + PROMISED + SLACK;
    let of_stream = arrived.iter().filter(|e| e.view["stream"] == stated["stream"] && around.contains(&e.time()));
    let best = of_stream.map(|e| (e.differs(stated), e)).min_by_key(|(wrong, _)| wrong.len());
    best.map_or_else(String::new, |(wrong, e)| {
        format!("; nearest is {} \"{}\": {}", e.view["position"], e.view["sentence"].as_str().unwrap_or_default(), wrong.join(", "))
    })
}

/// Every request that was made is one event of the access log, through every rotation; no more and no fewer.
fn requests(played: &[Played], arrived: &[Arrived], verdict: &mut Verdict) {
    let mut balance: BTreeMap<String, i64> = BTreeMap::new();
    for request in played.iter().flat_map(|p| p.0["requests"].as_array().into_iter().flatten()) {
        verdict.requests += 1;
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        *balance.entry(format!("{} {} {} {} {}", text("address"), text("agent"), text("method"), text("path"), request["status"])).or_default() += 1;
    }
    for event in arrived.iter().filter(|e| e.stream() == "access_log" && e.of_the_acts()) {
        let Some(opened) = &event.opened else { continue };
        let text = |name: &str| opened.detail.get(name).and_then(Value::as_str).unwrap_or_default();
        let from = |name: &str| event.view[name].as_str().unwrap_or_default();
        let status = opened.detail.get("status").cloned().unwrap_or_default();
        *balance.entry(format!("{} {} {} {} {status}", from("address"), from("user_agent"), text("method"), text("path"))).or_default() -= 1;
    }
    for (request, left) in balance.into_iter().filter(|(_, left)| *left != 0) {
        let (count, what) = if left > 0 { (&mut verdict.missing, "has no event") } else { (&mut verdict.duplicates, "has too many events") };
        *count += left.unsigned_abs() as usize;
        verdict.faults.push(format!("the request {request} {what} ({left})"));
    }
}

/// Tables of which the connector makes events: who may do what, and Creme's own records of acts.
fn tells(table: &str) -> bool {
    matches!(table, "creme_core_historyline" | "creme_core_imprint" | "creme_core_lastviewedentity" | "creme_core_setcredentials")
        || table.starts_with("creme_core_cremeuser")
        || table.starts_with("creme_core_userrole")
}

/// "Recorded nowhere" and "recorded here" are held against the tables and logs that differ after the act.
fn evidence(act: &Played, granted: &[String], verdict: &mut Verdict) {
    let streams: Vec<&str> = act.expected().filter_map(|e| e["stream"].as_str()).collect();
    let of = |stream: &str| streams.iter().filter(|s| **s == stream).count() as i64;
    let tables = act.tables();
    let mut fault = |what: String| verdict.faults.push(format!("evidence: after {} {what}", act.text()));
    if act.0["events"].is_null() {
        verdict.recorded_nowhere += 1;
        let used: Vec<&&str> = tables.iter().filter(|t| granted.iter().any(|g| g == **t)).collect();
        if !used.is_empty() || act.0["changed"]["logs"].get("access.log").is_some() {
            fault(format!("the tables {used:?} and the logs {} changed, yet it counts as recorded nowhere", act.0["changed"]["logs"]));
        }
        return;
    }
    if act.expected().all(|e| e["vendor_type"] == "access.request") && tables.iter().any(|t| tells(t)) {
        fault(format!("{tables:?} changed, yet only its requests are expected"));
    }
    let history = act.gained("creme_core_historyline").unwrap_or(0);
    if history != of("historyline") {
        fault(format!("Creme's history has {history} lines more, {} are expected", of("historyline")));
    }
    let imprints = act.gained("creme_core_imprint").unwrap_or(0).max(0);
    if imprints != of("imprint") {
        fault(format!("Creme has {imprints} imprints more, {} are expected", of("imprint")));
    }
    let accounts = tables.iter().any(|t| tells(t) && !t.ends_with("historyline") && !t.ends_with("imprint") && !t.ends_with("lastviewedentity"));
    // A sign-in writes the time of the last one into the account.
    let signs_in = act.expected().any(|e| e["class_uid"] == 3002);
    if accounts && !signs_in && of("accounts") == 0 {
        fault(format!("{tables:?} changed, yet no event of accounts is expected"));
    }
}
