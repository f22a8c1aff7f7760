//! Another password: chosen by the member himself, or through a link in a mail when he forgot it.

use super::checks;
use crate::{
    App, AppError, Caller, Operation, Result, Target,
    door::Act,
    letters::Letter,
    sessions::{Entered, Visitor, fresh_token, hash, may_sign_in},
};
use model::{MINUTE, Member, MemberKind, Micros, time::rfc3339};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    records::{ApiTokens, Factors, Members, Passkeys, PasswordResets, Sessions, SignInSteps},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// How long a link works.
pub const RESET: Micros = 30 * MINUTE;

/// What someone who holds a link may know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResetView {
    pub email: String,
}

/// The other password, with the token of the link.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetAnswer {
    pub token: String,
    pub password: String,
}

impl App {
    /// Whether mail is sent to members.
    pub fn writes_letters(&self) -> bool {
        self.letters.is_some()
    }

    /// Sends a link to the member of this address, if there is one; a stranger learns nothing.
    ///
    /// # Errors
    /// `Conflict` where no mail is sent; `TooMany` after several.
    pub async fn forgot_password(&self, email: &str, visitor: Visitor) -> Result<()> {
        let none = "no mail is sent from here; whoever runs Veritrail gives you another password: `veritrail member reset` at the host";
        let letters = self.letters.clone().ok_or_else(|| AppError::Conflict(none.into()))?;
        let (email, now) = (email.trim().to_lowercase(), self.now());
        self.throttle(&format!("reset of {email}"), visitor.address.as_deref()).await?;
        let member = self.records.member_to_sign_in(&email).await?.map(|(member, _)| member).filter(|m| m.kind == MemberKind::Person && may_sign_in(m, now));
        let act = Act::unattended("password.forgotten", member.clone(), visitor.address, Target::none());
        let Some(member) = member else { return self.door.journal.record(self, act.failed("refused")).await };
        let token = fresh_token();
        self.recorded(act, async |unit: &Unit| Ok(unit.put_password_reset(member.id, &hash(&token), now + RESET).await?)).await?;
        let letter = Letter {
            to: member.email,
            subject: "Another password for Veritrail".into(),
            lines: vec![
                "Somebody, probably you, said that the password is forgotten. With this link another one is chosen; it works once, for 30 minutes.".into(),
                "If it was not you, do nothing: the password stays as it is.".into(),
            ],
            link: format!("{}/password-reset#{token}", self.public_url.trim_end_matches('/')),
        };
        // Not waited for: how long it takes would tell whether there is such a member.
        tokio::spawn(async move {
            if let Err(error) = letters.send(letter).await {
                tracing::warn!("a link for another password was not sent: {error}");
            }
        });
        Ok(())
    }

    pub async fn password_reset(&self, token: &str) -> Result<ResetView> {
        Ok(ResetView { email: self.member_of_reset(token).await?.email })
    }

    /// Another password in the place of the forgotten one. All sessions and tokens end; a second factor is still asked for.
    pub async fn reset_password(&self, answer: ResetAnswer, visitor: Visitor) -> Result<Entered> {
        let member = self.member_of_reset(&answer.token).await?;
        self.check_password(&answer.password, &member.email).await?;
        let password = self.passwords.hash(answer.password).await?;
        let step = self.step_of(&member).await?;
        let act = Act::unattended("password.reset", Some(member.clone()), visitor.address.clone(), Target::of("member", member.id));
        let token = self
            .recorded(act, async |unit: &Unit| {
                if !unit.use_password_reset(&hash(&answer.token)).await? {
                    return Err(no_reset());
                }
                unit.set_password(member.id, &password).await?;
                self.put_out(unit, member.id).await?;
                self.let_in(unit, member.id, step, &visitor).await
            })
            .await?;
        self.entered(token, step, &member).await
    }

    /// Another password of one's own. All other sessions end.
    pub async fn change_password(&self, caller: &Caller, password: String) -> Result<()> {
        self.allowed(caller, Operation::OwnFactors, ()).await?;
        self.check_password(&password, &caller.member.email).await?;
        let password = self.passwords.hash(password).await?;
        let current = caller.entry.session().unwrap_or(Uuid::nil());
        self.change(caller, Operation::OwnFactors, (), json!({ "did": "password" }), async |unit: &Unit| {
            unit.set_password(caller.member.id, &password).await?;
            unit.end_steps_of(caller.member.id).await?;
            unit.end_other_sessions_of(caller.member.id, current).await?;
            Ok(())
        })
        .await
    }

    /// For the command line of the host, where nobody is signed in; recorded as that. Second factors go, sessions and tokens end.
    pub async fn reset_member(&self, email: &str, password: String) -> Result<Member> {
        let found = self.records.member_to_sign_in(&email.trim().to_lowercase()).await?;
        let (member, _) = found.ok_or_else(|| AppError::not_found(format!("member with the address {email}")))?;
        self.check_password(&password, &member.email).await?;
        let password = self.passwords.hash(password).await?;
        let act = Act::at_host("members.reset", Target::of("member", member.id), json!({ "through": "command line" }));
        self.recorded(act, async |unit: &Unit| {
            unit.set_password(member.id, &password).await?;
            unit.remove_factors(member.id).await?;
            unit.remove_passkeys_of(member.id).await?;
            unit.end_steps_of(member.id).await?;
            unit.end_sessions_of(member.id).await?;
            unit.revoke_api_tokens_of(member.id, self.now()).await?;
            Ok(())
        })
        .await?;
        Ok(member)
    }

    /// # Errors
    /// `Invalid` for a password that is too short, too easy, or known.
    pub(crate) async fn check_password(&self, password: &str, email: &str) -> Result<()> {
        checks::password(password, email)?;
        if self.sign_in.breached.has(password).await? {
            return Err(AppError::invalid("password", "this password became known somewhere, and is tried first by whoever guesses; take another"));
        }
        Ok(())
    }

    /// Tells the invited by mail; false where no mail is sent, or this one was not taken.
    pub(super) async fn write_invitation(&self, email: &str, link: &str, expires: Micros) -> bool {
        let Some(letters) = &self.letters else { return false };
        let letter = Letter {
            to: email.to_owned(),
            subject: "You are invited to Veritrail".into(),
            lines: vec![format!("Veritrail shows what people do in the company's CRMs. With this link you join; it works once, until {}.", rfc3339(expires))],
            link: link.to_owned(),
        };
        match letters.send(letter).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!("an invitation was not mailed: {error}");
                false
            }
        }
    }

    async fn member_of_reset(&self, token: &str) -> Result<Member> {
        let now = self.now();
        let member = self.records.password_reset(&hash(token), now).await?.ok_or_else(no_reset)?;
        self.records.member(member).await?.filter(|m| may_sign_in(m, now)).ok_or_else(no_reset)
    }
}

fn no_reset() -> AppError {
    AppError::not_found("open link for another password; it was used, replaced or is older than 30 minutes. Ask for another")
}
