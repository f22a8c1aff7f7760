//! Five attacks hidden in the ordinary days, and the answers that say where they are.
//!
//! They are written from how such attacks go, not from what any detection looks for.

use crate::acts::{Act, Kind, local, record_id, report_id};
use crate::{Company, Error, Person};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use model::{DAY, HOUR, MINUTE, Micros, SECOND};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

/// The names in the answer file.
pub const NAMES: [&str; 5] = ["brute_force_then_success", "mass_export_by_leaver", "integration_from_new_network", "slow_drip_export", "night_vip_lookups"];
/// Records of people everyone is curious about: the accounts numbered 1 to 12, which nobody opens on an ordinary day.
pub const VIP_RECORDS: std::ops::Range<u32> = 1..13;

/// Where one attack is in the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub attack: String,
    /// The CRM's user id.
    pub account: String,
    /// Time of the first record, microseconds since 1970 UTC.
    pub from: Micros,
    /// Time of the last record, inclusive.
    pub until: Micros,
    /// Ids of all its records, in time order.
    pub record_ids: Vec<String>,
}

/// All acts of all attacks, for a company whose history starts on `start` and whose leaver leaves on `last_day`.
pub(crate) fn plan(company: &Company, seed: u64, start: Date, last_day: Date) -> Result<Vec<Act>, Error> {
    let mut rng = StdRng::seed_from_u64(seed.rotate_left(17) ^ 0x5eed);
    let mut acts = Vec::new();
    brute_force(company, start, &mut rng, &mut acts)?;
    leaver(company, last_day, &mut rng, &mut acts)?;
    integration(company, start, &mut rng, &mut acts)?;
    drip(company, start, &mut rng, &mut acts)?;
    night(company, start, &mut rng, &mut acts)?;
    Ok(acts)
}

pub(crate) fn stranger(host: u8) -> IpAddr {
    Ipv4Addr::new(203, 0, 113, host).into()
}

fn brute_force(company: &Company, start: Date, rng: &mut StdRng, acts: &mut Vec<Act>) -> Result<(), Error> {
    let victim = &company.people[rng.gen_range(100..140)];
    let time = local(victim, start.checked_add(3.days())?, 3, 10)?;
    acts.extend(break_in(victim, time, 2 * SECOND..9 * SECOND, rng).into_iter().map(|act| Act { attack: Some(0), ..act }));
    Ok(())
}

/// Guesses at one account from a strange address until one is right, then a look around.
pub(crate) fn break_in(victim: &Person, mut time: Micros, pause: Range<Micros>, rng: &mut StdRng) -> Vec<Act> {
    let act = |time, kind| Act { address: stranger(24), ..Act::person(victim, time, kind) };
    let mut acts = Vec::new();
    for _ in 0..rng.gen_range(30..60) {
        acts.push(act(time, Kind::Login { success: false }));
        time += rng.gen_range(pause.clone());
    }
    acts.push(act(time, Kind::Login { success: true }));
    for _ in 0..rng.gen_range(5..15) {
        time += rng.gen_range(SECOND..MINUTE.min(pause.end * 4));
        acts.push(act(time, Kind::PageView { record: record_id(rng.gen_range(1_000..20_000)) }));
    }
    acts
}

fn leaver(company: &Company, last_day: Date, rng: &mut StdRng, acts: &mut Vec<Act>) -> Result<(), Error> {
    let person = &company.people[company.leaver];
    let mut time = local(person, last_day.checked_sub(2.days())?, 19, 5)?;
    let mut push = |time, kind| acts.push(Act { attack: Some(1), ..Act::person(person, time, kind) });
    push(time, Kind::Login { success: true });
    for report in 1..=rng.gen_range(20..35) {
        time += rng.gen_range(20 * SECOND..2 * MINUTE);
        push(time, Kind::ReportExport { report: report_id(report), rows: rng.gen_range(2_000..30_000) });
    }
    push(time + MINUTE, Kind::BulkApi { rows: rng.gen_range(60_000..120_000) });
    Ok(())
}

fn integration(company: &Company, start: Date, rng: &mut StdRng, acts: &mut Vec<Act>) -> Result<(), Error> {
    let program = &company.integrations[1];
    let mut time = start.checked_add(6.days())?.at(13, 20, 0, 0).in_tz("UTC")?.timestamp().as_microsecond();
    let mut push = |time, kind| acts.push(Act { address: stranger(77), attack: Some(2), ..Act::integration(program, time, kind) });
    push(time, Kind::Login { success: true });
    for _ in 0..rng.gen_range(6..12) {
        time += rng.gen_range(MINUTE..5 * MINUTE);
        push(time, Kind::BulkApi { rows: rng.gen_range(2_000..10_000) });
    }
    Ok(())
}

fn drip(company: &Company, start: Date, rng: &mut StdRng, acts: &mut Vec<Act>) -> Result<(), Error> {
    let person = &company.people[rng.gen_range(151..175)];
    for offset in 1..13_i64 {
        let day = start.checked_add(offset.days())?;
        if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            continue;
        }
        for hour in [11, 15] {
            let time = local(person, day, hour, 0)? + rng.gen_range(0..HOUR);
            acts.push(Act {
                attack: Some(3),
                ..Act::person(person, time, Kind::ReportExport { report: report_id(rng.gen_range(40..80)), rows: rng.gen_range(300..900) })
            });
        }
    }
    Ok(())
}

fn night(company: &Company, start: Date, rng: &mut StdRng, acts: &mut Vec<Act>) -> Result<(), Error> {
    let person = &company.people[rng.gen_range(140..150)];
    let first = local(person, start.checked_add(8.days())?, 1, 30)?;
    for night in 0..3 {
        let mut time = first + night * DAY;
        acts.push(Act { attack: Some(4), ..Act::person(person, time, Kind::Login { success: true }) });
        for number in VIP_RECORDS {
            time += rng.gen_range(30 * SECOND..4 * MINUTE);
            acts.push(Act { attack: Some(4), ..Act::person(person, time, Kind::PageView { record: record_id(number) }) });
        }
    }
    Ok(())
}
