//! Signing in and staying so. A session's id is random, leaves the server once, and only its hash is kept.

use crate::{App, AppError, Result, Target, door::Act, members::MemberView};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use model::{DAY, HOUR, MINUTE, Member, Micros, SECOND};
use rand::{RngCore, rngs::OsRng};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{
    records::{Members, Persons, Session, Sessions},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// A session unused for this long is void.
pub const IDLE: Micros = 8 * HOUR;
/// A session this old is void however much it is used.
pub const ABSOLUTE: Micros = DAY;
/// Failed sign-ins per account and address within [`WINDOW`], and per address over all accounts.
pub const MAX_FAILURES: u64 = 5;
pub const MAX_FAILURES_OF_ADDRESS: u64 = 50;
pub const WINDOW: Micros = 15 * MINUTE;
/// How far ahead of the clock a session's times may lie: clocks are set a little. One further ahead is void, or a clock set back would make it longer.
const AHEAD: Micros = MINUTE;
/// The time of last use is written at most this often.
const TOUCH: Micros = MINUTE;
/// Says no more than a stranger may know: not whether there is such a member, and not that he was deactivated.
const REFUSED: &str = "address or password is wrong, or this access has ended";

/// A session just begun; its id is shown to nobody but the browser.
pub struct SignedIn {
    pub token: String,
    pub session: SessionView,
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
    pub async fn sign_in(&self, email: &str, password: &str, address: Option<String>) -> Result<SignedIn> {
        let email = email.trim().to_lowercase();
        self.throttle(&email, address.as_deref()).await?;
        let found = self.records.member_to_sign_in(&email).await?;
        let hash_kept = found.as_ref().map(|(_, hash)| hash.clone());
        let fits = self.passwords.verify(password.to_owned(), hash_kept).await?;
        let (member, now) = (found.map(|(member, _)| member), self.now());
        let act = Act::unattended("session.create", member.clone(), address.clone(), Target::none());
        let Some(mut member) = member.filter(|m| fits && may_sign_in(m, now)) else {
            self.door.journal.record(self, act.failed("refused")).await?;
            return Err(AppError::SignIn(REFUSED.into()));
        };
        let token = self
            .recorded(act, async |unit: &Unit| {
                unit.drop_stale_sessions(now - IDLE, now - ABSOLUTE).await?;
                // The directory may have come after the member: his own activity is found from his next sign-in on.
                if let (None, Some(person)) = (member.person, unit.person_by_email(&member.email).await?) {
                    member.person = Some(person.id);
                    unit.change_member(&member).await?;
                }
                begin(unit, member.id, now).await
            })
            .await?;
        self.forget_attempts(&email, address.as_deref()).await?;
        self.signed_in(token, &member).await
    }

    /// The member of a session that is not void.
    pub async fn session(&self, token: &str) -> Result<Option<Member>> {
        let (hash, now) = (hash(token), self.now());
        let Some(session) = self.records.session(&hash).await? else { return Ok(None) };
        let member = self.records.member(session.member).await?.filter(|m| may_sign_in(m, now));
        let fresh = (-AHEAD..IDLE).contains(&(now - session.last_used)) && (-AHEAD..ABSOLUTE).contains(&(now - session.created));
        if !fresh || member.is_none() {
            self.records.end_session(&hash).await?;
            return Ok(None);
        }
        if now - session.last_used >= TOUCH {
            self.records.touch_session(&hash, now).await?;
        }
        Ok(member)
    }

    /// Ends the session.
    pub async fn sign_out(&self, member: &Member, token: &str) -> Result<()> {
        let act = Act::unattended("session.delete", Some(member.clone()), None, Target::none());
        self.recorded(act, async |unit: &Unit| Ok(unit.end_session(&hash(token)).await?)).await
    }

    /// What a member may know about himself. It leaves no trace: every page asks.
    pub async fn session_view(&self, member: &Member) -> Result<SessionView> {
        let operations = self.operations_of(member)?;
        let member = self.member_views(vec![member.clone()]).await?.pop().ok_or_else(|| AppError::not_found("member"))?;
        Ok(SessionView { member, operations, organisation: self.organisation().await?, demo: self.demo })
    }

    pub(crate) async fn signed_in(&self, token: String, member: &Member) -> Result<SignedIn> {
        Ok(SignedIn { token, session: self.session_view(member).await? })
    }

    /// Counts an attempt before its outcome is known, so that attempts made at the same time cannot slip through together.
    pub(crate) async fn throttle(&self, account: &str, address: Option<&str>) -> Result<()> {
        let (now, counters) = (self.now(), self.counters(account, address));
        for (counter, limit) in &counters {
            self.refuse_beyond(counter, *limit - 1, now).await?;
        }
        for (counter, limit) in &counters {
            self.records.add_sign_in_failure(counter, now).await?;
            self.refuse_beyond(counter, *limit, now).await?;
        }
        Ok(())
    }

    /// The attempt succeeded.
    pub(crate) async fn forget_attempts(&self, account: &str, address: Option<&str>) -> Result<()> {
        let [(counter, _), _] = self.counters(account, address);
        Ok(self.records.forget_sign_in_failures(&counter, self.now() - WINDOW).await?)
    }

    fn counters(&self, account: &str, address: Option<&str>) -> [([u8; 32], u64); 2] {
        let address = address.unwrap_or_default().as_bytes();
        let one = self.keyring.mac("sign-in", &[account.as_bytes(), address]);
        [(one, MAX_FAILURES), (self.keyring.mac("sign-in address", &[address]), MAX_FAILURES_OF_ADDRESS)]
    }

    async fn refuse_beyond(&self, counter: &[u8; 32], limit: u64, now: Micros) -> Result<()> {
        let (attempts, oldest) = self.records.sign_in_failures(counter, now - WINDOW + 1).await?;
        if attempts <= limit {
            return Ok(());
        }
        let wait = oldest.map_or(WINDOW, |oldest| oldest + WINDOW - now).max(SECOND);
        Err(AppError::TooMany { retry_after_secs: u64::try_from(wait / SECOND).unwrap_or(1) })
    }
}

fn may_sign_in(member: &Member, now: Micros) -> bool {
    member.active && member.until.is_none_or(|until| now < until)
}

/// A session begins; answers its id.
pub(crate) async fn begin(unit: &Unit, member: Uuid, now: Micros) -> Result<String> {
    let token = fresh_token();
    unit.add_session(&Session { hash: hash(&token), member, created: now, last_used: now }).await?;
    Ok(token)
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
