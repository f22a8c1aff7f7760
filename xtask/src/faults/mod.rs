//! `cargo xtask faults`: the real binary under faults, a row for each promise that could break. docs/faults.md says what each row does and when it passes.

mod clock;
mod counters;
mod deliveries;
mod disk;
mod erase;
mod flips;
mod full;
mod house;
mod judge;
mod kill;
mod ledger_copy;
mod load;
mod outsider;
mod postgres;
mod power;
mod records;
mod restore;
mod syscalls;
mod tampered;
mod tools;
mod twins;

use crate::bench::say;
use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use counters::Outcome;
use std::{
    path::{Path, PathBuf},
    time::Instant,
};

#[derive(Parser)]
#[command(name = "cargo xtask faults", about = "Breaks the real binary's surroundings and counts what is lost, doubled or believed wrongly")]
struct Arguments {
    /// The built binary to break.
    #[arg(long)]
    binary: PathBuf,
    /// As often as once a night.
    #[arg(long, conflicts_with = "release")]
    nightly: bool,
    /// As often as before a release.
    #[arg(long)]
    release: bool,
    /// Installations on a PostgreSQL of the run's own instead of SQLite: the rows that this makes a difference to.
    #[arg(long)]
    postgres: bool,
    /// Only these rows.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Row>,
    /// This often, instead of what the column says.
    #[arg(long)]
    count: Option<u64>,
    /// Works in this directory and leaves everything there.
    #[arg(long)]
    keep: Option<PathBuf>,
}

/// The rows, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Row {
    Tampered,
    Flips,
    Restore,
    Twins,
    Deliveries,
    Syscalls,
    Clock,
    Full,
    Kill,
    Power,
    Ended,
    Erase,
}

impl Row {
    /// How often with every change, every night, before a release; as in the table of docs/faults.md.
    fn counts(self) -> [u64; 3] {
        match self {
            Row::Tampered => [12, 12, 12],
            Row::Flips => [500, 20_000, 1_000_000],
            Row::Restore => [3, 50, 200],
            Row::Twins => [5, 100, 1_000],
            Row::Deliveries => [100_000, 10_000_000, 50_000_000],
            Row::Syscalls => [30, 500, 2_100],
            Row::Clock => [5, 100, 1_000],
            Row::Full => [1, 20, 100],
            Row::Kill => [20, 1_000, 10_000],
            Row::Power => [0, 200, 2_000],
            Row::Ended => [0, 0, 0],
            Row::Erase => [100, 10_000, 10_000],
        }
    }

    /// The same on PostgreSQL; `None` for rows about files that are not there, or that PostgreSQL makes no other.
    fn counts_on_postgres(self) -> Option<[u64; 3]> {
        Some(match self {
            Row::Restore => [3, 30, 100],
            Row::Twins => [2, 20, 200],
            Row::Deliveries => [20_000, 1_000_000, 10_000_000],
            Row::Full => [1, 10, 50],
            Row::Kill => [10, 500, 2_000],
            Row::Ended => [6, 100, 1_000],
            Row::Erase => [100, 10_000, 10_000],
            Row::Tampered | Row::Flips | Row::Syscalls | Row::Clock | Row::Power => return None,
        })
    }

