//! A bounded queue per channel, and patience with receivers that are down.

use crate::{Channel, ChannelError, Notice};
use serde::Serialize;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long the dispatcher tries. Part of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Notices that may wait per channel.
    pub queue: usize,
    /// Tries per notice.
    pub attempts: u32,
    /// Before the second try; doubles each time.
    pub first_wait: Duration,
    pub longest_wait: Duration,
}

impl Default for Patience {
    /// Ten tries over about an hour and a half.
    fn default() -> Self {
        Self { queue: 1_000, attempts: 10, first_wait: Duration::from_secs(5), longest_wait: Duration::from_secs(30 * 60) }
    }
}

/// How a channel fares; shown to administrators.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChannelHealth {
    pub name: String,
    pub waiting: u64,
    pub sent: u64,
    /// Tries that failed and were or will be repeated.
    pub retried: u64,
    /// Notices given up: refused, or tried too often. They did not reach anybody.
    pub given_up: u64,
    /// Notices not taken because the queue was full; the caller was told.
    pub turned_away: u64,
    /// Why the last failed try failed; none after a success.
    pub last_error: Option<String>,
}

/// A queue has no room. Nothing was queued; offer the notice again later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue of {channel} is full ({queue} notices wait); the receiver does not keep up or is down")]
pub struct Full {
    pub channel: String,
    pub queue: usize,
}

struct Lane {
    sender: mpsc::Sender<Notice>,
    health: Arc<Mutex<ChannelHealth>>,
}

/// Hands notices to every channel. The queues are in memory: what must outlive a restart is offered again by the caller.
pub struct Dispatcher {
    lanes: Vec<Lane>,
    queue: usize,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dispatcher({:?})", self.health())
    }
}

impl Dispatcher {
    /// Starts one worker per channel on the current tokio runtime.
    pub fn start(channels: Vec<Arc<dyn Channel>>, patience: &Patience) -> Self {
        let mut workers = Vec::new();
        let mut lanes = Vec::new();
        for channel in channels {
            let (sender, receiver) = mpsc::channel(patience.queue.max(1));
            let health = Arc::new(Mutex::new(ChannelHealth { name: channel.name().to_owned(), ..ChannelHealth::default() }));
            workers.push(tokio::spawn(work(channel, receiver, health.clone(), patience.clone())));
            lanes.push(Lane { sender, health });
        }
        Self { lanes, queue: patience.queue.max(1), workers: Mutex::new(workers) }
    }

    /// Queues `notice` for every channel, or for none where one has no room.
    pub fn offer(&self, notice: &Notice) -> Result<(), Full> {
        let mut places = Vec::new();
        for lane in &self.lanes {
            match lane.sender.try_reserve() {
                Ok(place) => places.push((place, lane)),
                Err(_) => {
                    let channel = with(&lane.health, |health| {
                        health.turned_away += 1;
                        health.name.clone()
                    });
                    return Err(Full { channel, queue: self.queue });
                }
            }
        }
        for (place, lane) in places {
            with(&lane.health, |health| health.waiting += 1);
            place.send(notice.clone());
        }
        Ok(())
    }

    pub fn health(&self) -> Vec<ChannelHealth> {
        self.lanes.iter().map(|lane| with(&lane.health, |health| health.clone())).collect()
    }

    /// Takes no more notices and waits for the queued ones, at most `patience`; then stops and tells how many were left.
    pub async fn finish(mut self, patience: Duration) -> u64 {
        let lanes: Vec<Arc<Mutex<ChannelHealth>>> = self.lanes.drain(..).map(|lane| lane.health).collect();
        let workers = std::mem::take(&mut *self.workers.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        let until = tokio::time::Instant::now() + patience;
        for mut worker in workers {
            if tokio::time::timeout_at(until, &mut worker).await.is_err() {
                worker.abort();
            }
        }
        lanes.iter().map(|health| with(health, |h| h.waiting)).sum()
    }
}

fn with<T>(health: &Mutex<ChannelHealth>, act: impl FnOnce(&mut ChannelHealth) -> T) -> T {
    act(&mut health.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

async fn work(channel: Arc<dyn Channel>, mut receiver: mpsc::Receiver<Notice>, health: Arc<Mutex<ChannelHealth>>, patience: Patience) {
    while let Some(notice) = receiver.recv().await {
        deliver(channel.as_ref(), &notice, &health, &patience).await;
        with(&health, |h| h.waiting = h.waiting.saturating_sub(1));
    }
}

async fn deliver(channel: &dyn Channel, notice: &Notice, health: &Mutex<ChannelHealth>, patience: &Patience) {
    let mut wait = patience.first_wait;
    for attempt in 1..=patience.attempts.max(1) {
        let error = match channel.send(notice).await {
            Ok(()) => {
                return with(health, |h| {
                    h.sent += 1;
                    h.last_error = None;
                });
            }
            Err(error) => error,
        };
        with(health, |h| h.last_error = Some(error.to_string()));
        if matches!(error, ChannelError::Refused(_)) || attempt >= patience.attempts {
            with(health, |h| h.given_up += 1);
            tracing::error!(channel = channel.name(), notice = %notice.id, attempt, %error, "a notice was given up");
            return;
        }
        with(health, |h| h.retried += 1);
        tracing::warn!(channel = channel.name(), notice = %notice.id, attempt, %error, wait_secs = wait.as_secs(), "a notice did not leave; it is tried again");
        tokio::time::sleep(wait).await;
        wait = wait.saturating_mul(2).min(patience.longest_wait);
    }
}
