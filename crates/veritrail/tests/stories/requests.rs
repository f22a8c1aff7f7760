//! Whole classes of requests, over every operation of the API document: what is only read, and what is said twice.

use crate::{
    client::Client,
    house::{House, SetUp, eventually},
    records::{act, ndjson},
    roles::{NOTHING, OPEN, operation, sample, table},
};
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    time::Duration,
};

/// Every operation of the document: method, path, description.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, methods)| methods.as_object().unwrap().iter().map(move |(method, described)| (method, path, described)));
    all.map(|(method, path, described)| (method.to_uppercase().parse().unwrap(), path.trim_start_matches("/api/v1").to_owned(), described.clone())).collect()
}

/// A digest of every row of every table, and of every object, but for those that tell of the asking itself (the own trail, and when a session was last used)
/// and for how far the server's own followers are: they write that down when they come to it.
const KEPT: &str = r#"
import hashlib, json, os, sqlite3, sys
data, kept = sys.argv[1], {}
digest = lambda lines: hashlib.sha256("\n".join(lines).encode()).hexdigest()
for store in ("records", "trail", "keys"):
    db = sqlite3.connect(f"file:{data}/{store}.sqlite?mode=ro", uri=True)
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        # In the database of records lie the tables of the own trail's ledger.
        if table in ("self_events", "followers") or store == "records" and table.startswith("trail_"):
            continue
        columns = [c[1] for c in db.execute(f"PRAGMA table_info({table})") if (table, c[1]) != ("sessions", "last_used")]
        rows = db.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
        kept[f"{store}.{table}"] = f"{len(rows)} rows {digest(sorted(map(repr, rows)))}"
for folder, _, names in os.walk(f"{data}/blobs"):
    for name in names:
        path = os.path.join(folder, name)
        place = os.path.relpath(path, f"{data}/blobs")
        if not place.startswith("self"):
            kept[place] = hashlib.sha256(open(path, "rb").read()).hexdigest()
print(json.dumps(kept))
"#;

