//! One bit of one stored file is turned: `veritrail verify` must say so, and name that file and no other. A server must not believe the file either.

use super::{
    Shop,
    counters::Outcome,
    house::{House, LEDGERS},
    judge::verify_copy,
    ledger_copy::files,
    records, tools,
};
use anyhow::{Context, Result, anyhow, bail};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

/// Records, and how many are under each checkpoint: full and partial tiles, several segments.
const STEPS: [u64; 3] = [200, 260, 600];
/// One of this many flips is also made under a running server.
const SERVED_ONE_IN: u64 = 20;
/// Files that are the same after this long have come to rest: several rounds of signing.
const REST: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(60);

struct Site {
    house: House,
    /// Every file of both ledgers, relative to the blobs, and its size.
    files: Vec<(PathBuf, u64)>,
}

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let folder = shop.folder("flips")?;
    let mut house = House::new(shop, &folder)?;
    house.hire()?;
    house.serve()?;
    let sent = fill(&house, &STEPS)?;
    let mut outcome = Outcome::default();
    let served = served(&house, times.div_ceil(SERVED_ONE_IN).max(8), &mut outcome)?;
    house.stop()?;

    let blobs = house.blobs();
    let site = Site { files: sized(&blobs)?, house };
    for ledger in LEDGERS {
        let verdict = verify_copy(&site.house, &blobs, ledger, &[])?;
        outcome.counters.unverifiable += verdict.faults();
        outcome.counters.found += verdict.size.filter(|_| ledger == "activity").unwrap_or(0);
    }
    (outcome.counters.sent, outcome.counters.acknowledged) = (sent, sent);
    let (next, missed) = (AtomicU64::new(0), AtomicU64::new(0));
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let found = std::thread::scope(|scope| -> Result<Vec<String>> {
        let worker = |number: u64| {
            let (site, next, missed, copy) = (&site, &next, &missed, folder.join(format!("copy-{number}")));
            move || flip_all(site, &copy, times, next, missed)
        };
        let workers: Vec<_> = (0..workers).map(|n| scope.spawn(worker(n))).collect();
        let mut wrong = Vec::new();
        for worker in workers {
            wrong.extend(worker.join().map_err(|_| anyhow!("a worker stopped"))??);
        }
        Ok(wrong)
    })?;
    outcome.counters.faults = times;
    outcome.note(format!(
        "{times} bits of {} files, {} not found and named; {served} more under a running server, asked for the proofs",
        site.files.len(),
        missed.load(Relaxed)
    ));
    outcome.wrong.extend(found);
    Ok(outcome)
}

/// Pushes up to each of these sizes and waits until it is signed.
pub fn fill(house: &House, steps: &[u64]) -> Result<u64> {
    let mut sent = 0;
    for step in steps {
        let ids: Vec<String> = (sent..*step).map(|n| format!("r{n}")).collect();
        house.push(&records::body(&ids))?.ok()?;
        house.signed(*step)?;
        sent = *step;
    }
    Ok(sent)
}

/// Every file below a directory, relative to it, and its size.
fn sized(directory: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let with_size = |path: PathBuf| {
        let file = directory.join(&path);
        let size = std::fs::metadata(&file).with_context(|| format!("'{}' cannot be read", file.display()))?.len();
        Ok((path, size))
    };
    files(directory)?.into_iter().map(with_size).collect()
}

/// The files of a log under a running server, once they no longer change: partial tiles are deleted after the checkpoint that replaces them is out.
fn at_rest(log: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let begun = Instant::now();
    let mut before = None;
    while begun.elapsed() < PATIENCE {
        // What vanishes while it is listed is a change too.
        let now = sized(log).ok();
        if now.is_some() && now == before {
            return now.context("a listing was made");
        }
        before = now;
        std::thread::sleep(REST);
    }
    bail!("the files of '{}' still change after {} s", log.display(), PATIENCE.as_secs())
}

/// Which bit the `number`-th flip turns: every file in turn, so that small ones are not passed over.
fn place(files: &[(PathBuf, u64)], number: u64) -> (&Path, u64, u8) {
    let (path, size) = &files[(number % files.len() as u64) as usize];
    let chance = tools::mix(number);
    (path, chance % (*size).max(1), (chance >> 60) as u8 & 7)
}

fn turn(path: &Path, at: u64, bit: u8) -> Result<()> {
    let mut bytes = std::fs::read(path).with_context(|| format!("'{}' cannot be read", path.display()))?;
    *bytes.get_mut(at as usize).with_context(|| format!("'{}' is empty", path.display()))? ^= 1 << bit;
    Ok(std::fs::write(path, bytes)?)
}

fn flip_all(site: &Site, copy: &Path, times: u64, next: &AtomicU64, missed: &AtomicU64) -> Result<Vec<String>> {
    tools::copy(&site.house.blobs(), copy)?;
    let mut wrong = Vec::new();
    loop {
        let number = next.fetch_add(1, Relaxed);
        if number >= times {
            return Ok(wrong);
        }
        let (path, at, bit) = place(&site.files, number);
        let ledger = path.iter().next().and_then(|l| l.to_str()).context("a file lies in a ledger")?;
        turn(&copy.join(path), at, bit)?;
        let verdict = verify_copy(&site.house, copy, ledger, &[])?;
        turn(&copy.join(path), at, bit)?;
        let named: BTreeSet<&str> = verdict.files.iter().map(String::as_str).collect();
        let wanted = tools::text(path)?;
        if named != BTreeSet::from([wanted.as_str()]) {
            missed.fetch_add(1, Relaxed);
            wrong.push(format!("bit {bit} of byte {at} of {wanted}: verify named {named:?}"));
        }
    }
}

/// Turns bits under a running server and asks it for proofs: each is the one given before, or refused.
fn served(house: &House, times: u64, outcome: &mut Outcome) -> Result<u64> {
    let log = house.blobs().join("activity/0");
    let all = at_rest(&log)?;
    let (_, size) = house.checkpoint("activity")?;
    house.indexed(size)?;
    let mut analyst = house.analyst(&house.sign_in()?)?;
    let mut refused = 0;
    for number in 0..times {
        let (path, at, bit) = place(&all, number);
        let path = log.join(path);
        let questions: Vec<String> = (0..4).map(|n| format!("/api/v1/events/activity.0:{}/proof", tools::mix(number * 4 + n) % size)).collect();
        let good = questions.iter().map(|q| analyst.get(q)?.ok()?.json()).collect::<Result<Vec<_>>>()?;
        turn(&path, at, bit)?;
        for (question, good) in questions.iter().zip(&good) {
            let answer = analyst.get(question)?;
            match answer.status {
                200 if answer.json()? == *good => {}
                200 => outcome.wrong(format!("bit {bit} of byte {at} of {}: another proof was served for {question}", path.display())),
                _ => refused += 1,
            }
        }
        turn(&path, at, bit)?;
    }
    outcome.note(format!("proofs under a running server: {} asked, {refused} refused, the others as before", times * 4));
    Ok(times)
}
