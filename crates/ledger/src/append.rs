//! The way in: deliveries wait in a bounded queue, and one task commits what waits together.

use crate::{
    delivery::{Delivery, prepare},
    error::{LedgerError, Result},
    keyring::Keyring,
    queue::{Waiting, drain},
};
use std::sync::{Arc, OnceLock};
use store::trail::{NewBatch, Placed, Trail};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Deliveries that may wait for a commit.
pub const QUEUE_DELIVERIES: usize = 256;
/// Kibibytes of sealed records that may wait for a commit.
pub const QUEUE_KIB: u32 = 128 << 10;
const RETRY_AFTER_SECS: u64 = 1;

/// Appends to one ledger. Stops by itself once dropped and its queue is empty.
pub struct Appender {
    queue: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
    keyring: Arc<Keyring>,
    ledger: String,
    stopped: Arc<OnceLock<String>>,
}

impl Appender {
    /// Starts the committing task on the current tokio runtime.
    pub fn start(trail: Arc<dyn Trail>, keyring: Arc<Keyring>, ledger: &str) -> Arc<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE_DELIVERIES);
        let stopped = Arc::new(OnceLock::new());
        tokio::spawn(drain(trail, waiting, stopped.clone()));
        Arc::new(Self { queue, room: Arc::new(Semaphore::new(QUEUE_KIB as usize)), keyring, ledger: ledger.to_owned(), stopped })
    }

    /// Answers where every event is once it is durable; events that were there before answer their first position.
    ///
    /// # Errors
    /// `Busy` when too much waits, `Store(Unavailable)` when the database is away (send again), `Store(Conflict)` when the cursor moved
    /// (read it again), `TooLarge`, and `Stopped` after a failure that nothing may be acknowledged after.
    pub async fn append(&self, delivery: Delivery) -> Result<Vec<Placed>> {
        self.refuse_when_stopped()?;
        // The place is taken before sealing, so that a full queue costs its senders nothing.
        let place = self.queue.clone().try_reserve_owned().map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => LedgerError::Busy { retry_after_secs: RETRY_AFTER_SECS },
            mpsc::error::TrySendError::Closed(_) => self.gone(),
        })?;
        let batch = prepare(&self.keyring, &self.ledger, delivery).await?;
        let room = self.room.clone().try_acquire_many_owned(kib(&batch)).map_err(|_| LedgerError::Busy { retry_after_secs: RETRY_AFTER_SECS })?;
        let (answer, placed) = oneshot::channel();
        place.send(Waiting { size_bytes: size_bytes(&batch), batch, answer, _room: room });
        placed.await.map_err(|_| self.gone())?
    }

    /// Why nothing is acknowledged any more, if so.
    pub fn fatal(&self) -> Option<String> {
        self.stopped.get().cloned()
    }

    /// Acknowledges nothing more: something else failed in a way that leaves it open what is on the disk.
    pub fn stop(&self, why: &str) {
        if self.stopped.set(why.to_owned()).is_ok() {
            tracing::error!(why, "the ledger stops");
        }
    }

    fn refuse_when_stopped(&self) -> Result<()> {
        self.fatal().map_or(Ok(()), |why| Err(LedgerError::Stopped(why)))
    }

    fn gone(&self) -> LedgerError {
        LedgerError::Stopped(self.fatal().unwrap_or_else(|| "the committing task has ended".into()))
    }
}

fn size_bytes(batch: &NewBatch) -> usize {
    batch.records.iter().map(|r| r.bytes.len()).sum::<usize>() + batch.quarantine.iter().map(|q| q.sealed.len()).sum::<usize>()
}

fn kib(batch: &NewBatch) -> u32 {
    u32::try_from(size_bytes(batch) >> 10).unwrap_or(u32::MAX).saturating_add(1)
}
