//! Alerts, the findings in them, and what members did to them. The scope is part of every query a member's read runs.

use super::row::{id, id_value, json, json_value, optional_id, optional_id_value, signed, unsigned, word};
use crate::{
    Result, StoreError,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::{Alert, AlertStatus, Micros, Reach, Scope, Severity, Verdict};
use sea_orm::{QueryResult, Value as Sql};
use serde_json::{Map, Value};
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// No actor is the nil id, so that one index can say "one open alert per rule, actor and source".
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "alerts_1",
    statements: &[
        "CREATE TABLE alerts (id BYTEA PRIMARY KEY, rule TEXT NOT NULL, severity TEXT NOT NULL, status TEXT NOT NULL, actor BYTEA NOT NULL, \
            source BYTEA NOT NULL, department BYTEA, person BYTEA, first_time BIGINT NOT NULL, last_time BIGINT NOT NULL, opened BIGINT NOT NULL, \
            findings BIGINT NOT NULL, assignee BYTEA, verdict TEXT, verdict_by BYTEA, verdict_at BIGINT, verdict_note TEXT, \
            facts TEXT NOT NULL DEFAULT '{}')",
        "CREATE UNIQUE INDEX alerts_open ON alerts (rule, actor, source) WHERE status <> 'closed'",
        "CREATE INDEX alerts_opened ON alerts (opened, id)",
        "CREATE TABLE alert_findings (finding BYTEA PRIMARY KEY, alert BYTEA NOT NULL REFERENCES alerts (id), superseded_by BYTEA)",
        "CREATE INDEX alert_findings_alert ON alert_findings (alert)",
        "CREATE TABLE alert_history (id BYTEA PRIMARY KEY, alert BYTEA NOT NULL REFERENCES alerts (id), at BIGINT NOT NULL, member BYTEA, what TEXT NOT NULL)",
        "CREATE INDEX alert_history_alert ON alert_history (alert, id)",
    ],
}];

const COLUMNS: &str = "id, rule, severity, status, actor, source, department, person, first_time, last_time, opened, findings, assignee, verdict, \
    verdict_by, verdict_at, verdict_note";

/// Which alerts; newest first by when they were opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertQuery {
    pub status: Option<AlertStatus>,
    pub severity: Option<Severity>,
    pub person: Option<Uuid>,
    pub rule: Option<String>,
    /// Opened before this (time, id).
    pub after: Option<(Micros, Uuid)>,
    pub limit: u64,
}

/// One line of an alert's history; `what` is a word and its value, such as `status:closed`. No member: Veritrail itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertNote {
    pub alert: Uuid,
    pub at: Micros,
    pub member: Option<Uuid>,
    pub what: String,
}

/// A finding in an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertFinding {
    pub finding: Uuid,
    pub superseded_by: Option<Uuid>,
}

