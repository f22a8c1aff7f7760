//! Erasures and legal holds, for privacy officers; auditors read them.

use crate::{
    Server,
    input::{Json, Path, Query},
    problem::{Problem, Result},
    signed::Signed,
};
use app::erasures::{ErasureList, ErasureNew, ErasurePreview, ErasureView, HoldList, HoldNew, HoldView};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// A person, or one account or record.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Whom {
    person: Option<Uuid>,
    subject: Option<Uuid>,
}

/// Newest first.
#[utoipa::path(get, path = "/erasures", tag = "privacy", operation_id = "erasures.list", responses((status = 200, body = ErasureList), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<ErasureList>> {
    Ok(Json(server.app.erasures(&caller).await?))
}

/// What an erasure would take away, and what forbids it.
#[utoipa::path(get, path = "/erasures/preview", tag = "privacy", operation_id = "erasures.preview", params(Whom), responses((status = 200, body = ErasurePreview), (status = "default", body = Problem)))]
pub async fn preview(State(server): State<Server>, Signed(caller): Signed, Query(whom): Query<Whom>) -> Result<Json<ErasurePreview>> {
    Ok(Json(server.app.preview_erasure(&caller, whom.person, whom.subject).await?))
}

/// Makes a person's values unreadable for ever. Events and their proofs stay.
#[utoipa::path(post, path = "/erasures", tag = "privacy", operation_id = "erasures.create", request_body = ErasureNew, responses((status = 200, body = ErasureView), (status = "default", body = Problem)))]
pub async fn create(State(server): State<Server>, Signed(caller): Signed, Json(new): Json<ErasureNew>) -> Result<Json<ErasureView>> {
    Ok(Json(server.app.create_erasure(&caller, new).await?))
}

#[utoipa::path(get, path = "/erasures/{id}", tag = "privacy", operation_id = "erasures.read", params(("id" = Uuid, Path)), responses((status = 200, body = ErasureView), (status = "default", body = Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Json<ErasureView>> {
    Ok(Json(server.app.erasure(&caller, id).await?))
}

/// Newest first, released ones too.
#[utoipa::path(get, path = "/holds", tag = "privacy", operation_id = "holds.list", responses((status = 200, body = HoldList), (status = "default", body = Problem)))]
pub async fn holds(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<HoldList>> {
    Ok(Json(server.app.holds(&caller).await?))
}

/// Forbids erasure of what it names until it is released.
#[utoipa::path(post, path = "/holds", tag = "privacy", operation_id = "holds.create", request_body = HoldNew, responses((status = 200, body = HoldView), (status = "default", body = Problem)))]
pub async fn hold(State(server): State<Server>, Signed(caller): Signed, Json(new): Json<HoldNew>) -> Result<Json<HoldView>> {
    Ok(Json(server.app.create_hold(&caller, new).await?))
}

#[utoipa::path(post, path = "/holds/{id}/release", tag = "privacy", operation_id = "holds.release", params(("id" = Uuid, Path)), responses((status = 200, body = HoldView), (status = "default", body = Problem)))]
pub async fn release(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Json<HoldView>> {
    Ok(Json(server.app.release_hold(&caller, id).await?))
}
