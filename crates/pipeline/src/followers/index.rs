//! Follows the trail into the searchable view.

use super::{erase, run, unsealed};
use crate::{IntakeError, now};
use async_trait::async_trait;
use ledger::{Keyring, Opened, Reader, Tokenizer};
use model::{
    Micros, Part, Position, StoredEvent,
    directory::{Attributed, Seen},
    position::ACTIVITY,
    query::IndexEntry,
    time::MINUTE,
};
use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use store::{StoreError, events::Events};
use tokio::sync::{Mutex, Notify, broadcast};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Stored bytes taken at once: thousands of events while catching up, whatever is there otherwise.
const STEP_BYTES: usize = 8 << 20;
/// Behind by more than one step, a commit is made this often: each costs a file per day touched, and files are merged again later.
const COMMIT_EVERY: Duration = Duration::from_millis(1_500);
/// After a commit of fewer events than this, the next ones are gathered for a moment: a commit costs the same for one as for a thousand.
const FEW: u64 = 1_000;
const GATHER: Duration = Duration::from_millis(200);
/// Entries a slow listener may lag behind before it misses some and is told so.
const BROADCAST_ENTRIES: usize = 4_096;
/// Only what was received this recently is news: catching up and rebuilding show nothing.
const SHOWN_FOR: Micros = MINUTE;

/// The directory, as of event time.
#[async_trait]
pub trait Attribution: Send + Sync {
    /// One answer per actor seen, in this order. A subject seen by a name of the directory for the first time is linked.
    async fn attribute(&self, seen: &[Seen]) -> Result<Vec<Attributed>, StoreError>;
}

/// Keeps `events` up with the trail.
pub struct IndexFollower {
    reader: Reader,
    keyring: Arc<Keyring>,
    events: Arc<dyn Events>,
    attribution: Arc<dyn Attribution>,
    wake: Arc<Notify>,
    /// Held over a step of the view, and over whatever must not run into one.
    stepping: Mutex<()>,
    /// The same for the view that is being built beside. Whoever holds both took [`Self::stepping`] first.
    building: Mutex<()>,
    next: AtomicU64,
    entries: broadcast::Sender<Arc<IndexEntry>>,
}

impl IndexFollower {
    /// `wake` is notified after appends of this node; others' are noticed within a fifth of a second.
    pub fn new(reader: Reader, keyring: Arc<Keyring>, events: Arc<dyn Events>, attribution: Arc<dyn Attribution>, wake: Arc<Notify>) -> Arc<Self> {
        let (stepping, building, next, entries) = (Mutex::new(()), Mutex::new(()), AtomicU64::new(0), broadcast::channel(BROADCAST_ENTRIES).0);
        Arc::new(Self { reader, keyring, events, attribution, wake, stepping, building, next, entries })
    }

