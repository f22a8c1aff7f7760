//! The organisation served: a company's people and days as Salesforce would keep them, and the answer list of what was kept.
//!
//! Everything here is a function of the [`World`]: no clock is read.

mod accounts;
mod trails;

use super::events::{Event, LOGIN_AS, events};
use super::ids;
use super::log_files::{self, LogFile};
use super::record::Record;
use super::schema::{OBJECTS, Object};
use super::soql::Parents;
use crate::acts::ordinary;
use crate::company::HEADCOUNT;
use crate::shifts::shift_on;
use crate::{Act, Company, Error, Kind};
use jiff::ToSpan;
use jiff::civil::Date;
use model::{HOUR, Micros};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::HashMap;

/// The organisation's id.
pub const ORGANIZATION: &str = "00DSM0000000001EAA";

/// What the organisation is made of. The same world gives the same records, ids and files.
#[derive(Clone, Debug)]
pub struct World {
    pub seed: u64,
    /// The first day, in UTC.
    pub start: Date,
    pub days: u16,
    /// From 2 to 200; the last of them changes things in Setup.
    pub people: usize,
    /// Hourly event log files beside the daily ones (Interval, Sequence).
    pub hourly: bool,
    /// Files that come days late, come again with more, or repeat rows.
    pub late: bool,
    /// Columns in other orders, and from the middle of the days on, columns that no page lists.
    pub drift: bool,
}

impl World {
    pub fn new(seed: u64, start: Date, days: u16, people: usize) -> Self {
        Self { seed, start, days, people, hourly: true, late: true, drift: true }
    }

    /// Midnight after the last day.
    pub fn end(&self) -> Result<Micros, Error> {
        midnight(self.start.checked_add(i64::from(self.days).days())?)
    }
}

/// One record that was kept, and may be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// The object, or `EventLogFile/` and the event type.
    pub stream: String,
    /// The record's Id; a log file's row has none, and gives its REQUEST_ID.
    pub id: String,
    /// From 1. Rows of one type and transaction share their REQUEST_ID; versions of one record share their Id: counted in order of time.
    pub occurrence: u32,
    /// When it happened.
    pub time: Micros,
    /// When it can first be read.
    pub visible_from: Micros,
    /// The event log files it is in; none for records.
    pub files: Vec<String>,
}

/// A user who can be named in a JWT.
#[derive(Clone, Debug)]
pub struct Login {
    pub id: String,
    pub username: String,
}

pub struct Org {
    tables: HashMap<&'static str, Vec<Record>>,
    pub logins: Vec<Login>,
    pub events: Vec<Event>,
    pub files: Vec<LogFile>,
    pub emitted: Vec<Emitted>,
}

impl Org {
    pub fn new(world: &World, integration_user: &str) -> Result<Self, Error> {
        let company = staff(world)?;
        let mut acts = Vec::new();
        let mut rows = Vec::new();
        for offset in 0..i64::from(world.days) {
            let day = world.start.checked_add(offset.days())?;
            let mut rng = StdRng::seed_from_u64(world.seed.rotate_left(17) ^ midnight(day)?.unsigned_abs());
            let of_day = day_acts(&company, world.seed, day)?;
            for act in &of_day {
                rows.extend(events(act, &mut rng));
            }
            acts.extend(of_day);
        }
        rows.sort_by(|a, b| (a.time, &a.request_id, a.event_type).cmp(&(b.time, &b.request_id, b.event_type)));
        let mut rng = StdRng::seed_from_u64(world.seed);
        let files = log_files::files(world, &rows, &mut rng)?;
        let mut tables = HashMap::new();
        let logins = accounts::fill(&mut tables, &company, world, integration_user, &acts)?;
        trails::fill(&mut tables, &acts, &mut rng);
        tables.insert("EventLogFile", files.iter().map(|file| file.record(&rows)).collect::<Result<_, _>>()?);
        let emitted = emitted(&tables, &rows, &files);
        Ok(Self { tables, logins, events: rows, files, emitted })
    }

    pub fn records(&self, object: &Object) -> &[Record] {
        self.tables.get(object.name).map_or(&[], Vec::as_slice)
    }

    /// The records as they are at a moment, for ids to lead to.
    pub fn at(&self, now: Micros) -> At<'_> {
        At { org: self, now }
    }

    /// The log file of this id (15 or 18 characters), where it can be read now.
    pub fn file(&self, id: &str, now: Micros) -> Option<&LogFile> {
        self.files.iter().find(|file| ids::short(&file.id) == ids::short(id) && file.from <= now && now < file.until)
    }
}

