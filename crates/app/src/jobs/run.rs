//! Doing the jobs that wait, one after the other.

use super::{
    after,
    question::Question,
    work::{self, Work},
};
use crate::{App, AppError, Operation, Result, events::Viewer};
use model::{DAY, Job, JobState, MINUTE, Micros};
use store::records::{Jobs, Members};

/// A process that wrote no progress for so long is gone, and its job starts again.
const SILENT: Micros = 5 * MINUTE;
/// How long a job is tried again while something it needs does not answer.
pub(crate) const PATIENCE: Micros = DAY;
/// A file is held in memory until it is whole.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// How a run ended, when nothing went wrong.
pub(super) enum Ended {
    Done,
    /// Cancelled, or taken over by another process.
    Lost,
}

impl App {
    /// Takes the oldest job that waits, if any, and works until it ended. False: there was nothing to do.
    ///
    /// # Errors
    /// When something needed does not answer; the job is taken up again later.
    pub async fn run_jobs_step(&self) -> Result<bool> {
        let now = self.now();
        let Some(mut job) = self.records.claim_job(&work::KINDS, now, now.saturating_sub(SILENT)).await? else { return Ok(false) };
        match self.run_job(&mut job).await {
            Ok(Ended::Done) => Ok(true),
            Ok(Ended::Lost) => {
                self.forget_output(&job).await?;
                Ok(true)
            }
            Err(error @ (AppError::Unavailable(_) | AppError::SelfLedger(_))) if self.now().saturating_sub(job.created) < PATIENCE => Err(error),
            Err(error) => {
                tracing::warn!(job = %job.id, kind = job.kind, reason = error.reason(), "a job failed");
                job.state = JobState::Failed;
                job.error = Some(error.to_string());
                job.output = None;
                // Cancelled meanwhile: then it is that.
                self.save(&mut job).await?;
                Ok(true)
            }
        }
    }

    pub(super) async fn run_job(&self, job: &mut Job) -> Result<Ended> {
        let work = Work::of(&self.keyring, job)?;
        let file = match &work {
            Work::Export(input) => self.run_export(job, input).await?,
            Work::Evidence(question) => self.run_evidence(job, question).await?,
        };
        let Some(file) = file else { return Ok(Ended::Lost) };
        let path = work.path(job);
        self.blobs.put(&path, file).await?;
        job.output = Some(path);
        job.state = JobState::Done;
        job.total = Some(job.done);
        Ok(if self.save(job).await? { Ended::Done } else { Ended::Lost })
    }

    /// The member the job is for, with the rights it was asked with.
    pub(super) async fn job_viewer(&self, job: &Job, question: &Question, operation: Operation) -> Result<Viewer> {
        let member = self.records.member(job.member).await?;
        let member = member.ok_or(AppError::Forbidden { operation: operation.name() })?;
        question.check_rights(self, operation, &member).await
    }

    /// Writes the job as its next version; false when somebody else changed it.
    pub(crate) async fn save(&self, job: &mut Job) -> Result<bool> {
        let version = job.updated;
        job.updated = after(version, self.now());
        Ok(self.records.change_job(job, version).await?)
    }

    /// Takes away the file of a job cancelled while it was being written. A job taken over keeps its path: the other process writes it.
    async fn forget_output(&self, job: &Job) -> Result<()> {
        let cancelled = self.records.job(job.id).await?.is_some_and(|now| now.state == JobState::Cancelled);
        match &job.output {
            Some(path) if cancelled => Ok(self.blobs.delete(path).await?),
            _ => Ok(()),
        }
    }
}

/// # Errors
/// `Conflict` when a file is larger than what is held in memory.
pub(super) fn not_too_large(bytes: usize) -> Result<()> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let most = MOST_BYTES / (1024 * 1024);
    Err(AppError::Conflict(format!("the file would be larger than {most} MB; export a shorter time, or filter")))
}
