//! Segments and tiles made again from the tail, up to what the lock names: a backup's tail holds what was signed since its checkpoint.

use crate::{
    error::{LedgerError, Result},
    integrate::{Integrator, LEASE, STEP_BYTES},
    lock::Locked,
    moved::Move,
    resume::{Signed, find},
    tiles::Tiles,
};
use merkle::{Hash, append_tiles, root};
use model::Micros;

impl Integrator {
    /// Where the data's segments and tiles are behind the lock and the tail holds every record up to it, they are made again; how many records that were.
    /// Nothing is written unless the tail leads to the root that was signed.
    ///
    /// # Errors
    /// As [`Integrator::step`]; what cannot be made good this way is left to [`Integrator::check`].
    pub async fn catch_up(&self, now: Micros) -> Result<u64> {
        let (head, first) = (self.trail.head().await?, self.signers.first());
        let (blobs, ledger) = (self.blobs.as_ref(), self.ledger.as_str());
        let behind = find(blobs, &self.lock, ledger, &first, &head).await;
        let (Err(LedgerError::Older { .. }), Some((locked, _))) = (behind, self.lock.read(ledger, &first).await?) else { return Ok(0) };
        let Ok(here) = self.here(&head, &locked).await else { return Ok(0) };
        if locked.generation != head.generation || head.size < locked.checkpoint.size || !self.leads_to(&here, &locked).await? {
            return Ok(0);
        }
        let epoch = self.trail.lease(&self.holder, now, now + LEASE).await?;
        self.make_again(&here, &locked).await?;
        let mut signed = find(blobs, &self.lock, ledger, &first, &self.trail.head().await?).await?;
        signed.settle(self.trail.as_ref(), blobs, ledger, epoch).await?;
        Ok(signed.size - here.size)
    }

    /// Whether the tail's leaves, on top of what is here, are what was signed.
    async fn leads_to(&self, here: &Signed, locked: &Locked) -> Result<bool> {
        let (mut leaves, mut next, until) = (Vec::new(), here.size, locked.checkpoint.size);
        while next < until {
            let batches = self.trail.read(next, STEP_BYTES).await?;
            if batches.first().is_none_or(|batch| batch.first != next) {
                return Ok(false);
            }
            for batch in batches.iter().take_while(|batch| batch.first < until) {
                leaves.extend(batch.leaf_hashes.iter().copied().map(Hash));
                next = batch.first + batch.count;
            }
        }
        if next != until {
            return Ok(false);
        }
        let mut tiles = Tiles::new(self.blobs.as_ref(), &here.layout);
        let grown = tiles.with(|stored| append_tiles(stored, here.size, &leaves)).await?;
        grown.into_iter().for_each(|(tile, bytes)| tiles.suppose(tile, bytes));
        Ok(tiles.with(|supposed| root(supposed, until)).await? == locked.checkpoint.root)
    }

    async fn make_again(&self, here: &Signed, locked: &Locked) -> Result<()> {
        let (mut size, mut root) = (here.size, here.root);
        while size < locked.checkpoint.size {
            let mut batches = self.trail.read(size, STEP_BYTES).await?;
            batches.retain(|batch| batch.first < locked.checkpoint.size);
            let end = batches.last().map_or(size, |batch| batch.first + batch.count);
            let signer = self.signers.of(locked.keys.of_size(end))?;
            let step = Move { blobs: self.blobs.as_ref(), layout: &here.layout, signer: &signer, ledger: &self.ledger, size, root };
            let batches = step.adopt(batches).await?;
            let grown = step.run(&batches).await?;
            (size, root) = (grown.size, grown.root);
        }
        Ok(())
    }
}
