//! Times as Veritrail keeps them.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

pub const SECOND: Micros = 1_000_000;
pub const MINUTE: Micros = 60 * SECOND;
pub const HOUR: Micros = 60 * MINUTE;
pub const DAY: Micros = 24 * HOUR;

/// How far an event's time can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeConfidence {
    /// The source stamped the act itself.
    #[default]
    Exact,
    /// The source only gives a coarser time (a second, an hour), or the time of a later trace.
    Coarse,
    /// Only known from a difference between two snapshots: the act lies between the last snapshot and this time.
    Observed,
    /// The source gave no usable time; the receive time stands in.
    Received,
}

/// When something happened, with the zone the source wrote it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTime {
    pub micros: Micros,
    /// Offset from UTC in minutes as the source wrote it; `None` when the source named no zone (read as UTC).
    pub offset_minutes: Option<i16>,
    pub confidence: TimeConfidence,
}

impl EventTime {
    /// An exact time given in UTC.
    pub fn utc(micros: Micros) -> Self {
        Self { micros, offset_minutes: Some(0), confidence: TimeConfidence::Exact }
    }

    /// The hour this time falls in, counted from the epoch; part of the duplicate key.
    pub fn hour(&self) -> u32 {
        u32::try_from(self.micros.div_euclid(HOUR).max(0)).unwrap_or(u32::MAX)
    }
}

/// Days since the epoch of a time; splits of the index are keyed by it.
pub fn day(micros: Micros) -> i64 {
    micros.div_euclid(DAY)
}

/// `2026-11-24T07:15:00.123456Z`, for machines and for people who asked for UTC.
pub fn rfc3339(micros: Micros) -> String {
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(t) => format!("{t:.6}"),
        Err(_) => format!("{micros}us"),
    }
}

/// Reads RFC 3339, with or without fraction, with `+0000` as Salesforce writes it, and a bare date-time as UTC.
pub fn parse(text: &str) -> Option<EventTime> {
    let text = text.trim();
    let bytes = text.as_bytes();
    if bytes.len() < 10 || !bytes[0].is_ascii_digit() {
        return None;
    }
    let mut s = text.replacen(' ', "T", 1);
    // `+0000` and `+00` -> `+00:00`
    let sign_at = s.get(10..).and_then(|rest| rest.rfind(['+', '-'])).map(|i| i + 10);
    let mut offset = None;
    if let Some(i) = sign_at {
        let digits: String = s[i + 1..].chars().filter(char::is_ascii_digit).collect();
        let (hours, minutes) = match digits.len() {
            2 => (digits.parse::<i16>().ok()?, 0),
            4 => (digits[..2].parse::<i16>().ok()?, digits[2..].parse::<i16>().ok()?),
            _ => return None,
        };
        let sign = if s.as_bytes()[i] == b'-' { -1 } else { 1 };
        offset = Some(sign * (hours * 60 + minutes));
        s.truncate(i);
    } else if s.ends_with(['Z', 'z']) {
        offset = Some(0);
        s.pop();
    }
    let civil: jiff::civil::DateTime = s.parse().ok()?;
    let utc = jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()?.as_microsecond();
    let micros = utc - i64::from(offset.unwrap_or(0)) * MINUTE;
    Some(EventTime { micros, offset_minutes: offset, confidence: TimeConfidence::Exact })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, micros: Micros, offset: Option<i16>) {
        let t = parse(text).unwrap_or_else(|| panic!("{text} should parse"));
        assert_eq!((t.micros, t.offset_minutes), (micros, offset), "{text}");
    }

    #[test]
    fn reads_the_forms_vendors_write() {
        check("2024-03-11T16:00:00.000Z", 1_710_172_800_000_000, Some(0));
        check("2023-03-09T15:08:06.302+0000", 1_678_374_486_302_000, Some(0));
        check("2026-11-23 06:26:26.136428+00", 1_795_415_186_136_428, Some(0));
        check("2024-03-11T18:00:00+02:00", 1_710_172_800_000_000, Some(120));
        check("2024-03-11T16:00:00", 1_710_172_800_000_000, None);
        check("1970-01-01", 0, None);
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        for text in ["", "yesterday", "2024-13-40T00:00:00Z", "2024-03-11T16:00:00+1"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn hour_and_day_floor() {
        assert_eq!(EventTime::utc(HOUR * 5 + 3).hour(), 5);
        assert_eq!(day(-1), -1);
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000000Z");
    }
}
