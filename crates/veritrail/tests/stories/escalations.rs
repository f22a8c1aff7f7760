//! What curious colleagues and attackers try with an account of their own: each attempt is refused, gives nothing away, and stands in the own trail.

use crate::{
    client::Client,
    house::{House, SetUp, eventually},
    on_both,
    records::{act, ndjson},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const PEOPLE: &str = "employee_id,name,email,title,zone,department,manager_employee_id,from,until,accounts
1,Dana Kim,dana@example.org,Seller,Europe/Berlin,Sales,,2020-01-01,,dana
2,Emil Roth,emil@example.org,Clerk,Europe/Berlin,Finance,,2020-01-01,,emil
";
const SOON: Duration = Duration::from_secs(30);
/// Words that only the other department's events hold.
const FOREIGN: [&str; 4] = ["emil", "Emil", "198.51.100.77", "Contact other"];

on_both!(ten_attempts_are_refused_and_recorded);

/// The own trail as an auditor reads it.
struct Trail(Client);

impl Trail {
    /// The newest act of this member with this operation.
    async fn last(&mut self, member: &str, operation: &str) -> Value {
        let acts = self.0.get(&format!("/self?operation={operation}&limit=50")).await.ok();
        let acts = acts["items"].as_array().unwrap().clone();
        acts.into_iter().find(|a| a["member"]["name"] == member).unwrap_or_else(|| panic!("no {operation} of {member} is recorded"))
    }

    async fn refused(&mut self, member: &str, operation: &str) {
        let act = self.last(member, operation).await;
        assert_eq!(act["outcome"], "failure", "{act}");
    }
}

async fn file(who: &Client, path: &str, body: Value) -> String {
    let mut asks = who.clone();
    let job = asks.post(path, body).await.ok()["id"].as_str().unwrap().to_owned();
    eventually("the job", SOON, async || (who.clone().get(&format!("/jobs/{job}")).await.ok()["state"] == "done").then_some(())).await;
    String::from_utf8_lossy(&who.file(&format!("/jobs/{job}/file")).await).into_owned()
}

fn nothing_foreign(what: &str, text: &str) {
    for word in FOREIGN {
        assert!(!text.contains(word), "{what} holds {word}: {text}");
    }
}

async fn ten_attempts_are_refused_and_recorded(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let people = house.file("people.csv", PEOPLE);
    let key = house.source("desk", "generic", &[]);
    house.run(&["directory", "import", people.to_str().unwrap()]);
    let [analyst, auditor, administrator, officer] = ["analyst", "auditor", "administrator", "privacy_officer"].map(|role| house.member(role, &[]));
    let [lead, outside] = ["department_lead", "external_auditor"].map(|role| house.member(role, &["Sales"]));
    house.serve().await;
    let mut other = act("other", "emil", "export", 2);
    other["address"] = "198.51.100.77".into();
    house.stranger().push("desk", &key, "application/x-ndjson", ndjson(&[act("mine", "dana", "export", 3), other])).await.unwrap().ok();
    let mut trail = Trail(house.signed_in(&auditor).await);
    let mut lead = house.signed_in(&lead).await;
    let mut outside = house.signed_in(&outside).await;
    let found = async || Some(lead.clone().get("/events?from=-1h").await.ok()).filter(|p| p["items"].as_array().is_some_and(|i| !i.is_empty()));
    let page = eventually("the own department's event", SOON, found).await;
    let foreign = if page["items"][0]["position"] == "activity.0:0" { "activity.0:1" } else { "activity.0:0" };

    // 1: another department's event by its number, and its proof.
    let answer = lead.get(&format!("/events/{foreign}")).await;
    nothing_foreign("the refusal", answer.problem(404));
    lead.get(&format!("/events/{foreign}/proof")).await.problem(404);
    assert_eq!(trail.last("department_lead", "events.read").await["target"], format!("event:{foreign}"));
    // 2: by search, its filters and its counts.
    let departments = trail.0.get("/departments").await.ok();
    let finance = departments["items"].as_array().unwrap().iter().find(|d| d["name"] == "Finance").unwrap()["id"].as_str().unwrap().to_owned();
    for query in [format!("from=-1h&filter=department:{finance}"), "from=-1h&filter=address:198.51.100.77".to_owned()] {
        let (events, count) = (lead.get(&format!("/events?{query}")).await, lead.get(&format!("/events/count?{query}")).await);
        assert!(events.status == 422 || events.body["items"] == json!([]), "{query}: {}", events.body);
        assert!(count.status == 422 || count.body["count"] == 0, "{query}: {}", count.body);
    }
    assert!(trail.last("department_lead", "events.search").await["detail"].to_string().contains("198.51.100.77"), "what was asked is recorded");
    // 3: by export, and by a pack of evidence.
    lead.post("/exports", json!({ "format": "csv", "query": "from=-1h" })).await.problem(403);
    trail.refused("department_lead", "exports.create").await;
    nothing_foreign("an export", &file(&outside, "/exports", json!({ "format": "ndjson", "query": "from=-1h" })).await);
    assert_eq!(trail.last("external_auditor", "exports.create").await["outcome"], "success");
    // 4: the job of somebody else, and its file.
    let mut analyst = house.signed_in(&analyst).await;
    let job = analyst.post("/exports", json!({ "format": "csv", "query": "from=-1h" })).await.ok()["id"].as_str().unwrap().to_owned();
    outside.get(&format!("/jobs/{job}")).await.problem(404);
    outside.get(&format!("/jobs/{job}/file")).await.problem(404);
    assert_eq!(trail.last("external_auditor", "jobs.file").await["target"], format!("job:{job}"));
    // 5: an administrator who would be auditor too, and one who would read the trail.
    let mut administrator = house.signed_in(&administrator).await;
    let members = administrator.get("/members").await.ok();
    let id = |name: &str| members["items"].as_array().unwrap().iter().find(|m| m["name"] == name).unwrap()["id"].as_str().unwrap().to_owned();
    let own = administrator.call(Method::PATCH, &format!("/members/{}", id("administrator")), Some(json!({ "role": "auditor" }))).await;
    assert!(own.problem(422).contains("nobody gives himself another role"), "{}", own.body);
    trail.refused("administrator", "members.update").await;
    administrator.get("/events?from=-1h").await.problem(403);
    trail.refused("administrator", "events.search").await;
    // 6: the approval of one's own reveal.
    let at = page["items"][0]["position"].as_str().unwrap();
    let asked = analyst.post(&format!("/events/{at}/reveal"), json!({ "fields": ["raw.actor"], "reason": "Case 17" })).await.ok();
    analyst.post(&format!("/reveals/{}/decision", asked["id"].as_str().unwrap()), json!({ "approve": true })).await.problem(403);
    trail.refused("analyst", "reveals.decide").await;
    // 7: a privacy officer who asks for himself what he would approve.
    let mut officer = house.signed_in(&officer).await;
    officer.post(&format!("/events/{at}/reveal"), json!({ "fields": ["raw.actor"], "reason": "Case 17" })).await.problem(403);
    trail.refused("privacy_officer", "events.reveal").await;
    // 8: an API token beyond what it is for.
    let token =
        analyst.post("/me/tokens", json!({ "name": "SIEM", "operations": ["events.search"], "days": 1 })).await.ok()["token"].as_str().unwrap().to_owned();
    let program = async |path: &str| {
        let request = reqwest::Client::new().get(format!("{}/api/v1{path}", house.url)).bearer_auth(&token);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!((program("/events?from=-1h").await, program("/alerts").await), (200, 403));
    trail.refused("analyst", "alerts.list").await;
    // 9: an external auditor whose time is over, in the session he has.
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3);
    let over = administrator.call(Method::PATCH, &format!("/members/{}", id("external_auditor")), Some(json!({ "until": until.to_string() }))).await;
    over.ok();
    outside.get("/events?from=-1h").await.ok();
    tokio::time::sleep(Duration::from_secs(4)).await;
    outside.get("/events?from=-1h").await.problem(401);
    trail.refused("external_auditor", "session.refused").await;
    let why = administrator.get(&format!("/members/{}/rights?operation=events.search", id("external_auditor"))).await.ok();
    assert_eq!((&why["width"], &why["policies"][0]), (&json!("no"), &json!("nobody-deactivated-or-expired")), "{why}");
    // 10: a member whose access was switched off, in the session he has; his token too.
    administrator.call(Method::PATCH, &format!("/members/{}", id("analyst")), Some(json!({ "active": false }))).await.ok();
    analyst.get("/events?from=-1h").await.problem(401);
    assert_eq!(program("/events?from=-1h").await, 401);
    let off = trail.last("administrator", "members.update").await;
    assert_eq!((&off["outcome"], &off["target"]), (&json!("success"), &json!(format!("member:{}", id("analyst")))), "{off}");
    // And from a page elsewhere, with the cookie of somebody signed in.
    for (origin, header) in [(Some("https://elsewhere.example"), true), (None, false)] {
        assert_eq!(administrator.from_elsewhere("/members/invitations", origin, header).await, 403);
    }
}

/// Scripts and styles that somebody slips into a page are not run: the policy lets in the built files, and styles with this answer's nonce.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_runs_nothing_that_is_not_its_own() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    house.serve().await;
    let mut nonces = Vec::new();
    for path in ["/", "/roles", "/index.html"] {
        let answer = reqwest::get(format!("{}{path}", house.url)).await.unwrap();
        assert_eq!(answer.status(), 200, "the pages are built before this test: cd web && npm ci && npm run build");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(!policy.contains("unsafe") && policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
        let nonce = policy.split_once("'nonce-").unwrap().1.split('\'').next().unwrap().to_owned();
        assert!(answer.text().await.unwrap().contains(&format!("nonce=\"{nonce}\"")), "the page knows its nonce");
        nonces.push(nonce);
    }
    assert!(nonces[0] != nonces[1] && nonces[1] != nonces[2] && nonces[0].len() >= 32, "{nonces:?}");
    let api = reqwest::get(format!("{}/api/v1/openapi.json", house.url)).await.unwrap();
    assert!(!api.headers()["content-security-policy"].to_str().unwrap().contains("nonce"));
}
