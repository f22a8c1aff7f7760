//! What can go wrong in a use case. `api` maps these to answers in one place.

use ledger::LedgerError;
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

/// One field of a request at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    pub field: String,
    /// What is wrong with it, and what to write instead.
    pub detail: String,
}

impl FieldProblem {
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The member's role does not allow it, or not so widely.
    #[error("your role does not allow '{operation}'")]
    Forbidden { operation: &'static str },
    #[error("there is no {what}, or it is outside what you may see")]
    NotFound { what: String },
    #[error("{}", problems(.0))]
    Invalid(Vec<FieldProblem>),
    /// What was asked does not fit what is there now.
    #[error("{0}")]
    Conflict(String),
    /// Not signed in, or signing in failed; says no more than a stranger may know.
    #[error("{0}")]
    SignIn(String),
    /// A dangerous operation, and the member showed too long ago who he is.
    #[error("this needs your password, or a code of your authenticator app, once more")]
    Reauthenticate,
    #[error("too many attempts; try again in {retry_after_secs} s")]
    TooMany { retry_after_secs: u64 },
    /// The tool's own trail cannot be written, so nothing was done.
    #[error("nothing was done, because it could not be recorded in Veritrail's own trail: {0}")]
    SelfLedger(String),
    /// Try again later.
    #[error("{0}")]
    Unavailable(String),
    /// Our fault.
    #[error("internal: {0}")]
    Internal(String),
}

pub type Result<T, E = AppError> = std::result::Result<T, E>;

impl AppError {
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }
    /// One field at fault.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldProblem::new(field, detail)])
    }
    /// A word for the trail: why an attempt failed, without personal data.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::Invalid(_) => "invalid",
            Self::Conflict(_) => "conflict",
            Self::SignIn(_) => "sign_in",
            Self::Reauthenticate => "reauthenticate",
            Self::TooMany { .. } => "too_many",
            Self::SelfLedger(_) => "self_ledger",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}

fn problems(problems: &[FieldProblem]) -> String {
    problems.iter().map(|p| format!("{}: {}", p.field, p.detail)).collect::<Vec<_>>().join("; ")
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(why) => Self::Conflict(why),
            StoreError::NotFound(what) => Self::NotFound { what },
            StoreError::Unavailable { .. } | StoreError::Unknown { .. } | StoreError::Fatal { .. } => {
                tracing::warn!(%error, "answered as not available");
                Self::Unavailable(error.told())
            }
            StoreError::Damaged { .. } | StoreError::Internal(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<LedgerError> for AppError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => error.into(),
            other => Self::Internal(other.to_string()),
        }
    }
}
