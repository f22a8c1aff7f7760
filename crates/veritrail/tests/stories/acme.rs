//! A certificate from an authority, without anybody's hand: Let's Encrypt's own test authority (Pebble) on this machine.

use crate::house::{House, SetUp, eventually};
use serde_json::json;
use std::{
    net::{TcpListener, UdpSocket},
    process::{Child, Command, Stdio},
    time::Duration,
};

const NAME: &str = "veritrail.example.test";

/// Programs that end with the test.
struct Running(Vec<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A certificate of this machine for the authority's own address, and its key; `roots.pem` vouches for it.
fn certificate(house: &House) -> (String, String) {
    let [root, root_key, certificate, key] =
        ["roots.pem", "roots.key", "pebble.pem", "pebble.key"].map(|name| house.folder.path().join(name).display().to_string());
    let request = |out: &str, key: &str, further: &[&str]| {
        let arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-out", out, "-keyout", key];
        let done = Command::new("openssl").args(arguments).args(further).stderr(Stdio::null()).status().unwrap();
        assert!(done.success());
    };
    request(&root, &root_key, &["-subj", "/CN=A test's root"]);
    let leaf = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"];
    request(&certificate, &key, &[&leaf[..], &["-CA", &root, "-CAkey", &root_key]].concat());
    (certificate, key)
}

/// The authority, which looks names up at a server that knows every name as this machine and asks this port for proofs.
fn authority(house: &House, proofs_at: &str) -> (Running, String, String) {
    let (certificate, key) = certificate(house);
    let (at, managed_at) = (free_port(), free_port());
    let dns = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = json!({ "pebble": {
        "listenAddress": format!("127.0.0.1:{at}"), "managementListenAddress": format!("127.0.0.1:{managed_at}"),
        "certificate": certificate, "privateKey": key, "httpPort": 1, "tlsPort": proofs_at.parse::<u16>().unwrap(),
    } });
    let file = house.folder.path().join("pebble.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let quiet = |program: &str| {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let names = ["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""];
    let names = quiet("pebble-challtestsrv")
        .args(names)
        .args(["-dns01", &format!("127.0.0.1:{dns}"), "-management", &format!("127.0.0.1:{}", free_port())])
        .spawn()
        .unwrap();
    let mut pebble = quiet("pebble");
    pebble.args(["-config", file.to_str().unwrap(), "-dnsserver", &format!("127.0.0.1:{dns}")]).env("PEBBLE_VA_NOSLEEP", "1");
    (Running(vec![names, pebble.spawn().unwrap()]), format!("https://localhost:{at}/dir"), format!("https://localhost:{managed_at}/roots/0"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_gives_the_certificate_and_a_restart_keeps_it() {
    let Some(mut house) = House::new(SetUp::Embedded).await else { return };
    let port = house.url.rsplit(':').next().unwrap().to_owned();
    let (authority, directory, root) = authority(&house, &port);
    house.set("ACME__DOMAINS", NAME);
    house.set("ACME__CONTACT", "security@example.com");
    house.set("ACME__DIRECTORY", "http://localhost/dir");
    let clear = house.output(&["serve"]);
    assert!(!clear.status.success() && String::from_utf8_lossy(&clear.stderr).contains("https://"), "{clear:?}");
    house.set("ACME__DIRECTORY", &directory);
    house.set("ACME__ROOTS", house.folder.path().join("roots.pem").display());

    let trusting = reqwest::Client::builder().danger_accept_invalid_certs(true).build().unwrap();
    let root = async || trusting.get(&root).send().await.ok()?.text().await.ok();
    let root = eventually("the authority runs", Duration::from_secs(20), root).await;
    let address = format!("127.0.0.1:{port}").parse().unwrap();
    let root = reqwest::Certificate::from_pem(root.as_bytes()).unwrap();
    let http = reqwest::Client::builder().tls_built_in_root_certs(false).add_root_certificate(root).resolve(NAME, address).build().unwrap();
    let url = format!("https://{NAME}:{port}");
    house.serve_at(&http, &url).await;
    assert!(
        reqwest::Client::builder().resolve(NAME, address).build().unwrap().get(format!("{url}/health")).send().await.is_err(),
        "nobody else vouches for it"
    );

    // What is kept is sealed, and enough to go on without the authority.
    let kept = std::fs::read_dir(house.folder.path().join("data/blobs/acme")).unwrap().map(|e| std::fs::read(e.unwrap().path()).unwrap());
    let kept: Vec<Vec<u8>> = kept.collect();
    assert_eq!(kept.len(), 2, "an account and a certificate");
    assert!(kept.iter().all(|bytes| !bytes.windows(7).any(|w| w == b"PRIVATE" || w == b"BEGIN C")));
    drop(authority);
    assert!(house.stop().await.success());
    house.serve_at(&http, &url).await;
    assert!(house.stop().await.success());
}
