//! Alerts: opened from findings, explained in plain words, worked on and judged by members.

pub use explain::Explanation;
pub use follow::AlertFollower;
pub use notice::{AlertNotice, Nobody, Notify};
pub use view::{AlertDetail, AlertPage, AlertView};

mod acts;
mod change;
mod explain;
mod follow;
mod notice;
#[cfg(test)]
mod tests;
pub mod view;

pub use change::AlertChange;

use crate::{
    App, AppError, Caller, FieldProblem, Operation,
    events::{Viewer, cursor, labels::Labels, render_many, view::MASK},
    query::repeated,
    view::Named,
};
use model::{Alert, AlertStatus, Micros, Severity, query::Field, time::rfc3339};
use serde_json::json;
use std::collections::HashMap;
use store::records::{AlertQuery, Alerts, Findings, Members};
use uuid::Uuid;
use view::{AlertActor, AlertHistoryView, FindingView, RuleRef, StatusCounts};

const DEFAULT_LIMIT: u64 = 50;
const MAX_LIMIT: u64 = 200;
/// Events and findings shown with one alert; the rest is a search away.
const SHOWN_EVENTS: usize = 100;
const SHOWN_FINDINGS: u64 = 200;
const SHOWN_HISTORY: u64 = 500;

/// `?status=&severity=&rule=&person=&cursor=&limit=`.
fn read_query(app: &App, viewer: &Viewer, query: &str) -> Result<(AlertQuery, Vec<u8>), AppError> {
    let mut asked = AlertQuery { limit: DEFAULT_LIMIT, ..AlertQuery::default() };
    let (mut problems, mut cursor_text, mut canonical) = (repeated(query, &[]), None, Vec::new());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty()) {
        let mut wrong = |detail: String| problems.push(FieldProblem::new(name.as_ref(), detail));
        match name.as_ref() {
            "status" => match AlertStatus::from_name(&value) {
                Some(status) => asked.status = Some(status),
                None => wrong(format!("'{value}' is not a status; there are new, in_progress, closed")),
            },
            "severity" => match Severity::from_name(&value) {
                Some(severity) => asked.severity = Some(severity),
                None => wrong(format!("'{value}' is not a severity; there are info, low, medium, high, critical")),
            },
            "person" => match Uuid::parse_str(&value) {
                Ok(person) => asked.person = Some(person),
                Err(_) => wrong(format!("'{value}' is not the id of a person")),
            },
            "rule" => asked.rule = Some(value.to_string()),
            "limit" => match value.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n)) {
                Some(limit) => asked.limit = limit,
                None => wrong(format!("a limit is 1 to {MAX_LIMIT}")),
            },
            "cursor" => cursor_text = Some(value.to_string()),
            _ => wrong("there is no such parameter".to_owned()),
        }
        if name != "cursor" && name != "limit" {
            canonical.push(format!("{name}={value}"));
        }
    }
    if !problems.is_empty() {
        return Err(AppError::Invalid(problems));
    }
    canonical.sort();
    let scope = serde_json::to_string(&viewer.scope).map_err(|e| AppError::Internal(e.to_string()))?;
    let bound = format!("{}\n{scope}", canonical.join("\n")).into_bytes();
    if let Some(text) = cursor_text {
        asked.after = Some(cursor::open::<(Micros, Uuid)>(&app.keyring, &[b"alerts", &bound], &text)?);
    }
    Ok((asked, bound))
}

impl App {
    /// A page of alerts, newest first, and how many there are of each status.
    pub async fn alerts(&self, caller: &Caller, query: &str) -> Result<AlertPage, AppError> {
        let scope = self.read(caller, Operation::AlertsList, (), json!({ "query": query })).await?;
        let viewer = Viewer::new(caller.member.role, scope);
        let (mut asked, bound) = read_query(self, &viewer, query)?;
        let limit = asked.limit;
        // One more than asked tells whether there is a next page.
        asked.limit += 1;
        let mut found = self.records.alerts(&viewer.scope, &asked).await?;
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = found.last().filter(|_| more).map(|a| cursor::seal(&self.keyring, &[b"alerts", &bound], &(a.opened, a.id))).transpose()?;
        let mut counts = StatusCounts::default();
        for (status, count) in self.records.count_alerts_by_status(&viewer.scope, &asked).await? {
            match status {
                AlertStatus::New => counts.new = count,
                AlertStatus::InProgress => counts.in_progress = count,
                AlertStatus::Closed => counts.closed = count,
            }
        }
        Ok(AlertPage { items: self.render_alerts(&viewer, &found).await?, next, counts })
    }

