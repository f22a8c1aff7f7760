//! Tombstones: which subjects were erased, kept with the lock and apart from the data. A restored backup brings back keys that were destroyed;
//! they are destroyed again before anything is served.

use crate::{
    error::{LedgerError, Result},
    keyring::Keyring,
};
use serde::{Deserialize, Serialize};
use store::blobs::Blobs;
use uuid::Uuid;

const FOLDER: &str = "erased/";

#[derive(Serialize, Deserialize)]
struct Tombstone {
    subjects: Vec<Uuid>,
}

/// Writes down that these subjects are erased. The same erasure may be written again.
pub async fn bury(apart: &dyn Blobs, erasure: Uuid, subjects: &[Uuid]) -> Result<()> {
    let tombstone = Tombstone { subjects: subjects.to_vec() };
    let bytes = serde_json::to_vec_pretty(&tombstone).map_err(|e| LedgerError::Internal(format!("a tombstone cannot be written as JSON: {e}")))?;
    Ok(apart.put(&format!("{FOLDER}{erasure}.json"), bytes.into()).await?)
}

/// Every subject that was ever erased.
pub async fn buried(apart: &dyn Blobs) -> Result<Vec<Uuid>> {
    let mut subjects = Vec::new();
    for path in apart.list(FOLDER).await? {
        let Some((bytes, _)) = apart.get(&path).await? else { continue };
        let tombstone: Tombstone = serde_json::from_slice(&bytes).map_err(|e| LedgerError::damaged(path, e))?;
        subjects.extend(tombstone.subjects);
    }
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
