//! Long work that goes on after its page is left: exports of events, and packs of evidence about them.

pub use export::ExportFormat;
pub(crate) use export::Input as ExportInput;
pub(crate) use question::Question;

pub(crate) mod evidence;
mod export;
mod question;
mod run;
mod sheet;
#[cfg(test)]
mod tests;
mod watermark;
mod work;

use crate::{App, AppError, Caller, Operation, Result};
use bytes::Bytes;
use model::{Job, JobState, Micros, time::rfc3339};
pub(crate) use run::PATIENCE;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{records::Jobs, sql::Unit};
use utoipa::ToSchema;
use uuid::Uuid;
use work::Work;

/// Jobs of one member that wait or run at a time.
const MOST_UNFINISHED: u64 = 3;
/// The newest jobs a member is shown.
const SHOWN: u64 = 100;
/// How often a cancellation reads the job again because it moved on meanwhile.
const TRIES: usize = 5;

/// What to export. The query is that of an event search; its cursor and limit mean nothing here: an export is whole.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportNew {
    pub query: String,
    pub format: ExportFormat,
}

/// What to pack as evidence. The query is that of an event search, as for an export; at most 10,000 records may match.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceNew {
    pub query: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobView {
    pub id: Uuid,
    pub kind: String,
    #[schema(schema_with = crate::view::words::job_state)]
    pub state: &'static str,
    pub done: u64,
    pub total: Option<u64>,
    /// Why it failed, and what to do.
    pub error: Option<String>,
    pub created: String,
    pub updated: String,
    /// The name of its file, when there is one to fetch.
    pub file: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobList {
    pub items: Vec<JobView>,
}

/// The file a job wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFile {
    pub media_type: &'static str,
    pub name: String,
    pub bytes: Bytes,
}

impl App {
    /// Queues an export of the events the member sees. It is made with the rights he has now, and fails should they change.
    pub async fn create_export(&self, caller: &Caller, new: ExportNew) -> Result<JobView> {
        let (question, asked, _) = Question::new(self, caller, Operation::ExportsCreate, &new.query, self.now()).await?;
        let detail = json!({ "query": asked.canonical, "format": new.format.name(), "mark": question.mark });
        self.queue(caller, Operation::ExportsCreate, export::KIND, &export::Input { question, format: new.format }, detail).await
    }

    /// Queues a pack of evidence about the events the member sees, with the rights he has now, as an export.
    ///
    /// # Errors
    /// `Conflict` when more records match than a pack holds.
    pub async fn create_evidence(&self, caller: &Caller, new: EvidenceNew) -> Result<JobView> {
        let (question, asked, resolved) = Question::new(self, caller, Operation::EvidenceCreate, &new.query, self.now()).await?;
        if let Some(query) = resolved {
            evidence::not_too_many(self.events.count(&question.scope, &query).await?)?;
        }
        let detail = json!({ "query": asked.canonical, "mark": question.mark });
        self.queue(caller, Operation::EvidenceCreate, evidence::KIND, &question, detail).await
    }

    /// Queues an export for a member inside a transaction that does more than that.
    pub(crate) async fn queue_export(&self, unit: &Unit, member: Uuid, input: &ExportInput) -> Result<Uuid> {
        let mut job = queued(export::KIND, member, serde_json::Value::Null, self.now());
        job.input = work::sealed(&self.keyring, job.id, input)?;
        self.room_for(unit, member).await?;
        unit.add_job(&job).await?;
        Ok(job.id)
    }

    async fn room_for(&self, unit: &Unit, member: Uuid) -> Result<()> {
        if unit.unfinished_jobs_of(member).await? >= MOST_UNFINISHED {
            return Err(AppError::Conflict(format!("{MOST_UNFINISHED} jobs of yours are not finished yet; wait for one, or cancel one")));
        }
        Ok(())
    }

    async fn queue(&self, caller: &Caller, operation: Operation, kind: &str, input: &impl Serialize, detail: serde_json::Value) -> Result<JobView> {
        let mut job = queued(kind, caller.member.id, serde_json::Value::Null, self.now());
        job.input = work::sealed(&self.keyring, job.id, input)?;
        self.change(caller, operation, ("job", job.id), detail, async |unit: &Unit| {
            self.room_for(unit, caller.member.id).await?;
            Ok(unit.add_job(&job).await?)
        })
        .await?;
        Ok(self.job_view(job))
    }

