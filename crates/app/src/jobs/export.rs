//! Writing an export, page by page, with the rights of the member who asked for it.
//!
//! His rights are looked at before every page and again when the file is fetched. Should they differ from those he asked with, the
//! export ends: what was written so far could hold events he may no longer see.

use super::{ExportNew, after, sheet::Sheet};
use crate::{
    App, AppError, Caller, Operation, Result,
    events::{Asked, Viewer, When, render_many, resolve_for},
};
use bytes::Bytes;
use model::{DAY, Job, JobState, MINUTE, Member, Micros, Reach, Role, Scope};
use serde::{Deserialize, Serialize};
use store::records::{Jobs, Members};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) const KIND: &str = "export";
/// Events opened and written at a time; between pages progress is written and a cancellation noticed.
const PAGE: usize = 500;
/// A process that wrote no progress for so long is gone, and its job starts again.
const SILENT: Micros = 5 * MINUTE;
/// How long a job is tried again while something it needs does not answer.
const PATIENCE: Micros = DAY;
/// A file is held in memory until it is whole.
const MOST_BYTES: usize = 256 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    Csv,
    Ndjson,
}

impl ExportFormat {
    /// Also the file's extension.
    pub fn name(self) -> &'static str {
        match self {
            ExportFormat::Csv => "csv",
            ExportFormat::Ndjson => "ndjson",
        }
    }
    pub fn media_type(self) -> &'static str {
        match self {
            ExportFormat::Csv => "text/csv; charset=utf-8",
            ExportFormat::Ndjson => "application/x-ndjson",
        }
    }
}

/// What a queued export remembers: the question, what its relative times meant, and the rights it was asked with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Input {
    query: String,
    pub format: ExportFormat,
    from: Option<Micros>,
    until: Option<Micros>,
    role: Role,
    scope: Scope,
}

impl Input {
    /// Looks at the question as its reader, so that he hears at once what is wrong with it.
    pub async fn new(app: &App, caller: &Caller, new: &ExportNew, asked: &Asked, now: Micros) -> Result<Self> {
        let role = caller.member.role;
        let scope = app.scope_of(caller, Operation::ExportsCreate).await?;
        // Who may not export at all is refused at the door, and learns nothing before.
        if scope.reach != Reach::Nothing {
            resolve_for(app, &Viewer::new(role, scope.clone()), asked).await?;
        }
        let at = |when: Option<When>| when.map(|when| when.micros(now));
        Ok(Self { query: new.query.clone(), format: new.format, from: at(asked.from), until: at(asked.until), role, scope })
    }

    pub fn of(job: &Job) -> Result<Self> {
        serde_json::from_value(job.input.clone()).map_err(|e| AppError::Internal(format!("the request of job {} cannot be read: {e}", job.id)))
    }

    /// The reader this export is for, if he still is that reader.
    pub async fn check_rights(&self, app: &App, member: &Member) -> Result<Viewer> {
        let caller = Caller { member: member.clone(), address: None, request: Uuid::nil() };
        let scope = app.scope_of(&caller, Operation::ExportsCreate).await?;
        if !member.active || scope.reach == Reach::Nothing {
            return Err(AppError::Forbidden { operation: Operation::ExportsCreate.name() });
        }
        if (member.role, &scope) != (self.role, &self.scope) {
            return Err(AppError::Conflict("what you may see changed since this export was asked for; export again".into()));
        }
        Ok(Viewer::new(member.role, scope))
    }

    fn asked(&self) -> Result<Asked> {
        let mut asked = Asked::parse(&self.query, &[])?;
        asked.from = self.from.map(When::At);
        asked.until = self.until.map(When::At);
        Ok(asked)
    }
}

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
        let Some(mut job) = self.records.claim_job(now, now.saturating_sub(SILENT)).await? else { return Ok(false) };
        match self.run_export(&mut job).await {
            Ok(Ended::Done) => Ok(true),
            Ok(Ended::Lost) => {
                self.forget_output(&job).await?;
                Ok(true)
            }
            Err(error @ (AppError::Unavailable(_) | AppError::SelfLedger(_))) if self.now().saturating_sub(job.created) < PATIENCE => Err(error),
            Err(error) => {
                tracing::warn!(job = %job.id, reason = error.reason(), "an export failed");
                job.state = JobState::Failed;
                job.error = Some(error.to_string());
                job.output = None;
                // Cancelled meanwhile: then it is that.
                self.save(&mut job).await?;
                Ok(true)
            }
        }
    }

    pub(super) async fn run_export(&self, job: &mut Job) -> Result<Ended> {
        if job.kind != KIND {
            return Err(AppError::Internal(format!("there is no kind of job '{}' in this version", job.kind)));
        }
        let input = Input::of(job)?;
        let asked = input.asked()?;
        let mut viewer = self.export_viewer(job, &input).await?;
        let query = resolve_for(self, &viewer, &asked).await?;
        job.total = Some(self.events.count(&viewer.scope, &query).await?);
        let mut sheet = Sheet::new(input.format)?;
        let mut next = None;
        loop {
            let page = self.events.search(&viewer.scope, &query, next, PAGE).await?;
            job.done += page.hits.len() as u64;
            for event in render_many(self, &viewer, page.hits).await? {
                sheet.add(&event)?;
            }
            if sheet.bytes() > MOST_BYTES {
                let most = MOST_BYTES / (1024 * 1024);
                return Err(AppError::Conflict(format!("the file would be larger than {most} MB; export a shorter time, or filter")));
            }
            if !self.save(job).await? {
                return Ok(Ended::Lost);
            }
            next = page.next;
            if next.is_none() {
                break;
            }
            viewer = self.export_viewer(job, &input).await?;
        }
        let path = path(job, input.format);
        self.blobs.put(&path, Bytes::from(sheet.finish()?)).await?;
        job.output = Some(path);
        job.state = JobState::Done;
        job.total = Some(job.done);
        Ok(if self.save(job).await? { Ended::Done } else { Ended::Lost })
    }

    async fn export_viewer(&self, job: &Job, input: &Input) -> Result<Viewer> {
        let member = self.records.member(job.member).await?;
        let member = member.ok_or(AppError::Forbidden { operation: Operation::ExportsCreate.name() })?;
        input.check_rights(self, &member).await
    }

    /// Writes the job as its next version; false when somebody else changed it.
    async fn save(&self, job: &mut Job) -> Result<bool> {
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

fn path(job: &Job, format: ExportFormat) -> String {
    format!("exports/{}.{}", job.id, format.name())
}
