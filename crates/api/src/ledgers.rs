//! The ledgers' state.

use crate::{
    Server,
    input::Json,
    problem::{Problem, Result},
    signed::Signed,
};
use app::ledgers::Ledgers;
use axum::extract::State;

#[utoipa::path(get, path = "/ledgers", tag = "ledgers", operation_id = "ledgers.list", responses((status = 200, body = Ledgers), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<Ledgers>> {
    Ok(Json(server.app.ledgers(&caller).await?))
}
