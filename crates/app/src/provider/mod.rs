//! Coming in by the company's own sign-in. The provider says who it is; which member that is, and what he may do, is said here.

use crate::{
    App, AppError, Result, Target,
    door::Act,
    members::{Given, given},
    sessions::{Entered, Step, Visitor, may_sign_in},
};
use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use model::{MINUTE, Member, MemberKind, Micros};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{
    records::{Identities, Members, Persons},
    sql::Unit,
};
use subtle::ConstantTimeEq;
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// How long somebody may take at the provider.
const ROUND_TRIP: Micros = 15 * MINUTE;
const PURPOSE: &str = "veritrail/1 sign-in elsewhere";
/// What a member without a group of ours may do: see his own activity.
const NO_GROUP: &str = "none of your groups gives you a role in Veritrail; ask your administrator";

/// A sign-in begun at the provider.
#[derive(Clone)]
pub struct Begun {
    pub url: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// Who came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub name: Option<String>,
    pub groups: Vec<String>,
    pub second_factor: bool,
}

/// The provider, as the binary asks it.
#[async_trait]
pub trait Provider: Send + Sync {
    /// # Errors
    /// `Unavailable` when it does not answer.
    async fn begin(&self) -> Result<Begun>;
    /// # Errors
    /// `SignIn` when what came back does not hold.
    async fn finish(&self, code: &str, nonce: &str, verifier: &str) -> Result<Identity>;
}

/// How people of the provider become members.
#[derive(Clone, Debug)]
pub struct ProviderPolicy {
    /// What the button says: "Company account".
    pub title: String,
    /// Makes a member of who has none.
    pub create: bool,
    /// Believes addresses that the provider does not call verified.
    pub trust_email: bool,
}

/// What the browser keeps meanwhile, sealed.
#[derive(Serialize, Deserialize)]
struct Trip {
    state: String,
    nonce: String,
    verifier: String,
    begun: Micros,
}

impl App {
    /// What the button of the company's sign-in says; `None`: there is none.
    pub fn provider_title(&self) -> Option<&str> {
        self.provider.as_ref().map(|(_, policy)| policy.title.as_str())
    }

    /// Where the browser goes, and what it keeps until it comes back.
    pub async fn begin_elsewhere(&self) -> Result<(String, String)> {
        let (provider, _) = self.provider.as_ref().ok_or_else(|| AppError::not_found("sign-in of the company here"))?;
        let Begun { url, state, nonce, verifier } = provider.begin().await?;
        let trip = serde_json::to_vec(&Trip { state, nonce, verifier, begun: self.now() }).map_err(|e| AppError::Internal(e.to_string()))?;
        Ok((url, BASE64.encode(self.keyring.seal_for_source(Uuid::nil(), PURPOSE, &trip)?)))
    }

    /// Lets in who comes back with a code, in the browser that was sent.
    ///
    /// # Errors
    /// `SignIn` with what the person may know and do.
    pub async fn end_elsewhere(&self, kept: &str, state: &str, code: &str, visitor: Visitor) -> Result<Entered> {
        let (provider, policy) = self.provider.as_ref().ok_or_else(|| AppError::not_found("sign-in of the company here"))?;
        let stale = || AppError::SignIn("the sign-in took too long, or was begun in another browser; begin again".into());
        let sealed = BASE64.decode(kept).map_err(|_| stale())?;
        let plain = self.keyring.open_for_source(Uuid::nil(), PURPOSE, &sealed).map_err(|_| stale())?;
        let trip: Trip = serde_json::from_slice(&plain).map_err(|_| stale())?;
        let same: bool = trip.state.as_bytes().ct_eq(state.as_bytes()).into();
        if !same || !(0..ROUND_TRIP).contains(&(self.now() - trip.begun)) {
            return Err(stale());
        }
        let identity = provider.finish(code, &trip.nonce, &trip.verifier).await?;
        self.enter_as(identity, policy, visitor).await
    }

