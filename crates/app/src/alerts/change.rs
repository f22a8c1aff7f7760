//! Working on an alert: status, assignee, verdict. Each change stands in the alert's history.

use super::AlertView;
use crate::{App, AppError, Caller, Operation, events::Viewer};
use model::{Alert, AlertStatus, Role, Verdict};
use serde::Deserialize;
use serde_json::json;
use store::{
    StoreError,
    records::{AlertNote, Alerts, Members},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

const MAX_NOTE_CHARS: usize = 4_000;

/// What a member changes; what is left out stays. `assignee: null` takes the assignee away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertChange {
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    pub assignee: Option<Option<Uuid>>,
}

/// Tells `null` from absent.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Uuid>>, D::Error> {
    Option::<Uuid>::deserialize(deserializer).map(Some)
}

impl App {
    pub async fn update_alert(&self, caller: &Caller, id: Uuid, change: AlertChange) -> Result<AlertView, AppError> {
        let status = change.status.as_deref().map(|name| {
            AlertStatus::from_name(name).ok_or_else(|| AppError::invalid("status", format!("'{name}' is not a status; there are new, in_progress, closed")))
        });
        let status = status.transpose()?;
        let viewer = self.alert_viewer(caller, Operation::AlertsUpdate).await?;
        let before = self.records.alert(&viewer.scope, id).await?.map(|a| json!({ "status": a.status.name(), "assignee": a.assignee }));
        let detail = json!({ "before": before, "after": { "status": change.status, "assignee": change.assignee.flatten() } });
        let alert = self
            .change(caller, Operation::AlertsUpdate, ("alert", id), detail, async |unit: &Unit| {
                let mut alert = in_scope(unit, &viewer, id).await?;
                let mut notes = Vec::new();
                if let Some(status) = status.filter(|s| *s != alert.status) {
                    alert.status = status;
                    notes.push(format!("status:{}", status.name()));
                }
                if let Some(assignee) = change.assignee.filter(|a| *a != alert.assignee) {
                    if let Some(member) = assignee {
                        may_work_on_alerts(unit, member).await?;
                    }
                    alert.assignee = assignee;
                    notes.push(assignee.map_or_else(|| "assignee:none".to_owned(), |member| format!("assignee:{member}")));
                }
                save(unit, &alert).await?;
                for what in notes {
                    unit.note_alert(&AlertNote { alert: id, at: self.now(), member: Some(caller.member.id), what }).await?;
                }
                Ok(alert)
            })
            .await?;
        self.one_alert(&viewer, &alert).await
    }

    /// Says what the alert was, and closes it.
    pub async fn judge_alert(&self, caller: &Caller, id: Uuid, verdict: &str, note: Option<String>) -> Result<AlertView, AppError> {
        let judged = Verdict::from_name(verdict)
            .ok_or_else(|| AppError::invalid("verdict", format!("'{verdict}' is not a verdict; there are true, expected, noise")))?;
        let note = note.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
        if note.as_ref().is_some_and(|n| n.chars().count() > MAX_NOTE_CHARS) {
            return Err(AppError::invalid("note", format!("a note has at most {MAX_NOTE_CHARS} characters")));
        }
        let viewer = self.alert_viewer(caller, Operation::AlertsJudge).await?;
        let alert = self
            .change(caller, Operation::AlertsJudge, ("alert", id), json!({ "verdict": verdict }), async |unit: &Unit| {
                let mut alert = in_scope(unit, &viewer, id).await?;
                alert.status = AlertStatus::Closed;
                alert.verdict = Some(judged);
                alert.verdict_by = Some(caller.member.id);
                alert.verdict_at = Some(self.now());
                alert.verdict_note = note.clone();
                save(unit, &alert).await?;
                let what = format!("verdict:{}", judged.name());
                unit.note_alert(&AlertNote { alert: id, at: self.now(), member: Some(caller.member.id), what }).await?;
                Ok(alert)
            })
            .await?;
        self.one_alert(&viewer, &alert).await
    }

    async fn alert_viewer(&self, caller: &Caller, operation: Operation) -> Result<Viewer, AppError> {
        Ok(Viewer::new(caller.member.role, self.scope_of(caller, operation).await?))
    }

    async fn one_alert(&self, viewer: &Viewer, alert: &Alert) -> Result<AlertView, AppError> {
        let view = self.render_alerts(viewer, std::slice::from_ref(alert)).await?.pop();
        view.ok_or_else(|| AppError::Internal("one alert was rendered to none".into()))
    }
}

async fn in_scope(unit: &Unit, viewer: &Viewer, id: Uuid) -> Result<Alert, AppError> {
    unit.alert(&viewer.scope, id).await?.ok_or_else(|| AppError::not_found(format!("alert {id}")))
}

async fn save(unit: &Unit, alert: &Alert) -> Result<(), AppError> {
    match unit.change_alert(alert).await {
        Err(StoreError::Conflict(_)) => {
            Err(AppError::Conflict("this alert cannot be opened again: a newer alert of the same rule about the same actor is open".into()))
        }
        other => Ok(other?),
    }
}

async fn may_work_on_alerts(unit: &Unit, member: Uuid) -> Result<(), AppError> {
    let assignee = unit.member(member).await?.filter(|m| m.active);
    match assignee.map(|m| m.role) {
        Some(Role::Analyst) => Ok(()),
        Some(_) => Err(AppError::invalid("assignee", "alerts are worked on by analysts")),
        None => Err(AppError::invalid("assignee", format!("there is no active member {member}"))),
    }
}
