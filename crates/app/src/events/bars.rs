//! Bars over time: an interval that gives 30 to 120 of them, and the empty ones in between.

use super::view::{BucketView, Histogram};
use model::{Micros, SECOND, query::Bucket, time::rfc3339};

/// Intervals people read easily, in seconds; neighbours differ by less than four, so one always fits between the bounds.
const LADDER: [i64; 21] =
    [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_419_200, 7_257_600];
const MOST_BARS: i64 = 120;
/// What a caller who names an interval may ask for at most.
const MOST_ASKED_BARS: i64 = 2_000;

/// The smallest interval on the ladder with at most [`MOST_BARS`] bars.
pub fn interval_secs(from: Micros, until: Micros) -> i64 {
    let secs = (until.saturating_sub(from) / SECOND).max(1);
    LADDER.into_iter().find(|i| secs / i <= MOST_BARS).unwrap_or_else(|| secs / MOST_BARS)
}

/// Whether an interval that was asked for is one we draw.
pub fn check_interval(interval_secs: i64, from: Micros, until: Micros) -> Result<i64, String> {
    let bars = until.saturating_sub(from) / SECOND / interval_secs.max(1);
    if interval_secs < 1 || bars > MOST_ASKED_BARS {
        return Err(format!("{interval_secs} seconds would make {bars} bars; ask for a longer interval or a shorter time (at most {MOST_ASKED_BARS} bars)"));
    }
    Ok(interval_secs)
}

/// All bars of `[from, until)`, those without events included.
pub fn fill(buckets: Vec<Bucket>, from: Micros, until: Micros, interval_secs: i64) -> Histogram {
    let interval = interval_secs * SECOND;
    let mut bars = Vec::new();
    let mut found = buckets.into_iter().peekable();
    let mut start = from.div_euclid(interval) * interval;
    while start < until {
        let bar = found.next_if(|b| b.start <= start).unwrap_or(Bucket { start, ..Bucket::default() });
        bars.push(BucketView { start: rfc3339(bar.start), success: bar.success, failure: bar.failure, unknown: bar.unknown });
        start += interval;
    }
    Histogram { interval_secs: interval_secs.unsigned_abs(), buckets: bars }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{DAY, HOUR, MINUTE};

    #[test]
    fn any_window_from_a_minute_to_years_has_30_to_120_bars() {
        for window in [MINUTE, 10 * MINUTE, HOUR, 5 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY, 3_000 * DAY] {
            let bars = window / SECOND / interval_secs(0, window);
            assert!((30..=120).contains(&bars), "{window}: {bars} bars of {}s", interval_secs(0, window));
        }
    }

    #[test]
    fn empty_bars_are_filled_in() {
        let found = vec![Bucket { start: 2 * MINUTE, success: 3, failure: 1, unknown: 0 }];
        let drawn = fill(found, MINUTE + 1, 4 * MINUTE, 60);
        assert_eq!(drawn.buckets.iter().map(|b| b.success).collect::<Vec<_>>(), [0, 3, 0]);
        assert!(check_interval(1, 0, DAY).is_err() && check_interval(0, 0, DAY).is_err());
    }
}
