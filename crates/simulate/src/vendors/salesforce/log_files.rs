//! Event log files: which rows are in which, when each can be read, and its bytes.
//!
//! REST API Developer Guide, "Using Event Monitoring" and "Query or View Hourly Event Log Files", sections "Considerations": a file exists where at least
//! one event took place; daily ones come the day after, hourly ones three to six hours after and later; a late hourly file has a Sequence one higher and
//! "lists only the new events"; a daily file that comes again replaces the first with the full set; what is sent again may repeat events; a file is kept
//! for 30 days after its CreatedDate. Object Reference, "EventLogFile", section "Fields": Interval, Sequence (0 for daily), LogDate.

use super::event_types::{LATER, column_type, columns};
use super::events::Event;
use super::ids;
use super::org::{World, midnight};
use super::record::{Record, Value};
use super::schema::Object;
use crate::Error;
use model::{DAY, HOUR, MINUTE, Micros};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How long a file is kept.
const KEPT: Micros = 30 * DAY;

#[derive(Clone, Debug)]
pub struct LogFile {
    pub id: String,
    pub event_type: &'static str,
    pub hourly: bool,
    pub sequence: i64,
    /// The day or hour it is about.
    pub log_date: Micros,
    /// CreatedDate: when it can first be read.
    pub from: Micros,
    pub until: Micros,
    pub columns: Vec<&'static str>,
    /// Places in the list of events.
    pub rows: Vec<usize>,
}

impl LogFile {
    /// The CSV as it is served: every value in quotes.
    pub fn csv(&self, events: &[Event]) -> Result<Vec<u8>, Error> {
        let mut out = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        out.write_record(&self.columns)?;
        for event in self.rows.iter().filter_map(|row| events.get(*row)) {
            out.write_record(self.columns.iter().map(|column| if LATER.contains(column) { "later".into() } else { event.cell(column) }).map(Cell))?;
        }
        out.into_inner().map_err(|error| Error::Io(error.into_error()))
    }

    pub fn record(&self, events: &[Event]) -> Result<Record, Error> {
        let length = self.csv(events)?.len();
        let types: Vec<&str> = self.columns.iter().map(|column| column_type(column)).collect();
        let named = vec![
            ("IsDeleted", false.into()),
            ("CreatedById", ids::nth("005", 999).into()),
            ("CreatedDate", Value::Time(self.from)),
            ("LastModifiedById", ids::nth("005", 999).into()),
            ("LastModifiedDate", Value::Time(self.from)),
            ("SystemModstamp", Value::Time(self.from)),
            ("EventType", self.event_type.into()),
            ("LogDate", Value::Time(self.log_date)),
            ("LogFileLength", Value::Double(length as f64)),
            ("LogFileContentType", ".csv".into()),
            ("ApiVersion", Value::Double(62.0)),
            ("Sequence", Value::Int(self.sequence)),
            ("Interval", if self.hourly { "Hourly" } else { "Daily" }.into()),
            ("LogFileFieldNames", self.columns.join(",").into()),
            ("LogFileFieldTypes", types.join(",").into()),
        ];
        let object = Object::named("EventLogFile").ok_or_else(|| Error::Io(std::io::Error::other("EventLogFile is not in the schema")))?;
        Ok(Record { until: self.until, ..Record::new(object, self.id.clone(), self.from, named) })
    }
}

/// What the CSV writer takes of a cell.
struct Cell<'a>(Cow<'a, str>);

impl AsRef<[u8]> for Cell<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// All files of these events, in order of CreatedDate.
pub fn files(world: &World, events: &[Event], rng: &mut StdRng) -> Result<Vec<LogFile>, Error> {
    let mut cabinet = Cabinet { world, half: midnight(world.start)? + Micros::from(world.days) * DAY / 2, rng, files: Vec::new() };
    for (length, hourly) in [(DAY, false), (HOUR, true)] {
        if hourly && !world.hourly {
            continue;
        }
        let mut groups: BTreeMap<(Micros, &'static str), Vec<usize>> = BTreeMap::new();
        for (row, event) in events.iter().enumerate() {
            groups.entry((event.time.div_euclid(length) * length, event.event_type)).or_default().push(row);
        }
        for ((log_date, event_type), rows) in groups {
            if hourly { cabinet.hour(event_type, log_date, &rows) } else { cabinet.day(event_type, log_date, rows) }
        }
    }
    let mut files = cabinet.files;
    files.sort_by(|a, b| (a.from, a.event_type, a.log_date).cmp(&(b.from, b.event_type, b.log_date)));
    for (place, file) in files.iter_mut().enumerate() {
        file.id = ids::nth("0AT", place + 1);
    }
    Ok(files)
}

struct Cabinet<'a> {
    world: &'a World,
    /// The middle of the days: the release with the new columns.
    half: Micros,
    rng: &'a mut StdRng,
    files: Vec<LogFile>,
}

impl Cabinet<'_> {
    fn hour(&mut self, event_type: &'static str, log_date: Micros, rows: &[usize]) {
        let from = log_date + HOUR + self.minutes(3 * 60..6 * 60);
        let comes_late = self.world.late && rows.len() > 1 && self.rng.gen_bool(0.2);
        if !comes_late {
            self.file(event_type, Some(1), log_date, from, rows.to_vec());
            return;
        }
        let (late, in_time): (Vec<usize>, Vec<usize>) = rows.iter().partition(|row| *row % 3 == 0 || Some(*row) == rows.last());
        let mut second = late;
        if !in_time.is_empty() {
            self.file(event_type, Some(1), log_date, from, in_time.clone());
            if self.rng.gen_bool(0.4) {
                second.insert(0, in_time[0]);
            }
        }
        let sequence = if in_time.is_empty() { 1 } else { 2 };
        let from = from + self.minutes(12 * 60..60 * 60);
        self.file(event_type, Some(sequence), log_date, from, second);
    }

    fn day(&mut self, event_type: &'static str, log_date: Micros, rows: Vec<usize>) {
        let from = log_date + DAY + self.minutes(2 * 60..6 * 60);
        let comes_again = self.world.late && rows.len() > 1 && self.rng.gen_bool(0.2);
        if !comes_again {
            self.file(event_type, None, log_date, from, rows);
            return;
        }
        let again = from + self.minutes(24 * 60..48 * 60);
        let first = rows.iter().enumerate().filter(|(place, _)| place % 4 != 1).map(|(_, row)| *row).collect();
        self.file(event_type, None, log_date, from, first);
        if let Some(first) = self.files.last_mut() {
            first.until = again;
        }
        self.file(event_type, None, log_date, again, rows);
    }

    fn file(&mut self, event_type: &'static str, hour_sequence: Option<i64>, log_date: Micros, from: Micros, rows: Vec<usize>) {
        let columns = self.columns(event_type, log_date);
        let sequence = hour_sequence.unwrap_or(0);
        self.files.push(LogFile {
            id: String::new(),
            event_type,
            hourly: hour_sequence.is_some(),
            sequence,
            log_date,
            from,
            until: from + KEPT,
            columns,
            rows,
        });
    }

    fn columns(&mut self, event_type: &'static str, log_date: Micros) -> Vec<&'static str> {
        let mut columns = columns(event_type);
        if self.world.drift {
            if log_date >= self.half {
                columns.insert(self.rng.gen_range(1..columns.len()), LATER[0]);
                columns.push(LATER[1]);
            }
            if self.rng.gen_bool(0.3) {
                columns[1..].shuffle(self.rng);
            }
        }
        columns
    }

    fn minutes(&mut self, range: std::ops::Range<Micros>) -> Micros {
        self.rng.gen_range(range) * MINUTE
    }
}
