//! API tokens: what a member lets his programs do for him, and no more. Shown once, kept as a hash.

use crate::{
    App, AppError, Caller, Entry, Operation, Result,
    door::Width,
    sessions::{fresh_token, hash, may_sign_in},
};
use model::{DAY, MINUTE, Member, Micros, time::rfc3339};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{
    records::{ApiToken, ApiTokens, Members},
    sql::Unit,
};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// What tokens begin with, so that scanners of leaked secrets know them.
const PREFIX: &str = "vta_";
const MAX_NAME_CHARS: usize = 100;
const MOST_DAYS: u32 = 365;
const MOST_TOKENS: usize = 50;

/// What a program may do for a member, and for how long.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenNew {
    pub name: String,
    /// Those the member may use himself, but none that is dangerous and none of his account.
    pub operations: Vec<String>,
    /// 1 to 365.
    pub days: u32,
}

/// A token, the only time it is shown.
#[derive(Clone, Serialize, ToSchema)]
pub struct TokenShown {
    pub id: Uuid,
    pub token: String,
    pub expires: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenView {
    pub id: Uuid,
    pub name: String,
    pub operations: Vec<String>,
    pub created: String,
    pub expires: String,
    pub last_used: Option<String>,
    pub revoked: Option<String>,
}

impl From<ApiToken> for TokenView {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            operations: token.operations,
            created: rfc3339(token.created),
            expires: rfc3339(token.expires),
            last_used: token.last_used.map(rfc3339),
            revoked: token.revoked.map(rfc3339),
        }
    }
}

impl App {
    pub(crate) async fn token_views(&self, member: Uuid) -> Result<Vec<TokenView>> {
        Ok(self.records.api_tokens_of(member).await?.into_iter().map(TokenView::from).collect())
    }

    pub async fn create_token(&self, caller: &Caller, new: TokenNew) -> Result<TokenShown> {
        let made = Making::of(&new);
        let work = async |unit: &Unit| self.make_token(unit, &caller.member, &new, &made).await;
        let expires = self.change(caller, Operation::OwnTokens, ("token", made.id), made.detail.clone(), work).await?;
        Ok(made.shown(expires))
    }

    /// Another secret for the same token, and its days begin anew. The secret before opens nothing from now on.
    pub async fn rotate_token(&self, caller: &Caller, id: Uuid) -> Result<TokenShown> {
        let secret = fresh_token();
        let work = async |unit: &Unit| self.renew_token(unit, caller.member.id, id, &secret, 0).await;
        let expires = self.change(caller, Operation::OwnTokens, ("token", id), json!({ "rotated": id }), work).await?;
        Ok(TokenShown { id, token: shown(id, &secret), expires: rfc3339(expires) })
    }

    pub async fn revoke_token(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let work = async |unit: &Unit| {
            let revoked = unit.revoke_api_token(caller.member.id, id, self.now()).await?;
            if revoked { Ok(()) } else { Err(AppError::not_found("token of yours in use with this id")) }
        };
        self.change(caller, Operation::OwnTokens, ("token", id), json!({ "revoked": id }), work).await
    }

    /// Adds a token of this member; when it ends.
    pub(crate) async fn make_token(&self, unit: &Unit, member: &Member, new: &TokenNew, made: &Making) -> Result<Micros> {
        let (name, now) = (new.name.trim(), self.now());
        if !(1..=MAX_NAME_CHARS).contains(&name.chars().count()) {
            return Err(AppError::invalid("name", format!("a token's name has 1 to {MAX_NAME_CHARS} characters; name the program")));
        }
        let expires = now + checked_days(new.days)?;
        let operations = self.grantable(member, &new.operations)?;
        let live = unit.api_tokens_of(member.id).await?.into_iter().filter(|t| t.revoked.is_none() && t.expires > now).count();
        if live >= MOST_TOKENS {
            return Err(AppError::Conflict(format!("{MOST_TOKENS} tokens are enough; revoke one first")));
        }
        let token = ApiToken {
            id: made.id,
            member: member.id,
            name: name.to_owned(),
            hash: hash(&made.secret),
            before: None,
            operations: operations.into_iter().map(|o| o.name().to_owned()).collect(),
            created: now,
            expires,
            last_used: None,
            revoked: None,
        };
        unit.add_api_token(&token).await?;
        Ok(expires)
    }

