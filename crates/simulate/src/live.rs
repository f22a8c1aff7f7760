//! Live work: what people and programs do from now on, a few acts per second at any hour, and attacks when asked for.
//!
//! Whoever is at work in his zone does most of it; at night and at weekends a standby crew does.

use crate::acts::{export, look, record_id, report_id};
use crate::attacks::{VIP_RECORDS, break_in, stranger};
use crate::shifts::at_work;
use crate::{Act, Company, Error, Kind};
use model::{HOUR, MINUTE, Micros, SECOND};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

/// Fewest people active at any moment; below it the standby crew helps out.
const LEAST_ACTIVE: usize = 24;
/// One act in this many is a program's.
const PROGRAM_SHARE: u32 = 12;

/// An attack that can be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveAttack {
    /// Guesses at one account, then a sign-in, within a minute or two.
    BruteForce,
    /// One person exports three reports of more than 10,000 rows each.
    Export,
    /// A program's account reads tens of thousands of rows from a strange address.
    NewNetwork,
    /// One person opens the records everyone is curious about.
    VipLookups,
}

impl LiveAttack {
    pub const ALL: [LiveAttack; 4] = [LiveAttack::BruteForce, LiveAttack::Export, LiveAttack::NewNetwork, LiveAttack::VipLookups];

    pub fn name(self) -> &'static str {
        match self {
            LiveAttack::BruteForce => "brute_force",
            LiveAttack::Export => "export",
            LiveAttack::NewNetwork => "new_network",
            LiveAttack::VipLookups => "vip_lookups",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attack| attack.name() == name)
    }
}

/// Gives acts as they fall due. The same company, seed and start give the same acts.
pub struct Live<'a> {
    company: &'a Company,
    rng: StdRng,
    /// When the next ordinary act is due.
    next: Micros,
    /// Mean time between two ordinary acts.
    pause: Micros,
    /// Who is signed in, and when he signs out.
    signed_in: BTreeMap<usize, Micros>,
    active: Vec<usize>,
    /// When `active` was last looked up.
    looked_up: Micros,
    /// Acts of attacks, in time order.
    planned: VecDeque<Act>,
}

impl<'a> Live<'a> {
    /// `rate` ordinary acts per second on average, from `from` on.
    pub fn new(company: &'a Company, seed: u64, from: Micros, rate: f64) -> Self {
        let pause = (SECOND as f64 / rate.clamp(0.01, 1_000.0)) as Micros;
        // The start is part of the seed, so that two runs do not give the same ids.
        let rng = StdRng::seed_from_u64(seed ^ from.unsigned_abs().rotate_left(20));
        Self { company, rng, next: from, pause, signed_in: BTreeMap::new(), active: Vec::new(), looked_up: Micros::MIN, planned: VecDeque::new() }
    }

    /// At most `most` acts due before `until` and not given before, in time order; the rest is given next time.
    pub fn due(&mut self, until: Micros, most: usize) -> Result<Vec<Act>, Error> {
        let mut acts = Vec::new();
        while acts.len() < most {
            let planned = self.planned.front().map_or(Micros::MAX, |act| act.time);
            if self.next.min(planned) >= until {
                break;
            }
            let act = if planned <= self.next { self.planned.pop_front() } else { Some(self.ordinary()?) };
            acts.extend(act.map(|act| self.named(act)));
        }
        Ok(acts)
    }

    /// Plans an attack from `from` on; answers when its last act is due.
    pub fn attack(&mut self, attack: LiveAttack, from: Micros) -> Result<Micros, Error> {
        self.look_up(from)?;
        let acts = self.plan(attack, from);
        let last = acts.last().map_or(from, |act| act.time);
        self.planned.extend(acts);
        self.planned.make_contiguous().sort_by_key(|act| act.time);
        Ok(last)
    }

    fn plan(&mut self, attack: LiveAttack, from: Micros) -> Vec<Act> {
        let company = self.company;
        let person = &company.people[*self.active.choose(&mut self.rng).expect("somebody is always active")];
        let rng = &mut self.rng;
        let mut time = from;
        let mut later = |rng: &mut StdRng, pause: std::ops::Range<Micros>| {
            time += rng.gen_range(pause);
            time
        };
        match attack {
            // Two pauses of at most 1.4 s on average leave a minute's guessing well inside two minutes.
            LiveAttack::BruteForce => break_in(person, from, 600_000..1_400_000, rng),
            LiveAttack::Export => {
                let mut acts = vec![Act::person(person, from, Kind::Login { success: true })];
                for _ in 0..3 {
                    let kind = Kind::ReportExport { report: report_id(rng.gen_range(1..40)), rows: rng.gen_range(12_000..48_000) };
                    acts.push(Act::person(person, later(rng, 2 * SECOND..5 * SECOND), kind));
                }
                acts
            }
            LiveAttack::NewNetwork => {
                let act = |time, kind| Act { address: stranger(77), ..Act::integration(&company.integrations[1], time, kind) };
                let mut acts = vec![act(from, Kind::Login { success: true })];
                acts.extend((0..8).map(|_| act(later(rng, SECOND..4 * SECOND), Kind::BulkApi { rows: rng.gen_range(2_000..10_000) })));
                acts
            }
            LiveAttack::VipLookups => {
                VIP_RECORDS.map(|n| Act::person(person, later(rng, SECOND..4 * SECOND), Kind::PageView { record: record_id(n) })).collect()
            }
        }
    }

