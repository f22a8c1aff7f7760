//! `cargo xtask bench fingerprints`: how fast, in how much memory and on how much disk the trail knows a resend after so and so many records.
//!
//! Through the product's own append, a durable commit for each ten deliveries of a thousand records, without a server around it.

use super::{
    disk,
    report::{number, table},
    say,
};
use anyhow::{Context, Result, ensure};
use clap::Parser;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use store::{
    sql::Database,
    trail::{Fingerprint, NewBatch, NewRecord, Placed, SqlTrail, Trail},
};
use uuid::Uuid;

/// A busy company: the records of an hour share the prefix of their fingerprints.
const AN_HOUR: u64 = 20_000;
const DELIVERY: u64 = 1_000;
const DELIVERIES: u64 = 10;
/// What is sent again to measure: that many of the newest, and as many from anywhere.
const AGAIN: u64 = 50_000;
/// Batches leave the tail as they do beside a server at work.
const INTEGRATE_EVERY: u64 = 200_000;

#[derive(Parser)]
#[command(name = "cargo xtask bench fingerprints", about = "Measures how resends are known after many records")]
struct Arguments {
    /// Fingerprints at the end; measured at a hundredth and a tenth of them too.
    #[arg(long, default_value_t = 10_000_000)]
    count: u64,
    /// Works in this directory and leaves everything there.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Puts them into this database instead of a new SQLite file.
    #[arg(long)]
    database: Option<String>,
}

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let arguments = Arguments::parse_from(arguments);
    ensure!(arguments.count >= 100 * DELIVERY * DELIVERIES, "--count must be {} or more", 100 * DELIVERY * DELIVERIES);
    let folder = arguments.keep.clone().unwrap_or_else(|| std::env::temp_dir().join("veritrail-fingerprints"));
    if arguments.keep.is_none() && folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let url = arguments.database.clone().unwrap_or_else(|| format!("sqlite://{}?mode=rwc", folder.join("trail.db").display()));
    let rows = tokio::runtime::Runtime::new()?.block_on(async {
        let trail = SqlTrail::open(Database::open(&url, "the trail").await?, "activity", 0).await?;
        ensure!(trail.head().await?.size == 0, "'{url}' holds records; name another place");
        Filling { trail, epoch: 0, next: 0, integrated: 0 }.fill(arguments.count, &folder).await
    })?;
    say(format_args!(
        "\n{}",
        table(&["fingerprints", "new/s", "resends of the last hour/s", "resends of any time/s", "bytes each", "resident MiB, at most"], &rows)
    ));
    if arguments.keep.is_none() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

struct Filling {
    trail: SqlTrail,
    epoch: u64,
    next: u64,
    integrated: u64,
}

impl Filling {
    async fn fill(&mut self, count: u64, folder: &std::path::Path) -> Result<Vec<Vec<String>>> {
        self.epoch = self.trail.lease("bench", 0, i64::MAX).await?;
        let mut rows = Vec::new();
        for mark in [count / 100, count / 10, count] {
            let (begun, before) = (Instant::now(), self.next);
            let mut said = Instant::now();
            while self.next < mark {
                let until = (self.next + DELIVERY * DELIVERIES).min(mark);
                let placed = self.append(&(self.next..until).collect::<Vec<_>>()).await?;
                ensure!(placed.iter().all(|p| matches!(p, Placed::New(_))), "a new record was taken for a resend");
                self.next = until;
                if self.next - self.integrated >= INTEGRATE_EVERY {
                    self.trail.integrated(self.epoch, self.next).await?;
                    self.integrated = self.next;
                }
                if said.elapsed() > Duration::from_secs(60) {
                    say(format_args!("{} of {count}", self.next));
                    said = Instant::now();
                }
            }
            let new = rate(self.next - before, begun.elapsed());
            let recent = self.again(|n| mark - 1 - n % AN_HOUR.min(mark)).await?;
            let any = self.again(|n| mix(n) % mark).await?;
            let bytes = disk::size(folder) / mark;
            rows.push(vec![mark.to_string(), number(new), number(recent), number(any), bytes.to_string(), (resident()? >> 10).to_string()]);
            say(format_args!("{}", rows.last().map(|r| r.join("  ")).unwrap_or_default()));
        }
        Ok(rows)
    }

    /// Sends records again, one after the other in deliveries; how many a second are known.
    async fn again(&self, which: impl Fn(u64) -> u64) -> Result<f64> {
        let begun = Instant::now();
        for first in (0..AGAIN).step_by(usize::try_from(DELIVERY * DELIVERIES)?) {
            let numbers: Vec<u64> = (first..first + DELIVERY * DELIVERIES).map(&which).collect();
            for (number, placed) in numbers.iter().zip(self.append(&numbers).await?) {
                ensure!(matches!(&placed, Placed::Duplicate(p) if p.index == *number), "record {number} was sent again and answered {placed:?}");
            }
        }
        Ok(rate(AGAIN, begun.elapsed()))
    }

    async fn append(&self, numbers: &[u64]) -> Result<Vec<Placed>> {
        let batch = |numbers: &[u64]| NewBatch {
            source: Uuid::nil(),
            stream: "bench".to_owned(),
            records: numbers.iter().map(|n| record(*n)).collect(),
            ..NewBatch::default()
        };
        let placed = self.trail.append(numbers.chunks(usize::try_from(DELIVERY)?).map(batch).collect()).await?;
        Ok(placed.into_iter().flatten().collect())
    }
}

/// As a fingerprint is made up: the hour, source and stream, a hash.
fn record(number: u64) -> NewRecord {
    let mut fingerprint = [0; 24];
    fingerprint[..4].copy_from_slice(&u32::try_from(number / AN_HOUR).unwrap_or(u32::MAX).to_be_bytes());
    fingerprint[4..8].copy_from_slice(&[7, 1, 3, u8::try_from(number % 8).unwrap_or(0)]);
    fingerprint[8..16].copy_from_slice(&mix(number).to_be_bytes());
    fingerprint[16..].copy_from_slice(&mix(!number).to_be_bytes());
    NewRecord { fingerprint: Fingerprint(fingerprint), leaf_hash: [0; 32], bytes: vec![0], time: 0 }
}

/// SplitMix64's output function: a bijection, so no two numbers meet.
fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn rate(records: u64, took: Duration) -> f64 {
    records as f64 / took.as_secs_f64()
}

/// This process's resident memory at its highest, KiB.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).context("/proc/self/status has no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}
