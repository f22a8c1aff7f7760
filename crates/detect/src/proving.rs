//! Runs the tests that rules carry.

use crate::engine::{Engine, HashKey};
use crate::rules::{Given, RuleError, RuleSet, Test};
use crate::{Limits, standing};
use model::{Finding, Micros, Position, SECOND, Severity, position::ACTIVITY};
use serde_json::Value;
use uuid::Uuid;

/// What the tests of a rule set showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proved {
    pub rules: usize,
    /// Tests whose events must match, and must not.
    pub matching: usize,
    pub quiet: usize,
    /// Rule, test and what went wrong. A rule that lacks one of the two kinds is listed too.
    pub failures: Vec<String>,
}

/// 2026-03-02T09:00:00Z, when every test begins.
const START: Micros = 1_772_442_000 * SECOND;

/// Runs every test of every rule against the whole set; only findings of its own rule count.
pub fn prove(rules: &RuleSet) -> Result<Proved, RuleError> {
    let mut proved = Proved { rules: rules.list.len(), ..Proved::default() };
    for (info, tests) in rules.list.iter().zip(&rules.tests) {
        for (kind, count) in [("match", tests.matching.len()), ("no_match", tests.quiet.len())] {
            if count == 0 {
                proved.failures.push(format!("{}: it has no test under veritrail.tests.{kind}; a rule needs both kinds", info.id));
            }
        }
        for (test, must_match) in tests.matching.iter().map(|t| (t, true)).chain(tests.quiet.iter().map(|t| (t, false))) {
            let findings = run(rules, test)?;
            let highest = standing(&findings).into_iter().filter(|f| f.rule == info.id).map(|f| f.severity).max();
            let wanted = test.level.as_deref().and_then(Severity::from_name);
            let problem = match (must_match, highest) {
                (true, None) => Some("must match and did not".to_owned()),
                (true, Some(level)) if wanted.is_some_and(|w| w != level) => {
                    Some(format!("must be {} and was {}", wanted.map_or("", Severity::name), level.name()))
                }
                (false, Some(level)) => Some(format!("must not match and gave a finding of level {}", level.name())),
                _ => None,
            };
            if test.level.is_some() && wanted.is_none() {
                proved.failures.push(format!("{}, test '{}': level {:?} is unknown", info.id, test.name, test.level));
            }
            proved.failures.extend(problem.map(|problem| format!("{}, test '{}': {problem}", info.id, test.name)));
            if must_match {
                proved.matching += 1;
            } else {
                proved.quiet += 1;
            }
        }
    }
    Ok(proved)
}

fn run(rules: &RuleSet, test: &Test) -> Result<Vec<Finding>, RuleError> {
    let mut engine = Engine::new(rules, Limits::default(), HashKey([7; 32]))?;
    let mut findings = Vec::new();
    for (index, (time, event)) in spread(&test.events).into_iter().enumerate() {
        let position = Position { ledger: ACTIVITY.to_owned(), generation: 0, index: index as u64 };
        let actor = event.pointer("/actor/user/uid").or_else(|| event.pointer("/user/uid")).and_then(Value::as_str).map(subject);
        findings.extend(engine.fold(&position, time, time, &event, actor, Uuid::nil()));
    }
    Ok(findings)
}

/// The events in the order they are written, each with its time.
fn spread(given: &[Given]) -> Vec<(Micros, Value)> {
    let mut time = START;
    let mut events = Vec::new();
    for row in given {
        time += row.after_secs * SECOND;
        for index in 0..row.times {
            time += if index == 0 { 0 } else { row.every_secs * SECOND };
            let mut event = row.event.clone();
            event.extend(row.set.clone());
            events.push((time, Value::Object(event)));
        }
    }
    events
}

/// A stand-in for our id of a subject: the same for the same vendor id.
fn subject(vendor_id: &str) -> Uuid {
    crate::correlate::finding_id(&[b"test subject", vendor_id.as_bytes()], &[], 0)
}
