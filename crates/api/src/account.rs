//! A member's own account: second factor, passkeys, programs' tokens and sessions.

use crate::{
    Server,
    input::{Json, Path},
    problem::{Problem, Result},
    session::Code,
    signed::Signed,
};
use app::{
    factors::{AccountView, Enrolment, RecoveryCodes},
    passkeys::{PasskeyCreation, PasskeyNew, PasskeyView},
    tokens::{TokenNew, TokenShown},
};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[utoipa::path(get, path = "/me/account", tag = "account", operation_id = "own.account", responses((status = 200, body = AccountView), (status = "default", body = Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<AccountView>> {
    Ok(Json(server.app.account(&caller).await?))
}

/// Begins the enrolment of an authenticator app. What it answers is shown only here.
#[utoipa::path(post, path = "/me/second-factor", tag = "account", operation_id = "own.factors", responses((status = 200, body = Enrolment), (status = "default", body = Problem)))]
pub async fn begin(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<Enrolment>> {
    Ok(Json(server.app.begin_factor(&caller).await?))
}

/// The app's first code: it is asked for at every sign-in from now on. Answers recovery codes, shown only here.
#[utoipa::path(post, path = "/me/second-factor/confirm", tag = "account", operation_id = "own.factors.confirm", request_body = Code, responses((status = 200, body = RecoveryCodes), (status = "default", body = Problem)))]
pub async fn confirm(State(server): State<Server>, Signed(caller): Signed, Json(given): Json<Code>) -> Result<Json<RecoveryCodes>> {
    Ok(Json(server.app.confirm_factor(&caller, &given.code).await?))
}

/// Takes the authenticator app and the recovery codes away.
#[utoipa::path(delete, path = "/me/second-factor", tag = "account", operation_id = "own.factors.remove", responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove(State(server): State<Server>, Signed(caller): Signed) -> Result<StatusCode> {
    server.app.remove_factor(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// New recovery codes in the place of all earlier ones.
#[utoipa::path(post, path = "/me/recovery-codes", tag = "account", operation_id = "own.factors.codes", responses((status = 200, body = RecoveryCodes), (status = "default", body = Problem)))]
pub async fn recovery_codes(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<RecoveryCodes>> {
    Ok(Json(server.app.renew_recovery_codes(&caller).await?))
}

/// Ends all of one's sessions but this one.
#[utoipa::path(delete, path = "/me/sessions", tag = "account", operation_id = "own.sign_out", responses((status = 204), (status = "default", body = Problem)))]
pub async fn end_others(State(server): State<Server>, Signed(caller): Signed) -> Result<StatusCode> {
    server.app.end_other_sessions(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "account", operation_id = "own.sign_out.one", params(("id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn end(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<StatusCode> {
    server.app.end_own_session(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins making a passkey.
#[utoipa::path(post, path = "/me/passkeys/options", tag = "account", operation_id = "own.factors.passkey_options", responses((status = 200, body = PasskeyCreation), (status = "default", body = Problem)))]
pub async fn passkey_options(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<PasskeyCreation>> {
    Ok(Json(server.app.passkey_creation(&caller).await?))
}

/// Registers a passkey just made.
#[utoipa::path(post, path = "/me/passkeys", tag = "account", operation_id = "own.factors.passkey", request_body = PasskeyNew, responses((status = 200, body = PasskeyView), (status = "default", body = Problem)))]
pub async fn add_passkey(State(server): State<Server>, Signed(caller): Signed, Json(new): Json<PasskeyNew>) -> Result<Json<PasskeyView>> {
    Ok(Json(server.app.add_passkey(&caller, new).await?))
}

#[utoipa::path(delete, path = "/me/passkeys/{id}", tag = "account", operation_id = "own.factors.passkey_remove", params(("id" = String, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_passkey(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<String>) -> Result<StatusCode> {
    server.app.remove_passkey(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A token for a program, sent as `Authorization: Bearer`. It is shown only here.
#[utoipa::path(post, path = "/me/tokens", tag = "account", operation_id = "own.tokens", request_body = TokenNew, responses((status = 200, body = TokenShown), (status = "default", body = Problem)))]
pub async fn create_token(State(server): State<Server>, Signed(caller): Signed, Json(new): Json<TokenNew>) -> Result<Json<TokenShown>> {
    Ok(Json(server.app.create_token(&caller, new).await?))
}

/// Another secret for the same token; its days begin anew.
#[utoipa::path(post, path = "/me/tokens/{id}/rotate", tag = "account", operation_id = "own.tokens.rotate", params(("id" = Uuid, Path)), responses((status = 200, body = TokenShown), (status = "default", body = Problem)))]
pub async fn rotate_token(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Json<TokenShown>> {
    Ok(Json(server.app.rotate_token(&caller, id).await?))
}

#[utoipa::path(delete, path = "/me/tokens/{id}", tag = "account", operation_id = "own.tokens.revoke", params(("id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn revoke_token(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<StatusCode> {
    server.app.revoke_token(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordNew {
    password: String,
}

/// Another password of one's own; all other sessions end.
#[utoipa::path(post, path = "/me/password", tag = "account", operation_id = "own.factors.password", request_body = PasswordNew, responses((status = 204), (status = "default", body = Problem)))]
pub async fn change_password(State(server): State<Server>, Signed(caller): Signed, Json(new): Json<PasswordNew>) -> Result<StatusCode> {
    server.app.change_password(&caller, new.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