    /// The member's own jobs, newest first.
    pub async fn jobs(&self, caller: &Caller) -> Result<JobList> {
        self.read(caller, Operation::JobsList, (), json!({})).await?;
        let jobs = self.records.jobs_of(caller.member.id, None, SHOWN).await?;
        Ok(JobList { items: jobs.into_iter().map(|job| self.job_view(job)).collect() })
    }

    pub async fn job(&self, caller: &Caller, id: Uuid) -> Result<JobView> {
        self.read(caller, Operation::JobsRead, ("job", id), json!({})).await?;
        Ok(self.job_view(own(self.records.job(id).await?, caller, id)?))
    }

    /// Ends a job that waits or runs; a running one stops within some hundred events.
    pub async fn cancel_job(&self, caller: &Caller, id: Uuid) -> Result<JobView> {
        let cancelled = self.change(caller, Operation::JobsCancel, ("job", id), json!({}), async |unit: &Unit| {
            let job = own(unit.job(id).await?, caller, id)?;
            cancel(unit, job, self.now()).await
        });
        Ok(self.job_view(cancelled.await?))
    }

    /// The file of a job that is done.
    pub async fn job_file(&self, caller: &Caller, id: Uuid) -> Result<ExportFile> {
        self.read(caller, Operation::JobsFile, ("job", id), json!({})).await?;
        let job = own(self.records.job(id).await?, caller, id)?;
        let Some(path) = job.output.as_ref().filter(|_| job.state == JobState::Done) else {
            return Err(AppError::Conflict(format!("this job is {}; only one that is done has a file", job.state.name())));
        };
        let work = Work::of(&self.keyring, &job)?;
        work.question().check_rights(self, work.operation(), &caller.member).await?;
        let (bytes, _) = self.blobs.get(path).await?.ok_or_else(|| AppError::not_found(format!("file of job {id}")))?;
        Ok(ExportFile { media_type: work.media_type(), name: work.file_name(&job), bytes })
    }

    pub(crate) fn job_view(&self, job: Job) -> JobView {
        let work = Work::of(&self.keyring, &job).ok().filter(|_| job.state == JobState::Done && job.output.is_some());
        let file = work.map(|work| work.file_name(&job));
        JobView {
            id: job.id,
            state: job.state.name(),
            done: job.done,
            total: job.total,
            created: rfc3339(job.created),
            updated: rfc3339(job.updated),
            file,
            kind: job.kind,
            error: job.error,
        }
    }
}

/// A job that waits to be taken.
pub(crate) fn queued(kind: &str, member: Uuid, input: serde_json::Value, now: Micros) -> Job {
    let (id, kind) = (Uuid::now_v7(), kind.to_owned());
    Job { id, kind, member, input, state: JobState::Queued, done: 0, total: None, output: None, error: None, created: now, updated: now }
}

/// # Errors
/// `Conflict` when it ended already.
pub(crate) async fn cancel(unit: &Unit, mut job: Job, now: Micros) -> Result<Job> {
    for _ in 0..TRIES {
        if !matches!(job.state, JobState::Queued | JobState::Running) {
            return Err(AppError::Conflict(format!("this job is {} already", job.state.name())));
        }
        let version = job.updated;
        let cancelled = Job { state: JobState::Cancelled, updated: after(version, now), ..job };
        if unit.change_job(&cancelled, version).await? {
            return Ok(cancelled);
        }
        let id = cancelled.id;
        job = unit.job(id).await?.ok_or_else(|| AppError::not_found(format!("job {id}")))?;
    }
    Err(AppError::Unavailable("the job moves on too fast to be cancelled; try again".into()))
}

/// A job is its member's alone; others learn nothing of it.
fn own(job: Option<Job>, caller: &Caller, id: Uuid) -> Result<Job> {
    job.filter(|job| job.member == caller.member.id).ok_or_else(|| AppError::not_found(format!("job {id}")))
}

/// The next version of a job: time may stand still, the version may not.
pub(crate) fn after(version: Micros, now: Micros) -> Micros {
    now.max(version + 1)
}
