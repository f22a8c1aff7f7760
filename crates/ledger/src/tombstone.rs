//! Tombstones: which subjects were erased, kept with the lock and apart from the data. A restored backup brings back keys that were destroyed;
//! they are destroyed again before anything is served.

use crate::{
    error::{LedgerError, Result},
    keyring::Keyring,
};
use model::{LegalBasis, Micros};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::blobs::Blobs;
use uuid::Uuid;

const FOLDER: &str = "erased/";

/// What is kept of an erasure, for records that know nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    pub subjects: Vec<Uuid>,
    /// `None` in those of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// Who asked for an erasure, of whom and why. Nothing here names the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub person: Option<Uuid>,
    pub basis: LegalBasis,
    pub reason: String,
    pub member: Uuid,
    pub created: Micros,
}

/// Writes down that these subjects are erased. The same erasure may be written again.
pub async fn bury(apart: &dyn Blobs, erasure: Uuid, tombstone: &Tombstone) -> Result<()> {
    let bytes = serde_json::to_vec_pretty(tombstone).map_err(|e| LedgerError::Internal(format!("a tombstone cannot be written as JSON: {e}")))?;
    Ok(apart.put(&format!("{FOLDER}{erasure}.json"), bytes.into()).await?)
}

/// All there are, by their erasure's id.
pub async fn all(apart: &dyn Blobs) -> Result<BTreeMap<Uuid, Tombstone>> {
    let mut found = BTreeMap::new();
    for path in apart.list(FOLDER).await? {
        let Some((bytes, _)) = apart.get(&path).await? else { continue };
        let id = path.strip_prefix(FOLDER).and_then(|name| name.strip_suffix(".json")).and_then(|name| name.parse().ok());
        let id: Uuid = id.ok_or_else(|| LedgerError::damaged(&*path, "its name is no erasure's"))?;
        found.insert(id, serde_json::from_slice(&bytes).map_err(|e| LedgerError::damaged(path, e))?);
    }
    Ok(found)
}

/// Every subject that was ever erased.
pub async fn buried(apart: &dyn Blobs) -> Result<Vec<Uuid>> {
    let mut subjects: Vec<Uuid> = all(apart).await?.into_values().flat_map(|tombstone| tombstone.subjects).collect();
    subjects.sort_unstable();
    subjects.dedup();
    Ok(subjects)
}

/// Destroys again what tombstones name and the key store holds. Those whose keys had come back.
pub async fn lay_to_rest(apart: &dyn Blobs, keyring: &Keyring) -> Result<Vec<Uuid>> {
    let subjects = buried(apart).await?;
    let mut risen: Vec<Uuid> = keyring.keys(&subjects).await?.into_keys().collect();
    risen.sort_unstable();
    if !risen.is_empty() {
        keyring.erase(&risen).await?;
    }
    Ok(risen)
}
