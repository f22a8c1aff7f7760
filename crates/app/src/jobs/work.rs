//! What a job is to do, by its kind.

use super::{evidence, export, question::Question};
use crate::{AppError, Operation, Result};
use model::{Job, time::rfc3339};

/// Kinds of jobs that write a file, one after the other.
pub(super) const KINDS: [&str; 2] = [export::KIND, evidence::KIND];

pub(super) enum Work {
    Export(export::Input),
    Evidence(Question),
}

impl Work {
    pub fn of(job: &Job) -> Result<Self> {
        let input = job.input.clone();
        let read = match job.kind.as_str() {
            export::KIND => serde_json::from_value(input).map(Work::Export),
            evidence::KIND => serde_json::from_value(input).map(Work::Evidence),
            other => return Err(AppError::Internal(format!("there is no kind of job '{other}' in this version"))),
        };
        read.map_err(|e| AppError::Internal(format!("the request of job {} cannot be read: {e}", job.id)))
    }

    pub fn question(&self) -> &Question {
        match self {
            Work::Export(input) => &input.question,
            Work::Evidence(question) => question,
        }
    }

    /// What its member must be allowed, from the beginning until the file is fetched.
    pub fn operation(&self) -> Operation {
        match self {
            Work::Export(_) => Operation::ExportsCreate,
            Work::Evidence(_) => Operation::EvidenceCreate,
        }
    }

    pub fn media_type(&self) -> &'static str {
        match self {
            Work::Export(input) => input.format.media_type(),
            Work::Evidence(_) => "application/zip",
        }
    }

    fn extension(&self) -> &'static str {
        match self {
            Work::Export(input) => input.format.name(),
            Work::Evidence(_) => "zip",
        }
    }

    /// `veritrail-events-2026-11-24.csv`, `veritrail-evidence-2026-11-24.zip`.
    pub fn file_name(&self, job: &Job) -> String {
        let what = match self {
            Work::Export(_) => "events",
            Work::Evidence(_) => "evidence",
        };
        format!("veritrail-{what}-{}.{}", rfc3339(job.created).get(..10).unwrap_or("undated"), self.extension())
    }

    /// Where its file is kept. An erasure looks through everything under this prefix.
    pub fn path(&self, job: &Job) -> String {
        format!("exports/{}.{}", job.id, self.extension())
    }
}
