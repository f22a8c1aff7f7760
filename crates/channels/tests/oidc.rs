//! The company's sign-in against a provider that answers wrongly in one thing at a time: nothing of it lets anybody in.
#![allow(clippy::unwrap_used, reason = "tests")]

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use channels::{ChannelError, Oidc, OidcConfig, Secret};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const CLIENT: &str = "veritrail";
const CLIENT_SECRET: &str = "a secret of the client";

fn key() -> EcdsaKeyPair {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &SystemRandom::new()).unwrap()
}

fn jwk(key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref();
    json!({ "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256", "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..]) })
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()))
}

fn signed(key: &EcdsaKeyPair, claims: &Value) -> String {
    let token = unsigned(&json!({ "alg": "ES256", "kid": "k1" }), claims);
    let signature = key.sign(&SystemRandom::new(), token.as_bytes()).unwrap();
    format!("{token}.{}", BASE64.encode(signature))
}

/// What the provider says next.
#[derive(Clone, Default)]
struct Says {
    issuer: String,
    keys: Value,
    algorithms: Vec<&'static str>,
    token: String,
}

struct Provider {
    url: String,
    says: Arc<Mutex<Says>>,
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let says = Arc::new(Mutex::new(Says { issuer: url.clone(), algorithms: vec!["ES256"], ..Says::default() }));
        let (base, said) = (url.clone(), says.clone());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 16 * 1024];
                let read = stream.read(&mut request).await.unwrap();
                let path = String::from_utf8_lossy(&request[..read]).split(' ').nth(1).unwrap_or_default().to_owned();
                let says = said.lock().unwrap().clone();
                let body = match path.as_str() {
                    "/.well-known/openid-configuration" => json!({
                        "issuer": says.issuer, "authorization_endpoint": format!("{base}/auth"), "token_endpoint": format!("{base}/token"),
                        "jwks_uri": format!("{base}/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
                        "id_token_signing_alg_values_supported": says.algorithms,
                    }),
                    "/keys" => json!({ "keys": says.keys }),
                    _ => json!({ "access_token": "opaque", "token_type": "Bearer", "id_token": says.token }),
                };
                let body = body.to_string();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            }
        });
        Self { url, says }
    }

    /// A sign-in for which the provider gives this token, asked with the nonce `n`.
    async fn gives(&self, token: String) -> Result<String, ChannelError> {
        self.says.lock().unwrap().token = token;
        let config = OidcConfig {
            issuer: self.url.clone(),
            client_id: CLIENT.into(),
            client_secret: Secret::new(CLIENT_SECRET),
            redirect: "https://veritrail.example.com/provider".into(),
            scopes: vec!["openid".into()],
            groups_claim: "groups".into(),
            allow_private: true,
        };
        let oidc = Oidc::new(config).unwrap();
        oidc.finish("code", "n", "a verifier of forty-three characters and more").await.map(|identity| identity.subject)
    }
}

#[tokio::test]
async fn a_token_that_does_not_hold_lets_nobody_in() {
    let (provider, ours, other) = (Provider::start().await, key(), key());
    provider.says.lock().unwrap().keys = json!([jwk(&ours)]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({ "iss": provider.url, "sub": "dana", "aud": CLIENT, "nonce": "n", "iat": now, "exp": now + 300 });
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    assert_eq!(provider.gives(signed(&ours, &claims)).await.unwrap(), "dana", "this one holds");

    let mut nonceless = claims.clone();
    nonceless.as_object_mut().unwrap().remove("nonce");
    let by_secret = unsigned(&json!({ "alg": "HS256" }), &claims);
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, CLIENT_SECRET.as_bytes()), by_secret.as_bytes());
    let mut changed = signed(&ours, &claims);
    changed.replace_range(changed.len() - 4.., "AAAA");
    let cases = [
        ("by a key that is not the provider's", signed(&other, &claims)),
        ("not signed", format!("{}.", unsigned(&json!({ "alg": "none" }), &claims))),
        ("signed with the client's secret", format!("{by_secret}.{}", BASE64.encode(mac))),
        ("with another signature", changed),
        ("of another issuer", signed(&ours, &with("iss", json!("https://login.example.net")))),
        ("for another client", signed(&ours, &with("aud", json!("another")))),
        ("for others besides", signed(&ours, &with("aud", json!([CLIENT, "another"])))),
        ("over", signed(&ours, &with("exp", json!(now - 60)))),
        ("of another sign-in", signed(&ours, &with("nonce", json!("m")))),
        ("of no sign-in", signed(&ours, &nonceless)),
        ("no token", "a.b".to_owned()),
    ];
    for (what, token) in cases {
        let refused = provider.gives(token).await.expect_err(what).to_string();
        assert!(!refused.contains(CLIENT_SECRET) && !refused.contains("eyJ"), "{what}: {refused}");
        println!("{what}: {refused}");
    }

    // A provider that would take the client's secret for a key: anybody who has it could make tokens.
    provider.says.lock().unwrap().algorithms = vec!["HS256", "ES256"];
    assert!(provider.gives(format!("{by_secret}.{}", BASE64.encode(mac))).await.is_err(), "only keys that the provider alone has count");
    provider.says.lock().unwrap().issuer = "https://login.example.net".into();
    let refused = provider.gives(signed(&ours, &claims)).await.expect_err("it says that it is another").to_string();
    println!("another issuer's metadata: {refused}");
}
