//! An S3 server of the run's own: PyPI moto, which `scripts/test-tools.sh` installs.

use crate::{
    faults::tools::text,
    http::{Connection, free_port},
};
use anyhow::{Context, Result, bail};
use std::{
    cell::Cell,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const STARTED_WITHIN: Duration = Duration::from_secs(60);

pub struct Objects {
    server: Child,
    address: String,
    buckets: Cell<u32>,
}

impl Objects {
    pub fn start(folder: &Path) -> Result<Self> {
        let home = PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?);
        let program = home.join(".cache/veritrail/moto/bin/moto_server");
        if !program.exists() {
            bail!("'{}' is missing; run ./scripts/test-tools.sh", text(&program)?);
        }
        let port = free_port()?;
        let log = File::create(folder.join("moto.log"))?;
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let objects = Self { server: command.spawn()?, address: format!("127.0.0.1:{port}"), buckets: Cell::new(0) };
        let begun = Instant::now();
        while Connection::open(&objects.address, "").is_err() {
            if begun.elapsed() > STARTED_WITHIN {
                bail!("the S3 server does not answer; its log is '{}'", folder.join("moto.log").display());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(objects)
    }

    /// The URL of a new, empty bucket.
    pub fn create_bucket(&self) -> Result<String> {
        self.buckets.set(self.buckets.get() + 1);
        let bucket = format!("faults-{}", self.buckets.get());
        Connection::open(&self.address, "")?.put(&format!("/{bucket}"))?.ok()?;
        Ok(format!("s3://{bucket}/kept/here?endpoint=http://{}&region=us-east-1&access_key_id=test&secret_access_key=test", self.address))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