#[async_trait]
pub trait Alerts {
    async fn alert(&self, scope: &Scope, id: Uuid) -> Result<Option<Alert>>;
    async fn alerts(&self, scope: &Scope, query: &AlertQuery) -> Result<Vec<Alert>>;
    /// Alerts by status, whatever `query.status` and `query.after` say.
    async fn count_alerts_by_status(&self, scope: &Scope, query: &AlertQuery) -> Result<Vec<(AlertStatus, u64)>>;
    /// Alerts not closed, by severity.
    async fn count_open_alerts(&self, scope: &Scope) -> Result<Vec<(Severity, u64)>>;
    /// The one alert of this rule, actor and source that is not closed.
    async fn open_alert(&self, rule: &str, actor: Option<Uuid>, source: Uuid) -> Result<Option<Alert>>;
    /// `Conflict` when an open alert of this rule, actor and source is there.
    async fn add_alert(&self, alert: &Alert) -> Result<()>;
    /// `Conflict` when reopening would make a second open alert.
    async fn change_alert(&self, alert: &Alert) -> Result<()>;
    /// Puts a finding into an alert; false when it is in one already.
    async fn add_alert_finding(&self, alert: Uuid, finding: Uuid) -> Result<bool>;
    async fn supersede_alert_finding(&self, finding: Uuid, by: Uuid) -> Result<()>;
    /// The alert a finding is in.
    async fn alert_of_finding(&self, finding: Uuid) -> Result<Option<Uuid>>;
    async fn alert_findings(&self, alert: Uuid, limit: u64) -> Result<Vec<AlertFinding>>;
    /// Findings of the alert that nothing superseded.
    async fn count_alert_findings(&self, alert: Uuid) -> Result<u64>;
    /// Numbers for the alert's words; never personal values.
    async fn put_alert_facts(&self, alert: Uuid, facts: &Map<String, Value>) -> Result<()>;
    async fn alert_facts(&self, alert: Uuid) -> Result<Map<String, Value>>;
    async fn note_alert(&self, note: &AlertNote) -> Result<()>;
    /// Oldest first.
    async fn alert_history(&self, alert: Uuid, limit: u64) -> Result<Vec<AlertNote>>;
}

/// Conditions joined by AND, and their values.
struct Conditions {
    sql: String,
    values: Vec<Sql>,
}

impl Conditions {
    /// The scope's rule ([`Scope::admits`]) for an alert, judged by its last event.
    fn of(scope: &Scope) -> Self {
        let mut c = Self { sql: "1 = 1".to_owned(), values: Vec::new() };
        match &scope.reach {
            Reach::Everything => {}
            Reach::Departments(ids) => c.one_of("department", ids.iter().copied()),
            Reach::Person(id) => c.add("person =", id_value(*id)),
            Reach::Nothing => c.sql.push_str(" AND 1 = 0"),
        }
        if let Some(sources) = &scope.sources {
            c.one_of("source", sources.iter().copied());
        }
        if let Some(from) = scope.from {
            c.add("last_time >=", from.into());
        }
        if let Some(until) = scope.until {
            c.add("last_time <", until.into());
        }
        c
    }

    fn matching(scope: &Scope, query: &AlertQuery) -> Self {
        let mut c = Self::of(scope);
        if let Some(severity) = query.severity {
            c.add("severity =", severity.name().into());
        }
        if let Some(person) = query.person {
            c.add("person =", id_value(person));
        }
        if let Some(rule) = &query.rule {
            c.add("rule =", rule.as_str().into());
        }
        c
    }

    fn value(&mut self, value: Sql) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn add(&mut self, condition: &str, value: Sql) {
        let place = self.value(value);
        self.sql.push_str(&format!(" AND {condition} {place}"));
    }

    fn one_of(&mut self, column: &str, ids: impl Iterator<Item = Uuid>) {
        let places: Vec<String> = ids.map(|id| self.value(id_value(id))).collect();
        // `IN ()` is an error in PostgreSQL; no alternatives match nothing.
        self.sql.push_str(&if places.is_empty() { " AND 1 = 0".to_owned() } else { format!(" AND {column} IN ({})", places.join(", ")) });
    }
}

#[async_trait]
impl<H: Handle + ?Sized> Alerts for H {
    async fn alert(&self, scope: &Scope, id: Uuid) -> Result<Option<Alert>> {
        let mut c = Conditions::of(scope);
        c.add("id =", id_value(id));
        self.rows(&format!("SELECT {COLUMNS} FROM alerts WHERE {}", c.sql), c.values).await?.first().map(read).transpose()
    }

    async fn alerts(&self, scope: &Scope, query: &AlertQuery) -> Result<Vec<Alert>> {
        let mut c = Conditions::matching(scope, query);
        if let Some(status) = query.status {
            c.add("status =", status.name().into());
        }
        if let Some((opened, id)) = query.after {
            let (opened, id) = (c.value(opened.into()), c.value(id_value(id)));
            c.sql.push_str(&format!(" AND (opened < {opened} OR (opened = {opened} AND id < {id}))"));
        }
        let limit = c.value(signed(query.limit)?.into());
        let sql = format!("SELECT {COLUMNS} FROM alerts WHERE {} ORDER BY opened DESC, id DESC LIMIT {limit}", c.sql);
        self.rows(&sql, c.values).await?.iter().map(read).collect()
    }

