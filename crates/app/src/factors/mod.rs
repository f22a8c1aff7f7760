//! Second factors: an authenticator app, and recovery codes for the day it is gone.

use crate::{App, AppError, Caller, Operation, Result, passkeys::PasskeyView, sessions::SessionItem, tokens::TokenView};
use model::{Member, time::rfc3339};
use rand::{RngCore, rngs::OsRng};
use serde::Serialize;
use serde_json::{Value, json};
use store::{
    records::{Factors, Members, Passkeys, Sessions},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

mod codes;
#[cfg(test)]
mod tests;
pub(crate) mod totp;

/// Under which name the secret is sealed; the member's id binds it to him.
fn sealed_as(member: Uuid) -> String {
    format!("authenticator of {member}")
}

/// A secret for an authenticator app, shown once. It counts after the first code of it was given.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Enrolment {
    /// To be typed where nothing can be scanned.
    pub secret: String,
    /// What the drawing says.
    pub uri: String,
    /// The drawing is a square of so many units.
    pub size: u32,
    /// The SVG path of its dark parts.
    pub path: String,
}

/// New recovery codes, shown once; earlier ones are void.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecoveryCodes {
    pub codes: Vec<String>,
}

/// What keeps a member's account safe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccountView {
    /// When an authenticator app was set up.
    pub second_factor: Option<String>,
    /// His role comes in with one only.
    pub second_factor_needed: bool,
    /// Recovery codes not used yet.
    pub recovery_codes_left: u64,
    pub passkeys: Vec<PasskeyView>,
    /// Browsers make passkeys for where people reach Veritrail.
    pub passkeys_possible: bool,
    /// Of programs, oldest first, those that have ended too.
    pub tokens: Vec<TokenView>,
    /// The last used first.
    pub sessions: Vec<SessionItem>,
}

impl App {
    pub async fn account(&self, caller: &Caller) -> Result<AccountView> {
        self.read(caller, Operation::OwnAccount, (), Value::Null).await?;
        let member = &caller.member;
        let confirmed = self.records.authenticator(member.id).await?.and_then(|a| a.confirmed);
        Ok(AccountView {
            second_factor: confirmed.map(rfc3339),
            second_factor_needed: self.sign_in.asks_second_factor(member.role),
            recovery_codes_left: self.records.recovery_codes_left(member.id).await?,
            passkeys: self.passkey_views(member.id).await?,
            passkeys_possible: self.passkeys_possible(),
            tokens: self.token_views(member.id).await?,
            sessions: self.session_items(member.id, caller).await?,
        })
    }

    /// Begins the enrolment of an authenticator app, in the place of one that was never finished.
    pub async fn begin_factor(&self, caller: &Caller) -> Result<Enrolment> {
        let work = async |unit: &Unit| self.begin_enrolment(unit, &caller.member).await;
        self.change(caller, Operation::OwnFactors, (), json!({ "did": "begin" }), work).await
    }

    /// The first code of the app: from now on it is asked for at every sign-in.
    pub async fn confirm_factor(&self, caller: &Caller, code: &str) -> Result<RecoveryCodes> {
        let account = format!("enrolment of {}", caller.member.id);
        self.throttle(&account, caller.address.as_deref()).await?;
        let work = async |unit: &Unit| self.confirm_enrolment(unit, caller.member.id, code).await;
        let codes = self.change(caller, Operation::OwnFactors, (), json!({ "did": "enrol" }), work).await?;
        self.forget_attempts(&account, caller.address.as_deref()).await?;
        Ok(codes)
    }

    /// Takes it away, with its recovery codes. Whose role needs one is signed out everywhere: the next sign-in sets up another.
    pub async fn remove_factor(&self, caller: &Caller) -> Result<()> {
        let member = &caller.member;
        let work = async |unit: &Unit| self.take_factor(unit, member).await;
        self.change(caller, Operation::OwnFactors, (), json!({ "did": "remove" }), work).await
    }

    /// Ten new recovery codes in the place of all earlier ones.
    pub async fn renew_recovery_codes(&self, caller: &Caller) -> Result<RecoveryCodes> {
        let work = async |unit: &Unit| {
            if unit.authenticator(caller.member.id).await?.is_none_or(|a| a.confirmed.is_none()) {
                return Err(AppError::Conflict("set up an authenticator app first; recovery codes stand in for it".into()));
            }
            self.fresh_codes(unit, caller.member.id).await
        };
        self.change(caller, Operation::OwnFactors, (), json!({ "did": "recovery codes" }), work).await
    }

