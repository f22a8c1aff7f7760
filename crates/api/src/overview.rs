//! The first page, and the search that finds everything.

use crate::{
    Server,
    input::Json,
    problem::{Problem, Result},
    signed::Signed,
};
use app::{overview::Overview, search::Found};
use axum::extract::{RawQuery, State};

#[utoipa::path(get, path = "/overview", tag = "overview", operation_id = "overview.read", params(("from" = Option<String>, Query), ("until" = Option<String>, Query)), responses((status = 200, body = Overview), (status = "default", body = Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed, RawQuery(query): RawQuery) -> Result<Json<Overview>> {
    Ok(Json(server.app.overview(&caller, &query.unwrap_or_default()).await?))
}

/// People, records, events by position, alerts and pages.
#[utoipa::path(get, path = "/search", tag = "overview", operation_id = "search.everything", params(("q" = String, Query)), responses((status = 200, body = Found), (status = "default", body = Problem)))]
pub async fn search(State(server): State<Server>, Signed(caller): Signed, RawQuery(query): RawQuery) -> Result<Json<Found>> {
    Ok(Json(server.app.search_everything(&caller, &query.unwrap_or_default()).await?))
}