fn kept(house: &House) -> BTreeMap<String, String> {
    let done = Command::new("python3").args(["-c", KEPT]).arg(house.setting("DATA__DIRECTORY").unwrap()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// What differs between two looks.
fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let places: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ = places.into_iter().filter(|place| before.get(*place) != after.get(*place));
    differ.map(|place| format!("{place}: {:?} became {:?}", before.get(place), after.get(place))).collect()
}

/// Looks until nothing has changed for a while: what was sent before is followed up by then.
async fn settled(house: &House) -> BTreeMap<String, String> {
    let mut last = (kept(house), 0);
    eventually("all is followed up", Duration::from_secs(60), async || {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = kept(house);
        last = if now == last.0 { (now, last.1 + 1) } else { (now, 0) };
        (last.1 == 4).then(|| last.0.clone())
    })
    .await
}

/// Every role signed in, by its name.
async fn everybody(house: &House, emails: &[(String, String)]) -> BTreeMap<String, Client> {
    let mut members = BTreeMap::new();
    for (role, email) in emails {
        members.insert(role.clone(), house.signed_in(email).await);
    }
    members
}

fn invited(house: &House) -> Vec<(String, String)> {
    let people =
        house.file("people.csv", "employee_id,name,email,title,zone,department,manager_employee_id,from,until,accounts\n1,Dana,,,,Sales,,2020-01-01,,dana\n");
    house.run(&["directory", "import", people.to_str().unwrap()]);
    let of_departments = ["external_auditor", "access_owner", "department_lead"];
    let (roles, _) = table();
    roles.into_iter().map(|role| (role.to_owned(), house.member(role, if of_departments.contains(&role) { &["Sales"] } else { &[] }))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_only_read_changes_nothing() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    // What the server does by itself is no answer to a question.
    for key in ["LEDGER__VERIFY_EVERY_SECS", "LEDGER__VERIFY_ALL_EVERY_SECS"] {
        house.set(key, 0);
    }
    let emails = invited(&house);
    let key = house.source("desk", "generic", &[]);
    house.serve().await;
    let mut members = everybody(&house, &emails).await;
    let mut acts: Vec<Value> = (0..30).map(|n| act(&format!("a{n}"), "dana", if n % 3 == 0 { "export" } else { "view" }, 600 - n)).collect();
    acts.push(json!({ "id": "broken", "time": "yesterday", "actor": "dana" }));
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&acts)).await.unwrap().ok();
    let mut analyst = members["analyst"].clone();
    eventually("all is found", Duration::from_secs(20), async || (analyst.get("/events/count?from=-1h").await.ok()["count"] == 30).then_some(())).await;

    // One of everything there is, so that no address leads nowhere only because nothing is there.
    let job = analyst.post("/exports", json!({ "query": "from=-1h", "format": "csv" })).await.ok()["id"].as_str().unwrap().to_owned();
    analyst.post("/searches", json!({ "name": "mine", "query": "from=-1h", "sharing": "private" })).await.ok();
    let done = async || (analyst.clone().get(&format!("/jobs/{job}")).await.ok()["state"] == "done").then_some(());
    eventually("the export is done", Duration::from_secs(20), done).await;
    let mut admin = members["administrator"].clone();
    let event = analyst.get("/events?from=-1h&limit=1").await.ok()["items"][0].clone();
    let (position, person) = (event["position"].clone(), analyst.get("/persons").await.ok()["items"][0]["id"].clone());
    let (source, member) = (admin.get("/sources").await.ok()["items"][0]["id"].clone(), admin.get("/members").await.ok()["items"][0]["id"].clone());
    let subject = event["actor"]["subject"].as_str().unwrap_or(NOTHING).to_owned();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let real = |path: &str| {
        let id = match path.split('/').nth(1).unwrap() {
            "events" => text(&position),
            "persons" => text(&person),
            "sources" => text(&source),
            "members" => text(&member),
            "jobs" => job.clone(),
            "ledgers" => "activity".to_owned(),
            "subjects" => subject.clone(),
            _ => NOTHING.to_owned(),
        };
        path.split('/').map(|part| if part.starts_with('{') { id.as_str() } else { part }).collect::<Vec<_>>().join("/")
    };

    let before = settled(&house).await;
    assert!(before.len() > 40 && before.keys().any(|place| place.contains("activity")), "{before:?}");
    let document = admin.get("/openapi.json").await.ok();
    let (mut asked, mut answered) = (0, BTreeSet::new());
    for (_, path, described) in operations(&document).into_iter().filter(|(method, ..)| *method == Method::GET) {
        let id = described["operationId"].as_str().unwrap();
        let address = real(&path) + &sample(id).0;
        for member in members.values_mut() {
            if id == "events.live" {
                // It never ends; that it begins does.
                drop(member.begun(&address).await);
                continue;
            }
            asked += 1;
            if (200..300).contains(&member.get(&address).await.status) {
                answered.insert(id.to_owned());
            }
        }
    }
    let differs = changed(&before, &settled(&house).await);
    println!("{asked} questions of {} operations that answered", answered.len());
    assert!(differs.is_empty(), "a question changed something:\n{}", differs.join("\n"));
    for id in ["events.search", "events.read", "jobs.file", "sources.read", "persons.read", "self.list"] {
        assert!(answered.contains(id), "{id} answered nobody: {answered:?}");
    }
    // A change is seen: the same look tells of it.
    admin.call(Method::PATCH, &real("/sources/{id}"), Some(json!({ "title": "Another" }))).await.ok();
    assert!(changed(&before, &kept(&house)).iter().any(|place| place.starts_with("records.sources")));
}