    fn ordinary(&mut self) -> Result<Act, Error> {
        let time = self.next;
        self.next += self.rng.gen_range(1..=2 * self.pause.max(1));
        if self.rng.gen_ratio(1, PROGRAM_SHARE) {
            let program = &self.company.integrations[self.rng.gen_range(0..2)];
            return Ok(Act::integration(program, time, Kind::BulkApi { rows: self.rng.gen_range(20..400) }));
        }
        self.look_up(time)?;
        let place = *self.active.choose(&mut self.rng).expect("somebody is always active");
        let person = &self.company.people[place];
        let kind = match self.signed_in.get(&place) {
            Some(until) if time >= *until => {
                self.signed_in.remove(&place);
                Kind::Logout
            }
            Some(_) if self.rng.gen_ratio(1, 60) => export(&mut self.rng),
            Some(_) => look(person, &mut self.rng),
            None if self.rng.gen_ratio(1, 20) => Kind::Login { success: false },
            None => {
                self.signed_in.insert(place, time + self.rng.gen_range(HOUR / 2..3 * HOUR));
                Kind::Login { success: true }
            }
        };
        Ok(Act::person(person, time, kind))
    }

    /// Who is active, looked up once a minute.
    fn look_up(&mut self, time: Micros) -> Result<(), Error> {
        if !self.active.is_empty() && time < self.looked_up.saturating_add(MINUTE) {
            return Ok(());
        }
        self.looked_up = time;
        self.active.clear();
        for (place, person) in self.company.people.iter().enumerate() {
            if at_work(person, time)? {
                self.active.push(place);
            }
        }
        // The standby crew comes from all departments: every eighth.
        let standby = (0..self.company.people.len()).step_by(8).filter(|place| *place != self.company.leaver);
        let missing = LEAST_ACTIVE.saturating_sub(self.active.len());
        let standby: Vec<usize> = standby.filter(|place| !self.active.contains(place)).take(missing).collect();
        self.active.extend(standby);
        Ok(())
    }

    fn named(&mut self, act: Act) -> Act {
        Act { id: Uuid::from_u128(self.rng.r#gen()).to_string(), ..act }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::collections::HashSet;

    fn at(month: i8, day: i8, hour: i8) -> Micros {
        date(2026, month, day).at(hour, 0, 0, 0).in_tz("UTC").unwrap().timestamp().as_microsecond()
    }

    fn company() -> Company {
        Company::new(1, date(2026, 3, 2), date(2026, 4, 1)).unwrap()
    }

    #[test]
    fn it_is_lively_at_every_hour_and_on_sundays() {
        let company = company();
        for hour in 0..24 {
            for day in [3, 8] {
                let from = at(3, day, hour);
                let acts = Live::new(&company, 1, from, 3.0).due(from + MINUTE, usize::MAX).unwrap();
                assert!((120..260).contains(&acts.len()), "{} acts on {day} at {hour}", acts.len());
                assert!(acts.windows(2).all(|two| two[0].time <= two[1].time));
                assert!(acts.iter().map(|act| &act.account).collect::<HashSet<_>>().len() >= 15);
                assert_eq!(acts.iter().map(|act| &act.id).collect::<HashSet<_>>().len(), acts.len());
            }
        }
    }

    #[test]
    fn nothing_is_lost_where_batches_are_small() {
        let (company, from) = (company(), at(3, 3, 10));
        let whole = Live::new(&company, 1, from, 5.0).due(from + MINUTE, usize::MAX).unwrap();
        let mut live = Live::new(&company, 1, from, 5.0);
        let mut parts = Vec::new();
        while let Some(part) = Some(live.due(from + MINUTE, 7).unwrap()).filter(|part| !part.is_empty()) {
            parts.extend(part);
        }
        assert_eq!(parts, whole);
    }

    #[test]
    fn attacks_are_what_they_are_called() {
        let (company, from) = (company(), at(3, 8, 3));
        let made = |attack| {
            // So slow that there is hardly anything else.
            let mut live = Live::new(&company, 2, from, 0.01);
            let last = live.attack(attack, from).unwrap();
            (live.due(last + 1, usize::MAX).unwrap(), last - from)
        };
        let (acts, span) = made(LiveAttack::BruteForce);
        let sign_ins: Vec<bool> = acts.iter().filter_map(|a| if let Kind::Login { success } = a.kind { Some(success) } else { None }).collect();
        assert!(sign_ins.len() > 30 && sign_ins.iter().filter(|s| **s).count() == 1 && span < 3 * MINUTE, "{span}");
        let (acts, _) = made(LiveAttack::Export);
        assert_eq!(acts.iter().filter(|a| matches!(a.kind, Kind::ReportExport { rows: 10_001.., .. })).count(), 3);
        assert!(LiveAttack::ALL.into_iter().all(|attack| LiveAttack::named(attack.name()) == Some(attack)));
    }
}
