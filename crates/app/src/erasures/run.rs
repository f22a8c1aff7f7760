//! Doing an erasure. What can only be found by the person's names goes first, then the keys, then what the views and free pages hold.

use super::Whom;
use crate::{
    App, AppError, Operation, Result,
    directory::VERSION,
    door::{Act, Target},
    jobs::evidence::names_any,
};
use async_trait::async_trait;
use ledger::{
    open_quarantined,
    tombstone::{self, Asked, Tombstone},
};
use model::{Erasure, ErasureState, JobState, Left, erasure::mentions, position::ACTIVITY};
use rand::{RngCore, rngs::OsRng};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use store::{
    records::{Erasures, Jobs, Links, Persons, SelfEvents, SelfQuery, Settings},
    sql::Unit,
};
use uuid::Uuid;

/// Quarantined records looked at together.
const PAGE: u64 = 500;
/// How often progress is written down.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// Files that left, listed at most.
const MOST_LEFT: u64 = 1_000;
/// Tables of the records that name persons.
const TABLES: [&str; 5] = ["persons", "accounts", "subject_names", "jobs", "erasures"];

/// What lies outside the use cases' reach: the searchable view, and what connectors remember.
#[async_trait]
pub trait Views: Send + Sync {
    /// Writes the events of these subjects anew without what is erased; `progress` hears (done, there are).
    async fn erase(&self, subjects: &[Uuid], progress: &(dyn Fn(u64, u64) + Send + Sync)) -> Result<u64>;
    /// Drops a stream's state where it mentions any of these names. Whether it did.
    async fn forget(&self, source: Uuid, stream: &str, names: &[String]) -> Result<bool>;
}

/// Does the erasures asked for, one after the other.
pub struct Eraser {
    pub(super) app: App,
    views: Arc<dyn Views>,
}

impl Eraser {
    pub fn new(app: App, views: Arc<dyn Views>) -> Self {
        Self { app, views }
    }

    /// Goes on with the oldest erasure that is not done; false when there is none. One that stopped says why, and the next call tries it again.
    pub async fn step(&self) -> Result<bool> {
        let mut tried = false;
        for mut erasure in self.app.records.unfinished_erasures().await? {
            tried = true;
            match self.run(&mut erasure).await {
                Ok(()) => return Ok(true),
                Err(error) => {
                    tracing::error!(erasure = %erasure.id, "an erasure stopped and is tried again: {error}");
                    erasure.trouble = Some(error.to_string());
                    self.app.records.update_erasure(&erasure).await?;
                }
            }
        }
        if tried { Err(AppError::Unavailable("an erasure stopped; the page of erasures says why".into())) } else { Ok(false) }
    }

    pub(super) async fn run(&self, erasure: &mut Erasure) -> Result<()> {
        let whom = Whom { person: erasure.person, subjects: erasure.subjects.clone() };
        erasure.trouble = None;
        if erasure.state == ErasureState::Asked {
            // One placed after it was asked for counts as well.
            if let Some(hold) = self.app.holds_on(&self.app.records, &whom).await?.first() {
                return Err(AppError::Conflict(format!("a legal hold forbids it: {}", hold.reason)));
            }
            self.forget_by_name(erasure, &whom).await?;
            self.reach(erasure, ErasureState::Forgotten).await?;
        }
        if erasure.state == ErasureState::Forgotten {
            let asked =
                Asked { person: erasure.person, basis: erasure.basis, reason: erasure.reason.clone(), member: erasure.member, created: erasure.created };
            let tombstone = Tombstone { subjects: whom.subjects.clone(), asked: Some(asked) };
            tombstone::bury(self.app.apart.as_ref(), erasure.id, &tombstone).await?;
            self.app.keyring.erase(&whom.subjects).await?;
            self.reach(erasure, ErasureState::KeysDestroyed).await?;
        }
        self.empty_views(erasure, &whom).await?;
        self.finish(erasure, &whom).await
    }

    pub(super) async fn reach(&self, erasure: &mut Erasure, state: ErasureState) -> Result<()> {
        erasure.state = state;
        Ok(self.app.records.update_erasure(erasure).await?)
    }

    /// Quarantined records, streams' states and files of exports and of evidence that name the person.
    pub(super) async fn forget_by_name(&self, erasure: &mut Erasure, whom: &Whom) -> Result<()> {
        let app = &self.app;
        let names = app.names_of(whom).await?;
        erasure.erased.quarantined += self.empty_quarantine(&names).await?;
        for stream in app.trail.counts().await? {
            erasure.erased.streams += u64::from(self.views.forget(stream.source, &stream.stream, &names).await?);
        }
        erasure.erased.left = app.what_left().await?;
        for path in app.blobs.list("exports/").await? {
            let Some((bytes, _)) = app.blobs.get(&path).await? else { continue };
            if names_any(&path, &bytes, &names) {
                app.blobs.delete(&path).await?;
                app.forget_file(&path).await?;
                erasure.erased.export_files += 1;
            }
        }
        Ok(())
    }

