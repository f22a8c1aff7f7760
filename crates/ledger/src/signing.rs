//! The private halves of the keys that sign one ledger's checkpoints: the first is derived from the master secret, the others lie in the key folder.

use crate::{
    error::{LedgerError, Result},
    wrap::{KeyFolder, Purpose},
};
use merkle::{LogKeys, NoteSigner, NoteVerifier};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// What this installation can sign one ledger with.
pub struct Signers {
    first: Arc<NoteSigner>,
    made: Option<(KeyFolder, Purpose)>,
    /// Files opened so far: a passphrase is stretched once for each.
    opened: Mutex<BTreeMap<Uuid, Arc<NoteSigner>>>,
}

impl From<NoteSigner> for Signers {
    /// One key, for ever.
    fn from(only: NoteSigner) -> Self {
        Self { first: Arc::new(only), made: None, opened: Mutex::default() }
    }
}

impl Signers {
    /// The first key, and those that are made in the folder for this ledger. All of them carry the first one's name.
    pub fn with_folder(first: NoteSigner, folder: KeyFolder, ledger: &str) -> Self {
        Self { first: Arc::new(first), made: Some((folder, Purpose::Signing(ledger.to_owned()))), opened: Mutex::default() }
    }

    /// The public half of the first: it begins the list of the ledger's keys.
    pub fn first(&self) -> NoteVerifier {
        self.first.verifier()
    }

    /// A key that was made and is not in force yet; the newest where there are several.
    pub fn waiting(&self, keys: &LogKeys) -> Result<Option<Arc<NoteSigner>>> {
        let made = self.made()?;
        Ok(made.into_iter().rev().map(|(_, signer)| signer).find(|signer| !listed(keys, signer)))
    }

    /// # Errors
    /// `Internal` when this installation does not hold it.
    pub fn of(&self, key: &NoteVerifier) -> Result<Arc<NoteSigner>> {
        if self.first.verifier() == *key {
            return Ok(self.first.clone());
        }
        let made = self.made()?;
        let found = made.into_iter().map(|(_, signer)| signer).find(|signer| signer.verifier() == *key);
        found.ok_or_else(|| {
            LedgerError::Internal(format!("the private half of the key {key} is not in the key folder: copy its file from the node that made it"))
        })
    }

    /// Makes a key, which the integrator puts in force with the next checkpoint.
    ///
    /// # Errors
    /// `Internal` where there is no folder.
    pub fn make(&self) -> Result<NoteVerifier> {
        let (folder, purpose) = self.made.as_ref().ok_or_else(|| LedgerError::Internal("there is no key folder to make a key in".into()))?;
        let id = folder.make(purpose)?;
        Ok(self.open(folder, purpose, id)?.verifier())
    }

    /// Destroys the private halves whose time is over; how many files went. The first key's cannot be: the master secret makes it again.
    pub fn destroy_past(&self, keys: &LogKeys) -> Result<usize> {
        let Some((folder, purpose)) = &self.made else { return Ok(0) };
        let past = self.made()?.into_iter().filter(|(_, signer)| listed(keys, signer) && signer.verifier() != *keys.newest());
        let past: Vec<Uuid> = past.map(|(id, _)| id).collect();
        for id in &past {
            folder.destroy(purpose, *id)?;
            self.opened.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
        Ok(past.len())
    }

    fn made(&self) -> Result<Vec<(Uuid, Arc<NoteSigner>)>> {
        let Some((folder, purpose)) = &self.made else { return Ok(Vec::new()) };
        folder.ids(purpose)?.into_iter().map(|id| Ok((id, self.open(folder, purpose, id)?))).collect()
    }

    fn open(&self, folder: &KeyFolder, purpose: &Purpose, id: Uuid) -> Result<Arc<NoteSigner>> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signer) = opened.get(&id) {
            return Ok(signer.clone());
        }
        let seed = folder.key(purpose, id)?;
        let signer = Arc::new(NoteSigner::new(self.first.verifier().name(), &seed)?);
        opened.insert(id, signer.clone());
        Ok(signer)
    }
}

fn listed(keys: &LogKeys, signer: &NoteSigner) -> bool {
    let key = signer.verifier();
    keys.all().iter().any(|(_, listed)| *listed == key)
}