    fn what(self) -> &'static str {
        match self {
            Row::Tampered => "tampered copies of a ledger",
            Row::Flips => "one-bit flips over every file of both ledgers",
            Row::Restore => "older data beside the newer lock",
            Row::Twins => "two processes on one directory",
            Row::Deliveries => "deliveries with duplicates, shuffled, late, and crashes",
            Row::Syscalls => "EIO, ENOSPC and short writes at the n-th call",
            Row::Clock => "jumps of the clock",
            Row::Full => "full disks",
            Row::Kill => "kill -9 under load",
            Row::Power => "power cuts",
            Row::Erase => "people, of whom a part is erased",
            Row::Ended => "PostgreSQL killed or stopped under load",
        }
    }

    fn run(self, shop: &Shop, times: u64) -> Result<Outcome> {
        match self {
            Row::Restore if shop.postgres.is_some() => postgres::restored(shop, times),
            Row::Twins if shop.postgres.is_some() => postgres::nodes(shop, times),
            Row::Full if shop.postgres.is_some() => postgres::full(shop, times),
            Row::Tampered => tampered::run(shop),
            Row::Flips => flips::run(shop, times),
            Row::Restore => restore::run(shop, times),
            Row::Twins => twins::run(shop, times),
            Row::Deliveries => deliveries::run(shop, times),
            Row::Syscalls => syscalls::run(shop, times),
            Row::Clock => clock::run(shop, times),
            Row::Full => full::run(shop, times),
            Row::Kill => kill::run(shop, times),
            Row::Power => power::run(shop, times),
            Row::Ended => postgres::ended(shop, times),
            Row::Erase => erase::run(shop, times),
        }
    }
}

/// What every row works with: the binary, a directory of its own for each, and the PostgreSQL that installations are on, if they are.
struct Shop {
    binary: PathBuf,
    folder: PathBuf,
    postgres: Option<postgres::Server>,
}

impl Shop {
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let arguments = Arguments::parse_from(arguments);
    let binary = std::path::absolute(&arguments.binary)?;
    if !binary.is_file() {
        bail!("there is no binary '{}'; build one, or name another with --binary", binary.display());
    }
    let folder = match &arguments.keep {
        Some(folder) => std::path::absolute(folder)?,
        None => std::env::temp_dir().join(format!("veritrail-faults-{}", std::process::id())),
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("'{}' cannot be made", folder.display()))?;
    let server = if arguments.postgres { Some(postgres::Server::start(&folder.join("postgres"))?) } else { None };
    let shop = Shop { binary, folder: folder.clone(), postgres: server };
    let broken = all(&arguments, &shop)?;
    drop(shop);
    if arguments.keep.is_none() && broken.is_empty() {
        remove(&folder)?;
    }
    if !broken.is_empty() {
        bail!("promises are broken (what is left lies in {}):\n{}", folder.display(), broken.join("\n"));
    }
    Ok(())
}

/// Runs the rows asked for, one after the other; answers what was broken.
fn all(arguments: &Arguments, shop: &Shop) -> Result<Vec<String>> {
    let column = if arguments.release { 2 } else { usize::from(arguments.nightly) };
    let mut broken = Vec::new();
    for row in Row::value_variants() {
        let counts = if arguments.postgres { row.counts_on_postgres() } else { Some(row.counts()) };
        let named = arguments.only.contains(row);
        let Some(counts) = counts.filter(|_| arguments.postgres || *row != Row::Ended) else {
            if named {
                bail!("the row `{row:?}` is {} --postgres", if arguments.postgres { "without" } else { "with" });
            }
            continue;
        };
        let times = arguments.count.unwrap_or(counts[column]);
        let asked = if arguments.only.is_empty() { times > 0 } else { named };
        if !asked {
            continue;
        }
        let begun = Instant::now();
        say(format_args!("\n{} x {times}", row.what()));
        match row.run(shop, times) {
            Ok(outcome) => {
                outcome.notes.iter().for_each(|note| say(format_args!("  {note}")));
                say(format_args!("  {}", outcome.counters));
                broken.extend(outcome.broken().into_iter().map(|why| format!("{}: {why}", row.what())));
            }
            // The other rows still say something.
            Err(error) => broken.push(format!("{}: {error:#}", row.what())),
        }
        say(format_args!("  took {:.1} s", begun.elapsed().as_secs_f64()));
    }
    Ok(broken)
}

fn remove(folder: &Path) -> Result<()> {
    std::fs::remove_dir_all(folder).with_context(|| format!("'{}' cannot be removed", folder.display()))
}
