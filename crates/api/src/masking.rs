//! Classes of fields, and reveals of masked values: members ask, privacy officers class and decide, auditors read.

use crate::{
    Server,
    input::{Json, Path, Query},
    problem::{Problem, Result},
    signed::Signed,
};
use app::masking::{FieldClassChange, FieldClassList, FieldClassView, MaskingView, RevealDecision, RevealList, RevealNew, RevealView};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// Whose fields.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Of {
    connector: String,
    /// Empty for records that name no object.
    object_type: String,
}

/// Connectors in use, and the object types their events name.
#[utoipa::path(get, path = "/masking", tag = "privacy", operation_id = "masking.list", responses((status = 200, body = MaskingView), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<MaskingView>> {
    Ok(Json(server.app.masking(&caller).await?))
}

/// The fields of an object type with their classes; names alone, no values.
#[utoipa::path(get, path = "/masking/fields", tag = "privacy", operation_id = "masking.fields", params(Of), responses((status = 200, body = FieldClassList), (status = "default", body = Problem)))]
pub async fn fields(State(server): State<Server>, Signed(caller): Signed, Query(of): Query<Of>) -> Result<Json<FieldClassList>> {
    Ok(Json(server.app.masking_fields(&caller, &of.connector, &of.object_type).await?))
}

/// Gives a field a class, or, without one, the shipped class again.
#[utoipa::path(patch, path = "/masking", tag = "privacy", operation_id = "masking.update", request_body = FieldClassChange, responses((status = 200, body = FieldClassView), (status = "default", body = Problem)))]
pub async fn update(State(server): State<Server>, Signed(caller): Signed, Json(change): Json<FieldClassChange>) -> Result<Json<FieldClassView>> {
    Ok(Json(server.app.change_field_class(&caller, change).await?))
}

/// Reveals masked values of an event to the member who asks, personal ones at once, sensitive ones after a second member's approval. The answer holds none of them.
#[utoipa::path(post, path = "/events/{position}/reveal", tag = "events", operation_id = "events.reveal", params(("position" = String, Path, example = "activity.0:41")), request_body = RevealNew, responses((status = 200, body = RevealView), (status = "default", body = Problem)))]
pub async fn reveal(
    State(server): State<Server>,
    Signed(caller): Signed,
    Path(position): Path<String>,
    Json(new): Json<RevealNew>,
) -> Result<Json<RevealView>> {
    Ok(Json(server.app.reveal(&caller, &position, new).await?))
}

/// Newest first: who, which fields of which event, why, and who decided. No values.
#[utoipa::path(get, path = "/reveals", tag = "privacy", operation_id = "reveals.list", responses((status = 200, body = RevealList), (status = "default", body = Problem)))]
pub async fn reveals(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<RevealList>> {
    Ok(Json(server.app.reveals(&caller).await?))
}

/// Approves or declines a request for sensitive values; never one's own.
#[utoipa::path(post, path = "/reveals/{id}/decision", tag = "privacy", operation_id = "reveals.decide", params(("id" = Uuid, Path)), request_body = RevealDecision, responses((status = 200, body = RevealView), (status = "default", body = Problem)))]
pub async fn decide(
    State(server): State<Server>,
    Signed(caller): Signed,
    Path(id): Path<Uuid>,
    Json(decision): Json<RevealDecision>,
) -> Result<Json<RevealView>> {
    Ok(Json(server.app.decide_reveal(&caller, id, decision).await?))
}
