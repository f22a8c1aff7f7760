//! The searchable view of the trail, and building it anew.

use crate::{
    Server,
    input::Json,
    problem::{Problem, Result},
    signed::Signed,
};
use app::{index::IndexView, jobs::JobView};
use axum::extract::State;

#[utoipa::path(get, path = "/index", tag = "index", operation_id = "index.read", responses((status = 200, body = IndexView), (status = "default", body = Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<IndexView>> {
    Ok(Json(server.app.index(&caller).await?))
}

/// Builds the searchable view anew from the trail, beside the one that answers searches meanwhile.
#[utoipa::path(post, path = "/index/rebuild", tag = "index", operation_id = "index.rebuild", responses((status = 200, body = JobView), (status = "default", body = Problem)))]
pub async fn rebuild(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<JobView>> {
    Ok(Json(server.app.rebuild_index(&caller).await?))
}

/// Stops it; the view stays the one there is.
#[utoipa::path(delete, path = "/index/rebuild", tag = "index", operation_id = "index.rebuild.cancel", responses((status = 200, body = JobView), (status = "default", body = Problem)))]
pub async fn cancel(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<JobView>> {
    Ok(Json(server.app.cancel_rebuild(&caller).await?))
}
