//! Coming in by the company's own sign-in, at a real OpenID Connect provider of others' making (npm oidc-provider) as a process of its own.

use crate::{
    client::{Answer, Client},
    house::{House, SetUp, eventually},
    on_both, probe,
};
use reqwest::{Method, Response, Url, header, redirect::Policy};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

on_both!(a_group_of_the_company_lets_in, what_the_company_vouches_with_stays_inside);

struct Provider {
    child: Child,
    url: String,
}

impl Provider {
    async fn start(house: &House) -> Self {
        let packages = PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/veritrail/oidc");
        assert!(packages.join("node_modules/oidc-provider").exists(), "run ./scripts/test-tools.sh, which installs oidc-provider");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let person = |email: &str, groups: &[&str]| json!({ "email": email, "email_verified": true, "name": "Ann Archer", "groups": groups });
        let accounts = json!({
            "ann": person("ann@example.org", &["everybody", "crm-auditors"]),
            "bob": person("bob@example.org", &["everybody"]),
            "eve": person("eve@example.org", &["crm-auditors", "crm-admins"]),
        });
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/oidc/provider.mjs");
        let mut command = Command::new("node");
        command.arg(script).arg(port.to_string()).arg(format!("{}/provider", house.url)).arg(accounts.to_string());
        let child = command
            .env("VERITRAIL_OIDC", packages)
            .env("VERITRAIL_OIDC_GAVE", house.folder.path().join("gave.ndjson"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let known = format!("{url}/.well-known/openid-configuration");
        eventually("the provider", Duration::from_secs(30), async || reqwest::get(&known).await.ok().filter(|a| a.status().is_success()).map(drop)).await;
        Self { child, url }
    }

    /// Signs in there as this person, like a browser that is sent; the code and the state it is sent back with.
    async fn visit(&self, begin: &str, login: &str) -> (String, String) {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let mut cookies: BTreeMap<String, String> = BTreeMap::new();
        let mut next = (begin.to_owned(), None);
        for _ in 0..12 {
            let (url, form): (String, Option<&str>) = next.clone();
            let jar = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
            let request = http.request(if form.is_some() { Method::POST } else { Method::GET }, &url).header(header::COOKIE, jar);
            let request = match form {
                Some(form) => request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned()),
                None => request,
            };
            let answer = request.send().await.unwrap();
            keep(&mut cookies, &answer);
            if let Some(place) = answer.headers().get(header::LOCATION) {
                let place = Url::parse(&url).unwrap().join(place.to_str().unwrap()).unwrap();
                if place.path() == "/provider" {
                    let given: BTreeMap<String, String> = place.query_pairs().into_owned().collect();
                    return (given["code"].clone(), given["state"].clone());
                }
                next = (place.to_string(), None);
                continue;
            }
            let page = answer.text().await.unwrap();
            let form: &'static str = match (page.contains("name=\"login\""), login) {
                (true, "ann") => "prompt=login&login=ann&password=x",
                (true, "bob") => "prompt=login&login=bob&password=x",
                (true, _) => "prompt=login&login=eve&password=x",
                (false, _) => "prompt=consent",
            };
            next = (url, Some(form));
        }
        panic!("the provider sends round and round");
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep(cookies: &mut BTreeMap<String, String>, answer: &Response) {
    for set in answer.headers().get_all(header::SET_COOKIE) {
        let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
        cookies.insert(name.to_owned(), value.to_owned());
    }
}

/// All the way, in one browser.
async fn come(house: &House, provider: &Provider, login: &str) -> (Client, Answer) {
    let mut browser = house.stranger();
    let begun = browser.post("/session/provider/begin", json!({})).await.ok();
    let (code, state) = provider.visit(begun["url"].as_str().unwrap(), login).await;
    let answer = browser.post("/session/provider", json!({ "code": code, "state": state })).await;
    (browser, answer)
}

/// The company's provider, as the house is told of it.
async fn vouching(house: &mut House) -> Provider {
    let provider = Provider::start(house).await;
    house.set("OIDC__ISSUER", &provider.url);
    house.set("OIDC__CLIENT_ID", "veritrail");
    house.set("OIDC__CLIENT_SECRET", "a secret of a test");
    house.set("OIDC__ALLOW_PRIVATE", true);
    provider
}

async fn a_group_of_the_company_lets_in(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let provider = vouching(&mut house).await;
    house.set("SIGN_IN__GROUPS", "crm-auditors = auditor,crm-admins = administrator");
    house.member("administrator", &[]);
    house.serve().await;
    assert_eq!(house.stranger().get("/first-run").await.ok()["provider"], "Company account");

    let (mut ann, entered) = come(&house, &provider, "ann").await;
    let session = entered.ok();
    assert_eq!((&session["member"]["role"], &session["member"]["email"]), (&json!("auditor"), &json!("ann@example.org")), "{session}");
    let trail = ann.get("/self?operation=session.create").await.ok();
    assert_eq!((&trail["items"][0]["detail"]["new_member"], &trail["items"][0]["detail"]["group"]), (&json!(true), &json!("crm-auditors")));
    // The same person once more is the same member.
    let (_, again) = come(&house, &provider, "ann").await;
    assert_eq!(again.ok()["member"]["id"], session["member"]["id"]);

    let (_, nobody) = come(&house, &provider, "bob").await;
    assert!(nobody.problem(401).contains("none of your groups"), "{}", nobody.body);
    let (_, both) = come(&house, &provider, "eve").await;
    assert!(both.problem(401).contains("auditor") && both.body.to_string().contains("administrator"), "{}", both.body);
    let refused = ann.get("/self?operation=session.create").await.ok();
    assert_eq!(refused["items"].as_array().unwrap().iter().filter(|a| a["outcome"] == "failure").count(), 2);

    // A code is redeemed once, in the browser that was sent, with the state it was sent with.
    let mut browser = house.stranger();
    let begun = browser.post("/session/provider/begin", json!({})).await.ok();
    let (code, state) = provider.visit(begun["url"].as_str().unwrap(), "ann").await;
    let mut thief = house.stranger();
    thief.post("/session/provider", json!({ "code": code, "state": state })).await.problem(401);
    thief.post("/session/provider/begin", json!({})).await.ok();
    thief.post("/session/provider", json!({ "code": code, "state": state })).await.problem(401);
    let mut copy = browser.clone();
    copy.clone().post("/session/provider", json!({ "code": code, "state": "another" })).await.problem(401);
    browser.post("/session/provider", json!({ "code": code, "state": state })).await.ok();
    copy.post("/session/provider", json!({ "code": code, "state": state })).await.problem(401);

    // Without the provider passwords still let in, and the reason is said.
    drop(provider);
    house.stop().await;
    house.serve().await;
    house.stranger().post("/session/provider/begin", json!({})).await.problem(503);
    house.signed_in("administrator@example.org").await;
    assert!(!house.log().contains("a secret of a test"), "the log holds the client's secret");
}

/// The tokens that the provider gives are in no answer, no log and nothing that is kept.
async fn what_the_company_vouches_with_stays_inside(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let provider = vouching(&mut house).await;
    house.set("SIGN_IN__GROUPS", "crm-auditors = auditor");
    house.set("LOG__FILTER", "debug");
    house.serve().await;
    let http = reqwest::Client::new();
    let call = async |method: Method, path: &str, cookies: &BTreeMap<String, String>, body: Option<Value>| {
        let jar = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
        let request = http.request(method, format!("{}/api/v1{path}", house.url)).header("x-veritrail", "1").header(header::COOKIE, jar);
        let request = body.into_iter().fold(request, |request, body| request.json(&body));
        request.send().await.unwrap()
    };
    let (mut cookies, mut answers) = (BTreeMap::new(), String::new());
    let begun = call(Method::POST, "/session/provider/begin", &cookies, Some(json!({}))).await;
    keep(&mut cookies, &begun);
    let begun: Value = begun.json().await.unwrap();
    let (code, state) = provider.visit(begun["url"].as_str().unwrap(), "ann").await;
    let mut heard = async |answer: Response, cookies: &mut BTreeMap<String, String>| {
        keep(cookies, &answer);
        assert!(answer.status().is_success(), "{}", answer.status());
        answers.push_str(&format!("{:?}", answer.headers()));
        answers.push_str(&answer.text().await.unwrap());
    };
    heard(call(Method::POST, "/session/provider", &cookies, Some(json!({ "code": code, "state": state }))).await, &mut cookies).await;
    for path in ["/session", "/me/account", "/self?limit=200", "/members", "/first-run", "/ledgers", "/digests"] {
        heard(call(Method::GET, path, &cookies, None).await, &mut cookies).await;
    }
    assert!(answers.contains("ann@example.org"), "{answers}");

    let gave = std::fs::read_to_string(house.folder.path().join("gave.ndjson")).unwrap();
    let gave: Vec<Value> = gave.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let tokens: Vec<&str> = gave.iter().flat_map(|g| ["access_token", "id_token"].map(|name| g[name].as_str().unwrap())).collect();
    assert!(tokens.len() == 2 && tokens[1].starts_with("eyJ"), "{gave:?}");
    let (log, kept) = (house.log(), probe::of(&house).await);
    assert!(log.contains("DEBUG") && kept.finds("ann"), "there is a log, and the probe finds what is kept");
    for token in &tokens {
        // A part of a token would do to find it: what is kept may be cut.
        let part = &token[..token.len().min(40)];
        assert!(!answers.contains(part), "an answer holds a token of the provider");
        assert!(!log.contains(part), "the log holds a token of the provider");
        assert_eq!(kept.places(part), Vec::<&str>::new(), "a token of the provider is kept");
    }
}
