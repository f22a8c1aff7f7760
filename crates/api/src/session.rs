//! Coming in: first run, sign-in, invitations.

use crate::{
    Server, cookie,
    input::{Json, Path},
    problem::{Problem, Result},
    signed::{Client, Signed},
};
use app::{
    members::{Acceptance, FirstRun, InvitedView},
    sessions::{SessionView, SignedIn},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct FirstRunNeeded {
    needed: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    email: String,
    password: String,
}

/// The session just begun: its cookie, and who is signed in.
fn begun(server: &Server, signed_in: SignedIn) -> Response {
    let cookie = cookie::set(Some(&signed_in.token), server.http.secure);
    ([(header::SET_COOKIE, cookie)], Json(signed_in.session)).into_response()
}

/// Whether there is no member yet.
#[utoipa::path(get, path = "/first-run", tag = "session", operation_id = "first_run.read", security(()), responses((status = 200, body = FirstRunNeeded)))]
pub async fn first_run(State(server): State<Server>) -> Result<Json<FirstRunNeeded>> {
    Ok(Json(FirstRunNeeded { needed: server.app.first_run_needed().await? }))
}

/// Makes the first administrator with the code that `veritrail init` printed.
#[utoipa::path(post, path = "/first-run", tag = "session", operation_id = "first_run.complete", security(()), request_body = FirstRun, responses((status = 200, body = SessionView), (status = "default", body = Problem)))]
pub async fn start(State(server): State<Server>, Client(address): Client, Json(given): Json<FirstRun>) -> Result<Response> {
    Ok(begun(&server, server.app.first_run(given, address).await?))
}

/// Who is signed in, and what his role allows.
#[utoipa::path(get, path = "/session", tag = "session", operation_id = "session.read", responses((status = 200, body = SessionView), (status = "default", body = Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<SessionView>> {
    Ok(Json(server.app.session_view(&caller.member).await?))
}

#[utoipa::path(post, path = "/session", tag = "session", operation_id = "session.create", security(()), request_body = Credentials, responses((status = 200, body = SessionView), (status = "default", body = Problem)))]
pub async fn sign_in(State(server): State<Server>, Client(address): Client, Json(given): Json<Credentials>) -> Result<Response> {
    Ok(begun(&server, server.app.sign_in(&given.email, &given.password, address).await?))
}

#[utoipa::path(delete, path = "/session", tag = "session", operation_id = "session.delete", responses((status = 204), (status = "default", body = Problem)))]
pub async fn sign_out(State(server): State<Server>, Signed(caller): Signed, headers: HeaderMap) -> Result<Response> {
    let token = cookie::read(&headers, server.http.secure).ok_or_else(Problem::not_signed_in)?;
    server.app.sign_out(&caller.member, token).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie::set(None, server.http.secure))]).into_response())
}

/// What an invitation's link offers.
#[utoipa::path(get, path = "/invitations/{token}", tag = "session", operation_id = "invitation.read", security(()), params(("token" = String, Path)), responses((status = 200, body = InvitedView), (status = "default", body = Problem)))]
pub async fn invitation(State(server): State<Server>, Path(token): Path<String>) -> Result<Json<InvitedView>> {
    Ok(Json(server.app.invitation(&token).await?))
}

#[utoipa::path(post, path = "/invitations/accept", tag = "session", operation_id = "invitation.accept", security(()), request_body = Acceptance, responses((status = 200, body = SessionView), (status = "default", body = Problem)))]
pub async fn accept(State(server): State<Server>, Client(address): Client, Json(given): Json<Acceptance>) -> Result<Response> {
    Ok(begun(&server, server.app.accept(given, address).await?))
}
