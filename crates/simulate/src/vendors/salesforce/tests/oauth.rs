use super::super::Salesforce;
use super::client::{CERTIFICATE, Client, JWT_BEARER, KEY, OTHER_KEY, PUBLIC_KEY, assertion, claims, config, error, is, now_secs, start, token_request};
use serde_json::{Value, json};

async fn jwt(salesforce: &Salesforce, header: Value, claims: Value, key: &str) -> Result<Value, String> {
    let assertion = assertion(&header, &claims, key);
    let (status, body) = token_request(salesforce, &[("grant_type", JWT_BEARER), ("assertion", &assertion)]).await;
    if status == 200 {
        Ok(body)
    } else {
        Err(format!("{} {} {}", status.as_u16(), body["error"].as_str().unwrap(), body["error_description"].as_str().unwrap()))
    }
}

async fn with(salesforce: &Salesforce, name: &str, value: Value) -> Result<Value, String> {
    let mut claims = claims(salesforce);
    claims[name] = value;
    jwt(salesforce, json!({ "alg": "RS256" }), claims, KEY).await
}

#[tokio::test]
async fn a_signed_assertion_opens_a_session() {
    for certificate in [CERTIFICATE, PUBLIC_KEY] {
        let salesforce = Salesforce::start(super::super::Config { certificate: Some(certificate.to_owned()), ..config() }).await.unwrap();
        let body = jwt(&salesforce, json!({ "alg": "RS256" }), claims(&salesforce), KEY).await.unwrap();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["instance_url"], salesforce.url());
        assert!(body["id"].as_str().unwrap().starts_with(&format!("{}/id/00D", salesforce.url())));
        assert!(body.get("refresh_token").is_none());
        let client = Client { http: reqwest::Client::new(), base: salesforce.url().to_owned(), token: body["access_token"].as_str().unwrap().to_owned() };
        assert_eq!(client.query("SELECT Id FROM User LIMIT 1").await.status(), 200);
    }
}

#[tokio::test]
async fn every_claim_is_checked() {
    let salesforce = start().await;
    assert!(with(&salesforce, "aud", json!(salesforce.url())).await.is_ok(), "the My Domain is an audience");
    let refused = |answer: Result<Value, String>| answer.unwrap_err();
    assert_eq!(refused(with(&salesforce, "aud", json!("https://elsewhere.example")).await), "400 invalid_grant Audience validation failed");
    assert_eq!(refused(with(&salesforce, "iss", json!("someone")).await), "400 invalid_client_id client identifier invalid");
    assert_eq!(refused(with(&salesforce, "sub", json!("nobody@company.example")).await), "400 invalid_grant user hasn't approved this consumer");
    assert_eq!(refused(with(&salesforce, "exp", json!(now_secs() - 1)).await), "400 invalid_grant expired authorization code");
    assert!(refused(with(&salesforce, "exp", json!(now_secs() + 3_600)).await).starts_with("400 invalid_grant"));
    assert_eq!(refused(with(&salesforce, "exp", Value::Null).await), "400 invalid_grant invalid assertion");
    let bad = "400 invalid_grant invalid assertion";
    assert_eq!(refused(jwt(&salesforce, json!({ "alg": "RS256" }), claims(&salesforce), OTHER_KEY).await), bad);
    assert_eq!(refused(jwt(&salesforce, json!({ "alg": "none" }), claims(&salesforce), KEY).await), bad);
    let assertion = assertion(&json!({ "alg": "RS256" }), &claims(&salesforce), KEY);
    let mut changed = claims(&salesforce);
    changed["exp"] = json!(now_secs() + 100);
    let signature = assertion.rsplit_once('.').unwrap().1;
    let forged = super::client::assertion(&json!({ "alg": "RS256" }), &changed, KEY);
    let forged = format!("{}.{signature}", forged.rsplit_once('.').unwrap().0);
    let (status, body) = token_request(&salesforce, &[("grant_type", JWT_BEARER), ("assertion", &forged)]).await;
    assert_eq!((status.as_u16(), body["error"].as_str()), (400, Some("invalid_grant")));
}

