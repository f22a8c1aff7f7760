//! The real binary with a data directory of its own, and its HTTP API as an analyst uses it.

use super::free_port;
use ledger::{Keyring, Master, Opened, Reader};
use serde_json::{Value, json};
use std::{
    io::Write,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use store::{blobs::Directory, keys::SqlKeys, sql::Database, trail::SqlTrail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const EMAIL: &str = "ana@example.org";
const PASSWORD: &str = "read the whole trail of creme";
const PAGE: usize = 200;

pub struct Product {
    data: PathBuf,
    port: u16,
    server: Option<Child>,
    cookie: String,
}

impl Product {
    /// Makes the data directory, the analyst and the source, checks the source, and serves.
    pub async fn start(folder: &Path, settings: &[(&str, String)]) -> Self {
        let mut product = Self { data: folder.join("veritrail"), port: free_port(), server: None, cookie: String::new() };
        product.run(&["init"], "");
        product.run(&["member", "add", EMAIL, "--name", "Ana Analyst", "--role", "analyst", "--password-stdin"], PASSWORD);
        let settings: Vec<String> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut add = vec!["source", "add", "creme", "--connector", "creme"];
        settings.iter().for_each(|s| add.extend(["--set", s.as_str()]));
        product.run(&add, "");
        println!("{}", product.run(&["source", "check", "creme"], ""));
        let log = std::fs::File::create(folder.join("veritrail.log")).expect("a log");
        let mut command = product.command(&["serve"]);
        product.server = Some(command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log).spawn().expect("the binary"));
        product.sign_in().await;
        product
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_veritrail"));
        command.arg("--data").arg(&self.data).args(arguments).env("VERITRAIL__SERVER__LISTEN", format!("127.0.0.1:{}", self.port));
        command.env("VERITRAIL__LOG__FILTER", "warn");
        // The CRM lies on this machine, its database and log below the test's folder.
        command.env("VERITRAIL__SOURCES__REACHABLE", "127.0.0.1").env("VERITRAIL__SOURCES__FOLDERS", self.data.parent().expect("a folder"));
        command
    }

    fn run(&self, arguments: &[&str], input: &str) -> String {
        let mut child = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary can be run");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("its input is read");
        let output = child.wait_with_output().expect("it ends");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "veritrail {arguments:?}: {said}");
        said
    }

    async fn sign_in(&mut self) {
        let credentials = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
        for _ in 0..150 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let Ok((head, _)) = self.request("POST", "/api/v1/session", &credentials).await else { continue };
            let cookie = head.lines().find_map(|l| l.to_lowercase().starts_with("set-cookie:").then(|| l[11..].trim().to_owned()));
            let cookie = cookie.unwrap_or_else(|| panic!("the analyst was not let in: {head}"));
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
            return;
        }
        panic!("the server did not answer within 30 s");
    }

    async fn request(&self, method: &str, path: &str, body: &str) -> std::io::Result<(String, String)> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let cookie = if self.cookie.is_empty() { String::new() } else { format!("Cookie: {}\r\n", self.cookie) };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nX-Veritrail: 1\r\n{cookie}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        connection.write_all((head + body).as_bytes()).await?;
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer.as_str(), ""));
        Ok((head.to_owned(), body.to_owned()))
    }

    pub async fn get(&self, path: &str) -> Value {
        let (head, body) = self.request("GET", &format!("/api/v1{path}"), "").await.expect("the server answers");
        assert!(head.starts_with("HTTP/1.1 200"), "GET {path}: {head}\n{body}");
        serde_json::from_str(&body).unwrap_or_else(|e| panic!("GET {path} gave no JSON ({e}): {body}"))
    }

    /// All events that answer the question, newest first.
    pub async fn events(&self, question: &str) -> Vec<Value> {
        let (mut events, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/events?limit={PAGE}&{question}{cursor}")).await;
            events.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return events,
            }
        }
    }

    pub async fn count(&self, question: &str) -> u64 {
        self.get(&format!("/events/count?{question}")).await["count"].as_u64().expect("a count")
    }

    /// Asks the server to stop, waits for it, and opens the trail with the installation's own master secret: what the API masks
    /// (old and new values, the vendor's details) is compared there.
    pub async fn stop_and_open(&mut self) -> Vec<(u64, Opened)> {
        let mut server = self.server.take().expect("the server runs");
        Command::new("kill").args(["-TERM", &server.id().to_string()]).status().expect("kill");
        assert!(server.wait().expect("it ends").success(), "the server did not stop cleanly");
        let url = |name: &str| format!("sqlite://{}?mode=rwc", self.data.join(format!("{name}.sqlite")).display());
        let secret = std::fs::read(self.data.join("master.secret")).expect("the master secret");
        let keys = SqlKeys::open(Database::open(&url("keys"), "keys").await.expect("keys")).await.expect("keys");
        let keyring = Keyring::new(Master::from_secret(&secret).expect("a secret"), Arc::new(keys), NonZeroUsize::new(10_000).expect("not zero"));
        let trail = SqlTrail::open(Database::open(&url("trail"), "trail").await.expect("trail"), "activity", 0).await.expect("trail");
        let reader = Reader::new(Arc::new(trail), Arc::new(Directory::open(self.data.join("blobs")).expect("blobs")), "activity");
        let (mut all, mut from) = (Vec::new(), 0);
        loop {
            let (indexes, stored): (Vec<u64>, Vec<_>) = reader.read(from, 4 << 20).await.expect("the trail reads").into_iter().unzip();
            let Some(last) = indexes.last() else { return all };
            from = last + 1;
            all.extend(indexes.into_iter().zip(ledger::open_all(&keyring, "activity", &stored).await.expect("the trail opens")));
        }
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().ok();
            server.wait().ok();
        }
    }
}
