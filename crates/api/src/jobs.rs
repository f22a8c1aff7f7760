//! Long work: exports and packs of evidence, with progress, cancellable.

use crate::{
    Server,
    input::{Json, Path},
    problem::{Problem, Result},
    signed::Signed,
};
use app::jobs::{EvidenceNew, ExportNew, JobList, JobView};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

/// Exports the events of a search, within what the member may see.
#[utoipa::path(post, path = "/exports", tag = "jobs", operation_id = "exports.create", request_body = ExportNew, responses((status = 200, body = JobView), (status = "default", body = Problem)))]
pub async fn export(State(server): State<Server>, Signed(caller): Signed, Json(new): Json<ExportNew>) -> Result<Json<JobView>> {
    Ok(Json(server.app.create_export(&caller, new).await?))
}

/// Packs the records of a search with their proofs, for an auditor who trusts nobody.
#[utoipa::path(post, path = "/evidence", tag = "jobs", operation_id = "evidence.create", request_body = EvidenceNew, responses((status = 200, body = JobView), (status = "default", body = Problem)))]
pub async fn evidence(State(server): State<Server>, Signed(caller): Signed, Json(new): Json<EvidenceNew>) -> Result<Json<JobView>> {
    Ok(Json(server.app.create_evidence(&caller, new).await?))
}

#[utoipa::path(get, path = "/jobs", tag = "jobs", operation_id = "jobs.list", responses((status = 200, body = JobList), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<JobList>> {
    Ok(Json(server.app.jobs(&caller).await?))
}

#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs", operation_id = "jobs.read", params(("id" = Uuid, Path)), responses((status = 200, body = JobView), (status = "default", body = Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Json<JobView>> {
    Ok(Json(server.app.job(&caller, id).await?))
}

#[utoipa::path(delete, path = "/jobs/{id}", tag = "jobs", operation_id = "jobs.cancel", params(("id" = Uuid, Path)), responses((status = 200, body = JobView), (status = "default", body = Problem)))]
pub async fn cancel(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Json<JobView>> {
    Ok(Json(server.app.cancel_job(&caller, id).await?))
}

/// The file a finished job wrote.
#[utoipa::path(get, path = "/jobs/{id}/file", tag = "jobs", operation_id = "jobs.file", params(("id" = Uuid, Path)), responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson"), (String = "application/zip"))), (status = "default", body = Problem)))]
pub async fn file(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Response> {
    let file = server.app.job_file(&caller, id).await?;
    let disposition = format!("attachment; filename=\"{}\"", file.name);
    Ok(([(header::CONTENT_TYPE, file.media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], file.bytes).into_response())
}
