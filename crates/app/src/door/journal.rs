//! Writing the `self` ledger: records sealed under the member's key, and their rows for reading.

use super::Target;
use crate::{App, AppError, Caller, Entry, Result};
use ledger::{Delivery, Keyring, LedgerError, Numbered};
use model::{
    Actor, ActorKind, Class, Event, EventTime, Member, MemberKind, Micros, Network, Outcome, SubjectKind, SubjectRef, class::act, event::Identity,
    position::SELF,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{
    records::{SelfEvent, SelfEvents},
    reserve::{Reserve, Used},
    sql::Unit,
    trail::{Fingerprint, NewBatch, NewRecord, Placed},
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Stands in the place of a role for the host's command line.
pub(crate) const HOST: &str = "host";
const STREAM: &str = "door";
const NORMALISER: &str = "veritrail/1";

/// One thing somebody did or tried.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub member: Option<Member>,
    pub address: Option<String>,
    pub request: Uuid,
    /// By the host's command line.
    pub at_host: bool,
    /// The API token it was done with.
    pub token: Option<Uuid>,
    pub operation: &'static str,
    pub target: Target,
    pub detail: Value,
    /// Why it failed; `None` when it did not.
    pub failure: Option<&'static str>,
}

impl Act {
    pub fn by(caller: &Caller, operation: &'static str, target: Target, detail: Value) -> Self {
        let token = match caller.entry {
            Entry::Token { id, .. } => Some(id),
            Entry::Host | Entry::Session { .. } => None,
        };
        let (member, address) = (Some(caller.member.clone()), caller.address.clone());
        let at_host = caller.member.id.is_nil();
        Self { member, address, request: caller.request, at_host, token, operation, target, detail, failure: None }
    }
    /// An act of the host's command line, where nobody is signed in.
    pub fn at_host(operation: &'static str, target: Target, detail: Value) -> Self {
        Self { at_host: true, detail, ..Self::unattended(operation, None, None, target) }
    }
    /// An act of nobody signed in yet, or of Veritrail itself.
    pub fn unattended(operation: &'static str, member: Option<Member>, address: Option<String>, target: Target) -> Self {
        Self { member, address, request: Uuid::now_v7(), at_host: false, token: None, operation, target, detail: Value::Null, failure: None }
    }
    /// The role it was done in: the member's, or the host's.
    fn role(&self) -> Option<&'static str> {
        if self.at_host { Some(HOST) } else { self.member.as_ref().map(|m| m.role.name()) }
    }
    pub fn failed(self, reason: &'static str) -> Self {
        Self { failure: Some(reason), ..self }
    }
}

/// An act sealed and ready to be written.
#[derive(Clone)]
pub(crate) struct Prepared {
    record: NewRecord,
    row: SelfEvent,
}

/// What waits is written in pieces of so many records.
const AT_ONCE: usize = 500;

pub(crate) struct Journal {
    /// Where reads wait while the ledger cannot be written; `None`: another process has it, and they are refused.
    reserve: Option<Reserve>,
    /// Held while what waits is written.
    writing: Mutex<()>,
}

impl Journal {
    pub fn new(reserve: Option<Reserve>) -> Self {
        Self { reserve, writing: Mutex::default() }
    }

    pub async fn prepare(&self, app: &App, act: &Act) -> Result<Prepared> {
        prepare(&app.keyring, act, (app.clock)()).await.map_err(|e| AppError::SelfLedger(e.to_string()))
    }

    /// Appends to the ledger inside the caller's transaction. After an error the unit must be rolled back.
    pub async fn write(&self, app: &App, unit: &Unit, acts: &[Prepared]) -> Result<()> {
        write(app, unit, acts).await.map_err(|e| AppError::SelfLedger(e.to_string()))
    }

    /// Tries to write, and takes it back: nothing is left of it.
    ///
    /// # Errors
    /// Those that a change would meet.
    pub async fn try_writing(&self, app: &App) -> Result<()> {
        let failed = |e: store::StoreError| AppError::SelfLedger(e.to_string());
        let prepared = self.prepare(app, &Act::at_host("self.check", Target::none(), Value::Null)).await?;
        let unit = app.records.begin().await.map_err(failed)?;
        let written = write(app, &unit, &[prepared]).await;
        unit.rollback().await.map_err(failed)?;
        written.map_err(failed)
    }

