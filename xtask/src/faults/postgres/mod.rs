//! A PostgreSQL of the run's own, and the rows that break it. As Veritrail needs it, it makes every commit durable before it answers.

mod ended;
mod full;
mod nodes;
mod restored;

use super::tools::{run, text};
use crate::http::free_port;
use anyhow::{Context, Result, bail};
use std::{
    cell::Cell,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub use {ended::run as ended, full::run as full, nodes::run as nodes, restored::run as restored};

const USER: &str = "veritrail";
/// Small segments of its log, so that a small disk holds it. 57P03 while it starts is told as not available.
const SETTINGS: &str = "-c listen_addresses=127.0.0.1 -c max_connections=80 -c shared_buffers=64MB -c min_wal_size=4MB -c max_wal_size=16MB";
const STARTED_WITHIN_SECS: u32 = 60;

pub struct Server {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    databases: Cell<u32>,
}

impl Server {
    /// Made in the folder, which nobody else uses, and started.
    ///
    /// # Errors
    /// When there is no PostgreSQL: `scripts/test-tools.sh` installs one.
    pub fn start(folder: &Path) -> Result<Self> {
        let bin = newest()?;
        let server = Self { folder: folder.to_owned(), bin, port: free_port()?, databases: Cell::new(0) };
        std::fs::create_dir_all(&server.folder)?;
        if is_root() {
            // PostgreSQL refuses to run as root.
            run("chmod", &["711", &text(folder)?])?;
            std::fs::create_dir_all(server.data())?;
            run("chown", &["postgres", &text(&server.data())?])?;
        }
        server.call("initdb", &["-U", USER, "-A", "trust", "--wal-segsize=1", "-D", &text(&server.data())?])?;
        server.serve()?;
        Ok(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("pg")
    }

    /// Starts it again.
    pub fn serve(&self) -> Result<()> {
        let data = text(&self.data())?;
        let options = format!("-p {} -c unix_socket_directories={data} {SETTINGS}", self.port);
        let (log, patience) = (text(&self.data().join("server.log"))?, STARTED_WITHIN_SECS.to_string());
        self.call("pg_ctl", &["-D", &data, "-w", "-t", &patience, "-o", &options, "-l", &log, "start"])
    }

    /// `fast` as an administrator stops it, `immediate` as a crash: what was not committed is gone.
    pub fn stop(&self, how: &str) -> Result<()> {
        self.call("pg_ctl", &["-D", &text(&self.data())?, "-w", "-m", how, "stop"])
    }

    /// kill -9 of its first process, by which all the others end.
    pub fn kill(&self) -> Result<()> {
        let file = self.data().join("postmaster.pid");
        let pid = std::fs::read_to_string(&file)?.lines().next().context("a process id")?.to_owned();
        run("kill", &["-9", &pid])?;
        // The others hold its memory until they noticed; a start before that is refused.
        for _ in 0..200 {
            std::thread::sleep(std::time::Duration::from_millis(50));
            if !Path::new("/proc").join(&pid).exists() && self.others()? == 0 {
                return Ok(());
            }
        }
        bail!("PostgreSQL's processes do not end")
    }

    /// Processes that have its data directory as theirs.
    fn others(&self) -> Result<usize> {
        let data = self.data().canonicalize()?;
        let works_here = |entry: &std::fs::DirEntry| std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == data);
        Ok(std::fs::read_dir("/proc")?.flatten().filter(works_here).count())
    }

    pub fn is_up(&self) -> bool {
        text(&self.data()).is_ok_and(|data| self.call("pg_ctl", &["-D", &data, "status"]).is_ok())
    }

    /// The URL of a new, empty database.
    pub fn create_database(&self) -> Result<String> {
        let name = self.next_name();
        self.ask("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(self.url(&name))
    }

    /// The URL of a copy of a database that nobody is connected to.
    pub fn copy(&self, url: &str) -> Result<String> {
        let (name, from) = (self.next_name(), name_of(url)?);
        self.ask("postgres", &format!("CREATE DATABASE {name} TEMPLATE {from}"))?;
        Ok(self.url(&name))
    }

    fn next_name(&self) -> String {
        self.databases.set(self.databases.get() + 1);
        format!("faults_{}", self.databases.get())
    }

    fn url(&self, name: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{name}", self.port)
    }

    /// What a statement answers, a row a line.
    pub fn query(&self, url: &str, sql: &str) -> Result<String> {
        self.ask(name_of(url)?, sql)
    }

    fn ask(&self, database: &str, sql: &str) -> Result<String> {
        let psql = text(&self.bin.join("psql"))?;
        run(&psql, &["-X", "-At", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", sql])
    }

    fn call(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let program = text(&self.bin.join(program))?;
        let mut command = match is_root() {
            true => {
                let quoted = [program.as_str()].iter().chain(arguments).map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
                let mut command = Command::new("su");
                command.args(["postgres", "-s", "/bin/sh", "-c", &quoted]);
                command
            }
            false => {
                let mut command = Command::new(&program);
                command.args(arguments);
                command
            }
        };
        // Its log goes to a file: whoever inherits a pipe would keep it open as long as the server lives.
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").status().with_context(|| program.clone())?;
        if !status.success() {
            bail!("{program} {} ended with {status}; its log is in '{}'", arguments.join(" "), self.data().display());
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Best effort: a row may have left it stopped.
        let _ = self.stop("immediate");
    }
}

fn name_of(url: &str) -> Result<&str> {
    url.rsplit('/').next().with_context(|| format!("'{url}' names no database"))
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// Where the newest PostgreSQL's programs are, as Debian puts them.
fn newest() -> Result<PathBuf> {
    let folder = Path::new("/usr/lib/postgresql");
    let versions = std::fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
    let newest = versions.filter(|version| folder.join(version.to_string()).join("bin/initdb").is_file()).max();
    Ok(folder.join(newest.context("there is no PostgreSQL; run ./scripts/test-tools.sh")?.to_string()).join("bin"))
}
