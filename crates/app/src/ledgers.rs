//! How the two ledgers stand: size, newest checkpoint, what is not yet under one, and how far those outside have confirmed it.

pub use consistency::ConsistencyView;
pub use verified::{Schedule, Verified, VerifiedView};

mod consistency;
mod loss;
mod under_way;
mod verified;

use crate::{App, Caller, Operation, Result};
use bytes::Bytes;
use ledger::{LogKeys, Standing, WitnessKey};
use model::{
    Micros, SECOND,
    position::{ACTIVITY, SELF},
    retention::Rule,
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
    /// Origin, and the verifier keys a stranger needs, by ledger.
    keys: RwLock<BTreeMap<String, (String, LogKeys)>>,
    signed: RwLock<BTreeMap<String, Signed>>,
    /// By ledger and anchor, those that are configured.
    anchored: RwLock<BTreeMap<(String, Anchor), Standing>>,
    /// Of witnesses, those included that are no longer asked.
    witnesses: RwLock<Vec<WitnessKey>>,
    /// What could be put back unnoticed, as a sentence.
    unnoticed: RwLock<Option<String>>,
    /// How long what is kept.
    rule: RwLock<Rule>,
}

/// Who outside confirms checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// Enough witnesses together.
    Witness,
    /// The time-stamping authority.
    Time,
}

impl Anchor {
    pub const ALL: [Self; 2] = [Self::Witness, Self::Time];

    pub fn name(self) -> &'static str {
        match self {
            Self::Witness => "witness",
            Self::Time => "time",
        }
    }

    /// What is signed is anchored within this time, in microseconds; later is an alarm.
    pub fn within(self) -> Micros {
        match self {
            Self::Witness => ledger::anchor::WITNESS_WITHIN,
            Self::Time => ledger::anchor::STAMP_WITHIN,
        }
    }
}

impl Board {
    /// How far an anchor has come; until this is called, there is none.
    pub fn anchored(&self, ledger: &str, anchor: Anchor, standing: Standing) {
        self.anchored.write().unwrap_or_else(PoisonError::into_inner).insert((ledger.to_owned(), anchor), standing);
    }
    /// Whose cosignatures are shown in proofs.
    pub fn witnesses(&self, keys: Vec<WitnessKey>) {
        *self.witnesses.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }
    pub(crate) fn witness_keys(&self) -> Vec<WitnessKey> {
        self.witnesses.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// How long what is kept, as configured; until this is called, everything is.
    pub fn keeps(&self, rule: Rule) {
        *self.rule.write().unwrap_or_else(PoisonError::into_inner) = rule;
    }
    pub(crate) fn rule(&self) -> Rule {
        *self.rule.read().unwrap_or_else(PoisonError::into_inner)
    }
    /// What could be put back to an older state unnoticed.
    pub fn unnoticed(&self, what: String) {
        *self.unnoticed.write().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }
    /// An anchor of a ledger against what is signed now; `None` where it is not configured.
    pub fn anchor(&self, ledger: &str, anchor: Anchor, now: Micros) -> Option<AnchorView> {
        let standing = self.anchored.read().unwrap_or_else(PoisonError::into_inner).get(&(ledger.to_owned(), anchor)).cloned()?;
        let waiting = self.newest(ledger).map_or(0, |s| s.size).saturating_sub(standing.size);
        let lag = if waiting == 0 { 0 } else { (now - standing.covered_at.unwrap_or(now)).max(0) };
        Some(AnchorView {
            size: standing.size,
            time: standing.time.map(rfc3339),
            waiting,
            lag_secs: lag / SECOND,
            behind_since: standing.covered_at.filter(|_| lag > anchor.within()).map(rfc3339),
            within_secs: anchor.within() / SECOND,
            trouble: standing.trouble,
        })
    }

    pub fn signed(&self, ledger: &str, signed: Signed) {
        self.signed.write().unwrap_or_else(PoisonError::into_inner).insert(ledger.to_owned(), signed);
    }
    /// Origin and verifier keys of a ledger; again when a new key took over.
    pub fn keys(&self, ledger: &str, origin: &str, keys: LogKeys) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(ledger.to_owned(), (origin.to_owned(), keys));
    }
    fn newest(&self, ledger: &str) -> Option<Signed> {
        self.signed.read().unwrap_or_else(PoisonError::into_inner).get(ledger).cloned()
    }
    /// When a checkpoint of this size was signed or checked, where it is the newest.
    pub(crate) fn time_of(&self, ledger: &str, size: u64) -> Option<String> {
        self.newest(ledger).filter(|s| s.size == size).map(|s| rfc3339(s.time))
    }
    /// Origin and verifier keys; `None` until [`Board::keys`] said them.
    pub fn verifiers(&self, ledger: &str) -> Option<(String, LogKeys)> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(ledger).cloned()
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
    /// Cosignatures of witnesses; absent where none is configured.
    pub witness: Option<AnchorView>,
    /// Time-stamps; absent where no authority is configured.
    pub time_stamp: Option<AnchorView>,
}

