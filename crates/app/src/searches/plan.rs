//! When an answer is due.

use crate::{AppError, Result, jobs::ExportFormat};
use model::{DAY, HOUR, Micros};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    Day,
    Week,
}

/// When the answer of a search is made, and as what. Times are UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryPlan {
    pub every: Every,
    /// 0 to 23.
    pub hour: u8,
    /// With `week`: 1 (Monday) to 7 (Sunday); 1 where it is left out.
    #[serde(default = "monday")]
    pub weekday: u8,
    pub format: ExportFormat,
}

fn monday() -> u8 {
    1
}

impl DeliveryPlan {
    pub(super) fn check(&self) -> Result<()> {
        if self.hour > 23 {
            return Err(AppError::invalid("hour", "an hour is 0 to 23, in UTC"));
        }
        if !(1..=7).contains(&self.weekday) {
            return Err(AppError::invalid("weekday", "a weekday is 1 (Monday) to 7 (Sunday)"));
        }
        Ok(())
    }

    /// The first time after `now`.
    pub(super) fn next(&self, now: Micros) -> Micros {
        let today = now.div_euclid(DAY);
        // The first day of 1970 was a Thursday.
        let is_due_on = |day: i64| self.every == Every::Day || (day + 3).rem_euclid(7) + 1 == i64::from(self.weekday);
        let due = |day: i64| day * DAY + i64::from(self.hour) * HOUR;
        (today..=today + 7).filter(|day| is_due_on(*day)).map(due).find(|due| *due > now).unwrap_or_else(|| due(today + 7))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_time_is_the_first_after_now() {
        let at = |text: &str| model::time::parse(text).unwrap().micros;
        let plan = |every, hour, weekday| DeliveryPlan { every, hour, weekday, format: ExportFormat::Csv };
        // 2026-11-27 is a Friday.
        let now = at("2026-11-27T06:00:00Z");
        for (plan, due) in [
            (plan(Every::Day, 6, 1), "2026-11-28T06:00:00Z"),
            (plan(Every::Day, 7, 1), "2026-11-27T07:00:00Z"),
            (plan(Every::Week, 7, 5), "2026-11-27T07:00:00Z"),
            (plan(Every::Week, 6, 5), "2026-12-04T06:00:00Z"),
            (plan(Every::Week, 0, 1), "2026-11-30T00:00:00Z"),
            (plan(Every::Week, 23, 4), "2026-12-03T23:00:00Z"),
        ] {
            assert_eq!(plan.next(now), at(due), "{plan:?}");
        }
        assert!(plan(Every::Day, 24, 1).check().is_err() && plan(Every::Day, 1, 0).check().is_err());
    }
}
