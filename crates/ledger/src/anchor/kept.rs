//! Time-stamps found again, to be handed out with proofs.

use super::token;
use crate::{error::Result, layout::Layout};
use bytes::Bytes;
use model::Micros;
use store::blobs::Blobs;

/// A checkpoint as it was stamped, and the authority's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Records under the checkpoint.
    pub size: u64,
    /// What the authority's clock said. Its signature is not checked here.
    pub time: Micros,
    pub checkpoint: Bytes,
    pub reply: Bytes,
}

/// The oldest time-stamp of a checkpoint over the record `index`, and otherwise the newest there is.
///
/// # Errors
/// Only when the store cannot be read. A file that is damaged is passed over; `verify` names it.
pub async fn stamp_over(blobs: &dyn Blobs, ledger: &str, generation: u32, index: u64) -> Result<Option<Stamped>> {
    let layout = Layout::new(ledger, generation);
    let size_of = |path: &str| path.strip_prefix(&layout.stamps())?.strip_suffix(".tsr")?.parse::<u64>().ok();
    let mut sizes: Vec<u64> = blobs.list(&layout.stamps()).await?.iter().filter_map(|path| size_of(path)).collect();
    sizes.sort_unstable();
    let covering = sizes.partition_point(|size| *size <= index);
    let before = sizes[..covering].iter().rev();
    for size in sizes[covering..].iter().chain(before) {
        if let Some(found) = read(blobs, &layout, *size).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

async fn read(blobs: &dyn Blobs, layout: &Layout, size: u64) -> Result<Option<Stamped>> {
    let (Some((checkpoint, _)), Some((reply, _))) = (blobs.get(&layout.stamped(size)).await?, blobs.get(&layout.stamp(size)).await?) else {
        return Ok(None);
    };
    Ok(token::read(&reply, &checkpoint).ok().map(|token| Stamped { size, time: token.time, checkpoint, reply }))
}
