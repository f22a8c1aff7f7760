//! When a person works: events per hour of the week, next to what a colleague does on average.

use super::persons::filter;
use crate::{
    App, AppError, Caller, Operation, Result,
    events::{Asked, Viewer, resolve_for},
};
use jiff::{Timestamp, tz::TimeZone};
use model::{
    DAY, MINUTE, Scope,
    query::{EventQuery, Field},
};
use serde::Serialize;
use serde_json::json;
use store::records::Departments;
use utoipa::ToSchema;
use uuid::Uuid;

const HOURS_OF_WEEK: usize = 168;
/// Every zone in use today is a multiple of this away from UTC.
const STEP: i64 = 15 * MINUTE;
const USUAL: i64 = 28 * DAY;
const LONGEST: i64 = 366 * DAY;

/// 168 cells, Monday 00:00 first, in the person's zone.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Pattern {
    pub zone: String,
    pub cells: Vec<u64>,
    /// The same of the department's other members, per head.
    pub peers: Vec<f64>,
}

impl App {
    /// `?from=&until=` and filters as in an event search; the last four weeks unless said otherwise.
    pub async fn person_pattern(&self, caller: &Caller, id: Uuid, query: &str) -> Result<Pattern> {
        let asked = Asked::parse(query, &[])?;
        let scope = self.read(caller, Operation::PersonsRead, ("person", id), json!({ "query": asked.canonical })).await?;
        let viewer = Viewer::new(caller.member.role, scope);
        let mut query = resolve_for(self, &viewer, &asked).await?;
        let until = *query.until.get_or_insert(self.now());
        let from = *query.from.get_or_insert(until - USUAL);
        if until - from > LONGEST {
            return Err(AppError::invalid("from", "a pattern is made of at most 366 days"));
        }
        let (person, employments) = self.person_within(&viewer.scope, id).await?;
        let zone = person.zone.unwrap_or_else(|| "UTC".to_owned());
        let place = TimeZone::get(&zone).map_err(|e| AppError::Internal(format!("the zone of person {id} cannot be read: {e}")))?;
        let department = employments.iter().rev().find(|e| e.validity.contains(self.now())).or(employments.last()).map(|e| e.department);
        let mut own = query.clone();
        own.filters.push(filter(Field::Person, id, false));
        let cells = self.week(&viewer.scope, &own, &place).await?;
        let mut peers = vec![0.0; HOURS_OF_WEEK];
        if let Some(department) = department {
            let sizes = self.records.department_sizes(self.now()).await?;
            let members = sizes.iter().find(|(id, _)| *id == department).map_or(0, |(_, persons)| *persons);
            let here = employments.iter().any(|e| e.department == department && e.validity.contains(self.now()));
            let others = members.saturating_sub(u64::from(here));
            if others > 0 {
                query.filters.extend([filter(Field::Department, department, false), filter(Field::Person, id, true)]);
                let counted = self.week(&viewer.scope, &query, &place).await?;
                peers = counted.into_iter().map(|count| count as f64 / others as f64).collect();
            }
        }
        Ok(Pattern { zone, cells, peers })
    }

    async fn week(&self, scope: &Scope, query: &EventQuery, place: &TimeZone) -> Result<Vec<u64>> {
        let mut cells = vec![0; HOURS_OF_WEEK];
        for bucket in self.events.histogram(scope, query, STEP).await? {
            let Ok(at) = Timestamp::from_microsecond(bucket.start) else { continue };
            let local = at.to_zoned_datetime(place.clone());
            let (day, hour) = (local.weekday().to_monday_zero_offset(), local.hour());
            let cell = usize::try_from(i64::from(day) * 24 + i64::from(hour)).unwrap_or_default();
            if let Some(count) = cells.get_mut(cell) {
                *count += bucket.success + bucket.failure + bucket.unknown;
            }
        }
        Ok(cells)
    }
}
