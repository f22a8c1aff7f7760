//! Alerts, and the rules that raise them.

use crate::{
    Server,
    input::{Json, Path},
    problem::{Problem, Result},
    signed::Signed,
};
use app::{
    alerts::{AlertChange, AlertDetail, AlertPage, AlertView},
    rules::RuleList,
};
use axum::extract::{RawQuery, State};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Newest first; `status`, `severity`, `cursor`, `limit`.
#[utoipa::path(get, path = "/alerts", tag = "alerts", operation_id = "alerts.list", params(("status" = Option<String>, Query), ("severity" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = AlertPage), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed, RawQuery(query): RawQuery) -> Result<Json<AlertPage>> {
    Ok(Json(server.app.alerts(&caller, &query.unwrap_or_default()).await?))
}

#[utoipa::path(get, path = "/alerts/{id}", tag = "alerts", operation_id = "alerts.read", params(("id" = Uuid, Path)), responses((status = 200, body = AlertDetail), (status = "default", body = Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Json<AlertDetail>> {
    Ok(Json(server.app.alert(&caller, id).await?))
}

#[utoipa::path(patch, path = "/alerts/{id}", tag = "alerts", operation_id = "alerts.update", params(("id" = Uuid, Path)), request_body = AlertChange, responses((status = 200, body = AlertView), (status = "default", body = Problem)))]
pub async fn update(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>, Json(change): Json<AlertChange>) -> Result<Json<AlertView>> {
    Ok(Json(server.app.update_alert(&caller, id, change).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// `true`, `expected` or `noise`.
    verdict: String,
    note: Option<String>,
}

#[utoipa::path(post, path = "/alerts/{id}/verdict", tag = "alerts", operation_id = "alerts.judge", params(("id" = Uuid, Path)), request_body = Judgement, responses((status = 200, body = AlertView), (status = "default", body = Problem)))]
pub async fn judge(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>, Json(judgement): Json<Judgement>) -> Result<Json<AlertView>> {
    Ok(Json(server.app.judge_alert(&caller, id, &judgement.verdict, judgement.note).await?))
}

#[utoipa::path(get, path = "/rules", tag = "alerts", operation_id = "rules.list", responses((status = 200, body = RuleList), (status = "default", body = Problem)))]
pub async fn rules(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<RuleList>> {
    Ok(Json(server.app.rules(&caller).await?))
}