    /// Records an act in a transaction of its own.
    pub async fn record(&self, app: &App, act: Act) -> Result<()> {
        self.catch_up(app).await?;
        let prepared = self.prepare(app, &act).await?;
        commit(app, &[prepared]).await
    }

    /// Keeps a read's record in the reserve until the ledger can be written again; it is on the disk when this answers.
    ///
    /// # Errors
    /// `why` when there is no room for it.
    pub async fn keep(&self, app: &App, act: Act, why: AppError) -> Result<()> {
        let Some(reserve) = &self.reserve else { return Err(why) };
        let prepared = self.prepare(app, &act).await?;
        if !reserve.add(prepared.encode()?).await? {
            return Err(why);
        }
        tracing::warn!(operation = act.operation, waiting = reserve.used().frames, "a read waits in the reserve to be recorded: {why}");
        Ok(())
    }

    /// Writes what waits, in order, before anything newer; answers how many.
    pub async fn catch_up(&self, app: &App) -> Result<u64> {
        let Some(reserve) = &self.reserve else { return Ok(0) };
        if reserve.used().frames == 0 {
            return Ok(0);
        }
        let _writing = self.writing.lock().await;
        let waiting: Vec<Prepared> = reserve.frames().iter().map(|frame| Prepared::decode(frame)).collect::<Result<_>>()?;
        // The oldest alone finds out whether the ledger works again: a caller does not pay for all that waits. A crash between the two steps writes
        // some again, which the ledger knows by their fingerprints.
        let (oldest, rest) = waiting.split_at(waiting.len().min(1));
        for piece in std::iter::once(oldest).chain(rest.chunks(AT_ONCE)) {
            commit(app, piece).await?;
            reserve.forget(piece.len()).await?;
        }
        Ok(waiting.len() as u64)
    }

    /// How much of the reserve is used.
    pub fn waiting(&self) -> Option<Used> {
        self.reserve.as_ref().map(Reserve::used)
    }
}

/// A record as it waits: what the ledger needs, then its bytes.
#[derive(Serialize, Deserialize)]
struct Waiting {
    fingerprint: [u8; 24],
    leaf_hash: [u8; 32],
    time: Micros,
    member: Option<Uuid>,
    role: Option<String>,
    operation: String,
    outcome: String,
    target: String,
}

impl Prepared {
    fn encode(self) -> Result<Vec<u8>> {
        let (record, row) = (self.record, self.row);
        let waiting = Waiting {
            fingerprint: record.fingerprint.0,
            leaf_hash: record.leaf_hash,
            time: record.time,
            member: row.member,
            role: row.role,
            operation: row.operation,
            outcome: row.outcome,
            target: row.target,
        };
        let mut line = serde_json::to_vec(&waiting).map_err(|e| AppError::Internal(e.to_string()))?;
        line.push(b'\n');
        line.extend(record.bytes);
        Ok(line)
    }

    fn decode(frame: &[u8]) -> Result<Self> {
        let damaged = |why: String| {
            AppError::SelfLedger(format!(
                "what waits in the reserve cannot be read ({why}): another version wrote it; start that one, or move the file 'self.reserve' away and keep it"
            ))
        };
        let end = frame.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged("a record has no first line".into()))?;
        let waiting: Waiting = serde_json::from_slice(&frame[..end]).map_err(|e| damaged(e.to_string()))?;
        let bytes = frame[end + 1..].to_vec();
        let row = SelfEvent {
            generation: 0,
            position: 0,
            time: waiting.time,
            member: waiting.member,
            role: waiting.role,
            operation: waiting.operation,
            outcome: waiting.outcome,
            target: waiting.target,
            sealed: bytes.clone(),
        };
        let record = NewRecord { fingerprint: Fingerprint(waiting.fingerprint), leaf_hash: waiting.leaf_hash, bytes, time: waiting.time };
        Ok(Self { record, row })
    }
}