    async fn empty_quarantine(&self, names: &[String]) -> Result<u64> {
        let app = &self.app;
        let (mut before, mut emptied) = (None, 0);
        loop {
            let page = app.trail.quarantined(None, before, PAGE).await?;
            let mut naming = Vec::new();
            for item in &page {
                let (item, sealed) = app.trail.quarantined_bytes(item.id).await?;
                if sealed.is_empty() {
                    continue;
                }
                let plain = open_quarantined(&app.keyring, ACTIVITY, &item, &sealed)?;
                if mentions(&String::from_utf8_lossy(&plain), names) {
                    naming.push(item.id);
                }
            }
            emptied += app.trail.empty_quarantined(&naming).await?;
            before = page.last().map(|item| item.id);
            if (page.len() as u64) < PAGE {
                return Ok(emptied);
            }
        }
    }

    /// The searchable view, with its progress written down as it goes.
    async fn empty_views(&self, erasure: &mut Erasure, whom: &Whom) -> Result<()> {
        let (done, total) = (AtomicU64::new(0), AtomicU64::new(0));
        let progress = |d: u64, t: u64| {
            done.store(d, Ordering::Relaxed);
            total.store(t, Ordering::Relaxed);
        };
        let work = self.views.erase(&whom.subjects, &progress);
        tokio::pin!(work);
        let events = loop {
            tokio::select! {
                ended = &mut work => break ended?,
                () = tokio::time::sleep(TELL_EVERY) => {
                    (erasure.done, erasure.total) = (done.load(Ordering::Relaxed), Some(total.load(Ordering::Relaxed)));
                    self.app.records.update_erasure(erasure).await?;
                }
            }
        };
        erasure.erased.events = events;
        (erasure.done, erasure.total) = (events, Some(events));
        Ok(())
    }

    /// The directory, then the free pages of every database; recorded as done.
    async fn finish(&self, erasure: &mut Erasure, whom: &Whom) -> Result<()> {
        let app = &self.app;
        let now = app.now();
        (erasure.state, erasure.finished) = (ErasureState::Done, Some(now));
        // The pages first: said to be done, it is.
        let forget = async |unit: &Unit| {
            if let Some(person) = whom.person {
                unit.erase_person(person, now).await?;
            }
            let hashed: Vec<(Uuid, [u8; 16])> = whom.subjects.iter().map(|id| (*id, nothing())).collect();
            unit.forget_names(whom.person, &hashed).await?;
            unit.put_setting(VERSION, &Uuid::now_v7().to_string()).await?;
            Ok(())
        };
        let unit = app.records.begin().await?;
        match forget(&unit).await {
            Ok(()) => unit.commit().await?,
            Err(error) => {
                unit.rollback().await?;
                return Err(error);
            }
        }
        app.trail.scrub().await?;
        app.records.scrub(&TABLES).await?;
        let act = Act::unattended("erasures.finish", None, None, Target::of("erasure", erasure.id));
        app.recorded(act, async |unit: &Unit| Ok(unit.update_erasure(erasure).await?)).await
    }
}

impl App {
    /// Files of exports and packs of evidence that members took away, and packs made on the host's command line.
    pub(super) async fn what_left(&self) -> Result<Vec<Left>> {
        let mut left = Vec::new();
        for operation in [Operation::JobsFile, Operation::EvidenceCreate] {
            let query = SelfQuery { operation: Some(operation.name().into()), limit: MOST_LEFT, ..SelfQuery::default() };
            for act in self.records.self_events(&query).await?.into_iter().filter(|e| e.outcome == "success") {
                let (kind, id) = act.target.split_once(':').unwrap_or_default();
                let kind = match (operation, kind) {
                    (Operation::EvidenceCreate, "pack") => "pack",
                    // What was asked for as a job left when its file was fetched.
                    (Operation::EvidenceCreate, _) => continue,
                    _ => match self.records.job(Uuid::parse_str(id).unwrap_or_default()).await? {
                        Some(job) if job.kind == "evidence" => "pack",
                        _ => "export",
                    },
                };
                left.push(Left { kind: kind.into(), what: act.target, time: act.time, member: act.member });
            }
        }
        Ok(left)
    }

    /// Says at the job whose file this was why it is gone.
    async fn forget_file(&self, path: &str) -> Result<()> {
        let id = path.strip_prefix("exports/").and_then(|name| Uuid::parse_str(name.split('.').next()?).ok());
        let Some(mut job) = self.records.job(id.unwrap_or_default()).await? else { return Ok(()) };
        let version = job.updated;
        job.updated = (version + 1).max(self.now());
        job.state = JobState::Failed;
        job.error = Some("its file held values that were erased, and is gone; export again".into());
        job.output = None;
        // Changed by somebody else meanwhile: then he sees that there is no file.
        self.records.change_job(&job, version).await.map(drop).map_err(AppError::from)
    }
}

/// A hash of nothing: it leads to no name.
fn nothing() -> [u8; 16] {
    let mut hash = [0; 16];
    OsRng.fill_bytes(&mut hash);
    hash
}
