//! Looking through the segments for what is due.

use super::Segments;
use crate::{App, AppError, Result};
use ledger::{Why, retain::neighbours};
use model::{
    ClearEvent, DAY, Held, Micros, StoredEvent,
    retention::{Keeping, Rule},
    time::rfc3339,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::records::{Holds, Links};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is due of one class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClassPlan {
    pub class: String,
    pub days: u32,
    pub events: u64,
    /// Of their sealed parts.
    pub bytes: u64,
    /// When the oldest of them was received.
    pub oldest: Option<String>,
}

/// What one hold keeps of what would be due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldBack {
    pub hold: Uuid,
    pub events: u64,
}

/// What a run found due, or dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    pub classes: Vec<ClassPlan>,
    /// Segments with anything due in them.
    pub segments: u64,
    pub held: Vec<HeldBack>,
}

/// The holds in force.
#[derive(Default)]
struct Protected {
    everything: Option<Uuid>,
    sources: BTreeMap<Uuid, Uuid>,
    subjects: BTreeMap<Uuid, Uuid>,
}

impl Protected {
    /// The hold that keeps an event.
    fn hold(&self, clear: &ClearEvent) -> Option<Uuid> {
        self.everything.or_else(|| self.sources.get(&clear.source).copied()).or_else(|| clear.subjects().find_map(|id| self.subjects.get(&id).copied()))
    }
}

#[derive(Default)]
struct Sum {
    events: u64,
    bytes: u64,
    oldest: Option<Micros>,
}

/// Sums of a walk.
#[derive(Default)]
struct Found {
    classes: BTreeMap<Keeping, Sum>,
    held: BTreeMap<Uuid, u64>,
    segments: u64,
}

impl Found {
    /// The indexes of a segment's records that are due, counted.
    fn due(&mut self, records: &[(u64, StoredEvent)], rule: &Rule, protected: &Protected, now: Micros) -> Result<Vec<u64>> {
        let mut due = Vec::new();
        for (index, record) in records.iter().filter(|(_, record)| !record.parts.is_empty()) {
            let clear = record.clear().map_err(|e| AppError::Internal(format!("record {index} cannot be read: {e}")))?;
            let keeping = Keeping::of(clear.class_uid, clear.activity_id);
            if !rule.is_due(keeping, clear.received, now) {
                continue;
            }
            if let Some(hold) = protected.hold(&clear) {
                *self.held.entry(hold).or_default() += 1;
                continue;
            }
            let sum = self.classes.entry(keeping).or_default();
            sum.events += 1;
            sum.bytes += record.parts.iter().map(|part| part.bytes.len() as u64).sum::<u64>();
            sum.oldest = Some(sum.oldest.map_or(clear.received, |oldest| oldest.min(clear.received)));
            due.push(*index);
        }
        self.segments += u64::from(!due.is_empty());
        Ok(due)
    }

    fn plan(self, rule: &Rule) -> Plan {
        let class = |(keeping, sum): (Keeping, Sum)| ClassPlan {
            class: keeping.name().to_owned(),
            days: rule.days(keeping),
            events: sum.events,
            bytes: sum.bytes,
            oldest: sum.oldest.map(rfc3339),
        };
        let held = self.held.into_iter().map(|(hold, events)| HeldBack { hold, events });
        Plan { classes: self.classes.into_iter().map(class).collect(), segments: self.segments, held: held.collect() }
    }
}

impl App {
    /// Walks the segments, and with a reason drops what is due. `progress` hears (segments done, segments there are) and answers whether to go on;
    /// `None` when it was stopped.
    pub(super) async fn go_through(
        &self,
        rule: &Rule,
        segments: &dyn Segments,
        why: Option<&Why>,
        progress: &(dyn Fn(u64, u64) -> bool + Send + Sync),
    ) -> Result<Option<Plan>> {
        let now = self.now();
        let mut found = Found::default();
        let Some(newest_due) = rule.newest_due(now) else { return Ok(Some(found.plan(rule))) };
        let all = segments.list().await?;
        for (done, segment) in (1_u64..).zip(&all) {
            // Read anew each time: one placed meanwhile counts.
            let protected = self.protected().await?;
            if let Some(records) = segments.records(*segment).await? {
                let due = found.due(&records, rule, &protected, now)?;
                match why {
                    Some(why) if !due.is_empty() => segments.drop_parts(*segment, &neighbours(due), why).await?,
                    _ => {}
                }
                // The trail is in the order of receipt, but for a clock that was set back.
                if due_is_over(&records, newest_due)? {
                    break;
                }
            }
            if !progress(done, all.len() as u64) {
                return Ok(None);
            }
        }
        progress(all.len() as u64, all.len() as u64);
        Ok(Some(found.plan(rule)))
    }

    async fn protected(&self) -> Result<Protected> {
        let mut protected = Protected::default();
        for hold in self.records.holds().await?.into_iter().filter(|hold| hold.released.is_none()) {
            match hold.held {
                Held::Everything => protected.everything = Some(hold.id),
                Held::Source(id) => protected.sources.extend([(id, hold.id)]),
                Held::Subject(id) => protected.subjects.extend([(id, hold.id)]),
                Held::Person(id) => protected.subjects.extend(self.records.meetings_of_person(id).await?.into_iter().map(|m| (m.subject, hold.id))),
            }
        }
        Ok(protected)
    }
}

/// Whether all of a segment was received so late that nothing after it can be due.
fn due_is_over(records: &[(u64, StoredEvent)], newest_due: Micros) -> Result<bool> {
    let Some((index, first)) = records.first() else { return Ok(false) };
    let received = first.clear().map_err(|e| AppError::Internal(format!("record {index} cannot be read: {e}")))?.received;
    Ok(received > newest_due.saturating_add(DAY))
}
