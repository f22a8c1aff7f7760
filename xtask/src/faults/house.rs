//! A Veritrail of a row's own: the real binary, a data directory, the lock apart from it, one source to push to.

use super::Shop;
use crate::http::{Answer, Connection, free_port};
use anyhow::{Context, Result, bail};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

pub const SOURCE: &str = "desk";
pub const LEDGERS: [&str; 2] = ["activity", "self"];
const EMAIL: &str = "analyst@company.example";
const PASSWORD: &str = "break the trail tonight";
/// How long a start, a stop or an answer may take.
const PATIENCE: Duration = Duration::from_secs(90);
/// After this long without a new checkpoint there is nothing more to sign: four times the usual time between two.
const QUIET: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub struct House {
    binary: PathBuf,
    pub folder: PathBuf,
    pub data: PathBuf,
    pub address: String,
    /// The ingest key of [`SOURCE`].
    pub key: String,
    /// Public keys of the ledgers, in the order of [`LEDGERS`].
    pub verifiers: Vec<String>,
    /// Where its databases and objects are, if not below the data directory.
    pub settings: Vec<(String, String)>,
    server: Option<Child>,
}

/// How a process is started.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// A program and its arguments that run the binary.
    pub wrapper: Vec<String>,
    pub environment: Vec<(String, String)>,
}

impl Around {
    pub fn preloaded(library: &Path, further: &[(&str, String)]) -> Self {
        let mut environment = vec![("LD_PRELOAD".to_owned(), library.display().to_string())];
        environment.extend(further.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        Self { wrapper: Vec::new(), environment }
    }
}

impl House {
    /// Initialised, not yet serving; its data lies in the folder.
    pub fn new(shop: &Shop, folder: &Path) -> Result<Self> {
        Self::at(shop, folder, &folder.join("data"))
    }

    /// The same with its data elsewhere. A master secret that is there already is used.
    pub fn at(shop: &Shop, folder: &Path, data: &Path) -> Result<Self> {
        let settings = shop.postgres.as_ref().map_or(Ok(Vec::new()), |server| Ok::<_, anyhow::Error>(on_postgres(&server.create_database()?)))?;
        Self::with(&shop.binary, folder, data, settings)
    }

    /// The same with its databases and objects where the settings say.
    pub fn with(binary: &Path, folder: &Path, data: &Path, settings: Vec<(String, String)>) -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let (binary, folder, data) = (binary.to_owned(), folder.to_owned(), data.to_owned());
        std::fs::create_dir_all(&folder)?;
        let mut house = Self { binary, folder, data, address, key: String::new(), verifiers: Vec::new(), settings, server: None };
        let said = house.run(&["init"], "")?;
        for ledger in LEDGERS {
            // `activity: KEY`, or with the sizes it signs from before the colon.
            let key = said.lines().find_map(|line| Some(line.strip_prefix("Verifier key")?.trim_start().strip_prefix(ledger)?.split_once(": ")?.1));
            house.verifiers.push(key.with_context(|| format!("init named no key of {ledger}: {said}"))?.trim().to_owned());
        }
        house.run(&["source", "add", SOURCE, "--connector", "generic", "--set", "mapping=default"], "")?;
        house.key = house.run(&["source", "key", SOURCE], "")?.trim().to_owned();
        Ok(house)
    }

