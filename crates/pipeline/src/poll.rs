//! Driving connectors that read: one task per (source, stream), each at its own pace, each with its own trouble.

mod pace;
#[cfg(test)]
mod tests;

use crate::{Accepted, Intake, IntakeError, SourceWithSettings, Sources, now};
use connectors::ConnectorError;
use pace::Pace;
use std::{
    collections::{HashMap, HashSet},
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};
use store::{StoreError, records::Polls, sql::Database};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Records asked for at once.
const PAGE_RECORDS: usize = 1_000;
/// A source that does not answer a read within this counts as unavailable.
const READ_TIMEOUT: Duration = Duration::from_secs(120);
/// How soon a source that was added, changed, paused or resumed is noticed.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Why a poll brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    #[error(transparent)]
    Source(ConnectorError),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// Another node or task read on meanwhile.
    #[error("another reader of this stream was faster")]
    Overtaken,
}

impl PollError {
    /// Who can mend it, as `records::Trouble::kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Source(ConnectorError::Credential(_)) => "credential",
            Self::Source(ConnectorError::MissingSetting(_) | ConnectorError::BadSetting { .. } | ConnectorError::NoStream(_)) => "setting",
            Self::Source(ConnectorError::Unavailable { .. }) => "unavailable",
            Self::Source(ConnectorError::Protocol(_) | ConnectorError::Input { .. }) => "protocol",
            Self::Intake(_) | Self::Overtaken => "internal",
        }
    }

    fn retry_after_secs(&self) -> Option<u64> {
        match self {
            Self::Source(ConnectorError::Unavailable { retry_after_secs, .. }) => *retry_after_secs,
            Self::Intake(IntakeError::Busy { retry_after_secs }) => Some(*retry_after_secs),
            Self::Overtaken => Some(0),
            _ => None,
        }
    }
}

/// What one poll brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    pub accepted: Accepted,
    /// There is more to read now.
    pub more: bool,
}

/// Reads every stream that is read, until stopped.
pub struct Poller {
    intake: Arc<Intake>,
    sources: Arc<dyn Sources>,
    records: Database,
    look_again: Duration,
}

impl Poller {
    /// `records` is migrated; polls and troubles are noted there.
    pub fn new(intake: Arc<Intake>, sources: Arc<dyn Sources>, records: Database) -> Arc<Self> {
        Arc::new(Self { intake, sources, records, look_again: LOOK_AGAIN })
    }

    /// Polls until `stop`, and returns when every poll under way has ended.
    pub async fn run(self: &Arc<Self>, stop: CancellationToken) {
        let mut running: HashMap<(Uuid, &'static str), (u64, CancellationToken)> = HashMap::new();
        let mut tasks = JoinSet::new();
        while !stop.is_cancelled() {
            match self.sources.active().await {
                Err(e) => tracing::warn!("the list of sources cannot be read, polling goes on with the last one: {e}"),
                Ok(sources) => self.adjust(sources, &stop, &mut running, &mut tasks),
            }
            while tasks.try_join_next().is_some() {}
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.look_again) => {}
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Starts what is new, restarts what changed, stops what is gone.
    fn adjust(
        self: &Arc<Self>,
        sources: Vec<SourceWithSettings>,
        stop: &CancellationToken,
        running: &mut HashMap<(Uuid, &'static str), (u64, CancellationToken)>,
        tasks: &mut JoinSet<()>,
    ) {
        let mut wanted = HashSet::new();
        for source in sources.into_iter().filter(SourceWithSettings::is_active) {
            let version = version(&source);
            for stream in source.connector.manifest().streams.iter().filter(|s| s.poll_secs > 0) {
                let key = (source.source.id, stream.name);
                wanted.insert(key);
                if let Some((known, old)) = running.get(&key) {
                    if *known == version {
                        continue;
                    }
                    old.cancel();
                }
                let token = stop.child_token();
                running.insert(key, (version, token.clone()));
                let (poller, source) = (self.clone(), source.clone());
                tasks.spawn(async move { poller.follow(source, stream.name, Pace::new(stream.poll_secs), token).await });
            }
        }
        running.retain(|key, (_, token)| {
            let keep = wanted.contains(key);
            if !keep {
                token.cancel();
            }
            keep
        });
    }

    async fn follow(&self, source: SourceWithSettings, stream: &'static str, mut pace: Pace, stop: CancellationToken) {
        while !stop.is_cancelled() {
            // A poll is never cut in the middle of its commit; its read is bounded by a timeout.
            let wait = match self.poll_noted(&source, stream, &stop).await {
                None => return,
                Some(Ok(polled)) => pace.after_success(polled.more),
                Some(Err(e)) => {
                    tracing::warn!("stream {stream} of source '{}' cannot be read: {e}", source.source.name);
                    pace.after_failure(e.kind(), e.retry_after_secs())
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// [`Self::poll`], and its outcome noted. `None` when stopped while the source was being asked.
    async fn poll_noted(&self, source: &SourceWithSettings, stream: &str, stop: &CancellationToken) -> Option<Result<Polled, PollError>> {
        let polled = self.poll_until(source, stream, stop).await?;
        let noted = match &polled {
            Ok(_) | Err(PollError::Overtaken) => self.records.note_poll(source.source.id, stream, now(), None).await,
            Err(e) => self.records.note_poll(source.source.id, stream, now(), Some((e.kind(), &e.to_string()))).await,
        };
        if let Err(e) = noted {
            tracing::warn!("the poll of stream {stream} of source '{}' cannot be noted: {e}", source.source.name);
        }
        Some(polled)
    }

    /// One page: read after the committed cursor, normalise, append, cursor and state in the same commit.
    pub async fn poll(&self, source: &SourceWithSettings, stream: &str) -> Result<Polled, PollError> {
        self.poll_until(source, stream, &CancellationToken::new()).await.unwrap_or(Err(PollError::Overtaken))
    }

    async fn poll_until(&self, source: &SourceWithSettings, stream: &str, stop: &CancellationToken) -> Option<Result<Polled, PollError>> {
        let entered = tokio::select! {
            () = stop.cancelled() => return None,
            entered = self.intake.enter(source, stream) => entered,
        };
        let (_lane, cursor, state) = match entered {
            Ok(entered) => entered,
            Err(e) => return Some(Err(e.into())),
        };
        let read = tokio::select! {
            () = stop.cancelled() => return None,
            read = tokio::time::timeout(READ_TIMEOUT, source.connector.read(&source.settings, stream, &cursor, &state.connector, PAGE_RECORDS)) => read,
        };
        let page = match read {
            Ok(Ok(page)) => page,
            Ok(Err(e)) => return Some(Err(PollError::Source(e))),
            Err(_) => {
                let why = format!("no answer within {} s", READ_TIMEOUT.as_secs());
                return Some(Err(PollError::Source(ConnectorError::Unavailable { why, retry_after_secs: None })));
            }
        };
        let more = page.more;
        Some(match self.intake.append_page(source, stream, cursor, state, page).await {
            Ok(accepted) => Ok(Polled { accepted: accepted.unwrap_or_default(), more }),
            Err(IntakeError::Store(StoreError::Conflict(_))) => Err(PollError::Overtaken),
            Err(e) => Err(e.into()),
        })
    }
}

/// Changes with anything a poll depends on.
fn version(source: &SourceWithSettings) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    source.source.connector.hash(&mut hasher);
    source.settings.hash(&mut hasher);
    hasher.finish()
}
