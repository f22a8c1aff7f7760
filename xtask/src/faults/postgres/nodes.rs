//! Two nodes on one PostgreSQL, each with a data directory of its own: both append, one integrates. Its holder is stopped in the middle of its work for longer
//! than the lease runs, or killed; the other takes over, and the one that wakes up later neither signs nor moves.

use crate::faults::{
    Shop,
    counters::Outcome,
    house::House,
    judge::{forks, judge},
    load::{Load, Sent, no_stamp},
    postgres::Server,
    tools,
};
use anyhow::{Context, Result, bail};
use std::time::{Duration, Instant};

/// How long both are sent to before and after a change of hands.
const FLOW: Duration = Duration::from_secs(2);
/// A lease runs for ten seconds; the other looks every 700 ms.
const TAKEN_WITHIN: Duration = Duration::from_secs(20);

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let server = shop.postgres.as_ref().context("this row needs --postgres")?;
    let folder = shop.folder("nodes")?;
    let mut first = House::new(shop, &folder)?;
    let url = first.setting("VERITRAIL__DATA__TRAIL").context("a database")?.to_owned();
    let objects = first.data.join("blobs");
    first.settings.push(("VERITRAIL__DATA__BLOBS".into(), tools::text(&objects)?));
    // The second machine: the same secret, the same databases, objects and lock, and nothing else of the first.
    let data = folder.join("second");
    std::fs::create_dir_all(&data)?;
    std::fs::copy(first.data.join("master.secret"), data.join("master.secret"))?;
    let second = first.moved(&data)?;
    let mut nodes = [first, second];
    let (mut outcome, mut sent, mut kept) = (Outcome::default(), Sent::default(), Vec::new());
    for node in &mut nodes {
        node.serve()?;
    }
    let mut signed_after = Vec::new();
    for n in 0..times {
        let loads: Vec<Load> = nodes.iter().enumerate().map(|(at, node)| Load::start(node, &format!("n{n}at{at}"), no_stamp())).collect();
        std::thread::sleep(FLOW);
        let held = holder(server, &url)?;
        let at = nodes
            .iter()
            .position(|node| id(node).is_ok_and(|id| id == held.0))
            .with_context(|| format!("'{}' holds the lease and is none of the two", held.0))?;
        kept.push(nodes[at].checkpoint("activity")?.0);
        let pid = nodes[at].process().context("it serves")?.to_string();
        let paused = n % 2 == 0;
        tools::run("kill", &[if paused { "-STOP" } else { "-KILL" }, &pid])?;
        let begun = Instant::now();
        let taken = loop {
            let now = holder(server, &url)?;
            if now.0 != held.0 {
                break now;
            }
            if begun.elapsed() > TAKEN_WITHIN {
                bail!("the lease of a node that is gone is not taken over within {} s", TAKEN_WITHIN.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        outcome.counters.recovered.push(begun.elapsed());
        let signed_before = nodes[at].checkpoint("activity")?.1;
        if paused {
            tools::run("kill", &["-CONT", &pid])?;
        } else {
            nodes[at].serve()?;
        }
        std::thread::sleep(FLOW);
        while nodes[at].checkpoint("activity")?.1 <= signed_before && begun.elapsed() < 2 * TAKEN_WITHIN {
            std::thread::sleep(Duration::from_millis(50));
        }
        signed_after.push(begun.elapsed());
        let now = holder(server, &url)?;
        if now.0 != taken.0 {
            outcome.wrong(format!("the node that had lost its lease took it from one at work: {} holds it instead of {}", now.0, taken.0));
        }
        for load in loads {
            sent.extend(load.finish()?);
        }
        let (note, signed) = nodes[at].checkpoint("activity")?;
        if signed <= signed_before {
            outcome.wrong(format!("the one that took over signs nothing: {signed_before} records were signed, {signed} are"));
        }
        kept.push(note);
        outcome.counters.faults += 1;
    }
    let [mut first, mut second] = nodes;
    first.signed(sent.acknowledged.len() as u64)?;
    second.stop()?;
    let counted = judge(&mut first, &sent)?;
    outcome.counters.add(&counted);
    outcome.counters.forks = forks(&first, &kept)?;
    let last = signed_after.iter().max().map_or(0.0, Duration::as_secs_f64);
    outcome.note(format!("the other signed what came after {last:.1} s at worst"));
    outcome.note(format!("{} appends were told to come again, {} got no answer", sent.refused, sent.unanswered));
    Ok(outcome)
}

/// Who holds the lease on the activities, and under which epoch.
fn holder(server: &Server, url: &str) -> Result<(String, u64)> {
    let said = server.query(url, "SELECT holder, epoch FROM trail_heads WHERE ledger = 'activity'")?;
    let (holder, epoch) = said.trim().split_once('|').with_context(|| format!("the head says '{said}'"))?;
    Ok((holder.to_owned(), epoch.parse()?))
}

/// A node's own id.
fn id(node: &House) -> Result<String> {
    Ok(std::fs::read_to_string(node.data.join("node.id"))?.trim().to_owned())
}
