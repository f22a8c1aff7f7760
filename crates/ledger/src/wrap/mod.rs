//! Key-encryption keys: what subjects' keys are wrapped by. A wrapped key says by which, so that several are readable at once and changing to another one
//! rewrites rows of the key store and no event.

use crate::{
    error::{LedgerError, Result},
    keyring::SubjectKey,
};
use async_trait::async_trait;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};
use store::StoreError;
use uuid::Uuid;

pub use folder::{KeyFolder, Kind, Purpose};
pub use key_file::Passphrase;
pub use rotate::Stepped;

mod derived;
mod folder;
mod key_file;
mod rotate;
#[cfg(feature = "pkcs11")]
mod token;

pub(crate) use derived::Derived;

/// How errors call what cannot be reached.
pub(crate) const WHAT: &str = "the key-encryption key";
/// Of a wrapped key: this byte, the id of its key-encryption key in 16, then what that key made.
const VERSION: u8 = 1;
const HEAD_BYTES: usize = 17;
/// Nonce, key and tag: what the derived key makes, and nothing that names it. No other wrapped key has this length.
const HEADLESS_BYTES: usize = 12 + 32 + 16;

/// How PKCS#11 tokens are reached.
#[derive(Clone, Debug)]
pub struct TokenAccess {
    /// The vendor's library.
    pub module: PathBuf,
    pub pin: Passphrase,
}

/// A key-encryption key. It is asked for many keys at once, so that one in a token or a service elsewhere is asked seldom.
#[async_trait]
pub trait KeyWrap: Send + Sync {
    /// `None`: the one derived from the master secret.
    fn id(&self) -> Option<Uuid>;
    /// Wraps the keys of these subjects, each bound to its subject.
    ///
    /// # Errors
    /// `Store(Unavailable)` while this key cannot be reached.
    async fn wrap(&self, keys: &[(Uuid, SubjectKey)]) -> Result<Vec<Vec<u8>>>;
    /// The keys of these subjects again.
    ///
    /// # Errors
    /// `Unsealable` when one was not wrapped by this key for this subject; `Store(Unavailable)` while this key cannot be reached.
    async fn unwrap(&self, wrapped: &[(Uuid, Vec<u8>)]) -> Result<Vec<SubjectKey>>;
}

/// Where key-encryption keys are found by their ids.
#[async_trait]
pub trait KeyWraps: Send + Sync {
    /// Looks at every call: another process may just have made it.
    ///
    /// # Errors
    /// `Store(Unavailable)` when it is not there or cannot be reached, `KeyFile` when it is there and cannot be used.
    async fn open(&self, id: Uuid) -> Result<Arc<dyn KeyWrap>>;
}

/// Which key-encryption key wrapped this, and what it made.
pub(crate) fn parse(wrapped: &[u8]) -> Result<(Option<Uuid>, &[u8])> {
    if wrapped.len() == HEADLESS_BYTES {
        return Ok((None, wrapped));
    }
    let (head, body) = wrapped.split_at_checked(HEAD_BYTES).ok_or(LedgerError::Unsealable { part: "subject key" })?;
    match head {
        [VERSION, id @ ..] => Ok((Uuid::from_slice(id).ok(), body)),
        _ => Err(LedgerError::Internal(format!("a wrapped key is written in version {}, this release reads version {VERSION}", head[0]))),
    }
}

/// What [`parse`] reads.
pub(crate) fn named(id: Option<Uuid>, body: Vec<u8>) -> Result<Vec<u8>> {
    let Some(id) = id else { return Ok(body) };
    let whole = [&[VERSION], id.as_bytes().as_slice(), &body].concat();
    if whole.len() == HEADLESS_BYTES {
        return Err(LedgerError::Internal(format!("the key-encryption key {id} makes {} bytes, which would pass for another's", body.len())));
    }
    Ok(whole)
}

/// The key-encryption keys opened so far.
pub(crate) struct Opened {
    derived: Arc<dyn KeyWrap>,
    found: Option<Arc<dyn KeyWraps>>,
    by_id: RwLock<HashMap<Uuid, Arc<dyn KeyWrap>>>,
}

impl Opened {
    pub(crate) fn new(derived: Derived, found: Option<Arc<dyn KeyWraps>>) -> Self {
        Self { derived: Arc::new(derived), found, by_id: RwLock::default() }
    }

    pub(crate) async fn get(&self, id: Option<Uuid>) -> Result<Arc<dyn KeyWrap>> {
        let Some(id) = id else { return Ok(self.derived.clone()) };
        if let Some(known) = self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(known.clone());
        }
        let Some(found) = &self.found else {
            return Err(StoreError::Unavailable { what: WHAT, why: format!("{id} is asked for, and there is no place to look for it") }.into());
        };
        let opened = found.open(id).await?;
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).insert(id, opened.clone());
        Ok(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_names_what_wrapped_it() {
        let id = Uuid::from_u128(7);
        let whole = named(Some(id), vec![5; 60]).unwrap();
        assert_eq!((whole.len(), parse(&whole).unwrap()), (77, (Some(id), [5; 60].as_slice())));
        assert_eq!(parse(&[1; 60]).unwrap(), (None, [1; 60].as_slice()), "as before there were others");
        assert_eq!(named(None, vec![1; 60]).unwrap(), [1; 60]);
        assert!(named(Some(id), vec![5; 43]).is_err(), "it would be as long as one that names nobody");
        assert!(parse(&[1; 16]).is_err());
        let newer = [[2].as_slice(), &[0; 76]].concat();
        assert!(parse(&newer).unwrap_err().to_string().contains("version 2"));
    }
}
