//! The searchable view of the trail: how much it holds, and building it anew as work that goes on behind.

#[cfg(test)]
mod tests;

use crate::{
    App, AppError, Caller, Operation, Result,
    jobs::{self, JobView},
};
use async_trait::async_trait;
use model::{Job, JobState, Micros, SECOND, Scope, query::EventQuery};
use serde::Serialize;
use serde_json::json;
use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};
use store::{records::Jobs, sql::Unit};
use utoipa::ToSchema;
use uuid::Uuid;

const KIND: &str = "index";
/// How often progress is written down.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// A process that wrote no progress for so long is gone, and its rebuild is gone on with.
const SILENT: Micros = 30 * SECOND;

/// What is there to be found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct IndexView {
    /// Events that can be found.
    pub events: u64,
    /// Records of the trail.
    pub size: u64,
    /// The newest rebuild, under way or ended; `None` when there was none.
    pub rebuild: Option<JobView>,
}

/// Whoever can build the view anew.
#[async_trait]
pub trait Rebuild: Send + Sync {
    /// Builds it beside the one there is and puts it in its place. `progress` hears (events done, events there are) and answers whether to go on; one
    /// that was stopped goes on under the same name. `None` when it was stopped.
    async fn rebuild(&self, name: Uuid, progress: &(dyn Fn(u64, u64) -> bool + Send + Sync)) -> Result<Option<u64>>;
    /// Drops what was built of one that shall not be gone on with.
    async fn drop_rebuild(&self) -> Result<()>;
}

impl App {
    pub async fn index(&self, caller: &Caller) -> Result<IndexView> {
        self.read(caller, Operation::IndexRead, (), json!({})).await?;
        let events = self.events.count(&Scope::everything(), &EventQuery::default()).await?;
        let rebuild = self.records.newest_job(KIND).await?.map(|job| self.job_view(job));
        Ok(IndexView { events, size: self.trail.head().await?.size, rebuild })
    }

    /// Has the view built anew; searches go on meanwhile.
    ///
    /// # Errors
    /// `Conflict` while it is being built already.
    pub async fn rebuild_index(&self, caller: &Caller) -> Result<JobView> {
        let job = jobs::queued(KIND, caller.member.id, json!({}), self.now());
        self.change(caller, Operation::IndexRebuild, ("job", job.id), json!({}), async |unit: &Unit| {
            if unit.newest_job(KIND).await?.is_some_and(|job| is_under_way(&job)) {
                return Err(AppError::Conflict("the searchable view is being built anew already".into()));
            }
            Ok(unit.add_job(&job).await?)
        })
        .await?;
        Ok(self.job_view(job))
    }

    /// Ends the rebuild that waits or runs; the view stays the one there is.
    ///
    /// # Errors
    /// `Conflict` when there is none.
    pub async fn cancel_rebuild(&self, caller: &Caller) -> Result<JobView> {
        let none = || AppError::Conflict("the searchable view is not being built anew".into());
        let cancelled = self.change(caller, Operation::IndexRebuild, (), json!({ "cancel": true }), async |unit: &Unit| {
            let job = unit.newest_job(KIND).await?.filter(is_under_way).ok_or_else(none)?;
            jobs::cancel(unit, job, self.now()).await
        });
        Ok(self.job_view(cancelled.await?))
    }

    /// Takes the rebuild that waits, if any, and works until it ended or `stopping` answers true; then the next process goes on with it. False:
    /// there was nothing to do.
    ///
    /// # Errors
    /// When something needed does not answer; it is taken up again later.
    pub async fn run_rebuild_step(&self, view: &dyn Rebuild, stopping: &(dyn Fn() -> bool + Send + Sync)) -> Result<bool> {
        let now = self.now();
        let Some(mut job) = self.records.claim_job(&[KIND], now, now.saturating_sub(SILENT)).await? else { return Ok(false) };
        let (done, total, lost) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let progress = |d: u64, t: u64| {
            done.store(d, Ordering::Relaxed);
            total.store(t, Ordering::Relaxed);
            !lost.load(Ordering::Relaxed) && !stopping()
        };
        let work = view.rebuild(job.id, &progress);
        tokio::pin!(work);
        let ended = loop {
            tokio::select! {
                ended = &mut work => break ended,
                () = tokio::time::sleep(TELL_EVERY), if !lost.load(Ordering::Relaxed) => {
                    (job.done, job.total) = (done.load(Ordering::Relaxed), Some(total.load(Ordering::Relaxed)));
                    if !self.save(&mut job).await? {
                        lost.store(true, Ordering::Relaxed);
                    }
                }
            }
        };
        match ended {
            Ok(Some(events)) => (job.state, job.done, job.total) = (JobState::Done, events, Some(events)),
            // Whoever took it over goes on with what is there.
            Ok(None) if lost.load(Ordering::Relaxed) => {
                if self.records.job(job.id).await?.is_some_and(|now| now.state == JobState::Cancelled) {
                    view.drop_rebuild().await?;
                }
                return Ok(true);
            }
            Ok(None) => job.state = JobState::Queued,
            Err(error @ AppError::Unavailable(_)) if self.now().saturating_sub(job.created) < jobs::PATIENCE => return Err(error),
            Err(error) => {
                tracing::warn!(job = %job.id, reason = error.reason(), "the searchable view was not built anew");
                (job.state, job.error) = (JobState::Failed, Some(error.to_string()));
            }
        }
        self.save(&mut job).await?;
        Ok(true)
    }
}

fn is_under_way(job: &Job) -> bool {
    matches!(job.state, JobState::Queued | JobState::Running)
}
