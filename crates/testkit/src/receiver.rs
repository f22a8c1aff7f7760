//! A real receiver of mail, webhooks or time-stamp queries as a process of its own, in Python with the libraries and tools of others.

use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

/// `receivers/smtp.py` (aiosmtpd), `receivers/webhook.py` (standardwebhooks), told by [`Receiver::start`], `receivers/tsa.py` (openssl), or `receivers/postgres.py`.
pub struct Receiver {
    child: Child,
    lines: mpsc::Receiver<String>,
    pub port: u16,
}

impl Receiver {
    /// `None` where the tools are missing and that was asked for.
    pub fn start(script: &str, arguments: &[&str]) -> Option<Self> {
        let home = std::env::var("HOME").unwrap_or_default();
        let python = PathBuf::from(home).join(".cache/veritrail/moto/bin/python");
        if !python.exists() {
            assert!(
                std::env::var_os("VERITRAIL_TEST_SKIP_SERVICES").is_some(),
                "{} is missing. Run ./scripts/test-tools.sh, or set VERITRAIL_TEST_SKIP_SERVICES=1 to leave this out.",
                python.display()
            );
            println!("{} is missing: not tested", python.display());
            return None;
        }
        Some(Self::run(&python, script, arguments))
    }

    /// The same of `receivers/tsa.py`, which needs nothing but Python itself and openssl.
    pub fn authority(arguments: &[&str]) -> Self {
        Self::run(Path::new("python3"), "tsa.py", arguments)
    }

    /// Whoever stands where PostgreSQL should, under this certificate.
    pub fn database(certificate: &str, key: &str) -> Self {
        Self::run(Path::new("python3"), "postgres.py", &[certificate, key])
    }

    fn run(python: &Path, script: &str, arguments: &[&str]) -> Self {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("receivers").join(script);
        let mut child = Command::new(python).arg(script).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        let port = lines.recv_timeout(Duration::from_secs(30)).expect("the receiver prints its port").parse().unwrap();
        Self { child, lines, port }
    }

    /// What came next.
    pub fn next(&self) -> Value {
        serde_json::from_str(&self.lines.recv_timeout(Duration::from_secs(20)).expect("something arrives")).unwrap()
    }

    /// That nothing (more) has come.
    pub fn quiet(&self) -> bool {
        self.lines.recv_timeout(Duration::from_millis(300)).is_err()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
