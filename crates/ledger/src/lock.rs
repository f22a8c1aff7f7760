//! The lock: what was last signed, kept apart from the data, so that restored older data cannot sign a second history.

use crate::error::{LedgerError, Result};
use merkle::{Checkpoint, NoteVerifier};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{
    StoreError,
    blobs::{Blobs, Version},
};

use crate::layout::Layout;

/// Where the lock of one ledger lies. Never on the data's own storage.
#[derive(Clone)]
pub struct Lock {
    blobs: Arc<dyn Blobs>,
    path: String,
}

#[derive(Serialize, Deserialize)]
struct Written {
    ledger: String,
    generation: u32,
    size: u64,
    root: String,
    /// The signed checkpoint: written here before it is shown to anybody.
    checkpoint: String,
}

/// What the lock says.
#[derive(Clone, Debug)]
pub(crate) struct Locked {
    pub(crate) generation: u32,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) note: String,
}

impl Lock {
    pub fn new(blobs: Arc<dyn Blobs>, path: &str) -> Self {
        Self { blobs, path: path.to_owned() }
    }

    /// What was last signed, if anything was, and the version to swap against.
    /// Whether nothing was ever signed under it.
    pub async fn is_new(&self) -> Result<bool> {
        Ok(self.blobs.get(&self.path).await?.is_none())
    }

    pub(crate) async fn read(&self, ledger: &str, verifier: &NoteVerifier) -> Result<Option<(Locked, Version)>> {
        let Some((bytes, version)) = self.blobs.get(&self.path).await? else { return Ok(None) };
        let damaged = |why: String| LedgerError::damaged(format!("the lock {}", self.path), why);
        let written: Written = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
        if written.ledger != ledger {
            return Err(damaged(format!("it belongs to ledger {}", written.ledger)));
        }
        let origin = Layout::new(ledger, written.generation).origin(verifier.name());
        let checkpoint =
            Checkpoint::verify(&written.checkpoint, &origin, std::slice::from_ref(verifier)).map_err(|e| damaged(format!("its checkpoint: {e}")))?;
        if (checkpoint.size, checkpoint.root.to_string()) != (written.size, written.root) {
            return Err(damaged("its size and root are not those of its checkpoint".into()));
        }
        Ok(Some((Locked { generation: written.generation, checkpoint, note: written.checkpoint }, version)))
    }

    /// Moves the lock on. Only whoever read the version it holds can.
    pub(crate) async fn advance(&self, ledger: &str, to: &Locked, from: Option<&Version>) -> Result<Version> {
        let written = Written {
            ledger: ledger.to_owned(),
            generation: to.generation,
            size: to.checkpoint.size,
            root: to.checkpoint.root.to_string(),
            checkpoint: to.note.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&written).map_err(|e| LedgerError::Internal(format!("the lock cannot be written as JSON: {e}")))?;
        swapped(self.blobs.as_ref(), &self.path, from, bytes).await
    }
}

/// Compare-and-swap that finds out what happened to a lost answer: our bytes being there means that it was us.
pub(crate) async fn swapped(blobs: &dyn Blobs, path: &str, from: Option<&Version>, bytes: Vec<u8>) -> Result<Version> {
    match blobs.swap(path, from, bytes.clone().into()).await {
        Ok(version) => Ok(version),
        Err(error @ (StoreError::Conflict(_) | StoreError::Unknown { .. })) => match blobs.get(path).await? {
            Some((there, version)) if there == bytes => Ok(version),
            _ => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}
