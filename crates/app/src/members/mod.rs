//! Members: who may sign in, as what, and how they come and go.

use crate::{
    App, AppError, Caller, Operation, Result, Target,
    door::Act,
    sessions::{self, Entered, Visitor, may_sign_in},
};
use model::{DAY, Member, MemberKind, Micros, Role, time::rfc3339};
use serde_json::{Value, json};
use store::{
    records::{ApiTokens, Invitation, Invitations, Members, Persons, Sessions, Settings, SignInSteps},
    sql::Unit,
};
use uuid::Uuid;

pub use view::{Acceptance, InvitationView, Invite, InviteLink, InvitedView, MemberChange, MemberList, MemberView};

pub(crate) use passwords::Passwords;

mod breached;
mod checks;
mod first_run;
mod groups;
mod passwords;
mod reset;
#[cfg(test)]
mod reset_tests;
#[cfg(test)]
mod tests;
mod view;

pub use breached::Breached;
pub(crate) use checks::{email as checked_email, name as checked_name};
pub use first_run::FirstRun;
pub use groups::GroupRule;
pub(crate) use groups::{Given, given};
pub use reset::{ResetAnswer, ResetView};

/// How long an invitation's link works.
pub const INVITATION: Micros = 7 * DAY;

/// A member made from the command line.
#[derive(Clone, Debug)]
pub struct NewMember {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub departments: Vec<Uuid>,
    pub until: Option<Micros>,
    pub password: String,
}

impl App {
    pub async fn members(&self, caller: &Caller) -> Result<MemberList> {
        self.read(caller, Operation::MembersList, (), Value::Null).await?;
        let invitations = self.records.invitations(self.now()).await?.into_iter().map(InvitationView::of).collect();
        let people = self.records.members().await?.into_iter().filter(|m| m.kind == MemberKind::Person).collect();
        Ok(MemberList { items: self.member_views(people).await?, invitations })
    }

    /// Answers the link to hand over. An earlier invitation of the same address ends.
    pub async fn invite(&self, caller: &Caller, invite: Invite) -> Result<InviteLink> {
        let (id, token, now) = (Uuid::now_v7(), sessions::fresh_token(), self.now());
        let detail = json!({"email": invite.email, "role": invite.role, "departments": invite.departments, "until": invite.until});
        let work = async |unit: &Unit| {
            let email = checks::email(&invite.email)?;
            let role = checks::role(&invite.role)?;
            let until = invite.until.as_deref().map(checks::time).transpose()?;
            checks::reach(unit, role, &invite.departments, until, now).await?;
            if unit.member_to_sign_in(&email).await?.is_some() {
                return Err(AppError::Conflict(format!("{email} is a member already; change his role instead")));
            }
            let invitation = Invitation { id, email, role, departments: invite.departments.clone(), until, expires: now + INVITATION };
            Ok(unit.add_invitation(&invitation, &sessions::hash(&token)).await?)
        };
        self.change(caller, Operation::MembersInvite, Target::of("invitation", id), detail, work).await?;
        let link = format!("{}/invitation#{token}", self.public_url.trim_end_matches('/'));
        let mailed = self.write_invitation(invite.email.trim(), &link, now + INVITATION).await;
        Ok(InviteLink { link, expires: rfc3339(now + INVITATION), mailed })
    }

    /// What the holder of the link may know.
    pub async fn invitation(&self, token: &str) -> Result<InvitedView> {
        let found = self.records.invitation(&sessions::hash(token), self.now()).await?.ok_or_else(no_invitation)?;
        Ok(InvitedView { email: found.email, role: found.role.name().to_owned(), expires: rfc3339(found.expires) })
    }

    /// Makes the invited a member and signs him in.
    pub async fn accept(&self, acceptance: Acceptance, visitor: Visitor) -> Result<Entered> {
        let Acceptance { token, name, password } = acceptance;
        let (hash, now) = (sessions::hash(&token), self.now());
        let found = self.records.invitation(&hash, now).await?.ok_or_else(no_invitation)?;
        let member = Member {
            kind: MemberKind::Person,
            id: Uuid::now_v7(),
            name: checks::name(&name)?,
            role: found.role,
            departments: found.departments,
            person: self.records.person_by_email(&found.email).await?.map(|p| p.id),
            email: found.email,
            until: found.until,
            active: true,
            created: now,
        };
        self.check_password(&password, &member.email).await?;
        let password = self.passwords.hash(password).await?;
        let act = Act::unattended("invitation.accept", Some(member.clone()), visitor.address.clone(), Target::of("member", member.id));
        let step = self.step_of_new(&member);
        let token = self.recorded(act, async |unit: &Unit| {
            if !unit.use_invitation(found.id).await? {
                return Err(no_invitation());
            }
            unit.add_member(&member, &password).await?;
            self.let_in(unit, member.id, step, &visitor).await
        });
        let token = token.await?;
        self.entered(token, step, &member).await
    }

