//! How the two ledgers stand: size, newest checkpoint, what is not yet under one.

pub use consistency::ConsistencyView;
pub use verified::{Schedule, Verified, VerifiedView};

mod consistency;
mod verified;

use crate::{App, Caller, Operation, Result};
use bytes::Bytes;
use model::{
    Micros, SECOND,
    position::{ACTIVITY, SELF},
    time::rfc3339,
};
use serde::Serialize;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};
use store::trail::{Head, Trail};
use utoipa::ToSchema;

/// A checkpoint as the integrator last signed or checked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub generation: u32,
    pub size: u64,
    /// Base64.
    pub root: String,
    pub time: Micros,
}

/// What whoever signs checkpoints tells the pages.
#[derive(Debug, Default)]
pub struct Board {
    /// Of the verifier key a stranger needs: `name+hash+base64`, by ledger.
    keys: RwLock<BTreeMap<String, (String, String)>>,
    signed: RwLock<BTreeMap<String, Signed>>,
}

impl Board {
    pub fn signed(&self, ledger: &str, signed: Signed) {
        self.signed.write().unwrap_or_else(PoisonError::into_inner).insert(ledger.to_owned(), signed);
    }
    /// Origin and verifier key of a ledger.
    pub fn key(&self, ledger: &str, origin: &str, verifier: &str) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(ledger.to_owned(), (origin.to_owned(), verifier.to_owned()));
    }
    fn newest(&self, ledger: &str) -> Option<Signed> {
        self.signed.read().unwrap_or_else(PoisonError::into_inner).get(ledger).cloned()
    }
    /// When a checkpoint of this size was signed or checked, where it is the newest.
    pub(crate) fn time_of(&self, ledger: &str, size: u64) -> Option<String> {
        self.newest(ledger).filter(|s| s.size == size).map(|s| rfc3339(s.time))
    }
    /// Origin and verifier key; empty until [`Board::key`] said them.
    pub fn verifier(&self, ledger: &str) -> (String, String) {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(ledger).cloned().unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CheckpointView {
    pub size: u64,
    pub root: String,
    pub time: String,
    pub age_secs: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LedgerState {
    #[schema(schema_with = crate::view::words::ledger)]
    pub name: &'static str,
    pub generation: u32,
    pub size: u64,
    pub checkpoint: Option<CheckpointView>,
    /// Records not yet under a checkpoint.
    pub pending: u64,
    /// When this server last verified what it stores; `None` before the first time.
    pub verified: Option<VerifiedView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Ledgers {
    pub items: Vec<LedgerState>,
    /// Of the ledger `activity`: what its checkpoints name, and the key that verifies them.
    pub origin: String,
    pub verifier_key: String,
}

impl App {
    pub async fn ledgers(&self, caller: &Caller) -> Result<Ledgers> {
        self.read(caller, Operation::LedgersList, (), json!({})).await?;
        let (origin, verifier_key) = self.board.verifier(ACTIVITY);
        Ok(Ledgers { items: self.ledger_states().await?, origin, verifier_key })
    }

    /// Both ledgers, for pages already authorised.
    pub async fn ledger_states(&self) -> Result<Vec<LedgerState>> {
        let now = self.now();
        Ok(vec![self.state(ACTIVITY, self.trail.head().await?, now).await?, self.state(SELF, self.self_trail.head().await?, now).await?])
    }

    async fn state(&self, name: &'static str, head: Head, now: Micros) -> Result<LedgerState> {
        let signed = self.board.newest(name).filter(|s| s.generation == head.generation);
        let covered = signed.as_ref().map_or(0, |s| s.size);
        let checkpoint = signed.map(|s| CheckpointView { size: s.size, root: s.root, time: rfc3339(s.time), age_secs: (now - s.time).max(0) / SECOND });
        let verified = self.verified_view(name, head.generation).await?;
        Ok(LedgerState { name, generation: head.generation, size: head.size, checkpoint, pending: head.size.saturating_sub(covered), verified })
    }

    /// A public file of a ledger's directory, of its newest generation.
    pub async fn ledger_file(&self, ledger: &str, path: &str) -> Result<Option<Bytes>> {
        let Some((ledger, generation)) = self.generation(ledger).await? else { return Ok(None) };
        Ok(self.blobs.get(&format!("{ledger}/{generation}/{path}")).await?.map(|(bytes, _)| bytes))
    }

    /// A ledger's own name and newest generation; `None` for a name that is no ledger's.
    pub(crate) async fn generation(&self, ledger: &str) -> Result<Option<(&'static str, u32)>> {
        Ok(match ledger {
            ACTIVITY => Some((ACTIVITY, self.trail.head().await?.generation)),
            SELF => Some((SELF, self.self_trail.head().await?.generation)),
            _ => None,
        })
    }
}
