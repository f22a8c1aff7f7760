//! What is there in the end, held against what was sent and acknowledged.

use super::{
    counters::Counters,
    house::{House, LEDGERS},
    load::Sent,
    outsider::{Given, ORIGIN, Outsider},
    records::LABEL,
};
use anyhow::{Context, Result, bail};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// What `veritrail verify` says of a ledger.
#[derive(Debug)]
pub struct Verdict {
    /// Records verified, where no fault was found.
    pub size: Option<u64>,
    /// Files named.
    pub files: BTreeSet<String>,
    pub code: i32,
    pub said: String,
}

impl Verdict {
    pub fn faults(&self) -> u64 {
        self.said.lines().filter(|line| line.starts_with("FAULT ")).count() as u64
    }
}

/// Verifies the house's own ledger.
pub fn verify(house: &House, ledger: &str) -> Result<Verdict> {
    let (status, said) = house.try_run(&["verify", "--ledger", ledger])?;
    verdict(status.code(), said)
}

/// Verifies a copy of the blobs with the public key alone.
pub fn verify_copy(house: &House, copy: &Path, ledger: &str, further: &[&str]) -> Result<Verdict> {
    let key = LEDGERS.iter().position(|l| *l == ledger).and_then(|at| house.verifiers.get(at)).context("a ledger has a key")?;
    let copy = super::tools::text(copy)?;
    let (status, said) = house.try_run(&[&["verify", &copy, "--ledger", ledger, "--key", key][..], further].concat())?;
    verdict(status.code(), said)
}

fn verdict(code: Option<i32>, said: String) -> Result<Verdict> {
    let code = code.context("verify was killed")?;
    let named = |line: &str| Some(line.strip_prefix("FAULT ")?.split([',', ':']).next()?.to_owned());
    let files: BTreeSet<String> = said.lines().filter_map(named).collect();
    // `example.org/activity.0: 300 records verified, no fault.`
    let size = said.lines().filter(|line| line.contains("no fault")).find_map(|line| line.split_once(" records verified")?.0.rsplit(' ').next()?.parse().ok());
    match (code, size, files.len()) {
        (0, _, 0) | (2, None, 1..) | (1, None, 0) => Ok(Verdict { size, files, code, said }),
        _ => bail!("verify ended with {code} and said: {said}"),
    }
}

/// Takes the counters of a house that serves: every event out of its search, both ledgers verified. The server is stopped.
pub fn judge(house: &mut House, sent: &Sent) -> Result<Counters> {
    house.settled()?;
    house.stop()?;
    let mut counters = Counters { sent: sent.ids.len() as u64, acknowledged: sent.acknowledged.len() as u64, ..Counters::default() };
    for ledger in LEDGERS {
        let verdict = verify(house, ledger)?;
        if verdict.code == 1 {
            bail!("{ledger} cannot be verified: {}", verdict.said);
        }
        counters.unverifiable += verdict.faults();
        if let (Some(size), "activity") = (verdict.size, ledger) {
            counters.found = size;
        }
    }
    let mut found = everything(house)?;
    if counters.unverifiable == 0 && found.values().sum::<u64>() != counters.found {
        // It was stopped before its search had caught up; the search goes on where it was.
        house.serve()?;
        house.indexed(counters.found)?;
        house.stop()?;
        found = everything(house)?;
    }
    counters.lost = sent.acknowledged.keys().filter(|id| !found.contains_key(*id)).count() as u64;
    counters.duplicate = found.values().map(|times| times - 1).sum();
    counters.phantom = found.keys().filter(|id| !sent.ids.contains(*id)).count() as u64;
    let searched: u64 = found.values().sum();
    if counters.unverifiable > 0 {
        counters.found = searched;
    } else if searched != counters.found {
        bail!("the trail holds {} events, its search {searched}", counters.found);
    }
    Ok(counters)
}

/// How many of these checkpoints, signed at some time, the ledger now there does not continue. Asked of a tool that is not ours.
pub fn forks(house: &House, kept: &[String]) -> Result<u64> {
    let outsider = Outsider::new(&house.folder.join("desk"))?;
    let (log, known) = (house.blobs().join("activity/0"), house.folder.join("kept-checkpoint"));
    let given = Given { verifier: &house.verifiers[0], origin: ORIGIN, known: None, witness: None };
    let mut forks = 0;
    for note in kept.iter().filter(|note| !note.is_empty()) {
        std::fs::write(&known, note)?;
        forks += u64::from(!outsider.consistent(&log, &given, &known)?.0);
    }
    Ok(forks)
}

/// How often each id is found, out of the searchable view that went through it all.
fn everything(house: &House) -> Result<BTreeMap<String, u64>> {
    let said = house.run(&["query", "--from", "2020-01-01T00:00:00Z", "--format", "ndjson", "--limit", "100000000"], "")?;
    let mut found = BTreeMap::new();
    for line in said.lines().filter(|line| line.starts_with('{')) {
        let event: serde_json::Value = serde_json::from_str(line)?;
        let label = event["target"]["label"].as_str().with_context(|| format!("an event without a label: {line}"))?;
        *found.entry(label.trim_start_matches(LABEL).to_owned()).or_insert(0) += 1;
    }
    Ok(found)
}
