//! The committing task: joins what waits into one durable commit, and finds out what became of a commit without an answer.

use crate::error::{LedgerError, Result};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use store::{
    StoreError,
    trail::{NewBatch, Placed, Trail},
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    time::Instant,
};

/// What one commit holds at most, in bytes of sealed records; a single delivery may be larger.
const GROUP_BYTES: usize = 8 << 20;
/// How long the outcome of a commit may stay unknown before this process stops acknowledging.
const FIND_OUT: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A batch and who waits for it.
pub(crate) struct Waiting {
    pub(crate) batch: NewBatch,
    pub(crate) size_bytes: usize,
    pub(crate) answer: oneshot::Sender<Result<Vec<Placed>>>,
    /// Memory of the queue, given back once answered.
    pub(crate) _room: OwnedSemaphorePermit,
}

/// Runs until the queue is closed and empty, or until a failure after which nothing may be acknowledged.
pub(crate) async fn drain(trail: Arc<dyn Trail>, mut queue: mpsc::Receiver<Waiting>, stopped: Arc<OnceLock<String>>) {
    let mut next = queue.recv().await;
    while let Some(first) = next.take() {
        let mut size_bytes = first.size_bytes;
        let mut group = vec![first];
        while let Ok(waiting) = queue.try_recv() {
            if size_bytes + waiting.size_bytes > GROUP_BYTES {
                next = Some(waiting);
                break;
            }
            size_bytes += waiting.size_bytes;
            group.push(waiting);
        }
        let outcome = match stopped.get() {
            Some(why) => stop(group, why.clone()),
            None => commit(trail.as_ref(), group).await,
        };
        if let Err(why) = outcome {
            if stopped.set(why.clone()).is_ok() {
                tracing::error!(why, "the ledger stops");
            }
            queue.close();
            if let Some(waiting) = next {
                let _ = waiting.answer.send(Err(LedgerError::Stopped(why.clone())));
            }
            while let Some(waiting) = queue.recv().await {
                let _ = waiting.answer.send(Err(LedgerError::Stopped(why.clone())));
            }
            return;
        }
        if next.is_none() {
            next = queue.recv().await;
        }
    }
}

/// Commits a group and answers everybody in it. `Err` says why nothing more may be acknowledged.
async fn commit(trail: &dyn Trail, group: Vec<Waiting>) -> Result<(), String> {
    let batches: Vec<NewBatch> = group.iter().map(|w| w.batch.clone()).collect();
    match settle(trail, batches).await {
        Ok(placed) if placed.len() == group.len() => {
            for (waiting, placed) in group.into_iter().zip(placed) {
                // Whoever asked may have gone; the commit stands.
                let _ = waiting.answer.send(Ok(placed));
            }
            Ok(())
        }
        Ok(placed) => {
            let why = format!("the trail answered {} batches for {}", placed.len(), group.len());
            stop(group, why)
        }
        Err(StoreError::Fatal { what, why }) => stop(group, format!("{what} failed: {why}")),
        Err(StoreError::Unknown { what, why }) => stop(group, format!("the outcome of a commit to {what} could not be found out: {why}")),
        Err(StoreError::Unavailable { what, why }) => {
            for waiting in group {
                let _ = waiting.answer.send(Err(StoreError::Unavailable { what, why: why.clone() }.into()));
            }
            Ok(())
        }
        // One batch spoils a group: alone, only it fails.
        Err(_) if group.len() > 1 => {
            let mut group = group.into_iter();
            while let Some(waiting) = group.next() {
                if let Err(why) = Box::pin(commit(trail, vec![waiting])).await {
                    return stop(group.collect(), why);
                }
            }
            Ok(())
        }
        Err(error) => {
            for waiting in group {
                let _ = waiting.answer.send(Err(LedgerError::Store(clone(&error))));
            }
            Ok(())
        }
    }
}

fn stop(group: Vec<Waiting>, why: String) -> Result<(), String> {
    for waiting in group {
        let _ = waiting.answer.send(Err(LedgerError::Stopped(why.clone())));
    }
    Err(why)
}

/// Appends; while the outcome is unknown, appends the same again: fingerprints make that harmless.
async fn settle(trail: &dyn Trail, mut batches: Vec<NewBatch>) -> store::Result<Vec<Vec<Placed>>> {
    let mut unknown: Option<(StoreError, Instant)> = None;
    let mut pause = FIRST_PAUSE;
    loop {
        match trail.append(batches.clone()).await {
            Ok(placed) => return Ok(placed),
            Err(error @ StoreError::Unknown { .. }) => {
                tracing::warn!(%error, "finding out what became of the commit");
                let since = unknown.as_ref().map_or_else(Instant::now, |(_, since)| *since);
                unknown = Some((error, since));
            }
            // The earlier try did happen, or somebody else moved the cursor: the head's lock was free, so it is settled by now.
            Err(error @ StoreError::Conflict(_)) if unknown.is_some() => match strip_what_is_there(trail, &mut batches).await {
                Ok(true) | Err(StoreError::Unavailable { .. }) => {}
                Ok(false) => return Err(error),
                Err(error) => return Err(error),
            },
            Err(StoreError::Unavailable { .. }) if unknown.is_some() => {}
            Err(error) => return Err(error),
        }
        if let Some((error, since)) = &unknown {
            if since.elapsed() > FIND_OUT {
                return Err(clone(error));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Takes out of the batches what is in the trail already and would conflict, each by its own evidence; `false` when nothing was.
async fn strip_what_is_there(trail: &dyn Trail, batches: &mut [NewBatch]) -> store::Result<bool> {
    let mut stripped = false;
    for batch in batches {
        let mut there = Vec::new();
        for quarantined in &batch.quarantine {
            match trail.quarantined_bytes(quarantined.item.id).await {
                Ok(_) => there.push(quarantined.item.id),
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        batch.quarantine.retain(|q| !there.contains(&q.item.id));
        stripped |= !there.is_empty();
        if let (Some(_), Some(cursor)) = (&batch.expected_cursor, &batch.cursor)
            && trail.cursor(batch.source, &batch.stream).await?.0 == *cursor
        {
            batch.expected_cursor = None;
            stripped = true;
        }
    }
    Ok(stripped)
}

fn clone(error: &StoreError) -> StoreError {
    match error {
        StoreError::Unavailable { what, why } => StoreError::Unavailable { what, why: why.clone() },
        StoreError::Unknown { what, why } => StoreError::Unknown { what, why: why.clone() },
        StoreError::Fatal { what, why } => StoreError::Fatal { what, why: why.clone() },
        StoreError::Conflict(why) => StoreError::Conflict(why.clone()),
        StoreError::NotFound(what) => StoreError::NotFound(what.clone()),
        StoreError::Damaged { what, why } => StoreError::Damaged { what: what.clone(), why: why.clone() },
        StoreError::Internal(why) => StoreError::Internal(why.clone()),
    }
}
