//! The events of one group, and the bursts already reported from them.

use model::{Micros, Position};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    events: BTreeSet<(Micros, Position)>,
    reported: Vec<Reported>,
}

/// A burst that was reported. It grows in silence: one burst is one finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reported {
    id: Uuid,
    first: Micros,
    last: Micros,
}

/// Overlapping full windows, taken together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    pub events: Vec<(Micros, Position)>,
    /// The finding this burst widens to the front, so that it needs a new name.
    pub supersedes: Option<Uuid>,
}

impl Group {
    /// False where this position is already known.
    pub fn insert(&mut self, time: Micros, position: Position) -> bool {
        self.events.insert((time, position))
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.reported.is_empty()
    }

    /// Drops one event, and the reports that end with it: the oldest go first, so nothing of such a burst is left.
    pub fn forget(&mut self, time: Micros, position: Position) {
        self.events.remove(&(time, position));
        self.reported.retain(|r| r.last > time);
    }

    /// The bursts that exist or begin earlier because of an event at `at`, given `threshold` and `window`. Only windows that hold
    /// `at` can have changed, so only its neighbourhood is read. The caller names each burst and hands it to [`Group::report`].
    pub fn changed(&mut self, at: Micros, threshold: u64, window: Micros) -> Vec<Burst> {
        let lowest = Position { ledger: String::new(), generation: 0, index: 0 };
        let near: Vec<&(Micros, Position)> =
            self.events.range((at.saturating_sub(window), lowest)..).take_while(|(time, _)| *time <= at.saturating_add(window)).collect();
        let mut spans: Vec<(usize, usize)> = Vec::new();
        let mut low = 0;
        for high in 0..near.len() {
            while near[high].0 - near[low].0 > window {
                low += 1;
            }
            if near[high].0 < at || ((high - low + 1) as u64) < threshold {
                continue;
            }
            match spans.last_mut() {
                Some(span) if low <= span.1 => span.1 = high,
                _ => spans.push((low, high)),
            }
        }
        let mut bursts = Vec::new();
        for (low, high) in spans {
            let (first, last) = (near[low].0, near[high].0);
            match self.reported.iter_mut().find(|r| r.first <= last && first <= r.last) {
                Some(known) if known.first <= first => known.last = known.last.max(last),
                known => {
                    let supersedes = known.map(|k| k.id);
                    bursts.push(Burst { events: near[low..=high].iter().map(|e| (*e).clone()).collect(), supersedes });
                }
            }
        }
        bursts
    }

    /// Remembers that `burst` was reported as `id`, in place of what it supersedes.
    pub fn report(&mut self, burst: &Burst, id: Uuid) {
        let (Some((first, _)), Some((last, _))) = (burst.events.first(), burst.events.last()) else { return };
        let end = self.reported.iter().find(|r| Some(r.id) == burst.supersedes).map_or(*last, |r| r.last.max(*last));
        self.reported.retain(|r| Some(r.id) != burst.supersedes);
        self.reported.push(Reported { id, first: *first, last: end });
    }
}
