//! Everything the fold remembers. Plain data that serialises, so it commits together with the follower's cursor.

use super::group::Group;
use model::{Micros, Position};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The state of all rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub sources: BTreeMap<Uuid, SourceClock>,
    /// By rule id, then source: vendor ids mean nothing outside their source.
    pub rules: BTreeMap<String, BTreeMap<Uuid, Lane>>,
}

/// How far a source's own time has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceClock {
    /// Latest event time seen, never ahead of the receive time by more than [`super::Limits::MAX_AHEAD`]. None before the first event.
    pub watermark: Option<Micros>,
    /// Matching events later than the allowed lateness: not judged here, found by a backtest.
    pub too_late: u64,
}

/// What one rule remembers of one source. Its size is bounded by [`super::Limits::max_events`], so no rule can starve another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    pub(super) groups: BTreeMap<String, Group>,
    /// All remembered events, oldest first, each with the key of its group.
    /// Not kept: rebuilt from the groups.
    #[serde(skip)]
    pub(super) order: BTreeSet<(Micros, Position, String)>,
    /// Matching events that lack a group-by field. They belong to no group and are never counted together.
    pub ungrouped: u64,
    /// Events forgotten for lack of room before their time had passed. Above zero the rule may have missed something.
    pub degraded: u64,
}

impl State {
    /// Completes a state that was read back.
    pub fn rebuild(&mut self) {
        for lane in self.rules.values_mut().flat_map(BTreeMap::values_mut) {
            let entries = lane.groups.iter().flat_map(|(key, group)| group.events.iter().chain(&group.thens).map(move |(t, p)| (*t, p.clone(), key.clone())));
            lane.order = entries.collect();
        }
    }
}

impl Lane {
    /// Remembered events.
    pub fn events(&self) -> usize {
        self.order.len()
    }

    /// Forgets events before `horizon`: nothing that may still arrive can share a window with them.
    pub(super) fn prune(&mut self, horizon: Micros) {
        while self.order.first().is_some_and(|(time, _, _)| *time < horizon) {
            self.forget_oldest();
        }
    }

    /// Forgets the oldest events beyond `max_events`, and says so in `degraded`.
    pub(super) fn evict(&mut self, max_events: usize) {
        while self.order.len() > max_events {
            self.forget_oldest();
            self.degraded += 1;
        }
    }

    fn forget_oldest(&mut self) {
        let Some((time, position, key)) = self.order.pop_first() else { return };
        if let Some(group) = self.groups.get_mut(&key) {
            group.forget(&(time, position));
            if group.is_empty() {
                self.groups.remove(&key);
            }
        }
    }
}
