//! A directory that keeps members and groups over SCIM 2.0, with the token of a service account.

use crate::{
    house::{House, PASSWORD, SetUp},
    on_both,
};
use reqwest::Method;
use serde_json::{Value, json};

on_both!(a_directory_gives_roles_and_takes_access_away);

struct Directory {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Directory {
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}/scim/v2{path}", self.url)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/scim+json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn ok(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, body) = self.call(method, path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {body}");
        body
    }
}

async fn a_directory_gives_roles_and_takes_access_away(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    house.set("SIGN_IN__GROUPS", "crm-auditors = auditor,crm-analysts = analyst");
    let [admin, auditor, ann] = ["administrator", "auditor", "analyst"].map(|role| house.member(role, &[]));
    house.serve().await;
    let mut admin = house.signed_in(&admin).await;
    let mut auditor = house.signed_in(&auditor).await;
    let me = admin.get("/session").await.ok()["member"]["id"].as_str().unwrap().to_owned();
    let account = admin.post("/service-accounts", json!({ "name": "directory", "owner": me })).await.ok()["id"].as_str().unwrap().to_owned();
    let token = json!({ "name": "SCIM", "operations": ["members.provision"], "days": 90 });
    let token = admin.post(&format!("/service-accounts/{account}/tokens"), token).await.ok()["token"].as_str().unwrap().to_owned();
    let directory = Directory { http: reqwest::Client::new(), url: house.url.clone(), token };
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);

    // Without a token, with a wrong one, and with one for something else.
    for token in ["", "vta_0190000000007000800000000000dead_x"] {
        let stranger = Directory { http: reqwest::Client::new(), url: house.url.clone(), token: token.into() };
        let (status, body) = stranger.call(get.clone(), "/Users", None).await;
        assert_eq!((status, &body["schemas"][0]), (401, &json!("urn:ietf:params:scim:api:messages:2.0:Error")), "{body}");
    }
    let analyst = house.signed_in(&ann).await.post("/me/tokens", json!({ "name": "k", "operations": ["events.search"], "days": 1 })).await.ok();
    let beyond = Directory { http: reqwest::Client::new(), url: house.url.clone(), token: analyst["token"].as_str().unwrap().into() };
    assert_eq!(beyond.call(get.clone(), "/Users", None).await.0, 403);

    // Who is there already is found and adopted, as directories do.
    let found = directory.ok(get.clone(), "/Users?filter=userName%20eq%20%22ANALYST@example.org%22", None).await;
    assert_eq!((&found["totalResults"], &found["Resources"][0]["roles"][0]["value"]), (&json!(1), &json!("analyst")), "{found}");
    let ann_id = found["Resources"][0]["id"].as_str().unwrap().to_owned();
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "externalId": "e-7", "userName": "new@example.org", "active": true,
        "name": { "givenName": "Nia", "familyName": "Nash" }, "emails": [{ "value": "new@example.org", "primary": true }]
    });
    let created = directory.ok(post.clone(), "/Users", Some(user.clone())).await;
    let new = created["id"].as_str().unwrap().to_owned();
    assert_eq!((&created["displayName"], &created["externalId"], &created["active"]), (&json!("Nia Nash"), &json!("e-7"), &json!(true)));
    let (status, twice) = directory.call(post.clone(), "/Users", Some(user)).await;
    assert_eq!((status, &twice["scimType"]), (409, &json!("uniqueness")), "{twice}");

    // A group gives its role; a member's sessions under another role end.
    let mut signed_in = house.signed_in(&ann).await;
    let group = json!({ "displayName": "crm-auditors", "members": [{ "value": ann_id }, { "value": new }] });
    let group = directory.ok(post, "/Groups", Some(group)).await["id"].as_str().unwrap().to_owned();
    assert_eq!(directory.ok(get.clone(), &format!("/Users/{new}"), None).await["roles"][0]["value"], "auditor");
    signed_in.get("/session").await.problem(401);
    assert_eq!(house.signed_in(&ann).await.get("/session").await.ok()["member"]["role"], "auditor");
    let leaves = json!({ "Operations": [{ "op": "remove", "path": format!("members[value eq \"{ann_id}\"]") }] });
    directory.ok(patch.clone(), &format!("/Groups/{group}"), Some(leaves)).await;
    assert_eq!(directory.ok(get.clone(), &format!("/Users/{ann_id}"), None).await["roles"][0]["value"], "employee");

    // Taken away in the directory: the live session ends at once, and nobody comes in by the password any more. The last administrator stays.
    let mut live = house.signed_in(&ann).await;
    live.get("/session").await.ok();
    directory.ok(delete.clone(), &format!("/Users/{ann_id}"), None).await;
    live.get("/me/activity?from=-1h").await.problem(401);
    house.stranger().post("/session", json!({ "email": ann, "password": PASSWORD })).await.problem(401);
    assert_eq!(directory.ok(get.clone(), &format!("/Users/{ann_id}"), None).await["active"], false, "nobody is deleted");
    assert_eq!(directory.call(delete, &format!("/Users/{me}"), None).await.0, 409);

    // The trail names the program, and what went before.
    let acts = auditor.get("/self?operation=members.provision&limit=100").await.ok();
    let acts = acts["items"].as_array().unwrap();
    assert!(acts.iter().all(|a| a["member"]["name"] == "directory" || a["outcome"] == "failure"));
    let taken = acts.iter().find(|a| a["target"] == format!("member:{ann_id}") && a["outcome"] == "success").unwrap();
    assert_eq!((&taken["detail"]["before"]["active"], &taken["detail"]["after"]["active"]), (&json!(true), &json!(false)));
    let refused = auditor.get("/self?operation=session.create&limit=20").await.ok();
    assert!(refused["items"].as_array().unwrap().iter().any(|a| a["outcome"] == "failure" && a["member"]["id"] == ann_id));
}
