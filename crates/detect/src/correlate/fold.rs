//! The fold itself.

use super::group::Burst;
use super::{CountRule, State, finding_id};
use model::time::{DAY, MINUTE, SECOND};
use model::{Finding, Micros, Position};
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Bounds of the fold; part of the configuration that a replay must repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How far an event may lag its source's watermark and still be judged. CRM files arrive hours to days late.
    pub lateness: Micros,
    /// Sources whose lateness differs.
    pub lateness_of: BTreeMap<Uuid, Micros>,
    /// Remembered events per rule and source; beyond it the oldest are forgotten and `degraded` counts them.
    pub max_events: usize,
}

impl Limits {
    /// A watermark never runs further than this ahead of the receive time: one wrong clock must not make all else late.
    pub const MAX_AHEAD: Micros = 5 * MINUTE;

    fn lateness(&self, source: Uuid) -> Micros {
        self.lateness_of.get(&source).copied().unwrap_or(self.lateness)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { lateness: 3 * DAY, lateness_of: BTreeMap::new(), max_events: 100_000 }
    }
}

/// One event that matched the conditions of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    pub position: Position,
    pub source: Uuid,
    pub time: Micros,
    pub received: Micros,
    /// Whom a finding is about, where known.
    pub actor: Option<Uuid>,
    /// The values of the rule's group-by fields, in their order; None where the event lacks one of them.
    pub group: Option<Vec<String>>,
}

/// Moves a source's watermark to `time`: for every event of the source, matching or not, after its matches are folded, and for committed ticks.
pub fn advance(mut state: State, source: Uuid, time: Micros, received: Micros) -> State {
    let clock = state.sources.entry(source).or_default();
    let time = time.min(received.saturating_add(Limits::MAX_AHEAD));
    clock.watermark = Some(clock.watermark.map_or(time, |w| w.max(time)));
    state
}

/// Folds one match of `rule` into the state and returns the findings it completes.
pub fn fold(state: State, limits: &Limits, rule: &CountRule, seen: &Observation) -> (State, Vec<Finding>) {
    let mut state = state;
    let lateness = limits.lateness(seen.source);
    let clock = state.sources.entry(seen.source).or_default();
    if clock.watermark.is_some_and(|w| seen.time < w.saturating_sub(lateness)) {
        clock.too_late += 1;
        return (state, Vec::new());
    }
    let mut state = advance(state, seen.source, seen.time, seen.received);
    let watermark = state.sources.get(&seen.source).and_then(|c| c.watermark).unwrap_or(seen.time);
    let lane = state.rules.entry(rule.id.clone()).or_default().entry(seen.source).or_default();
    lane.prune(watermark.saturating_sub(lateness).saturating_sub(rule.window));
    let Some(values) = &seen.group else {
        lane.ungrouped += 1;
        return (state, Vec::new());
    };
    let key = json!(values).to_string();
    let group = lane.groups.entry(key.clone()).or_default();
    if !group.insert(seen.time, seen.position.clone()) {
        return (state, Vec::new());
    }
    lane.order.insert((seen.time, seen.position.clone(), key));
    let mut findings = Vec::new();
    for burst in group.changed(seen.time, rule.threshold, rule.window) {
        if let Some(finding) = finding(rule, seen, values, &burst) {
            group.report(&burst, finding.id);
            findings.push(finding);
        }
    }
    lane.evict(limits.max_events);
    (state, findings)
}

fn finding(rule: &CountRule, seen: &Observation, values: &[String], burst: &Burst) -> Option<Finding> {
    let ((first, first_position), (last, _)) = (burst.events.first()?, burst.events.last()?);
    let mut facts = serde_json::Map::new();
    facts.insert("threshold".into(), rule.threshold.into());
    facts.insert("observed".into(), burst.events.len().into());
    facts.insert("window_secs".into(), (rule.window / SECOND).into());
    Some(Finding {
        id: finding_id(&rule.id, seen.source, values, first_position),
        rule: rule.id.clone(),
        rule_version: rule.version.clone(),
        severity: rule.severity,
        actor: seen.actor,
        source: seen.source,
        first: *first,
        last: *last,
        count: burst.events.len() as u64,
        events: burst.events.iter().take(Finding::MAX_EVENTS).map(|(_, position)| position.clone()).collect(),
        facts,
        supersedes: burst.supersedes,
    })
}
