//! The role x operation table over HTTP: every route of the API document, every role, and a stranger.

use crate::{
    house::{House, SetUp},
    on_both,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = include_str!("../../../../content/authorization/table.csv");
/// An id that nothing has.
pub const NOTHING: &str = "01900000-0000-7000-8000-00000000dead";
/// Not under /api/v1: the story of SCIM meets it, with tokens that are for it and tokens that are not.
const ELSEWHERE: [&str; 1] = ["members.provision"];
/// Reached without a session: coming in, and the programs' way in with its own key.
pub const OPEN: [&str; 17] = [
    "first_run.read",
    "first_run.complete",
    "session.create",
    "session.code",
    "session.enrol",
    "session.enrol.confirm",
    "session.passkey.options",
    "session.passkey",
    "session.provider.begin",
    "session.provider",
    "session.delete",
    "invitation.read",
    "invitation.accept",
    "password.forgotten",
    "password.offered",
    "password.reset",
    "ingest.push",
];

on_both!(every_role_meets_every_operation);

/// What a route's call needs to get past reading the request, by its operation id in the document.
pub fn sample(id: &str) -> (String, Option<Value>) {
    let (query, body) = match id {
        "events.search" | "events.count" | "events.histogram" | "own.events" => ("?from=-1h", None),
        "events.facets" => ("?from=-1h&fields=actor", None),
        "search.everything" => ("?q=dana", None),
        "ledgers.prove" => ("?from=0", None),
        "roles.explain" => ("?operation=events.search", None),
        "directory.import" => ("", Some(json!("employee_id,name\n"))),
        "alerts.update" => ("", Some(json!({ "status": "in_progress" }))),
        "alerts.judge" => ("", Some(json!({ "verdict": "noise", "note": "a test" }))),
        "sources.create" => ("", Some(json!({ "name": "x", "connector": "no such connector", "title": "X", "settings": {} }))),
        "sources.update" => ("", Some(json!({ "title": "Y" }))),
        "sources.check" => ("", Some(json!({ "connector": "no such connector", "settings": {} }))),
        "sources.keys" => ("", Some(json!({ "name": "k" }))),
        "sources.upload" => ("?name=a.ndjson", Some(json!({}))),
        "exports.create" => ("", Some(json!({ "format": "csv", "query": "from=-1h" }))),
        "evidence.create" => ("", Some(json!({ "query": "from=-1h" }))),
        "retention.run" => ("", Some(json!({ "dry_run": true }))),
        "members.invite" => ("", Some(json!({ "email": "not an address", "role": "analyst" }))),
        "members.update" => ("", Some(json!({ "active": true }))),
        "erasures.preview" => ("?person=01900000-0000-7000-8000-00000000dead", None),
        "erasures.create" => ("", Some(json!({ "person": NOTHING, "basis": "objection", "reason": "Case 17" }))),
        "events.reveal" => ("", Some(json!({ "fields": ["raw"], "reason": "Case 17" }))),
        "masking.fields" => ("?connector=generic&object_type=ticket", None),
        "masking.update" => ("", Some(json!({ "connector": "generic", "object_type": "ticket", "field": "status", "class": "internal" }))),
        "reveals.decide" => ("", Some(json!({ "approve": false }))),
        "holds.create" => ("", Some(json!({ "kind": "subject", "id": NOTHING, "reason": "Suit 4" }))),
        "session.confirm" => ("", Some(json!({ "password": "not his" }))),
        "own.tokens" => ("", Some(json!({ "name": "k", "operations": ["session.read"], "days": 1 }))),
        "searches.create" | "searches.update" => ("", Some(json!({ "name": "x", "query": "from=-1h", "sharing": "private" }))),
        "searches.deliver" => ("", Some(json!({ "every": "day", "hour": 6, "format": "csv" }))),
        "service_accounts.create" => ("", Some(json!({ "name": "Not a name", "owner": NOTHING }))),
        "service_accounts.update" => ("", Some(json!({ "active": true }))),
        "service_accounts.tokens" => ("", Some(json!({ "name": "k", "operations": ["session.read"], "days": 1 }))),
        "service_accounts.tokens.rotate" => ("", Some(json!({ "overlap_hours": 0 }))),
        "own.factors.password" => ("", Some(json!({ "password": "short" }))),
        "own.factors.passkey" => ("", Some(json!({ "name": "k", "authenticator_data": "", "client_data": "" }))),
        "own.factors.confirm" => ("", Some(json!({ "code": "000000" }))),
        "quarantine.replay" | "jobs.cancel" => ("", None),
        _ => ("", None),
    };
    (query.to_owned(), body)
}

/// The table's row that a route belongs to: mostly its own id.
pub fn operation(id: &str) -> &str {
    match id {
        "events.count" | "events.facets" | "events.histogram" => "events.search",
        "persons.pattern" => "persons.read",
        "erasures.read" => "erasures.list",
        "roles.explain" => "roles.read",
        "masking.fields" => "masking.list",
        "sources.keys.revoke" => "sources.keys",
        "searches.remove" => "searches.update",
        "searches.deliver.end" => "searches.deliver",
        token if token.starts_with("service_accounts.tokens.") => "service_accounts.tokens",
        own if own.starts_with("own.tokens.") => "own.tokens",
        own if own.starts_with("own.factors.") => "own.factors",
        "own.sign_out.one" => "own.sign_out",
        "index.rebuild.cancel" => "index.rebuild",
        other => other,
    }
}

/// The roles, and what each may of every row.
pub fn table() -> (Vec<&'static str>, BTreeMap<&'static str, Vec<&'static str>>) {
    let mut lines = TABLE.lines();
    let roles = lines.next().unwrap().split(',').skip(1).collect();
    (roles, lines.map(|l| l.split_once(',').unwrap()).map(|(o, cells)| (o, cells.split(',').collect())).collect())
}

async fn every_role_meets_every_operation(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let (roles, table) = table();
    let people =
        house.file("people.csv", "employee_id,name,email,title,zone,department,manager_employee_id,from,until,accounts\n1,Dana,,,,Sales,,2020-01-01,,dana\n");
    house.run(&["directory", "import", people.to_str().unwrap()]);
    let of_departments = ["external_auditor", "access_owner", "department_lead"];
    let emails: Vec<String> = roles.iter().map(|role| house.member(role, if of_departments.contains(role) { &["Sales"] } else { &[] })).collect();
    house.serve().await;

    let mut members = Vec::new();
    for email in &emails {
        members.push(house.signed_in(email).await);
    }
    let document = members[0].get("/openapi.json").await.ok();
    let (mut met, mut cells, mut faults) = (BTreeSet::new(), 0, Vec::new());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let id = described["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operation id"));
            let (query, body) = sample(id);
            let method: Method = method.to_uppercase().parse().unwrap();
            let address = path.trim_start_matches("/api/v1").split('/').map(|part| match part {
                "{position}" => "activity.0:0",
                part if part.starts_with('{') => NOTHING,
                part => part,
            });
            let address = address.collect::<Vec<_>>().join("/") + &query;
            if OPEN.contains(&id) {
                continue;
            }
            let operation = operation(id);
            let row = table.get(operation).unwrap_or_else(|| panic!("'{id}' has no row in the table"));
            met.insert(operation);
            let stranger = house.stranger().call(method.clone(), &address, body.clone()).await.status;
            if stranger != 401 {
                faults.push(format!("{id}: a stranger got {stranger}"));
            }
            if id == "events.live" {
                // It never ends: whether it begins is asked by the live tests.
                continue;
            }
            for ((role, cell), member) in roles.iter().zip(row).zip(&mut members) {
                cells += 1;
                let answer = member.call(method.clone(), &address, body.clone()).await;
                let refused = answer.status == 403;
                if refused != (*cell == "no") || answer.status == 401 || answer.status >= 500 {
                    faults.push(format!("{id} as {role}: the table says {cell}, the server {} {}", answer.status, answer.body));
                }
            }
        }
    }
    let unmet: Vec<_> = table.keys().filter(|o| !met.contains(**o) && !ELSEWHERE.contains(o)).collect();
    println!("{set_up:?}: {} operations x {} roles, {cells} cells over HTTP, {} faults", met.len(), roles.len(), faults.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(unmet.is_empty(), "rows that no route meets: {unmet:?}");
}
