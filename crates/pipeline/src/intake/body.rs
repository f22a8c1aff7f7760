//! A pushed body while it arrives: memory is set apart before bytes are kept, so that many senders at once cannot take more than there is.

use super::{Limits, RETRY_AFTER_SECS, UNIT_BYTES};
use crate::IntakeError;
use bytes::{Bytes, BytesMut};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Grows as the body comes in; gives its room back when dropped.
pub struct Body {
    bytes: BytesMut,
    room: OwnedSemaphorePermit,
    units: Arc<Semaphore>,
    limit_bytes: u64,
}

impl Body {
    /// `expected_bytes` is what the sender announced, 0 where he did not.
    pub(super) fn new(units: &Arc<Semaphore>, limits: &Limits, expected_bytes: u64) -> Result<Self, IntakeError> {
        let limit_bytes = limits.body_bytes.min(limits.concurrent_bytes);
        fits(expected_bytes, limit_bytes)?;
        let room = acquire(units, expected_bytes.max(1))?;
        // What is announced is not yet there: memory follows what arrives.
        Ok(Self { bytes: BytesMut::new(), room, units: units.clone(), limit_bytes })
    }

    /// # Errors
    /// `TooLarge`, or `Busy` where no more room is left; what came so far is given up.
    pub fn push(&mut self, part: &[u8]) -> Result<(), IntakeError> {
        let size_bytes = (self.bytes.len() + part.len()) as u64;
        fits(size_bytes, self.limit_bytes)?;
        let held_bytes = self.room.num_permits() as u64 * UNIT_BYTES;
        if size_bytes > held_bytes {
            self.room.merge(acquire(&self.units, size_bytes - held_bytes)?);
        }
        self.bytes.extend_from_slice(part);
        Ok(())
    }

    pub(super) fn into_parts(self) -> (Bytes, OwnedSemaphorePermit) {
        (self.bytes.freeze(), self.room)
    }
}

fn fits(size_bytes: u64, limit_bytes: u64) -> Result<(), IntakeError> {
    if size_bytes > limit_bytes { Err(IntakeError::TooLarge { size_bytes, limit_bytes }) } else { Ok(()) }
}

fn acquire(units: &Arc<Semaphore>, size_bytes: u64) -> Result<OwnedSemaphorePermit, IntakeError> {
    let count = u32::try_from(size_bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX);
    units.clone().try_acquire_many_owned(count).map_err(|_| IntakeError::Busy { retry_after_secs: RETRY_AFTER_SECS })
}
