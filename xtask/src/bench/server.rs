//! The real server, on a data directory of its own.

use super::records::Records;
use crate::http::{Connection, free_port};
use anyhow::{Context, Result, bail};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

pub const SOURCE: &str = "crm";
const EMAIL: &str = "analyst@company.example";
const PASSWORD: &str = "measure the trail tonight";

/// An installation: the binary, its data directory, and the environment that overrides its configuration.
pub struct Installation {
    pub binary: PathBuf,
    pub data: PathBuf,
    pub environment: Vec<(String, String)>,
    pub key: String,
}

impl Installation {
    /// Makes a fresh one: master secret, one source with a key, a directory with everybody, an analyst.
    pub fn create(binary: PathBuf, directory: &Path, environment: Vec<(String, String)>) -> Result<Self> {
        let mut made = Self { binary, data: directory.join("data"), environment, key: String::new() };
        if made.data.exists() {
            std::fs::remove_dir_all(&made.data)?;
        }
        made.run(&["init"], "")?;
        made.run(&["source", "add", SOURCE, "--connector", "generic", "--set", "mapping=default"], "")?;
        let people = directory.join("directory.csv");
        std::fs::write(&people, Records::directory())?;
        made.run(&["directory", "import", &people.display().to_string()], "")?;
        made.run(&["member", "add", EMAIL, "--name", "Ada Analyst", "--role", "analyst", "--password-stdin"], PASSWORD)?;
        made.key = made.run(&["source", "key", SOURCE, "--label", "bench"], "")?.trim().to_owned();
        std::fs::write(directory.join("key"), &made.key)?;
        Ok(made)
    }

    /// One that an earlier run kept.
    pub fn kept(binary: PathBuf, directory: &Path, environment: Vec<(String, String)>) -> Self {
        let key = std::fs::read_to_string(directory.join("key")).unwrap_or_default();
        Self { binary, data: directory.join("data"), environment, key }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        // The origin in checkpoints must not change with the port.
        command
            .arg("--data")
            .arg(&self.data)
            .env("VERITRAIL__LOG__FILTER", "warn")
            .env("VERITRAIL__LEDGER__ORIGIN", "bench")
            .envs(self.environment.iter().cloned());
        command
    }

    /// Runs a command of the binary to its end; answers what it printed.
    pub fn run(&self, arguments: &[&str], input: &str) -> Result<String> {
        let mut child = self.command().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("the binary does not start")?;
        child.stdin.take().context("a child has an input")?.write_all(input.as_bytes())?;
        let done = child.wait_with_output()?;
        if !done.status.success() {
            bail!("veritrail {} ended with {}", arguments.join(" "), done.status);
        }
        Ok(String::from_utf8(done.stdout)?)
    }

    pub fn serve(&self) -> Result<Server> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let child = self.command().args(["serve", "--listen", &address]).stdin(Stdio::null()).spawn()?;
        let memory = Memory::watch(child.id());
        let server = Server { child, address, memory };
        let begun = Instant::now();
        while Connection::open(&server.address, "").and_then(|mut c| c.get("/health")).is_err() {
            if begun.elapsed() > Duration::from_secs(120) {
                bail!("the server does not answer");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }
}

pub struct Server {
    child: Child,
    pub address: String,
    pub memory: Memory,
}

impl Server {
    /// A connection of the signed-in analyst.
    pub fn analyst(&self) -> Result<Connection> {
        let credentials = serde_json::json!({ "email": EMAIL, "password": PASSWORD }).to_string();
        let answer = Connection::open(&self.address, "")?.post("/api/v1/session", "application/json", credentials.as_bytes())?.ok()?;
        let cookie = answer.headers.iter().find(|(n, _)| n == "set-cookie").and_then(|(_, v)| v.split(';').next()).context("signing in gave no cookie")?;
        Connection::open(&self.address, &format!("Cookie: {cookie}\r\n"))
    }

    /// A connection of a program that pushes.
    pub fn pusher(&self, key: &str) -> Result<Connection> {
        Connection::open(&self.address, &format!("Authorization: Bearer {key}\r\n"))
    }

    /// How far a follower is, from the metrics.
    pub fn follower(&self, connection: &mut Connection, name: &str) -> Result<u64> {
        let text = String::from_utf8(connection.get("/metrics")?.ok()?.body)?;
        let prefix = format!("veritrail_follower_next{{follower=\"{name}\"}} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&prefix)).with_context(|| format!("the metrics do not name the follower {name}"))?;
        Ok(value.parse::<f64>()? as u64)
    }

    /// Asks it to stop and waits; answers the peaks of its memory.
    pub fn stop(mut self) -> Result<Peak> {
        let peak = self.memory.stop();
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        self.child.wait()?;
        Ok(peak)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only after a failure: `stop` has waited already, and killing what has ended fails harmlessly.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Peaks in bytes: what the process allocated, and the pages of files it has mapped and touched, which the system may take back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peak {
    pub allocated: u64,
    pub resident: u64,
}

/// Looks at a process' memory several times a second.
pub struct Memory {
    ended: Arc<AtomicBool>,
    peaks: Arc<[AtomicU64; 2]>,
    watcher: Option<JoinHandle<()>>,
}

impl Memory {
    fn watch(pid: u32) -> Self {
        let (ended, peaks) = (Arc::new(AtomicBool::new(false)), Arc::new([AtomicU64::new(0), AtomicU64::new(0)]));
        let (stop, seen) = (ended.clone(), peaks.clone());
        let watcher = std::thread::spawn(move || {
            while !stop.load(Relaxed) {
                let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
                for (name, peak) in ["RssAnon:", "VmRSS:"].iter().zip(seen.iter()) {
                    let kib = status.lines().find_map(|l| l.strip_prefix(name)).and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok());
                    peak.fetch_max(kib.unwrap_or(0) << 10, Relaxed);
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        Self { ended, peaks, watcher: Some(watcher) }
    }

    fn stop(&mut self) -> Peak {
        self.ended.store(true, Relaxed);
        if let Some(watcher) = self.watcher.take() {
            // A watcher that panicked has seen less; its peaks stand.
            let _ = watcher.join();
        }
        Peak { allocated: self.peaks[0].load(Relaxed), resident: self.peaks[1].load(Relaxed) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.ended.store(true, Relaxed);
    }
}
