//! Senders that keep on: the same body until it is answered, then the next. What a sender must do, and what must be harmless.

use super::{
    house::{House, push, pusher},
    records,
};
use anyhow::{Result, anyhow, bail};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

const SENDERS: u64 = 4;
const PER_BODY: u64 = 10;
/// Between two bodies of a sender, and before a body is sent again.
const PAUSE: Duration = Duration::from_millis(20);
/// A body that is not taken for this long will not be.
const GIVE_UP: Duration = Duration::from_secs(180);

/// What became of the records sent.
#[derive(Debug, Default)]
pub struct Sent {
    /// Every id that was ever put on the wire.
    pub ids: BTreeSet<String>,
    /// Those answered 200, and what the stamp said right after the answer.
    pub acknowledged: BTreeMap<String, u64>,
    /// Requests that got no answer.
    pub unanswered: u64,
    /// Requests told to come again.
    pub refused: u64,
}

impl Sent {
    /// Sends these once over a connection of its own; the status, or 0 where no answer came, and what was said.
    pub fn push(&mut self, house: &House, ids: &[String]) -> (u16, String) {
        self.ids.extend(ids.iter().cloned());
        match house.push(&records::body(ids)) {
            Ok(answer) => {
                match answer.status {
                    200 => self.acknowledged.extend(ids.iter().map(|id| (id.clone(), 0))),
                    _ => self.refused += 1,
                }
                (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
            }
            Err(why) => {
                self.unanswered += 1;
                (0, format!("{why:#}"))
            }
        }
    }

    /// Adds what another load sent.
    pub fn extend(&mut self, other: Sent) {
        self.ids.extend(other.ids);
        self.acknowledged.extend(other.acknowledged);
        self.unanswered += other.unanswered;
        self.refused += other.refused;
    }
}

/// Ids that no other push of the row has.
pub fn ids(name: &str, count: u64) -> Vec<String> {
    (0..count).map(|n| format!("{name}n{n}")).collect()
}

#[derive(Default)]
struct Shared {
    sent: Mutex<Sent>,
    stop: AtomicBool,
    unanswered: AtomicU64,
    refused: AtomicU64,
}

impl Shared {
    fn sent(&self) -> std::sync::MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Load {
    shared: Arc<Shared>,
    senders: Vec<JoinHandle<Result<()>>>,
}

/// Looked at after every answer.
pub type Stamp = Arc<dyn Fn() -> u64 + Send + Sync>;

/// For rows that need none.
pub fn no_stamp() -> Stamp {
    Arc::new(|| 0)
}

impl Load {
    /// Sends to the house, wherever its server is in its life; `name` tells these ids from those of other loads.
    pub fn start(house: &House, name: &str, stamp: Stamp) -> Self {
        let shared: Arc<Shared> = Arc::default();
        let sender = |number: u64| {
            let (shared, stamp, name) = (shared.clone(), stamp.clone(), format!("{name}s{number}"));
            let (address, key) = (house.address.clone(), house.key.clone());
            std::thread::spawn(move || send(&shared, &stamp, &address, &key, &name))
        };
        Self { senders: (0..SENDERS).map(sender).collect(), shared }
    }

    /// Ends once the bodies under way are answered: somebody must serve.
    pub fn finish(self) -> Result<Sent> {
        self.shared.stop.store(true, Relaxed);
        for sender in self.senders {
            sender.join().map_err(|_| anyhow!("a sender stopped"))??;
        }
        let mut sent = std::mem::take(&mut *self.shared.sent());
        sent.unanswered = self.shared.unanswered.load(Relaxed);
        sent.refused = self.shared.refused.load(Relaxed);
        Ok(sent)
    }
}

fn send(shared: &Shared, stamp: &Stamp, address: &str, key: &str, name: &str) -> Result<()> {
    let mut connection = None;
    for number in 0_u64.. {
        if shared.stop.load(Relaxed) {
            break;
        }
        let ids: Vec<String> = (0..PER_BODY).map(|n| format!("{name}b{number}n{n}")).collect();
        let body = records::body(&ids);
        shared.sent().ids.extend(ids.iter().cloned());
        let begun = Instant::now();
        loop {
            if begun.elapsed() > GIVE_UP {
                bail!("a body was not taken for {} s", GIVE_UP.as_secs());
            }
            let open = match connection.take() {
                Some(open) => Ok(open),
                None => pusher(address, key),
            };
            let answer = open.and_then(|mut open| push(&mut open, &body).map(|answer| (open, answer)));
            match answer {
                Ok((open, answer)) => {
                    connection = Some(open);
                    match answer.status {
                        200 => break,
                        429 | 503 => {
                            shared.refused.fetch_add(1, Relaxed);
                        }
                        status => bail!("a body was answered {status}: {}", String::from_utf8_lossy(&answer.body)),
                    }
                }
                Err(_) => {
                    shared.unanswered.fetch_add(1, Relaxed);
                }
            }
            std::thread::sleep(PAUSE);
        }
        let stamp = stamp();
        shared.sent().acknowledged.extend(ids.into_iter().map(|id| (id, stamp)));
        std::thread::sleep(PAUSE);
    }
    Ok(())
}
