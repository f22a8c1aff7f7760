//! The fold itself.

use super::group::Telling;
use super::rule::Naming;
use super::{CountRule, State};
use model::time::{DAY, MINUTE, SECOND};
use model::{Finding, Micros, Position};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
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

/// Which part of a rule an event matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is counted.
    Counted,
    /// It may follow what was counted.
    Follows,
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
    pub part: Part,
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
    let lane = state.rules.entry(rule.lane.clone()).or_default().entry(seen.source).or_default();
    lane.prune(watermark.saturating_sub(lateness).saturating_sub(rule.reach()));
    let Some(values) = &seen.group else {
        lane.ungrouped += 1;
        return (state, Vec::new());
    };
    let key = json!(values).to_string();
    let at = (seen.time, seen.position.clone());
    let naming = Naming { lane: &rule.lane, source: seen.source, group: &key };
    let group = lane.groups.entry(key.clone()).or_default();
    let tellings = match seen.part {
        Part::Counted => group.count(&at, rule, &naming),
        Part::Follows => group.follow(&at, rule, &naming),
    };
    let Some(tellings) = tellings else { return (state, Vec::new()) };
    lane.order.insert((seen.time, seen.position.clone(), key));
    lane.evict(limits.max_events);
    (state, tellings.into_iter().map(|telling| finding(rule, seen, telling)).collect())
}

fn finding(rule: &CountRule, seen: &Observation, telling: Telling) -> Finding {
    let mut facts = serde_json::Map::new();
    facts.insert("threshold".into(), rule.threshold.into());
    facts.insert("observed".into(), telling.count.into());
    facts.insert("window_secs".into(), (rule.window / SECOND).into());
    facts.insert("first".into(), telling.first.into());
    facts.insert("last".into(), telling.last.into());
    let mut severity = rule.severity;
    if let (Some(time), Some(follow)) = (telling.then, &rule.follow) {
        facts.insert("success_time".into(), time.into());
        facts.insert("within_secs".into(), (follow.within / SECOND).into());
        severity = follow.severity;
    }
    let mut supersedes = telling.supersedes.into_iter();
    let replaced = supersedes.next();
    let also: Vec<String> = supersedes.map(|id| id.to_string()).collect();
    if !also.is_empty() {
        facts.insert(ALSO_SUPERSEDES.into(), also.into());
    }
    Finding {
        id: telling.id,
        rule: rule.id.clone(),
        rule_version: rule.version.clone(),
        severity,
        actor: seen.actor,
        source: seen.source,
        first: telling.first,
        last: telling.last,
        count: telling.count + u64::from(telling.then.is_some()),
        events: telling.events,
        facts,
        supersedes: replaced,
    }
}

/// The fact that lists further findings replaced, where a late event joined several bursts into one.
pub const ALSO_SUPERSEDES: &str = "also_supersedes";

/// The findings that no later one replaced.
pub fn standing(findings: &[Finding]) -> Vec<&Finding> {
    let also = |f: &Finding| -> Vec<String> {
        f.facts
            .get(ALSO_SUPERSEDES)
            .and_then(|v| v.as_array())
            .map(|ids| ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect())
            .unwrap_or_default()
    };
    let gone: BTreeSet<String> = findings.iter().flat_map(|f| f.supersedes.map(|id| id.to_string()).into_iter().chain(also(f))).collect();
    findings.iter().filter(|f| !gone.contains(&f.id.to_string())).collect()
}
