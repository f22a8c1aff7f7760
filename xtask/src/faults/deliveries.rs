//! Deliveries as the world makes them: a fifth twice, shuffled within an hour, some three days late, with crashes between. In the end the trail holds exactly
//! the sent set.

use super::{
    Shop,
    counters::Outcome,
    house::{House, LEDGERS, push, pusher},
    judge::verify,
    records, tools,
};
use anyhow::{Context, Result, anyhow, bail};
use std::{
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

const SENDERS: usize = 4;
const PER_BODY: usize = 500;
/// Seconds over which the records' times are spread.
const SPREAD: u64 = 30 * 86_400;
const HOUR: u64 = 3_600;
const LATE: u64 = 3 * 86_400;
const LATE_PER_MILLE: u64 = 20;
const DOUBLED_PER_MILLE: u64 = 200;
/// Crashes while all of it is sent, spread evenly.
const CRASHES: usize = 3;
/// Ids looked up one by one in the end.
const SAMPLE: u64 = 20;

/// When a record happened, in seconds.
fn time(number: u64, count: u64) -> u64 {
    number * SPREAD / count
}

/// Which records are delivered in which order.
fn order(count: u64) -> Vec<u32> {
    let mut sends: Vec<(u64, u32)> = Vec::new();
    for number in 0..count {
        let chance = |purpose: u64| tools::mix(number * 8 + purpose);
        let late = if chance(0) % 1_000 < LATE_PER_MILLE { LATE } else { 0 };
        sends.push((time(number, count) + late + chance(1) % HOUR, number as u32));
        if chance(2) % 1_000 < DOUBLED_PER_MILLE {
            sends.push((time(number, count) + late + chance(3) % HOUR, number as u32));
        }
    }
    sends.sort_unstable();
    sends.into_iter().map(|(_, number)| number).collect()
}

fn id(number: u64) -> String {
    format!("dl{number:08}")
}

#[derive(Default)]
struct Progress {
    next: AtomicUsize,
    failed: AtomicBool,
    accepted: AtomicU64,
    duplicates: AtomicU64,
    unanswered: AtomicU64,
}

pub fn run(shop: &Shop, count: u64) -> Result<Outcome> {
    let mut house = House::new(shop, &shop.folder("deliveries")?)?;
    let (address, key) = (house.address.clone(), house.key.clone());
    let order = order(count);
    let bodies = order.len().div_ceil(PER_BODY);
    let progress = Progress::default();
    let mut outcome = Outcome::default();
    house.serve()?;
    std::thread::scope(|scope| -> Result<()> {
        let sender = || send(&order, count, &address, &key, &progress).inspect_err(|_| progress.failed.store(true, Relaxed));
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(sender)).collect();
        let crashed = crash(&mut house, bodies, &progress, &mut outcome);
        // Without a server the senders would send for ever.
        progress.failed.fetch_or(crashed.is_err(), Relaxed);
        senders.into_iter().try_for_each(|s| s.join().map_err(|_| anyhow!("a sender stopped"))?).and(crashed)
    })?;
    let (accepted, duplicates) = (progress.accepted.load(Relaxed), progress.duplicates.load(Relaxed));
    (outcome.counters.sent, outcome.counters.acknowledged) = (count, count);
    outcome.note(format!(
        "{} deliveries of {count} records: {accepted} answered as new, {duplicates} as there already; {} requests without an answer, sent again",
        order.len(),
        progress.unanswered.load(Relaxed)
    ));
    // Whatever was committed without an answer was answered as there already when it came again.
    if accepted > count {
        outcome.wrong(format!("{accepted} of {count} records were new"));
    }
    house.indexed(count)?;
    house.stop()?;
    for ledger in LEDGERS {
        let verdict = verify(&house, ledger)?;
        outcome.counters.unverifiable += verdict.faults();
        if let (Some(size), "activity") = (verdict.size, ledger) {
            outcome.counters.found = size;
        }
    }
    look_up(&house, count, &mut outcome)?;
    Ok(outcome)
}

/// Kills the server several times while the deliveries come in, and serves again.
fn crash(house: &mut House, bodies: usize, progress: &Progress, outcome: &mut Outcome) -> Result<()> {
    for crash in 1..=CRASHES {
        while progress.next.load(Relaxed) < bodies * crash / (CRASHES + 1) && !progress.failed.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
        house.kill()?;
        outcome.counters.recovered.push(house.serve()?);
        outcome.counters.faults += 1;
    }
    Ok(())
}

/// Exactly the sent set: every body was answered, so every id is there at least once by what the server says; as many are in the trail and in its search as
/// ids were sent, so none is there twice; and of a sample, looked up one by one, none is missing.
fn look_up(house: &House, count: u64, outcome: &mut Outcome) -> Result<()> {
    let ask = |further: &[&str]| -> Result<u64> {
        let said = house.run(&[&["query", "--count", "--from", "2020-01-01T00:00:00Z"][..], further].concat(), "")?;
        said.trim().parse().with_context(|| format!("query --count printed '{said}'"))
    };
    let searched = ask(&[])?;
    if searched != outcome.counters.found {
        bail!("the trail holds {} events, its search {searched}", outcome.counters.found);
    }
    for n in 0..SAMPLE.min(count) {
        let id = id(tools::mix(n) % count);
        match ask(&["--words", &id])? {
            0 => outcome.counters.lost += 1,
            times => outcome.counters.duplicate += times - 1,
        }
    }
    // What the sample cannot tell: of as many distinct ids as were sent, more found are doubled, fewer are lost.
    outcome.counters.duplicate += outcome.counters.found.saturating_sub(count);
    outcome.counters.lost += count.saturating_sub(outcome.counters.found);
    Ok(())
}

fn send(order: &[u32], count: u64, address: &str, key: &str, progress: &Progress) -> Result<()> {
    let mut connection = None;
    loop {
        let number = progress.next.fetch_add(1, Relaxed);
        let Some(part) = order.chunks(PER_BODY).nth(number) else { return Ok(()) };
        let mut body = String::new();
        part.iter().for_each(|n| records::write(&id(u64::from(*n)), time(u64::from(*n), count) as i64, &mut body));
        while !progress.failed.load(Relaxed) {
            let open = match connection.take() {
                Some(open) => Ok(open),
                None => pusher(address, key),
            };
            match open.and_then(|mut open| push(&mut open, &body).map(|answer| (open, answer))) {
                Ok((open, answer)) if answer.status == 200 => {
                    connection = Some(open);
                    let answer = answer.json()?;
                    let said = |name: &str| answer[name].as_u64().unwrap_or(0);
                    if said("quarantined") > 0 || said("records") != part.len() as u64 {
                        bail!("a body of {} records was answered {answer}", part.len());
                    }
                    progress.accepted.fetch_add(said("accepted"), Relaxed);
                    progress.duplicates.fetch_add(said("duplicates"), Relaxed);
                    break;
                }
                Ok((open, answer)) if matches!(answer.status, 429 | 503) => connection = Some(open),
                Ok((_, answer)) => bail!("a body was answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body)),
                Err(_) => {
                    progress.unanswered.fetch_add(1, Relaxed);
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_delivered_and_a_fifth_twice() {
        let order = order(10_000);
        let mut distinct = order.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 10_000);
        assert!((11_800..12_200).contains(&order.len()), "{}", order.len());
        assert!(order.windows(2).any(|w| w[0] > w[1]), "it is shuffled");
    }
}
