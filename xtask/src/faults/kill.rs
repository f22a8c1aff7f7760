//! kill -9 under load: nothing acknowledged is lost, nothing is doubled.

use super::{
    Shop,
    counters::Outcome,
    house::House,
    judge::{forks, judge},
    load::{Load, no_stamp},
};
use anyhow::Result;
use std::time::Duration;

/// Checkpoints kept along the way to be held against the last one.
const KEPT: u64 = 6;

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let mut house = House::new(shop, &shop.folder("kill")?)?;
    house.serve()?;
    let load = Load::start(&house, "k", no_stamp());
    let (mut recovered, mut kept) = (Vec::new(), Vec::new());
    for n in 0..times {
        // At another moment of the commit each time.
        std::thread::sleep(Duration::from_millis(200 + (n * 97) % 900));
        house.kill()?;
        recovered.push(house.serve()?);
        if n % times.div_ceil(KEPT) == 0 {
            kept.push(house.checkpoint("activity")?.0);
        }
    }
    let sent = load.finish()?;
    let mut outcome = Outcome { counters: judge(&mut house, &sent)?, ..Outcome::default() };
    outcome.counters.forks = forks(&house, &kept)?;
    (outcome.counters.faults, outcome.counters.recovered) = (times, recovered);
    outcome.note(format!("{} requests were cut off without an answer, {} checkpoints kept and held against the last", sent.unanswered, kept.len()));
    if sent.unanswered == 0 {
        outcome.wrong("no kill hit a request: the row proves nothing");
    }
    Ok(outcome)
}