    /// Takes a member's second factors away, passkeys included, who lost his phone and his recovery codes. His sessions end.
    pub async fn reset_factor(&self, caller: &Caller, member: Uuid) -> Result<()> {
        let work = async |unit: &Unit| {
            let member = unit.member(member).await?.ok_or_else(|| AppError::not_found("member"))?;
            let had_app = unit.remove_factors(member.id).await?;
            if unit.remove_passkeys_of(member.id).await? == 0 && !had_app {
                return Err(AppError::not_found("second factor"));
            }
            unit.end_sessions_of(member.id).await?;
            Ok(())
        };
        self.change(caller, Operation::MembersFactors, ("member", member), Value::Null, work).await
    }

    /// A new secret, sealed; one that is confirmed stays.
    pub(crate) async fn begin_enrolment(&self, unit: &Unit, member: &Member) -> Result<Enrolment> {
        let mut secret = [0; totp::SECRET_BYTES];
        OsRng.fill_bytes(&mut secret);
        let sealed = self.keyring.seal_for_source(Uuid::nil(), &sealed_as(member.id), &secret)?;
        if !unit.begin_authenticator(member.id, &sealed, self.now()).await? {
            return Err(AppError::Conflict("an authenticator app is set up already; take it away first to set up another".into()));
        }
        let uri = totp::uri(&secret, &member.email)?;
        let (size, path) = totp::drawing(&uri)?;
        Ok(Enrolment { secret: totp::typed(&secret)?, uri, size, path })
    }

    /// # Errors
    /// `Conflict` where no enrolment was begun, `Invalid` for a wrong code.
    pub(crate) async fn confirm_enrolment(&self, unit: &Unit, member: Uuid, code: &str) -> Result<RecoveryCodes> {
        if unit.authenticator(member).await?.is_none_or(|a| a.confirmed.is_some()) {
            return Err(AppError::Conflict("no authenticator app waits for its first code; begin again".into()));
        }
        if !self.use_app_code(unit, member, code).await? {
            return Err(AppError::invalid("code", "this is not the code the app shows now; compare the clocks and try the next one"));
        }
        unit.confirm_authenticator(member, self.now()).await?;
        self.fresh_codes(unit, member).await
    }

    /// Whether this is a code the app shows now, or a recovery code; it is used up with that.
    pub(crate) async fn use_code(&self, unit: &Unit, member: Uuid, code: &str) -> Result<bool> {
        if unit.authenticator(member).await?.is_none_or(|a| a.confirmed.is_none()) {
            return Ok(false);
        }
        match codes::hash(&self.keyring, member, code) {
            Some(hash) => Ok(unit.use_recovery_code(member, &hash, self.now()).await?),
            None => self.use_app_code(unit, member, code).await,
        }
    }

    async fn use_app_code(&self, unit: &Unit, member: Uuid, code: &str) -> Result<bool> {
        let Some(authenticator) = unit.authenticator(member).await? else { return Ok(false) };
        let secret = self.keyring.open_for_source(Uuid::nil(), &sealed_as(member), &authenticator.sealed)?;
        match totp::step_of(&secret, code, self.now(), self.sign_in.exact_codes)? {
            Some(step) => Ok(unit.use_step(member, step).await?),
            None => Ok(false),
        }
    }

    async fn fresh_codes(&self, unit: &Unit, member: Uuid) -> Result<RecoveryCodes> {
        let codes: Vec<String> = (0..codes::HOW_MANY).map(|_| codes::fresh()).collect();
        let hashes: Vec<[u8; 32]> = codes.iter().filter_map(|code| codes::hash(&self.keyring, member, code)).collect();
        unit.put_recovery_codes(member, &hashes).await?;
        Ok(RecoveryCodes { codes })
    }

    async fn take_factor(&self, unit: &Unit, member: &Member) -> Result<()> {
        if !unit.remove_factors(member.id).await? {
            return Err(AppError::not_found("second factor"));
        }
        if self.sign_in.asks_second_factor(member.role) {
            unit.end_sessions_of(member.id).await?;
        }
        Ok(())
    }
}
