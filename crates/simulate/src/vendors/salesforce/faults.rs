//! What can be made to go wrong while the simulator runs.

use super::error::ApiError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A request that is answered with a failure, whatever it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// 503, `SERVER_UNAVAILABLE`. REST API Developer Guide, "Status Codes and Error Responses": overloaded. Salesforce documents no Retry-After; a
    /// proxy before it may send one.
    Busy { retry_after_secs: Option<u32> },
    /// 429. Not among the status codes of the REST API Developer Guide; gateways before Salesforce's interfaces answer it.
    TooMany { retry_after_secs: Option<u32> },
    /// 403, `REQUEST_LIMIT_EXCEEDED`, for too many long requests at once: passes by itself. Limits Quick Reference, "API Request Limits and Allocations",
    /// section "Concurrent API Request Limits".
    TooManyAtOnce,
    /// 500, `UNKNOWN_EXCEPTION`.
    Internal,
    /// 503 with a page instead of JSON: an outage or maintenance, for the token endpoint too.
    Outage,
}

impl Failure {
    /// Whether the token endpoint fails as well; it has no part in limits of the REST interface.
    pub fn everywhere(self) -> bool {
        matches!(self, Failure::Outage | Failure::Internal)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (response, wait) = match self {
            Failure::Busy { retry_after_secs } => {
                (ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "SERVER_UNAVAILABLE", "Server too busy").into_response(), retry_after_secs)
            }
            Failure::TooMany { retry_after_secs } => {
                (ApiError::new(StatusCode::TOO_MANY_REQUESTS, "REQUEST_LIMIT_EXCEEDED", "Too many requests").into_response(), retry_after_secs)
            }
            Failure::TooManyAtOnce => {
                let message = "ConcurrentRequests (Concurrent API Requests) Limit exceeded.";
                (ApiError::new(StatusCode::FORBIDDEN, "REQUEST_LIMIT_EXCEEDED", message).into_response(), None)
            }
            Failure::Internal => {
                let message = "An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-1 (1)";
                (ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN_EXCEPTION", message).into_response(), None)
            }
            Failure::Outage => {
                let page = "<html><head><title>Maintenance</title></head><body>We are down for maintenance.</body></html>";
                ((StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "text/html;charset=UTF-8")], page).into_response(), None)
            }
        };
        let mut response = response;
        if let Some(secs) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}

/// How a log file's body ends in its middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The connection breaks: HTTP shows it.
    Broken,
    /// The body ends as if it were whole, in the middle of a row: only LogFileLength, or the missing end of the line, shows it.
    Silent,
}

/// What the integration user may do, as the objects' pages name it under "Special Access Rules".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// API Enabled: without it no request is served.
    ApiEnabled,
    /// View Event Log Files: EventLogFile.
    ViewEventLogFiles,
    /// Manage Users: all of LoginHistory. Without it "all users can retrieve their own login history records", and nothing tells that others exist.
    ManageUsers,
    /// View Setup and Configuration: SetupAuditTrail and limits.
    ViewSetup,
}
