//! Writing the `self` ledger: records sealed under the member's key, and their rows for reading.

use super::Target;
use crate::{App, AppError, Caller, Entry, Result};
use ledger::{Delivery, Keyring, LedgerError, Numbered};
use model::{
    Actor, ActorKind, Class, Event, EventTime, Member, MemberKind, Micros, Network, Outcome, SubjectKind, SubjectRef, class::act, event::Identity,
    position::SELF,
};
use serde_json::{Map, Value};
use std::collections::VecDeque;
use store::{
    records::{SelfEvent, SelfEvents},
    sql::Unit,
    trail::{NewBatch, NewRecord, Placed},
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Reads that may wait in memory for the ledger to come back.
pub(crate) const WAITING_READS: usize = 1_000;
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

#[derive(Default)]
pub(crate) struct Journal {
    waiting: Mutex<VecDeque<Prepared>>,
}

impl Journal {
    pub async fn prepare(&self, app: &App, act: &Act) -> Result<Prepared> {
        prepare(&app.keyring, act, (app.clock)()).await.map_err(|e| AppError::SelfLedger(e.to_string()))
    }

    /// Appends to the ledger inside the caller's transaction. After an error the unit must be rolled back.
    pub async fn write(&self, app: &App, unit: &Unit, acts: &[Prepared]) -> Result<()> {
        write(app, unit, acts).await.map_err(|e| AppError::SelfLedger(e.to_string()))
    }

    /// Records an act in a transaction of its own.
    pub async fn record(&self, app: &App, act: Act) -> Result<()> {
        self.catch_up(app).await?;
        let prepared = self.prepare(app, &act).await?;
        commit(app, &[prepared]).await
    }

    /// Keeps a read's record in memory until the ledger can be written again.
    ///
    /// # Errors
    /// `why` when the memory is full.
    pub async fn keep(&self, app: &App, act: Act, why: AppError) -> Result<()> {
        let prepared = self.prepare(app, &act).await?;
        let mut waiting = self.waiting.lock().await;
        if waiting.len() >= WAITING_READS {
            return Err(why);
        }
        tracing::warn!(operation = act.operation, waiting = waiting.len() + 1, "a read waits to be recorded: {why}");
        waiting.push_back(prepared);
        Ok(())
    }

    /// Writes what waits, in order, before anything newer.
    pub async fn catch_up(&self, app: &App) -> Result<()> {
        let mut waiting = self.waiting.lock().await;
        if waiting.is_empty() {
            return Ok(());
        }
        // The oldest alone finds out whether the ledger works again: a caller does not pay for all that waits.
        if let Some(oldest) = waiting.front().cloned() {
            commit(app, &[oldest]).await?;
            waiting.pop_front();
        }
        if !waiting.is_empty() {
            commit(app, waiting.make_contiguous()).await?;
            waiting.clear();
        }
        Ok(())
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
            | "confirm" | "factors" | "reset" | "sign_out" | "tokens" | "provision" | "configured",
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
        role: if act.at_host { Some(HOST.to_owned()) } else { act.member.as_ref().map(|m| m.role.name().to_owned()) },
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
    if let Some(member) = &act.member {
        detail.insert("role".into(), member.role.name().into());
    }
    if !act.target.as_str().is_empty() {
        detail.insert("target".into(), act.target.as_str().into());
    }
    detail
}
