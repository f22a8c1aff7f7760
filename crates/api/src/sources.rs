//! Connected CRMs: adding, checking, keys, uploads, quarantine.

use crate::{
    Server,
    ingest::Taken,
    input::{Json, Path, Query},
    problem::{Problem, Result},
    signed::Signed,
};
use app::sources::{
    NewKey, SourceChange, SourceCheck, SourceDetail, SourceNew,
    view::{CheckView, ConnectorList, QuarantinePage, ReasonView, SourceList},
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use futures::TryStreamExt;
use pipeline::{FileHint, Replayed, SourceWithSettings};
use serde::{Deserialize, Serialize};
use tokio_util::{
    io::{StreamReader, SyncIoBridge},
    sync::CancellationToken,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What can be connected, and what each CRM records and does not.
#[utoipa::path(get, path = "/connectors", tag = "sources", operation_id = "connectors.list", responses((status = 200, body = ConnectorList), (status = "default", body = Problem)))]
pub async fn connectors(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<ConnectorList>> {
    Ok(Json(server.app.connectors(&caller).await?))
}

#[utoipa::path(get, path = "/sources", tag = "sources", operation_id = "sources.list", responses((status = 200, body = SourceList), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<SourceList>> {
    Ok(Json(server.app.sources(&caller).await?))
}

#[utoipa::path(post, path = "/sources", tag = "sources", operation_id = "sources.create", request_body = SourceNew, responses((status = 200, body = SourceDetail), (status = "default", body = Problem)))]
pub async fn create(State(server): State<Server>, Signed(caller): Signed, Json(new): Json<SourceNew>) -> Result<Json<SourceDetail>> {
    Ok(Json(server.app.create_source(&caller, new).await?))
}

/// Tries everything a read would need, stream by stream, changing nothing in the CRM.
#[utoipa::path(post, path = "/sources/check", tag = "sources", operation_id = "sources.check", request_body = SourceCheck, responses((status = 200, body = CheckView), (status = "default", body = Problem)))]
pub async fn check(State(server): State<Server>, Signed(caller): Signed, Json(check): Json<SourceCheck>) -> Result<Json<CheckView>> {
    Ok(Json(server.app.check_source(&caller, check).await?.into()))
}

#[utoipa::path(get, path = "/sources/{id}", tag = "sources", operation_id = "sources.read", params(("id" = Uuid, Path)), responses((status = 200, body = SourceDetail), (status = "default", body = Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Json<SourceDetail>> {
    Ok(Json(server.app.source(&caller, id).await?))
}

#[utoipa::path(patch, path = "/sources/{id}", tag = "sources", operation_id = "sources.update", params(("id" = Uuid, Path)), request_body = SourceChange, responses((status = 200, body = SourceDetail), (status = "default", body = Problem)))]
pub async fn update(
    State(server): State<Server>,
    Signed(caller): Signed,
    Path(id): Path<Uuid>,
    Json(change): Json<SourceChange>,
) -> Result<Json<SourceDetail>> {
    Ok(Json(server.app.update_source(&caller, id, change).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyNew {
    name: String,
}

/// A key for pushing records to this source. It is shown only here.
#[utoipa::path(post, path = "/sources/{id}/keys", tag = "sources", operation_id = "sources.keys", params(("id" = Uuid, Path)), request_body = KeyNew, responses((status = 200, body = NewKey), (status = "default", body = Problem)))]
pub async fn create_key(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>, Json(new): Json<KeyNew>) -> Result<Json<NewKey>> {
    Ok(Json(server.app.create_key(&caller, id, &new.name).await?))
}

#[utoipa::path(delete, path = "/sources/{id}/keys/{key}", tag = "sources", operation_id = "sources.keys.revoke", params(("id" = Uuid, Path), ("key" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn revoke_key(State(server): State<Server>, Signed(caller): Signed, Path((id, key)): Path<(Uuid, Uuid)>) -> Result<StatusCode> {
    server.app.revoke_key(&caller, id, key).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Upload {
    /// The file's name: types are told apart by it.
    #[serde(default)]
    name: String,
    #[serde(default)]
    stream: String,
}

/// A vendor's file, as it is. The same file twice adds nothing.
#[utoipa::path(post, path = "/sources/{id}/upload", tag = "sources", operation_id = "sources.upload", params(("id" = Uuid, Path), Upload), request_body(content = String, content_type = "application/octet-stream"), responses((status = 200, body = Taken), (status = "default", body = Problem)))]
pub async fn upload(
    State(server): State<Server>,
    Signed(caller): Signed,
    Path(id): Path<Uuid>,
    Query(upload): Query<Upload>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Taken>> {
    let source = server.app.source_to_upload(&caller, id, &upload.name).await?;
    let settings = server.app.source_settings(&source).await?;
    let media_type = headers.get("content-type").and_then(|h| h.to_str().ok()).unwrap_or_default().split(';').next().unwrap_or_default().trim().to_owned();
    let media_type = if media_type == "application/octet-stream" { String::new() } else { media_type };
    let hint = FileHint { stream: upload.stream, name: upload.name, media_type };
    // Read while it arrives, like a file on the command line: it may be larger than memory.
    let parts = body.into_data_stream().map_err(std::io::Error::other);
    let file = Box::new(SyncIoBridge::new(StreamReader::new(parts)));
    let accepted = server.intake.import(&SourceWithSettings::open(source, settings)?, hint, file, &|_| {}, &CancellationToken::new()).await?;
    server.metrics.taken(&accepted);
    Ok(Json(accepted.into()))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paged {
    cursor: Option<String>,
}

/// Records that could not be read: their structure and the reason, values masked.
#[utoipa::path(get, path = "/sources/{id}/quarantine", tag = "sources", operation_id = "quarantine.list", params(("id" = Uuid, Path), Paged), responses((status = 200, body = QuarantinePage), (status = "default", body = Problem)))]
pub async fn quarantine(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>, Query(page): Query<Paged>) -> Result<Json<QuarantinePage>> {
    Ok(Json(server.app.quarantine(&caller, id, page.cursor.as_deref()).await?))
}

/// What became of a replayed record.
#[derive(Serialize, ToSchema)]
pub struct ReplayView {
    events: u64,
    duplicates: u64,
    /// Why it still cannot be read.
    refused: Option<ReasonView>,
}

impl From<Replayed> for ReplayView {
    fn from(replayed: Replayed) -> Self {
        let refused = replayed.refused.map(|r| ReasonView { code: r.code, message: r.message, field: r.field });
        Self { events: replayed.events, duplicates: replayed.duplicates, refused }
    }
}

/// Reads a quarantined record again, after a mapping or a version was mended.
#[utoipa::path(post, path = "/quarantine/{id}/replay", tag = "sources", operation_id = "quarantine.replay", params(("id" = Uuid, Path)), responses((status = 200, body = ReplayView), (status = "default", body = Problem)))]
pub async fn replay(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Json<ReplayView>> {
    let source = server.app.source_of_quarantined(&caller, id).await?;
    let settings = server.app.source_settings(&source).await?;
    Ok(Json(server.intake.replay(&SourceWithSettings::open(source, settings)?, id).await?.into()))
}
