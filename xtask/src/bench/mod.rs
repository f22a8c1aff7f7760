//! `cargo xtask bench`: the real binary on a fresh data directory, records pushed over HTTP, and the questions investigators ask, beside DuckDB and
//! PostgreSQL that hold the same records. docs/performance.md says what the figures mean.

mod ask;
mod disk;
mod engines;
mod fingerprints;
mod index;
mod ingest;
mod questions;
pub(crate) mod records;
mod report;
mod server;

use crate::cargo::cargo;
use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use engines::{DuckDb, Postgres};
use questions::{Answered, Question};
use records::Records;
use report::number;
use server::Installation;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Records per file of the generated set.
const FILE_RECORDS: u64 = 500_000;
/// How long the paced part lasts; it is pushed last, at `--pace`.
const PACED_SECS: u64 = 10;
const PACED_BODY: usize = 100;
/// Left to a server between its start and the first question.
const WARM: Duration = Duration::from_secs(3);

#[derive(Parser)]
#[command(name = "cargo xtask bench", about = "Measures ingest, search, detection and verification beside DuckDB and PostgreSQL")]
struct Arguments {
    /// Events to generate, push and search.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Only these parts; what they need from earlier ones must be in --keep.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Works in this directory and leaves everything there: a later run with the same number of events loads nothing anew.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// A built binary instead of building one with the profile `demo`.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Veritrail keeps its records, trail and keys in PostgreSQL instead of SQLite.
    #[arg(long)]
    on_postgres: bool,
    /// Records per pushed body.
    #[arg(long, default_value_t = 1_000)]
    body: usize,
    /// Events per second of the paced part.
    #[arg(long, default_value_t = 2_000)]
    pace: u64,
    /// Puts the tables into docs/performance.md.
    #[arg(long)]
    write: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Ingest,
    Verify,
    Search,
    Duckdb,
    Postgres,
}

/// One line for whoever watches.
pub(crate) fn say(line: std::fmt::Arguments<'_>) {
    // Nobody reads it any more: the measurement goes on.
    let _ = writeln!(std::io::stdout(), "{line}");
}

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let arguments: Vec<String> = arguments.collect();
    if arguments.get(1).is_some_and(|a| a == "fingerprints") {
        return fingerprints::run(arguments.into_iter().skip(1));
    }
    if arguments.get(1).is_some_and(|a| a == "index") {
        return index::run(arguments.into_iter().skip(1));
    }
    let arguments = Arguments::parse_from(arguments);
    // Not below the home: where root measures, PostgreSQL runs as somebody else and must reach its data.
    let directory = arguments.keep.clone().unwrap_or_else(|| std::env::temp_dir().join("veritrail-bench"));
    if arguments.keep.is_none() && directory.exists() {
        std::fs::remove_dir_all(&directory)?;
    }
    std::fs::create_dir_all(&directory)?;
    let passing = arguments.keep.is_none();
    Bench { records: Records::new(arguments.events), arguments, directory: directory.clone() }.run()?;
    if passing {
        std::fs::remove_dir_all(&directory)?;
    }
    Ok(())
}

struct Bench {
    arguments: Arguments,
    directory: PathBuf,
    records: Records,
}

impl Bench {
    fn wants(&self, part: Part) -> bool {
        self.arguments.only.is_empty() || self.arguments.only.contains(&part)
    }

    fn run(&self) -> Result<()> {
        let binary = match &self.arguments.binary {
            Some(binary) => binary.clone(),
            None => build()?,
        };
        let files = self.generate()?;
        let mut measured = self.machine()?;
        let mut page = String::new();

        let own = if self.arguments.on_postgres { Some(Postgres::start(&engines::python()?, &self.directory.join("own"), true)?) } else { None };
        let environment = own.iter().flat_map(|p| ["RECORDS", "TRAIL", "KEYS"].map(|name| (format!("VERITRAIL__DATA__{name}"), p.url()))).collect();
        let installation = if self.wants(Part::Ingest) {
            let installation = Installation::create(binary, &self.directory, environment)?;
            measured.extend(self.ingest(&installation, &files)?);
            installation
        } else {
            Installation::kept(binary, &self.directory, environment)
        };
        if self.wants(Part::Verify) {
            measured.push(self.verify(&installation)?);
        }
        let (duckdb, postgres) = self.load(&files, &mut measured)?;
        if self.wants(Part::Search) {
            let questions = questions::all(self.records.count);
            let (ours, rows) = self.search(&installation, &questions)?;
            measured.extend(rows);
            let others = self.others(&questions, &ours, duckdb.as_ref(), postgres.as_ref())?;
            page = report::questions(&questions, &ours, &others);
            let duckdb = others.iter().find(|(name, _)| *name == "DuckDB").map(|(_, answers)| answers.as_slice());
            report::missed(&questions, &ours, duckdb).iter().for_each(|miss| say(format_args!("behind its aim: {miss}")));
        }
        let page = format!("{}\n{page}", report::table(&["measure", "value"], &measured));
        say(format_args!("\n{page}"));
        if self.arguments.write {
            report::write_into(Path::new("docs/performance.md"), &page)?;
        }
        Ok(())
    }

