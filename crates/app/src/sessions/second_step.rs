//! The step between the password and the session: a code, or, where the role needs a second factor and there is none, its enrolment. A token
//! that only the browser of the first step holds leads from one to the other.

use super::{Entered, Session, SignedIn, Visitor, fresh_token, hash, may_sign_in};
use crate::{
    App, AppError, Result, Target,
    door::Act,
    factors::{Enrolment, RecoveryCodes},
};
use model::{MINUTE, Member, Micros};
use serde::Serialize;
use serde_json::json;
use store::{
    records::{Factors, Members, Passkeys, Sessions, SignInStep, SignInSteps},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// How long the second step may take.
pub const STEP: Micros = 10 * MINUTE;
/// Codes tried before the password is asked for again.
const MAX_TRIES: u64 = 5;
const STALE: &str = "the sign-in took too long or was tried too often; begin again with your password";
const WRONG_CODE: &str = "this code is not valid now, or was used already; take the next one your app shows, or an unused recovery code";

/// What is asked for before the session begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A code of the authenticator app, or a recovery code.
    Code,
    /// To come in by a passkey instead: the role needs a second factor, and the member has this one.
    Passkey,
    /// To set up an authenticator app: the role needs a second factor, and the member has none.
    Enrol,
}

impl Step {
    pub const ALL: [Step; 3] = [Step::Code, Step::Passkey, Step::Enrol];

    pub fn name(self) -> &'static str {
        match self {
            Step::Code => "code",
            Step::Passkey => "passkey",
            Step::Enrol => "enrol",
        }
    }
}

/// What is still to be done before the session begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SecondStep {
    #[schema(schema_with = crate::view::words::step)]
    pub step: &'static str,
}

/// A session begun with the enrolment of a second factor.
#[derive(Serialize, ToSchema)]
pub struct EnrolledSession {
    pub session: super::SessionView,
    pub recovery_codes: Vec<String>,
}

impl App {
    /// The step that stands between this member's password and his session.
    pub(crate) async fn step_of(&self, member: &Member) -> Result<Option<Step>> {
        if self.records.authenticator(member.id).await?.is_some_and(|a| a.confirmed.is_some()) {
            return Ok(Some(Step::Code));
        }
        let needed = self.step_of_new(member);
        // Who knows the password alone must not set up an app of his own beside the member's passkey.
        let has_passkey = needed.is_some() && !self.records.passkeys_of(member.id).await?.is_empty();
        Ok(if has_passkey { Some(Step::Passkey) } else { needed })
    }

    /// The same for one who has no second factor yet.
    pub(crate) fn step_of_new(&self, member: &Member) -> Option<Step> {
        self.sign_in.asks_second_factor(member.role).then_some(Step::Enrol)
    }

    /// Begins the session, or the step before it; the token that the browser keeps.
    pub(crate) async fn let_in(&self, unit: &Unit, member: Uuid, step: Option<Step>, visitor: &Visitor) -> Result<String> {
        let now = self.now();
        if step.is_none() {
            return begin(unit, member, visitor, now).await;
        }
        let token = fresh_token();
        unit.add_step(&SignInStep { hash: hash(&token), member, created: now, tries: 0 }, now - STEP).await?;
        Ok(token)
    }

    pub(crate) async fn entered(&self, token: String, step: Option<Step>, member: &Member) -> Result<Entered> {
        Ok(match step {
            Some(step) => Entered::Step { token, step: SecondStep { step: step.name() } },
            None => Entered::In(Box::new(SignedIn { token, session: self.session_view(member).await? })),
        })
    }

    /// The second step by a code.
    ///
    /// # Errors
    /// `SignIn` for a wrong code and for a step that is over; `TooMany` after several.
    pub async fn give_code(&self, token: &str, code: &str, visitor: Visitor) -> Result<SignedIn> {
        let (step, member) = self.under_way(token).await?;
        let account = self.tried(&step, &visitor).await?;
        let act = Act::unattended("session.create", Some(member.clone()), visitor.address.clone(), Target::none());
        let session = self
            .recorded(act, async |unit: &Unit| {
                if !self.use_code(unit, member.id, code).await? {
                    return Err(AppError::SignIn(WRONG_CODE.into()));
                }
                self.ended(unit, &step).await?;
                begin(unit, member.id, &visitor, self.now()).await
            })
            .await?;
        self.forget_attempts(&account, visitor.address.as_deref()).await?;
        Ok(SignedIn { token: session, session: self.session_view(&member).await? })
    }

