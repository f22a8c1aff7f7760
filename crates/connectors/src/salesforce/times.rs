//! Times as Salesforce's files and events write them.

use super::record::Fields;
use crate::Context;
use jiff::{civil::DateTime, tz::TimeZone};
use model::{EventTime, Refusal, TimeConfidence, time};

/// Fields that may hold the time of the act, most exact first. The last two are columns of files downloaded from Setup.
const TIMES: [&str; 8] = ["TIMESTAMP_DERIVED", "EventDate", "LoginTime", "sfdc_created_date", "CreatedDate", "TIMESTAMP", "Login Time", "Date"];

/// When the act was. Downloads from Setup follow their reader's locale: the settings say which.
pub(super) fn of(context: &Context, fields: &Fields) -> Result<EventTime, Refusal> {
    let day_first = context.settings.text("date_order") == Some("day_first");
    let zone = match context.settings.text("timezone") {
        None => None,
        Some(name) => Some(TimeZone::get(name).map_err(|_| Refusal::new("bad_setting", format!("The setting 'timezone' is no time zone: '{name}'.")))?),
    };
    let mut unreadable = None;
    for name in TIMES {
        let Some(text) = fields.text(&[name]) else { continue };
        match compact(&text).or_else(|| time::parse(&text)).or_else(|| local(&text, day_first, zone.as_ref())) {
            Some(time) => return Ok(time),
            None => unreadable = unreadable.or(Some(name)),
        }
    }
    Err(match unreadable {
        Some(name) => {
            Refusal::field("bad_time", name, format!("The time in '{name}' cannot be read. If days come before months there, set the source's date order."))
        }
        None => Refusal::new("missing_field", "The record has no field with a time (TIMESTAMP_DERIVED, EventDate, LoginTime, CreatedDate, Date)."),
    })
}

/// `20230315013819.200`, UTC: the form of TIMESTAMP in event log files.
fn compact(text: &str) -> Option<EventTime> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.len() != 14 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| &whole[from..to];
    time::parse(&format!("{}-{}-{}T{}:{}:{}.{fraction}Z", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14)))
}

/// `3/6/2023, 5:15:54 AM PST`, `11/24/2026 09:30`: to the second or the minute, zone by its letters, the setting, or UTC.
fn local(text: &str, day_first: bool, zone: Option<&TimeZone>) -> Option<EventTime> {
    // Newer downloads part the clock from AM and PM by a narrow space.
    let mut words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty());
    let mut date = words.next()?.split(['/', '.']).map(|n| n.parse::<i16>().ok());
    let (first, second, year) = (date.next()??, date.next()??, date.next()??);
    let (month, day) = if day_first { (second, first) } else { (first, second) };
    let mut clock = words.next().unwrap_or("0:00").split(':').map(|n| n.parse::<i8>().ok());
    let (mut hour, minute, second) = (clock.next()??, clock.next()??, clock.next().unwrap_or(Some(0))?);
    let mut offset = None;
    for word in words {
        match word.to_ascii_uppercase().as_str() {
            "AM" if (1..=12).contains(&hour) => hour %= 12,
            "PM" if (1..=12).contains(&hour) => hour = hour % 12 + 12,
            letters => offset = Some(offset_minutes(letters)?),
        }
    }
    let civil = DateTime::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?, hour, minute, second, 0).ok()?;
    let coarse = |micros, offset_minutes| EventTime { micros, offset_minutes, confidence: TimeConfidence::Coarse };
    match (offset, zone) {
        (Some(minutes), _) => {
            let utc = TimeZone::UTC.to_timestamp(civil).ok()?.as_microsecond();
            Some(coarse(utc - i64::from(minutes) * model::MINUTE, Some(minutes)))
        }
        (None, Some(zone)) => {
            let zoned = civil.to_zoned_datetime(zone.clone()).ok()?;
            Some(coarse(zoned.timestamp().as_microsecond(), i16::try_from(zoned.offset().seconds() / 60).ok()))
        }
        (None, None) => Some(coarse(TimeZone::UTC.to_timestamp(civil).ok()?.as_microsecond(), None)),
    }
}

/// The letters Salesforce writes in English; others are no zone known to us, and guessing would move the act.
fn offset_minutes(letters: &str) -> Option<i16> {
    let hours = match letters {
        "UTC" | "GMT" | "WET" => 0,
        "BST" | "CET" | "WEST" => 1,
        "CEST" | "EET" => 2,
        "EEST" => 3,
        "AST" | "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" | "AKDT" => -8,
        "AKST" => -9,
        "HST" => -10,
        "JST" => 9,
        "SGT" => 8,
        _ => return None,
    };
    Some(hours * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, day_first: bool, in_zone: Option<&str>, expect: Option<&str>) {
        let zone = in_zone.map(|name| TimeZone::get(name).unwrap());
        assert_eq!(local(text, day_first, zone.as_ref()).map(|t| time::rfc3339(t.micros)), expect.map(str::to_owned), "{text}");
    }

    #[test]
    fn downloads_from_setup_in_their_readers_locale() {
        check("3/6/2023, 5:15:54 AM PST", false, None, Some("2023-03-06T13:15:54.000000Z"));
        check("12/31/2023, 12:00:00\u{202f}AM UTC", false, None, Some("2023-12-31T00:00:00.000000Z"));
        check("7/4/2024 12:05 PM", false, Some("America/New_York"), Some("2024-07-04T16:05:00.000000Z"));
        check("06/03/2023 17:15", true, None, Some("2023-03-06T17:15:00.000000Z"));
        check("06.03.2023, 17:15:00 CET", true, None, Some("2023-03-06T16:15:00.000000Z"));
        check("31/12/2023 10:00", false, None, None);
        check("3/6/2023, 5:15:54 AM XYZ", false, None, None);
        check("3/6/2023, 15:15 PM", false, None, None);
    }
}
