//! A pack of evidence: records as their reader sees them, each with its proof under one checkpoint, and all that a stranger needs to check it.

pub(crate) use files::names_any;

mod coverage;
mod files;
mod report;
#[cfg(test)]
mod tests;
mod zipped;

use super::{EvidenceNew, question::Question, run::not_too_large};
use crate::{
    App, AppError, Caller, Operation, Result,
    events::{Viewer, render_many},
};
use bytes::Bytes;
use coverage::Coverage;
use ledger::{LedgerError, Prover};
use model::{
    Job, Member, StoredEvent,
    position::ACTIVITY,
    query::{EventQuery, Hit},
};
use report::{Counts, Listed, Report, Signed};
use serde_json::json;
use std::{time::Duration, vec::IntoIter};
use store::{StoreError, records::Members};
use uuid::Uuid;
use zipped::Zipped;

pub(super) const KIND: &str = "evidence";
/// Records in one pack.
const MOST_RECORDS: u64 = 10_000;
/// Records found at a time.
const PAGE: usize = 500;
/// Records opened, proved and packed at a time; between them progress is written and a cancellation noticed.
const STEP: usize = 100;
/// How often, and how many times, a checkpoint over the newest record is looked for: one is signed about every second.
const COVERED_EVERY: Duration = Duration::from_millis(250);
const COVERED_TRIES: usize = 60;

/// # Errors
/// `Conflict` says how to ask for less.
pub(super) fn not_too_many(records: u64) -> Result<()> {
    if records <= MOST_RECORDS {
        return Ok(());
    }
    Err(AppError::Conflict(format!(
        "{records} records match, and a pack holds at most {MOST_RECORDS}: ask for a shorter time or add filters, and make several packs"
    )))
}

impl App {
    /// The pack a job asked for; `None` when the job is no longer ours.
    pub(super) async fn run_evidence(&self, job: &mut Job, question: &Question) -> Result<Option<Bytes>> {
        let mut viewer = self.job_viewer(job, question, Operation::EvidenceCreate).await?;
        let mut pack = Making::begin(self, &viewer, question).await?;
        job.total = Some(pack.total());
        while pack.step(&viewer).await? {
            job.done = pack.done();
            if !self.save(job).await? {
                return Ok(None);
            }
            viewer = self.job_viewer(job, question, Operation::EvidenceCreate).await?;
        }
        let member = self.records.member(job.member).await?;
        let member = member.ok_or(AppError::Forbidden { operation: Operation::EvidenceCreate.name() })?;
        pack.finish(&viewer, &member, job.created).await.map(Some)
    }

    /// Makes a pack at once, without a job: for the host's command line. `progress` hears (done, there are).
    ///
    /// # Errors
    /// As [`App::create_evidence`], and as its job may fail.
    pub async fn make_evidence(&self, caller: &Caller, new: EvidenceNew, progress: &mut (dyn FnMut(u64, u64) + Send)) -> Result<Bytes> {
        let now = self.now();
        let (question, asked, _) = Question::new(self, caller, Operation::EvidenceCreate, &new.query, now).await?;
        // Recorded before a value leaves; an erasure lists it by this name.
        self.read(caller, Operation::EvidenceCreate, ("pack", Uuid::now_v7()), json!({ "query": asked.canonical, "mark": question.mark })).await?;
        let viewer = question.viewer();
        let mut pack = Making::begin(self, &viewer, &question).await?;
        while pack.step(&viewer).await? {
            progress(pack.done(), pack.total());
        }
        pack.finish(&viewer, &caller.member, now).await
    }
}

/// A pack in the making.
struct Making<'a> {
    app: &'a App,
    question: &'a Question,
    query: EventQuery,
    hits: IntoIter<Hit>,
    prover: Option<Prover<'a>>,
    generation: u32,
    /// The index of the generation's first record: proofs count from there.
    first: u64,
    /// The newest record's place in the tree.
    newest: Option<u64>,
    zip: Zipped,
    /// `events.ndjson`.
    lines: Vec<u8>,
    listed: Vec<Listed>,
    counts: Counts,
    done: u64,
}

impl<'a> Making<'a> {
    /// Finds the records, and the checkpoint that all proofs stand under.
    async fn begin(app: &'a App, viewer: &Viewer, question: &'a Question) -> Result<Self> {
        let query = question.resolve(app, viewer).await?;
        let mut hits = found(app, viewer, &query).await?;
        // In the ledger's order, so that each of its files is read once.
        hits.sort_unstable_by_key(|hit| hit.position.index);
        let newest = match hits.last() {
            Some(hit) => Some(app.reader.leaf_of(&hit.position).await?),
            None => None,
        };
        let generation = match hits.first() {
            Some(hit) => hit.position.generation,
            None => app.reader.head().await?.generation,
        };
        if hits.iter().any(|hit| hit.position.generation != generation) {
            return Err(AppError::Conflict(
                "these records stand in two generations of the ledger; make one pack of the time before the loss, one of that after".into(),
            ));
        }
        let prover = match newest {
            Some(newest) => Some(covering(app, generation, newest).await?),
            None => None,
        };
        let first = ledger::tree::first_of(app.trail.as_ref(), generation).await?;
        let zip = Zipped::new(app.now());
        Ok(Self {
            app,
            question,
            query,
            hits: hits.into_iter(),
            prover,
            generation,
            first,
            newest,
            zip,
            lines: Vec::new(),
            listed: Vec::new(),
            counts: Counts::default(),
            done: 0,
        })
    }

