//! Passkeys: a key in a phone, a laptop or a stick, that its user unlocks. One is enough to come in: it is something held and something known.

use crate::{
    App, AppError, Caller, Operation, Result, Target,
    door::Act,
    sessions::{SignedIn, Visitor, hash, may_sign_in},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ceremony::{Ceremony, Site};
use model::{MINUTE, Micros, time::rfc3339};
use rand::{RngCore, rngs::OsRng};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    records::{Members, Passkey, Passkeys, Sessions},
    sql::Unit,
};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use uuid::Uuid;

mod ceremony;
#[cfg(test)]
mod tests;

/// How long a challenge may be answered.
const CHALLENGE: Micros = 5 * MINUTE;
const NONCE_BYTES: usize = 16;
const MOST_PASSKEYS: usize = 20;
const MAX_NAME_CHARS: usize = 100;
/// Whatever an authenticator and a browser may say at `public_url`, through the readers of both; the challenge where it can be read.
#[doc(hidden)]
pub fn read_made(public_url: &str, authenticator_data: &[u8], client_data: &[u8]) -> Result<Vec<u8>, &'static str> {
    let site = Site::of(public_url).ok_or("no passkeys are made there")?;
    let made = ceremony::made(&site, authenticator_data);
    let challenge = ceremony::challenge(&site, Ceremony::Create, client_data);
    ceremony::signed(&site, authenticator_data, client_data, client_data, &made.map(|made| made.public_key).unwrap_or_default(), 0).ok();
    challenge
}

const REFUSED: &str = "this passkey does not let you in here; sign in with your password";

/// What a browser needs to make a passkey. Ids and challenges are base64url.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PasskeyCreation {
    pub challenge: String,
    pub rp_id: String,
    pub user_id: String,
    pub user_name: String,
    pub display_name: String,
    /// Passkeys the member has already.
    pub exclude: Vec<String>,
}

/// What a browser needs to ask for a passkey.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PasskeyRequest {
    pub challenge: String,
    pub rp_id: String,
}

/// A passkey just made; all but the name as the browser gave it, in base64url.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyNew {
    pub name: String,
    pub authenticator_data: String,
    pub client_data: String,
}

/// The answer to a challenge, as the browser gave it, in base64url.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyProof {
    pub id: String,
    pub authenticator_data: String,
    pub client_data: String,
    pub signature: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PasskeyView {
    pub id: String,
    pub name: String,
    pub created: String,
    pub last_used: Option<String>,
}

impl PasskeyView {
    fn of(passkey: Passkey) -> Self {
        let Passkey { id, name, created, last_used, .. } = passkey;
        Self { id: BASE64.encode(id), name, created: rfc3339(created), last_used: last_used.map(rfc3339) }
    }
}

impl App {
    /// Whether browsers make passkeys for where people reach Veritrail.
    pub fn passkeys_possible(&self) -> bool {
        Site::of(&self.public_url).is_some()
    }

    pub(crate) async fn passkey_views(&self, member: Uuid) -> Result<Vec<PasskeyView>> {
        Ok(self.records.passkeys_of(member).await?.into_iter().map(PasskeyView::of).collect())
    }

    /// Begins making a passkey.
    pub async fn passkey_creation(&self, caller: &Caller) -> Result<PasskeyCreation> {
        self.allowed(caller, Operation::OwnFactors, ()).await?;
        let (site, member) = (self.site()?, &caller.member);
        let exclude = self.records.passkeys_of(member.id).await?.into_iter().map(|p| BASE64.encode(p.id)).collect();
        Ok(PasskeyCreation {
            challenge: BASE64.encode(self.challenge(Ceremony::Create, member.id)),
            rp_id: site.rp_id,
            user_id: BASE64.encode(member.id.as_bytes()),
            user_name: member.email.clone(),
            display_name: member.name.clone(),
            exclude,
        })
    }

    /// Registers a passkey just made.
    ///
    /// # Errors
    /// `Invalid` when it was not made for this member and site just now.
    pub async fn add_passkey(&self, caller: &Caller, new: PasskeyNew) -> Result<PasskeyView> {
        let site = self.site()?;
        let (member, now) = (caller.member.id, self.now());
        let work = async |unit: &Unit| {
            let wrong = |why: &str| AppError::invalid("passkey", why);
            let name = new.name.trim();
            if !(1..=MAX_NAME_CHARS).contains(&name.chars().count()) {
                return Err(AppError::invalid("name", format!("a passkey's name has 1 to {MAX_NAME_CHARS} characters; name where it lies")));
            }
            let client_data = decoded(&new.client_data).map_err(wrong)?;
            let challenge = ceremony::challenge(&site, Ceremony::Create, &client_data).map_err(wrong)?;
            let made = ceremony::made(&site, &decoded(&new.authenticator_data).map_err(wrong)?).map_err(wrong)?;
            if !self.answered(unit, &challenge, Ceremony::Create, member).await? {
                return Err(wrong("it took too long, or was sent twice; begin again"));
            }
            if unit.passkeys_of(member).await?.len() >= MOST_PASSKEYS {
                return Err(AppError::Conflict(format!("{MOST_PASSKEYS} passkeys are enough; take one away first")));
            }
            let passkey = Passkey {
                id: made.id,
                member,
                name: name.to_owned(),
                public_key: made.public_key,
                counter: made.counter.into(),
                created: now,
                last_used: None,
            };
            unit.add_passkey(&passkey).await?;
            Ok(PasskeyView::of(passkey))
        };
        self.change(caller, Operation::OwnFactors, (), json!({ "did": "add passkey" }), work).await
    }

