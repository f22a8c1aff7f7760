//! A key-encryption key in a PKCS#11 token, which it never leaves: AES-256-GCM is done there, with the associated data of a key in a file.
//!
//! Modules are process-wide, and a token that was away is seen again only by a module that begins anew: all of them lie behind one lock here.

use super::{KeyWrap, TokenAccess, WHAT, folder::associated};
use crate::{
    error::{LedgerError, Result},
    keyring::SubjectKey,
};
use async_trait::async_trait;
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::{Mechanism, aead::GcmParams},
    object::{Attribute, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    types::AuthPin,
};
use rand::{RngCore, rngs::OsRng};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use store::StoreError;
use uuid::Uuid;
use zeroize::Zeroize;

const IV_BYTES: usize = 12;
const TAG_BITS: u64 = 128;

/// A module at work, and the sessions that are logged in, by their tokens' labels.
struct Module {
    context: Pkcs11,
    sessions: BTreeMap<String, Session>,
}

impl Module {
    /// A session that cannot be closed any more, and a library that cannot be ended, are of no use to anybody either.
    fn end(self) {
        drop(self.sessions);
        let _ = self.context.finalize();
    }
}

static MODULES: Mutex<BTreeMap<PathBuf, Module>> = Mutex::new(BTreeMap::new());
/// Module and token that refused a PIN: they are not tried again by this process, because a token closes itself after a few.
static REFUSED: Mutex<BTreeSet<(PathBuf, String)>> = Mutex::new(BTreeSet::new());

/// Why nothing came of it.
enum Trouble {
    /// Nothing is known about the bytes that were to be opened.
    Away(String),
    /// The token refuses the PIN.
    Pin,
    /// The token works, and does not open these bytes.
    Unsealable,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Pkcs11(RvError::PinIncorrect | RvError::PinLocked | RvError::PinExpired | RvError::PinInvalid | RvError::PinLenRange, _) => Self::Pin,
            other => Self::Away(other.to_string()),
        }
    }
}

/// One key.
#[derive(Clone)]
pub(super) struct InToken {
    pub(super) id: Uuid,
    pub(super) access: TokenAccess,
    pub(super) token: String,
    pub(super) key: String,
}

impl InToken {
    /// Looks whether it is there.
    pub(super) fn open(self) -> Result<Arc<dyn KeyWrap>> {
        self.with(|_, _| Ok(()))?;
        Ok(Arc::new(self))
    }

    /// Runs `work` with a session and the key; once more with a module begun anew, as after a token was pulled out and put back.
    fn with<T>(&self, work: impl Fn(&Session, ObjectHandle) -> Result<T, Trouble>) -> Result<T> {
        let place = (self.access.module.clone(), self.token.clone());
        let pin_refused = || LedgerError::KeyFile {
            file: format!("kek-{}.json", self.id),
            why: format!("the token '{}' refuses the PIN of the configuration; it is not tried again before the next start", self.token),
        };
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.contains(&place) {
            return Err(pin_refused());
        }
        let mut last = String::new();
        for _ in 0..2 {
            match self.session(&mut modules).and_then(|(session, key)| work(session, key)) {
                Ok(done) => return Ok(done),
                Err(Trouble::Unsealable) => return Err(LedgerError::Unsealable { part: "subject key" }),
                Err(Trouble::Pin) => {
                    refused.insert(place);
                    return Err(pin_refused());
                }
                Err(Trouble::Away(why)) => {
                    if let Some(module) = modules.remove(&self.access.module) {
                        module.end();
                    }
                    last = why;
                }
            }
        }
        Err(StoreError::Unavailable { what: WHAT, why: format!("the key '{}' in the token '{}': {last}", self.key, self.token) }.into())
    }

