//! The trail's tail: the one durable commit, and what commits with it.
//!
//! One SQL transaction locks the head row and writes batch, leaf hashes, positions, fingerprints, cursor, state and quarantine.
//! The same type serves the `activity` ledger (its own database) and the `self` ledger (inside a records transaction).

use crate::Result;
use async_trait::async_trait;
use model::{Micros, Position, Quarantined};
use serde_json::Value;
use uuid::Uuid;

pub use crate::error::StoreError;
pub use sql::SqlTrail;

pub(crate) use sql::{MIGRATIONS, head_in};

mod sql;

/// Tells a record from a resend: `hour u32 BE | source and stream, keyed, u32 | keyed hash, 16 bytes`. The time prefix keeps inserts local.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 24]);

/// A record ready to be written: nothing here needs the position.
#[derive(Clone, Debug)]
pub struct NewRecord {
    pub fingerprint: Fingerprint,
    /// RFC 6962 leaf hash of the record's leaf.
    pub leaf_hash: [u8; 32],
    /// [`model::StoredEvent::encode`].
    pub bytes: Vec<u8>,
    /// Receive or event time, whichever the caller wants min/max kept for; microseconds.
    pub time: Micros,
}

/// A record in quarantine and its sealed bytes.
#[derive(Clone, Debug)]
pub struct NewQuarantined {
    pub item: Quarantined,
    pub sealed: Vec<u8>,
}

/// Everything one source's delivery commits at once.
#[derive(Clone, Debug, Default)]
pub struct NewBatch {
    pub source: Uuid,
    pub stream: String,
    pub received: Micros,
    pub records: Vec<NewRecord>,
    /// The cursor to store; `None` leaves it as it is (pushes, imports).
    pub cursor: Option<Value>,
    /// The cursor the read started from: a second poller that lost the race gets a conflict.
    pub expected_cursor: Option<Value>,
    pub state: Option<Value>,
    pub quarantine: Vec<NewQuarantined>,
    /// Quarantined items this batch replays: marked in the same commit.
    pub replayed: Vec<Uuid>,
}

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    New(Position),
    /// Already there, at this position.
    Duplicate(Position),
}

impl Placed {
    pub fn position(&self) -> &Position {
        match self {
            Placed::New(p) | Placed::Duplicate(p) => p,
        }
    }
}

/// The ledger's head row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub ledger: String,
    pub generation: u32,
    /// Index of the generation's first record: where the one before ended. Its tree counts from there on.
    pub first: u64,
    /// The next index, which is the number of records of all generations.
    pub size: u64,
    /// Raised by whoever takes the integration lease; an older holder can neither move nor sign.
    pub epoch: u64,
    /// Records below this index are in segments; their batches may be gone from the tail.
    pub integrated: u64,
}

/// A generation that a declared loss ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub generation: u32,
    /// Index of its first record.
    pub first: u64,
    /// Index after its last: the next generation's first.
    pub end: u64,
}

/// A committed batch as the integrator and the followers read it.
#[derive(Clone, Debug)]
pub struct Batch {
    pub first: u64,
    pub count: u64,
    pub received: Micros,
    /// zstd of the records' encodings, one after the other. Moved into segments byte for byte.
    pub bytes: Vec<u8>,
    pub leaf_hashes: Vec<[u8; 32]>,
}

/// The tail of one ledger.
#[async_trait]
pub trait Trail: Send + Sync {
    /// The one durable commit, for several deliveries at once (group commit). Answers, per batch, where each record is.
    async fn append(&self, batches: Vec<NewBatch>) -> Result<Vec<Vec<Placed>>>;
    async fn head(&self) -> Result<Head>;
    /// The generations before the head's, oldest first. None where no loss was ever declared.
    async fn closed(&self) -> Result<Vec<Closed>>;
    /// Batches from the one holding `index` on, at most `limit_bytes` of them (at least one, if there is one), still in the tail.
    async fn read(&self, index: u64, limit_bytes: usize) -> Result<Vec<Batch>>;
    /// Takes the integration lease: epoch + 1, fenced from then on. Refused while another holder's lease runs.
    async fn lease(&self, holder: &str, now: Micros, until: Micros) -> Result<u64>;
    /// Marks everything below `integrated` as moved and drops those batches from the tail, if `epoch` still holds the lease.
    async fn integrated(&self, epoch: u64, integrated: u64) -> Result<()>;
    /// Cursor and state of a stream; `Null` for both at first.
    async fn cursor(&self, source: Uuid, stream: &str) -> Result<(Value, Value)>;
    /// Cursors of followers (index, detect): committed by their own means or here.
    async fn quarantined(&self, source: Option<Uuid>, before: Option<Uuid>, limit: u64) -> Result<Vec<Quarantined>>;
    async fn quarantined_bytes(&self, id: Uuid) -> Result<(Quarantined, Vec<u8>)>;
    /// Empties what is kept of these quarantined records; that they came, and why they were refused, stays.
    async fn empty_quarantined(&self, ids: &[Uuid]) -> Result<u64>;
    /// Leaves nothing of emptied quarantine and of replaced states in the store's pages and logs.
    async fn scrub(&self) -> Result<()>;
    /// Per (source, stream): events, duplicates, quarantined, newest receive and event time.
    async fn counts(&self) -> Result<Vec<model::source::StreamHealth>>;
}