    async fn count_alerts_by_status(&self, scope: &Scope, query: &AlertQuery) -> Result<Vec<(AlertStatus, u64)>> {
        let c = Conditions::matching(scope, query);
        let sql = format!("SELECT status, COUNT(*) AS alerts FROM alerts WHERE {} GROUP BY status", c.sql);
        let rows = self.rows(&sql, c.values).await?;
        rows.iter().map(|row| Ok((word(row, "status", AlertStatus::from_name)?, unsigned(row, "alerts")?))).collect()
    }

    async fn count_open_alerts(&self, scope: &Scope) -> Result<Vec<(Severity, u64)>> {
        let c = Conditions::of(scope);
        let sql = format!("SELECT severity, COUNT(*) AS alerts FROM alerts WHERE {} AND status <> 'closed' GROUP BY severity", c.sql);
        let rows = self.rows(&sql, c.values).await?;
        rows.iter().map(|row| Ok((word(row, "severity", Severity::from_name)?, unsigned(row, "alerts")?))).collect()
    }

    async fn open_alert(&self, rule: &str, actor: Option<Uuid>, source: Uuid) -> Result<Option<Alert>> {
        let sql = format!("SELECT {COLUMNS} FROM alerts WHERE rule = $1 AND actor = $2 AND source = $3 AND status <> 'closed'");
        let values = vec![rule.into(), id_value(actor.unwrap_or_default()), id_value(source)];
        self.rows(&sql, values).await?.first().map(read).transpose()
    }

    async fn add_alert(&self, alert: &Alert) -> Result<()> {
        let places = (1..=17).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let sql = format!("INSERT INTO alerts ({COLUMNS}) VALUES ({places}) ON CONFLICT DO NOTHING");
        match self.execute(&sql, values(alert)?).await? {
            0 => Err(StoreError::Conflict(format!("an open alert of rule {} about this actor is there already", alert.rule))),
            _ => Ok(()),
        }
    }

    async fn change_alert(&self, alert: &Alert) -> Result<()> {
        let assignments: Vec<String> = COLUMNS.split(", ").map(str::trim).zip(1..).skip(1).map(|(name, n)| format!("{name} = ${n}")).collect();
        match self.execute(&format!("UPDATE alerts SET {} WHERE id = $1", assignments.join(", ")), values(alert)?).await? {
            0 => Err(StoreError::NotFound(format!("alert {}", alert.id))),
            _ => Ok(()),
        }
    }

    async fn add_alert_finding(&self, alert: Uuid, finding: Uuid) -> Result<bool> {
        let sql = "INSERT INTO alert_findings (finding, alert) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        Ok(self.execute(sql, vec![id_value(finding), id_value(alert)]).await? > 0)
    }

    async fn supersede_alert_finding(&self, finding: Uuid, by: Uuid) -> Result<()> {
        self.execute("UPDATE alert_findings SET superseded_by = $2 WHERE finding = $1", vec![id_value(finding), id_value(by)]).await.map(drop)
    }

    async fn alert_of_finding(&self, finding: Uuid) -> Result<Option<Uuid>> {
        self.rows("SELECT alert FROM alert_findings WHERE finding = $1", vec![id_value(finding)]).await?.first().map(|row| id(row, "alert")).transpose()
    }

