//! Older databases, older objects, or both, beside the newer lock: refused with the reason, or caught up with; never a second history.

use crate::faults::{
    Shop,
    counters::Outcome,
    house::{Around, House, on_postgres},
    judge::{forks, judge},
    load::{Load, Sent, ids, no_stamp},
    tools,
};
use anyhow::{Context, Result};
use std::time::Duration;

const KINDS: [Kind; 3] = [Kind::All, Kind::Databases, Kind::Objects];
/// How long records flow before and after the copy is taken.
const FLOW: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    All,
    /// The databases alone, beside the newer segments and tiles.
    Databases,
    /// Segments and tiles alone, beside the newer databases.
    Objects,
}

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let server = shop.postgres.as_ref().context("this row needs --postgres")?;
    let folder = shop.folder("restored")?;
    let mut house = House::new(shop, &folder)?;
    let (mut outcome, mut sent, mut kept) = (Outcome::default(), Sent::default(), Vec::new());
    let (mut refused, mut caught_up) = (0, 0);
    let (older_data, newest_data) = (folder.join("older"), folder.join("newest"));
    for n in 0..times {
        let kind = KINDS[(n % KINDS.len() as u64) as usize];
        house.serve()?;
        flow(&house, &format!("r{n}a"), &mut sent)?;
        house.stop()?;
        let url = house.setting("VERITRAIL__DATA__TRAIL").context("a database")?.to_owned();
        let older = server.copy(&url)?;
        tools::copy(&house.data, &older_data)?;
        house.serve()?;
        flow(&house, &format!("r{n}b"), &mut sent)?;
        kept.push(house.signed(sent.acknowledged.len() as u64)?);
        house.stop()?;

        // The newest stays aside, whatever happens to what is put together out of older parts.
        std::fs::rename(&house.data, &newest_data)?;
        tools::copy(if kind == Kind::Databases { &newest_data } else { &older_data }, &house.data)?;
        let newer = server.copy(&url)?;
        house.settings = on_postgres(if kind == Kind::Objects { &newer } else { &older });
        outcome.counters.faults += 1;
        match house.serve_around(&Around::default())? {
            Err(said) => {
                refused += 1;
                let reason = said.lines().filter(|line| line.contains("because")).next_back().unwrap_or(&said).trim().to_owned();
                outcome.note(format!("{kind:?}: refused, {reason}"));
                if !said.contains("is older than what was signed") {
                    outcome.wrong(format!("{kind:?}: the refusal does not say why: {said}"));
                }
            }
            Ok(_) => {
                caught_up += 1;
                let mut strayed = Sent::default();
                strayed.push(&house, &ids(&format!("r{n}c"), 25));
                std::thread::sleep(FLOW * 3);
                house.kill()?;
                let split = forks(&house, &kept)?;
                outcome.counters.forks += split;
                outcome.note(format!("{kind:?}: it started; {split} forks"));
            }
        }
        std::fs::remove_dir_all(&house.data)?;
        std::fs::remove_dir_all(&older_data)?;
        std::fs::rename(&newest_data, &house.data)?;
        house.settings = on_postgres(&url);
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