#[tokio::test]
async fn without_a_certificate_no_assertion_is_taken() {
    let salesforce = Salesforce::start(super::super::Config { certificate: None, ..config() }).await.unwrap();
    assert!(jwt(&salesforce, json!({ "alg": "RS256" }), claims(&salesforce), KEY).await.unwrap_err().contains("invalid_client"));
    let bad = super::super::Config { certificate: Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned()), ..config() };
    assert!(Salesforce::start(bad).await.is_err());
}

#[tokio::test]
async fn client_credentials_are_checked() {
    let salesforce = start().await;
    let config = salesforce.config();
    let ask = |id: &'static str, secret: String| {
        let salesforce = &salesforce;
        async move {
            let (status, body) = token_request(salesforce, &[("grant_type", "client_credentials"), ("client_id", id), ("client_secret", &secret)]).await;
            (status.as_u16(), body["error"].as_str().map(str::to_owned))
        }
    };
    assert_eq!(ask("unknown", config.client_secret.clone()).await, (400, Some("invalid_client_id".into())));
    assert_eq!(ask("3MVGsimulatedConsumerKey", "wrong".into()).await, (400, Some("invalid_client".into())));
    assert_eq!(ask("3MVGsimulatedConsumerKey", config.client_secret.clone()).await, (200, None));
    let url = format!("{}/services/oauth2/token", salesforce.url());
    let basic = reqwest::Client::new().post(url).basic_auth(&config.client_id, Some(&config.client_secret)).form(&[("grant_type", "client_credentials")]);
    let body: Value = basic.send().await.unwrap().json().await.unwrap();
    assert!(body["access_token"].is_string() && body["issued_at"].is_string());
    let (status, body) = token_request(&salesforce, &[("grant_type", "password")]).await;
    assert_eq!((status.as_u16(), &body["error"]), (400, &json!("unsupported_grant_type")));
    let (_, body) = token_request(&salesforce, &[]).await;
    assert_eq!(body["error"], "invalid_request");
}

#[tokio::test]
async fn a_token_ends_after_its_requests_or_its_seconds() {
    let salesforce = Salesforce::start(super::super::Config { token_requests: Some(2), ..config() }).await.unwrap();
    let client = Client::new(&salesforce).await;
    for _ in 0..2 {
        assert_eq!(client.get("/services/data/v62.0/limits").await.status(), 200);
    }
    let over = error(client.get("/services/data/v62.0/limits").await).await;
    is(&over, 401, "INVALID_SESSION_ID");
    assert_eq!(over.2, "Session expired or invalid");
    let again = Client::new(&salesforce).await;
    assert_eq!(again.get("/services/data/v62.0/limits").await.status(), 200);
    let salesforce = Salesforce::start(super::super::Config { token_secs: 0, ..config() }).await.unwrap();
    let client = Client::new(&salesforce).await;
    is(&error(client.query("SELECT Id FROM User").await).await, 401, "INVALID_SESSION_ID");
}

#[tokio::test]
async fn nothing_is_served_to_strangers() {
    let salesforce = start().await;
    let mut client = Client::new(&salesforce).await;
    client.token.push('x');
    for path in ["/limits", "/query?q=SELECT+Id+FROM+User", "/query/0r8SM0000000001AAA-200", "/sobjects/EventLogFile/0ATSM0000000001/LogFile"] {
        is(&error(client.get(&format!("/services/data/v62.0{path}")).await).await, 401, "INVALID_SESSION_ID");
    }
    let bare = client.http.get(format!("{}/services/data/v62.0/limits", client.base)).send().await.unwrap();
    is(&error(bare).await, 401, "INVALID_SESSION_ID");
}
