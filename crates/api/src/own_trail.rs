//! What members did in Veritrail.

use crate::{
    Server,
    input::Json,
    problem::{Problem, Result},
    signed::Signed,
};
use app::own_trail::OwnTrail;
use axum::extract::{RawQuery, State};

/// Newest first; `member`, `operation`, `cursor`, `limit`.
#[utoipa::path(get, path = "/self", tag = "self", operation_id = "self.list", params(("member" = Option<uuid::Uuid>, Query), ("operation" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = OwnTrail), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed, RawQuery(query): RawQuery) -> Result<Json<OwnTrail>> {
    Ok(Json(server.app.own_trail(&caller, &query.unwrap_or_default()).await?))
}
