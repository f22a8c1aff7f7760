//! Which conditions an event meets.

use crate::rules::{RuleError, RuleSet};
use model::Class;
use rsigma_eval::event::JsonEvent;
use rsigma_parser::LogSource;
use serde_json::Value;

/// Tests one event against all single-event conditions of a rule set.
pub trait Matcher: Send + Sync {
    /// Indexes of the conditions that `ocsf` meets, ascending.
    fn matching(&self, ocsf: &Value) -> Vec<usize>;
}

/// Sigma conditions, matched by rsigma. Log sources are routed: a rule for another product, service or category is not asked at all.
pub struct SigmaMatcher {
    engine: rsigma_eval::Engine,
}

impl std::fmt::Debug for SigmaMatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigmaMatcher({} conditions)", self.engine.rule_count())
    }
}

impl SigmaMatcher {
    /// Compiles the conditions of `rules`.
    pub fn new(rules: &RuleSet) -> Result<Self, RuleError> {
        let mut engine = rsigma_eval::Engine::new();
        for (index, single) in rules.singles.iter().enumerate() {
            let mut sigma = single.sigma.clone();
            sigma.id = Some(index.to_string());
            engine.add_rule(&sigma).map_err(|e| {
                let rule = rules.list.get(single.rule).map_or("", |info| info.id.as_str());
                RuleError::new(rule, 1, &single.name, format!("the condition cannot be compiled: {e}"))
            })?;
        }
        Ok(Self { engine })
    }
}

impl Matcher for SigmaMatcher {
    fn matching(&self, ocsf: &Value) -> Vec<usize> {
        let results = self.engine.evaluate_with_logsource(&JsonEvent::borrow(ocsf), &log_source(ocsf));
        let mut matching: Vec<usize> = results.iter().filter_map(|r| r.header.rule_id.as_deref()?.parse().ok()).collect();
        matching.sort_unstable();
        matching
    }
}

/// Where an event comes from in Sigma's words: product `crm`, the stream as service, the OCSF class as category.
fn log_source(ocsf: &Value) -> LogSource {
    let class = ocsf.get("class_uid").and_then(Value::as_u64).and_then(|uid| u32::try_from(uid).ok()).and_then(|uid| Class::try_from(uid).ok());
    let stream = ocsf.get("metadata").and_then(|m| m.get("log_name")).and_then(Value::as_str);
    LogSource { product: Some("crm".to_owned()), service: stream.map(str::to_owned), category: class.map(|c| c.name().to_owned()), ..LogSource::default() }
}
