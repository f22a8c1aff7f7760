//! The server's own TLS, what it binds to it, and whose word about a client's address it takes.

use crate::house::{House, PASSWORD, SetUp};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

/// A certificate of this machine and its key, as PEM files.
pub fn certificate(house: &House) -> (String, String) {
    let [certificate, key] = ["tls.pem", "tls.key"].map(|name| house.folder.path().join(name).display().to_string());
    let arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
    let further = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-out", &certificate, "-keyout", &key];
    let done = Command::new("openssl").args(arguments).args(further).stderr(Stdio::null()).status().unwrap();
    assert!(done.success());
    (certificate, key)
}

/// Whether `openssl s_client` comes to terms with the server in this version.
fn speaks(address: &str, version: &str) -> bool {
    let said = Command::new("openssl").args(["s_client", "-connect", address, version, "-brief"]).stdin(Stdio::null()).output().unwrap();
    said.status.success() && String::from_utf8_lossy(&said.stderr).contains("CONNECTION ESTABLISHED")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_speaks_tls_itself() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    let (certificate, key) = certificate(&house);
    let address = house.url.trim_start_matches("http://").to_owned();
    house.set("SERVER__TLS_CERTIFICATE", certificate);
    // Half of it is refused before anything is served.
    let half = house.output(&["serve"]);
    assert!(!half.status.success() && String::from_utf8_lossy(&half.stderr).contains("go together"), "{half:?}");
    house.set("SERVER__TLS_KEY", key);
    // Made for this test: nobody vouches for it.
    let http = reqwest::Client::builder().danger_accept_invalid_certs(true).build().unwrap();
    let url = format!("https://{address}");
    house.serve_at(&http, &url).await;
    let answer = http.get(format!("{url}/api/v1/first-run")).send().await.unwrap();
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000; includeSubDomains");
    assert!(speaks(&address, "-tls1_2") && speaks(&address, "-tls1_3"));
    assert!(!speaks(&address, "-tls1_1"), "an older one is refused");
    assert!(reqwest::get(format!("{}/health", house.url)).await.is_err(), "nothing is answered in the clear");
    assert!(house.stop().await.success());
}

/// Nobody is served in the clear over a network: not without saying that a proxy in front speaks TLS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_tls_only_this_machine_is_answered() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    let port = house.url.rsplit(':').next().unwrap().to_owned();
    house.set("SERVER__LISTEN", format!("0.0.0.0:{port}"));
    let refused = house.output(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("in the clear") && said.contains("server.behind_tls_proxy"), "{said}");
    house.set("SERVER__BEHIND_TLS_PROXY", true);
    house.serve().await;
    assert!(house.stop().await.success());
    // With a certificate it listens there, and says nothing in the clear.
    house.set("SERVER__BEHIND_TLS_PROXY", false);
    let (certificate, key) = certificate(&house);
    house.set("SERVER__TLS_CERTIFICATE", certificate);
    house.set("SERVER__TLS_KEY", key);
    let http = reqwest::Client::builder().danger_accept_invalid_certs(true).build().unwrap();
    house.serve_at(&http, &format!("https://127.0.0.1:{port}")).await;
    assert!(reqwest::get(format!("{}/health", house.url)).await.is_err(), "nothing is answered in the clear");
    assert!(house.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_cookies_and_headers_are_bound_to_it() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    // As behind a proxy that speaks TLS.
    house.set("SERVER__PUBLIC_URL", "https://veritrail.example.com");
    let analyst = house.member("analyst", &[]);
    house.serve().await;
    let http = reqwest::Client::new();
    let sign_in = http.post(format!("{}/api/v1/session", house.url)).header("x-veritrail", "1").json(&json!({ "email": analyst, "password": PASSWORD }));
    let answer = sign_in.send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-veritrail=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    for path in ["/api/v1/session", "/", "/health", "/nowhere"] {
        let answer = http.get(format!("{}{path}", house.url)).send().await.unwrap();
        let said = |name: &str| answer.headers().get(name).and_then(|h| h.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!(said("strict-transport-security"), "max-age=31536000; includeSubDomains", "{path}");
        assert_eq!((said("x-content-type-options").as_str(), said("referrer-policy").as_str()), ("nosniff", "same-origin"), "{path}");
        assert!(said("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!path.starts_with("/api") || said("cache-control") == "no-store", "{path}");
        assert_eq!(said("access-control-allow-origin"), "", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_is_believed_where_it_is_named() {
    for (proxies, seen) in [("", "127.0.0.1"), ("127.0.0.1", "203.0.113.9")] {
        let Some(mut house) = House::new(SetUp::Embedded).await else { return };
        house.set("SERVER__PROXIES", proxies);
        house.set("SERVER__REQUESTS_PER_MINUTE", 20);
        let analyst = house.member("analyst", &[]);
        house.serve().await;
        let (http, api) = (reqwest::Client::new(), format!("{}/api/v1", house.url));
        let sign_in = http.post(format!("{api}/session")).header("x-veritrail", "1").header("x-forwarded-for", "198.51.100.1, 203.0.113.9");
        let answer = sign_in.json(&json!({ "email": analyst, "password": PASSWORD })).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let account: Value = http.get(format!("{api}/me/account")).header("cookie", &cookie).send().await.unwrap().json().await.unwrap();
        assert_eq!(account["sessions"][0]["address"], seen, "the last hop that the proxy saw, or the peer");
        // Each address has a measure of its own, and is told when to come back.
        let ask = async |from: &str| http.get(format!("{api}/first-run")).header("x-forwarded-for", from).send().await.unwrap();
        let mut refused = None;
        for _ in 0..25 {
            let answer = ask("203.0.113.10").await;
            if answer.status() == 429 {
                refused = Some(answer);
                break;
            }
        }
        // A proxy may write a header of its own behind the one that the client made up.
        let twice = http.get(format!("{api}/first-run")).header("x-forwarded-for", "203.0.113.77").header("x-forwarded-for", "203.0.113.10");
        assert_eq!(twice.send().await.unwrap().status(), 429, "what the proxy saw counts, not what the client says of himself");
        let refused = refused.expect("too many are refused");
        assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() <= 4);
        assert_eq!(ask("203.0.113.11").await.status(), if proxies.is_empty() { 429 } else { 200 });
    }
}
