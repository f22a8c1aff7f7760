//! A Creme of the test's own, started and stopped by `scripts/creme/creme.sh`.

use super::free_port;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};
use store::sql::{Database, Handle};
use uuid::Uuid;

/// Set where services are left out on purpose; CI never sets it.
const SKIP: &str = "VERITRAIL_TEST_SKIP_SERVICES";
/// Where the page says which rights Veritrail needs.
const PAGE: &str = "docs/connectors/creme.md";

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn script(arguments: &[&str]) -> Output {
    Command::new(repository().join("scripts/creme/creme.sh")).args(arguments).output().expect("creme.sh can be run")
}

/// Whether this machine has a Creme to start. Fails where it has not, unless leaving services out was asked for.
pub fn installed() -> bool {
    let venv = PathBuf::from(std::env::var("HOME").expect("HOME is set")).join(".cache/veritrail/creme-venv/bin/gunicorn");
    if venv.is_file() {
        return true;
    }
    assert!(std::env::var_os(SKIP).is_some(), "Creme is not installed. Run scripts/test-tools.sh, or set {SKIP}=1 to leave this test out.");
    println!("Creme is not installed and {SKIP} is set: not tested");
    false
}

/// A running Creme. Stopped when it goes.
pub struct Creme {
    pub folder: PathBuf,
    pub port: u16,
    /// The database as its owner reaches it.
    pub owner_url: String,
    /// The database as Veritrail reaches it.
    pub reader_url: String,
    /// Tables that Veritrail may read, as the page grants them.
    pub granted: Vec<String>,
}

impl Creme {
    /// On SQLite, or on PostgreSQL in the empty database at `postgres`, with a second account that has the page's rights and no others.
    pub async fn start(folder: &Path, postgres: Option<String>) -> Self {
        let folder = folder.join("creme");
        let port = free_port();
        let at = folder.to_str().expect("a plain path").to_owned();
        let started = script(&["start", &at, postgres.as_deref().unwrap_or("sqlite"), &port.to_string()]);
        let mut creme = Self { folder, port, owner_url: String::new(), reader_url: String::new(), granted: granted(&page()) };
        assert!(started.status.success(), "Creme did not start: {}", String::from_utf8_lossy(&started.stderr));
        match postgres {
            None => {
                creme.owner_url = format!("sqlite://{at}/creme.sqlite3");
                creme.reader_url = creme.owner_url.clone();
            }
            Some(url) => {
                creme.reader_url = reader(&url).await;
                creme.owner_url = url;
            }
        }
        creme
    }

    pub fn access_log(&self) -> PathBuf {
        self.folder.join("log/access.log")
    }
}

impl Drop for Creme {
    fn drop(&mut self) {
        script(&["stop", &self.folder.to_string_lossy()]);
    }
}

fn page() -> String {
    std::fs::read_to_string(repository().join(PAGE)).expect("the connector's page")
}

/// The SQL of the page, as an administrator copies it.
fn rights(page: &str) -> &str {
    let sql = page.split_once("```sql").expect("the page shows the rights as SQL").1;
    sql.split_once("```").expect("the SQL ends").0
}

fn granted(page: &str) -> Vec<String> {
    let words = rights(page).split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|w| w.starts_with("creme_core_") || w.starts_with("django_")).map(str::to_owned).collect()
}

/// Makes the account that the page describes; only its name differs, as servers are shared between tests.
async fn reader(owner: &str) -> String {
    let (name, password) = (format!("reader_{}", Uuid::new_v4().simple()), Uuid::new_v4().simple().to_string());
    let database = Database::open(owner, "Creme's database").await.expect("Creme's database");
    for statement in rights(&page()).split(';').map(str::trim).filter(|s| !s.is_empty()) {
        let statement = statement
            .replace("ROLE veritrail", &format!("ROLE {name}"))
            .replace("TO veritrail", &format!("TO {name}"))
            .replace("'...'", &format!("'{password}'"));
        database.execute(&statement, vec![]).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    }
    let (_, place) = owner.rsplit_once('@').expect("a user in the URL");
    let url = format!("postgres://{name}:{password}@{place}");
    let reader = Database::open(&url, "Creme's database").await.expect("the new account is let in");
    for forbidden in ["SELECT password FROM creme_core_cremeuser", "SELECT session_key FROM django_session", "DELETE FROM creme_core_historyline"] {
        assert!(reader.execute(forbidden, vec![]).await.is_err(), "the page's rights allow '{forbidden}'");
    }
    url
}
