//! Signing in and staying so. A session's id is random, leaves the server once, and only its hash is kept.

use crate::{App, AppError, Caller, Entry, Operation, Result, Target, door::Act, members::MemberView};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use model::{MINUTE, Member, Micros};
use rand::{RngCore, rngs::OsRng};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{
    records::{Members, Persons, Session, Sessions},
    sql::Unit,
};
use utoipa::ToSchema;

pub use own::{Proof, SessionItem, SessionItems};
pub use policy::SignInPolicy;
pub use second_step::{EnrolledSession, STEP, SecondStep, Step};

mod attempts;
mod own;
mod policy;
mod second_step;
#[cfg(test)]
mod tests;

/// How far ahead of the clock a session's times may lie: clocks are set a little. One further ahead is void, or a clock set back would make it longer.
const AHEAD: Micros = MINUTE;
/// The time of last use is written at most this often.
const TOUCH: Micros = MINUTE;
/// Says no more than a stranger may know: not whether there is such a member, and not that he was deactivated.
const REFUSED: &str = "address or password is wrong, or this access has ended";

/// Where somebody comes from, and with what.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// The client's network address, as the server saw it.
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
    /// What is kept of the token of the session that the browser holds already: another sign-in there ends it.
    pub session: Option<[u8; 32]>,
}

impl Visitor {
    pub fn new(address: Option<String>, agent: Option<String>, session: Option<&str>) -> Self {
        Self { address, agent, session: session.map(hash) }
    }

    #[cfg(test)]
    pub(crate) fn at(address: &str) -> Self {
        Self { address: Some(address.into()), ..Self::default() }
    }
}

/// A session just begun; its token is shown to nobody but the browser.
pub struct SignedIn {
    pub token: String,
    pub session: SessionView,
}

/// What came of a first step: the session, or one more step in the same browser.
pub enum Entered {
    In(Box<SignedIn>),
    Step { token: String, step: SecondStep },
}

impl Entered {
    #[cfg(test)]
    pub(crate) fn signed_in(self) -> SignedIn {
        match self {
            Self::In(signed_in) => *signed_in,
            Self::Step { step, .. } => panic!("{step:?} is asked for"),
        }
    }
}

/// Who is signed in, and what he may do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionView {
    pub member: MemberView,
    #[schema(schema_with = crate::view::words::operations)]
    pub operations: Vec<&'static str>,
    pub organisation: String,
    pub demo: bool,
}

impl App {
    /// # Errors
    /// `SignIn` says the same for a wrong address and a wrong password; `TooMany` after several failures.
    pub async fn sign_in(&self, email: &str, password: &str, visitor: Visitor) -> Result<Entered> {
        let email = email.trim().to_lowercase();
        let address = visitor.address.clone();
        self.throttle(&email, address.as_deref()).await?;
        let found = self.records.member_to_sign_in(&email).await?;
        let hash_kept = found.as_ref().map(|(_, hash)| hash.clone());
        let fits = self.passwords.verify(password.to_owned(), hash_kept).await?;
        let (member, now) = (found.map(|(member, _)| member), self.now());
        let act = |operation, member| Act::unattended(operation, member, address.clone(), Target::none());
        let Some(mut member) = member.clone().filter(|m| fits && may_sign_in(m, now)) else {
            self.door.journal.record(self, act("session.create", member).failed("refused")).await?;
            return Err(AppError::SignIn(REFUSED.into()));
        };
        let step = self.step_of(&member).await?;
        let operation = if step.is_some() { "session.begin" } else { "session.create" };
        let token = self
            .recorded(act(operation, Some(member.clone())), async |unit: &Unit| {
                unit.drop_stale_sessions(now - self.sign_in.idle, now - self.sign_in.absolute).await?;
                // The directory may have come after the member: his own activity is found from his next sign-in on.
                if let (None, Some(person)) = (member.person, unit.person_by_email(&member.email).await?) {
                    member.person = Some(person.id);
                    unit.change_member(&member).await?;
                }
                self.let_in(unit, member.id, step, &visitor).await
            })
            .await?;
        self.forget_attempts(&email, address.as_deref()).await?;
        self.entered(token, step, &member).await
    }

    /// The member of a session that is not void, and how he came in.
    pub async fn session(&self, token: &str) -> Result<Option<(Member, Entry)>> {
        let (hash, now) = (hash(token), self.now());
        let Some(session) = self.records.session(&hash).await? else { return Ok(None) };
        let member = self.records.member(session.member).await?;
        if let Some(gone) = member.as_ref().filter(|m| !may_sign_in(m, now)) {
            let act = Act::unattended("session.refused", Some(gone.clone()), None, Target::none()).failed("access_ended");
            self.recorded(act, async |unit: &Unit| Ok(unit.end_session(&hash).await?)).await?;
            return Ok(None);
        }
        let Some(member) = member.filter(|_| self.is_fresh(&session, now)) else {
            self.records.end_session(&hash).await?;
            return Ok(None);
        };
        if now - session.last_used >= TOUCH {
            self.records.touch_session(&hash, now).await?;
        }
        Ok(Some((member, Entry::Session { id: session.id, shown: session.shown })))
    }

    /// The caller as he is now, for work that goes on after his request; `None` when he came in no longer.
    pub async fn still_in(&self, caller: &Caller) -> Result<Option<Caller>> {
        let now = self.now();
        let Some(member) = self.records.member(caller.member.id).await?.filter(|m| may_sign_in(m, now)) else { return Ok(None) };
        let there = match &caller.entry {
            Entry::Host => true,
            Entry::Token { id, .. } => self.token_lives(*id).await?,
            Entry::Session { id, .. } => self.records.sessions_of(member.id).await?.iter().any(|s| s.id == *id && self.is_fresh(s, now)),
        };
        Ok(there.then(|| Caller { member, ..caller.clone() }))
    }

    fn is_fresh(&self, session: &Session, now: Micros) -> bool {
        (-AHEAD..self.sign_in.idle).contains(&(now - session.last_used)) && (-AHEAD..self.sign_in.absolute).contains(&(now - session.created))
    }

    /// Ends the session.
    pub async fn sign_out(&self, member: &Member, token: &str) -> Result<()> {
        let act = Act::unattended("session.delete", Some(member.clone()), None, Target::none());
        self.recorded(act, async |unit: &Unit| Ok(unit.end_session(&hash(token)).await?)).await
    }

    /// The session view of whoever asks: of a program's token, what the token reaches.
    pub async fn who(&self, caller: &Caller) -> Result<SessionView> {
        let mut view = self.session_view(&caller.member).await?;
        view.operations.retain(|name| Operation::from_name(name).is_some_and(|o| caller.entry.covers(o)));
        Ok(view)
    }

    /// What a member may know about himself. It leaves no trace: every page asks.
    pub async fn session_view(&self, member: &Member) -> Result<SessionView> {
        let operations = self.operations_of(member)?;
        let member = self.member_views(vec![member.clone()]).await?.pop().ok_or_else(|| AppError::not_found("member"))?;
        Ok(SessionView { member, operations, organisation: self.organisation().await?, demo: self.demo })
    }
}

pub(crate) fn may_sign_in(member: &Member, now: Micros) -> bool {
    member.active && member.until.is_none_or(|until| now < until)
}

/// 256 random bits, for a URL or cookie.
pub(crate) fn fresh_token() -> String {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    BASE64.encode(bytes)
}

/// What is kept of a token. A fast hash does: the token cannot be guessed.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