/// The address as the document has it, each placeholder filled with what is nowhere.
fn filled(path: &str) -> String {
    let part = |part: &str| match part {
        "{position}" => "activity.0:0".to_owned(),
        part if part.starts_with('{') => NOTHING.to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A value of this form, as the document describes it.
fn example(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return example(document, &document["components"]["schemas"][name.rsplit('/').next().unwrap()]);
    }
    if let Some(one) = schema["enum"].as_array().and_then(|all| all.iter().find(|one| !one.is_null())) {
        return one.clone();
    }
    if let Some(some) = ["oneOf", "anyOf", "allOf"].iter().find_map(|of| schema[of].as_array()) {
        return example(document, some.iter().find(|one| one["type"] != "null").unwrap());
    }
    match schema["type"].to_string() {
        kind if kind.contains("integer") || kind.contains("number") => json!(1),
        kind if kind.contains("boolean") => json!(true),
        kind if kind.contains("array") => json!([]),
        kind if kind.contains("object") => json!({}),
        _ if schema["format"] == "uuid" => json!(NOTHING),
        _ => json!("x"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_twice_is_refused() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    let emails = invited(&house);
    house.serve().await;
    let mut members = everybody(&house, &emails).await;
    let (roles, rows) = table();
    let document = members["administrator"].clone().get("/openapi.json").await.ok();
    let (mut queries, mut bodies, mut faults) = (0, 0, Vec::new());
    for (method, path, described) in operations(&document) {
        let id = described["operationId"].as_str().unwrap();
        if id == "ingest.push" {
            continue;
        }
        // Somebody who may, so that the refusal is of what he said.
        let row = rows.get(operation(id));
        let role = if OPEN.contains(&id) { 0 } else { row.unwrap().iter().position(|cell| *cell != "no").unwrap() };
        let member = members.get_mut(roles[role]).unwrap();
        let (given, body) = sample(id);

        let parameters = described["parameters"].as_array().cloned().unwrap_or_default();
        let once = |p: &&Value| p["in"] == "query" && !p["schema"]["type"].to_string().contains("array");
        for parameter in parameters.iter().filter(once) {
            let name = parameter["name"].as_str().unwrap();
            let value = match name {
                "from" if path.starts_with("/ledgers") => "0",
                "to" => "1",
                "limit" | "min_rows" | "interval_secs" => "5",
                "from" | "until" => "-1h",
                _ => "x",
            };
            let mark = if given.is_empty() { '?' } else { '&' };
            let address = format!("{}{given}{mark}{name}={value}&{name}={value}", filled(&path));
            queries += 1;
            if id == "events.live" && member.begun(&address).await.status().is_success() {
                // It never ends: nothing more is heard of it.
                faults.push(format!("{id}: '{name}' twice in the query is taken"));
                continue;
            }
            let answer = member.call(method.clone(), &address, body.clone()).await;
            if ![400, 422].contains(&answer.status) || !answer.body.to_string().contains(name) {
                faults.push(format!("{id}: '{name}' twice in the query: {} {}", answer.status, answer.body));
            }
        }

        let schema = &described["requestBody"]["content"]["application/json"]["schema"];
        let named = schema["$ref"].as_str().map(|r| r.rsplit('/').next().unwrap());
        let Some(properties) = named.and_then(|n| document["components"]["schemas"][n]["properties"].as_object()) else { continue };
        for name in properties.keys() {
            let value = example(&document, &properties[name]);
            let text = format!("{{\"{name}\":{value},\"{name}\":{value}}}");
            let url = format!("{}/api/v1{}", house.url, filled(&path));
            let request = reqwest::Client::new().request(method.clone(), url).header("x-veritrail", "1").header(header::CONTENT_TYPE, "application/json");
            let request = request.header(header::COOKIE, format!("veritrail={0}; veritrail-step={0}; veritrail-trip={0}", member.secret()));
            let answer = request.body(text.clone()).send().await.unwrap();
            let (status, said) = (answer.status().as_u16(), answer.text().await.unwrap());
            bodies += 1;
            if ![400, 422].contains(&status) || !said.contains(&format!("duplicate field `{name}`")) {
                faults.push(format!("{id}: {text}: {status} {said}"));
            }
        }
    }
    println!("{queries} parameters and {bodies} fields said twice");
    assert!(queries > 40 && bodies > 60, "{queries} {bodies}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));

    // Two words about who asks: a key in the header counts, and the browser's cookie beside it counts for nothing.
    let analyst = &members["analyst"];
    let both = reqwest::Client::new().get(format!("{}/api/v1/session", house.url)).bearer_auth("nobody's");
    let both = both.header(header::COOKIE, format!("veritrail={}", analyst.secret())).send().await.unwrap();
    assert_eq!(both.status().as_u16(), 401);
}
