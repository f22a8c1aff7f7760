//! A witness of others' making (PyPI aics-witness) as a process of its own, and the tools installed beside it.

use serde_json::Value;
use std::{
    fs::File,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

/// `aics-tlog` or `aics-witness`, where `scripts/test-tools.sh` puts them. Fails where one is missing; `None` where leaving it out was asked for.
pub fn tlog_tool(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/veritrail/tlog/bin").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("VERITRAIL_TEST_SKIP_SERVICES").is_some(),
        "{} is missing. Run ./scripts/test-tools.sh, or set VERITRAIL_TEST_SKIP_SERVICES=1 to leave this out.",
        path.display()
    );
    println!("{name} is missing: not tested");
    None
}

/// Initialised by [`WitnessProcess::new`], run by [`WitnessProcess::start`], ended with this value.
pub struct WitnessProcess {
    tool: PathBuf,
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
    /// Its verifier key: `name+hash+base64`.
    pub key: String,
}

impl WitnessProcess {
    /// A new identity in a folder of its own.
    pub fn new(folder: &Path, name: &str) -> Option<Self> {
        let tool = tlog_tool("aics-witness")?;
        std::fs::create_dir_all(folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut witness = Self { tool, folder: folder.to_owned(), port, child: None, key: String::new() };
        let listen = format!("127.0.0.1:{port}");
        witness.key = witness.run(&["init", "--name", name, "--listen", &listen]).trim().to_owned();
        Some(witness)
    }

    /// Where it is reached: its submission prefix.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Makes it know a log; before it is started.
    pub fn trust(&self, origin: &str, verifier_key: &str) {
        self.run(&["add-log", "--origin", origin, "--vkey", verifier_key]);
    }

    /// Serves, and waits until it listens.
    pub fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.folder.join("serve.log")).unwrap();
        let mut child = self.command(&["serve"]).stderr(log).spawn().unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < Duration::from_secs(30), "the witness does not listen ({ended:?}): {}", self.log());
            #[expect(clippy::disallowed_methods, reason = "the witness is another process and this is a test")]
            std::thread::sleep(Duration::from_millis(30));
        }
        self.child = Some(child);
    }

    /// Away, its state kept.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Loses everything it has seen and keeps its key, which no honest operator does. Stopped before.
    pub fn forget(&self) {
        for file in std::fs::read_dir(&self.folder).unwrap().map(|file| file.unwrap().path()) {
            if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("witness.db")) {
                std::fs::remove_file(file).unwrap();
            }
        }
        self.run(&["init", "--new-database"]);
    }

    /// What it holds of a log: its size, if it has cosigned anything.
    pub fn holds(&self, origin: &str) -> Option<u64> {
        let status: Value = serde_json::from_str(&self.run(&["status", "--json"])).unwrap();
        status["logs"].as_array().unwrap().iter().find(|log| log["origin"] == origin)?["size"].as_u64()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("serve.log")).unwrap_or_default()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tool);
        command.args(arguments).arg("--config").arg(self.folder.join("witness.json"));
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let done = self.command(arguments).output().unwrap();
        assert!(done.status.success(), "aics-witness {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }
}

impl Drop for WitnessProcess {
    fn drop(&mut self) {
        self.stop();
    }
}
