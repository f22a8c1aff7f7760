use super::super::{Config, Cut, Failure, Permission, Salesforce};
use super::client::{Client, JWT_BEARER, KEY, assertion, claims, config, error, is, start, token_request};
use serde_json::{Value, json};

const USERS: &str = "SELECT Id FROM User";
const LIMITS: &str = "/services/data/v62.0/limits";

#[tokio::test]
async fn throttling_tells_how_long_to_wait() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    salesforce.fail(1, Failure::Busy { retry_after_secs: Some(7) });
    salesforce.fail(1, Failure::TooMany { retry_after_secs: Some(3) });
    salesforce.fail(1, Failure::Busy { retry_after_secs: None });
    salesforce.fail(1, Failure::TooManyAtOnce);
    // Signing in is no request of the REST interface.
    let client = Client { token: Client::new(&salesforce).await.token, ..client };
    let busy = client.query(USERS).await;
    assert_eq!(busy.headers()["retry-after"], "7");
    is(&error(busy).await, 503, "SERVER_UNAVAILABLE");
    let many = client.query(USERS).await;
    assert_eq!(many.headers()["retry-after"], "3");
    assert_eq!(many.status(), 429);
    let busy = client.query(USERS).await;
    assert_eq!((busy.status().as_u16(), busy.headers().get("retry-after")), (503, None));
    is(&error(client.query(USERS).await).await, 403, "REQUEST_LIMIT_EXCEEDED");
    assert_eq!(client.query(USERS).await.status(), 200);
    assert_eq!(client.remaining().await, 99_998, "what was not served is not counted");
}

#[tokio::test]
async fn an_outage_takes_its_requests_and_ends() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    salesforce.fail(3, Failure::Outage);
    let down = client.query(USERS).await;
    assert_eq!(down.status(), 503);
    assert!(down.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let token = reqwest::Client::new().post(format!("{}/services/oauth2/token", salesforce.url())).send().await.unwrap();
    assert_eq!(token.status(), 503);
    assert_eq!(client.get(LIMITS).await.status(), 503);
    assert_eq!(client.query(USERS).await.status(), 200);
    let answered: Vec<u16> = salesforce.requests().iter().rev().take(4).map(|seen| seen.status).collect();
    assert_eq!(answered, [200, 503, 503, 503]);
}

#[tokio::test]
async fn an_internal_error_passes() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    salesforce.fail(1, Failure::Internal);
    is(&error(client.query(USERS).await).await, 500, "UNKNOWN_EXCEPTION");
    assert_eq!(client.query(USERS).await.status(), 200);
}

#[tokio::test]
async fn a_failure_comes_in_the_middle_of_pages() {
    let salesforce = Salesforce::start(Config { page_size: 5, ..config() }).await.unwrap();
    let client = Client::new(&salesforce).await;
    salesforce.pass(2);
    salesforce.fail(1, Failure::Internal);
    let first: Value = client.query(USERS).await.json().await.unwrap();
    let second: Value = client.get(first["nextRecordsUrl"].as_str().unwrap()).await.json().await.unwrap();
    let third = second["nextRecordsUrl"].as_str().unwrap();
    is(&error(client.get(third).await).await, 500, "UNKNOWN_EXCEPTION");
    let third: Value = client.get(third).await.json().await.unwrap();
    assert_eq!(third["records"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_repeated_page_loses_nothing() {
    let salesforce = Salesforce::start(Config { page_size: 4, ..config() }).await.unwrap();
    let client = Client::new(&salesforce).await;
    let clean: Vec<Value> = client.all(USERS).await.iter().map(|record| record["Id"].clone()).collect();
    salesforce.repeat_pages(2);
    let twice: Vec<Value> = client.all(USERS).await.iter().map(|record| record["Id"].clone()).collect();
    assert_eq!(twice.len(), clean.len() + 8);
    assert_eq!(twice[..4], twice[4..8]);
    let mut once = Vec::new();
    for id in &twice {
        if !once.contains(id) {
            once.push(id.clone());
        }
    }
    assert_eq!(once, clean);
}

#[tokio::test]
async fn sessions_end_when_told() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    assert_eq!(client.query(USERS).await.status(), 200);
    salesforce.expire_sessions();
    is(&error(client.query(USERS).await).await, 401, "INVALID_SESSION_ID");
    let again = Client::new(&salesforce).await;
    assert_eq!(again.query(USERS).await.status(), 200);
}

#[tokio::test]
async fn a_rotated_secret_signs_in_alone() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    salesforce.rotate_client_secret("the next one");
    let config = salesforce.config();
    for (secret, status) in [(config.client_secret.as_str(), 400), ("the next one", 200)] {
        let form = [("grant_type", "client_credentials"), ("client_id", config.client_id.as_str()), ("client_secret", secret)];
        assert_eq!(token_request(&salesforce, &form).await.0.as_u16(), status);
    }
    assert_eq!(client.query(USERS).await.status(), 200);
}

#[tokio::test]
async fn a_revoked_app_gets_no_token() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    salesforce.set_app_revoked(true);
    is(&error(client.query(USERS).await).await, 401, "INVALID_SESSION_ID");
    let assertion = assertion(&json!({ "alg": "RS256" }), &claims(&salesforce), KEY);
    let (config, jwt) = (salesforce.config(), [("grant_type", JWT_BEARER), ("assertion", &assertion)]);
    let secret = [("grant_type", "client_credentials"), ("client_id", config.client_id.as_str()), ("client_secret", &config.client_secret)];
    for form in [&jwt[..], &secret[..]] {
        let (status, body) = token_request(&salesforce, form).await;
        assert_eq!((status.as_u16(), &body["error"]), (400, &json!("invalid_grant")));
    }
    salesforce.set_app_revoked(false);
    assert_eq!(token_request(&salesforce, &jwt).await.0, 200);
    salesforce.set_user_inactive(true);
    assert_eq!(token_request(&salesforce, &jwt).await.1["error"], "inactive_user");
    salesforce.clear_faults();
    assert_eq!(token_request(&salesforce, &secret).await.0, 200);
}

