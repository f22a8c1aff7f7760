//! The programs' way in: records pushed to a source with a write-only key.

use crate::{
    Server,
    input::{Json, Path},
    problem::{Problem, Result},
};
use app::AppError;
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use futures::StreamExt;
use pipeline::{Accepted, FileHint, Intake, SourceWithSettings};
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

const FITS_NOTHING: &str = "its ingest key fits nothing";
const MEDIA_TYPES: [&str; 4] = ["application/x-ndjson", "application/json", "text/csv", "text/plain"];

/// NDJSON, JSON or CSV by Content-Type; the stream in `X-Veritrail-Stream` where the source has several. Answered once it is durable.
#[utoipa::path(post, path = "/ingest/{source}", tag = "ingest", operation_id = "ingest.push", security(("ingest_key" = [])), params(("source" = String, Path)), request_body(content = String, content_type = "application/x-ndjson"), responses((status = 200, body = Taken), (status = 401, body = Problem), (status = 413, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
pub async fn push(State(server): State<Server>, Path(source): Path<String>, headers: HeaderMap, body: Body) -> Result<Json<Taken>> {
    let key = bearer(&headers).ok_or_else(wrong_key)?;
    let source = server.app.source_to_push(&source, key).await.map_err(refused)?;
    let settings = server.app.source_settings(&source).await?;
    let hint = hint(&headers)?;
    let body = receive(&server.intake, &headers, body).await?;
    let accepted = server.intake.accept(&SourceWithSettings::open(source, settings)?, hint, body).await?;
    server.metrics.taken(&accepted);
    Ok(Json(accepted.into()))
}

/// Takes a body in as it arrives, within the room there is.
async fn receive(intake: &Intake, headers: &HeaderMap, body: Body) -> Result<pipeline::Body> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|h| h.to_str().ok()).and_then(|h| h.parse().ok()).unwrap_or(0);
    let mut received = intake.body(announced)?;
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        received.push(&part.map_err(|_| Problem::bad_request("The body ended early. Nothing of it was taken; send it again."))?)?;
    }
    Ok(received)
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

/// A key that fits nothing is noticed; that a source is paused is not.
fn refused(error: AppError) -> Problem {
    let guessed = matches!(error, AppError::SignIn(_));
    let problem = Problem::from(error);
    if guessed { problem.noticed(FITS_NOTHING) } else { problem }
}

fn wrong_key() -> Problem {
    let detail = "The ingest key is missing, wrong, revoked, or belongs to another source. Nothing was taken.";
    Problem::new(StatusCode::UNAUTHORIZED, "ingest-key", "The ingest key is not accepted", detail).noticed(FITS_NOTHING)
}