/// What parties outside have confirmed of a ledger.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AnchorView {
    /// Records under the newest checkpoint confirmed.
    pub size: u64,
    /// When it was confirmed, by the clock outside.
    pub time: Option<String>,
    /// Records signed since.
    pub waiting: u64,
    /// How long they have waited at most.
    pub lag_secs: i64,
    /// Set while that is longer than promised: everything before was confirmed.
    pub behind_since: Option<String>,
    /// The time promised.
    pub within_secs: i64,
    /// What went wrong last.
    pub trouble: Option<String>,
}

/// A key that signs checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LedgerKey {
    #[schema(schema_with = crate::view::words::ledger)]
    pub ledger: &'static str,
    /// The first size, in records, that it signs; it signs until the next key's.
    pub from: u64,
    /// `name+hash+base64`.
    pub verifier_key: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Ledgers {
    pub items: Vec<LedgerState>,
    /// Of the ledger `activity`: what its checkpoints name, and the key that verifies the newest.
    pub origin: String,
    pub verifier_key: String,
    /// All keys of both ledgers, the oldest first: a checkpoint counts when the key of its size signed it.
    pub keys: Vec<LedgerKey>,
    /// What could be put back to an older state unnoticed, where neither a lock nor a witness lies outside the machine.
    pub rollback_unnoticed: Option<String>,
}

impl App {
    pub async fn ledgers(&self, caller: &Caller) -> Result<Ledgers> {
        self.read(caller, Operation::LedgersList, (), json!({})).await?;
        let (origin, verifier_key) = self.board.verifiers(ACTIVITY).map(|(origin, keys)| (origin, keys.newest().to_string())).unwrap_or_default();
        let mut keys = Vec::new();
        for ledger in [ACTIVITY, SELF] {
            for (from, key) in self.board.verifiers(ledger).iter().flat_map(|(_, keys)| keys.all()) {
                keys.push(LedgerKey { ledger, from: *from, verifier_key: key.to_string() });
            }
        }
        let rollback_unnoticed = self.board.unnoticed.read().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Ledgers { items: self.ledger_states().await?, origin, verifier_key, keys, rollback_unnoticed })
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
        let anchor = |anchor| self.board.anchor(name, anchor, now);
        Ok(LedgerState {
            name,
            generation: head.generation,
            size: head.size.saturating_sub(head.first),
            checkpoint,
            pending: head.size.saturating_sub(head.first).saturating_sub(covered),
            verified,
            witness: anchor(Anchor::Witness),
            time_stamp: anchor(Anchor::Time),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_behind_once_what_is_signed_has_waited_too_long() {
        let board = Board::default();
        let start = 1_795_415_186 * SECOND;
        let signed = |size| board.signed(ACTIVITY, Signed { generation: 0, size, root: String::new(), time: start });
        let seen = |after: i64| board.anchor(ACTIVITY, Anchor::Witness, start + after * SECOND);
        signed(10);
        assert_eq!(seen(0), None, "not configured");
        board.anchored(ACTIVITY, Anchor::Witness, Standing { size: 10, time: Some(start), covered_at: Some(start), trouble: None });
        let view = seen(3_600).unwrap();
        assert_eq!((view.waiting, view.lag_secs, view.behind_since), (0, 0, None), "nothing new needs nobody");
        signed(12);
        let view = seen(60).unwrap();
        assert_eq!((view.waiting, view.lag_secs, view.behind_since), (2, 60, None));
        let view = seen(61).unwrap();
        assert_eq!((view.lag_secs, view.behind_since), (61, Some(rfc3339(start))));
        board.anchored(ACTIVITY, Anchor::Witness, Standing { size: 12, time: Some(start), covered_at: Some(start + 61 * SECOND), trouble: None });
        assert_eq!(seen(3_600).unwrap().behind_since, None);
        assert_eq!(board.anchor(SELF, Anchor::Witness, start), None);
    }
}
