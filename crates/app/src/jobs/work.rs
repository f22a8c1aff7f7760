//! What a job is to do, by its kind.

use super::{evidence, export, question::Question};
use crate::{AppError, Operation, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use ledger::Keyring;
use model::{Job, time::rfc3339};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// Kinds of jobs that write a file, one after the other.
pub(super) const KINDS: [&str; 2] = [export::KIND, evidence::KIND];

pub(super) enum Work {
    Export(export::Input),
    Evidence(Question),
}

impl Work {
    pub fn of(keyring: &Keyring, job: &Job) -> Result<Self> {
        match job.kind.as_str() {
            export::KIND => opened(keyring, job).map(Work::Export),
            evidence::KIND => opened(keyring, job).map(Work::Evidence),
            other => Err(AppError::Internal(format!("there is no kind of job '{other}' in this version"))),
        }
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

/// What was asked, sealed: a question may hold names.
pub(super) fn sealed(keyring: &Keyring, id: Uuid, input: &impl Serialize) -> Result<Value> {
    let plain = serde_json::to_vec(input).map_err(|e| AppError::Internal(format!("a job cannot be written down: {e}")))?;
    Ok(Value::String(STANDARD.encode(keyring.seal_for_source(Uuid::nil(), &purpose(id), &plain)?)))
}

/// Reads what [`sealed`] gave, and the plain questions of earlier versions.
fn opened<T: DeserializeOwned>(keyring: &Keyring, job: &Job) -> Result<T> {
    let unreadable = |why: String| AppError::Internal(format!("the request of job {} cannot be read: {why}", job.id));
    let Value::String(sealed) = &job.input else { return serde_json::from_value(job.input.clone()).map_err(|e| unreadable(e.to_string())) };
    let sealed = STANDARD.decode(sealed).map_err(|e| unreadable(e.to_string()))?;
    let plain = keyring.open_for_source(Uuid::nil(), &purpose(job.id), &sealed)?;
    serde_json::from_slice(&plain).map_err(|e| unreadable(e.to_string()))
}

fn purpose(id: Uuid) -> String {
    format!("veritrail/1 job {id}")
}
