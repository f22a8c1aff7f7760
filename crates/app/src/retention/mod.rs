//! Retention: what is older than the rule keeps loses its sealed parts, unless a legal hold protects it (docs/adr/0006-retention.md).
//!
//! A dry run first, then the job; both walk the signed segments in order, and both may be done again.

pub use run::Segments;
pub use walk::{ClassPlan, HeldBack, Plan};

mod run;
#[cfg(test)]
mod tests;
mod walk;

use crate::{
    App, AppError, Caller, Operation, Result,
    jobs::{self, JobView},
};
use model::{
    DAY, Job, JobState, Micros,
    retention::{Keeping, Rule},
    time::rfc3339,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    records::{Jobs, Settings},
    sql::Unit,
};
use utoipa::ToSchema;

const KIND: &str = "retention";
/// What the last dry run found, in the settings.
const PLANNED: &str = "retention.planned";
/// What the last job did.
const APPLIED: &str = "retention.applied";
/// A dry run is looked at before the job for so long.
const PLAN_IS_GOOD_FOR: Micros = 7 * DAY;

/// What a run found or did, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Outcome {
    time: Micros,
    rule: String,
    plan: Plan,
}

/// What a job of this kind is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Input {
    dry_run: bool,
}

/// A dry run, or the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionNew {
    /// Changes nothing, and says what the job would do.
    pub dry_run: bool,
}

/// How long a class of events is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeptFor {
    pub class: &'static str,
    /// 0: for ever.
    pub days: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutcomeView {
    pub time: String,
    /// The rule it was made with, as `class:days`.
    pub rule: String,
    pub plan: Plan,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RetentionView {
    pub rule: Vec<KeptFor>,
    /// The newest dry run.
    pub planned: Option<OutcomeView>,
    /// The newest job that was done.
    pub applied: Option<OutcomeView>,
    /// The newest job, dry runs included.
    pub job: Option<JobView>,
}

impl App {
    pub async fn retention(&self, caller: &Caller) -> Result<RetentionView> {
        self.read(caller, Operation::RetentionRead, (), json!({})).await?;
        let rule = self.board.rule();
        let view = |outcome: Outcome| OutcomeView { time: rfc3339(outcome.time), rule: outcome.rule, plan: outcome.plan };
        Ok(RetentionView {
            rule: Keeping::ALL.into_iter().map(|keeping| KeptFor { class: keeping.name(), days: rule.days(keeping) }).collect(),
            planned: self.outcome(PLANNED).await?.map(view),
            applied: self.outcome(APPLIED).await?.map(view),
            job: self.records.newest_job(KIND).await?.map(|job| self.job_view(job)),
        })
    }

    /// Queues a dry run, or the job itself.
    ///
    /// # Errors
    /// `Conflict` while one is under way; when everything is kept; for the job, without a dry run of the last 7 days under the same rule.
    pub async fn run_retention(&self, caller: &Caller, new: RetentionNew) -> Result<JobView> {
        let (now, rule) = (self.now(), self.board.rule());
        self.allowed(caller, Operation::RetentionRun, ()).await?;
        let input = serde_json::to_value(Input { dry_run: new.dry_run }).map_err(|e| AppError::Internal(e.to_string()))?;
        let job = jobs::queued(KIND, caller.member.id, input, now);
        let detail = json!({ "dry_run": new.dry_run, "rule": rule.text() });
        self.change(caller, Operation::RetentionRun, ("job", job.id), detail, async |unit: &Unit| {
            if unit.newest_job(KIND).await?.is_some_and(|job| matches!(job.state, JobState::Queued | JobState::Running)) {
                return Err(AppError::Conflict("retention is under way already".into()));
            }
            if rule == Rule::default() {
                return Err(AppError::Conflict("everything is kept: [retention] of the configuration names no days".into()));
            }
            if !new.dry_run {
                looked_at(read(unit.setting(PLANNED).await?)?, &rule, now)?;
            }
            Ok(unit.add_job(&job).await?)
        })
        .await?;
        Ok(self.job_view(job))
    }

    async fn outcome(&self, setting: &str) -> Result<Option<Outcome>> {
        read(self.records.setting(setting).await?)
    }
}

fn read(kept: Option<String>) -> Result<Option<Outcome>> {
    kept.map(|text| serde_json::from_str(&text).map_err(|e| AppError::Internal(format!("what a run of retention left cannot be read: {e}")))).transpose()
}

/// Nothing is dropped that nobody looked at.
fn looked_at(planned: Option<Outcome>, rule: &Rule, now: Micros) -> Result<()> {
    match planned {
        Some(planned) if planned.rule == rule.text() && now - planned.time <= PLAN_IS_GOOD_FOR => Ok(()),
        Some(_) => Err(AppError::Conflict("the last dry run is older than 7 days or was made under another rule; make one, and look at it".into())),
        None => Err(AppError::Conflict("make a dry run first, and look at what it says".into())),
    }
}

/// What a queued job remembers.
fn input(job: &Job) -> Result<Input> {
    serde_json::from_value(job.input.clone()).map_err(|e| AppError::Internal(format!("the request of job {} cannot be read: {e}", job.id)))
}