    async fn enter_as(&self, identity: Identity, policy: &ProviderPolicy, visitor: Visitor) -> Result<Entered> {
        let known = match self.records.member_of_identity(&identity.issuer, &identity.subject).await? {
            Some(id) => self.records.member(id).await?,
            None => None,
        };
        let known_by_identity = known.is_some();
        let email = identity.email.as_deref().filter(|_| identity.email_verified || policy.trust_email).map(|e| e.trim().to_lowercase());
        let by_email = match (&known, &email) {
            (None, Some(email)) => self.records.member_to_sign_in(email).await?.map(|(m, _)| m).filter(|m| m.kind == MemberKind::Person),
            _ => None,
        };
        let before = known.or(by_email);
        let act = |member: Option<Member>| Act {
            detail: json!({ "issuer": identity.issuer }),
            ..Act::unattended("session.create", member, visitor.address.clone(), Target::none())
        };
        let refuse = async |why: String| {
            self.door.journal.record(self, act(before.clone()).failed("refused")).await?;
            Err(AppError::SignIn(why))
        };
        let rule = match given(&self.sign_in.groups, &identity.groups) {
            Given::Role(rule) => Some(rule),
            Given::Forbidden(one, other) => {
                let spoken = |role: model::Role| role.name().replace('_', " ");
                return refuse(format!("your groups would make you {} and {} at once, which nobody may be", spoken(one), spoken(other))).await;
            }
            Given::Nothing => None,
        };
        if rule.is_none() && (before.is_none() || !self.sign_in.groups.is_empty()) {
            return refuse(NO_GROUP.into()).await;
        }
        if before.as_ref().is_some_and(|m| !may_sign_in(m, self.now())) {
            return refuse("this access has ended; ask your administrator".into()).await;
        }
        if before.is_none() && !policy.create {
            return refuse("you are no member yet; ask your administrator for an invitation".into()).await;
        }
        let Some(member) = before.clone().or_else(|| self.newcomer(&identity, email)) else {
            return refuse("your company's sign-in gives no verified e-mail address of yours".into()).await;
        };
        let step = if identity.second_factor { None } else { self.step_elsewhere(&member, rule.map(|r| r.role)).await? };
        let mut entered = act(Some(member.clone()));
        let mut after = member.clone();
        if let Some(rule) = rule {
            after.role = rule.role;
        }
        entered.detail = json!({
            "issuer": identity.issuer,
            "new_member": before.is_none(),
            "linked": before.is_some() && !known_by_identity,
            "role_before": before.as_ref().map(|m| m.role.name()),
            "group": rule.map_or(Value::Null, |r| r.group.as_str().into()),
        });
        entered.member = Some(after);
        let mut member = member;
        let token = self
            .recorded(entered, async |unit: &Unit| {
                unit.lock_members().await?;
                let old = member.clone();
                let changed = match rule {
                    Some(rule) => self.give_role(unit, &mut member, rule).await?,
                    None => false,
                };
                if member.person.is_none() {
                    member.person = unit.person_by_email(&member.email).await?.map(|p| p.id);
                }
                if before.is_none() {
                    unit.add_member(&member, "").await?;
                } else {
                    unit.change_member(&member).await?;
                    self.keeps_an_administrator(unit, &old).await?;
                    if changed {
                        self.put_out(unit, member.id).await?;
                    }
                }
                if !known_by_identity {
                    unit.add_identity(&identity.issuer, &identity.subject, member.id).await?;
                }
                self.let_in(unit, member.id, step, &visitor).await
            })
            .await?;
        self.entered(token, step, &member).await
    }

    /// The member that somebody becomes at his first sign-in; the rule's role is given later.
    fn newcomer(&self, identity: &Identity, email: Option<String>) -> Option<Member> {
        let email = crate::members::checked_email(&email?).ok()?;
        let name = identity.name.as_deref().map(str::trim).filter(|n| !n.is_empty()).unwrap_or(&email).chars().take(200).collect();
        Some(Member {
            id: Uuid::now_v7(),
            kind: MemberKind::Person,
            email,
            name,
            role: model::Role::Employee,
            departments: Vec::new(),
            person: None,
            until: None,
            active: true,
            created: self.now(),
        })
    }

    /// A second factor of ours, where the provider asked for none and the role needs one.
    async fn step_elsewhere(&self, member: &Member, role: Option<model::Role>) -> Result<Option<Step>> {
        let member = Member { role: role.unwrap_or(member.role), ..member.clone() };
        self.step_of(&member).await
    }
}
