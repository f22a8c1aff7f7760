//! A Veritrail of its own for a test: the real binary, on the set-up named, reached over HTTP like anyone reaches it.

use crate::client::Client;
use serde_json::json;
use std::{
    fs::File,
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Where everything is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetUp {
    /// SQLite and a directory.
    Embedded,
    /// PostgreSQL and S3.
    Outgrown,
}

pub const PASSWORD: &str = "a pass phrase of a test";

pub struct House {
    pub folder: TempDir,
    pub url: String,
    environment: Vec<(String, String)>,
    server: Option<Child>,
}

impl House {
    /// Initialised, not yet serving. `None` where a service is missing and leaving it out was asked for.
    pub async fn new(set_up: SetUp) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        Self::at(set_up, folder, &data).await
    }

    /// The same with its data directory elsewhere.
    pub async fn at(set_up: SetUp, folder: TempDir, data: &Path) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut house = Self { folder, url: format!("http://127.0.0.1:{port}"), environment: Vec::new(), server: None };
        house.set("DATA__DIRECTORY", data.display());
        house.set("SERVER__LISTEN", format!("127.0.0.1:{port}"));
        house.set("ORGANISATION__NAME", "A test");
        if set_up == SetUp::Outgrown {
            let database = testkit::postgres().await?;
            for store in ["RECORDS", "TRAIL", "KEYS"] {
                house.set(&format!("DATA__{store}"), &database);
            }
            house.set("DATA__BLOBS", testkit::s3().await?);
        }
        house.run(&["init"]);
        Some(house)
    }

    /// A key of the configuration, as `SERVER__LISTEN`.
    pub fn set(&mut self, key: &str, value: impl std::fmt::Display) {
        self.environment.push((format!("VERITRAIL__{key}"), value.to_string()));
    }

    pub fn setting(&self, key: &str) -> Option<&str> {
        self.environment.iter().rev().find(|(k, _)| k.strip_prefix("VERITRAIL__") == Some(key)).map(|(_, v)| v.as_str())
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_veritrail"));
        command.args(arguments).envs(self.environment.iter().cloned()).current_dir(self.folder.path());
        command
    }

    /// Runs a command that must succeed; what it printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.output(arguments);
        let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(status.success(), "veritrail {arguments:?} ended with {status}\n{out}\n{err}");
        out.into_owned()
    }

    /// Runs a command to its end, which must come within a minute.
    pub fn output(&self, arguments: &[&str]) -> Output {
        let child = self.command(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (pid, (ended, waited)) = (child.id(), mpsc::channel::<()>());
        let patience = std::thread::spawn(move || {
            let late = waited.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout);
            late && Command::new("kill").args(["-ABRT", &pid.to_string()]).status().is_ok()
        });
        let output = child.wait_with_output().unwrap();
        drop(ended);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!patience.join().unwrap(), "veritrail {arguments:?} does not end\n{out}\n{err}");
        output
    }

    /// Makes a member of this role, with [`PASSWORD`]; his address.
    pub fn member(&self, role: &str, departments: &[&str]) -> String {
        let email = format!("{role}{}@example.org", departments.concat().to_lowercase());
        let mut arguments = vec!["member", "add", &email, "--name", role, "--role", role, "--password-stdin"];
        departments.iter().for_each(|d| arguments.extend(["--department", d]));
        if role == "external_auditor" {
            arguments.extend(["--until", "2099-01-01T00:00:00Z"]);
        }
        let mut child = self.command(&arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "no member {email}");
        email
    }

    /// A source; an ingest key for it.
    pub fn source(&self, name: &str, connector: &str, settings: &[&str]) -> String {
        let mut arguments = vec!["source", "add", name, "--connector", connector];
        settings.iter().for_each(|s| arguments.extend(["--set", s]));
        self.run(&arguments);
        self.run(&["source", "key", name]).trim().to_owned()
    }

    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }

    /// Serves, and waits until it answers; how long that took.
    pub async fn serve(&mut self) -> Duration {
        let url = self.url.clone();
        self.serve_at(&reqwest::Client::new(), &url).await
    }

    /// The same where it answers elsewhere than in the clear.
    pub async fn serve_at(&mut self, http: &reqwest::Client, url: &str) -> Duration {
        let log = File::options().create(true).append(true).open(self.folder.path().join("server.log")).unwrap();
        let begun = Instant::now();
        let mut child = self.command(&["serve"]).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        loop {
            let health = http.get(format!("{url}/health")).timeout(Duration::from_secs(5)).send();
            if health.await.is_ok_and(|answer| answer.status().is_success()) {
                break;
            }
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < Duration::from_secs(60), "the server does not answer ({ended:?})\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.server = Some(child);
        begun.elapsed()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.server.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM, and how it ended.
    pub async fn stop(&mut self) -> ExitStatus {
        let mut child = self.server.take().expect("it serves");
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "it does not stop\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Nobody in particular.
    pub fn stranger(&self) -> Client {
        Client::new(&self.url)
    }

    /// Somebody signed in.
    pub async fn signed_in(&self, email: &str) -> Client {
        let mut client = self.stranger();
        let answer = client.post("/session", json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(answer.status, 200, "{email} cannot sign in: {}", answer.body);
        client
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            println!("the server's log:\n{}", self.log());
        }
    }
}

/// Waits until `done` answers something.
pub async fn eventually<T>(what: &str, within: Duration, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = done().await {
            return found;
        }
        assert!(begun.elapsed() < within, "{what}: not within {within:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