async fn commit(app: &App, acts: &[Prepared]) -> Result<()> {
    let failed = |e: store::StoreError| AppError::SelfLedger(e.to_string());
    let unit = app.records.begin().await.map_err(failed)?;
    if let Err(error) = write(app, &unit, acts).await {
        unit.rollback().await.map_err(failed)?;
        return Err(failed(error));
    }
    unit.commit().await.map_err(failed)
}

async fn write(app: &App, unit: &Unit, acts: &[Prepared]) -> store::Result<()> {
    let records = acts.iter().map(|a| a.record.clone()).collect();
    let batch = NewBatch { source: Uuid::nil(), stream: STREAM.into(), received: (app.clock)(), records, ..NewBatch::default() };
    let placed = app.self_trail.append_in(unit, vec![batch]).await?.into_iter().flatten();
    for (act, placed) in acts.iter().zip(placed) {
        // A duplicate is a record whose commit was not answered: its row is there too.
        if let Placed::New(position) = placed {
            unit.add_self_event(&SelfEvent { generation: position.generation, position: position.index, ..act.row.clone() }).await?;
        }
    }
    Ok(())
}

/// How the ledger names a member.
pub(crate) fn subject(member: Uuid) -> SubjectRef {
    SubjectRef { source: Uuid::nil(), kind: SubjectKind::Member, vendor_id: member.to_string() }
}

async fn prepare(keyring: &Keyring, act: &Act, now: Micros) -> ledger::error::Result<Prepared> {
    let activity = match act.operation.rsplit('.').next() {
        Some("create" | "invite" | "import" | "upload") => act::CREATE,
        Some(
            "update" | "judge" | "keys" | "replay" | "cancel" | "check" | "accept" | "complete" | "delete" | "rotate" | "retire" | "seal" | "decide"
            | "confirm" | "factors" | "reset" | "sign_out" | "tokens" | "provision" | "configured" | "repair",
        ) => act::UPDATE,
        _ => act::READ,
    };
    let mut event = Event::new(Uuid::nil(), STREAM, NORMALISER, act.operation, Class::Api, activity, EventTime::utc(now));
    event.identity = Identity::Vendor(Uuid::now_v7().to_string());
    event.received = now;
    event.outcome = if act.failure.is_some() { Outcome::Failure } else { Outcome::Success };
    event.reason = act.failure.map(str::to_owned);
    event.actor = act.member.as_ref().map(|m| Actor {
        subject: subject(m.id),
        kind: if m.kind == MemberKind::Service { ActorKind::Application } else { ActorKind::Human },
        username: Some(m.email.clone()),
        name: Some(m.name.clone()),
        email: Some(m.email.clone()),
        application: None,
    });
    event.network = act.address.clone().map(|address| Network { address: Some(address), ..Network::default() });
    event.detail = detail(act);
    let outcome = event.outcome;
    let delivery = Delivery { events: vec![Numbered { event, occurrence: 0, ordinal: 0 }], ..Delivery::new(Uuid::nil(), STREAM, now) };
    let sealed = ledger::prepare(keyring, SELF, delivery).await?.records.pop();
    let record = sealed.ok_or_else(|| LedgerError::Internal("an event was sealed to nothing".into()))?;
    let row = SelfEvent {
        generation: 0,
        position: 0,
        time: now,
        member: act.member.as_ref().map(|m| m.id),
        role: act.role().map(str::to_owned),
        operation: act.operation.to_owned(),
        outcome: outcome.name().to_owned(),
        target: act.target.as_str().to_owned(),
        sealed: record.bytes.clone(),
    };
    Ok(Prepared { record, row })
}

fn detail(act: &Act) -> Map<String, Value> {
    let mut detail = match act.detail.clone() {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        other => Map::from_iter([("value".to_owned(), other)]),
    };
    detail.insert("request".into(), act.request.to_string().into());
    if let Some(token) = act.token {
        detail.insert("token".into(), token.to_string().into());
    }
    if let Some(role) = act.role() {
        detail.insert("role".into(), role.into());
    }
    if !act.target.as_str().is_empty() {
        detail.insert("target".into(), act.target.as_str().into());
    }
    detail
}
