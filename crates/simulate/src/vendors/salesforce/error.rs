//! Errors as Salesforce writes them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why the simulator could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("127.0.0.1:{port} cannot be listened on: {why}; give another port, or 0 for any")]
    Listen { port: u16, why: std::io::Error },
    #[error("the certificate cannot be used: {0}; give a PEM file with an X.509 certificate or a public RSA key of 2048 bits or more")]
    Certificate(String),
    #[error(transparent)]
    World(#[from] crate::Error),
}

/// An error of a REST resource: an array of message and errorCode.
///
/// REST API Developer Guide, "Status Codes and Error Responses".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "The requested resource does not exist")
    }

    pub fn session() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "INVALID_SESSION_ID", "Session expired or invalid")
    }

    /// A user without the permission that the object's page names under "Special Access Rules".
    pub fn access(object: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "INSUFFICIENT_ACCESS", format!("insufficient access rights on {object}"))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(json!([{ "message": self.message, "errorCode": self.code }]))).into_response()
    }
}

/// An error of the token endpoint: 400, not to be stored, `error` and `error_description`.
///
/// Salesforce Help, "OAuth 2.0 Authorization Errors"; RFC 6749 section 5.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OauthError {
    pub error: &'static str,
    pub description: &'static str,
}

impl OauthError {
    pub const fn new(error: &'static str, description: &'static str) -> Self {
        Self { error, description }
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.error, "error_description": self.description }));
        let mut response = (StatusCode::BAD_REQUEST, body).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
