//! The events of one group, the bursts among them, and what was told of each.
//!
//! A burst is the union of full windows that share events. It is a function of the set of events alone, and more events only ever
//! widen or join bursts; so what is told of one, also a function of the set, is the same in whatever order the events came.

use super::rule::{CountRule, Naming};
use model::{Finding, Micros, Position};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Included, Unbounded};
use uuid::Uuid;

/// An event in event-time order; the position settles equal times.
pub type Key = (Micros, Position);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub(super) events: BTreeSet<Key>,
    /// Events that may follow a burst.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) thens: BTreeSet<Key>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bursts: Vec<Burst>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Burst {
    first: Key,
    /// The event that first made a window full.
    crossed: Key,
    end: Key,
    count: u64,
    /// How many of its events are no longer remembered, and the first of them.
    forgotten: u64,
    head: Vec<Position>,
    told: Vec<Told>,
    answered: Vec<Told>,
}

/// What was reported: up to which event, and how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    id: Uuid,
    first: Key,
    last: Key,
    count: u64,
}

impl Naming<'_> {
    /// What there is to tell now, in place of `earlier`; None where that is what was told last. The name covers what it replaces,
    /// so that a finding which comes back after two bursts were joined is a new one and not its own predecessor.
    fn told(&self, what: &str, earlier: &[Told], first: Key, last: Key, count: u64) -> Option<Told> {
        if let [told] = earlier
            && (&told.first, &told.last, told.count) == (&first, &last, count)
        {
            return None;
        }
        let replaced: Vec<Uuid> = earlier.iter().map(|told| told.id).collect();
        Some(Told { id: self.id(what, &first.1, &last.1, count, &replaced), first, last, count })
    }
}

/// Something to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    pub id: Uuid,
    pub first: Micros,
    pub last: Micros,
    /// Events of the burst; the one that follows not among them.
    pub count: u64,
    pub events: Vec<Position>,
    /// Time of the event that followed.
    pub then: Option<Micros>,
    pub supersedes: Vec<Uuid>,
}

/// Full windows that hold the new event, taken together.
struct Span {
    low: Key,
    crossed: Key,
    high: Key,
}

