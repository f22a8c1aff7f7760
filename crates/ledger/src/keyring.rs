//! Subjects' keys: made when a subject is first named, wrapped by a key-encryption key ([`crate::wrap`]), gone after an erasure.

use crate::{
    error::{LedgerError, Result},
    wrap::{Derived, KeyWraps, Opened},
};
use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use lru::LruCache;
use model::SubjectRef;
use rand::{RngCore, rngs::OsRng};
use sha2::Sha256;
use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};
use store::keys::{Keys, SubjectRow};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A subject's key, or one derived from several.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SubjectKey(pub(crate) [u8; 32]);

/// The first key-encryption key and the key of keyed hashes, both derived from the installation's master secret.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Master {
    wrap: [u8; 32],
    mac: [u8; 32],
}

impl Master {
    /// From at least 32 bytes of secret.
    pub fn from_secret(secret: &[u8]) -> Result<Self> {
        if secret.len() < 32 {
            return Err(LedgerError::Internal(format!("the master secret has {} bytes; it needs at least 32", secret.len())));
        }
        let hkdf = hkdf::Hkdf::<Sha256>::new(None, secret);
        let mut master = Self { wrap: [0; 32], mac: [0; 32] };
        let derive = |info: &[u8], out: &mut [u8]| hkdf.expand(info, out).map_err(|e| LedgerError::Internal(e.to_string()));
        derive(b"veritrail/1 key-encryption", &mut master.wrap)?;
        derive(b"veritrail/1 keyed-hash", &mut master.mac)?;
        Ok(master)
    }
}

/// Subject ids and keys, cached; the store is asked in bulk.
pub struct Keyring {
    /// Of the key of keyed hashes, begun: hashing the key again for every word would double the work.
    hmac: Hmac<Sha256>,
    pub(crate) keys: Arc<dyn Keys>,
    pub(crate) wraps: Opened,
    cache: Mutex<LruCache<[u8; 16], (Uuid, SubjectKey)>>,
    by_subject: Mutex<LruCache<Uuid, SubjectKey>>,
}

impl Keyring {
    /// With the derived key-encryption key alone. `capacity` subjects stay in memory, about 200 bytes each.
    pub fn new(master: Master, keys: Arc<dyn Keys>, capacity: NonZeroUsize) -> Self {
        Self::open(master, None, keys, capacity)
    }

    /// The same with the key-encryption keys that are found there.
    pub fn with_wraps(master: Master, wraps: Arc<dyn KeyWraps>, keys: Arc<dyn Keys>, capacity: NonZeroUsize) -> Self {
        Self::open(master, Some(wraps), keys, capacity)
    }

    fn open(master: Master, wraps: Option<Arc<dyn KeyWraps>>, keys: Arc<dyn Keys>, capacity: NonZeroUsize) -> Self {
        let hmac = <Hmac<Sha256> as Mac>::new_from_slice(&master.mac).expect("HMAC takes a key of any length");
        let wraps = Opened::new(Derived(Zeroizing::new(master.wrap)), wraps);
        Self { hmac, keys, wraps, cache: Mutex::new(LruCache::new(capacity)), by_subject: Mutex::new(LruCache::new(capacity)) }
    }

    /// HMAC-SHA-256 under the installation's key. Parts are length-prefixed, so no two lists of parts look alike.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.hmac.clone();
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn lookup(&self, subject: &SubjectRef) -> [u8; 16] {
        let hash = self.mac("subject", &[subject.source.as_bytes(), subject.kind.name().as_bytes(), subject.vendor_id.as_bytes()]);
        let mut lookup = [0; 16];
        lookup.copy_from_slice(&hash[..16]);
        lookup
    }

