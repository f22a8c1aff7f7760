//! The history: a day's acts in order, files per day, answers.

use crate::acts::ordinary;
use crate::attacks::{NAMES, plan};
use crate::{Act, Answer, Company, Error, desk, directory, salesforce};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use model::Micros;

/// Fewest days in which every attack has room.
pub const LEAST_DAYS: u16 = 14;

/// One file a vendor or HR would hand over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative, with `/`: `salesforce/2026-03-02_Login.csv`.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// A company, its days and its attacks.
pub struct Simulation {
    pub company: Company,
    seed: u64,
    start: Date,
    days: u16,
    attacks: Vec<Act>,
    until: Option<Micros>,
}

impl Simulation {
    /// `days` days from `start`, all attacks within them. Fails with [`Error::TooShort`] below [`LEAST_DAYS`].
    pub fn new(seed: u64, start: Date, days: u16) -> Result<Self, Error> {
        if days < LEAST_DAYS {
            return Err(Error::TooShort { days, least: LEAST_DAYS });
        }
        let last_day = start.checked_add(i64::from(days - 1).days())?;
        let company = Company::new(seed, start, last_day)?;
        let attacks = plan(&company, seed, start, last_day)?;
        Ok(Self { company, seed, start, days, attacks, until: None })
    }

    /// Ends the history at a moment of its last day: what would be done later is left out.
    pub fn ending(mut self, until: Micros) -> Self {
        self.until = Some(until);
        self
    }

    /// Everything done on a UTC day, in time order, with ids. Days after the last are ordinary.
    pub fn day(&self, day: Date) -> Result<Vec<Act>, Error> {
        let mut acts = ordinary(&self.company, self.seed, day)?;
        for act in &self.attacks {
            if utc_day(act.time)? == day {
                acts.push(act.clone());
            }
        }
        acts.retain(|act| self.until.is_none_or(|until| act.time < until));
        acts.sort_by_key(|act| act.time);
        let stamp = day.strftime("%Y%m%d").to_string();
        for (place, act) in acts.iter_mut().enumerate() {
            act.id = format!("4SimReq{stamp}{place:07}");
        }
        Ok(acts)
    }

    /// The directory and every day's files, in order of days.
    pub fn history(&self) -> Result<Vec<File>, Error> {
        let mut files = vec![File { path: "directory.csv".to_owned(), bytes: directory::directory_csv(&self.company)? }];
        for day in self.dates()? {
            let acts = self.day(day)?;
            for event_type in salesforce::EVENT_TYPES {
                files.push(File { path: format!("salesforce/{day}_{event_type}.csv"), bytes: salesforce::event_log_file(event_type, &acts)? });
            }
            files.push(File { path: format!("salesforce/{day}_LoginHistory.csv"), bytes: salesforce::login_history(&acts)? });
            files.push(File { path: format!("salesforce/{day}_SetupAuditTrail.csv"), bytes: salesforce::setup_audit_trail(&acts)? });
            files.push(File { path: format!("desk/{day}.ndjson"), bytes: desk::ndjson(&acts)? });
        }
        Ok(files)
    }

    /// Where the attacks are, in the order of [`NAMES`].
    pub fn answers(&self) -> Result<Vec<Answer>, Error> {
        let mut answers: Vec<Option<Answer>> = vec![None; NAMES.len()];
        for day in self.dates()? {
            for act in self.day(day)? {
                let Some(attack) = act.attack else { continue };
                let fresh =
                    || Answer { attack: NAMES[attack].to_owned(), account: act.account.clone(), from: act.time, until: act.time, record_ids: Vec::new() };
                let answer = answers[attack].get_or_insert_with(fresh);
                answer.until = act.time;
                answer.record_ids.push(act.id);
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }

    /// The answers as a JSON file.
    pub fn answers_json(&self) -> Result<Vec<u8>, Error> {
        Ok(serde_json::to_vec_pretty(&self.answers()?)?)
    }

    fn dates(&self) -> Result<Vec<Date>, Error> {
        (0..i64::from(self.days)).map(|offset| Ok(self.start.checked_add(offset.days())?)).collect()
    }
}

fn utc_day(time: Micros) -> Result<Date, Error> {
    Ok(Timestamp::from_microsecond(time)?.in_tz("UTC")?.date())
}

#[cfg(test)]
mod tests;
