//! Kept searches and their delivery.

use crate::{
    Server,
    input::{Json, Path},
    problem::{Problem, Result},
    signed::Signed,
};
use app::searches::{DeliveryPlan, DeliveryView, SearchList, SearchNew, SearchView};
use axum::{extract::State, http::StatusCode};
use uuid::Uuid;

/// One's own, and those shared with whoever asks.
#[utoipa::path(get, path = "/searches", tag = "events", operation_id = "searches.list", responses((status = 200, body = SearchList), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<SearchList>> {
    Ok(Json(server.app.searches(&caller).await?))
}

#[utoipa::path(post, path = "/searches", tag = "events", operation_id = "searches.create", request_body = SearchNew, responses((status = 200, body = SearchView), (status = "default", body = Problem)))]
pub async fn create(State(server): State<Server>, Signed(caller): Signed, Json(new): Json<SearchNew>) -> Result<Json<SearchView>> {
    Ok(Json(server.app.create_search(&caller, new).await?))
}

/// Writes all of it anew. Its owner's alone.
#[utoipa::path(put, path = "/searches/{id}", tag = "events", operation_id = "searches.update", params(("id" = Uuid, Path)), request_body = SearchNew, responses((status = 200, body = SearchView), (status = "default", body = Problem)))]
pub async fn update(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>, Json(new): Json<SearchNew>) -> Result<Json<SearchView>> {
    Ok(Json(server.app.update_search(&caller, id, new).await?))
}

#[utoipa::path(delete, path = "/searches/{id}", tag = "events", operation_id = "searches.remove", params(("id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<StatusCode> {
    server.app.remove_search(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has its answer made for whoever asks every day or week: an export, masked, within his own scope.
#[utoipa::path(put, path = "/searches/{id}/delivery", tag = "events", operation_id = "searches.deliver", params(("id" = Uuid, Path)), request_body = DeliveryPlan, responses((status = 200, body = DeliveryView), (status = "default", body = Problem)))]
pub async fn deliver(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>, Json(plan): Json<DeliveryPlan>) -> Result<Json<DeliveryView>> {
    Ok(Json(server.app.deliver_search(&caller, id, plan).await?))
}

#[utoipa::path(delete, path = "/searches/{id}/delivery", tag = "events", operation_id = "searches.deliver.end", params(("id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn end_delivery(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<StatusCode> {
    server.app.end_delivery(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
