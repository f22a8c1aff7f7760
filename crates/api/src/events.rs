//! Finding, reading and proving events.

use crate::{
    Server,
    input::{Json, Path},
    problem::Result,
    signed::Signed,
};
use app::events::{EventCount, EventDetail, EventPage, Facets, Histogram, ProofView};
use axum::extract::{RawQuery, State};

/// The question: `from`, `until`, `filter=FIELD:VALUE` (repeated), `q`, `min_rows`, `cursor`, `limit`. Newest first.
#[utoipa::path(get, path = "/events", tag = "events", operation_id = "events.search", params(crate::openapi::EventQueryParams), responses((status = 200, body = EventPage), (status = "default", body = crate::problem::Problem)))]
pub async fn search(State(server): State<Server>, Signed(caller): Signed, RawQuery(query): RawQuery) -> Result<Json<EventPage>> {
    Ok(Json(server.app.search_events(&caller, &query.unwrap_or_default()).await?))
}

#[utoipa::path(get, path = "/events/count", tag = "events", operation_id = "events.count", params(crate::openapi::EventQueryParams), responses((status = 200, body = EventCount), (status = "default", body = crate::problem::Problem)))]
pub async fn count(State(server): State<Server>, Signed(caller): Signed, RawQuery(query): RawQuery) -> Result<Json<EventCount>> {
    Ok(Json(server.app.count_events(&caller, &query.unwrap_or_default()).await?))
}

/// Most frequent values of the fields named in `fields` (comma-separated), with counts.
#[utoipa::path(get, path = "/events/facets", tag = "events", operation_id = "events.facets", params(crate::openapi::EventQueryParams, ("fields" = String, Query)), responses((status = 200, body = Facets), (status = "default", body = crate::problem::Problem)))]
pub async fn facets(State(server): State<Server>, Signed(caller): Signed, RawQuery(query): RawQuery) -> Result<Json<Facets>> {
    Ok(Json(server.app.event_facets(&caller, &query.unwrap_or_default()).await?))
}

/// Events over time by outcome; 30 to 120 bars unless `interval_secs` says otherwise.
#[utoipa::path(get, path = "/events/histogram", tag = "events", operation_id = "events.histogram", params(crate::openapi::EventQueryParams, ("interval_secs" = Option<i64>, Query)), responses((status = 200, body = Histogram), (status = "default", body = crate::problem::Problem)))]
pub async fn histogram(State(server): State<Server>, Signed(caller): Signed, RawQuery(query): RawQuery) -> Result<Json<Histogram>> {
    Ok(Json(server.app.event_histogram(&caller, &query.unwrap_or_default()).await?))
}

/// One event as its reader may see it.
#[utoipa::path(get, path = "/events/{position}", tag = "events", operation_id = "events.read", params(("position" = String, Path, example = "activity.0:41")), responses((status = 200, body = EventDetail), (status = "default", body = crate::problem::Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed, Path(position): Path<String>) -> Result<Json<EventDetail>> {
    Ok(Json(server.app.event(&caller, &position).await?))
}

/// The event's inclusion proof under the newest checkpoint; 409 until a checkpoint covers it.
#[utoipa::path(get, path = "/events/{position}/proof", tag = "events", operation_id = "events.prove", params(("position" = String, Path, example = "activity.0:41")), responses((status = 200, body = ProofView), (status = "default", body = crate::problem::Problem)))]
pub async fn proof(State(server): State<Server>, Signed(caller): Signed, Path(position): Path<String>) -> Result<Json<ProofView>> {
    Ok(Json(server.app.prove_event(&caller, &position).await?))
}

/// The events of the person the member is.
#[utoipa::path(get, path = "/me/activity", tag = "events", operation_id = "own.events", params(crate::openapi::EventQueryParams), responses((status = 200, body = EventPage), (status = "default", body = crate::problem::Problem)))]
pub async fn own(State(server): State<Server>, Signed(caller): Signed, RawQuery(query): RawQuery) -> Result<Json<EventPage>> {
    Ok(Json(server.app.own_events(&caller, &query.unwrap_or_default()).await?))
}
