//! Taking records in: pushes, files, replays. Bounded in memory, answered only after the durable commit, nothing dropped.

mod body;
mod chunk;
mod forget;
pub(crate) mod number;
mod quarantine;
mod read;
mod replay;
pub(crate) mod state;
#[cfg(test)]
mod tests;

pub use body::Body;
pub use replay::Replayed;

use crate::{IntakeError, SourceWithSettings, now};
use chunk::Piece;
use connectors::{Context, FileHint, input::Item};
use ledger::{Appender, Delivery, Keyring};
use model::{Micros, Position};
use number::{Numbering, Poll, Pushes};
use serde_json::Value;
use state::{Lanes, Seal, StreamState};
use std::{
    collections::BTreeMap,
    io::Read,
    sync::{Arc, Mutex, PoisonError},
};
use store::trail::{Placed, Trail};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How much is taken at once. Past a limit the sender is told to wait; nothing is dropped.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest pushed body; larger ones are imported as files.
    pub body_bytes: u64,
    /// Bodies being taken in at the same time, in bytes.
    pub concurrent_bytes: u64,
    /// Files being imported at the same time; further ones wait.
    pub concurrent_imports: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 16 << 20, concurrent_bytes: 64 << 20, concurrent_imports: 2 }
    }
}

/// Bodies are counted against [`Limits::concurrent_bytes`] in units of this, at least one each.
const UNIT_BYTES: u64 = 1024;
const RETRY_AFTER_SECS: u64 = 1;

/// What became of records. `positions` are the lowest and highest given or found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    pub records: u64,
    /// New in the trail.
    pub events: u64,
    pub duplicates: u64,
    pub quarantined: u64,
    pub positions: Option<(Position, Position)>,
}

impl Accepted {
    fn add(&mut self, records: u64, quarantined: u64, placed: &[Placed]) {
        self.records += records;
        self.quarantined += quarantined;
        for placed in placed {
            match placed {
                Placed::New(_) => self.events += 1,
                Placed::Duplicate(_) => self.duplicates += 1,
            }
            let at = placed.position().clone();
            self.positions = Some(match self.positions.take() {
                None => (at.clone(), at),
                Some((first, last)) => (first.min(at.clone()), last.max(at)),
            });
        }
    }
}

/// How far an import is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub bytes_read: u64,
    pub accepted: Accepted,
}

/// Turns what sources give into ledger deliveries.
pub struct Intake {
    appender: Arc<Appender>,
    trail: Arc<dyn Trail>,
    keyring: Arc<Keyring>,
    limits: Limits,
    room: Arc<Semaphore>,
    imports: Semaphore,
    pushes: Pushes,
    lanes: Lanes,
    wakes: Mutex<Vec<Arc<Notify>>>,
}

impl Intake {
    /// `trail` is the one `appender` writes to: streams' states are read from it.
    pub fn new(appender: Arc<Appender>, trail: Arc<dyn Trail>, keyring: Arc<Keyring>, limits: Limits) -> Arc<Self> {
        let units = usize::try_from(limits.concurrent_bytes / UNIT_BYTES).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        let (room, imports) = (Arc::new(Semaphore::new(units)), Semaphore::new(limits.concurrent_imports));
        Arc::new(Self { appender, trail, keyring, limits, room, imports, pushes: Pushes::new(), lanes: Lanes::default(), wakes: Mutex::default() })
    }

