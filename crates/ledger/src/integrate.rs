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
    signing::Signers,
    tree::Tree,
};
use merkle::{Checkpoint, Hash, LogKeys, Note};
use model::Micros;
use std::sync::Arc;
use store::{StoreError, blobs::Blobs, trail::Trail};
use tokio::sync::Mutex;
use uuid::Uuid;

/// What one step moves at most, in bytes as stored; at least one batch.
pub(crate) const STEP_BYTES: usize = 8 << 20;
/// How long a lease-holder may be silent before another takes over, in microseconds.
pub(crate) const LEASE: Micros = 10_000_000;

/// Integrates one ledger.
pub struct Integrator {
    /// As the tree counts.
    pub(crate) trail: Arc<dyn Trail>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) ledger: String,
    pub(crate) signers: Signers,
    pub(crate) lock: Lock,
    pub(crate) holder: String,
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
    /// The ledger's keys, the one that signed this included.
    pub keys: LogKeys,
}

impl Integrator {
    /// `node` names the holder of the lease: one that comes back after a crash goes on at once, where another would wait for the lease to end.
    pub fn new(trail: Arc<dyn Trail>, blobs: Arc<dyn Blobs>, ledger: &str, signers: impl Into<Signers>, lock: Lock, node: Uuid) -> Self {
        let trail = Arc::new(Tree(trail));
        Self { trail, blobs, ledger: ledger.to_owned(), signers: signers.into(), lock, holder: node.to_string(), signed: Mutex::new(None) }
    }

    /// To be called before anything is served or appended.
    ///
    /// # Errors
    /// `Older` when the data lacks what was signed, `Fork` when it holds something else; `KeyFile` when the key that signs next cannot be opened.
    pub async fn check(&self) -> Result<()> {
        let head = self.trail.head().await?;
        let signed = find(self.blobs.as_ref(), &self.lock, &self.ledger, &self.signers.first(), &head).await?;
        self.signers.waiting(&signed.keys)?;
        self.signers.of(signed.keys.newest()).map(drop)
    }

    /// The ledger's keys, as the lock lists them now.
    pub async fn keys(&self) -> Result<LogKeys> {
        Ok(self.place().await?.2)
    }

    /// What it signs with.
    pub fn signers(&self) -> &Signers {
        &self.signers
    }

    /// The newest checkpoint signed, without cosignatures; of the empty tree where none was. Changes nothing.
    ///
    /// # Errors
    /// As [`Integrator::check`].
    pub async fn newest(&self) -> Result<(Checkpoint, String)> {
        let head = self.trail.head().await?;
        let signed = find(self.blobs.as_ref(), &self.lock, &self.ledger, &self.signers.first(), &head).await?;
        let checkpoint = Checkpoint { origin: signed.layout.origin(signed.keys.name()), size: signed.size, root: signed.root };
        let bare = match &signed.note {
            Some(note) => Note::parse(note)?.only(std::slice::from_ref(signed.keys.of_size(signed.size)))?,
            None => checkpoint.sign(self.signers.of(signed.keys.newest())?.as_ref())?,
        };
        Ok((checkpoint, bare))
    }

    /// Shows the newest checkpoint with the cosignatures it was given. `false` when it is no longer the newest, or after a failure.
    pub async fn publish(&self, cosigned: &str) -> Result<bool> {
        let mut signed = self.signed.lock().await;
        // Taken out first, as in a step: after an error, or dropped midway, the next step looks again.
        let Some(mut newest) = signed.take() else { return Ok(false) };
        let checkpoint = newest.keys.checkpoint(cosigned, &newest.layout.origin(newest.keys.name()))?;
        let current = (checkpoint.size, checkpoint.root) == (newest.size, newest.root);
        if current {
            let published = swapped(self.blobs.as_ref(), &newest.layout.checkpoint(), newest.published.as_ref(), cosigned.to_owned().into_bytes()).await?;
            newest.published = Some(published);
        }
        *signed = Some(newest);
        Ok(current)
    }

    /// Where this ledger's objects lie now, and the keys that verify its checkpoints.
    pub(crate) async fn place(&self) -> Result<(Arc<dyn Blobs>, Layout, LogKeys)> {
        let generation = self.trail.head().await?.generation;
        let keys = self.lock.keys(self.blobs.as_ref(), &self.ledger, generation, &self.signers.first()).await?;
        Ok((self.blobs.clone(), Layout::new(&self.ledger, generation), keys))
    }

    /// Index of the generation's first record.
    pub(crate) async fn first(&self) -> Result<u64> {
        Ok(self.trail.head().await?.first)
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
        let mut signed = match before {
            Some(signed) if signed.size == head.integrated && signed.generation == head.generation => signed,
            _ => {
                let mut signed = find(self.blobs.as_ref(), &self.lock, &self.ledger, &self.signers.first(), &head).await?;
                signed.settle(self.trail.as_ref(), self.blobs.as_ref(), &self.ledger, epoch).await?;
                signed
            }
        };
        let mut batches = self.trail.read(signed.size, STEP_BYTES).await?;
        let Some(first) = batches.first() else { return Ok((signed, None)) };
        if first.first != signed.size {
            return Err(LedgerError::damaged(format!("ledger {}", self.ledger), format!("record {} is neither moved nor in the tail", signed.size)));
        }
        // A key that was made takes over with this checkpoint: the lock lists it in the same swap.
        let mut signer = self.signers.of(signed.keys.newest())?;
        let (mut keys, origin) = (signed.keys.clone(), signed.layout.origin(signed.keys.name()));
        if let Some(next) = self.signers.waiting(&keys)? {
            keys = keys.hand_over(&origin, signed.size + 1, &signer, &next)?;
            signer = next;
        }
        let step = Move { blobs: self.blobs.as_ref(), layout: &signed.layout, signer: &signer, ledger: &self.ledger, size: signed.size, root: signed.root };
        if signed.epoch + 1 != epoch {
            // Left by a process that stopped, or by one that held the lease in between.
            batches = step.adopt(batches).await?;
        }
        let grown = step.run(&batches).await?;
        let checkpoint = Checkpoint { origin, size: grown.size, root: grown.root };
        if self.trail.head().await?.epoch != epoch {
            return Err(StoreError::Conflict(format!("another process took the lease on ledger {}", self.ledger)).into());
        }
        let note = checkpoint.sign(&signer)?;
        let locked = Locked { generation: signed.generation, first: signed.first, checkpoint, note: note.clone(), keys };
        signed.locked = Some(self.lock.advance(&self.ledger, &locked, signed.locked.as_ref()).await?);
        if signed.keys != locked.keys {
            signed.keys = locked.keys;
            signed.publish_keys(self.blobs.as_ref()).await?;
        }
        let published = swapped(self.blobs.as_ref(), &signed.layout.checkpoint(), signed.published.as_ref(), note.clone().into_bytes()).await?;
        signed.published = Some(published);
        self.trail.integrated(epoch, grown.size).await?;
        (signed.size, signed.root, signed.note, signed.epoch) = (grown.size, grown.root, Some(note.clone()), epoch);
        for folder in &grown.replaced {
            for path in self.blobs.list(folder).await? {
                self.blobs.delete(&path).await?;
            }
        }
        let behind = self.trail.head().await?.size.saturating_sub(grown.size);
        let keys = signed.keys.clone();
        Ok((signed, Some(Checkpointed { size: grown.size, root: grown.root, checkpoint: note, behind, keys })))
    }
}
