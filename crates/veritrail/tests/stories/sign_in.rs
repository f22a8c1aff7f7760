//! Coming in and staying in: second factors, sessions in lists, a fresh proof before a dangerous act.

use crate::{
    client::Client,
    house::{House, PASSWORD, SetUp},
    on_both,
};
use model::SECOND;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::Receiver;
use totp_rs::{Algorithm, Secret, TOTP};

on_both!(
    a_password_alone_does_not_do,
    a_dangerous_act_waits_for_a_fresh_proof,
    a_member_ends_his_sessions,
    a_forgotten_password_is_replaced_by_mail,
    a_program_does_what_its_token_is_for,
);

/// What the authenticator app shows now.
fn code(enrolment: &Value) -> String {
    let typed = enrolment["secret"].as_str().unwrap().replace(' ', "");
    let secret = Secret::Encoded(typed).to_bytes().unwrap();
    let now = u64::try_from(app::system_clock() / SECOND).unwrap();
    TOTP::new(Algorithm::SHA1, 6, 0, 30, secret).unwrap().generate(now)
}

async fn first_step(house: &House, email: &str, step: &str) -> Client {
    let mut client = house.stranger();
    let answer = client.post("/session", json!({ "email": email, "password": PASSWORD })).await;
    assert_eq!((answer.status, &answer.body["step"]), (202, &json!(step)), "{}", answer.body);
    client.get("/session").await.problem(401);
    client
}

async fn a_password_alone_does_not_do(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    house.set("SIGN_IN__SECOND_FACTOR", "administrator, privacy_officer");
    let (email, analyst) = (house.member("administrator", &[]), house.member("analyst", &[]));
    house.serve().await;
    house.signed_in(&analyst).await.get("/overview?from=-1h").await.ok();

    let mut admin = first_step(&house, &email, "enrol").await;
    admin.post("/session/code", json!({ "code": "000000" })).await.problem(401);
    let enrolment = admin.post("/session/enrolment", json!({})).await.ok();
    assert!(enrolment["uri"].as_str().unwrap().starts_with("otpauth://totp/Veritrail:administrator@example.org?secret="));
    let shown = json!({ "code": code(&enrolment) });
    house.stranger().post("/session/enrolment/confirm", shown.clone()).await.problem(401);
    let done = admin.post("/session/enrolment/confirm", shown.clone()).await.ok();
    assert_eq!((&done["session"]["member"]["role"], done["recovery_codes"].as_array().unwrap().len()), (&json!("administrator"), 10));
    assert_eq!(admin.get("/members").await.ok()["items"].as_array().unwrap().iter().filter(|m| m["second_factor"] == true).count(), 1);

    let mut again = first_step(&house, &email, "code").await;
    again.post("/session/enrolment", json!({})).await.problem(409);
    again.post("/session/code", shown).await.problem(401);
    let recovery = json!({ "code": done["recovery_codes"][0] });
    again.post("/session/code", recovery.clone()).await.ok();
    again.get("/members").await.ok();
    let mut third = first_step(&house, &email, "code").await;
    third.post("/session/code", recovery).await.problem(401);

    let account = again.get("/me/account").await.ok();
    assert_eq!((&account["recovery_codes_left"], &account["second_factor_needed"]), (&json!(9), &json!(true)));
    again.call(Method::DELETE, "/me/second-factor", None).await.ok();
    again.get("/members").await.problem(401);
    admin.get("/members").await.problem(401);
    first_step(&house, &email, "enrol").await;
}

async fn a_dangerous_act_waits_for_a_fresh_proof(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    house.set("SIGN_IN__CONFIRM_SECS", 3);
    let email = house.member("administrator", &[]);
    house.serve().await;
    let mut admin = house.signed_in(&email).await;
    let invite = |n: u8| json!({ "email": format!("new{n}@example.org"), "role": "analyst" });
    admin.post("/members/invitations", invite(1)).await.ok();
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    let refused = admin.post("/members/invitations", invite(2)).await;
    refused.problem(403);
    assert_eq!(refused.body["type"], "/problems/reauthenticate");
    admin.get("/members").await.ok();
    admin.post("/session/confirm", json!({ "password": "not his password" })).await.problem(422);
    admin.post("/members/invitations", invite(2)).await.problem(403);
    let mut before = admin.clone();
    admin.post("/session/confirm", json!({ "password": PASSWORD })).await.ok();
    assert_ne!(before.secret(), admin.secret(), "a proof gives the browser another cookie");
    before.get("/session").await.problem(401);
    admin.post("/members/invitations", invite(2)).await.ok();
    let invited = admin.get("/members").await.ok()["invitations"].as_array().unwrap().len();
    assert_eq!(invited, 2);
    // Another sign-in of the same browser ends the session it had.
    let mut before = admin.clone();
    admin.post("/session", json!({ "email": email, "password": PASSWORD })).await.ok();
    assert_ne!(before.secret(), admin.secret());
    before.get("/session").await.problem(401);
    admin.get("/session").await.ok();
}

