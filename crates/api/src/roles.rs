//! Who may do what, and why, for auditors and administrators.

use crate::{
    Server,
    input::{Json, Path, Query},
    problem::{Problem, Result},
    signed::Signed,
};
use app::roles::{Explained, RoleTable};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// As in the table.
    operation: String,
}

/// Every operation, and how far each role reaches with it.
#[utoipa::path(get, path = "/roles", tag = "members", operation_id = "roles.read", responses((status = 200, body = RoleTable), (status = "default", body = Problem)))]
pub async fn table(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<RoleTable>> {
    Ok(Json(server.app.role_table(&caller).await?))
}

/// Why a member may do something now, or may not.
#[utoipa::path(get, path = "/members/{id}/rights", tag = "members", operation_id = "roles.explain", params(("id" = Uuid, Path), Asked), responses((status = 200, body = Explained), (status = "default", body = Problem)))]
pub async fn explain(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>, Query(asked): Query<Asked>) -> Result<Json<Explained>> {
    Ok(Json(server.app.explain(&caller, id, &asked.operation).await?))
}