    /// Every newly received event from now on, once it is searchable. A listener that lags misses entries and is told how many.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<IndexEntry>> {
        self.entries.subscribe()
    }

    /// Where [`Self::subscribe`] listens, for those who subscribe later.
    pub fn sender(&self) -> broadcast::Sender<Arc<IndexEntry>> {
        self.entries.clone()
    }

    /// The index up to which events are searchable, as of the last step.
    pub fn next(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Follows until stopped.
    pub async fn run(&self, stop: CancellationToken) {
        let step = || async {
            let added = self.step().await?;
            if (1..FEW).contains(&added) {
                tokio::time::sleep(GATHER).await;
            }
            Ok::<_, IntakeError>(added > 0)
        };
        run("index", &self.wake, &stop, step).await;
    }

    /// Adds what the trail holds beyond the view, as much as [`COMMIT_EVERY`] allows, and commits. How many events were added; 0 at the head.
    pub async fn step(&self) -> Result<u64, IntakeError> {
        let _one = self.stepping.lock().await;
        self.follow().await
    }

    /// Builds the view anew beside the one there is, and puts it in its place; searches and following go on meanwhile. `progress` hears (events done,
    /// events there are) and answers whether to go on. One that was stopped goes on where it was when it is asked for under the same name again.
    /// `None` when it was stopped.
    pub async fn rebuild(&self, name: Uuid, progress: &(dyn Fn(u64, u64) -> bool + Send + Sync)) -> Result<Option<u64>, IntakeError> {
        let gone = || IntakeError::Internal("the view that was built beside is gone".into());
        let beside = {
            let _one = self.building.lock().await;
            let begun = self.events.beside(Some(name)).await?.ok_or_else(gone)?;
            if begun.resume().await? <= self.reader.head().await?.size {
                begun
            } else {
                // Of a ledger that lost records since.
                drop(begun);
                self.events.drop_beside().await?;
                self.events.beside(Some(name)).await?.ok_or_else(gone)?
            }
        };
        loop {
            let caught = {
                let _one = self.building.lock().await;
                self.advance(beside.as_ref(), false).await?
            };
            if !progress(caught.next, caught.size) {
                return Ok(None);
            }
            // The rest, and what comes meanwhile, is caught up with while the view stands still.
            if caught.added < FEW {
                break;
            }
        }
        let _one = self.stepping.lock().await;
        let _beside = self.building.lock().await;
        while self.advance(beside.as_ref(), false).await?.added > 0 {}
        self.events.switch().await?;
        let next = self.events.resume().await?;
        self.next.store(next, Ordering::Relaxed);
        Ok(Some(next))
    }

    /// Drops a view that was begun beside and shall not be gone on with.
    pub async fn drop_rebuild(&self) -> Result<(), IntakeError> {
        let _one = self.building.lock().await;
        Ok(self.events.drop_beside().await?)
    }

    /// Takes what erased subjects left in the view out of it: their events stay, without their values. `progress` hears (events done, events
    /// there are). It may be done again; searches go on meanwhile, new events wait. A view that is being built beside is not forgotten.
    pub async fn erase(&self, subjects: &[Uuid], progress: &(dyn Fn(u64, u64) + Send + Sync)) -> Result<u64, IntakeError> {
        let _one = self.stepping.lock().await;
        let _beside = self.building.lock().await;
        // What a step that failed added is committed first: it may hold what is to go. A view that is ahead of its ledger has no next step.
        past_damage(self.follow().await)?;
        if let Some(beside) = self.events.beside(None).await? {
            past_damage(self.advance(beside.as_ref(), false).await)?;
            erase::erase(beside.as_ref(), &self.keyring, subjects, &|_, _| {}).await?;
        }
        erase::erase(self.events.as_ref(), &self.keyring, subjects, progress).await
    }

    /// Takes events out of the view, and out of one that is being built, and has `dropping` drop their sealed parts before anything is followed again.
    pub async fn remove<T>(&self, indexes: &[Range<u64>], dropping: impl Future<Output = T> + Send) -> Result<T, IntakeError> {
        let _one = self.stepping.lock().await;
        let _beside = self.building.lock().await;
        // None of them may be added after it was taken out.
        let end = indexes.last().map_or(0, |range| range.end);
        while self.follow().await? > 0 && self.next() < end {}
        if let Some(beside) = self.events.beside(None).await? {
            self.advance(beside.as_ref(), false).await?;
            beside.remove(indexes).await?;
        }
        self.events.remove(indexes).await?;
        let dropped = dropping.await;
        self.reader.forget();
        Ok(dropped)
    }

    async fn follow(&self) -> Result<u64, IntakeError> {
        let caught = self.advance(self.events.as_ref(), true).await?;
        self.next.store(caught.next, Ordering::Relaxed);
        for entry in caught.shown {
            // Nobody listens any more: nothing is lost, the entry is in the view.
            let _ = self.entries.send(entry);
        }
        Ok(caught.added)
    }

    /// Adds to a view what the trail holds beyond it, as much as [`COMMIT_EVERY`] allows, and commits.
    async fn advance(&self, events: &dyn Events, show: bool) -> Result<Caught, IntakeError> {
        // From the view's own cursor each time: after a failed write it is the only one that is true.
        let first = events.resume().await?;
        let head = self.reader.head().await?;
        if first > head.size {
            let why = format!("the searchable view is at {first}, the ledger at {}; rebuild the view", head.size);
            return Err(StoreError::Damaged { what: "the event index".into(), why }.into());
        }
        let begun = Instant::now();
        let (mut next, mut added, mut shown) = (first, 0, Vec::new());
        while next < head.size && (added == 0 || begun.elapsed() < COMMIT_EVERY) {
            let (indexes, stored): (Vec<u64>, Vec<StoredEvent>) = self.reader.read(next, STEP_BYTES).await?.into_iter().unzip();
            let Some(last) = indexes.last() else { break };
            let (stored, opened) = unsealed::open(&self.keyring, next, stored).await?;
            let generation = self.reader.generation_at(next).await?;
            let entries = self.entries_of(generation, &indexes, stored, opened).await?;
            let since = if show && self.entries.receiver_count() > 0 { now() - SHOWN_FOR } else { Micros::MAX };
            shown.extend(entries.iter().filter(|e| e.clear.received >= since).cloned().map(Arc::new));
            events.add(entries).await?;
            (next, added) = (last + 1, added + indexes.len() as u64);
        }
        if added > 0 {
            events.commit(next).await?;
        }
        Ok(Caught { next, size: head.size, added, shown })
    }

    async fn entries_of(&self, generation: u32, indexes: &[u64], stored: Vec<StoredEvent>, opened: Vec<Opened>) -> Result<Vec<IndexEntry>, IntakeError> {
        let records = indexes.iter().copied().zip(stored).zip(opened);
        let records: Vec<((u64, StoredEvent), Opened)> = records.filter(|((_, stored), opened)| !is_expired(stored, opened)).collect();
        let acts: Vec<Seen> = records.iter().filter_map(|(_, opened)| seen(opened)).collect();
        let attributed = self.attribution.attribute(&acts).await?;
        if attributed.len() != acts.len() {
            return Err(IntakeError::Internal(format!("{} acts were asked about and {} attributed", acts.len(), attributed.len())));
        }
        let keyring = self.keyring.clone();
        let work = move || {
            let mut attributed = attributed.into_iter();
            let mut tokenizer = Tokenizer::new(&keyring);
            let entry = |((index, stored), opened): ((u64, StoredEvent), Opened)| {
                let whom = opened.clear.actor_subject.and_then(|_| attributed.next()).unwrap_or_default();
                entry(&mut tokenizer, Position { ledger: ACTIVITY.to_owned(), generation, index }, stored, opened, whom)
            };
            records.into_iter().map(entry).collect()
        };
        tokio::task::spawn_blocking(work).await.map_err(|e| IntakeError::Internal(format!("making index entries stopped: {e}")))
    }
}