    /// One alert with its explanation, events, findings and history.
    pub async fn alert(&self, caller: &Caller, id: Uuid) -> Result<AlertDetail, AppError> {
        let scope = self.read(caller, Operation::AlertsRead, ("alert", id), json!({})).await?;
        let viewer = Viewer::new(caller.member.role, scope);
        let alert = self.records.alert(&viewer.scope, id).await?.ok_or_else(|| AppError::not_found(format!("alert {id}")))?;
        let view = self.render_alerts(&viewer, std::slice::from_ref(&alert)).await?.pop();
        let view = view.ok_or_else(|| AppError::Internal("one alert was rendered to none".into()))?;
        let listed = self.records.alert_findings(id, SHOWN_FINDINGS).await?;
        let ids: Vec<Uuid> = listed.iter().map(|f| f.finding).collect();
        let mut findings = self.records.findings(&ids).await?;
        findings.sort_by_key(|f| std::cmp::Reverse((f.last, f.first)));
        let current = findings.iter().filter(|f| listed.iter().any(|l| l.finding == f.id && l.superseded_by.is_none()));
        let mut positions: Vec<_> = current.flat_map(|f| f.events.iter().cloned()).collect();
        positions.sort();
        positions.dedup();
        let mut hits = Vec::new();
        for position in positions.iter().rev().take(SHOWN_EVENTS) {
            hits.extend(self.events.get(&viewer.scope, position).await?);
        }
        hits.sort_by_key(|h| std::cmp::Reverse((h.time, h.position.index)));
        let events = render_many(self, &viewer, hits).await?;
        let facts = self.records.alert_facts(id).await?;
        let rule = self.rules.get(&alert.rule);
        let actor = view.actor.as_ref().map(|a| a.label.as_str()).filter(|label| *label != MASK);
        let explanation = explain::explain(&alert, &rule, actor, &view.source.title, &facts);
        let history = self.records.alert_history(id, SHOWN_HISTORY).await?;
        let names = self.member_names().await?;
        let by = |member: Option<Uuid>| member.map_or_else(|| Named::new(Uuid::nil(), "Veritrail"), |id| named(&names, id));
        Ok(AlertDetail {
            explanation,
            facts: facts.into_iter().filter(|(_, v)| v.is_number() || v.is_string()).collect(),
            events,
            findings_list: findings
                .iter()
                .map(|f| FindingView { id: f.id, first: rfc3339(f.first), last: rfc3339(f.last), count: f.count, supersedes: f.supersedes })
                .collect(),
            rule_detail: rule,
            history: history.into_iter().map(|n| AlertHistoryView { at: rfc3339(n.at), member: by(n.member), what: note_words(&n.what, &names) }).collect(),
            alert: view,
        })
    }

    /// Alerts in their order for one reader. They must be within his scope.
    pub(crate) async fn render_alerts(&self, viewer: &Viewer, alerts: &[Alert]) -> Result<Vec<AlertView>, AppError> {
        let labels = Labels::load(self, alerts.iter().filter_map(|a| a.person).collect::<Vec<_>>()).await?;
        let names = self.member_names().await?;
        let mut subjects: HashMap<Uuid, Option<String>> = HashMap::new();
        let mut views = Vec::with_capacity(alerts.len());
        for alert in alerts {
            let person = alert.person.filter(|_| viewer.sight.actors).and_then(|id| labels.person(id));
            let label = match (&person, alert.actor) {
                (Some(person), _) => Some(person.name.clone()),
                (None, Some(subject)) => {
                    if !subjects.contains_key(&subject) {
                        let label = self.subject_label(viewer, Field::Actor, &subject.to_string()).await?;
                        subjects.insert(subject, label.filter(|l| l != MASK));
                    }
                    subjects.get(&subject).cloned().flatten()
                }
                (None, None) => None,
            };
            let rule = self.rules.get(&alert.rule);
            let facts = self.records.alert_facts(alert.id).await?;
            views.push(AlertView {
                id: alert.id,
                headline: explain::headline(alert, &rule.title, label.as_deref(), &facts),
                rule: RuleRef { id: alert.rule.clone(), title: rule.title },
                severity: alert.severity.name(),
                status: alert.status.name(),
                actor: alert.actor.map(|subject| AlertActor {
                    subject,
                    label: label.unwrap_or_else(|| MASK.to_owned()),
                    person,
                    department: alert.department.and_then(|id| labels.department(id)),
                }),
                source: labels.source(alert.source),
                first: rfc3339(alert.first),
                last: rfc3339(alert.last),
                opened: rfc3339(alert.opened),
                findings: alert.findings,
                assignee: alert.assignee.map(|id| named(&names, id)),
                verdict: alert.verdict.map(|v| v.name()),
                verdict_note: alert.verdict_note.clone(),
            });
        }
        Ok(views)
    }

    /// An alert that passes by, if this reader may see it.
    pub async fn live_alert(&self, viewer: &Viewer, id: Uuid) -> Result<Option<AlertView>, AppError> {
        match self.records.alert(&viewer.scope, id).await? {
            Some(alert) => Ok(self.render_alerts(viewer, &[alert]).await?.pop()),
            None => Ok(None),
        }
    }

    pub(crate) async fn member_names(&self) -> Result<HashMap<Uuid, String>, AppError> {
        Ok(self.records.members().await?.into_iter().map(|m| (m.id, m.name)).collect())
    }
}

/// A line of the history as people read it; it is kept as a word and its value.
fn note_words(what: &str, names: &HashMap<Uuid, String>) -> String {
    match what.split_once(':') {
        Some(("status", status)) => format!("set to {}", status.replace('_', " ")),
        Some(("verdict", verdict)) => format!("judged: {verdict}"),
        Some(("assignee", "none")) => "assigned to nobody".to_owned(),
        Some(("assignee", id)) => {
            let name = Uuid::try_parse(id).ok().map(|id| named(names, id).name);
            format!("assigned to {}", name.as_deref().unwrap_or("somebody unknown"))
        }
        _ => what.to_owned(),
    }
}

pub(crate) fn named(names: &HashMap<Uuid, String>, id: Uuid) -> Named {
    Named::new(id, names.get(&id).cloned().unwrap_or_else(|| "A former member".to_owned()))
}
