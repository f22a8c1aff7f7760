//! Matching and correlating as one fold over the trail.

use crate::correlate::{Limits, Observation, Part, State, advance, finding_id, fold};
use crate::matcher::{Matcher, SigmaMatcher};
use crate::rules::{RuleError, RuleSet, Single};
use hmac::{Hmac, Mac};
use model::{Class, Finding, Micros, Position};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Keys the hashes that stand for addresses and the like in the state, which holds no personal data. Derived by the caller, the same on every replay.
#[derive(Clone)]
pub struct HashKey(pub [u8; 32]);

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashKey(...)")
    }
}

/// Bytes that are not a state of this engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    #[error("the detection state has version {0}, this program reads version {FORMAT}; rebuild it by following the trail from its start")]
    Version(u8),
    #[error("the detection state is damaged ({0}); rebuild it by following the trail from its start")]
    Damaged(String),
}

/// What became of a restored state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Rules whose file changed since: they remember nothing and judge from here on.
    pub reset: Vec<String>,
}

/// How one rule fares with one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneHealth {
    pub rule: String,
    pub source: Uuid,
    /// Remembered events.
    pub events: usize,
    /// Matching events that lack a group-by field.
    pub ungrouped: u64,
    /// Events forgotten for lack of room: above zero the rule may have missed something.
    pub degraded: u64,
}

const FORMAT: u8 = 1;

/// The engine. The same events in the same order give the same findings, byte for byte.
#[derive(Debug)]
pub struct Engine {
    rules: RuleSet,
    matcher: SigmaMatcher,
    limits: Limits,
    key: HashKey,
    state: State,
}

#[derive(Serialize, Deserialize)]
struct Saved<S> {
    /// By rule id: the fingerprint of the file it was made with.
    prints: BTreeMap<String, String>,
    state: S,
}

impl Engine {
    pub fn new(rules: &RuleSet, limits: Limits, key: HashKey) -> Result<Self, RuleError> {
        Ok(Self { matcher: SigmaMatcher::new(rules)?, rules: rules.clone(), limits, key, state: State::default() })
    }

    /// Judges one event of the trail. Every event has to come by, in position order: the others move the watermark.
    /// `actor_subject` stands for the actor in groups and findings; other group-by values are hashed under the key.
    pub fn fold(&mut self, position: &Position, time: Micros, received: Micros, ocsf: &Value, actor_subject: Option<Uuid>, source: Uuid) -> Vec<Finding> {
        let mut findings = Vec::new();
        let matching = self.matcher.matching(ocsf);
        let mut state = std::mem::take(&mut self.state);
        for single in matching.iter().filter_map(|index| self.rules.singles.get(*index)).filter(|single| single.tells) {
            findings.extend(self.alone(single, position, time, ocsf, actor_subject, source));
        }
        for counting in &self.rules.countings {
            let parts = [(Part::Counted, &counting.counted), (Part::Follows, &counting.follows)];
            for (part, _) in parts.into_iter().filter(|(_, of)| of.iter().any(|index| matching.contains(index))) {
                let group = counting.group_by.iter().map(|field| self.group_value(field, ocsf, actor_subject)).collect();
                let seen = Observation { position: position.clone(), source, time, received, actor: actor_subject, group, part };
                let (next, found) = fold(state, &self.limits, &counting.count, &seen);
                state = next;
                findings.extend(found);
            }
        }
        self.state = advance(state, source, time, received);
        findings
    }

    /// Moves a source's watermark without an event: for committed ticks.
    pub fn tick(&mut self, source: Uuid, time: Micros, received: Micros) {
        self.state = advance(std::mem::take(&mut self.state), source, time, received);
    }

    /// How far events of `source` may lag; the largest of its streams.
    pub fn set_lateness(&mut self, source: Uuid, lateness: Micros) {
        self.limits.lateness_of.insert(source, lateness);
    }