    /// Changes role, departments, end or activity. A role that changed or an access that ended ends the member's sessions.
    pub async fn update_member(&self, caller: &Caller, id: Uuid, change: MemberChange) -> Result<MemberView> {
        let now = self.now();
        let before = self.records.member(id).await?;
        let before = before.map(|m| json!({"role": m.role.name(), "departments": m.departments, "active": m.active, "until": m.until.map(rfc3339)}));
        let after = json!({"role": change.role, "departments": change.departments, "active": change.active, "until": change.until});
        let detail = json!({ "before": before, "after": after });
        let work = async |unit: &Unit| {
            unit.lock_members().await?;
            let before = unit.member(id).await?.filter(|m| m.kind == MemberKind::Person).ok_or_else(|| AppError::not_found("member"))?;
            let mut after = before.clone();
            if let Some(role) = &change.role {
                after.role = checks::role(role)?;
            }
            if let Some(departments) = &change.departments {
                after.departments.clone_from(departments);
            }
            if let Some(until) = &change.until {
                after.until = until.as_deref().map(checks::time).transpose()?;
            }
            after.active = change.active.unwrap_or(before.active);
            if before.id == caller.member.id && after.role != before.role {
                return Err(AppError::invalid("role", "nobody gives himself another role; another administrator may"));
            }
            if after.active {
                checks::reach(unit, after.role, &after.departments, after.until, now).await?;
            }
            unit.change_member(&after).await?;
            self.keeps_an_administrator(unit, &before).await?;
            if after.role != before.role || !may_sign_in(&after, now) {
                self.put_out(unit, id).await?;
            }
            Ok(after)
        };
        let after = self.change(caller, Operation::MembersUpdate, Target::of("member", id), detail, work).await?;
        self.member_views(vec![after]).await?.pop().ok_or_else(|| AppError::not_found("member"))
    }

    /// Refuses a change after which nobody administers, where it is made to one who did.
    pub(crate) async fn keeps_an_administrator(&self, unit: &Unit, before: &Member) -> Result<()> {
        let now = self.now();
        let administers = |m: &Member| m.kind == MemberKind::Person && m.role == Role::Administrator && may_sign_in(m, now);
        if administers(before) && !unit.members().await?.iter().any(|m| administers(m) && m.until.is_none()) {
            return Err(AppError::Conflict("this is the last active administrator; make somebody else one first".into()));
        }
        Ok(())
    }

    /// Ends whatever the member is signed in by: sessions, steps on the way to one, tokens.
    pub(crate) async fn put_out(&self, unit: &Unit, member: Uuid) -> Result<()> {
        unit.end_steps_of(member).await?;
        unit.end_sessions_of(member).await?;
        unit.revoke_api_tokens_of(member, self.now()).await?;
        Ok(())
    }

    /// For the command line of the host, where nobody is signed in; recorded as that.
    pub async fn add_member(&self, new: NewMember) -> Result<Member> {
        let now = self.now();
        let email = checks::email(&new.email)?;
        self.check_password(&new.password, &email).await?;
        let member = Member {
            kind: MemberKind::Person,
            id: Uuid::now_v7(),
            name: checks::name(&new.name)?,
            role: new.role,
            departments: new.departments,
            person: self.records.person_by_email(&email).await?.map(|p| p.id),
            email,
            until: new.until,
            active: true,
            created: now,
        };
        let password = self.passwords.hash(new.password).await?;
        let detail = json!({"email": member.email, "role": member.role.name(), "through": "command line"});
        let act = Act::at_host("members.create", Target::of("member", member.id), detail);
        self.recorded(act, async |unit: &Unit| {
            checks::reach(unit, member.role, &member.departments, member.until, now).await?;
            Ok(unit.add_member(&member, &password).await?)
        })
        .await?;
        Ok(member)
    }

    /// The organisation's name; empty before the first run.
    pub async fn organisation(&self) -> Result<String> {
        Ok(self.records.setting(ORGANISATION).await?.unwrap_or_default())
    }
}

pub(crate) const ORGANISATION: &str = "organisation";

fn no_invitation() -> AppError {
    AppError::not_found("open invitation for this link; it was used, replaced or is older than seven days. Ask your administrator for another")
}
