//! Doing dry runs and jobs of retention, beside other jobs.

use super::{APPLIED, KIND, Outcome, PLANNED, input};
use crate::{
    App, AppError, Result,
    door::{Act, Target},
    jobs,
};
use async_trait::async_trait;
use ledger::Why;
use model::{Job, JobState, Micros, SECOND, StoredEvent};
use std::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};
use store::{
    records::{Jobs, Settings},
    sql::Unit,
};

/// How often progress is written down.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// A process that wrote no progress for so long is gone, and its run begins anew.
const SILENT: Micros = 30 * SECOND;

/// The signed segments of the trail, and the view that must forget first.
#[async_trait]
pub trait Segments: Send + Sync {
    /// First index and count of each, in order, as they are now.
    async fn list(&self) -> Result<Vec<(u64, u64)>>;
    /// Its records; `None` where none has sealed parts any more.
    async fn records(&self, segment: (u64, u64)) -> Result<Option<Vec<(u64, StoredEvent)>>>;
    /// Takes these records out of the searchable view and drops their sealed parts.
    async fn drop_parts(&self, segment: (u64, u64), indexes: &[Range<u64>], why: &Why) -> Result<()>;
}

impl App {
    /// Takes the run that waits, if any, and works until it ended or `stopping` answers true; then the next process begins it anew, which finds what is
    /// left. False: there was nothing to do.
    ///
    /// # Errors
    /// When something needed does not answer; it is taken up again later.
    pub async fn run_retention_step(&self, segments: &dyn Segments, stopping: &(dyn Fn() -> bool + Send + Sync)) -> Result<bool> {
        let now = self.now();
        let Some(mut job) = self.records.claim_job(&[KIND], now, now.saturating_sub(SILENT)).await? else { return Ok(false) };
        let (done, total, lost) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let progress = |d: u64, t: u64| {
            done.store(d, Ordering::Relaxed);
            total.store(t, Ordering::Relaxed);
            !lost.load(Ordering::Relaxed) && !stopping()
        };
        let (rule, dry_run) = (self.board.rule(), input(&job)?.dry_run);
        let why = Why { time: now, rule: rule.text(), job: job.id };
        let work = self.go_through(&rule, segments, Some(&why).filter(|_| !dry_run), &progress);
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
            Ok(Some(plan)) => {
                let outcome = Outcome { time: self.now(), rule: rule.text(), plan };
                let text = serde_json::to_string(&outcome).map_err(|e| AppError::Internal(e.to_string()))?;
                job.done = total.load(Ordering::Relaxed);
                job.total = Some(job.done);
                self.finish_retention(&mut job, dry_run, &text).await?;
                return Ok(true);
            }
            Ok(None) if lost.load(Ordering::Relaxed) => return Ok(true),
            Ok(None) => job.state = JobState::Queued,
            Err(error @ AppError::Unavailable(_)) if self.now().saturating_sub(job.created) < jobs::PATIENCE => return Err(error),
            Err(error) => {
                tracing::warn!(job = %job.id, reason = error.reason(), "a run of retention failed: {error}");
                (job.state, job.error) = (JobState::Failed, Some(error.to_string()));
            }
        }
        self.save(&mut job).await?;
        Ok(true)
    }

    /// What was done, the job's end and the record of both in one transaction.
    async fn finish_retention(&self, job: &mut Job, dry_run: bool, outcome: &str) -> Result<()> {
        job.state = JobState::Done;
        let version = job.updated;
        job.updated = jobs::after(version, self.now());
        let (setting, job) = (if dry_run { PLANNED } else { APPLIED }, &*job);
        let finish = async |unit: &Unit| {
            unit.put_setting(setting, outcome).await?;
            if !dry_run {
                // What it was based on is no longer so.
                unit.drop_setting(PLANNED).await?;
            }
            Ok(unit.change_job(job, version).await.map(drop)?)
        };
        let operation = if dry_run { "retention.plan" } else { "retention.finish" };
        self.recorded(Act::unattended(operation, None, None, Target::of("job", job.id)), finish).await
    }
}
