//! From findings to alerts: one open alert per rule, actor and source, extended by further findings. Alerts, their history, the place in the
//! findings and what is still to be told are one transaction, so a restart neither loses nor repeats an alert.

use super::{
    acts, explain,
    notice::{AlertNotice, Notify},
};
use crate::{App, AppError};
use model::{
    Alert, AlertStatus, ClearEvent, Finding, Micros, SECOND, Scope, StoredEvent,
    query::{EventQuery, Field, Filter, Hit},
    time::rfc3339,
};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, sync::Arc};
use store::{
    records::{AlertNote, Alerts, Findings, Follower, Followers},
    sql::Unit,
};
use tokio::sync::broadcast;
use uuid::Uuid;

const NAME: &str = "alerts";
/// Findings per step.
const FINDINGS: u64 = 100;
/// Events looked through for those of one finding.
const MOST_HITS: usize = 2_000;
/// How long a finding waits for its events to be searchable, so that its alert knows whom it is about.
const PATIENCE: Micros = 60 * SECOND;
/// Notices that wait for a channel to work again; older ones are given up, which the alert's history says.
const MOST_WAITING: usize = 1_000;

/// The follower; one per installation runs at a time, others lose the race for its place and try again.
pub struct AlertFollower {
    app: App,
    notify: Arc<dyn Notify>,
    changed: broadcast::Sender<Uuid>,
    /// Since when the next finding has been waiting for its events.
    waiting_since: Option<Micros>,
}

/// An alert opened or extended by one finding.
struct Made {
    id: Uuid,
    new: bool,
}

impl AlertFollower {
    /// `changed` carries the ids of alerts opened or extended, after their commit.
    pub fn new(app: App, notify: Arc<dyn Notify>, changed: broadcast::Sender<Uuid>) -> Self {
        Self { app, notify, changed, waiting_since: None }
    }

    /// Takes up new findings and sends what is to be told. Answers how many findings were taken up: 0 means there is time to rest.
    ///
    /// # Errors
    /// Nothing was taken up; the next step begins at the same place.
    pub async fn step(&mut self) -> Result<usize, AppError> {
        let at = self.app.records.follower(NAME).await?;
        let place = at.as_ref().map(|f| f.next);
        let mut untold: Vec<Uuid> = at.as_ref().map_or(Ok(Vec::new()), |f| serde_json::from_slice(&f.state)).map_err(|e| AppError::Internal(e.to_string()))?;
        let findings = self.app.records.findings_after(place.unwrap_or(0), FINDINGS).await?;
        let mut ready = Vec::new();
        for (number, finding) in findings {
            match self.events_of(&finding).await? {
                Some(hits) => ready.push((number, finding, hits)),
                None => break,
            }
        }
        if let Some(next) = ready.last().map(|(number, _, _)| *number) {
            let unit = self.app.records.begin().await?;
            let mut made = Vec::new();
            for (_, finding, hits) in &ready {
                made.extend(self.take(&unit, finding, hits).await?);
            }
            untold.extend(made.iter().filter(|m| m.new).map(|m| m.id));
            for given_up in untold.drain(..untold.len().saturating_sub(MOST_WAITING)) {
                let what = "notice given up: the channel did not work".to_owned();
                unit.note_alert(&AlertNote { alert: given_up, at: self.app.now(), member: None, what }).await?;
            }
            unit.move_follower(NAME, place, &place_at(next, &untold)?).await?;
            unit.commit().await?;
            let changed: BTreeSet<Uuid> = made.iter().map(|m| m.id).collect();
            for id in changed {
                // Nobody listening is fine.
                let _ = self.changed.send(id);
            }
        }
        self.tell(untold).await?;
        Ok(ready.len())
    }

