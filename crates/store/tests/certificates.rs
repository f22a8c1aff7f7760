//! Somebody who stands where PostgreSQL should, under a certificate that nobody vouches for, is told nothing.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::{Command, Stdio};
use store::sql::Database;
use testkit::Receiver;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_nobody_vouches_for_is_told_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = ["tls.pem", "tls.key"].map(|name| folder.path().join(name).display().to_string());
    let arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
    let further = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-out", &certificate, "-keyout", &key];
    assert!(Command::new("openssl").args(arguments).args(further).stderr(Stdio::null()).status().unwrap().success());
    let server = Receiver::database(&certificate, &key);
    let open = async |query: &str| Database::open(&format!("postgres://dana:password@127.0.0.1:{}/d{query}", server.port), "records").await.err().unwrap();
    let refused = open("?sslmode=verify-full").await.to_string();
    assert!(refused.contains("invalid peer certificate"), "{refused}");
    assert!(server.quiet(), "not even who asks is said");
    // Who asks for no look at it speaks to it: the certificate alone was what was wrong.
    open("?sslmode=require").await;
    assert!(server.next()["said"].as_str().unwrap().contains("dana"));
}
