//! `/health`: whether events can be taken in now. Says nothing a stranger may not know.

use crate::Server;
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use serde_json::json;

pub async fn read(State(server): State<Server>) -> impl IntoResponse {
    match server.intake.fatal() {
        None => (StatusCode::OK, Json(json!({ "status": "ok" }))),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable" }))),
    }
}
