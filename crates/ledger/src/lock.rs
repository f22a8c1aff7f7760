//! The lock: what was last signed and by which keys, kept apart from the data, so that restored older data cannot sign a second history. Both change in one
//! swap: whoever was passed over by a new key cannot sign on with the old one.

use crate::error::{LedgerError, Result};
use merkle::{Checkpoint, LogKeys, NoteVerifier};
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
    /// The index of the generation's first record, as positions count.
    #[serde(default, skip_serializing_if = "is_zero")]
    first: u64,
    /// The generation's first key, where it is another than the installation's: a generation begins with the newest key of the one before.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    first_key: String,
    /// How the first key handed over to those after it; empty while there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    keys: String,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What the lock says.
#[derive(Clone, Debug)]
pub(crate) struct Locked {
    pub(crate) generation: u32,
    pub(crate) first: u64,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) note: String,
    pub(crate) keys: LogKeys,
}

impl Lock {
    pub fn new(blobs: Arc<dyn Blobs>, path: &str) -> Self {
        Self { blobs, path: path.to_owned() }
    }

    /// The lock of this ledger, where locks lie.
    pub fn of(blobs: Arc<dyn Blobs>, ledger: &str) -> Self {
        Self::new(blobs, &format!("{ledger}.lock"))
    }

    /// What the lock said last of a generation that a declared loss ended.
    pub fn past(&self, generation: u32) -> Self {
        let stem = self.path.strip_suffix(".lock").unwrap_or(&self.path);
        Self { blobs: self.blobs.clone(), path: format!("{stem}.{generation}.lock") }
    }

    /// Keeps what it says now, before another generation takes its place.
    pub(crate) async fn keep(&self, generation: u32) -> Result<()> {
        let Some((bytes, _)) = self.blobs.get(&self.path).await? else { return Ok(()) };
        Ok(self.blobs.create(&self.past(generation).path, bytes).await?)
    }

    /// The keys of a ledger's generation, beginning with `first`. `data` is where the ledger itself lies.
    pub async fn keys(&self, data: &dyn Blobs, ledger: &str, generation: u32, first: &NoteVerifier) -> Result<LogKeys> {
        let locked = self.read(ledger, first).await?;
        keys_of(data, locked.as_ref().map(|(locked, _)| locked), &Layout::new(ledger, generation), generation, first).await
    }

    /// The name under which it was signed last; `None` where nothing was, or where it cannot be made out.
    pub async fn signer_name(&self) -> Result<Option<String>> {
        let Some((bytes, _)) = self.blobs.get(&self.path).await? else { return Ok(None) };
        let written = serde_json::from_slice::<Written>(&bytes).ok();
        // The origin, which is the first line of the checkpoint, is the name and the log's own: `example.org/activity.0`.
        let origin = written.as_ref().and_then(|w| w.checkpoint.lines().next());
        Ok(origin.and_then(|origin| origin.rsplit_once('/')).map(|(name, _)| name.to_owned()))
    }

    /// Whether nothing was ever signed under it.
    pub async fn is_new(&self) -> Result<bool> {
        Ok(self.blobs.get(&self.path).await?.is_none())
    }

    /// What was last signed, if anything was, and the version to swap against. `first` is the ledger's first key.
    pub(crate) async fn read(&self, ledger: &str, first: &NoteVerifier) -> Result<Option<(Locked, Version)>> {
        let Some((bytes, version)) = self.blobs.get(&self.path).await? else { return Ok(None) };
        let damaged = |why: String| LedgerError::damaged(format!("the lock {}", self.path), why);
        let written: Written = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
        if written.ledger != ledger {
            return Err(damaged(format!("it belongs to ledger {}", written.ledger)));
        }
        let origin = Layout::new(ledger, written.generation).origin(first.name());
        let first_key = match written.first_key.as_str() {
            "" => first.clone(),
            other => NoteVerifier::parse(other).map_err(|e| damaged(format!("its first key: {e}")))?,
        };
        let keys = LogKeys::parse(&written.keys, &origin, &first_key).map_err(|e| damaged(format!("its keys: {e}")))?;
        let checkpoint = keys.checkpoint(&written.checkpoint, &origin).map_err(|e| damaged(format!("its checkpoint: {e}")))?;
        if (checkpoint.size, checkpoint.root.to_string()) != (written.size, written.root) {
            return Err(damaged("its size and root are not those of its checkpoint".into()));
        }
        Ok(Some((Locked { generation: written.generation, first: written.first, checkpoint, note: written.checkpoint, keys }, version)))
    }

    /// Moves the lock on. Only whoever read the version it holds can.
    pub(crate) async fn advance(&self, ledger: &str, to: &Locked, from: Option<&Version>) -> Result<Version> {
        let written = Written {
            ledger: ledger.to_owned(),
            generation: to.generation,
            first: to.first,
            // In the first generation it is known anyway.
            first_key: if to.generation == 0 { String::new() } else { to.keys.all()[0].1.to_string() },
            size: to.checkpoint.size,
            root: to.checkpoint.root.to_string(),
            checkpoint: to.note.clone(),
            keys: to.keys.handovers().to_owned(),
        };
        let bytes = serde_json::to_vec_pretty(&written).map_err(|e| LedgerError::Internal(format!("the lock cannot be written as JSON: {e}")))?;
        swapped(self.blobs.as_ref(), &self.path, from, bytes).await
    }
}

/// What the lock lists, and without a lock what is published, which the first key must have handed over too.
pub(crate) async fn keys_of(data: &dyn Blobs, locked: Option<&Locked>, layout: &Layout, generation: u32, first: &NoteVerifier) -> Result<LogKeys> {
    match locked {
        Some(locked) if locked.generation == generation => Ok(locked.keys.clone()),
        Some(older) => Ok(older.keys.newest().clone().into()),
        None => {
            let path = layout.handovers();
            let Some((bytes, _)) = data.get(&path).await? else { return Ok(first.clone().into()) };
            let text = std::str::from_utf8(&bytes).map_err(|e| LedgerError::damaged(&*path, e))?;
            LogKeys::parse(text, &layout.origin(first.name()), first).map_err(|e| LedgerError::damaged(path, e))
        }
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