    fn session<'a>(&self, modules: &'a mut BTreeMap<PathBuf, Module>) -> Result<(&'a Session, ObjectHandle), Trouble> {
        if !modules.contains_key(&self.access.module) {
            let context = Pkcs11::new(&self.access.module)?;
            match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
                Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
                Err(error) => return Err(error.into()),
            }
            modules.insert(self.access.module.clone(), Module { context, sessions: BTreeMap::new() });
        }
        let module = modules.get_mut(&self.access.module).ok_or_else(|| Trouble::Away("the module is gone".into()))?;
        if !module.sessions.contains_key(&self.token) {
            let session = logged_in(&module.context, &self.token, &self.access)?;
            module.sessions.insert(self.token.clone(), session);
        }
        let session = &module.sessions[&self.token];
        let named = [Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Label(self.key.clone().into_bytes())];
        match session.find_objects(&named)?.as_slice() {
            [key] => Ok((session, *key)),
            found => Err(Trouble::Away(format!("{} secret keys have this label, one is needed", found.len()))),
        }
    }

    fn encrypt(&self, session: &Session, key: ObjectHandle, subject: Uuid, plain: &[u8]) -> Result<Vec<u8>, Trouble> {
        let (mut iv, associated) = ([0; IV_BYTES], associated(self.id, subject));
        OsRng.fill_bytes(&mut iv);
        let sealed = session.encrypt(&Mechanism::AesGcm(GcmParams::new(&mut iv, &associated, TAG_BITS.into())?), key, plain)?;
        Ok([iv.as_slice(), &sealed].concat())
    }

    fn decrypt(&self, session: &Session, key: ObjectHandle, subject: Uuid, wrapped: &[u8]) -> Result<SubjectKey, Trouble> {
        let Some((mut iv, body)) = wrapped.split_first_chunk::<IV_BYTES>().map(|(iv, body)| (*iv, body)) else { return Err(Trouble::Unsealable) };
        let associated = associated(self.id, subject);
        let mut plain = session.decrypt(&Mechanism::AesGcm(GcmParams::new(&mut iv, &associated, TAG_BITS.into())?), key, body)?;
        let opened = plain.as_slice().try_into().map(SubjectKey).map_err(|_| Trouble::Unsealable);
        plain.zeroize();
        opened
    }

    /// Tokens answer in many ways that a tag does not fit, with a general error too: one that opens what it just sealed is well, and the bytes are not.
    fn opened(&self, session: &Session, key: ObjectHandle, (subject, wrapped): &(Uuid, Vec<u8>)) -> Result<SubjectKey, Trouble> {
        let why = match self.decrypt(session, key, *subject, wrapped) {
            Err(Trouble::Away(why)) => why,
            done => return done,
        };
        let tried = self.encrypt(session, key, *subject, &[0; 32]).and_then(|sealed| self.decrypt(session, key, *subject, &sealed));
        Err(if tried.is_ok() { Trouble::Unsealable } else { Trouble::Away(why) })
    }
}

fn logged_in(context: &Pkcs11, token: &str, access: &TokenAccess) -> Result<Session, Trouble> {
    for slot in context.get_slots_with_token()? {
        if context.get_token_info(slot).is_ok_and(|info| info.label().trim_end() == token) {
            let session = context.open_ro_session(slot)?;
            match session.login(UserType::User, Some(&AuthPin::new(access.pin.expose().into()))) {
                Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => return Ok(session),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Err(Trouble::Away("there is no such token".into()))
}

#[async_trait]
impl KeyWrap for InToken {
    fn id(&self) -> Option<Uuid> {
        Some(self.id)
    }

    async fn wrap(&self, keys: &[(Uuid, SubjectKey)]) -> Result<Vec<Vec<u8>>> {
        let (this, keys) = (self.clone(), keys.to_vec());
        aside(move || this.with(|session, key| keys.iter().map(|(subject, plain)| this.encrypt(session, key, *subject, &plain.0)).collect())).await
    }

    async fn unwrap(&self, wrapped: &[(Uuid, Vec<u8>)]) -> Result<Vec<SubjectKey>> {
        let (this, wrapped) = (self.clone(), wrapped.to_vec());
        aside(move || this.with(|session, key| wrapped.iter().map(|item| this.opened(session, key, item)).collect())).await
    }
}

/// Tokens block.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| LedgerError::Internal(e.to_string()))?
}
