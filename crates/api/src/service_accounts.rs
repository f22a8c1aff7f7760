//! Service accounts and their tokens.

use crate::{
    Server,
    input::{Json, Path},
    problem::{Problem, Result},
    signed::Signed,
};
use app::{
    service_accounts::{Rotation, ServiceAccountChange, ServiceAccountList, ServiceAccountNew, ServiceAccountView},
    tokens::{TokenNew, TokenShown},
};
use axum::{extract::State, http::StatusCode};
use uuid::Uuid;

/// All of them, or those of which one is the owner.
#[utoipa::path(get, path = "/service-accounts", tag = "members", operation_id = "service_accounts.list", responses((status = 200, body = ServiceAccountList), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<ServiceAccountList>> {
    Ok(Json(server.app.service_accounts(&caller).await?))
}

/// Makes one that reaches what its owner's role reaches.
#[utoipa::path(post, path = "/service-accounts", tag = "members", operation_id = "service_accounts.create", request_body = ServiceAccountNew, responses((status = 200, body = ServiceAccountView), (status = "default", body = Problem)))]
pub async fn create(State(server): State<Server>, Signed(caller): Signed, Json(new): Json<ServiceAccountNew>) -> Result<Json<ServiceAccountView>> {
    Ok(Json(server.app.create_service_account(&caller, new).await?))
}

/// Another owner of the same role; off or on.
#[utoipa::path(patch, path = "/service-accounts/{id}", tag = "members", operation_id = "service_accounts.update", params(("id" = Uuid, Path)), request_body = ServiceAccountChange, responses((status = 200, body = ServiceAccountView), (status = "default", body = Problem)))]
pub async fn update(
    State(server): State<Server>,
    Signed(caller): Signed,
    Path(id): Path<Uuid>,
    Json(change): Json<ServiceAccountChange>,
) -> Result<Json<ServiceAccountView>> {
    Ok(Json(server.app.update_service_account(&caller, id, change).await?))
}

/// A token, the only time it is shown. The owner makes it, for what he may do himself.
#[utoipa::path(post, path = "/service-accounts/{id}/tokens", tag = "members", operation_id = "service_accounts.tokens", params(("id" = Uuid, Path)), request_body = TokenNew, responses((status = 200, body = TokenShown), (status = "default", body = Problem)))]
pub async fn create_token(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>, Json(new): Json<TokenNew>) -> Result<Json<TokenShown>> {
    Ok(Json(server.app.create_service_token(&caller, id, new).await?))
}

/// Another secret; the one before opens beside it for as long as asked.
#[utoipa::path(post, path = "/service-accounts/{id}/tokens/{token}/rotate", tag = "members", operation_id = "service_accounts.tokens.rotate", params(("id" = Uuid, Path), ("token" = Uuid, Path)), request_body = Rotation, responses((status = 200, body = TokenShown), (status = "default", body = Problem)))]
pub async fn rotate_token(
    State(server): State<Server>,
    Signed(caller): Signed,
    Path((id, token)): Path<(Uuid, Uuid)>,
    Json(rotation): Json<Rotation>,
) -> Result<Json<TokenShown>> {
    Ok(Json(server.app.rotate_service_token(&caller, id, token, rotation).await?))
}

#[utoipa::path(delete, path = "/service-accounts/{id}/tokens/{token}", tag = "members", operation_id = "service_accounts.tokens.revoke", params(("id" = Uuid, Path), ("token" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn revoke_token(State(server): State<Server>, Signed(caller): Signed, Path((id, token)): Path<(Uuid, Uuid)>) -> Result<StatusCode> {
    server.app.revoke_service_token(&caller, id, token).await?;
    Ok(StatusCode::NO_CONTENT)
}
