//! The engines beside it: DuckDB in its own process, and a throw-away PostgreSQL. Both are asked through scripts that time each question.

use super::questions::{Answered, Question};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A Python with duckdb and psycopg, made once.
pub fn python() -> Result<PathBuf> {
    let home = std::env::var_os("HOME").context("HOME is not set")?;
    let venv = PathBuf::from(home).join(".cache/veritrail/bench/venv");
    let python = venv.join("bin/python");
    let complete = || Command::new(&python).args(["-c", "import duckdb, psycopg"]).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    if !complete() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        run(Command::new(venv.join("bin/pip")).args(["install", "-q", "duckdb", "psycopg[binary]"]))?;
    }
    Ok(python)
}

/// `cargo xtask` runs at the root of the repository, like tidy.
fn script(name: &str) -> PathBuf {
    Path::new("scripts/bench").join(name)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} does not start"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

pub struct DuckDb {
    python: PathBuf,
    pub file: PathBuf,
}

impl DuckDb {
    pub fn new(python: &Path, directory: &Path) -> Self {
        Self { python: python.to_owned(), file: directory.join("events.duckdb") }
    }

    pub fn load(&self, records: &[PathBuf]) -> Result<()> {
        // Half a load of an earlier run would be taken for a whole one.
        let part = self.file.with_extension("part");
        let _ = std::fs::remove_file(&part);
        run(Command::new(&self.python).arg(script("duckdb_engine.py")).arg("load").arg(&part).args(records))?;
        Ok(std::fs::rename(part, &self.file)?)
    }

    pub fn export(&self, csv: &Path) -> Result<()> {
        run(Command::new(&self.python).arg(script("duckdb_engine.py")).arg("export").arg(&self.file).arg(csv))
    }

    pub fn ask(&self, questions: &[Question]) -> Result<Vec<Answered>> {
        ask(Command::new(&self.python).arg(script("duckdb_engine.py")).arg("ask").arg(&self.file), questions)
    }
}

/// A PostgreSQL that ends with this value.
pub struct Postgres {
    python: PathBuf,
    server: Child,
    port: u16,
}

impl Postgres {
    /// `durable`: it keeps its promises, as Veritrail's own database must.
    pub fn start(python: &Path, directory: &Path, durable: bool) -> Result<Self> {
        let mut server = Command::new(script("postgres.sh"))
            .arg(directory)
            .env("BENCH_PG_FSYNC", if durable { "on" } else { "off" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("PostgreSQL does not start")?;
        let mut line = String::new();
        BufReader::new(server.stdout.take().context("a child has an output")?).read_line(&mut line)?;
        let port = line.trim().parse().with_context(|| format!("PostgreSQL did not start; its log is in {}", directory.display()))?;
        Ok(Self { python: python.to_owned(), server, port })
    }

    pub fn url(&self) -> String {
        format!("postgres://bench@127.0.0.1:{}/postgres", self.port)
    }

    fn engine(&self, task: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(script("postgres_engine.py")).arg(task).arg(self.url());
        command
    }

    pub fn load(&self, csv: &Path) -> Result<()> {
        run(self.engine("load").arg(csv))
    }

    pub fn size(&self) -> Result<u64> {
        let printed = self.engine("size").stdin(Stdio::null()).output()?.stdout;
        Ok(String::from_utf8(printed)?.trim().parse()?)
    }

    pub fn ask(&self, questions: &[Question]) -> Result<Vec<Answered>> {
        ask(&mut self.engine("ask"), questions)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The script stops the server when its input ends.
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }
}

fn ask(command: &mut Command, questions: &[Question]) -> Result<Vec<Answered>> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("a child has an input")?;
    let mut output = BufReader::new(child.stdout.take().context("a child has an output")?);
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        writeln!(input, "{}", serde_json::to_string(question)?)?;
        let mut line = String::new();
        output.read_line(&mut line)?;
        let value: Value = serde_json::from_str(&line).with_context(|| format!("no answer to {question:?}"))?;
        answers.push(Answered { millis: value["millis"].as_f64().context("millis")?, answer: value["answer"].clone() });
    }
    drop(input);
    child.wait()?;
    Ok(answers)
}