    /// Writes the records, unless an earlier run did; the last file is the paced part.
    fn generate(&self) -> Result<Vec<PathBuf>> {
        let folder = self.directory.join("records");
        let paced = (self.arguments.pace * PACED_SECS).min(self.records.count / 10);
        let made = format!("{} events, {paced} paced, format 1", self.records.count);
        let mut first = 0;
        let mut parts = Vec::new();
        while first < self.records.count {
            let until = if first < self.records.count - paced { (first + FILE_RECORDS).min(self.records.count - paced) } else { self.records.count };
            parts.push((folder.join(format!("{:04}.ndjson", parts.len())), first..until));
            first = until;
        }
        if std::fs::read_to_string(folder.join("made")).is_ok_and(|text| text == made) {
            return Ok(parts.into_iter().map(|(path, _)| path).collect());
        }
        if folder.exists() {
            bail!("'{}' holds other records than these; name another directory", folder.display());
        }
        std::fs::create_dir_all(&folder)?;
        say(format_args!("writing {} records", self.records.count));
        for (path, numbers) in &parts {
            let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
            let mut text = String::new();
            for number in numbers.clone() {
                text.clear();
                self.records.write(number, &mut text);
                out.write_all(text.as_bytes())?;
            }
            out.flush()?;
        }
        std::fs::write(folder.join("made"), made)?;
        Ok(parts.into_iter().map(|(path, _)| path).collect())
    }

    fn machine(&self) -> Result<Vec<Vec<String>>> {
        let (fsyncs, p99) = disk::fsyncs(&self.directory)?;
        let load = std::fs::read_to_string("/proc/loadavg")?;
        let cores = std::thread::available_parallelism()?;
        let model = std::fs::read_to_string("/proc/cpuinfo")?;
        let model = model.lines().find_map(|l| l.strip_prefix("model name")).map(|l| l.trim_start_matches([' ', '\t', ':'])).unwrap_or("unknown").to_owned();
        let memory = std::fs::read_to_string("/proc/meminfo")?;
        let kib: u64 = memory.lines().find_map(|l| l.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok()).unwrap_or(0);
        Ok(vec![
            row("machine", format!("{cores} cores, {model}, {} GiB", kib >> 20)),
            row("load before the run (1, 5, 15 min)", load.split_whitespace().take(3).collect::<Vec<_>>().join(" ")),
            row("disk: 4 KiB made durable, per second", format!("{fsyncs:.0} (p99 {:.1} ms)", p99.as_secs_f64() * 1_000.0)),
        ])
    }

    fn ingest(&self, installation: &Installation, files: &[PathBuf]) -> Result<Vec<Vec<String>>> {
        say(format_args!("pushing"));
        let server = installation.serve()?;
        let (paced, fast) = files.split_last().context("there are records")?;
        let all = ingest::push(installation, &server, fast, self.arguments.body, None)?;
        let slow = ingest::push(installation, &server, std::slice::from_ref(paced), PACED_BODY, Some(self.arguments.pace))?;
        ask::expect_count(&server, &self.records)?;
        let peak = server.stop()?;
        let mut rows = vec![row("as fast as it goes", String::new())];
        rows.extend(report::pushed(&all));
        rows.push(row("paced", format!("{} events/s", self.arguments.pace)));
        rows.extend(report::pushed(&slow));
        rows.push(row("memory while taking in, allocated / resident MiB", format!("{} / {}", peak.allocated >> 20, peak.resident >> 20)));
        let per_event = |path: &str| disk::size(&installation.data.join(path)) / self.records.count;
        rows.push(row(
            "bytes on disk per event: all / segments and tiles / index",
            format!("{} / {} / {}", per_event(""), per_event("blobs"), per_event("index")),
        ));
        Ok(rows)
    }

