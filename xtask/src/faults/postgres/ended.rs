//! PostgreSQL ends under load, killed or stopped at once: whoever waited for a commit is not told that it happened before it is found out, intake goes on by
//! itself when the database is back, and nothing acknowledged is lost or doubled.

use crate::faults::{
    Shop,
    counters::Outcome,
    house::House,
    judge::{forks, judge},
    load::{Load, no_stamp},
};
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

/// Checkpoints kept along the way to be held against the last one.
const KEPT: u64 = 6;
/// How long it may take until something is acknowledged after the database is back.
const RESUMED_WITHIN: Duration = Duration::from_secs(60);

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let server = shop.postgres.as_ref().context("this row needs --postgres")?;
    let mut house = House::new(shop, &shop.folder("ended")?)?;
    house.serve()?;
    let load = Load::start(&house, "e", no_stamp());
    let (mut outcome, mut kept, mut restarts) = (Outcome::default(), Vec::new(), 0);
    for n in 0..times {
        std::thread::sleep(Duration::from_millis(300 + (n * 137) % 900));
        let before = house.checkpoint("activity")?.1;
        match n % 2 {
            0 => server.stop("immediate")?,
            _ => server.kill()?,
        }
        // Now and then it stays away for longer than a caller waits for a connection.
        std::thread::sleep(Duration::from_millis(if n % 5 == 4 { 12_000 } else { 700 }));
        server.serve()?;
        let back = Instant::now();
        while house.checkpoint("activity")?.1 <= before {
            if let Some(status) = house.ended()? {
                // It may: after an outcome that cannot be found out only a start leads on.
                outcome.note(format!("the process ended with {status} and was started again"));
                restarts += 1;
                house.serve()?;
            }
            if back.elapsed() > RESUMED_WITHIN {
                outcome.wrong(format!("after PostgreSQL was back for {} s nothing new is signed", RESUMED_WITHIN.as_secs()));
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        outcome.counters.recovered.push(back.elapsed());
        outcome.counters.faults += 1;
        if n % times.div_ceil(KEPT) == 0 {
            kept.push(house.checkpoint("activity")?.0);
        }
    }
    let sent = load.finish()?;
    let counted = judge(&mut house, &sent)?;
    outcome.counters.add(&counted);
    outcome.counters.forks = forks(&house, &kept)?;
    outcome.note(format!("{} requests were told to come again, {} got no answer; {restarts} starts were needed", sent.refused, sent.unanswered));
    if sent.refused + sent.unanswered == 0 {
        outcome.wrong("no request met a database that was away: the row proves nothing");
    }
    Ok(outcome)
}