pub struct At<'a> {
    org: &'a Org,
    now: Micros,
}

impl Parents for At<'_> {
    fn parent(&self, object: &Object, id: &str) -> Option<&Record> {
        self.org.records(object).iter().find(|record| record.id == id && record.visible(self.now))
    }
}

/// The chosen people of the company, from every department as far as there is room.
fn staff(world: &World) -> Result<Company, Error> {
    let mut company = Company::new(world.seed, world.start, world.start.checked_add(i64::from(world.days).days())?)?;
    let count = world.people.clamp(2, HEADCOUNT);
    let mut chosen: Vec<usize> = (0..count).map(|place| place * HEADCOUNT / count).collect();
    chosen[count - 1] = HEADCOUNT - 1;
    let place = |of: usize| chosen.iter().position(|place| *place == of);
    let mut people = Vec::with_capacity(count);
    for of in &chosen {
        let mut person = company.people[*of].clone();
        person.manager = person.manager.and_then(place);
        people.push(person);
    }
    company.leaver = place(company.leaver).unwrap_or_default();
    company.people = people;
    Ok(company)
}

/// A day's acts in Salesforce, in order, with REQUEST_IDs of 22 characters as the pages show them.
fn day_acts(company: &Company, seed: u64, day: Date) -> Result<Vec<Act>, Error> {
    let mut acts = ordinary(company, seed, day)?;
    acts.retain(|act| !matches!(act.kind, Kind::DeskView { .. } | Kind::DeskUpdate { .. }));
    let Some(admin) = company.people.last() else { return Ok(acts) };
    if let Some(shift) = shift_on(admin, day)? {
        let mut rng = StdRng::seed_from_u64(seed ^ midnight(day)?.unsigned_abs().rotate_left(3));
        let other = &company.people[rng.gen_range(0..company.people.len() - 1)];
        let about = format!("(UserID: [{}])", ids::short(&other.account));
        let display = format!("Logged in using Login-As access for {} {about}", other.name);
        acts.push(Act::person(admin, shift.from + 2 * HOUR, Kind::Setup { action: LOGIN_AS, display, section: "" }));
        let display = format!("Changed profile for user {} {about}", other.name);
        acts.push(Act::person(admin, shift.from + 3 * HOUR, Kind::Setup { action: "changedprofileforuser", display, section: "Manage Users" }));
    }
    acts.sort_by(|a, b| (a.time, &a.account).cmp(&(b.time, &b.account)));
    let stamp = day.strftime("%Y%m%d").to_string();
    for (place, act) in acts.iter_mut().enumerate() {
        act.id = format!("4Sf{stamp}{place:011}");
    }
    Ok(acts)
}

pub(super) fn midnight(day: Date) -> Result<Micros, Error> {
    Ok(day.at(0, 0, 0, 0).in_tz("UTC")?.timestamp().as_microsecond())
}

fn emitted(tables: &HashMap<&'static str, Vec<Record>>, rows: &[Event], files: &[LogFile]) -> Vec<Emitted> {
    let mut all = Vec::new();
    for object in OBJECTS.iter().filter(|object| object.name != "EventLogFile") {
        let mut seen: HashMap<&str, u32> = HashMap::new();
        for record in tables.get(object.name).into_iter().flatten() {
            let occurrence = seen.entry(&record.id).or_default();
            *occurrence += 1;
            all.push(Emitted {
                stream: object.name.to_owned(),
                id: record.id.clone(),
                occurrence: *occurrence,
                time: trails::happened(object, record),
                visible_from: record.from,
                files: Vec::new(),
            });
        }
    }
    let mut of_row: Vec<(Micros, Vec<String>)> = vec![(Micros::MAX, Vec::new()); rows.len()];
    for file in files {
        for row in &file.rows {
            let (from, ids) = &mut of_row[*row];
            *from = file.from.min(*from);
            if !ids.contains(&file.id) {
                ids.push(file.id.clone());
            }
        }
    }
    let mut seen: HashMap<(&str, &str), u32> = HashMap::new();
    for (row, (visible_from, files)) in rows.iter().zip(of_row) {
        let occurrence = seen.entry((row.event_type, &row.request_id)).or_default();
        *occurrence += 1;
        all.push(Emitted {
            stream: format!("EventLogFile/{}", row.event_type),
            id: row.request_id.clone(),
            occurrence: *occurrence,
            time: row.time,
            visible_from,
            files,
        });
    }
    all
}
