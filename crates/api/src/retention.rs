//! How long what is kept, and dropping what is older.

use crate::{
    Server,
    input::Json,
    problem::{Problem, Result},
    signed::Signed,
};
use app::{
    jobs::JobView,
    retention::{RetentionNew, RetentionView},
};
use axum::extract::State;

#[utoipa::path(get, path = "/retention", tag = "retention", operation_id = "retention.read", responses((status = 200, body = RetentionView), (status = "default", body = Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<RetentionView>> {
    Ok(Json(server.app.retention(&caller).await?))
}

/// Begins a dry run, or the job, which wants a dry run of the last 7 days first.
#[utoipa::path(post, path = "/retention", tag = "retention", operation_id = "retention.run", request_body = RetentionNew, responses((status = 200, body = JobView), (status = "default", body = Problem)))]
pub async fn run(State(server): State<Server>, Signed(caller): Signed, Json(new): Json<RetentionNew>) -> Result<Json<JobView>> {
    Ok(Json(server.app.run_retention(&caller, new).await?))
}