    /// The same installation with its data directory at another place, as after a disk came back.
    pub fn moved(&self, data: &Path) -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let (binary, folder, key, verifiers) = (self.binary.clone(), self.folder.clone(), self.key.clone(), self.verifiers.clone());
        Ok(Self { binary, folder, data: data.to_owned(), address, key, verifiers, settings: self.settings.clone(), server: None })
    }

    /// Where the last signed sizes and roots are kept.
    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub fn blobs(&self) -> PathBuf {
        self.setting("VERITRAIL__DATA__BLOBS").map_or_else(|| self.data.join("blobs"), PathBuf::from)
    }

    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The process that serves.
    pub fn process(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    fn command(&self, around: &Around) -> Command {
        let mut words = around.wrapper.iter().map(PathBuf::from).chain([self.binary.clone()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).arg("--data").arg(&self.data).current_dir(&self.folder);
        // The origin in checkpoints must not change with the port.
        command.env("VERITRAIL__LOG__FILTER", "warn").env("VERITRAIL__LEDGER__ORIGIN", "faults.example");
        command.env("VERITRAIL__ORGANISATION__NAME", "Faults").env("VERITRAIL__DATA__LOCK", self.lock());
        command.envs(self.settings.iter().cloned()).envs(around.environment.iter().cloned());
        command
    }

    /// Runs a command that must succeed; what it printed.
    pub fn run(&self, arguments: &[&str], input: &str) -> Result<String> {
        let Output { status, stdout, stderr } = self.output(arguments, input)?;
        if !status.success() {
            bail!("veritrail {} ended with {status}: {}", arguments.join(" "), String::from_utf8_lossy(&stderr).trim());
        }
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    }

    /// Runs a command to its end; how it ended and what it printed, errors last.
    pub fn try_run(&self, arguments: &[&str]) -> Result<(ExitStatus, String)> {
        let Output { status, stdout, stderr } = self.output(arguments, "")?;
        Ok((status, String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr)))
    }

    fn output(&self, arguments: &[&str], input: &str) -> Result<Output> {
        let mut command = self.command(&Around::default());
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("the binary does not start")?;
        child.stdin.take().context("a child has an input")?.write_all(input.as_bytes())?;
        Ok(child.wait_with_output()?)
    }

    /// Serves, and waits until it answers; how long that took.
    pub fn serve(&mut self) -> Result<Duration> {
        match self.serve_around(&Around::default())? {
            Ok(took) => Ok(took),
            Err(said) => bail!("the server does not serve: {said}"),
        }
    }

    /// The same in other surroundings; what it said where it ended by itself instead, or that it did not answer.
    pub fn serve_around(&mut self, around: &Around) -> Result<Result<Duration, String>> {
        self.kill()?;
        let path = self.folder.join("server.log");
        let mut log = File::options().create(true).append(true).open(&path)?;
        let before = log.metadata()?.len() as usize;
        let errors = log.try_clone()?;
        let begun = Instant::now();
        let mut command = self.command(around);
        let mut child = command.args(["serve", "--listen", &self.address]).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(errors).spawn()?;
        loop {
            if healthy(&self.address) {
                break;
            }
            if child.try_wait()?.is_some() {
                let said = std::fs::read(&path)?;
                return Ok(Err(String::from_utf8_lossy(said.get(before..).unwrap_or_default()).trim().to_owned()));
            }
            if begun.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                return Ok(Err(format!("no answer within {} s; its log is {}", PATIENCE.as_secs(), path.display())));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        writeln!(log, "-- answers")?;
        self.server = Some(child);
        Ok(Ok(begun.elapsed()))
    }

    /// kill -9, where it serves.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.server.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Whether it ended by itself.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(match self.server.as_mut() {
            Some(child) => child.try_wait()?,
            None => None,
        })
    }

    /// SIGTERM; it must end well.
    pub fn stop(&mut self) -> Result<()> {
        let mut child = self.server.take().context("it serves")?;
        Command::new("kill").arg(child.id().to_string()).status()?;
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                if !status.success() {
                    bail!("the server ended with {status}; its log is {}", self.folder.join("server.log").display());
                }
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                bail!("the server does not stop; its log is {}", self.folder.join("server.log").display());
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// A connection of a program that pushes.
    pub fn pusher(&self) -> Result<Connection> {
        pusher(&self.address, &self.key)
    }

    /// Pushes a body; the status and the answer.
    pub fn push(&self, body: &str) -> Result<Answer> {
        push(&mut self.pusher()?, body)
    }

    /// Makes the analyst whom [`House::sign_in`] signs in.
    pub fn hire(&self) -> Result<()> {
        self.hire_as(EMAIL, "analyst")
    }

    /// Makes a member of this role.
    pub fn hire_as(&self, email: &str, role: &str) -> Result<()> {
        self.run(&["member", "add", email, "--name", role, "--role", role, "--password-stdin"], PASSWORD).map(drop)
    }

    /// The cookie of a fresh sign-in of the analyst.
    pub fn sign_in(&self) -> Result<String> {
        self.sign_in_as(EMAIL)
    }

    pub fn sign_in_as(&self, email: &str) -> Result<String> {
        let credentials = serde_json::json!({ "email": email, "password": PASSWORD }).to_string();
        let answer = self.open("")?.post("/api/v1/session", "application/json", credentials.as_bytes())?.ok()?;
        let cookie = answer.headers.iter().find(|(n, _)| n == "set-cookie").and_then(|(_, v)| v.split(';').next()).context("signing in gave no cookie")?;
        Ok(cookie.to_owned())
    }

    /// A connection with this cookie, whoever it is of.
    pub fn analyst(&self, cookie: &str) -> Result<Connection> {
        self.open(&format!("Cookie: {cookie}\r\n"))
    }

    pub fn open(&self, headers: &str) -> Result<Connection> {
        Connection::open(&self.address, headers)?.within(PATIENCE)
    }

    /// The signed checkpoint of a ledger that is shown now; its size.
    pub fn checkpoint(&self, ledger: &str) -> Result<(String, u64)> {
        let path = self.blobs().join(ledger).join("0/checkpoint");
        if !path.exists() {
            return Ok((String::new(), 0));
        }
        let note = std::fs::read_to_string(&path)?;
        let size = note.lines().nth(1).and_then(|l| l.parse().ok()).with_context(|| format!("'{}' has no size", path.display()))?;
        Ok((note, size))
    }

    /// Waits until a checkpoint of the activities covers this many; the note.
    pub fn signed(&self, size: u64) -> Result<String> {
        let begun = Instant::now();
        loop {
            let (note, signed) = self.checkpoint("activity")?;
            if signed >= size {
                return Ok(note);
            }
            if begun.elapsed() > PATIENCE {
                bail!("{signed} of {size} records are signed after {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until this many records are searchable.
    pub fn indexed(&self, size: u64) -> Result<()> {
        let begun = Instant::now();
        let mut at = 0;
        while begun.elapsed() < PATIENCE.max(Duration::from_millis(3 * size)) {
            at = self.searchable()?;
            if at >= size {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("only {at} of {size} records became searchable");
    }

    /// Waits until all that is there, however much that is, is signed and searchable and nothing more comes.
    pub fn settled(&self) -> Result<()> {
        let begun = Instant::now();
        let mut last = (0, 0);
        let mut since = Instant::now();
        while begun.elapsed() < PATIENCE {
            let now = (self.checkpoint("activity")?.1, self.searchable()?);
            if now != last {
                (last, since) = (now, Instant::now());
            }
            if now.1 >= now.0 && since.elapsed() > QUIET {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("{} records are signed and {} searchable after {} s", last.0, last.1, PATIENCE.as_secs())
    }

    /// Index after the last record that is searchable.
    fn searchable(&self) -> Result<u64> {
        let text = String::from_utf8(self.open("")?.get("/metrics")?.ok()?.body)?;
        let value = text.lines().find_map(|line| line.strip_prefix("veritrail_follower_next{follower=\"index\"} "));
        Ok(value.context("the metrics do not name the index")?.parse::<f64>()? as u64)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // Only after a failure: rows stop what they start.
        let _ = self.kill();
    }
}

/// All three databases in one.
pub fn on_postgres(url: &str) -> Vec<(String, String)> {
    ["RECORDS", "TRAIL", "KEYS"].map(|store| (format!("VERITRAIL__DATA__{store}"), url.to_owned())).into()
}

pub fn pusher(address: &str, key: &str) -> Result<Connection> {
    Connection::open(address, &format!("Authorization: Bearer {key}\r\n"))?.within(PATIENCE)
}

pub fn push(connection: &mut Connection, body: &str) -> Result<Answer> {
    connection.post(&format!("/api/v1/ingest/{SOURCE}"), "application/x-ndjson", body.as_bytes())
}

fn healthy(address: &str) -> bool {
    Connection::open(address, "").and_then(|c| c.within(PATIENCE)?.get("/health")).is_ok_and(|answer| answer.status == 200)
}
