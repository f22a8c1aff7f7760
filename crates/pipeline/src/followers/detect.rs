//! Follows the trail through the rules: findings, the next index and the detector's state are one commit.

use super::{run, unsealed};
use crate::IntakeError;
use ledger::{Keyring, Opened, Reader};
use model::{Event, Finding, Micros, Position, StoredEvent, position::ACTIVITY};
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use store::{
    StoreError,
    records::{Findings, Follower, Followers},
    sql::Database,
};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Its name in `records::Followers`.
pub const FOLLOWER: &str = "detect";
const STEP_BYTES: usize = 4 << 20;
/// Without findings the place is written this often at most: the state may be megabytes, and folding again gives the same.
const WRITE_EVERY: Duration = Duration::from_secs(5);

/// One event as a detector sees it.
#[derive(Debug)]
pub struct Observed<'a> {
    pub position: &'a Position,
    /// What rules match on.
    pub ocsf: &'a Value,
    pub event: &'a Event,
    /// Our id of the actor, for findings.
    pub actor: Option<Uuid>,
    pub target: Option<Uuid>,
    pub time: Micros,
    pub received: Micros,
}

/// A pure fold over events in the trail's order. It must give the same findings, with the same ids, for the same events.
pub trait Detector: Send {
    fn fold(&mut self, observed: &Observed) -> Vec<Finding>;
    /// Everything the fold remembers.
    fn state(&self) -> Result<Vec<u8>, String>;
    /// Goes back to a remembered state; empty bytes are the beginning.
    fn restore(&mut self, state: &[u8]) -> Result<(), String>;
}

/// After a generation was opened at the index `first`, with its opening record before what stood there: the follower's place goes with its record. `size` is
/// the trail's now; places beyond it were of lost records.
pub async fn follow_opening(records: &Database, first: u64, size: u64) -> Result<(), StoreError> {
    let Some(at) = records.follower(FOLLOWER).await?.filter(|at| at.next > first) else { return Ok(()) };
    let to = Follower { next: (at.next + 1).min(size), ..at.clone() };
    if to.next == at.next {
        return Ok(());
    }
    records.move_follower(FOLLOWER, Some(at.next), &to).await
}

struct Place {
    /// What is committed under [`FOLLOWER`]; `None` before the first commit.
    committed: Option<u64>,
    /// How far the detector has folded.
    next: u64,
    written: Instant,
}

/// Runs a detector over the trail.
pub struct DetectFollower<D> {
    reader: Reader,
    keyring: Arc<Keyring>,
    records: Database,
    wake: Arc<Notify>,
    /// Notified after findings were committed.
    found: Arc<Notify>,
    folding: Mutex<(D, Option<Place>)>,
    next: AtomicU64,
}

impl<D: Detector> DetectFollower<D> {
    /// `records` is migrated; `wake` is notified after appends.
    pub fn new(reader: Reader, keyring: Arc<Keyring>, records: Database, detector: D, wake: Arc<Notify>) -> Arc<Self> {
        let folding = Mutex::new((detector, None));
        Arc::new(Self { reader, keyring, records, wake, found: Arc::new(Notify::new()), folding, next: AtomicU64::new(0) })
    }

    /// Notified when there are new findings to follow.
    pub fn found(&self) -> Arc<Notify> {
        self.found.clone()
    }

    /// The index up to which events were judged, as of the last step.
    pub fn next(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Follows until stopped, and writes its place once more at the end.
    pub async fn run(&self, stop: CancellationToken) {
        run("detect", &self.wake, &stop, || async { self.step().await.map(|folded| folded > 0) }).await;
        if let Err(e) = self.flush().await {
            tracing::warn!("the detect follower did not write its place when it stopped; it will fold again from the last one: {e}");
        }
    }

    /// Folds what the trail holds beyond its place, at most a few megabytes. How many events; 0 at the head.
    pub async fn step(&self) -> Result<u64, IntakeError> {
        let mut folding = self.folding.lock().await;
        let (detector, place) = &mut *folding;
        let stepped = self.follow(detector, place).await;
        if stepped.is_err() {
            // What was folded may not be committed: back to what is.
            *place = None;
        }
        stepped
    }

    /// Writes the place now.
    pub async fn flush(&self) -> Result<(), IntakeError> {
        let mut folding = self.folding.lock().await;
        let (detector, place) = &mut *folding;
        let flushed = match place {
            Some(at) if at.committed != Some(at.next) => self.commit(detector, at, &[]).await,
            _ => Ok(()),
        };
        if flushed.is_err() {
            *place = None;
        }
        flushed
    }

    async fn follow(&self, detector: &mut D, place: &mut Option<Place>) -> Result<u64, IntakeError> {
        let at = match place {
            Some(at) => at,
            None => place.insert(self.restore(detector).await?),
        };
        let head = self.reader.head().await?;
        if at.next > head.size {
            let why = format!("detection is at {}, the ledger at {}; it belongs to another ledger", at.next, head.size);
            return Err(StoreError::Damaged { what: "the detect follower".into(), why }.into());
        }
        let (indexes, stored): (Vec<u64>, Vec<StoredEvent>) = self.reader.read(at.next, STEP_BYTES).await?.into_iter().unzip();
        let mut findings = Vec::new();
        if !stored.is_empty() {
            let (_, opened) = unsealed::open(&self.keyring, at.next, stored).await?;
            let generation = self.reader.generation_at(at.next).await?;
            findings = fold(detector, generation, &indexes, &opened);
            at.next = indexes.last().map_or(at.next, |last| last + 1);
        }
        let due = at.committed != Some(at.next) && at.written.elapsed() >= WRITE_EVERY;
        if !findings.is_empty() || due {
            self.commit(detector, at, &findings).await?;
        }
        self.next.store(at.next, Ordering::Relaxed);
        if !findings.is_empty() {
            // A permit is kept for a follower that is busy just now.
            self.found.notify_one();
        }
        Ok(indexes.len() as u64)
    }

    async fn restore(&self, detector: &mut D) -> Result<Place, IntakeError> {
        let committed = self.records.follower(FOLLOWER).await?;
        let Follower { next, state } = committed.clone().unwrap_or_default();
        detector.restore(&state).map_err(|why| StoreError::Damaged { what: "the detect follower's state".into(), why })?;
        Ok(Place { committed: committed.map(|c| c.next), next, written: Instant::now() })
    }

    async fn commit(&self, detector: &D, at: &mut Place, findings: &[Finding]) -> Result<(), IntakeError> {
        let state = detector.state().map_err(IntakeError::Internal)?;
        let unit = self.records.begin().await?;
        unit.move_follower(FOLLOWER, at.committed, &Follower { next: at.next, state }).await?;
        unit.add_findings(findings).await?;
        // An unknown outcome is found out by reading the place again.
        unit.commit().await?;
        (at.committed, at.written) = (Some(at.next), Instant::now());
        Ok(())
    }
}

fn fold<D: Detector>(detector: &mut D, generation: u32, indexes: &[u64], opened: &[Opened]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, opened) in indexes.iter().zip(opened) {
        let event = opened.event();
        let position = Position { ledger: ACTIVITY.to_owned(), generation, index: *index };
        findings.extend(detector.fold(&Observed {
            position: &position,
            ocsf: &event.to_ocsf(),
            event: &event,
            actor: opened.clear.actor_subject,
            target: opened.clear.target_subject,
            time: opened.clear.time.micros,
            received: opened.clear.received,
        }));
    }
    findings
}
