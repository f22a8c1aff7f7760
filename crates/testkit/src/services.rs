//! Databases and buckets of a test's own.

use std::path::Path;
use store::sql::{Database, Handle};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

const SKIP: &str = "VERITRAIL_TEST_SKIP_SERVICES";

/// The address of a service under test. Fails where it is missing, so that CI cannot forget it; `None` where skipping was asked for.
fn service(variable: &str) -> Option<String> {
    match std::env::var(variable) {
        Ok(address) => Some(address),
        Err(_) if std::env::var_os(SKIP).is_some() => {
            println!("{variable} is not set and {SKIP} is: not tested");
            None
        }
        Err(_) => panic!("{variable} is not set. Run this test by ./scripts/with-services.sh, or set {SKIP}=1 to leave it out."),
    }
}

/// Whether a test that needs this service is to be left out.
pub fn skipped(variable: &str) -> bool {
    service(variable).is_none()
}

/// URL of an SQLite file in `folder`.
pub fn sqlite(folder: &Path, name: &str) -> String {
    format!("sqlite://{}?mode=rwc", folder.join(name).display())
}

/// URL of a new, empty PostgreSQL database.
pub async fn postgres() -> Option<String> {
    let server = service("VERITRAIL_TEST_POSTGRES")?;
    let name = format!("t_{}", Uuid::new_v4().simple());
    let database = Database::open(&server, "the test server").await.unwrap();
    database.execute(&format!("CREATE DATABASE {name}"), vec![]).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    Some(format!("{base}/{name}"))
}

/// URL of a new, empty bucket, as `S3::open` takes it.
pub async fn s3() -> Option<String> {
    let endpoint = service("VERITRAIL_TEST_S3")?;
    let bucket = format!("t-{}", Uuid::new_v4().simple());
    let address = endpoint.trim_start_matches("http://").trim_end_matches('/');
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!("PUT /{bucket} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.lines().next().unwrap_or("").contains("200"), "the bucket was not made: {answer}");
    Some(format!("s3://{bucket}/kept/here?endpoint={endpoint}&region=us-east-1&access_key_id=test&secret_access_key=test"))
}
