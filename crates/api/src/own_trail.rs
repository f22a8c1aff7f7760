//! What members did in Veritrail.

use crate::{
    Server,
    input::Json,
    problem::{Problem, Result},
    signed::Signed,
};
use app::{digests::DigestList, own_trail::OwnTrail};
use axum::extract::{RawQuery, State};

/// Newest first; `member`, `operation`, `acts=administrators` (and the host's command line), `cursor`, `limit`.
#[utoipa::path(get, path = "/self", tag = "self", operation_id = "self.list", params(("member" = Option<uuid::Uuid>, Query), ("operation" = Option<String>, Query), ("acts" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = OwnTrail), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed, RawQuery(query): RawQuery) -> Result<Json<OwnTrail>> {
    Ok(Json(server.app.own_trail(&caller, &query.unwrap_or_default()).await?))
}

/// What administrators and the host's command line did, day by day, the newest first.
#[utoipa::path(get, path = "/digests", tag = "self", operation_id = "digests.list", responses((status = 200, body = DigestList), (status = "default", body = Problem)))]
pub async fn digests(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<DigestList>> {
    Ok(Json(server.app.digests(&caller).await?))
}