    /// A secret for the authenticator app of a member whose role needs one before he comes in.
    pub async fn enrol_in_step(&self, token: &str, visitor: Visitor) -> Result<Enrolment> {
        let (_, member) = self.under_way(token).await?;
        self.may_enrol(&member).await?;
        let act = Act { detail: json!({ "did": "begin" }), ..Act::unattended("own.factors", Some(member.clone()), visitor.address, Target::none()) };
        self.recorded(act, async |unit: &Unit| self.begin_enrolment(unit, &member).await).await
    }

    /// The first code of that app: the enrolment counts, and the session begins.
    pub async fn confirm_in_step(&self, token: &str, code: &str, visitor: Visitor) -> Result<(SignedIn, RecoveryCodes)> {
        let (step, member) = self.under_way(token).await?;
        self.may_enrol(&member).await?;
        let account = self.tried(&step, &visitor).await?;
        let act = Act::unattended("session.create", Some(member.clone()), visitor.address.clone(), Target::none());
        let act = Act { detail: json!({ "did": "enrol" }), ..act };
        let (session, codes) = self
            .recorded(act, async |unit: &Unit| {
                let codes = self.confirm_enrolment(unit, member.id, code).await?;
                self.ended(unit, &step).await?;
                Ok((begin(unit, member.id, &visitor, self.now()).await?, codes))
            })
            .await?;
        self.forget_attempts(&account, visitor.address.as_deref()).await?;
        Ok((SignedIn { token: session, session: self.session_view(&member).await? }, codes))
    }

    async fn may_enrol(&self, member: &Member) -> Result<()> {
        if self.step_of(member).await? == Some(Step::Enrol) { Ok(()) } else { Err(AppError::Conflict("a second factor is set up already; use it".into())) }
    }

    async fn under_way(&self, token: &str) -> Result<(SignInStep, Member)> {
        let (stale, now) = (|| AppError::SignIn(STALE.into()), self.now());
        let step = self.records.step(&hash(token)).await?.filter(|s| (0..STEP).contains(&(now - s.created))).ok_or_else(stale)?;
        let member = self.records.member(step.member).await?.filter(|m| may_sign_in(m, now)).ok_or_else(stale)?;
        Ok((step, member))
    }

    /// Counts a code before it is looked at; the account as the counters call it.
    async fn tried(&self, step: &SignInStep, visitor: &Visitor) -> Result<String> {
        let account = format!("second step of {}", step.member);
        self.throttle(&account, visitor.address.as_deref()).await?;
        if self.records.try_step(&step.hash, MAX_TRIES).await? { Ok(account) } else { Err(AppError::SignIn(STALE.into())) }
    }

    /// Uses the step up; two that finish it at the same time begin one session.
    async fn ended(&self, unit: &Unit, step: &SignInStep) -> Result<()> {
        if unit.end_step(&step.hash).await? { Ok(()) } else { Err(AppError::SignIn(STALE.into())) }
    }
}

/// A session begins, and the one that the browser held ends; its token.
async fn begin(unit: &Unit, member: Uuid, visitor: &Visitor, now: Micros) -> Result<String> {
    if let Some(before) = &visitor.session {
        unit.end_session(before).await?;
    }
    let token = fresh_token();
    let session = Session {
        hash: hash(&token),
        id: Uuid::now_v7(),
        member,
        created: now,
        last_used: now,
        shown: now,
        address: visitor.address.clone(),
        agent: visitor.agent.as_deref().map(|agent| agent.chars().filter(|c| !c.is_control()).take(200).collect()),
    };
    unit.add_session(&session).await?;
    Ok(token)
}
