//! Service accounts: programs that are members of their own, so that they outlive who set them up, and what they do stands in the trail under their name.
//!
//! An administrator makes one and names its owner; the account has the owner's role and departments. Only the owner makes tokens of it: an
//! administrator gets at nothing by it that his own role does not reach.

use crate::{
    App, AppError, Caller, Operation, Result,
    sessions::{fresh_token, may_sign_in},
    tokens::{self, Making, TokenNew, TokenShown, TokenView},
    view::Named,
};
use model::{HOUR, Member, MemberKind, Micros, time::rfc3339};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use store::{
    records::{ApiTokens, Members, ServiceAccount, ServiceAccounts},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

#[cfg(test)]
mod tests;

const MAX_NAME_CHARS: usize = 40;
/// How long the secret before may open beside a new one.
const MOST_OVERLAP_HOURS: u32 = 72;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServiceAccountView {
    pub id: Uuid,
    pub name: String,
    #[schema(schema_with = crate::view::words::role)]
    pub role: &'static str,
    pub owner: Named,
    /// The owner may not sign in any more, or has another role by now: name somebody else.
    pub orphaned: bool,
    pub active: bool,
    /// Who asks is the owner, and makes its tokens.
    pub own: bool,
    pub created: String,
    pub tokens: Vec<TokenView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServiceAccountList {
    pub items: Vec<ServiceAccountView>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountNew {
    /// 2 to 40 lower-case letters, digits and hyphens: `siem-export`.
    pub name: String,
    /// The member who answers for it. It has his role and sees his departments.
    pub owner: Uuid,
}

/// What to change; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountChange {
    /// Another member of the same role.
    #[serde(default)]
    pub owner: Option<Uuid>,
    /// Switching it off revokes its tokens.
    #[serde(default)]
    pub active: Option<bool>,
}

/// How a token of a service account is rotated.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// The secret before opens for so long beside the new one: 0 to 72.
    pub overlap_hours: u32,
}

impl App {
    /// All of them, or those that the member owns.
    pub async fn service_accounts(&self, caller: &Caller) -> Result<ServiceAccountList> {
        let scope = self.read(caller, Operation::ServiceAccountsList, (), Value::Null).await?;
        let all = scope == model::Scope::everything();
        let members: HashMap<Uuid, Member> = self.records.members().await?.into_iter().map(|m| (m.id, m)).collect();
        let mut items = Vec::new();
        for account in self.records.service_accounts().await? {
            if all || account.owner == caller.member.id {
                items.push(self.service_account_view(account, &members, caller).await?);
            }
        }
        items.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(ServiceAccountList { items })
    }

    pub async fn create_service_account(&self, caller: &Caller, new: ServiceAccountNew) -> Result<ServiceAccountView> {
        let id = Uuid::now_v7();
        let detail = json!({ "name": new.name, "owner": new.owner });
        let work = async |unit: &Unit| {
            let name = checked_name(&new.name)?;
            let owner = self.may_own(unit, new.owner).await?;
            let member = Member {
                id,
                kind: MemberKind::Service,
                email: format!("service:{name}"),
                name: name.to_owned(),
                role: owner.role,
                departments: owner.departments,
                person: None,
                until: owner.until,
                active: true,
                created: self.now(),
            };
            unit.add_member(&member, "").await?;
            Ok(unit.put_service_account(ServiceAccount { member: id, owner: owner.id }).await?)
        };
        self.change(caller, Operation::ServiceAccountsCreate, ("member", id), detail, work).await?;
        self.one_service_account(caller, id).await
    }

    pub async fn update_service_account(&self, caller: &Caller, id: Uuid, change: ServiceAccountChange) -> Result<ServiceAccountView> {
        let detail = json!({ "owner": change.owner, "active": change.active });
        let work = async |unit: &Unit| {
            let (mut account, mut member) = found(unit, id).await?;
            if let Some(owner) = change.owner {
                let owner = self.may_own(unit, owner).await?;
                if owner.role != member.role {
                    let role = member.role.name().replace('_', " ");
                    return Err(AppError::invalid("owner", format!("the account reaches what an {role} reaches; its owner must be one too")));
                }
                account.owner = owner.id;
                (member.departments, member.until) = (owner.departments, owner.until);
                unit.put_service_account(account).await?;
            }
            member.active = change.active.unwrap_or(member.active);
            unit.change_member(&member).await?;
            if !member.active {
                self.put_out(unit, id).await?;
            }
            Ok(())
        };
        self.change(caller, Operation::ServiceAccountsUpdate, ("member", id), detail, work).await?;
        self.one_service_account(caller, id).await
    }

    pub async fn create_service_token(&self, caller: &Caller, id: Uuid, new: TokenNew) -> Result<TokenShown> {
        let made = Making::of(&new);
        let work = async |unit: &Unit| {
            let member = self.owned(unit, caller, id).await?;
            self.make_token(unit, &member, &new, &made).await
        };
        let expires = self.change(caller, Operation::ServiceAccountsTokens, ("member", id), made.detail.clone(), work).await?;
        Ok(made.shown(expires))
    }

    /// Another secret; the one before opens for a while beside it, so that the program need not stop.
    pub async fn rotate_service_token(&self, caller: &Caller, id: Uuid, token: Uuid, rotation: Rotation) -> Result<TokenShown> {
        let secret = fresh_token();
        let work = async |unit: &Unit| {
            if rotation.overlap_hours > MOST_OVERLAP_HOURS {
                return Err(AppError::invalid("overlap_hours", format!("two secrets open side by side for {MOST_OVERLAP_HOURS} hours at most")));
            }
            let member = self.owned(unit, caller, id).await?;
            self.renew_token(unit, member.id, token, &secret, i64::from(rotation.overlap_hours) * HOUR).await
        };
        let detail = json!({ "rotated": token, "overlap_hours": rotation.overlap_hours });
        let expires = self.change(caller, Operation::ServiceAccountsTokens, ("member", id), detail, work).await?;
        Ok(TokenShown { id: token, token: tokens::shown(token, &secret), expires: rfc3339(expires) })
    }

    pub async fn revoke_service_token(&self, caller: &Caller, id: Uuid, token: Uuid) -> Result<()> {
        let work = async |unit: &Unit| {
            let member = self.owned(unit, caller, id).await?;
            let revoked = unit.revoke_api_token(member.id, token, self.now()).await?;
            if revoked { Ok(()) } else { Err(AppError::not_found("token in use with this id")) }
        };
        self.change(caller, Operation::ServiceAccountsTokens, ("member", id), json!({ "revoked": token }), work).await
    }

    /// The account, where the caller is its owner and still has its role.
    async fn owned(&self, unit: &Unit, caller: &Caller, id: Uuid) -> Result<Member> {
        let (account, member) = found(unit, id).await?;
        let mine = account.owner == caller.member.id && member.role == caller.member.role && may_sign_in(&member, self.now());
        if mine { Ok(member) } else { Err(AppError::not_found("service account of yours in use with this id")) }
    }

    async fn may_own(&self, unit: &Unit, owner: Uuid) -> Result<Member> {
        let owner = unit.member(owner).await?.filter(|m| m.kind == MemberKind::Person && may_sign_in(m, self.now()));
        owner.ok_or_else(|| AppError::invalid("owner", "name a member who may sign in"))
    }

    async fn one_service_account(&self, caller: &Caller, id: Uuid) -> Result<ServiceAccountView> {
        let members = self.records.members().await?.into_iter().map(|m| (m.id, m)).collect();
        let account = self.records.service_account(id).await?.ok_or_else(not_there)?;
        self.service_account_view(account, &members, caller).await
    }

    async fn service_account_view(&self, account: ServiceAccount, members: &HashMap<Uuid, Member>, caller: &Caller) -> Result<ServiceAccountView> {
        let now: Micros = self.now();
        let member = members.get(&account.member).ok_or_else(not_there)?;
        let owner = members.get(&account.owner);
        Ok(ServiceAccountView {
            id: member.id,
            name: member.name.clone(),
            role: member.role.name(),
            owner: Named::new(account.owner, owner.map_or("a member no longer there", |o| o.name.as_str())),
            orphaned: !owner.is_some_and(|o| o.role == member.role && may_sign_in(o, now)),
            active: may_sign_in(member, now),
            own: account.owner == caller.member.id,
            created: rfc3339(member.created),
            tokens: self.token_views(member.id).await?,
        })
    }
}

async fn found(unit: &Unit, id: Uuid) -> Result<(ServiceAccount, Member)> {
    let account = unit.service_account(id).await?.ok_or_else(not_there)?;
    Ok((account, unit.member(id).await?.ok_or_else(not_there)?))
}

fn not_there() -> AppError {
    AppError::not_found("service account")
}

fn checked_name(name: &str) -> Result<&str> {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if plain && (2..=MAX_NAME_CHARS).contains(&name.len()) && !name.starts_with('-') {
        Ok(name)
    } else {
        Err(AppError::invalid("name", format!("write 2 to {MAX_NAME_CHARS} lower-case letters, digits and hyphens, such as siem-export")))
    }
}
