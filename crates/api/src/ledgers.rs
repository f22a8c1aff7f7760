//! The ledgers' state, and proof that they only grew.

use crate::{
    Server,
    input::{Json, Path, Query},
    problem::{Problem, Result},
    signed::Signed,
};
use app::ledgers::{ConsistencyView, Ledgers};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

#[utoipa::path(get, path = "/ledgers", tag = "ledgers", operation_id = "ledgers.list", responses((status = 200, body = Ledgers), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<Ledgers>> {
    Ok(Json(server.app.ledgers(&caller).await?))
}

/// Two sizes of a ledger, in records.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Between {
    /// Of the checkpoint somebody kept.
    pub from: u64,
    /// The newest checkpoint's where left out.
    pub to: Option<u64>,
}

/// The consistency proof between two sizes of a ledger: what was signed at `from` records is the beginning of what is signed now. 409 before the first checkpoint.
#[utoipa::path(get, path = "/ledgers/{name}/consistency", tag = "ledgers", operation_id = "ledgers.prove", params(("name" = String, Path, example = "activity"), Between), responses((status = 200, body = ConsistencyView), (status = "default", body = Problem)))]
pub async fn consistency(
    State(server): State<Server>,
    Signed(caller): Signed,
    Path(name): Path<String>,
    Query(Between { from, to }): Query<Between>,
) -> Result<Json<ConsistencyView>> {
    Ok(Json(server.app.prove_growth(&caller, &name, from, to).await?))
}
