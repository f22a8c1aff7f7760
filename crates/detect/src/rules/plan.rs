//! From a file's documents to what the engine runs.

use super::RuleSet;
use super::file::{Document, RuleError, RuleFile, documents};
use super::info::{Explained, Ours, RuleInfo};
use crate::correlate::{CountRule, Follow};
use model::{Micros, SECOND, Severity};
use rsigma_parser::{ConditionOperator, CorrelationCondition, CorrelationRule, CorrelationType, SigmaRule};
use sha2::{Digest, Sha256};

/// A condition on one event.
#[derive(Clone, Debug)]
pub(crate) struct Single {
    pub sigma: SigmaRule,
    /// Its rule in `RuleSet::list`.
    pub rule: usize,
    pub name: String,
    pub severity: Severity,
    /// Whether a match alone is a finding.
    pub tells: bool,
    /// The field and the limit that explain a match.
    pub observed: Option<String>,
    pub threshold: Option<u64>,
}

/// A count, and what may follow it; `counted` and `follows` are indexes of singles.
#[derive(Clone, Debug)]
pub(crate) struct Counting {
    pub count: CountRule,
    pub group_by: Vec<String>,
    pub counted: Vec<usize>,
    pub follows: Vec<usize>,
}

impl RuleSet {
    pub(super) fn add(&mut self, file: &RuleFile) -> Result<(), RuleError> {
        let documents = documents(file)?;
        let rule = self.list.len();
        let (info, tests) = main_document(file, &documents)?;
        if let Some(other) = self.info(&info.id) {
            return Err(RuleError::new(&file.name, 1, &info.id, format!("veritrail.id {} is already that of '{}'; ids are unique", info.id, other.title)));
        }
        let mut correlations: Vec<(&Document<'_>, CorrelationRule)> = Vec::new();
        let from = self.singles.len();
        for document in &documents {
            let (single, correlation) = parse(document)?;
            if let Some(sigma) = single {
                let explained = if document.value.get("veritrail").is_some_and(|v| v.get("id").is_none()) {
                    ours::<Explained>(document)?
                } else {
                    explained_beside(document)
                };
                let severity = level(document, sigma.level.map(|l| l.as_str()).unwrap_or("medium"))?;
                let name = sigma.name.clone().unwrap_or_else(|| sigma.title.clone());
                self.singles.push(Single { sigma: *sigma, rule, name, severity, tells: true, observed: explained.observed, threshold: explained.threshold });
            }
            if let Some(correlation) = correlation {
                correlations.push((document, correlation));
            }
        }
        let countings = self.countings(from, &info, &correlations)?;
        self.countings.extend(countings);
        self.prints.push(hex::encode(Sha256::digest(file.text.as_bytes())));
        self.list.push(info);
        self.tests.push(tests);
        Ok(())
    }

    fn countings(&mut self, from: usize, info: &RuleInfo, correlations: &[(&Document<'_>, CorrelationRule)]) -> Result<Vec<Counting>, RuleError> {
        let mut countings: Vec<(String, Counting)> = Vec::new();
        for (document, correlation) in correlations.iter().filter(|(_, c)| c.correlation_type == CorrelationType::EventCount) {
            let counted = correlation.rules.iter().map(|name| self.single(document, from, name, correlation.generate)).collect::<Result<Vec<_>, _>>()?;
            let name = correlation.name.clone().unwrap_or_else(|| correlation.title.clone());
            let count = CountRule {
                id: info.id.clone(),
                lane: format!("{}/{name}", info.id),
                version: info.version.clone(),
                severity: level(document, correlation.level.map(|l| l.as_str()).unwrap_or("medium"))?,
                threshold: threshold(document, &correlation.condition)?,
                window: micros(document, correlation.timespan.seconds)?,
                tells: true,
                follow: None,
            };
            countings.push((name, Counting { count, group_by: group_by(document, correlation)?, counted, follows: Vec::new() }));
        }
        for (document, correlation) in correlations.iter().filter(|(_, c)| c.correlation_type != CorrelationType::EventCount) {
            let unsupported = "supported are event_count, and temporal_ordered of one event_count and one single-event rule of the same file";
            let (CorrelationType::TemporalOrdered, [first, then]) = (correlation.correlation_type, correlation.rules.as_slice()) else {
                return Err(document
                    .error("type", format!("correlation type {} of {} rules: {unsupported}", correlation.correlation_type.as_str(), correlation.rules.len())));
            };
            // Sigma's `generate` of the sequence is about the count: a finding for every ordinary event that could follow would be noise.
            let then = self.single(document, from, then, false)?;
            let Some((_, counting)) = countings.iter_mut().find(|(name, _)| name == first) else {
                return Err(document.error("rules", format!("'{first}' is not an event_count of this file; {unsupported}")));
            };
            if counting.group_by != group_by(document, correlation)? {
                return Err(document.error("group-by", format!("it must be the same as that of '{first}'")));
            }
            if counting.count.follow.is_some() {
                return Err(document.error("rules", format!("'{first}' already has a rule that follows it; write a second file")));
            }
            counting.count.follow = Some(Follow {
                severity: level(document, correlation.level.map(|l| l.as_str()).unwrap_or("high"))?,
                within: micros(document, correlation.timespan.seconds)?,
            });
            counting.count.tells = correlation.generate;
            counting.follows.push(then);
        }
        Ok(countings.into_iter().map(|(_, counting)| counting).collect())
    }

    /// A single-event rule of the same file by name or id; it tells on its own only where Sigma's `generate` says so.
    fn single(&mut self, document: &Document<'_>, from: usize, name: &str, generate: bool) -> Result<usize, RuleError> {
        let found = self.singles.iter().enumerate().skip(from).find(|(_, s)| s.name == name || s.sigma.id.as_deref() == Some(name)).map(|(index, _)| index);
        let index = found.ok_or_else(|| document.error("rules", format!("there is no single-event rule '{name}' in this file")))?;
        if let Some(single) = self.singles.get_mut(index) {
            single.tells &= generate;
        }
        Ok(index)
    }
}

/// The one document that carries `veritrail.id`.
fn main_document(file: &RuleFile, documents: &[Document<'_>]) -> Result<(RuleInfo, super::info::Tests), RuleError> {
    let mut main = documents.iter().filter(|d| d.value.get("veritrail").is_some_and(|v| v.get("id").is_some()));
    let (Some(document), None) = (main.next(), main.next()) else {
        return Err(RuleError::new(
            &file.name,
            1,
            "",
            "exactly one document of a file carries veritrail.id, version, runbook, streams, meaning, next and tests",
        ));
    };
    let mut keys = document.value.get("veritrail").cloned().unwrap_or_default();
    if let Some(map) = keys.as_mapping_mut() {
        map.remove("observed");
        map.remove("threshold");
    }
    let ours: Ours = serde_yaml_ng::from_value(keys).map_err(|e| document.error("veritrail", format!("veritrail: {e}")))?;
    let required = |key: &str| document.text_of(key).map(|t| t.trim().to_owned()).ok_or_else(|| document.error("title", format!("the key '{key}' is missing")));
    let list = |key: &str| -> Vec<String> {
        document.value.get(key).and_then(|v| v.as_sequence()).map(|s| s.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()).unwrap_or_default()
    };
    let has = |key: &str| documents.iter().any(|d| d.value.get(key).is_some());
    let ordered = documents.iter().any(|d| d.value.get("correlation").and_then(|c| c.get("type")).and_then(|t| t.as_str()) == Some("temporal_ordered"));
    let info = RuleInfo {
        title: required("title")?,
        description: required("description")?,
        level: level(document, &required("level")?)?,
        kind: if ordered {
            "sequence"
        } else if has("correlation") {
            "count"
        } else {
            "single"
        }
        .to_owned(),
        tags: list("tags"),
        falsepositives: list("falsepositives"),
        id: ours.id,
        version: ours.version,
        runbook: ours.runbook.trim().to_owned(),
        streams: ours.streams,
        degraded: ours.degraded,
        meaning: ours.meaning.trim().to_owned(),
        next: ours.next,
    };
    Ok((info, ours.tests))
}

type Parsed = (Option<Box<SigmaRule>>, Option<CorrelationRule>);

fn parse(document: &Document<'_>) -> Result<Parsed, RuleError> {
    let wrong = |problem: String| {
        let key = if problem.contains("ondition") {
            "condition"
        } else if problem.contains("orrelation") {
            "correlation"
        } else {
            "detection"
        };
        document.error(key, problem)
    };
    let mut collection = rsigma_parser::parse_sigma_yaml(&document.text).map_err(|e| wrong(e.to_string()))?;
    if let Some(problem) = collection.errors.first() {
        return Err(wrong(problem.clone()));
    }
    if !collection.filters.is_empty() {
        return Err(document.error("filter", "Sigma filters are not supported; write the exclusion into the rule's condition"));
    }
    match (collection.rules.pop(), collection.correlations.pop()) {
        (None, None) => Err(document.error("title", "the document is neither a detection nor a correlation")),
        (rule, correlation) => Ok((rule.map(Box::new), correlation)),
    }
}

fn ours<T: serde::de::DeserializeOwned>(document: &Document<'_>) -> Result<T, RuleError> {
    let value = document.value.get("veritrail").cloned().unwrap_or_default();
    serde_yaml_ng::from_value(value).map_err(|e| document.error("veritrail", format!("veritrail: {e}")))
}

fn explained_beside(document: &Document<'_>) -> Explained {
    let of = |key: &str| document.value.get("veritrail").and_then(|v| v.get(key));
    Explained { observed: of("observed").and_then(|v| v.as_str()).map(str::to_owned), threshold: of("threshold").and_then(serde_yaml_ng::Value::as_u64) }
}

fn level(document: &Document<'_>, name: &str) -> Result<Severity, RuleError> {
    Severity::from_name(name).ok_or_else(|| document.error("level", format!("level '{name}' is unknown; use informational, low, medium, high or critical")))
}

fn group_by(document: &Document<'_>, correlation: &CorrelationRule) -> Result<Vec<String>, RuleError> {
    if correlation.group_by.is_empty() {
        return Err(document.error("correlation", "group-by is missing; without it all accounts would be counted together"));
    }
    Ok(correlation.group_by.clone())
}

fn micros(document: &Document<'_>, seconds: u64) -> Result<Micros, RuleError> {
    /// Longer windows would keep a quarter's events in memory.
    const LONGEST_SECS: u64 = 31 * 24 * 3600;
    i64::try_from(seconds)
        .ok()
        .filter(|_| (1..=LONGEST_SECS).contains(&seconds))
        .map(|s| s * SECOND)
        .ok_or_else(|| document.error("timespan", format!("a timespan of {seconds} s is outside 1 s to 31 days")))
}

fn threshold(document: &Document<'_>, condition: &CorrelationCondition) -> Result<u64, RuleError> {
    let wrong = || document.error("condition", "event_count takes one lower bound: `gte: 10` or `gt: 9`, above zero");
    let CorrelationCondition::Threshold { predicates, .. } = condition else { return Err(wrong()) };
    match predicates.as_slice() {
        [(ConditionOperator::Gte, n)] if *n > 0 => Ok(*n),
        [(ConditionOperator::Gt, n)] => Ok(n.saturating_add(1)),
        _ => Err(wrong()),
    }
}
