//! Reading the directory file: CSV as HR systems write it, one line per person and time.

use crate::{AppError, Result};
use jiff::{civil::Date, tz::TimeZone};
use model::{Micros, Validity};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

const MAX_BYTES: usize = 64 << 20;
const MAX_LINES: usize = 200_000;
const MAX_CHARS: usize = 400;

/// The columns and what else they are called, as compared: lower case, only letters and digits.
const COLUMNS: [(&str, &[&str]); 10] = [
    ("employee_id", &["employeeid", "employeenumber", "personnelnumber", "staffid"]),
    ("name", &["name", "fullname", "displayname"]),
    ("email", &["email", "mail", "emailaddress"]),
    ("title", &["title", "jobtitle", "position"]),
    ("zone", &["zone", "timezone", "tz"]),
    ("department", &["department", "dept", "departmentname"]),
    ("manager_employee_id", &["manageremployeeid", "managerid", "manager"]),
    ("from", &["from", "validfrom", "since", "start", "startdate"]),
    ("until", &["until", "validuntil", "to", "end", "enddate"]),
    ("accounts", &["accounts", "account", "usernames", "username", "logins", "login"]),
];
/// Without these there is no directory: employee id, name, department.
const REQUIRED: [usize; 3] = [0, 1, 5];

/// A line that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refused {
    pub line: u64,
    pub reason: String,
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub line: u64,
    pub employee_id: String,
    pub name: String,
    pub email: Option<String>,
    pub title: Option<String>,
    pub zone: Option<String>,
    /// From the outermost to the one the person belongs to.
    pub departments: Vec<String>,
    pub manager: Option<String>,
    pub validity: Validity,
    /// Lower case; the e-mail address is one of them.
    pub accounts: Vec<String>,
}

/// Reads what can be read of the file.
///
/// # Errors
/// `Invalid` when it is no directory at all.
pub(super) fn read(file: &[u8]) -> Result<(Vec<Row>, Vec<Refused>)> {
    let wrong = |why: String| AppError::invalid("file", why);
    if file.len() > MAX_BYTES {
        return Err(wrong(format!("the file has {} bytes; at most {MAX_BYTES} are read", file.len())));
    }
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let first = file.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |sign: u8| first.iter().filter(|b| **b == sign).count();
    let delimiter = [b',', b';', b'\t'].into_iter().rev().max_by_key(|d| count(*d)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file);
    let header = reader.byte_headers().map_err(|e| wrong(format!("the first line cannot be read: {e}")))?.clone();
    let (places, ignored) = columns(&header);
    let missing: Vec<&str> = REQUIRED.into_iter().filter(|c| !places.contains_key(c)).map(|c| COLUMNS[c].0).collect();
    if !missing.is_empty() {
        let all: Vec<&str> = COLUMNS.iter().map(|c| c.0).collect();
        return Err(wrong(format!("the first line has no column {}; the columns are {}", missing.join(", "), all.join(", "))));
    }
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    if !ignored.is_empty() {
        refused.push(Refused { line: 1, reason: format!("not read, because no such column is known (or it stands there twice): {}", ignored.join(", ")) });
    }
    for (number, record) in reader.byte_records().enumerate() {
        if number >= MAX_LINES {
            return Err(wrong(format!("the file has more than {MAX_LINES} lines; split it")));
        }
        let record = record.map_err(|e| wrong(format!("the file cannot be read: {e}")))?;
        let line = record.position().map_or(0, csv::Position::line);
        match row(&places, header.len(), line, &record) {
            Ok(row) => rows.push(row),
            Err(reason) => refused.push(Refused { line, reason }),
        }
    }
    Ok((rows, refused))
}

/// Which of [`COLUMNS`] stands where, and the columns nobody knows.
fn columns(header: &csv::ByteRecord) -> (HashMap<usize, usize>, Vec<String>) {
    let (mut places, mut ignored) = (HashMap::new(), Vec::new());
    for (place, written) in header.iter().enumerate() {
        let written = String::from_utf8_lossy(written);
        let plain: String = written.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        match COLUMNS.iter().position(|(_, names)| names.contains(&plain.as_str())) {
            Some(column) if !places.contains_key(&column) => drop(places.insert(column, place)),
            _ => ignored.push(format!("'{}'", written.trim())),
        }
    }
    (places, ignored)
}

fn row(places: &HashMap<usize, usize>, width: usize, line: u64, record: &csv::ByteRecord) -> Result<Row, String> {
    if record.len() != width {
        return Err(format!("{} values stand under {width} columns", record.len()));
    }
    let mut values: [Option<String>; 10] = Default::default();
    for (column, place) in places {
        let text = std::str::from_utf8(record.get(*place).unwrap_or_default()).map_err(|_| format!("{} is not UTF-8", COLUMNS[*column].0))?.trim();
        if text.chars().count() > MAX_CHARS {
            return Err(format!("{} has more than {MAX_CHARS} characters", COLUMNS[*column].0));
        }
        values[*column] = (!text.is_empty()).then(|| text.to_owned());
    }
    let [employee_id, name, email, title, zone, department, manager, from, until, accounts] = values;
    let email = email.map(|e| e.to_lowercase());
    if let Some(email) = &email
        && !email.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !email.contains(char::is_whitespace))
    {
        return Err(format!("'{email}' is not an e-mail address"));
    }
    let place = match &zone {
        Some(zone) => TimeZone::get(zone).map_err(|_| format!("'{zone}' is not a time zone; write Europe/Berlin"))?,
        None => TimeZone::UTC,
    };
    let validity = Validity { from: from.map(|t| time(&t, &place)).transpose()?, until: until.map(|t| time(&t, &place)).transpose()? };
    if let (Some(from), Some(until)) = (validity.from, validity.until)
        && from >= until
    {
        return Err("until does not lie after from".to_owned());
    }
    let departments: Vec<String> = department.iter().flat_map(|d| d.split('>')).map(|d| d.trim().to_owned()).collect();
    if departments.is_empty() || departments.iter().any(String::is_empty) {
        return Err("department is empty; write its name, or 'Sales > Field Sales' for a part of another".to_owned());
    }
    let mut accounts: Vec<String> = accounts.iter().flat_map(|a| a.split(';')).map(|a| a.trim().to_lowercase()).chain(email.clone()).collect();
    accounts.retain(|a| !a.is_empty());
    accounts.sort();
    accounts.dedup();
    let employee_id = employee_id.ok_or("employee_id is empty")?;
    Ok(Row { line, employee_id, name: name.ok_or("name is empty")?, email, title, zone, departments, manager, validity, accounts })
}

/// A day begins at its midnight where the person is; a time with its offset is taken as it stands.
fn time(text: &str, zone: &TimeZone) -> Result<Micros, String> {
    let wrong = || format!("'{text}' is not a day; write 2026-03-31");
    match text.parse::<Date>() {
        Ok(day) if text.len() == 10 => Ok(day.to_zoned_datetime(zone.clone()).map_err(|_| wrong())?.timestamp().as_microsecond()),
        _ => model::time::parse(text).map(|t| t.micros).ok_or_else(wrong),
    }
}