    pub async fn remove_passkey(&self, caller: &Caller, id: &str) -> Result<()> {
        let work = async |unit: &Unit| {
            let id = BASE64.decode(id).unwrap_or_default();
            if unit.remove_passkey(caller.member.id, &id).await? { Ok(()) } else { Err(AppError::not_found("passkey of yours with this id")) }
        };
        self.change(caller, Operation::OwnFactors, (), json!({ "did": "remove passkey" }), work).await
    }

    /// Begins a sign-in by a passkey; whose, its answer says.
    pub fn passkey_request(&self) -> Result<PasskeyRequest> {
        let rp_id = self.site()?.rp_id;
        Ok(PasskeyRequest { challenge: BASE64.encode(self.challenge(Ceremony::Get, Uuid::nil())), rp_id })
    }

    /// Signs in by a passkey, without a password and without a second step.
    ///
    /// # Errors
    /// `SignIn` says the same for every reason; the reason is in the log.
    pub async fn passkey_sign_in(&self, proof: PasskeyProof, visitor: Visitor) -> Result<SignedIn> {
        let (site, now) = (self.site()?, self.now());
        let account = format!("passkey {}", proof.id.chars().take(64).collect::<String>());
        self.throttle(&account, visitor.address.as_deref()).await?;
        let known = self.records.passkey(&BASE64.decode(&proof.id).unwrap_or_default()).await?;
        let member = match &known {
            Some(passkey) => self.records.member(passkey.member).await?.filter(|m| may_sign_in(m, now)),
            None => None,
        };
        let act = Act::unattended("session.create", member.clone(), visitor.address.clone(), Target::none());
        let act = Act { detail: json!({ "by": "passkey" }), ..act };
        let refused = |why: &str| {
            tracing::info!("a passkey was refused: {why}");
            AppError::SignIn(REFUSED.into())
        };
        let (Some(passkey), Some(member)) = (known, member) else {
            self.door.journal.record(self, act.failed("refused")).await?;
            return Err(refused("nobody who may sign in has it"));
        };
        let token = self
            .recorded(act, async |unit: &Unit| {
                let client_data = decoded(&proof.client_data).map_err(refused)?;
                let challenge = ceremony::challenge(&site, Ceremony::Get, &client_data).map_err(refused)?;
                let data = decoded(&proof.authenticator_data).map_err(refused)?;
                let signature = decoded(&proof.signature).map_err(refused)?;
                let counter = ceremony::signed(&site, &data, &client_data, &signature, &passkey.public_key, passkey.counter).map_err(refused)?;
                if !self.answered(unit, &challenge, Ceremony::Get, Uuid::nil()).await? {
                    return Err(refused("the challenge is too old, or was answered before"));
                }
                if !unit.passkey_used(&passkey.id, passkey.counter, counter, now).await? {
                    return Err(refused("it was used at the same time"));
                }
                unit.drop_stale_sessions(now - self.sign_in.idle, now - self.sign_in.absolute).await?;
                self.let_in(unit, member.id, None, &visitor).await
            })
            .await?;
        self.forget_attempts(&account, visitor.address.as_deref()).await?;
        Ok(SignedIn { token, session: self.session_view(&member).await? })
    }

    fn site(&self) -> Result<Site> {
        let nowhere = "browsers make passkeys for a name over https only, or for localhost: see server.public_url";
        Site::of(&self.public_url).ok_or_else(|| AppError::Conflict(nowhere.into()))
    }

    /// Random, dated, and signed by us: it need not be kept until it is answered.
    fn challenge(&self, ceremony: Ceremony, member: Uuid) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        OsRng.fill_bytes(&mut nonce);
        let begun = self.now().to_be_bytes();
        [&nonce[..], &begun, &self.seal_of(ceremony, member, &nonce, &begun)].concat()
    }

    /// Whether this challenge is ours, for this, fresh, and answered for the first time.
    async fn answered(&self, unit: &Unit, challenge: &[u8], ceremony: Ceremony, member: Uuid) -> Result<bool> {
        let Some((nonce, rest)) = challenge.split_first_chunk::<NONCE_BYTES>() else { return Ok(false) };
        let Some((begun, seal)) = rest.split_first_chunk::<8>() else { return Ok(false) };
        let ours: bool = self.seal_of(ceremony, member, nonce, begun)[..].ct_eq(seal).into();
        let now = self.now();
        let fresh = (0..CHALLENGE).contains(&(now - Micros::from_be_bytes(*begun)));
        Ok(ours && fresh && unit.answer_challenge(&hash(&BASE64.encode(challenge)), now, now - CHALLENGE).await?)
    }

    fn seal_of(&self, ceremony: Ceremony, member: Uuid, nonce: &[u8; NONCE_BYTES], begun: &[u8; 8]) -> [u8; 32] {
        let purpose = match ceremony {
            Ceremony::Create => "passkey to make",
            Ceremony::Get => "passkey to show",
        };
        self.keyring.mac(purpose, &[member.as_bytes(), nonce, begun])
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, &'static str> {
    BASE64.decode(text).map_err(|_| "it is not base64url")
}
