//! The key-encryption key that is derived from the master secret: the first of every installation, readable for ever.

use super::KeyWrap;
use crate::{
    error::{LedgerError, Result},
    keyring::{SubjectKey, aead_open, aead_seal},
};
use async_trait::async_trait;
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

pub(crate) struct Derived(pub(crate) Zeroizing<[u8; 32]>);

#[async_trait]
impl KeyWrap for Derived {
    fn id(&self) -> Option<Uuid> {
        None
    }

    async fn wrap(&self, keys: &[(Uuid, SubjectKey)]) -> Result<Vec<Vec<u8>>> {
        keys.iter().map(|(subject, key)| aead_seal(&self.0, subject.as_bytes(), &key.0)).collect()
    }

    async fn unwrap(&self, wrapped: &[(Uuid, Vec<u8>)]) -> Result<Vec<SubjectKey>> {
        wrapped.iter().map(|(subject, wrapped)| open(&self.0, subject.as_bytes(), wrapped)).collect()
    }
}

/// A subject's key that AES-256-GCM wrapped.
pub(super) fn open(key: &[u8; 32], associated: &[u8], wrapped: &[u8]) -> Result<SubjectKey> {
    let unsealable = LedgerError::Unsealable { part: "subject key" };
    let Some(mut plain) = aead_open(key, associated, wrapped) else { return Err(unsealable) };
    let key = plain.as_slice().try_into().map(SubjectKey).map_err(|_| unsealable);
    plain.zeroize();
    key
}
