//! Members and invitations, for administrators.

use crate::{
    Server,
    input::{Json, Path},
    problem::{Problem, Result},
    signed::Signed,
};
use app::members::{Invite, InviteLink, MemberChange, MemberList, MemberView};
use axum::extract::State;
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
