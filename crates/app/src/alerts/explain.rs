//! An alert in plain words: what happened, why it is unusual with the numbers, what it could mean, what to do next.

use super::acts::{self, Act};
use crate::{events::sentence::grouped, rules::RuleView};
use model::Alert;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Explanation {
    pub what: String,
    pub why: String,
    pub meaning: String,
    pub next: Vec<String>,
}

/// The acts kept among an alert's facts.
pub(super) const ACTS: &str = "acts";

pub(super) fn kept_acts(facts: &Map<String, Value>) -> Vec<Act> {
    facts.get(ACTS).and_then(|v| serde_json::from_value(v.clone()).ok()).unwrap_or_default()
}

/// The first line, without rule ids: "Dana Weiss: 14 failed sign-ins, then 1 sign-in, in 6 minutes".
pub fn headline(alert: &Alert, title: &str, actor: Option<&str>, facts: &Map<String, Value>) -> String {
    if let Some(fault) = Fault::of(facts) {
        return format!("The ledger '{}' is not what was signed: {}", fault.ledger, fault.place());
    }
    let acts = kept_acts(facts);
    let who = actor.unwrap_or(if alert.actor.is_some() { "An account" } else { "Someone unknown" });
    if acts.is_empty() {
        return format!("{who}: {title}");
    }
    let words = acts::words(&acts);
    // The newest finding's own time: the alert may have been extended over days.
    let first = acts.iter().map(|a| a.first).min().unwrap_or(alert.first);
    let last = acts.iter().map(|a| a.last).max().unwrap_or(alert.last);
    match last - first {
        0 => format!("{who}: {words}"),
        span => format!("{who}: {words}, within {}", acts::span(span)),
    }
}

/// What a verification of Veritrail's own ledgers found, among an alert's facts.
struct Fault<'a> {
    ledger: &'a str,
    file: &'a str,
    record: Option<u64>,
    what: &'a str,
    faults: u64,
}

impl<'a> Fault<'a> {
    fn of(facts: &'a Map<String, Value>) -> Option<Self> {
        let text = |name: &str| facts.get(name).and_then(Value::as_str);
        let number = |name: &str| facts.get(name).and_then(Value::as_u64);
        Some(Self { ledger: text("ledger")?, file: text("file")?, record: number("record"), what: text("fault")?, faults: number("faults")? })
    }

    fn place(&self) -> String {
        self.record.map_or_else(|| self.file.to_owned(), |record| format!("{}, from record {record}", self.file))
    }

    fn words(&self) -> String {
        let more = if self.faults > 1 { format!(" {} more faults were found.", grouped(self.faults - 1)) } else { String::new() };
        format!("the ledger '{}' was verified, and {} is not what was signed: {}.{more}", self.ledger, self.place(), self.what.trim_end_matches('.'))
    }
}

pub fn explain(alert: &Alert, rule: &RuleView, actor: Option<&str>, source: &str, facts: &Map<String, Value>) -> Explanation {
    let acts = kept_acts(facts);
    let who = actor.unwrap_or(if alert.actor.is_some() { "an account" } else { "someone unknown" });
    let done = if acts.is_empty() { format!("\"{}\" was seen", rule.title) } else { acts::words(&acts) };
    let (first, last) = (clock(alert.first), clock(alert.last));
    let when = if first == last { format!("At {first}") } else { format!("Between {first} and {last}") };
    let findings = if alert.findings > 1 { format!(" Seen {} times so far.", grouped(alert.findings)) } else { String::new() };
    if let Some(fault) = Fault::of(facts) {
        let why = "Nothing that was signed may ever change: a single byte is enough.".to_owned();
        return Explanation { what: format!("{when}, {}{findings}", fault.words()), why, meaning: meaning(rule), next: rule.next.clone() };
    }
    Explanation { what: format!("{when}, by {who} in {source}: {done}.{findings}"), why: why(rule, facts), meaning: meaning(rule), next: rule.next.clone() }
}