    fn verify(&self, installation: &Installation) -> Result<Vec<String>> {
        say(format_args!("verifying"));
        let begun = Instant::now();
        installation.run(&["verify"], "")?;
        Ok(row("verify, events/s", format!("{:.0}", self.records.count as f64 / begun.elapsed().as_secs_f64())))
    }

    fn search(&self, installation: &Installation, questions: &[Question]) -> Result<(Vec<Answered>, Vec<Vec<String>>)> {
        say(format_args!("asking Veritrail {} questions", questions.len()));
        let server = installation.serve()?;
        // Roll-ups are made right after the start; whoever investigates comes later.
        std::thread::sleep(WARM);
        let (answers, idle) = ask::ask(&server, questions)?;
        let peak = server.stop()?;
        Ok((
            answers,
            vec![
                row("a request that searches nothing, ms", number(idle)),
                row("memory while searching, allocated / resident MiB", format!("{} / {}", peak.allocated >> 20, peak.resident >> 20)),
            ],
        ))
    }

    /// Loads the other engines, unless an earlier run did.
    fn load(&self, files: &[PathBuf], measured: &mut Vec<Vec<String>>) -> Result<(Option<DuckDb>, Option<Postgres>)> {
        if !(self.wants(Part::Duckdb) || self.wants(Part::Postgres)) {
            return Ok((None, None));
        }
        let python = engines::python()?;
        let duckdb = DuckDb::new(&python, &self.directory);
        if !duckdb.file.exists() {
            say(format_args!("loading DuckDB"));
            let begun = Instant::now();
            duckdb.load(files)?;
            measured.push(row("DuckDB: load, events/s", self.rate(begun.elapsed())));
        }
        measured.push(row("DuckDB: bytes on disk per event", format!("{}", disk::size(&duckdb.file) / self.records.count)));
        if !self.wants(Part::Postgres) {
            return Ok((Some(duckdb), None));
        }
        let loaded = self.directory.join("postgres/loaded");
        let postgres = Postgres::start(&python, &self.directory.join("postgres"), false)?;
        if !loaded.exists() {
            say(format_args!("loading PostgreSQL"));
            let csv = self.directory.join("events.csv");
            duckdb.export(&csv)?;
            let begun = Instant::now();
            postgres.load(&csv)?;
            measured.push(row("PostgreSQL: load and indexes, events/s", self.rate(begun.elapsed())));
            std::fs::remove_file(csv)?;
            std::fs::write(&loaded, "")?;
        }
        measured.push(row("PostgreSQL: bytes on disk per event", format!("{}", postgres.size()? / self.records.count)));
        Ok((Some(duckdb), Some(postgres)))
    }

    /// Asks the other engines, and holds their answers against ours.
    fn others(
        &self,
        questions: &[Question],
        ours: &[Answered],
        duckdb: Option<&DuckDb>,
        postgres: Option<&Postgres>,
    ) -> Result<Vec<(&'static str, Vec<Answered>)>> {
        let mut answered = Vec::new();
        if let Some(duckdb) = duckdb.filter(|_| self.wants(Part::Duckdb)) {
            say(format_args!("asking DuckDB"));
            answered.push(("DuckDB", duckdb.ask(questions)?));
        }
        if let Some(postgres) = postgres {
            say(format_args!("asking PostgreSQL"));
            answered.push(("PostgreSQL", postgres.ask(questions)?));
        }
        answered.iter().try_for_each(|(name, theirs)| ask::compare(questions, ours, theirs, name))?;
        Ok(answered)
    }

    fn rate(&self, took: Duration) -> String {
        format!("{:.0}", self.records.count as f64 / took.as_secs_f64())
    }
}

fn row(name: &str, value: String) -> Vec<String> {
    vec![name.to_owned(), value]
}

/// The binary as `make demo` builds it.
fn build() -> Result<PathBuf> {
    let status = cargo().args(["build", "--locked", "--profile", "demo", "-p", "veritrail"]).status()?;
    if !status.success() {
        bail!("the binary does not build");
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    Ok(std::path::absolute(target.join("demo/veritrail"))?)
}