    /// Ids and keys of these subjects; new subjects get theirs, durably, before this answers. A subject erased before gets a new id
    /// only after its row was removed; until then it is `None`: nothing may be sealed for it.
    pub async fn resolve(&self, subjects: &[SubjectRef]) -> Result<HashMap<SubjectRef, Option<(Uuid, SubjectKey)>>> {
        let mut found = HashMap::new();
        let mut missing = Vec::new();
        {
            let mut cache = self.cache.lock().expect("no code panics holding the cache");
            for subject in subjects {
                let lookup = self.lookup(subject);
                match cache.get(&lookup) {
                    Some(entry) => drop(found.insert(subject.clone(), Some(entry.clone()))),
                    None => missing.push((lookup, subject.clone())),
                }
            }
        }
        missing.sort();
        missing.dedup();
        if missing.is_empty() {
            return Ok(found);
        }
        let lookups: Vec<_> = missing.iter().map(|(l, _)| *l).collect();
        let mut rows: HashMap<[u8; 16], SubjectRow> = self.keys.by_lookup(&lookups).await?.into_iter().map(|r| (r.lookup, r)).collect();
        let new: Vec<[u8; 16]> = lookups.iter().filter(|l| !rows.contains_key(*l)).copied().collect();
        let mut known = HashMap::new();
        if !new.is_empty() {
            let (inserted, made) = self.inserted(&new).await?;
            known = made;
            rows.extend(inserted.into_iter().map(|r| (r.lookup, r)));
        }
        let wrapped = rows.values().filter(|r| !known.contains_key(&r.subject)).filter_map(|r| Some((r.subject, r.wrapped.as_deref()?)));
        let mut keys = self.unwrapped(wrapped).await?;
        keys.extend(known);
        for (lookup, subject) in missing {
            let row = rows.get(&lookup).ok_or_else(|| LedgerError::Internal("the key store lost a row it had just accepted".into()))?;
            let entry = row.wrapped.as_ref().and_then(|_| Some((row.subject, keys.get(&row.subject)?.clone())));
            if let Some(entry) = &entry {
                self.cache.lock().expect("no code panics holding the cache").put(lookup, entry.clone());
            }
            found.insert(subject, entry);
        }
        Ok(found)
    }

    /// Keys by our own ids, for opening; erased or unknown subjects are left out.
    pub async fn keys(&self, subjects: &[Uuid]) -> Result<HashMap<Uuid, SubjectKey>> {
        let mut found = HashMap::new();
        let mut missing = Vec::new();
        {
            let mut cache = self.by_subject.lock().expect("no code panics holding the cache");
            for subject in subjects {
                match cache.get(subject) {
                    Some(key) => drop(found.insert(*subject, key.clone())),
                    None => missing.push(*subject),
                }
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        missing.sort();
        missing.dedup();
        let rows = self.keys.by_subject(&missing).await?;
        let keys = self.unwrapped(rows.iter().filter_map(|row| Some((row.subject, row.wrapped.as_deref()?)))).await?;
        let mut cache = self.by_subject.lock().expect("no code panics holding the cache");
        for (subject, key) in keys {
            cache.put(subject, key.clone());
            found.insert(subject, key);
        }
        Ok(found)
    }

    /// Destroys the keys of these subjects: what is sealed under them is unreadable from now on, and no new key is made for them.
    pub async fn erase(&self, subjects: &[Uuid]) -> Result<u64> {
        let erased = self.keys.erase(subjects).await;
        // Also after a failure: what became of the keys is then not known.
        self.forget();
        Ok(erased?)
    }

    /// Forgets cached keys; call after an erasure, on every node.
    pub fn forget(&self) {
        self.cache.lock().expect("no code panics holding the cache").clear();
        self.by_subject.lock().expect("no code panics holding the cache").clear();
    }

    /// The key for what belongs to no subject of the source (a failed sign-in without a name, quarantine).
    pub fn source_key(&self, source: Uuid) -> SubjectKey {
        SubjectKey(self.mac("source-key", &[source.as_bytes()]))
    }

    /// Seals what belongs to a source under its own key; `purpose` binds it to its place.
    pub fn seal_for_source(&self, source: Uuid, purpose: &str, plain: &[u8]) -> Result<Vec<u8>> {
        aead_seal(&self.source_key(source).0, purpose.as_bytes(), plain)
    }

    pub fn open_for_source(&self, source: Uuid, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        aead_open(&self.source_key(source).0, purpose.as_bytes(), sealed).ok_or(LedgerError::Unsealable { part: "source's secrets" })
    }
}

/// AES-256-GCM with a random nonce: `nonce || ciphertext || tag`.
pub(crate) fn aead_seal(key: &[u8; 32], associated: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = [0; 12];
    OsRng.fill_bytes(&mut nonce);
    let cipher = Aes256Gcm::new(key.into());
    let sealed =
        cipher.encrypt(Nonce::from_slice(&nonce), Payload { msg: plain, aad: associated }).map_err(|_| LedgerError::Internal("sealing failed".into()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// `None` when the bytes were not sealed by this key with these associated data.
pub(crate) fn aead_open(key: &[u8; 32], associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = sealed.split_at_checked(12)?;
    Aes256Gcm::new(key.into()).decrypt(Nonce::from_slice(nonce), Payload { msg: body, aad: associated }).ok()
}
