//! An older copy of the data beside the newer lock: the start is refused, or the data catches up. Either way no second history is signed.

use super::{
    Shop,
    counters::Outcome,
    house::{Around, House},
    judge::{forks, judge},
    load::{Load, Sent, ids, no_stamp},
    tools,
};
use anyhow::{Result, bail};
use std::{path::Path, time::Duration};

/// What is restored, in turn.
const KINDS: [Kind; 4] = [Kind::Stopped, Kind::Live, Kind::Databases, Kind::Blobs];
/// How long records flow before and after the copy is taken.
const FLOW: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// All of a stopped server's data.
    Stopped,
    /// All data, copied file by file while records came in.
    Live,
    /// The databases alone, beside the newer segments and tiles.
    Databases,
    /// Segments and tiles alone, beside the newer databases.
    Blobs,
}

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let folder = shop.folder("restore")?;
    let mut house = House::new(shop, &folder)?;
    let (mut outcome, mut sent, mut kept) = (Outcome::default(), Sent::default(), Vec::new());
    let (mut refused, mut caught_up) = (0, 0);
    let (older, newest) = (folder.join("older"), folder.join("newest"));
    for n in 0..times {
        let kind = KINDS[(n % KINDS.len() as u64) as usize];
        house.serve()?;
        flow(&house, &format!("r{n}a"), &mut sent)?;
        if kind == Kind::Live {
            let load = Load::start(&house, &format!("r{n}b"), no_stamp());
            std::thread::sleep(FLOW);
            tools::copy_live(&house.data, &older)?;
            sent.extend(load.finish()?);
        } else {
            house.stop()?;
            tools::copy(&house.data, &older)?;
            house.serve()?;
        }
        flow(&house, &format!("r{n}c"), &mut sent)?;
        let note = house.signed(sent.acknowledged.len() as u64)?;
        house.stop()?;
        kept.push(note);

        std::fs::rename(&house.data, &newest)?;
        restore(kind, &older, &newest, &house.data)?;
        outcome.counters.faults += 1;
        match house.serve_around(&Around::default())? {
            Err(said) => {
                refused += 1;
                let reason = said.lines().filter(|line| line.contains("because")).next_back().unwrap_or(&said).trim().to_owned();
                outcome.note(format!("{kind:?}: refused, {reason}"));
                // A copy taken from a running server may be damaged as well; that too must be said.
                let says_why = if kind == Kind::Live { "because" } else { "is older than what was signed" };
                if !said.contains(says_why) {
                    outcome.wrong(format!("{kind:?}: the refusal does not say why: {said}"));
                }
            }
            Ok(_) => {
                // It may, when it signs nothing that contradicts what the lock holds.
                caught_up += 1;
                let mut strayed = Sent::default();
                strayed.push(&house, &ids(&format!("r{n}d"), 25));
                std::thread::sleep(FLOW * 3);
                house.kill()?;
                let split = forks(&house, &kept)?;
                outcome.counters.forks += split;
                outcome.note(format!("{kind:?}: it started; {split} forks"));
            }
        }
        std::fs::remove_dir_all(&house.data)?;
        std::fs::remove_dir_all(&older)?;
        std::fs::rename(&newest, &house.data)?;
    }
    outcome.counters.recovered.push(house.serve()?);
    flow(&house, "last", &mut sent)?;
    let counted = judge(&mut house, &sent)?;
    outcome.counters.add(&counted);
    outcome.counters.forks += forks(&house, &kept)?;
    outcome.note(format!("{refused} refused, {caught_up} started"));
    Ok(outcome)
}

fn flow(house: &House, name: &str, sent: &mut Sent) -> Result<()> {
    let load = Load::start(house, name, no_stamp());
    std::thread::sleep(FLOW);
    sent.extend(load.finish()?);
    house.signed(sent.acknowledged.len() as u64).map(drop)
}

/// Puts together a data directory out of older and newer parts.
fn restore(kind: Kind, older: &Path, newest: &Path, data: &Path) -> Result<()> {
    match kind {
        Kind::Stopped | Kind::Live => return tools::copy(older, data),
        Kind::Databases => tools::copy(older, data)?,
        Kind::Blobs => tools::copy(newest, data)?,
    }
    let blobs_of = if kind == Kind::Databases { newest } else { older };
    std::fs::remove_dir_all(data.join("blobs"))?;
    tools::copy(&blobs_of.join("blobs"), &data.join("blobs"))?;
    if !data.join("trail.sqlite").exists() {
        bail!("the trail's database is not where this row looks for it");
    }
    Ok(())
}