    fn done(&self) -> u64 {
        self.done
    }

    fn total(&self) -> u64 {
        self.done + self.hits.len() as u64
    }

    /// Packs some further records; false when there are none.
    async fn step(&mut self, viewer: &Viewer) -> Result<bool> {
        let hits: Vec<Hit> = self.hits.by_ref().take(STEP).collect();
        let Some(prover) = self.prover.as_mut().filter(|_| !hits.is_empty()) else { return Ok(false) };
        let first = self.first;
        let leaves = hits.iter().map(|hit| StoredEvent::decode(&hit.record).map(|(stored, _)| (hit.position.index.saturating_sub(first), stored.leaf)));
        let leaves: Vec<(u64, Vec<u8>)> =
            leaves.collect::<Result<_, _>>().map_err(|e| AppError::Internal(format!("the index holds a damaged record: {e}; rebuild it")))?;
        for ((index, shown), event) in leaves.into_iter().zip(render_many(self.app, viewer, hits).await?) {
            let proof = prover.prove(index).await?;
            // What is shown was opened against its commitments in `shown`: so the sentence belongs to the entry proved.
            if proof.leaf != shown {
                return Err(AppError::Internal(format!("the index does not hold {} as the ledger does; rebuild the index", event.position)));
            }
            self.zip.add(&format!("proofs/{index}.tlog-proof"), proof.tlog_proof.as_bytes())?;
            self.zip.add(&format!("entries/{index}.json"), &proof.leaf)?;
            serde_json::to_writer(&mut self.lines, &event).map_err(|e| AppError::Internal(e.to_string()))?;
            self.lines.push(b'\n');
            self.counts.add(&event);
            self.listed.push(Listed::new(proof, event.sentence)?);
            self.done += 1;
        }
        not_too_large(self.zip.bytes() + self.lines.len())?;
        Ok(true)
    }

    /// Everything beside the records, and the whole file.
    async fn finish(mut self, viewer: &Viewer, asker: &Member, asked_at: model::Micros) -> Result<Bytes> {
        let app = self.app;
        let coverage = Coverage::of(app, viewer, &self.query, &self.counts.by_stream).await?;
        let signed = match &self.prover {
            Some(prover) => Some(Signed { note: prover.note().to_owned(), size: prover.size(), root: prover.root() }),
            None => newest_signed(app, self.generation).await?,
        };
        let report = Report {
            question: self.question,
            asker,
            asked_at,
            made_at: app.now(),
            counts: &self.counts,
            coverage: &coverage,
            generation: self.generation,
            signed: signed.as_ref(),
        };
        let stamp = files::stamp(app, self.generation, self.newest, signed.as_ref()).await?;
        self.zip.add("events.ndjson", &self.lines)?;
        let log = app.log_of(self.generation).await?;
        files::write(app, &mut self.zip, &report, &log, stamp.as_ref(), &self.listed)?;
        let file = self.zip.finish()?;
        not_too_large(file.len())?;
        Ok(file.into())
    }
}

/// All records that match.
async fn found(app: &App, viewer: &Viewer, query: &EventQuery) -> Result<Vec<Hit>> {
    not_too_many(app.events.count(&viewer.scope, query).await?)?;
    let (mut hits, mut next) = (Vec::new(), None);
    loop {
        let page = app.events.search(&viewer.scope, query, next, PAGE).await?;
        hits.extend(page.hits);
        // More may have come since they were counted.
        not_too_many(hits.len() as u64)?;
        next = page.next;
        if next.is_none() {
            return Ok(hits);
        }
    }
}

/// Proves under a checkpoint over the newest record, which is waited for: the index is faster than the signer.
async fn covering(app: &App, generation: u32, newest: u64) -> Result<Prover<'_>> {
    for _ in 0..COVERED_TRIES {
        match Prover::over(app.blobs.as_ref(), ACTIVITY, generation, newest).await {
            Ok((prover, _)) => return Ok(prover),
            Err(LedgerError::Store(StoreError::NotFound(_))) => tokio::time::sleep(COVERED_EVERY).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Conflict(format!("record {newest} is not under a signed checkpoint yet; `veritrail serve` signs one about every second: ask again")))
}

/// What is signed, for a pack of no records: that nothing matched is an answer too.
async fn newest_signed(app: &App, generation: u32) -> Result<Option<Signed>> {
    let head = app.trail.head().await?;
    let Some(size) = head.integrated.saturating_sub(head.first).checked_sub(1) else { return Ok(None) };
    match Prover::over(app.blobs.as_ref(), ACTIVITY, generation, size).await {
        Ok((prover, _)) => Ok(Some(Signed { note: prover.note().to_owned(), size: prover.size(), root: prover.root() })),
        Err(LedgerError::Store(StoreError::NotFound(_))) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