#[tokio::test]
async fn the_clock_is_ahead_or_behind() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let date = |response: reqwest::Response| {
        let date = response.headers()["date"].to_str().unwrap().to_owned();
        jiff::fmt::rfc2822::parse(&date).unwrap().timestamp().as_second()
    };
    assert!((date(client.get(LIMITS).await) - super::client::now_secs()).abs() <= 2);
    salesforce.set_clock_skew_secs(-3_600);
    assert!((date(client.get(LIMITS).await) - super::client::now_secs() + 3_600).abs() <= 2);
    // What is short-lived to us is too long to a clock that is behind, and over to one that is ahead.
    for (skew, said) in [(-3_600, "assertion is valid for too long"), (3_600, "expired authorization code")] {
        salesforce.set_clock_skew_secs(skew);
        let assertion = assertion(&json!({ "alg": "RS256" }), &claims(&salesforce), KEY);
        let (_, body) = token_request(&salesforce, &[("grant_type", JWT_BEARER), ("assertion", &assertion)]).await;
        assert_eq!(body["error_description"], said);
    }
}

#[tokio::test]
async fn an_organisation_without_event_monitoring_has_no_log_files() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let query = "SELECT Id FROM EventLogFile WHERE CreatedDate > 2026-03-02T00:00:00Z";
    let file = client.all("SELECT LogFile FROM EventLogFile LIMIT 1").await[0]["LogFile"].as_str().unwrap().to_owned();
    salesforce.set_event_monitoring(false);
    let refused = error(client.query(query).await).await;
    is(&refused, 400, "INVALID_TYPE");
    assert!(refused.2.contains("sObject type 'EventLogFile' is not supported"));
    is(&error(client.get(&file).await).await, 404, "NOT_FOUND");
    assert_eq!(client.query("SELECT Id FROM LoginHistory").await.status(), 200);
    salesforce.set_event_monitoring(true);
    assert_eq!(client.query(query).await.status(), 200);
}

#[tokio::test]
async fn permissions_are_needed() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let file = client.all("SELECT LogFile FROM EventLogFile LIMIT 1").await[0]["LogFile"].as_str().unwrap().to_owned();
    salesforce.set_permission(Permission::ViewEventLogFiles, false);
    is(&error(client.query("SELECT Id FROM EventLogFile").await).await, 403, "INSUFFICIENT_ACCESS");
    is(&error(client.get(&file).await).await, 403, "INSUFFICIENT_ACCESS");
    salesforce.set_permission(Permission::ViewEventLogFiles, true);
    assert_eq!(client.get(&file).await.status(), 200);
    salesforce.set_permission(Permission::ViewSetup, false);
    is(&error(client.query("SELECT Id FROM SetupAuditTrail").await).await, 403, "INSUFFICIENT_ACCESS");
    is(&error(client.get(LIMITS).await).await, 403, "INSUFFICIENT_ACCESS");
    assert!(!client.all("SELECT Id FROM LoginHistory").await.is_empty());
    salesforce.set_permission(Permission::ManageUsers, false);
    assert_eq!(client.all("SELECT Id FROM LoginHistory").await.len(), 0, "the app's user has no login in this world");
    salesforce.set_permission(Permission::ApiEnabled, false);
    is(&error(client.query(USERS).await).await, 403, "API_DISABLED_FOR_ORG");
    salesforce.clear_faults();
    assert!(!client.all("SELECT Id FROM LoginHistory").await.is_empty());
}

#[tokio::test]
async fn a_file_breaks_off_in_its_middle() {
    let salesforce = start().await;
    let client = Client::new(&salesforce).await;
    let largest = "SELECT LogFile, LogFileLength FROM EventLogFile ORDER BY LogFileLength DESC LIMIT 1";
    let record = &client.all(largest).await[0];
    let (path, length) = (record["LogFile"].as_str().unwrap(), record["LogFileLength"].as_f64().unwrap() as usize);
    salesforce.cut_next_file(Cut::Silent, 0.5);
    let cut = client.get(path).await;
    assert_eq!(cut.status(), 200);
    let cut = cut.bytes().await.unwrap();
    assert_eq!(cut.len(), length / 2);
    salesforce.cut_next_file(Cut::Broken, 0.5);
    let broken = client.get(path).await;
    assert_eq!(broken.status(), 200);
    assert!(broken.bytes().await.is_err());
    salesforce.cut_next_file(Cut::Broken, 0.5);
    let packed = reqwest::Client::new().get(format!("{}{path}", client.base)).bearer_auth(&client.token).send().await.unwrap();
    assert!(packed.bytes().await.is_err(), "packed, it breaks as well");
    let whole = client.get(path).await.bytes().await.unwrap();
    assert_eq!(whole.len(), length);
    assert_eq!(whole[..cut.len()], cut[..]);
}
