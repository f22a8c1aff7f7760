//! Working hours: weekdays, nine to half past five on the person's own clock; Service also works early and late.

use crate::{Error, Person};
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use model::Micros;

/// The hours one person works on one day, `[from, until)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    pub from: Micros,
    pub until: Micros,
}

/// The person's shift on a day of his own calendar; `None` at weekends and when not employed.
pub fn shift_on(person: &Person, day: Date) -> Result<Option<Shift>, Error> {
    if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) || !person.employed_on(day) {
        return Ok(None);
    }
    let zone = TimeZone::get(person.zone)?;
    let begins = begins(person);
    let from = day.at(begins, 0, 0, 0).to_zoned_datetime(zone.clone())?.timestamp().as_microsecond();
    let until = day.at(begins + 8, 30, 0, 0).to_zoned_datetime(zone)?.timestamp().as_microsecond();
    Ok(Some(Shift { from, until }))
}

/// The hour a person's work begins. Where early or late hours would cross midnight UTC, nobody works them.
fn begins(person: &Person) -> i8 {
    let third = person.employee_id.bytes().map(u32::from).sum::<u32>() % 3;
    match (person.department, third, person.zone) {
        ("Service", 0, zone) if zone != "Asia/Singapore" => 6,
        ("Service", 1, zone) if zone != "America/New_York" => 13,
        _ => 9,
    }
}

/// Whether the person would be at work at this moment.
pub fn at_work(person: &Person, time: Micros) -> Result<bool, Error> {
    let day = Timestamp::from_microsecond(time)?.to_zoned_datetime(TimeZone::get(person.zone)?).date();
    Ok(shift_on(person, day)?.is_some_and(|shift| time >= shift.from && time < shift.until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Company;
    use jiff::civil::date;

    fn check(zone: &'static str, time: &str, expect: bool) {
        let mut person = Company::new(1, date(2026, 3, 2), date(2026, 4, 1)).unwrap().people[0].clone();
        person.zone = zone;
        let time: Timestamp = time.parse().unwrap();
        assert_eq!(at_work(&person, time.as_microsecond()).unwrap(), expect, "{zone} {time}");
    }

    #[test]
    fn hours_are_on_the_persons_own_clock() {
        check("Europe/Berlin", "2026-03-02T08:00:00Z", true);
        check("Europe/Berlin", "2026-03-02T07:59:59Z", false);
        check("Europe/Berlin", "2026-03-02T16:30:00Z", false);
        check("Europe/Berlin", "2026-03-30T07:00:00Z", true);
        check("Asia/Singapore", "2026-03-02T01:00:00Z", true);
        check("America/New_York", "2026-03-02T08:00:00Z", false);
    }

    #[test]
    fn weekends_are_free() {
        check("Europe/Berlin", "2026-03-07T10:00:00Z", false);
        check("Europe/Berlin", "2026-03-08T10:00:00Z", false);
    }
}
