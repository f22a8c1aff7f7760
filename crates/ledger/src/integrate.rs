//! Integration: one lease-holder moves batches to segments and tiles, hashes the stored bytes again, and signs a checkpoint.
//!
//! Every step may be cut off at any point and is found again from what is stored: segment, bundles and tiles are written with the bytes they
//! must have, the lock moves before the checkpoint is shown, and the tail is dropped last.

use crate::{
    error::{LedgerError, Result},
    layout::Layout,
    lock::{Lock, Locked, swapped},
    moved::Move,
    resume::{Signed, find},
};
use merkle::{Checkpoint, Hash, NoteSigner, NoteVerifier};
use model::Micros;
use std::sync::Arc;
use store::{StoreError, blobs::Blobs, trail::Trail};
use tokio::sync::Mutex;
use uuid::Uuid;

/// What one step moves at most, in bytes as stored; at least one batch.
pub(crate) const STEP_BYTES: usize = 8 << 20;
/// How long a lease-holder may be silent before another takes over, in microseconds.
const LEASE: Micros = 10_000_000;

/// Integrates one ledger.
pub struct Integrator {
    trail: Arc<dyn Trail>,
    blobs: Arc<dyn Blobs>,
    ledger: String,
    signer: NoteSigner,
    lock: Lock,
    holder: String,
    /// `None` until found, and again after a failure.
    signed: Mutex<Option<Signed>>,
}

/// A checkpoint just signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpointed {
    pub size: u64,
    pub root: Hash,
    /// The signed note.
    pub checkpoint: String,
    /// Records that wait for the next step.
    pub behind: u64,
}

impl Integrator {
    /// `node` names the holder of the lease: one that comes back after a crash goes on at once, where another would wait for the lease to end.
    pub fn new(trail: Arc<dyn Trail>, blobs: Arc<dyn Blobs>, ledger: &str, signer: NoteSigner, lock: Lock, node: Uuid) -> Self {
        Self { trail, blobs, ledger: ledger.to_owned(), signer, lock, holder: node.to_string(), signed: Mutex::new(None) }
    }

    /// To be called before anything is served or appended.
    ///
    /// # Errors
    /// `Older` when the data lacks what was signed, `Fork` when it holds something else.
    pub async fn check(&self) -> Result<()> {
        let head = self.trail.head().await?;
        find(self.blobs.as_ref(), &self.lock, &self.ledger, &self.signer.verifier(), &head).await.map(drop)
    }

    /// The newest checkpoint signed, without cosignatures; of the empty tree where none was. Changes nothing: a signature over the same text is the same.
    ///
    /// # Errors
    /// As [`Integrator::check`].
    pub async fn newest(&self) -> Result<(Checkpoint, String)> {
        let head = self.trail.head().await?;
        let verifier = self.signer.verifier();
        let signed = find(self.blobs.as_ref(), &self.lock, &self.ledger, &verifier, &head).await?;
        let checkpoint = Checkpoint { origin: signed.layout.origin(verifier.name()), size: signed.size, root: signed.root };
        let note = checkpoint.sign(&self.signer)?;
        Ok((checkpoint, note))
    }

    /// Shows the newest checkpoint with the cosignatures it was given. `false` when it is no longer the newest, or after a failure.
    pub async fn publish(&self, cosigned: &str) -> Result<bool> {
        let mut signed = self.signed.lock().await;
        // Taken out first, as in a step: after an error, or dropped midway, the next step looks again.
        let Some(mut newest) = signed.take() else { return Ok(false) };
        let verifier = self.signer.verifier();
        let checkpoint = Checkpoint::verify(cosigned, &newest.layout.origin(verifier.name()), &[verifier])?;
        let current = (checkpoint.size, checkpoint.root) == (newest.size, newest.root);
        if current {
            let published = swapped(self.blobs.as_ref(), &newest.layout.checkpoint(), newest.published.as_ref(), cosigned.to_owned().into_bytes()).await?;
            newest.published = Some(published);
        }
        *signed = Some(newest);
        Ok(current)
    }

