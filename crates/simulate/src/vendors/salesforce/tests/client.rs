//! A client of the tests' own: as simple as the documentation allows.

use super::super::{Config, Salesforce, World};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::date;
use reqwest::{Response, StatusCode};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

pub use super::super::{DEMO_CERTIFICATE as CERTIFICATE, DEMO_KEY as KEY};
/// A key of these tests alone.
pub const OTHER_KEY: &str = include_str!("other_key.pem");
pub const PUBLIC_KEY: &str = include_str!("app_public.pem");
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

pub fn world() -> World {
    World::new(7, date(2026, 3, 2), 4, 12)
}

pub fn config() -> Config {
    Config { certificate: Some(CERTIFICATE.to_owned()), ..Config::new(world()).unwrap() }
}

pub async fn start() -> Salesforce {
    Salesforce::start(config()).await.unwrap()
}

pub fn now_secs() -> i64 {
    jiff::Timestamp::now().as_second()
}

pub fn claims(salesforce: &Salesforce) -> Value {
    let config = salesforce.config();
    json!({ "iss": config.client_id, "sub": config.username, "aud": "https://login.salesforce.com", "exp": now_secs() + 120 })
}

pub fn assertion(header: &Value, claims: &Value, key: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let der = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub async fn token_request(salesforce: &Salesforce, form: &[(&str, &str)]) -> (StatusCode, Value) {
    let response = reqwest::Client::new().post(format!("{}/services/oauth2/token", salesforce.url())).form(form).send().await.unwrap();
    assert!(response.headers()["cache-control"].to_str().unwrap().contains("no-store"));
    (response.status(), response.json().await.unwrap())
}

/// Signed in once, by client credentials.
pub struct Client {
    pub http: reqwest::Client,
    pub base: String,
    pub token: String,
}

impl Client {
    pub async fn new(salesforce: &Salesforce) -> Self {
        let config = salesforce.config();
        let form = [("grant_type", "client_credentials"), ("client_id", &config.client_id), ("client_secret", &config.client_secret)];
        let (status, body) = token_request(salesforce, &form).await;
        assert_eq!(status, 200, "{body}");
        // The blob's own encoding is looked at: nothing is unpacked unasked.
        let http = reqwest::Client::builder().no_gzip().build().unwrap();
        Self { http, base: body["instance_url"].as_str().unwrap().to_owned(), token: body["access_token"].as_str().unwrap().to_owned() }
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token).send().await.unwrap()
    }

    pub async fn query(&self, soql: &str) -> Response {
        let url = format!("{}/services/data/v62.0/query", self.base);
        self.http.get(url).query(&[("q", soql)]).bearer_auth(&self.token).send().await.unwrap()
    }

    /// All records of a query, page by page.
    pub async fn all(&self, soql: &str) -> Vec<Value> {
        let response = self.query(soql).await;
        assert_eq!(response.status(), 200, "{soql}");
        let mut page: Value = response.json().await.unwrap();
        let mut records = Vec::new();
        loop {
            records.extend(page["records"].as_array().unwrap().iter().cloned());
            let Some(next) = page["nextRecordsUrl"].as_str() else {
                assert_eq!(page["done"], true);
                return records;
            };
            assert_eq!(page["done"], false);
            page = self.get(next).await.json().await.unwrap();
        }
    }

    pub async fn remaining(&self) -> i64 {
        let limits: Value = self.get("/services/data/v62.0/limits").await.json().await.unwrap();
        limits["DailyApiRequests"]["Remaining"].as_i64().unwrap()
    }
}

/// Status, errorCode and message of an answer in Salesforce's form.
pub async fn error(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    let text = |name: &str| body[0][name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned();
    (status, text("errorCode"), text("message"))
}

#[track_caller]
pub fn is(found: &(u16, String, String), status: u16, code: &str) {
    assert_eq!((found.0, found.1.as_str()), (status, code), "{}", found.2);
}