    /// Everything remembered, in a versioned form, to be committed with the follower's cursor.
    pub fn save(&self) -> Result<Vec<u8>, StateError> {
        let prints = self.rules.list.iter().zip(&self.rules.prints).map(|(info, print)| (info.id.clone(), print.clone())).collect();
        let mut bytes = vec![FORMAT];
        serde_json::to_writer(&mut bytes, &Saved { prints, state: &self.state }).map_err(|e| StateError::Damaged(e.to_string()))?;
        Ok(bytes)
    }

    /// Goes back to saved bytes; none at all are the beginning. Rules that changed since begin anew, the others go on.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<Restored, StateError> {
        let Some((version, text)) = bytes.split_first() else {
            self.state = State::default();
            return Ok(Restored::default());
        };
        if *version != FORMAT {
            return Err(StateError::Version(*version));
        }
        let saved: Saved<State> = serde_json::from_slice(text).map_err(|e| StateError::Damaged(e.to_string()))?;
        let mut state = saved.state;
        let same = |id: &str| self.rules.list.iter().zip(&self.rules.prints).any(|(info, print)| info.id == id && saved.prints.get(id) == Some(print));
        state.rules.retain(|lane, _| lane.split('/').next().is_some_and(same));
        state.rebuild();
        self.state = state;
        let reset = self.rules.list.iter().map(|info| info.id.clone()).filter(|id| !same(id)).collect();
        Ok(Restored { reset })
    }

    /// Per rule and source: what is remembered, and whether anything had to be left out.
    pub fn health(&self) -> Vec<LaneHealth> {
        let lanes = self.state.rules.iter().flat_map(|(lane, sources)| sources.iter().map(move |(source, l)| (lane, source, l)));
        lanes
            .map(|(lane, source, l)| LaneHealth { rule: lane.clone(), source: *source, events: l.events(), ungrouped: l.ungrouped, degraded: l.degraded })
            .collect()
    }

    /// Matching events per source that came later than allowed and were not judged; a backtest finds them.
    pub fn too_late(&self) -> BTreeMap<Uuid, u64> {
        self.state.sources.iter().filter(|(_, clock)| clock.too_late > 0).map(|(source, clock)| (*source, clock.too_late)).collect()
    }

    /// The rules it runs.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    fn alone(&self, single: &Single, position: &Position, time: Micros, ocsf: &Value, actor: Option<Uuid>, source: Uuid) -> Option<Finding> {
        let info = self.rules.list.get(single.rule)?;
        let mut facts = serde_json::Map::new();
        if let Some(observed) = single.observed.as_deref().and_then(|field| value(ocsf, field)).and_then(Value::as_u64) {
            facts.insert("observed".into(), observed.into());
        }
        if let Some(threshold) = single.threshold {
            facts.insert("threshold".into(), threshold.into());
        }
        Some(Finding {
            id: finding_id(&[info.id.as_bytes(), single.name.as_bytes(), source.as_bytes()], &[position], 1),
            rule: info.id.clone(),
            rule_version: info.version.clone(),
            severity: single.severity,
            actor,
            source,
            first: time,
            last: time,
            count: 1,
            events: vec![position.clone()],
            facts,
            supersedes: None,
        })
    }

    /// What stands for the value of a group-by field: our id of the actor, else a keyed hash. None where the event lacks it.
    fn group_value(&self, field: &str, ocsf: &Value, actor: Option<Uuid>) -> Option<String> {
        // OCSF writes the one who signs in as `user`; in other classes `user` is the target.
        let signs_in = ocsf.get("class_uid").and_then(Value::as_u64) == Some(u64::from(Class::Authentication.uid()));
        if field.starts_with("actor.user.") || (field.starts_with("user.") && signs_in) {
            return actor.map(|id| id.to_string());
        }
        let text = match value(ocsf, field)? {
            Value::String(text) if !text.is_empty() => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => return None,
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key.0).ok()?;
        mac.update(field.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        Some(hex::encode(&mac.finalize().into_bytes()[..16]))
    }
}

/// The value at a dotted path; of a list, its first element.
fn value<'a>(ocsf: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(ocsf, |at, name| match at {
        Value::Array(list) => list.first()?.get(name),
        _ => at.get(name),
    })
}

#[cfg(test)]
mod tests;