    /// Where this ledger's objects lie now, and the key that verifies its checkpoints.
    pub(crate) async fn place(&self) -> Result<(Arc<dyn Blobs>, Layout, NoteVerifier)> {
        let generation = self.trail.head().await?.generation;
        Ok((self.blobs.clone(), Layout::new(&self.ledger, generation), self.signer.verifier()))
    }

    /// The ledger's name.
    pub fn ledger(&self) -> &str {
        &self.ledger
    }

    /// Moves what waits, up to a bound, and signs; `None` when nothing waits. After an error the next step finds out anew where things stand.
    ///
    /// # Errors
    /// `Store(Conflict)` while another process holds the lease; `Older` and `Fork` as [`Integrator::check`]; `Damaged` names a file.
    pub async fn step(&self, now: Micros) -> Result<Option<Checkpointed>> {
        let mut signed = self.signed.lock().await;
        if let Some(signed) = signed.as_ref()
            && self.trail.head().await?.size == signed.size
        {
            return Ok(None);
        }
        // Taken out first: whoever drops this future midway leaves `None`, and the next step looks again.
        let before = signed.take();
        let (after, checkpointed) = self.advance(before, now).await?;
        *signed = Some(after);
        Ok(checkpointed)
    }

    async fn advance(&self, before: Option<Signed>, now: Micros) -> Result<(Signed, Option<Checkpointed>)> {
        let epoch = self.trail.lease(&self.holder, now, now + LEASE).await?;
        let head = self.trail.head().await?;
        let (mut signed, found) = match before {
            Some(signed) if signed.size == head.integrated && signed.generation == head.generation => (signed, false),
            _ => {
                let mut signed = find(self.blobs.as_ref(), &self.lock, &self.ledger, &self.signer.verifier(), &head).await?;
                signed.settle(self.trail.as_ref(), self.blobs.as_ref(), &self.ledger, epoch).await?;
                (signed, true)
            }
        };
        let mut batches = self.trail.read(signed.size, STEP_BYTES).await?;
        let Some(first) = batches.first() else { return Ok((signed, None)) };
        if first.first != signed.size {
            return Err(LedgerError::damaged(format!("ledger {}", self.ledger), format!("record {} is neither moved nor in the tail", signed.size)));
        }
        let step =
            Move { blobs: self.blobs.as_ref(), layout: &signed.layout, signer: &self.signer, ledger: &self.ledger, size: signed.size, root: signed.root };
        if found {
            batches = step.adopt(batches).await?;
        }
        let grown = step.run(&batches).await?;
        let checkpoint = Checkpoint { origin: signed.layout.origin(self.signer.verifier().name()), size: grown.size, root: grown.root };
        if self.trail.head().await?.epoch != epoch {
            return Err(StoreError::Conflict(format!("another process took the lease on ledger {}", self.ledger)).into());
        }
        let note = checkpoint.sign(&self.signer)?;
        let locked = Locked { generation: signed.generation, checkpoint, note: note.clone() };
        signed.locked = Some(self.lock.advance(&self.ledger, &locked, signed.locked.as_ref()).await?);
        let published = swapped(self.blobs.as_ref(), &signed.layout.checkpoint(), signed.published.as_ref(), note.clone().into_bytes()).await?;
        signed.published = Some(published);
        self.trail.integrated(epoch, grown.size).await?;
        (signed.size, signed.root) = (grown.size, grown.root);
        for folder in &grown.replaced {
            for path in self.blobs.list(folder).await? {
                self.blobs.delete(&path).await?;
            }
        }
        let behind = self.trail.head().await?.size.saturating_sub(grown.size);
        Ok((signed, Some(Checkpointed { size: grown.size, root: grown.root, checkpoint: note, behind })))
    }
}
