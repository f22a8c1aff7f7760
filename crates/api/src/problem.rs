//! The one place where errors become RFC 9457 problem responses.

use crate::noticed::Noticed;
use app::{AppError, FieldProblem};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use pipeline::IntakeError;
use serde::Serialize;
use utoipa::ToSchema;

/// RFC 9457 problem details.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A URI reference naming the kind of problem: `/problems/forbidden`.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What was wrong, where, and what to do.
    pub detail: String,
    /// Fields at fault, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldFault>,
    #[serde(skip)]
    retry_after_secs: Option<u64>,
    #[serde(skip)]
    noticed: Option<&'static str>,
}

/// One field at fault.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldFault {
    pub field: String,
    pub detail: String,
}

pub type Result<T, E = Problem> = std::result::Result<T, E>;

impl Problem {
    pub fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_secs: None,
            noticed: None,
        }
    }
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Not signed in", "Sign in and try again.")
    }
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read", detail)
    }
    pub fn too_many(secs: u64) -> Self {
        let detail = format!("More requests came from this address than in a minute are answered; wait {secs} s.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail).retry_after(secs)
    }
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", format!("There is no {what}, or it is outside what you may see."))
    }
    /// Our fault: what happened goes to the log, not to the caller.
    fn internal(detail: &str) -> Self {
        let reference = uuid::Uuid::new_v4();
        tracing::error!(%reference, "{detail}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here", format!("It is in the log under {reference}."))
    }
    /// Tells the caller when to come back.
    pub fn retry_after(mut self, secs: u64) -> Self {
        self.retry_after_secs = Some(secs);
        self
    }
    /// Has it written to the log that this was tried, and from where ([`crate::noticed`]).
    pub fn noticed(mut self, what: &'static str) -> Self {
        self.noticed = Some(what);
        self
    }
    fn with_fields(mut self, fields: Vec<FieldProblem>) -> Self {
        self.errors = fields.into_iter().map(|f| FieldFault { field: f.field, detail: f.detail }).collect();
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (retry_after_secs, noticed) = (self.retry_after_secs, self.noticed);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(secs) = retry_after_secs {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if let Some(what) = noticed {
            response.extensions_mut().insert(Noticed(what));
        }
        response
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let detail = error.to_string();
        match error {
            AppError::Forbidden { .. } => Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail),
            AppError::NotFound { .. } => Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail),
            AppError::Invalid(fields) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Something in the request is wrong", detail).with_fields(fields)
            }
            AppError::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict", "That does not fit what is there", detail),
            AppError::SignIn(_) => Self::new(StatusCode::UNAUTHORIZED, "sign-in", "Not signed in", detail),
            AppError::Reauthenticate => Self::new(StatusCode::FORBIDDEN, "reauthenticate", "Show once more who you are", detail),
            AppError::TooMany { retry_after_secs } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many attempts", detail).retry_after(retry_after_secs)
            }
            AppError::SelfLedger(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "self-ledger", "Nothing was done", detail).retry_after(5),
            AppError::Unavailable(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available just now", format!("{}.", detail.trim_end_matches('.'))).retry_after(5)
            }
            AppError::Internal(_) => Self::internal(&detail),
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        let detail = error.to_string();
        let kept = |why: &str| format!("{why}. Nothing already accepted is lost; send the same again.");
        match error {
            IntakeError::Busy { retry_after_secs } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", "Too much at once", detail).retry_after(retry_after_secs)
            }
            IntakeError::TooLarge { .. } | IntakeError::TooManyWithoutId { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
            }
            IntakeError::Paused(_) | IntakeError::NotReplayable { .. } | IntakeError::Cancelled => {
                Self::new(StatusCode::CONFLICT, "conflict", "That does not fit what is there", detail)
            }
            IntakeError::NoConnector(_) | IntakeError::NoStream { .. } | IntakeError::Connector(_) | IntakeError::Input { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The records cannot be read", detail)
            }
            IntakeError::Store(error) => {
                tracing::warn!(%error, "records were not taken");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available just now", kept(&error.told())).retry_after(5)
            }
            IntakeError::Ledger(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available just now", kept(&detail)).retry_after(5),
            IntakeError::Internal(_) => Self::internal(&detail),
        }
    }
}