/// A step's outcome where only what is stored may be wrong with it.
fn past_damage<T>(step: Result<T, IntakeError>) -> Result<(), IntakeError> {
    match step {
        Ok(_) | Err(IntakeError::Store(StoreError::Damaged { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}

/// How far a step came.
struct Caught {
    next: u64,
    /// Events there are.
    size: u64,
    added: u64,
    /// New enough to be news.
    shown: Vec<Arc<IndexEntry>>,
}

/// Its sealed parts were dropped by retention: such an event is not in the view.
pub(super) fn is_expired(stored: &StoredEvent, opened: &Opened) -> bool {
    stored.parts.is_empty() && !opened.clear.commitments.is_empty()
}

/// What the view holds of an event, as far as its parts are open.
pub(super) fn entry(tokenizer: &mut Tokenizer<'_>, position: Position, mut stored: StoredEvent, opened: Opened, whom: Attributed) -> IndexEntry {
    let tokens = tokenizer.tokens(&opened);
    stored.parts.retain(|p| p.part != Part::Raw);
    let mut record = Vec::new();
    stored.encode(&mut record);
    let (address, session) = opened.network.map_or((None, None), |n| (n.address, n.session));
    IndexEntry { position, clear: opened.clear, record, person: whom.person, department: whom.department, address, session, tokens }
}

/// Who acted in an event, if anybody; an erased actor has no names any more.
fn seen(opened: &Opened) -> Option<Seen> {
    let subject = opened.clear.actor_subject?;
    let names = opened.actor.iter().flat_map(|a| [a.username.clone(), a.email.clone(), Some(a.subject.vendor_id.clone())]).flatten().collect();
    Some(Seen { subject, source: opened.clear.source, time: opened.clear.time.micros, names })
}
