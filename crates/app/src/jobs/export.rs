//! Writing an export, page by page, with the rights of the member who asked for it.

use super::{question::Question, run::not_too_large, sheet::Sheet, watermark::Watermark};
use crate::{App, AppError, Operation, Result, events::render_many};
use bytes::Bytes;
use model::Job;
use serde::{Deserialize, Serialize};
use store::records::Members;
use utoipa::ToSchema;

pub(super) const KIND: &str = "export";
/// Events opened and written at a time; between pages progress is written and a cancellation noticed.
const PAGE: usize = 500;

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

/// What a queued export remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Input {
    #[serde(flatten)]
    pub question: Question,
    pub format: ExportFormat,
}

impl App {
    /// The file; `None` when the job is no longer ours.
    pub(super) async fn run_export(&self, job: &mut Job, input: &Input) -> Result<Option<Bytes>> {
        let mut viewer = self.job_viewer(job, &input.question, Operation::ExportsCreate).await?;
        let query = input.question.resolve(self, &viewer).await?;
        job.total = Some(self.events.count(&viewer.scope, &query).await?);
        let asker = self.records.member(job.member).await?.ok_or(AppError::Forbidden { operation: Operation::ExportsCreate.name() })?;
        let mut sheet = Sheet::new(input.format, &Watermark::new(&input.question, &asker, job.created)?)?;
        let mut next = None;
        loop {
            let page = self.events.search(&viewer.scope, &query, next, PAGE).await?;
            job.done += page.hits.len() as u64;
            for event in render_many(self, &viewer, page.hits).await? {
                sheet.add(&event)?;
            }
            not_too_large(sheet.bytes())?;
            if !self.save(job).await? {
                return Ok(None);
            }
            next = page.next;
            if next.is_none() {
                return Ok(Some(sheet.finish()?.into()));
            }
            viewer = self.job_viewer(job, &input.question, Operation::ExportsCreate).await?;
        }
    }
}