    /// The hits of a finding's events, newest first; `None` while the index has not come so far.
    async fn events_of(&mut self, finding: &Finding) -> Result<Option<Vec<Hit>>, AppError> {
        let indexed = self.app.events.resume().await?;
        if finding.events.iter().any(|p| p.index >= indexed) {
            let now = self.app.now();
            if now - *self.waiting_since.get_or_insert(now) < PATIENCE {
                return Ok(None);
            }
        }
        self.waiting_since = None;
        let (field, value) = finding.actor.map_or((Field::Source, finding.source), |actor| (Field::Actor, actor));
        let filters = vec![Filter { field, values: vec![value.to_string()], exclude: false }];
        let query = EventQuery { from: Some(finding.first), until: Some(finding.last.saturating_add(1)), filters, ..EventQuery::default() };
        let (mut hits, mut after, mut seen) = (Vec::new(), None, 0);
        while seen < MOST_HITS && hits.len() < finding.events.len() {
            let page = self.app.events.search(&Scope::everything(), &query, after, 500).await?;
            seen += page.hits.len();
            hits.extend(page.hits.into_iter().filter(|hit| finding.events.contains(&hit.position)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(Some(hits))
    }

    /// Puts one finding into an alert. `None` when it is in one already.
    async fn take(&self, unit: &Unit, finding: &Finding, hits: &[Hit]) -> Result<Option<Made>, AppError> {
        if unit.alert_of_finding(finding.id).await?.is_some() {
            return Ok(None);
        }
        let replaced = match finding.supersedes {
            Some(old) => unit.alert_of_finding(old).await?,
            None => None,
        };
        let known = match replaced {
            Some(id) => unit.alert(&Scope::everything(), id).await?,
            None => unit.open_alert(&finding.rule, finding.actor, finding.source).await?,
        };
        let now = self.app.now();
        let newest = hits.first();
        let (person, department) = (newest.and_then(|h| h.person), newest.and_then(|h| h.department));
        let new = known.is_none();
        let mut alert = known.unwrap_or_else(|| opened(finding, now));
        alert.first = alert.first.min(finding.first);
        alert.last = alert.last.max(finding.last);
        alert.severity = alert.severity.max(finding.severity);
        (alert.person, alert.department) = (person.or(alert.person), department.or(alert.department));
        if new {
            unit.add_alert(&alert).await?;
        }
        unit.add_alert_finding(alert.id, finding.id).await?;
        if let Some(old) = finding.supersedes {
            unit.supersede_alert_finding(old, finding.id).await?;
        }
        alert.findings = unit.count_alert_findings(alert.id).await?;
        unit.change_alert(&alert).await?;
        unit.put_alert_facts(alert.id, &facts(finding, hits)?).await?;
        let what = match (new, replaced) {
            (true, _) => "opened".to_owned(),
            (false, Some(_)) => "finding replaced after a late event".to_owned(),
            (false, None) => "another finding".to_owned(),
        };
        unit.note_alert(&AlertNote { alert: alert.id, at: now, member: None, what }).await?;
        Ok(Some(Made { id: alert.id, new }))
    }

    /// Sends waiting notices, oldest first. The first that fails ends it; it and the rest wait for the next step.
    async fn tell(&self, untold: Vec<Uuid>) -> Result<(), AppError> {
        let Some(at) = self.app.records.follower(NAME).await?.filter(|_| !untold.is_empty()) else { return Ok(()) };
        let mut waiting = untold.as_slice();
        while let [id, rest @ ..] = waiting {
            if let Some(notice) = self.notice(*id).await?
                && let Err(error) = self.notify.alert(&notice).await
            {
                tracing::warn!(alert = %id, %error, "a notice could not be sent; it is tried again");
                break;
            }
            waiting = rest;
        }
        if waiting.len() < untold.len() {
            self.app.records.move_follower(NAME, Some(at.next), &place_at(at.next, waiting)?).await?;
        }
        Ok(())
    }

    async fn notice(&self, id: Uuid) -> Result<Option<AlertNotice>, AppError> {
        let Some(alert) = self.app.records.alert(&Scope::everything(), id).await? else { return Ok(None) };
        let labels = crate::events::labels::Labels::load(&self.app, []).await?;
        let rule_title = self.app.rules.get(&alert.rule).title;
        let facts = self.app.records.alert_facts(id).await?;
        Ok(Some(AlertNotice {
            alert: id,
            severity: alert.severity,
            headline: explain::headline(&alert, &rule_title, None, &facts),
            rule_title,
            source_title: labels.source(alert.source).title,
            opened: rfc3339(alert.opened),
            link: format!("{}/alerts/{id}", self.app.public_url.trim_end_matches('/')),
        }))
    }
}

fn place_at(next: u64, untold: &[Uuid]) -> Result<Follower, AppError> {
    Ok(Follower { next, state: serde_json::to_vec(untold).map_err(|e| AppError::Internal(e.to_string()))? })
}

fn opened(finding: &Finding, now: Micros) -> Alert {
    Alert {
        id: Uuid::now_v7(),
        rule: finding.rule.clone(),
        severity: finding.severity,
        status: AlertStatus::New,
        actor: finding.actor,
        source: finding.source,
        department: None,
        person: None,
        first: finding.first,
        last: finding.last,
        opened: now,
        findings: 0,
        assignee: None,
        verdict: None,
        verdict_by: None,
        verdict_at: None,
        verdict_note: None,
    }
}

/// The finding's numbers and what was done in it.
fn facts(finding: &Finding, hits: &[Hit]) -> Result<Map<String, Value>, AppError> {
    let mut facts = finding.facts.clone();
    let clear = |hit: &Hit| StoredEvent::decode(&hit.record).and_then(|(stored, _)| stored.clear()).map_err(|e| AppError::Internal(e.to_string()));
    let events = hits.iter().map(clear).collect::<Result<Vec<ClearEvent>, _>>()?;
    if !events.is_empty() {
        let acts = serde_json::to_value(acts::count(&events)).map_err(|e| AppError::Internal(e.to_string()))?;
        facts.insert(explain::ACTS.to_owned(), acts);
    }
    Ok(facts)
}