    /// Has those who wait for `followers` woken after every commit.
    pub fn wake(&self, followers: Arc<Notify>) {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner).push(followers);
    }

    async fn commit(&self, delivery: Delivery) -> Result<Vec<Placed>, IntakeError> {
        let placed = self.appender.append(delivery).await?;
        for followers in self.wakes.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // All that wait, and one that is busy just now.
            followers.notify_waiters();
            followers.notify_one();
        }
        Ok(placed)
    }

    /// Why nothing is acknowledged any more, if so.
    pub fn fatal(&self) -> Option<String> {
        self.appender.fatal()
    }

    /// Acknowledges nothing more.
    pub fn stop(&self, why: &str) {
        self.appender.stop(why);
    }

    /// Room for a body that begins to arrive; `expected_bytes` is what its sender announced, 0 where he did not.
    ///
    /// # Errors
    /// `Busy` when too much is under way, `TooLarge`.
    pub fn body(&self, expected_bytes: u64) -> Result<Body, IntakeError> {
        Body::new(&self.room, &self.limits, expected_bytes)
    }

    /// Takes a pushed body; `hint.stream` names its stream where the sender did. Answers after the commit. The same body again adds nothing.
    ///
    /// # Errors
    /// `Paused`, `NoStream`, or what went wrong below.
    pub async fn accept(&self, source: &SourceWithSettings, hint: FileHint, body: Body) -> Result<Accepted, IntakeError> {
        let (bytes, _room) = body.into_parts();
        let numbering = self.pushes.body(source.source.id, &hint.stream, &bytes);
        self.take(source, hint, Box::new(std::io::Cursor::new(bytes)), numbering, &|_| {}, &CancellationToken::new()).await
    }

    /// Imports a file of any size. `progress` hears of every committed chunk. Cancelled or failed half-way, what was taken stays and the same file
    /// can be imported again.
    pub async fn import(
        &self,
        source: &SourceWithSettings,
        hint: FileHint,
        file: Box<dyn Read + Send>,
        progress: &(dyn Fn(&Progress) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Accepted, IntakeError> {
        let waiting = self.imports.acquire();
        let _turn = tokio::select! {
            turn = waiting => turn.map_err(|e| IntakeError::Internal(e.to_string()))?,
            () = cancel.cancelled() => return Err(IntakeError::Cancelled),
        };
        let numbering = Numbering::file(&hint.name);
        self.take(source, hint, file, numbering, progress, cancel).await
    }

    async fn take(
        &self,
        source: &SourceWithSettings,
        hint: FileHint,
        input: Box<dyn Read + Send>,
        mut numbering: Numbering,
        progress: &(dyn Fn(&Progress) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Accepted, IntakeError> {
        if !source.is_active() {
            return Err(IntakeError::Paused(source.source.name.clone()));
        }
        let streams = source.connector.manifest().streams;
        if !hint.stream.is_empty() && !streams.iter().any(|s| s.name == hint.stream) {
            return Err(no_stream(source, &hint.stream));
        }
        let received = now();
        let mut so_far = Progress::default();
        let mut chunks = read::chunks(source.clone(), hint, input);
        while let Some(chunk) = chunks.recv().await {
            if cancel.is_cancelled() {
                return Err(IntakeError::Cancelled);
            }
            let chunk = chunk?;
            so_far.bytes_read = chunk.bytes_read;
            for (stream, items) in by_stream(source, chunk.items)? {
                let (piece_counts, placed);
                (numbering, piece_counts, placed) = self.append(source, &stream, received, items, numbering).await?;
                so_far.accepted.add(piece_counts.0, piece_counts.1, &placed);
            }
            progress(&so_far);
        }
        Ok(so_far.accepted)
    }

    /// One stream's records of one chunk: fold, commit.
    async fn append(
        &self,
        source: &SourceWithSettings,
        stream: &str,
        received: Micros,
        items: Vec<Item>,
        numbering: Numbering,
    ) -> Result<(Numbering, (u64, u64), Vec<Placed>), IntakeError> {
        let lane = self.lanes.enter(source.source.id, stream).await;
        let (_, stored) = self.trail.cursor(source.source.id, stream).await?;
        let before = self.seal(source.source.id, stream).read(stored)?;
        let (connector, numbering, piece) = self.fold(source, stream, received, before.connector.clone(), items, numbering).await?;
        let after = StreamState { connector, ..before.clone() };
        let (records, quarantined) = (piece.records, piece.quarantine.len() as u64);
        let mut delivery = delivery(source, stream, received, piece);
        let placed = if after == before {
            // Nothing that the next one depends on: let it fold while this one commits.
            drop(lane);
            self.commit(delivery).await?
        } else {
            delivery.state = Some(self.seal(source.source.id, stream).write(&after)?);
            let placed = self.commit(delivery).await?;
            drop(lane);
            placed
        };
        Ok((numbering, (records, quarantined), placed))
    }

    /// One page a poll gave: its records, its cursor and the state after it, in one commit. `None` when nothing changed and nothing was written.
    pub(crate) async fn append_page(
        &self,
        source: &SourceWithSettings,
        stream: &str,
        expected_cursor: Value,
        before: StreamState,
        page: connectors::Page,
    ) -> Result<Option<Accepted>, IntakeError> {
        let received = now();
        let cursor_moved = page.cursor != expected_cursor;
        let refused = page.refused.into_iter().map(|(bytes, origin, refusal)| Item::Refused {
            stream: stream.to_owned(),
            size_bytes: bytes.len() as u64,
            bytes,
            origin,
            refusal,
        });
        let items: Vec<Item> = page.records.into_iter().map(|record| Item::Record { stream: stream.to_owned(), record }).chain(refused).collect();
        if items.is_empty() && !cursor_moved {
            return Ok(None);
        }
        let numbering = Numbering::Poll(Poll::new(before.tail.clone()));
        let (connector, numbering, piece) = self.fold(source, stream, received, before.connector.clone(), items, numbering).await?;
        let tail = match numbering {
            Numbering::Poll(poll) => poll.tail(),
            _ => before.tail.clone(),
        };
        let after = StreamState { connector, tail };
        let (records, quarantined) = (piece.records, piece.quarantine.len() as u64);
        let mut delivery = delivery(source, stream, received, piece);
        delivery.cursor = Some(page.cursor);
        delivery.expected_cursor = Some(expected_cursor);
        delivery.state = if after == before { None } else { Some(self.seal(source.source.id, stream).write(&after)?) };
        let mut accepted = Accepted::default();
        accepted.add(records, quarantined, &self.commit(delivery).await?);
        Ok(Some(accepted))
    }

    /// The stream's lock, cursor and state, for a poll.
    pub(crate) async fn enter(&self, source: &SourceWithSettings, stream: &str) -> Result<(tokio::sync::OwnedMutexGuard<()>, Value, StreamState), IntakeError> {
        let lane = self.lanes.enter(source.source.id, stream).await;
        let (cursor, stored) = self.trail.cursor(source.source.id, stream).await?;
        Ok((lane, cursor, self.seal(source.source.id, stream).read(stored)?))
    }

    fn seal<'a>(&'a self, source: Uuid, stream: &'a str) -> Seal<'a> {
        Seal { keyring: &self.keyring, source, stream }
    }

    /// Runs the connector's fold off the asynchronous threads.
    async fn fold(
        &self,
        source: &SourceWithSettings,
        stream: &str,
        received: Micros,
        mut state: Value,
        items: Vec<Item>,
        mut numbering: Numbering,
    ) -> Result<(Value, Numbering, Piece), IntakeError> {
        let (connector, stream) = (source.connector.clone(), stream.to_owned());
        let context = Context { source: source.source.id, received, settings: source.settings.clone() };
        let work = move || {
            let piece = chunk::fold(connector.as_ref(), &context, &stream, &mut state, items, &mut numbering)?;
            Ok((state, numbering, piece))
        };
        tokio::task::spawn_blocking(work).await.map_err(|e| IntakeError::Internal(format!("reading records stopped: {e}")))?
    }
}

fn delivery(source: &SourceWithSettings, stream: &str, received: Micros, piece: Piece) -> Delivery {
    let mut delivery = Delivery::new(source.source.id, stream, received);
    delivery.events = piece.events;
    delivery.quarantine = piece.quarantine;
    delivery
}

/// A chunk's items by stream, each in its order. Records that name no stream belong to the connector's first.
fn by_stream(source: &SourceWithSettings, items: Vec<Item>) -> Result<BTreeMap<String, Vec<Item>>, IntakeError> {
    let streams = source.connector.manifest().streams;
    let mut by_stream: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in items {
        let (Item::Record { stream, .. } | Item::Refused { stream, .. }) = &item;
        let stream = match stream.as_str() {
            "" => streams.first().map_or("", |s| s.name),
            named if streams.iter().any(|s| s.name == named) => named,
            other => return Err(no_stream(source, other)),
        };
        by_stream.entry(stream.to_owned()).or_default().push(item);
    }
    Ok(by_stream)
}

fn no_stream(source: &SourceWithSettings, stream: &str) -> IntakeError {
    let known = source.connector.manifest().streams.iter().map(|s| s.name).collect::<Vec<_>>().join(", ");
    IntakeError::NoStream { source_name: source.source.name.clone(), stream: stream.to_owned(), known }
}
