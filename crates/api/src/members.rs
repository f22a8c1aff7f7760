//! Members and invitations, for administrators.

use crate::{
    Server,
    input::{Json, Path},
    problem::{Problem, Result},
    signed::Signed,
};
use app::{
    members::{Invite, InviteLink, MemberChange, MemberList, MemberView},
    sessions::SessionItems,
};
use axum::{extract::State, http::StatusCode};
use uuid::Uuid;

#[utoipa::path(get, path = "/members", tag = "members", operation_id = "members.list", responses((status = 200, body = MemberList), (status = "default", body = Problem)))]
pub async fn list(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<MemberList>> {
    Ok(Json(server.app.members(&caller).await?))
}

/// A link that makes one member once, within a week. It is shown only here.
#[utoipa::path(post, path = "/members/invitations", tag = "members", operation_id = "members.invite", request_body = Invite, responses((status = 200, body = InviteLink), (status = "default", body = Problem)))]
pub async fn invite(State(server): State<Server>, Signed(caller): Signed, Json(invite): Json<Invite>) -> Result<Json<InviteLink>> {
    Ok(Json(server.app.invite(&caller, invite).await?))
}

#[utoipa::path(patch, path = "/members/{id}", tag = "members", operation_id = "members.update", params(("id" = Uuid, Path)), request_body = MemberChange, responses((status = 200, body = MemberView), (status = "default", body = Problem)))]
pub async fn update(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>, Json(change): Json<MemberChange>) -> Result<Json<MemberView>> {
    Ok(Json(server.app.update_member(&caller, id, change).await?))
}

#[utoipa::path(get, path = "/members/{id}/sessions", tag = "members", operation_id = "members.sessions", params(("id" = Uuid, Path)), responses((status = 200, body = SessionItems), (status = "default", body = Problem)))]
pub async fn sessions(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Json<SessionItems>> {
    Ok(Json(server.app.sessions_of_member(&caller, id).await?))
}

/// Signs a member out everywhere.
#[utoipa::path(delete, path = "/members/{id}/sessions", tag = "members", operation_id = "members.sign_out", params(("id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn sign_out(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<StatusCode> {
    server.app.end_sessions_of_member(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a member's second factor away, who lost his phone and his recovery codes; his sessions end.
#[utoipa::path(delete, path = "/members/{id}/second-factor", tag = "members", operation_id = "members.factors", params(("id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn reset_factor(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<StatusCode> {
    server.app.reset_factor(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
