//! Two processes on one data directory: exactly one serves, whether they start at once or one after the other, and when it is killed the other may take over.
//! Where the claim on the directory is taken away and both serve, still one history is signed and nothing is lost.

use super::{
    Shop,
    counters::Outcome,
    house::{Around, House},
    judge::{forks, judge},
    load::{Load, Sent, ids, no_stamp},
};
use anyhow::{Result, anyhow};
use std::time::Duration;

/// For this many rounds with a claim there is one without.
const UNCLAIMED_ONE_IN: u64 = 5;
/// How long both are sent to, between two looks at the checkpoint.
const FLOW: Duration = Duration::from_millis(500);
const LOOKS: u64 = 4;

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let folder = shop.folder("twins")?;
    let mut first = House::new(shop, &folder.join("claimed"))?;
    let mut second = first.moved(&first.data)?;
    let (mut outcome, mut sent, mut kept) = (Outcome::default(), Sent::default(), Vec::new());
    for n in 0..times {
        match n % 2 {
            0 => at_once(&mut first, &mut second, n, &mut sent, &mut outcome)?,
            _ => in_turn(&mut first, &mut second, n, &mut sent, &mut outcome)?,
        }
        kept.push(first.checkpoint("activity")?.0);
        first.kill()?;
        second.kill()?;
        outcome.counters.faults += 1;
    }
    outcome.counters.recovered.push(first.serve()?);
    sent.push(&first, &ids("last", 25));
    let counted = judge(&mut first, &sent)?;
    outcome.counters.add(&counted);
    outcome.counters.forks = forks(&first, &kept[kept.len().saturating_sub(8)..])?;
    let first = House::new(shop, &folder.join("unclaimed"))?;
    unclaimed(first, times.div_ceil(UNCLAIMED_ONE_IN), &mut outcome)?;
    Ok(outcome)
}

/// Both start at the same moment.
fn at_once(first: &mut House, second: &mut House, n: u64, sent: &mut Sent, outcome: &mut Outcome) -> Result<()> {
    let started = std::thread::scope(|scope| {
        let other = scope.spawn(|| second.serve_around(&Around::default()));
        let one = first.serve_around(&Around::default());
        Ok::<_, anyhow::Error>([one?, other.join().map_err(|_| anyhow!("a starter stopped"))??])
    })?;
    started.iter().filter_map(|s| s.as_ref().err()).for_each(|said| must_be_told(said, outcome));
    match &started {
        [Ok(_), Err(_)] => serve_one(first, n, sent, outcome),
        [Err(_), Ok(_)] => serve_one(second, n, sent, outcome),
        _ => outcome.wrong(format!("{} of two processes serve", started.iter().filter(|s| s.is_ok()).count())),
    }
    Ok(())
}

/// The second starts while the first serves, and again right after that was killed.
fn in_turn(first: &mut House, second: &mut House, n: u64, sent: &mut Sent, outcome: &mut Outcome) -> Result<()> {
    first.serve()?;
    match second.serve_around(&Around::default())? {
        Err(said) => must_be_told(&said, outcome),
        Ok(_) => outcome.wrong("a second process serves"),
    }
    serve_one(first, n, sent, outcome);
    first.kill()?;
    outcome.counters.recovered.push(second.serve()?);
    let (status, said) = sent.push(second, &ids(&format!("t{n}over"), 25));
    if status != 200 {
        outcome.wrong(format!("the one that took over answered {status}: {said}"));
    }
    Ok(())
}

/// Both serve, both are sent to, both try to sign. One history comes of it and nothing is lost; what one of them wrote while the other signed may stay behind,
/// and `veritrail verify` holds it against the tree.
fn unclaimed(mut first: House, times: u64, outcome: &mut Outcome) -> Result<()> {
    let mut second = first.moved(&first.data)?;
    let (mut sent, mut kept) = (Sent::default(), Vec::new());
    for n in 0..times {
        first.serve()?;
        std::fs::remove_file(first.data.join("serve.lock"))?;
        second.serve()?;
        let loads = [Load::start(&first, &format!("t{n}f"), no_stamp()), Load::start(&second, &format!("t{n}s"), no_stamp())];
        for _ in 0..LOOKS {
            std::thread::sleep(FLOW);
            kept.push(first.checkpoint("activity")?.0);
        }
        for load in loads {
            sent.extend(load.finish()?);
        }
        first.kill()?;
        second.kill()?;
        outcome.counters.faults += 1;
    }
    first.serve()?;
    let mut counted = judge(&mut first, &sent)?;
    counted.forks = forks(&first, &kept[kept.len().saturating_sub(8)..])?;
    outcome.note(format!("{times} times both served, their claim taken away: {counted}"));
    outcome.counters.add(&counted);
    Ok(())
}

fn must_be_told(said: &str, outcome: &mut Outcome) {
    if !said.contains("another `veritrail serve`") {
        outcome.wrong(format!("the one that does not serve gives another reason: {said}"));
    }
}

fn serve_one(house: &House, n: u64, sent: &mut Sent, outcome: &mut Outcome) {
    let (status, said) = sent.push(house, &ids(&format!("t{n}"), 25));
    if status != 200 {
        outcome.wrong(format!("the one that serves answered {status}: {said}"));
    }
}
