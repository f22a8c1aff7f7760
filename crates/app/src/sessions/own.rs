//! Sessions as lists: a member's own, and what an administrator sees and ends of others'.

use super::{Session, fresh_token, hash};
use crate::{App, AppError, Caller, Operation, Result};
use model::time::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{
    records::{Members, Sessions},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// One session: where and when it was begun, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionItem {
    pub id: Uuid,
    pub created: String,
    pub last_used: String,
    pub address: Option<String>,
    /// What the browser called itself.
    pub agent: Option<String>,
    /// The one that asks.
    pub current: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionItems {
    pub items: Vec<SessionItem>,
}

/// How a member shows again that it is he: by his password, or by a code of his app.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    #[serde(default)]
    pub password: Option<String>,
    #[serde(default)]
    pub code: Option<String>,
}

impl App {
    /// A member's sessions that are not void, the last used first.
    pub(crate) async fn session_items(&self, member: Uuid, caller: &Caller) -> Result<Vec<SessionItem>> {
        let now = self.now();
        let current = caller.entry.session();
        let sessions = self.records.sessions_of(member).await?;
        Ok(sessions.into_iter().filter(|s| self.is_fresh(s, now)).map(|s| item(s, current)).collect())
    }

    pub async fn sessions_of_member(&self, caller: &Caller, member: Uuid) -> Result<SessionItems> {
        self.read(caller, Operation::MembersSessions, ("member", member), Value::Null).await?;
        self.records.member(member).await?.ok_or_else(|| AppError::not_found("member"))?;
        Ok(SessionItems { items: self.session_items(member, caller).await? })
    }

    /// Ends every session of a member, and his programs' tokens.
    pub async fn end_sessions_of_member(&self, caller: &Caller, member: Uuid) -> Result<()> {
        self.change(caller, Operation::MembersSignOut, ("member", member), Value::Null, async |unit: &Unit| {
            unit.member(member).await?.ok_or_else(|| AppError::not_found("member"))?;
            self.put_out(unit, member).await
        })
        .await
    }

    pub async fn end_own_session(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let work = async |unit: &Unit| {
            if unit.end_session_of(caller.member.id, id).await? { Ok(()) } else { Err(AppError::not_found("session of yours with this id")) }
        };
        self.change(caller, Operation::OwnSignOut, ("session", id), Value::Null, work).await
    }

    /// Ends all of the member's sessions but the one that asks.
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<()> {
        self.change(caller, Operation::OwnSignOut, (), json!({ "which": "others" }), async |unit: &Unit| {
            match caller.entry.session() {
                Some(current) => unit.end_other_sessions_of(caller.member.id, current).await?,
                None => unit.end_sessions_of(caller.member.id).await?,
            };
            Ok(())
        })
        .await
    }

    /// The member shows again who he is: dangerous operations are allowed for a while. The session goes on under the token that is answered; the one
    /// it had is void.
    ///
    /// # Errors
    /// `Invalid` for a wrong password or code; `TooMany` after several.
    pub async fn confirm_session(&self, caller: &Caller, token: &str, proof: Proof) -> Result<String> {
        self.allowed(caller, Operation::SessionConfirm, ()).await?;
        if caller.entry.session().is_none() {
            return Err(AppError::Conflict("only a session can be confirmed".into()));
        }
        let account = format!("confirmation of {}", caller.member.id);
        self.throttle(&account, caller.address.as_deref()).await?;
        let by_password = match proof.password.clone() {
            Some(password) => {
                let kept = self.records.member_to_sign_in(&caller.member.email).await?.map(|(_, hash)| hash);
                self.passwords.verify(password, kept).await?
            }
            None => false,
        };
        let renewed = fresh_token();
        let work = async |unit: &Unit| {
            let right = by_password
                || match &proof.code {
                    Some(code) if proof.password.is_none() => self.use_code(unit, caller.member.id, code).await?,
                    _ => false,
                };
            if !right {
                let field = if proof.code.is_some() && proof.password.is_none() { "code" } else { "password" };
                return Err(AppError::invalid(field, "this is not right; try again"));
            }
            Ok(unit.session_shown(&hash(token), &hash(&renewed), self.now()).await?)
        };
        self.change(caller, Operation::SessionConfirm, (), Value::Null, work).await?;
        self.forget_attempts(&account, caller.address.as_deref()).await?;
        Ok(renewed)
    }
}

fn item(session: Session, current: Option<Uuid>) -> SessionItem {
    SessionItem {
        id: session.id,
        created: rfc3339(session.created),
        last_used: rfc3339(session.last_used),
        address: session.address,
        agent: session.agent,
        current: current == Some(session.id),
    }
}
