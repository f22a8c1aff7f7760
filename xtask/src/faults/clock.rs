//! The machine's clock jumps, backwards too, while the server runs (Debian libfaketime): the order of the trail is kept, signing goes on, a session is
//! not made longer.

use super::{
    Shop,
    counters::Outcome,
    house::{Around, House},
    judge::{forks, judge},
    load::{Sent, ids},
    records, tools,
};
use anyhow::{Context, Result, bail};
use std::path::Path;

/// How far the clock stands from the true time after each jump, in hours.
const OFFSETS: [i64; 8] = [1, -2, 72, -720, 8_760, -1, 25, 0];
/// A session unused for this long is void.
const SESSION_HOURS: i64 = 8;
const SIGN_INS: u64 = 16;

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let Some(library) = tools::library("faketime/libfaketimeMT.so.1") else { return Ok(Outcome::skipped("libfaketime is not installed")) };
    let folder = shop.folder("clock")?;
    let clock = folder.join("clock");
    let around = Around::preloaded(
        &library,
        &[
            ("FAKETIME_TIMESTAMP_FILE", tools::text(&clock)?),
            ("FAKETIME_NO_CACHE", "1".into()),
            // A jump of the calendar's clock: the monotonic one never jumps, nor do the files' times.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("DONT_FAKE_MONOTONIC", "1".into()),
            ("NO_FAKE_STAT", "1".into()),
        ],
    );
    let mut house = House::new(shop, &folder)?;
    house.hire()?;
    set(&clock, 0)?;
    start(&mut house, &around, &mut Outcome::default())?;
    let (mut outcome, mut sent, mut kept) = (Outcome::default(), Sent::default(), Vec::new());
    let (mut last, mut before, mut ended) = (0, 0, 0);
    for n in 0..times {
        // Sign-ins from one address are limited.
        let cookie = if n < SIGN_INS { Some(house.sign_in()?) } else { None };
        let offset = OFFSETS[(n % OFFSETS.len() as u64) as usize];
        set(&clock, offset)?;
        // Every second jump is met by a process that starts after it: the lease on the ledger was taken at another time.
        if n % 2 == 1 {
            house.kill()?;
            start(&mut house, &around, &mut outcome)?;
        }
        let jump = offset - before;
        if let Some(cookie) = cookie {
            let session = house.analyst(&cookie)?.get("/api/v1/session")?.status;
            let void = jump >= SESSION_HOURS || jump < 0;
            if (session == 401) != void {
                outcome.wrong(format!("after a jump of {jump} hours a session made before it was answered {session}"));
            }
            ended += u64::from(void);
        }
        let ids = ids(&format!("c{n}"), 25);
        let answer = house.push(&records::body(&ids))?;
        sent.ids.extend(ids.iter().cloned());
        if answer.status == 200 {
            let answer = answer.json()?;
            let place = |at: usize| answer["positions"][at].as_str().and_then(|p| p.rsplit(':').next()?.parse::<u64>().ok());
            let (from, until) = (place(0).context("a position")?, place(1).context("a position")?);
            if from < last || until + 1 - from != 25 {
                outcome.wrong(format!("after a jump of {jump} hours records were put at {from} to {until}, {last} were there"));
            }
            last = until + 1;
            sent.acknowledged.extend(ids.into_iter().map(|id| (id, 0)));
        } else {
            outcome.wrong(format!("after a jump of {jump} hours records were answered {}", answer.status));
        }
        kept.push(house.signed(last).with_context(|| format!("after a jump of {jump} hours"))?);
        outcome.counters.faults += 1;
        before = offset;
    }
    let counted = judge(&mut house, &sent)?;
    outcome.counters.add(&counted);
    outcome.counters.forks = forks(&house, &kept[kept.len().saturating_sub(8)..])?;
    outcome.note(format!("{ended} sessions ended by a jump; every jump's records stand after those before and are signed"));
    outcome.note("not looked at: whether a skewed clock is flagged (the product has no such flag)");
    Ok(outcome)
}

fn set(clock: &Path, hours: i64) -> Result<()> {
    // Beside and renamed: the server reads it at every look at the clock.
    let beside = clock.with_extension("new");
    std::fs::write(&beside, format!("{}{}h\n", if hours < 0 { "" } else { "+" }, hours))?;
    Ok(std::fs::rename(beside, clock)?)
}

fn start(house: &mut House, around: &Around, outcome: &mut Outcome) -> Result<()> {
    match house.serve_around(around)? {
        Ok(took) => outcome.counters.recovered.push(took),
        Err(said) => bail!("the server does not serve: {said}"),
    }
    Ok(())
}
