//! Times in the formats senders write.

use jiff::{Timestamp, civil::DateTime, fmt::strtime, tz::TimeZone};
use model::{EventTime, Micros, TimeConfidence, time};

/// How a mapping says a time is written.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// ISO 8601 / RFC 3339, zone optional.
    #[default]
    Rfc3339,
    /// A number since 1970 UTC, this many to the second.
    Unix { per_second: i64 },
    /// A pattern of conversion specifications, as `strptime` takes.
    Pattern(String),
}

impl Format {
    pub fn named(text: &str) -> Result<Self, String> {
        Ok(match text {
            "rfc3339" => Format::Rfc3339,
            "unix" => Format::Unix { per_second: 1 },
            "unix_ms" => Format::Unix { per_second: 1_000 },
            "unix_us" => Format::Unix { per_second: 1_000_000 },
            pattern if pattern.contains('%') => Format::Pattern(pattern.to_owned()),
            other => return Err(format!("'{other}' is no time format: write rfc3339, unix, unix_ms, unix_us or a pattern such as %d.%m.%Y %H:%M:%S")),
        })
    }

    /// Reads a time; one without a zone is taken in `zone`, which is UTC where none is given.
    pub fn read(&self, text: &str, zone: Option<&TimeZone>) -> Option<EventTime> {
        match self {
            Format::Rfc3339 => match (time::parse(text)?, zone) {
                (read @ EventTime { offset_minutes: None, .. }, Some(zone)) => in_zone(civil(read.micros)?, zone),
                (read, _) => Some(read),
            },
            Format::Unix { per_second } => unix(text, *per_second),
            Format::Pattern(pattern) => {
                let read = strtime::parse(pattern, text).ok()?;
                match (read.offset(), zone) {
                    (Some(offset), _) => known(read.to_timestamp().ok()?, Some(offset.seconds())),
                    (None, Some(zone)) => in_zone(read.to_datetime().ok()?, zone),
                    (None, None) => known(TimeZone::UTC.to_timestamp(read.to_datetime().ok()?).ok()?, None),
                }
            }
        }
    }
}

/// A zone of the IANA database.
pub(super) fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("'{name}' is no time zone; write a name such as Europe/Paris or UTC"))
}

fn civil(micros: Micros) -> Option<DateTime> {
    Some(TimeZone::UTC.to_datetime(Timestamp::from_microsecond(micros).ok()?))
}

fn in_zone(civil: DateTime, zone: &TimeZone) -> Option<EventTime> {
    let zoned = civil.to_zoned_datetime(zone.clone()).ok()?;
    known(zoned.timestamp(), Some(zoned.offset().seconds()))
}

fn known(at: Timestamp, offset_secs: Option<i32>) -> Option<EventTime> {
    let offset_minutes = offset_secs.map(|secs| i16::try_from(secs / 60)).transpose().ok()?;
    Some(EventTime { micros: at.as_microsecond(), offset_minutes, confidence: TimeConfidence::Exact })
}

/// Whole and fraction are read apart: a binary fraction would lose microseconds.
fn unix(text: &str, per_second: i64) -> Option<EventTime> {
    let scale = 1_000_000 / per_second;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let fraction = digits.parse::<i64>().ok()? * scale / 1_000_000;
    let whole = whole.parse::<i64>().ok()?.checked_mul(scale)?;
    known(Timestamp::from_microsecond(whole.checked_add(if whole < 0 { -fraction } else { fraction })?).ok()?, Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: &str, in_zone: Option<&str>, text: &str, expect: Option<(&str, Option<i16>)>) {
        let zone = in_zone.map(|name| zone(name).unwrap());
        let got = Format::named(format).unwrap().read(text, zone.as_ref());
        assert_eq!(got.map(|t| (time::rfc3339(t.micros), t.offset_minutes)), expect.map(|(t, o)| (t.to_owned(), o)), "{format} {text}");
    }

    #[test]
    fn times_in_every_format() {
        check("rfc3339", None, "2026-07-01T10:00:00", Some(("2026-07-01T10:00:00.000000Z", None)));
        check("rfc3339", Some("Europe/Paris"), "2026-07-01 10:00:00", Some(("2026-07-01T08:00:00.000000Z", Some(120))));
        check("rfc3339", Some("Europe/Paris"), "2026-07-01T10:00:00Z", Some(("2026-07-01T10:00:00.000000Z", Some(0))));
        check("unix", None, "1710172800.25", Some(("2024-03-11T16:00:00.250000Z", Some(0))));
        check("unix_ms", None, "1710172800123", Some(("2024-03-11T16:00:00.123000Z", Some(0))));
        check("%d.%m.%Y %H:%M:%S", Some("Europe/Berlin"), "24.11.2026 09:30:00", Some(("2026-11-24T08:30:00.000000Z", Some(60))));
        check("%d/%b/%Y:%H:%M:%S %z", None, "24/Nov/2026:09:30:00 -0500", Some(("2026-11-24T14:30:00.000000Z", Some(-300))));
        check("unix", None, "soon", None);
        check("unix", None, "99999999999999999", None);
        check("rfc3339", None, "24.11.2026", None);
    }

    #[test]
    fn an_unknown_format_or_zone_is_told() {
        assert!(Format::named("iso").is_err() && zone("Mars/Olympus").is_err());
    }
}