    /// Gives a token another secret, beside which the one before opens for this much longer; when it ends.
    pub(crate) async fn renew_token(&self, unit: &Unit, member: Uuid, id: Uuid, secret: &str, overlap: Micros) -> Result<Micros> {
        let (gone, now) = (|| AppError::not_found("token in use with this id"), self.now());
        let token = unit.api_token(id).await?.filter(|t| t.member == member).ok_or_else(gone)?;
        let renewed = ApiToken {
            hash: hash(secret),
            before: (overlap > 0 && now < token.expires).then_some((token.hash, (now + overlap).min(token.expires))),
            created: now,
            expires: now + (token.expires - token.created).clamp(DAY, i64::from(MOST_DAYS) * DAY),
            ..token
        };
        if unit.rotate_api_token(&renewed).await? { Ok(renewed.expires) } else { Err(gone()) }
    }

    /// The member a token stands for, and what for; `None` for one that is wrong, revoked or too old.
    pub async fn token(&self, token: &str) -> Result<Option<(Member, Entry)>> {
        let Some((id, secret)) = token.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')) else { return Ok(None) };
        let Ok(id) = Uuid::try_parse(id) else { return Ok(None) };
        let known = self.records.api_token(id).await?;
        // A token that is not there is compared too, so that time does not tell.
        let (given, now) = (hash(secret), self.now());
        let expected = known.as_ref().map_or([0; 32], |t| t.hash);
        let before = known.as_ref().and_then(|t| t.before).filter(|(_, until)| now < *until).map_or([0; 32], |(hash, _)| hash);
        let same: bool = (given.ct_eq(&expected) | given.ct_eq(&before)).into();
        let Some(token) = known.filter(|t| same && is_live(t, now)) else { return Ok(None) };
        let Some(member) = self.records.member(token.member).await?.filter(|m| may_sign_in(m, now)) else { return Ok(None) };
        if token.last_used.is_none_or(|used| now - used >= MINUTE) {
            self.records.api_token_used(id, now).await?;
        }
        let operations = token.operations.iter().filter_map(|name| Operation::from_name(name)).collect();
        Ok(Some((member, Entry::Token { id, operations })))
    }

    pub(crate) async fn token_lives(&self, id: Uuid) -> Result<bool> {
        Ok(self.records.api_token(id).await?.is_some_and(|t| is_live(&t, self.now())))
    }

    /// These operations, where the member may use them himself and let a program use them.
    fn grantable(&self, member: &Member, names: &[String]) -> Result<Vec<Operation>> {
        if names.is_empty() {
            return Err(AppError::invalid("operations", "name what the token is for"));
        }
        let mut operations = Vec::new();
        for name in names {
            let operation = Operation::from_name(name).filter(|o| o.for_programs());
            let allowed = match operation {
                Some(operation) => self.door.policy.width(member, operation, self.now())? != Width::No,
                None => false,
            };
            match operation.filter(|_| allowed) {
                Some(operation) => operations.push(operation),
                None => return Err(AppError::invalid("operations", format!("'{name}' is nothing you can let a program do"))),
            }
        }
        operations.sort();
        operations.dedup();
        Ok(operations)
    }
}

/// A token about to be made.
pub(crate) struct Making {
    pub id: Uuid,
    secret: String,
    /// What the trail says of it.
    pub detail: Value,
}

impl Making {
    pub fn of(new: &TokenNew) -> Self {
        let id = Uuid::now_v7();
        Self { id, secret: fresh_token(), detail: json!({ "made": id, "operations": new.operations, "days": new.days }) }
    }

    pub fn shown(self, expires: Micros) -> TokenShown {
        TokenShown { id: self.id, token: shown(self.id, &self.secret), expires: rfc3339(expires) }
    }
}

fn is_live(token: &ApiToken, now: Micros) -> bool {
    token.revoked.is_none() && now < token.expires
}

fn checked_days(days: u32) -> Result<Micros> {
    if (1..=MOST_DAYS).contains(&days) { Ok(i64::from(days) * DAY) } else { Err(AppError::invalid("days", format!("a token lasts 1 to {MOST_DAYS} days"))) }
}

pub(crate) fn shown(id: Uuid, secret: &str) -> String {
    format!("{PREFIX}{}_{secret}", id.simple())
}