async fn a_member_ends_his_sessions(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let (analyst, admin) = (house.member("analyst", &[]), house.member("administrator", &[]));
    house.serve().await;
    let (mut here, mut there) = (house.signed_in(&analyst).await, house.signed_in(&analyst).await);
    let sessions = here.get("/me/account").await.ok()["sessions"].as_array().unwrap().clone();
    assert_eq!((sessions.len(), sessions.iter().filter(|s| s["current"] == true).count()), (2, 1));
    assert!(sessions.iter().all(|s| s["address"] == "127.0.0.1"), "{sessions:?}");
    here.call(Method::DELETE, "/me/sessions", None).await.ok();
    there.get("/session").await.problem(401);
    let me = here.get("/session").await.ok()["member"]["id"].as_str().unwrap().to_owned();
    let mut admin = house.signed_in(&admin).await;
    admin.call(Method::DELETE, &format!("/members/{me}/sessions"), None).await.ok();
    here.get("/session").await.problem(401);
}

async fn a_forgotten_password_is_replaced_by_mail(set_up: SetUp) {
    let Some(post) = Receiver::start("smtp.py", &[]) else { return };
    let Some(mut house) = House::new(set_up).await else { return };
    house.set("MAIL__URL", format!("smtp://127.0.0.1:{}?tls=none", post.port));
    house.set("MAIL__FROM", "Veritrail <audit@example.org>");
    let known = house.file("known.txt", "a known pass phrase\n");
    house.set("SIGN_IN__BREACHED_PASSWORDS", known.display());
    let email = house.member("analyst", &[]);
    house.serve().await;
    let mut stranger = house.stranger();
    assert_eq!(stranger.get("/first-run").await.ok()["letters"], true);
    stranger.post("/password-resets", json!({ "email": "nobody@example.org" })).await.ok();
    stranger.post("/password-resets", json!({ "email": email })).await.ok();
    let mail = post.next();
    assert_eq!(mail["to"], json!([email]));
    assert!(post.quiet(), "nobody gets none");
    // Long lines are folded as quoted-printable.
    let text = mail["text"].as_str().unwrap().replace("=\r\n", "").replace("=\n", "");
    let link = text.split_whitespace().find(|word| word.contains("/password-reset#")).unwrap();
    let token = link.rsplit('#').next().unwrap();
    assert_eq!(stranger.post("/password-resets/offered", json!({ "token": token })).await.ok()["email"], email.as_str());
    let with = |password: &str| json!({ "token": token, "password": password });
    stranger.post("/password-resets/accept", with("a known pass phrase")).await.problem(422);
    stranger.post("/password-resets/accept", with("another pass phrase entirely")).await.ok();
    stranger.get("/overview?from=-1h").await.ok();
    house.stranger().post("/session", json!({ "email": email, "password": PASSWORD })).await.problem(401);
    house.stranger().post("/password-resets/accept", with("yet another pass phrase")).await.problem(404);
}

async fn a_program_does_what_its_token_is_for(set_up: SetUp) {
    let Some(mut house) = House::new(set_up).await else { return };
    let email = house.member("analyst", &[]);
    house.serve().await;
    let mut analyst = house.signed_in(&email).await;
    let asked = json!({ "name": "SIEM", "operations": ["events.search"], "days": 1 });
    let made = analyst.post("/me/tokens", asked).await.ok();
    let ask = async |token: &Value, path: &str| {
        let request = reqwest::Client::new().get(format!("{}/api/v1{path}", house.url)).bearer_auth(token.as_str().unwrap());
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(&made["token"], "/events?from=-1h").await, 200);
    for beyond in ["/alerts", "/me/account", "/self", "/live"] {
        assert_eq!(ask(&made["token"], beyond).await, 403, "{beyond}");
    }
    let rotated = analyst.post(&format!("/me/tokens/{}/rotate", made["id"].as_str().unwrap()), json!({})).await.ok();
    assert_eq!(ask(&made["token"], "/events?from=-1h").await, 401);
    assert_eq!(ask(&rotated["token"], "/events?from=-1h").await, 200);
    analyst.call(Method::DELETE, &format!("/me/tokens/{}", made["id"].as_str().unwrap()), None).await.ok();
    assert_eq!(ask(&rotated["token"], "/events?from=-1h").await, 401);
}
