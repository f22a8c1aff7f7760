//! Two processes on one data directory: exactly one serves, and where the claim on the directory is taken away, still only one history is signed.

use super::{
    Shop,
    counters::Outcome,
    house::{Around, House},
    judge::{forks, judge},
    load::{Load, Sent, ids, no_stamp},
};
use anyhow::{Result, anyhow};
use std::time::Duration;

/// One round in this many takes the claim away under the first, so that both serve.
const UNCLAIMED_ONE_IN: u64 = 5;
const FLOW: Duration = Duration::from_secs(2);

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let mut first = House::new(&shop.binary, &shop.folder("twins")?)?;
    let mut second = first.moved(&first.data)?;
    let (mut outcome, mut sent, mut kept) = (Outcome::default(), Sent::default(), Vec::new());
    let mut unclaimed = 0;
    for n in 0..times {
        outcome.counters.faults += 1;
        if n % UNCLAIMED_ONE_IN == UNCLAIMED_ONE_IN - 1 {
            both(&mut first, &mut second, n, &mut sent, &mut kept)?;
            unclaimed += 1;
            continue;
        }
        let started = std::thread::scope(|scope| {
            let other = scope.spawn(|| second.serve_around(&Around::default()));
            let one = first.serve_around(&Around::default());
            Ok::<_, anyhow::Error>([one?, other.join().map_err(|_| anyhow!("a starter stopped"))??])
        })?;
        for said in started.iter().filter_map(|s| s.as_ref().err()) {
            if !said.contains("another `veritrail serve`") {
                outcome.wrong(format!("the one that does not serve gives another reason: {said}"));
            }
        }
        match &started {
            [Ok(_), Err(_)] => serve_one(&first, n, &mut sent, &mut outcome),
            [Err(_), Ok(_)] => serve_one(&second, n, &mut sent, &mut outcome),
            _ => outcome.wrong(format!("{} of two processes serve", started.iter().filter(|s| s.is_ok()).count())),
        }
        first.kill()?;
        second.kill()?;
    }
    outcome.counters.recovered.push(first.serve()?);
    sent.push(&first, &ids("last", 25));
    let counted = judge(&mut first, &sent)?;
    outcome.counters.add(&counted);
    outcome.counters.forks = forks(&first, &kept)?;
    outcome.note(format!(
        "{} times exactly one served; {unclaimed} times both did, their claim taken away, {} checkpoints held against the last",
        times - unclaimed,
        kept.len()
    ));
    Ok(outcome)
}

fn serve_one(house: &House, n: u64, sent: &mut Sent, outcome: &mut Outcome) {
    let (status, said) = sent.push(house, &ids(&format!("t{n}"), 25));
    if status != 200 {
        outcome.wrong(format!("the one that serves answered {status}: {said}"));
    }
}

/// Both serve, both are sent to, both try to sign.
fn both(first: &mut House, second: &mut House, n: u64, sent: &mut Sent, kept: &mut Vec<String>) -> Result<()> {
    first.serve()?;
    std::fs::remove_file(first.data.join("serve.lock"))?;
    second.serve()?;
    let loads = [Load::start(first, &format!("t{n}f"), no_stamp()), Load::start(second, &format!("t{n}s"), no_stamp())];
    for _ in 0..4 {
        std::thread::sleep(FLOW / 4);
        kept.push(first.checkpoint("activity")?.0);
    }
    for load in loads {
        sent.extend(load.finish()?);
    }
    first.kill()?;
    second.kill()
}
