//! The programs' way in: records pushed to a source with a write-only key.

use crate::{
    Server,
    problem::{Problem, Result},
};
use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
};
use pipeline::{Accepted, FileHint, SourceWithSettings};
use serde::Serialize;
use utoipa::ToSchema;

/// What became of the records. `positions` are the lowest and highest given or found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Taken {
    pub records: u64,
    /// New in the trail, durably.
    pub accepted: u64,
    /// There already, at an earlier position.
    pub duplicates: u64,
    /// Kept with the reason, to be replayed.
    pub quarantined: u64,
    pub positions: Option<(String, String)>,
}

impl From<Accepted> for Taken {
    fn from(a: Accepted) -> Self {
        let positions = a.positions.map(|(first, last)| (first.to_string(), last.to_string()));
        Self { records: a.records, accepted: a.events, duplicates: a.duplicates, quarantined: a.quarantined, positions }
    }
}

const MEDIA_TYPES: [&str; 4] = ["application/x-ndjson", "application/json", "text/csv", "text/plain"];

/// NDJSON, JSON or CSV by Content-Type; the stream in `X-Veritrail-Stream` where the source has several. Answered once it is durable.
#[utoipa::path(post, path = "/ingest/{source}", tag = "ingest", operation_id = "ingest.push", security(("ingest_key" = [])), params(("source" = String, Path)), request_body(content = String, content_type = "application/x-ndjson"), responses((status = 200, body = Taken), (status = 401, body = Problem), (status = 413, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
pub async fn push(State(server): State<Server>, Path(source): Path<String>, headers: HeaderMap, body: Body) -> Result<Json<Taken>> {
    let key = bearer(&headers).ok_or_else(wrong_key)?;
    let source = server.app.source_to_push(&source, key).await?;
    let settings = server.app.source_settings(&source).await?;
    let hint = hint(&headers)?;
    let bytes = to_bytes(body, server.http.body_bytes).await.map_err(|_| too_large(server.http.body_bytes))?;
    let accepted = server.intake.accept(&SourceWithSettings::open(source, settings)?, hint, bytes).await?;
    server.metrics.taken(&accepted);
    Ok(Json(accepted.into()))
}

pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

fn hint(headers: &HeaderMap) -> Result<FileHint> {
    let text = |name: &str| headers.get(name).and_then(|h| h.to_str().ok()).unwrap_or_default().to_owned();
    let media_type = text("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !media_type.is_empty() && !MEDIA_TYPES.contains(&media_type.as_str()) {
        let detail = format!("'{media_type}' is not read here; send one of {}.", MEDIA_TYPES.join(", "));
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "The media type is not read here", detail));
    }
    Ok(FileHint { stream: text("x-veritrail-stream"), name: text("x-veritrail-file"), media_type })
}

pub fn too_large(limit: usize) -> Problem {
    let detail = format!("The body is longer than {limit} bytes. Nothing of it was taken; send it in parts.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
}

fn wrong_key() -> Problem {
    let detail = "The ingest key is missing, wrong, revoked, or belongs to another source. Nothing was taken.";
    Problem::new(StatusCode::UNAUTHORIZED, "ingest-key", "The ingest key is not accepted", detail)
}