impl Group {
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.thens.is_empty()
    }

    /// Takes in one counted event. None where it is already known.
    pub fn count(&mut self, at: &Key, rule: &CountRule, naming: &Naming<'_>) -> Option<Vec<Telling>> {
        if !self.events.insert(at.clone()) {
            return None;
        }
        let mut tellings = Vec::new();
        for span in self.spans(at, rule) {
            let (burst, from) = self.absorb(span, at);
            self.bursts.push(burst);
            let index = self.bursts.len() - 1;
            if rule.tells {
                tellings.extend(self.tell(index, rule, naming));
            }
            if self.thens.range(from..).next().is_some() {
                tellings.extend(self.answer(index, rule, naming));
            }
        }
        self.bursts.sort_by(|a, b| a.first.cmp(&b.first));
        Some(tellings)
    }

    /// Takes in one event that may follow a burst. None where it is already known.
    pub fn follow(&mut self, at: &Key, rule: &CountRule, naming: &Naming<'_>) -> Option<Vec<Telling>> {
        if !self.thens.insert(at.clone()) {
            return None;
        }
        Some((0..self.bursts.len()).filter_map(|index| self.answer(index, rule, naming)).collect())
    }

    /// Drops one event. The oldest go first; a burst goes with its last event.
    pub fn forget(&mut self, key: &Key) {
        self.thens.remove(key);
        if self.events.remove(key)
            && let Some(burst) = self.bursts.iter_mut().find(|b| b.first <= *key && *key <= b.end)
        {
            burst.forgotten += 1;
            if burst.head.len() < Finding::MAX_EVENTS {
                burst.head.push(key.1.clone());
            }
            self.bursts.retain(|b| b.end != *key);
        }
    }

    /// Only windows that hold `at` can have changed, so only its neighbourhood is read.
    fn spans(&self, at: &Key, rule: &CountRule) -> Vec<Span> {
        let within =
            self.bursts.iter().find(|b| b.first <= *at && *at <= b.end).map(|b| Span { low: at.clone(), crossed: b.crossed.clone(), high: at.clone() });
        let newest = self.events.last() == Some(at);
        let nth = usize::try_from(rule.threshold.saturating_sub(1)).unwrap_or(usize::MAX);
        if newest {
            // The common case, in order: the window that ends here is full or nothing has changed, and it widens the last burst or starts one.
            let full = self.events.iter().rev().nth(nth).is_some_and(|(time, _)| at.0 - time <= rule.window);
            if !full {
                return within.into_iter().collect();
            }
            if let Some(last) = self.bursts.iter().map(|b| &b.end).max().filter(|end| at.0 - end.0 <= rule.window) {
                return vec![Span { low: last.clone(), crossed: at.clone(), high: at.clone() }];
            }
        }
        let lowest = Position { ledger: String::new(), generation: 0, index: 0 };
        let near: Vec<&Key> =
            self.events.range((at.0.saturating_sub(rule.window), lowest)..).take_while(|(time, _)| *time <= at.0.saturating_add(rule.window)).collect();
        let mut spans: Vec<(usize, usize, usize)> = Vec::new();
        let mut low = 0;
        for high in 0..near.len() {
            while near[high].0 - near[low].0 > rule.window {
                low += 1;
            }
            if near[high] < at || high - low < nth {
                continue;
            }
            match spans.last_mut() {
                Some(span) if low <= span.2 => span.2 = high,
                _ => spans.push((low, high, high)),
            }
        }
        if spans.is_empty() {
            return within.into_iter().collect();
        }
        spans.into_iter().map(|(low, crossed, high)| Span { low: near[low].clone(), crossed: near[crossed].clone(), high: near[high].clone() }).collect()
    }

    /// Joins the span with the bursts it shares events with. Also from where on the events of the burst are others than before.
    fn absorb(&mut self, span: Span, at: &Key) -> (Burst, Key) {
        let (mut joined, apart): (Vec<Burst>, Vec<Burst>) =
            std::mem::take(&mut self.bursts).into_iter().partition(|b| b.first <= span.high && span.low <= b.end);
        self.bursts = apart;
        if joined.len() == 1 && joined[0].first <= span.low {
            let mut burst = joined.remove(0);
            let beyond = self.events.range((Excluded(burst.end.clone()), Included(span.high.clone().max(burst.end.clone())))).count() as u64;
            let from = burst.end.clone().min(at.clone());
            burst.count += beyond + u64::from(*at <= burst.end);
            burst.end = burst.end.max(span.high);
            burst.crossed = burst.crossed.min(span.crossed);
            return (burst, from);
        }
        let mut whole =
            Burst { first: span.low, crossed: span.crossed, end: span.high, count: 0, forgotten: 0, head: Vec::new(), told: Vec::new(), answered: Vec::new() };
        for burst in joined {
            whole.first = whole.first.min(burst.first);
            whole.crossed = whole.crossed.min(burst.crossed);
            whole.end = whole.end.max(burst.end);
            whole.forgotten += burst.forgotten;
            whole.head.extend(burst.head);
            whole.told.extend(burst.told);
            whole.answered.extend(burst.answered);
        }
        whole.head.truncate(Finding::MAX_EVENTS);
        whole.count = whole.forgotten + self.events.range(whole.first.clone()..=whole.end.clone()).count() as u64;
        let from = whole.first.clone();
        (whole, from)
    }

    /// A burst is told when it is one, and again each time it has doubled: a burst of a million is twenty findings, and its size is known within two.
    fn tell(&mut self, index: usize, rule: &CountRule, naming: &Naming<'_>) -> Option<Telling> {
        let burst = self.bursts.get(index)?;
        let mut told = rule.threshold.max(1);
        while told <= burst.count / 2 {
            told *= 2;
        }
        let remembered = told.checked_sub(burst.forgotten)?.checked_sub(1)?;
        let last = self.events.range(burst.first.clone()..).nth(usize::try_from(remembered).ok()?)?.clone();
        let now = naming.told("count", &burst.told, burst.first.clone(), last, told)?;
        let telling = self.telling(burst, &now, None, &burst.told);
        self.bursts.get_mut(index)?.told = vec![now];
        Some(telling)
    }

    /// The earliest event after the burst became one, close enough behind one of its events.
    fn answer(&mut self, index: usize, rule: &CountRule, naming: &Naming<'_>) -> Option<Telling> {
        let follow = rule.follow.as_ref()?;
        let burst = self.bursts.get(index)?;
        let then = self
            .thens
            .range((Excluded(burst.crossed.clone()), Unbounded))
            .take_while(|then| then.0 <= burst.end.0.saturating_add(follow.within))
            .find(|then| self.before(burst, then).is_some_and(|failure| then.0 - failure.0 <= follow.within))?
            .clone();
        // Answers only ever get earlier; a later one means that the earlier is no longer remembered.
        if burst.answered.iter().any(|told| told.last < then) && burst.answered.len() == 1 {
            return None;
        }
        let count = burst.forgotten + self.events.range(burst.first.clone()..=burst.end.clone()).take_while(|event| **event < then).count() as u64;
        let now = naming.told("follow", &burst.answered, burst.first.clone(), then.clone(), count)?;
        let telling = self.telling(burst, &now, Some(then), &burst.answered);
        self.bursts.get_mut(index)?.answered = vec![now];
        Some(telling)
    }

    fn before(&self, burst: &Burst, then: &Key) -> Option<&Key> {
        if *then > burst.end {
            return self.events.get(&burst.end);
        }
        self.events.range(burst.first.clone()..then.clone()).next_back()
    }

    fn telling(&self, burst: &Burst, now: &Told, then: Option<Key>, earlier: &[Told]) -> Telling {
        let most = usize::try_from(now.count).unwrap_or(usize::MAX).min(Finding::MAX_EVENTS - usize::from(then.is_some()));
        let remembered = self.events.range(burst.first.clone()..).map(|(_, position)| position);
        let mut events: Vec<Position> = burst.head.iter().chain(remembered).take(most).cloned().collect();
        let then = then.map(|(time, position)| {
            events.push(position);
            time
        });
        let supersedes = earlier.iter().map(|told| told.id).collect();
        Telling { id: now.id, first: now.first.0, last: now.last.0, count: now.count, events, then, supersedes }
    }
}