fn why(rule: &RuleView, facts: &Map<String, Value>) -> String {
    let number = |name: &str| facts.get(name).and_then(Value::as_u64);
    let mut parts = Vec::new();
    let window = number("window_secs").map(|secs| acts::span(i64::try_from(secs).unwrap_or(i64::MAX / 1_000_000).saturating_mul(model::SECOND)));
    match (number("observed"), number("threshold"), window) {
        (Some(observed), Some(threshold), Some(window)) => {
            parts.push(format!("{} were counted within {window}; from {} on it is worth a look.", grouped(observed), grouped(threshold)));
        }
        (Some(observed), Some(threshold), None) => {
            parts.push(format!("{} were counted; from {} on it is worth a look.", grouped(observed), grouped(threshold)))
        }
        (Some(observed), None, _) => parts.push(format!("{} were counted.", grouped(observed))),
        _ => parts.push("A single event of this kind is enough.".to_owned()),
    }
    if let Some(usual) = facts.get("usual") {
        let usual = usual.as_str().map_or_else(|| usual.to_string(), str::to_owned);
        parts.push(format!("Usual is {usual}."));
    }
    if let Some(degraded) = &rule.degraded {
        parts.push(format!("This rule does not see everything: {}.", degraded.trim_end_matches('.')));
    }
    parts.join(" ")
}

fn meaning(rule: &RuleView) -> String {
    let harmless = match rule.falsepositives.as_slice() {
        [] => String::new(),
        some => format!(" It can be harmless: {}.", some.iter().map(|s| s.trim_end_matches('.')).collect::<Vec<_>>().join("; ")),
    };
    let meaning = if rule.meaning.is_empty() { &rule.description } else { &rule.meaning };
    format!("{}{harmless}", meaning.trim())
}

/// `24 Nov 2026 07:15 UTC`.
fn clock(micros: model::Micros) -> String {
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(t) => t.strftime("%-d %b %Y %H:%M UTC").to_string(),
        Err(_) => model::time::rfc3339(micros),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{AlertStatus, MINUTE, Severity};
    use uuid::Uuid;

    fn alert() -> Alert {
        Alert {
            id: Uuid::nil(),
            rule: "r".into(),
            severity: Severity::High,
            status: AlertStatus::New,
            actor: Some(Uuid::nil()),
            source: Uuid::nil(),
            department: None,
            person: None,
            first: 0,
            last: 6 * MINUTE,
            opened: 0,
            findings: 2,
            assignee: None,
            verdict: None,
            verdict_by: None,
            verdict_at: None,
            verdict_note: None,
        }
    }

    fn facts() -> Map<String, Value> {
        let acts = serde_json::json!([
            {"class": 3002, "activity": 1, "outcome": "failure", "count": 14, "rows": 0, "first": 0, "last": 5},
            {"class": 3002, "activity": 1, "outcome": "success", "count": 1, "rows": 0, "first": 6, "last": 360_000_000},
        ]);
        serde_json::json!({"observed": 14, "threshold": 10, "window_secs": 1200, "usual": 0, "acts": acts}).as_object().cloned().unwrap()
    }

    #[test]
    fn an_alert_says_what_why_meaning_and_next_with_its_numbers() {
        let rule = RuleView {
            title: "Password guessing that succeeded".into(),
            description: "Many failed sign-ins and then a success suggest that a password was guessed.".into(),
            falsepositives: vec!["A forgotten password.".into()],
            meaning: "The password may be known to somebody else.".into(),
            next: vec!["Call the person.".into(), "Reset the password.".into()],
            ..RuleView::default()
        };
        assert_eq!(headline(&alert(), &rule.title, Some("Dana"), &facts()), "Dana: 14 failed sign-ins, then 1 sign-in, within 6 minutes");
        assert_eq!(headline(&alert(), &rule.title, None, &Map::new()), "An account: Password guessing that succeeded");
        let e = explain(&alert(), &rule, Some("Dana"), "Sales", &facts());
        assert_eq!(e.what, "Between 1 Jan 1970 00:00 UTC and 1 Jan 1970 00:06 UTC, by Dana in Sales: 14 failed sign-ins, then 1 sign-in. Seen 2 times so far.");
        assert_eq!(e.why, "14 were counted within 20 minutes; from 10 on it is worth a look. Usual is 0.");
        assert_eq!(e.meaning, "The password may be known to somebody else. It can be harmless: A forgotten password.");
        assert_eq!(e.next, ["Call the person.", "Reset the password."]);
    }
}
