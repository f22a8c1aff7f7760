//! What people and integrations do on an ordinary day, before any vendor's format.

use crate::Error;
use crate::company::{Company, Integration, Person};
use crate::shifts::shift_on;
use crate::vendors::salesforce::ids;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{HOUR, MINUTE, Micros, SECOND};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::net::IpAddr;

/// Fewest and most acts of one person in one shift.
pub const ACTS_PER_SHIFT: std::ops::RangeInclusive<usize> = 12..=45;
/// Acts of one integration in one day: a sign-in and a bulk job every hour.
pub const ACTS_PER_INTEGRATION_DAY: usize = 48;

/// One act, by one account, in one CRM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Unique in the simulation: REQUEST_ID in Salesforce's files, `id` in the second CRM's. Empty until [`crate::Simulation::day`] orders the day.
    pub id: String,
    pub time: Micros,
    pub account: String,
    pub email: String,
    pub address: IpAddr,
    pub kind: Kind,
    /// Which attack this belongs to, a place in [`crate::attacks::NAMES`]; never written to a file of records.
    pub attack: Option<usize>,
}

/// What was done. `Desk…` happens in the second CRM, everything else in Salesforce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Login {
        success: bool,
    },
    Logout,
    ReportExport {
        report: String,
        rows: u32,
    },
    Uri {
        record: String,
    },
    PageView {
        record: String,
    },
    BulkApi {
        rows: u32,
    },
    /// A change in Setup: the action's name, and what the trail says of it.
    Setup {
        action: &'static str,
        display: String,
        section: &'static str,
    },
    DeskView {
        ticket: u32,
    },
    DeskUpdate {
        ticket: u32,
    },
}

impl Act {
    pub(crate) fn person(person: &Person, time: Micros, kind: Kind) -> Self {
        Self { id: String::new(), time, account: person.account.clone(), email: person.email.clone(), address: person.address, kind, attack: None }
    }

    pub(crate) fn integration(program: &Integration, time: Micros, kind: Kind) -> Self {
        Self { id: String::new(), time, account: program.account.clone(), email: program.email.clone(), address: program.address, kind, attack: None }
    }
}

/// `001` and `00O` are Salesforce's key prefixes of accounts and reports.
pub(crate) fn record_id(number: u32) -> String {
    ids::nth("001", number as usize)
}

pub(crate) fn report_id(number: u32) -> String {
    ids::nth("00O", number as usize)
}

/// Everything ordinary on one day, unordered. The zones of the company keep every shift within the UTC day of the same date.
pub(crate) fn ordinary(company: &Company, seed: u64, day: Date) -> Result<Vec<Act>, Error> {
    let midnight = day.at(0, 0, 0, 0).in_tz("UTC")?.timestamp().as_microsecond();
    let mut rng = StdRng::seed_from_u64(seed ^ midnight.unsigned_abs());
    let mut acts = Vec::new();
    for person in &company.people {
        if let Some(shift) = shift_on(person, day)? {
            shift_acts(person, shift.from, shift.until, &mut rng, &mut acts);
            if person.department == "Operations" && rng.gen_bool(0.4) {
                acts.push(Act::person(person, rng.gen_range(shift.from + HOUR..shift.until - HOUR), setup(company, &mut rng)));
            }
        }
    }
    for program in &company.integrations {
        for hour in 0..24 {
            let time = midnight + hour * HOUR + rng.gen_range(0..5 * MINUTE);
            acts.push(Act::integration(program, time, Kind::Login { success: true }));
            acts.push(Act::integration(program, time + 20 * SECOND, Kind::BulkApi { rows: rng.gen_range(20..400) }));
        }
    }
    Ok(acts)
}

fn shift_acts(person: &Person, from: Micros, until: Micros, rng: &mut StdRng, acts: &mut Vec<Act>) {
    let login = from + rng.gen_range(MINUTE..30 * MINUTE);
    let logout = until - rng.gen_range(SECOND..30 * MINUTE);
    if rng.gen_bool(0.04) {
        acts.push(Act::person(person, login - 30 * SECOND, Kind::Login { success: false }));
    }
    acts.push(Act::person(person, login, Kind::Login { success: true }));
    for _ in 0..rng.gen_range(10..=40) {
        let time = rng.gen_range(login + SECOND..logout);
        let kind = look(person, rng);
        acts.push(Act::person(person, time, kind));
    }
    if rng.gen_bool(0.08) {
        let time = rng.gen_range(login + SECOND..logout);
        acts.push(Act::person(person, time, export(rng)));
    }
    acts.push(Act::person(person, logout, Kind::Logout));
}

/// What someone of this department does most of the time: open records, and in Service also tickets.
pub(crate) fn look(person: &Person, rng: &mut StdRng) -> Kind {
    let number = rng.gen_range(1_000..20_000);
    match rng.gen_range(0..10) {
        0..=2 => Kind::Uri { record: record_id(number) },
        3 | 4 if person.department == "Service" => Kind::DeskView { ticket: number },
        5 if person.department == "Service" => Kind::DeskUpdate { ticket: number },
        _ => Kind::PageView { record: record_id(number) },
    }
}

/// An ordinary export: a report of everyday size.
pub(crate) fn export(rng: &mut StdRng) -> Kind {
    Kind::ReportExport { report: report_id(rng.gen_range(1..40)), rows: rng.gen_range(40..1_800) }
}

/// What an administrator of the CRM changes now and then.
fn setup(company: &Company, rng: &mut StdRng) -> Kind {
    let other = &company.people[rng.gen_range(0..company.people.len())];
    let (action, section, what) = match rng.gen_range(0..4) {
        0 => ("PermSetAssign", "Manage Users", format!("Permission set Report Builder: assigned to user {}", other.name)),
        1 => ("PermSetUnassign", "Manage Users", format!("Permission set Report Builder: unassigned from user {}", other.name)),
        2 => ("resetpassword", "Manage Users", format!("Reset password for user {}", other.name)),
        _ => ("changedprofileforuser", "Manage Users", format!("Changed profile for user {}", other.name)),
    };
    Kind::Setup { action, display: format!("{what} (UserID: [{}])", &other.account[..15]), section }
}

/// A time of a day on the person's own clock.
pub(crate) fn local(person: &Person, day: Date, hour: i8, minute: i8) -> Result<Micros, Error> {
    Ok(day.at(hour, minute, 0, 0).to_zoned_datetime(TimeZone::get(person.zone)?)?.timestamp().as_microsecond())
}
