//! What a scanner or an auditor of the server itself would try: forms of answers, strange requests, errors from the inside.

use crate::{
    house::{House, SetUp, eventually},
    records::{act, ndjson},
};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::{process::Command, process::Stdio, time::Duration};
use store::sql::{Database, Handle};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The first line of the answer to bytes sent as they are.
async fn raw(house: &House, request: &str) -> String {
    let mut stream = TcpStream::connect(house.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer[..read]).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_say_what_they_are() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    house.set("METRICS__TOKEN", "a token for metrics");
    let (analyst, key) = (house.member("analyst", &[]), house.source("desk", "generic", &[]));
    house.serve().await;
    let http = reqwest::Client::new();
    let get = async |path: &str| http.get(format!("{}{path}", house.url)).send().await.unwrap();
    let said = |answer: &reqwest::Response, name: &str| answer.headers().get(name).and_then(|h| h.to_str().ok()).unwrap_or_default().to_owned();
    for (path, form) in [("/", "text/html; charset=utf-8"), ("/health", "application/json"), ("/icon.svg", "image/svg+xml; charset=utf-8")] {
        let answer = get(path).await;
        assert_eq!((answer.status(), said(&answer, "content-type").as_str()), (StatusCode::OK, form), "{path}");
        let policy = said(&answer, "content-security-policy");
        assert!(policy.contains("object-src 'none'") && policy.contains("base-uri 'none'"), "{path}: {policy}");
    }

    // Nobody unknown learns what there is, or how it does.
    assert_eq!(get("/api/v1/openapi.json").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(get("/metrics").await.status(), StatusCode::UNAUTHORIZED);
    let metrics = async |token: &str| http.get(format!("{}/metrics", house.url)).bearer_auth(token).send().await.unwrap().status();
    assert_eq!((metrics("another").await, metrics("a token for metrics").await), (StatusCode::UNAUTHORIZED, StatusCode::OK));

    // A file is a file, whatever is in it.
    let mut analyst = house.signed_in(&analyst).await;
    let markup = "<script>alert(1)</script>";
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[act("m1", markup, "view", 1)])).await.unwrap().ok();
    eventually("it is found", Duration::from_secs(10), async || (analyst.get("/events/count?from=-1h").await.body["count"] == 1).then_some(())).await;
    let job = analyst.post("/exports", json!({ "query": "from=-1h", "format": "csv" })).await.ok()["id"].as_str().unwrap().to_owned();
    let done = async || {
        let jobs = analyst.clone().get("/jobs").await.ok();
        jobs["items"].as_array().unwrap().iter().any(|j| j["id"] == job.as_str() && j["state"] == "done").then_some(())
    };
    eventually("the export is done", Duration::from_secs(20), done).await;
    let file = analyst.response(&format!("/jobs/{job}/file")).await;
    let disposition = said(&file, "content-disposition");
    assert!(disposition.starts_with("attachment; filename=") && !disposition.contains('/') && !disposition.contains('<'), "{disposition}");
    assert_eq!(said(&file, "x-content-type-options"), "nosniff");
    let events = analyst.response("/events?from=-1h").await;
    assert_eq!((said(&events, "content-type").as_str(), said(&events, "x-content-type-options").as_str()), ("application/json", "nosniff"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strange_requests_are_refused_or_taken_literally() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    let [admin, analyst, auditor] = ["administrator", "analyst", "auditor"].map(|role| house.member(role, &[]));
    house.serve().await;
    let [mut admin, mut analyst, mut auditor] = [house.signed_in(&admin).await, house.signed_in(&analyst).await, house.signed_in(&auditor).await];

    let trace = raw(&house, "TRACE / HTTP/1.1\r\nHost: veritrail\r\n\r\n").await;
    assert!(trace.contains("405"), "{trace}");
    let twice = raw(&house, "POST /api/v1/session HTTP/1.1\r\nHost: veritrail\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}").await;
    assert!(twice.contains("400"), "lengths that contradict each other: {twice}");
    let chunked = raw(&house, "POST /api/v1/session HTTP/1.1\r\nHost: veritrail\r\nTransfer-Encoding: gzip, identity\r\n\r\n{}").await;
    assert!(chunked.contains("400"), "an end that nobody can know: {chunked}");

    // Values are values, to the database and to whoever reads them.
    let title = "Robert'); DROP TABLE sources; -- \" % _ \\";
    let made = admin.post("/sources", json!({ "name": "desk", "connector": "generic", "title": title, "settings": {} })).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(admin.get("/sources").await.ok()["items"][0]["title"], title);
    for quoted in ["'", "%27%20OR%201%3D1%20--", "%22%3B%20DELETE%20FROM%20members%3B"] {
        assert_eq!(analyst.get(&format!("/events/count?from=-1h&q={quoted}")).await.ok()["count"], 0, "{quoted}");
        assert_eq!(auditor.get(&format!("/self?operation={quoted}")).await.ok()["items"].as_array().unwrap().len(), 0, "{quoted}");
    }
    // Decoded once.
    analyst.get("/events/count?from=-1h&q=%2541bc").await.ok();
    let acts = auditor.get("/self?operation=events.search&limit=5").await.ok().to_string();
    assert!(acts.contains("%41bc") && !acts.contains("q=Abc"), "{acts}");
    // A field too many is refused, not passed over.
    let too_many = admin.post("/sources", json!({ "name": "other", "connector": "generic", "title": "Other", "settings": {}, "owner": "me" })).await;
    assert!((400..500).contains(&too_many.status) && too_many.body.to_string().contains("owner"), "{} {}", too_many.status, too_many.body);
    assert_eq!(admin.get("/sources").await.ok()["items"].as_array().unwrap().len(), 1);
    // No method but the written one changes anything.
    assert_eq!(admin.call(Method::GET, "/session", None).await.status, 200);
    assert_eq!(admin.call(Method::PUT, "/sources", Some(json!({}))).await.status, 405);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_of_the_inside_tells_nothing_of_it() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    house.set("LOG__FORMAT", "json");
    let analyst = house.member("analyst", &[]);
    house.serve().await;
    let mut analyst = house.signed_in(&analyst).await;
    let data = house.setting("DATA__DIRECTORY").unwrap();
    let records = Database::open(&format!("sqlite://{data}/records.sqlite?mode=rw"), "records").await.unwrap();
    records.execute("ALTER TABLE jobs RENAME TO jobs_gone", vec![]).await.unwrap();
    let broken = analyst.get("/jobs").await;
    let detail = broken.problem(500).to_owned();
    assert!(!detail.contains("jobs") && !detail.contains("table") && !detail.contains("SELECT"), "{detail}");
    let log = house.log();
    assert!(log.contains("no such table"), "whoever runs it reads the cause: {log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "a line of the log is no JSON: {line}");
    }
    records.execute("ALTER TABLE jobs_gone RENAME TO jobs", vec![]).await.unwrap();
    assert_eq!(analyst.get("/jobs").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_count_as_they_are_written() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    house.set("SIGN_IN__CONFIRM_SECS", 1);
    let long = format!("  {} Äpfel \u{1F34F} ", "Glass mountain seven otters ".repeat(3));
    assert!(long.chars().count() > 64);
    let add = |email: &str, password: &str| {
        let mut child = house.command(&["member", "add", email, "--name", "Ann", "--role", "analyst", "--password-stdin"]);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), password.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert!(add("ann@example.org", &long).0);
    for known in ["password1234", "qwertyuiop123", "veritrail2026", "bob@example.org", "123456789012", "iloveyou1234"] {
        let (taken, said) = add("bob@example.org", known);
        assert!(!taken && said.contains("too easy to guess"), "{known}: {said}");
    }
    house.serve().await;
    let sign_in = async |password: &str| house.stranger().post("/session", json!({ "email": "ann@example.org", "password": password })).await.status;
    assert_eq!(sign_in(&long).await, 200);
    for other in [long.trim().to_owned(), long.to_lowercase(), long.chars().take(64).collect(), long.replace("  ", " ")] {
        assert_eq!(sign_in(&other).await, 401, "{other:?}");
    }

    // A password, a factor and sessions change only soon after a proof of who it is.
    let mut ann = house.stranger();
    ann.post("/session", json!({ "email": "ann@example.org", "password": long })).await.ok();
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    let change = ann.post("/me/password", json!({ "password": "another forest of nine owls" })).await;
    assert_eq!((change.status, change.body["type"].as_str().unwrap_or_default().contains("reauthenticate")), (403, true), "{}", change.body);
    assert_eq!(ann.post("/session/confirm", json!({ "password": long })).await.status, 204);
    assert_eq!(ann.post("/me/password", json!({ "password": "another forest of nine owls" })).await.status, 204);
}

/// What comes from foreign pages, cannot be read, or comes too often is refused, and whoever runs it learns of it; however much of it comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_to_get_round_are_in_the_log_and_do_not_flood_it() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    house.set("LOG__FORMAT", "json");
    house.set("SERVER__REQUESTS_PER_MINUTE", 100);
    house.set("SERVER__PROXIES", "127.0.0.1");
    let analyst = house.member("analyst", &[]);
    house.source("desk", "generic", &[]);
    house.serve().await;
    let analyst = house.signed_in(&analyst).await;
    let http = reqwest::Client::new();
    let send = async |from: &str, path: &str, body: &'static str| {
        let request = http.post(format!("{}/api/v1{path}", house.url)).header("x-forwarded-for", from).header("x-veritrail", "1");
        request.header("content-type", "application/json").body(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(analyst.from_elsewhere("/searches", Some("https://evil.example"), true).await, 403);
    assert_eq!(analyst.from_elsewhere("/searches", None, false).await, 403);
    for _ in 0..40 {
        assert_eq!(send("203.0.113.1", "/session", "{\"email\":").await, 400);
    }
    assert_eq!(send("203.0.113.2", "/session", "{\"email\":\"a\",\"password\":\"b\",\"role\":\"administrator\"}").await, 422);
    let push = http.post(format!("{}/api/v1/ingest/desk", house.url)).header("x-forwarded-for", "203.0.113.3").bearer_auth("guessed").body("{}");
    assert_eq!(push.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let mut refused = 0;
    for _ in 0..300 {
        let answer = http.get(format!("{}/api/v1/first-run", house.url)).header("x-forwarded-for", "203.0.113.4").send().await.unwrap();
        refused += u32::from(answer.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 150, "{refused}");

    let told = |what: &str, from: &str| {
        let log = house.log();
        let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |line: &&serde_json::Value| {
            let fields = &line["fields"];
            line["level"] == "WARN" && fields["message"].as_str().is_some_and(|m| m.contains(what)) && fields["from"] == from
        };
        lines.iter().filter(of).cloned().collect::<Vec<_>>()
    };
    let foreign = told("it comes from elsewhere than our pages", "127.0.0.1");
    assert_eq!((foreign.len(), &foreign[0]["fields"]["status"], &foreign[0]["fields"]["route"]), (2, &json!(403), &json!("/api/v1/searches")), "{foreign:?}");
    assert_eq!(told("it cannot be read", "203.0.113.1").len(), 5, "40 of them are told in few lines");
    let another = told("it cannot be read", "203.0.113.2");
    assert_eq!((another.len(), &another[0]["fields"]["left_out"]), (1, &json!(35)), "which say how many they stand for: {another:?}");
    assert_eq!(told("its ingest key fits nothing", "203.0.113.3").len(), 1);
    assert_eq!(told("more come from there than are answered", "203.0.113.4").len(), 5);
    assert!(!house.log().contains("guessed"), "what was tried is not written");
}

/// No cipher of yesterday, whoever asks for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn weak_ciphers_are_refused() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    let (certificate, key) = crate::tls::certificate(&house);
    let address = house.url.trim_start_matches("http://").to_owned();
    house.set("SERVER__TLS_CERTIFICATE", certificate);
    house.set("SERVER__TLS_KEY", key);
    let http = reqwest::Client::builder().danger_accept_invalid_certs(true).build().unwrap();
    house.serve_at(&http, &format!("https://{address}")).await;
    let speaks = |cipher: &str| {
        let arguments = ["s_client", "-connect", &address, "-tls1_2", "-cipher", cipher, "-brief"];
        let said = Command::new("openssl").args(arguments).stdin(Stdio::null()).output().unwrap();
        said.status.success() && String::from_utf8_lossy(&said.stderr).contains("CONNECTION ESTABLISHED")
    };
    assert!(speaks("ECDHE-ECDSA-AES256-GCM-SHA384"));
    for weak in ["ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "DES-CBC3-SHA"] {
        assert!(!speaks(weak), "{weak}");
    }
}

/// Whoever may set up sources must not read the server's network and disk with them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_reaches_inside_only_what_the_configuration_lists() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    let admin = house.member("administrator", &[]);
    let folder = house.folder.path().display().to_string();
    let (logs, secret) = (format!("{folder}/logs"), format!("{folder}/secret.log"));
    std::fs::create_dir(&logs).unwrap();
    let line = "192.0.2.7 - - [27/Nov/2026:09:00:00 +0000] \"GET /canary HTTP/1.1\" 200 1 \"-\" \"x\"\n";
    [format!("{logs}/access.log"), secret.clone()].iter().for_each(|file| std::fs::write(file, line).unwrap());
    std::os::unix::fs::symlink(&secret, format!("{logs}/link.log")).unwrap();
    house.set("SOURCES__FOLDERS", &logs);
    house.serve().await;
    let mut admin = house.signed_in(&admin).await;
    let mut streams = async |database: &str, log: &str| {
        let settings = json!({ "database_url": database, "access_log": log });
        let report = admin.post("/sources/check", json!({ "connector": "creme", "settings": settings })).await.ok();
        let of = |stream: &str| report["streams"].as_array().unwrap().iter().find(|s| s["stream"] == stream).unwrap()["detail"].as_str().unwrap().to_owned();
        (of("historyline"), of("access_log"))
    };
    for inner in ["127.0.0.1:1", "localhost:1", "[::1]:1", "10.0.0.9", "169.254.169.254"] {
        let (database, _) = streams(&format!("postgres://a:canary@{inner}/crm"), &secret).await;
        assert!(database.contains("sources.reachable") && !database.contains("canary"), "{inner}: {database}");
    }
    for (url, path) in [
        ("sqlite:///etc/passwd", "/etc/passwd"),
        ("postgres://a@db/crm?host=/run/postgresql", "/run/postgresql"),
        ("postgres://a@1.1.1.1/crm?sslkey=/etc/shadow", "/etc/shadow"),
    ] {
        let (database, _) = streams(url, &secret).await;
        assert!(database.contains(path) && database.contains("sources.folders"), "{url}: {database}");
    }
    for (log, open) in [("access.log", true), ("link.log", false), ("../secret.log", false)] {
        let (_, said) = streams("sqlite:///nowhere", &format!("{logs}/{log}")).await;
        assert_eq!((said.contains("can be read"), said.contains("sources.folders")), (open, !open), "{log}: {said}");
    }
    // Saved without a check, it reads as little.
    let settings = json!({ "database_url": "sqlite:///nowhere", "access_log": secret });
    admin.post("/sources", json!({ "name": "crm", "connector": "creme", "title": "CRM", "settings": settings })).await.ok();
    let trouble = async || {
        let source = admin.clone().get("/sources").await.ok()["items"][0].clone();
        source.to_string().contains("sources.folders").then_some(source)
    };
    let source = eventually("the source says what it may not", Duration::from_secs(20), trouble).await;
    assert_eq!(source["events"].as_u64().unwrap_or(0), 0, "{source}");
}