    async fn alert_findings(&self, alert: Uuid, limit: u64) -> Result<Vec<AlertFinding>> {
        let sql = "SELECT finding, superseded_by FROM alert_findings WHERE alert = $1 ORDER BY finding LIMIT $2";
        let rows = self.rows(sql, vec![id_value(alert), signed(limit)?.into()]).await?;
        rows.iter().map(|row| Ok(AlertFinding { finding: id(row, "finding")?, superseded_by: optional_id(row, "superseded_by")? })).collect()
    }

    async fn count_alert_findings(&self, alert: Uuid) -> Result<u64> {
        let sql = "SELECT COUNT(*) AS findings FROM alert_findings WHERE alert = $1 AND superseded_by IS NULL";
        self.rows(sql, vec![id_value(alert)]).await?.first().map_or(Ok(0), |row| unsigned(row, "findings"))
    }

    async fn put_alert_facts(&self, alert: Uuid, facts: &Map<String, Value>) -> Result<()> {
        self.execute("UPDATE alerts SET facts = $2 WHERE id = $1", vec![id_value(alert), json_value(facts)?]).await.map(drop)
    }

    async fn alert_facts(&self, alert: Uuid) -> Result<Map<String, Value>> {
        self.rows("SELECT facts FROM alerts WHERE id = $1", vec![id_value(alert)]).await?.first().map_or(Ok(Map::new()), |row| json(row, "facts"))
    }

    async fn note_alert(&self, note: &AlertNote) -> Result<()> {
        let sql = "INSERT INTO alert_history (id, alert, at, member, what) VALUES ($1, $2, $3, $4, $5)";
        let values = vec![id_value(Uuid::now_v7()), id_value(note.alert), note.at.into(), optional_id_value(note.member), note.what.as_str().into()];
        self.execute(sql, values).await.map(drop)
    }

    async fn alert_history(&self, alert: Uuid, limit: u64) -> Result<Vec<AlertNote>> {
        let sql = "SELECT at, member, what FROM alert_history WHERE alert = $1 ORDER BY id LIMIT $2";
        let rows = self.rows(sql, vec![id_value(alert), signed(limit)?.into()]).await?;
        rows.iter().map(|row| Ok(AlertNote { alert, at: column(row, "at")?, member: optional_id(row, "member")?, what: column(row, "what")? })).collect()
    }
}

/// In the order of [`COLUMNS`].
fn values(alert: &Alert) -> Result<Vec<Sql>> {
    Ok(vec![
        id_value(alert.id),
        alert.rule.as_str().into(),
        alert.severity.name().into(),
        alert.status.name().into(),
        id_value(alert.actor.unwrap_or_default()),
        id_value(alert.source),
        optional_id_value(alert.department),
        optional_id_value(alert.person),
        alert.first.into(),
        alert.last.into(),
        alert.opened.into(),
        signed(alert.findings)?.into(),
        optional_id_value(alert.assignee),
        alert.verdict.map(|v| v.name().to_owned()).into(),
        optional_id_value(alert.verdict_by),
        alert.verdict_at.into(),
        alert.verdict_note.clone().into(),
    ])
}

fn read(row: &QueryResult) -> Result<Alert> {
    let verdict = column::<Option<String>>(row, "verdict")?.map(|_| word(row, "verdict", Verdict::from_name)).transpose()?;
    Ok(Alert {
        id: id(row, "id")?,
        rule: column(row, "rule")?,
        severity: word(row, "severity", Severity::from_name)?,
        status: word(row, "status", AlertStatus::from_name)?,
        actor: Some(id(row, "actor")?).filter(|actor| !actor.is_nil()),
        source: id(row, "source")?,
        department: optional_id(row, "department")?,
        person: optional_id(row, "person")?,
        first: column(row, "first_time")?,
        last: column(row, "last_time")?,
        opened: column(row, "opened")?,
        findings: unsigned(row, "findings")?,
        assignee: optional_id(row, "assignee")?,
        verdict,
        verdict_by: optional_id(row, "verdict_by")?,
        verdict_at: column(row, "verdict_at")?,
        verdict_note: column(row, "verdict_note")?,
    })
}
