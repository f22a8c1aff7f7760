//! The witnesses of one ledger: enough of them together make a checkpoint a cosigned one.

use super::{
    Standing,
    note::Signed,
    witness::{Refusal, Witness},
};
use crate::{
    error::{LedgerError, Result},
    integrate::Integrator,
};
use futures::future::join_all;
use merkle::{Checkpoint, Cosignature, Note, cosigned};
use model::{HOUR, Micros, SECOND};
use std::sync::Arc;

/// Has the newest checkpoint cosigned, round by round.
pub struct Witnesses {
    integrator: Arc<Integrator>,
    witnesses: Vec<Witness>,
    quorum: usize,
    standing: Standing,
    /// What is being cosigned, and by whom it is already.
    of: Option<Checkpoint>,
    by: Vec<Cosignature>,
    /// Whether the published checkpoint carries all of them.
    shown: bool,
    /// The hour that a cosigned checkpoint was last kept for.
    kept: Option<Micros>,
}

impl Witnesses {
    /// Goes on from what is stored. `quorum` witnesses make a checkpoint count as cosigned.
    pub async fn open(integrator: Arc<Integrator>, mut witnesses: Vec<Witness>, quorum: usize) -> Result<Self> {
        let (blobs, layout, keys) = integrator.place().await?;
        let mut standing = Standing::default();
        // Damage there is for `verify` to name: what is lost with it is made again.
        if let Ok(Some(stored)) = Signed::load(blobs.as_ref(), &layout.cosigned(), &layout, &keys).await {
            let keys: Vec<_> = witnesses.iter().map(|w| w.key().clone()).collect();
            let by = Note::parse(&stored.note).and_then(|note| note.cosignatures(&keys)).unwrap_or_default();
            for witness in witnesses.iter_mut().filter(|w| by.iter().any(|c| c.witness == w.name())) {
                witness.has_cosigned(stored.checkpoint.size);
            }
            if let Some(time) = quorum_time(&by, quorum) {
                standing = Standing { size: stored.checkpoint.size, time: Some(time), ..standing };
            }
        }
        Ok(Self { integrator, witnesses, quorum, standing, of: None, by: Vec::new(), shown: false, kept: None })
    }

    /// The first round, before anything is served or appended: asks also when nothing was ever signed here, with the empty tree.
    ///
    /// # Errors
    /// `Older` when a witness has cosigned more than is here, `Fork` when it has cosigned something else. A witness that is away is trouble
    /// in the answer, and the same errors come from [`Witnesses::step`] once it is back.
    pub async fn check(&mut self, now: Micros) -> Result<Standing> {
        let (checkpoint, bare) = self.integrator.newest().await?;
        self.round(Signed { checkpoint, note: bare.clone(), bare }, now).await
    }

    /// One round over the newest checkpoint published.
    ///
    /// # Errors
    /// As [`Witnesses::check`], of witnesses that this process has not yet agreed with. One that disagrees later is trouble in the answer.
    pub async fn step(&mut self, now: Micros) -> Result<Standing> {
        let (blobs, layout, keys) = self.integrator.place().await?;
        match Signed::load(blobs.as_ref(), &layout.checkpoint(), &layout, &keys).await? {
            Some(newest) => self.round(newest, now).await,
            None => Ok(self.standing.clone()),
        }
    }

    async fn round(&mut self, newest: Signed, now: Micros) -> Result<Standing> {
        let (blobs, layout, _) = self.integrator.place().await?;
        if self.of.as_ref() != Some(&newest.checkpoint) {
            self.by.clear();
            self.shown = false;
            self.of = Some(newest.checkpoint.clone());
        }
        let (by, layout, signed) = (&self.by, &layout, &newest);
        let missing = self.witnesses.iter_mut().filter(|w| !by.iter().any(|c| c.witness == w.name()));
        let asked = missing.map(|witness| {
            let blobs = blobs.clone();
            async move { (witness.agreed(), witness.cosign(blobs.as_ref(), layout, signed).await) }
        });
        let (mut trouble, mut refused) = (Vec::new(), None);
        for (agreed, answer) in join_all(asked).await {
            match answer {
                Ok(cosignature) => {
                    self.by.push(cosignature);
                    self.shown = false;
                }
                Err(refusal @ (Refusal::Ahead(_) | Refusal::Fork(_))) if !agreed => refused = Some(refusal),
                Err(refusal) => trouble.push(refusal.words()),
            }
        }
        let ledger = self.integrator.ledger().to_owned();
        match refused {
            Some(Refusal::Ahead(why)) => return Err(LedgerError::Older { ledger, why }),
            Some(refusal) => return Err(LedgerError::Fork { ledger, why: refusal.words() }),
            None => {}
        }
        let size = newest.checkpoint.size;
        if let Some(time) = quorum_time(&self.by, self.quorum) {
            // Again until it is shown: the signer may not have looked yet, and what could not be stored is not anchored.
            if !self.shown && size > 0 {
                self.shown = self.store(&newest, now).await?;
            }
            (self.standing.size, self.standing.time) = (size, Some(time));
        }
        self.standing.looked(size, now, trouble);
        Ok(self.standing.clone())
    }

    /// Whether it was still the newest, and is published now.
    async fn store(&mut self, newest: &Signed, now: Micros) -> Result<bool> {
        let (blobs, layout, _) = self.integrator.place().await?;
        let note = cosigned(&newest.bare, &self.by);
        // One an hour is kept for good: when the records before it were there already, in a stranger's words.
        let hour = now / HOUR;
        if self.kept != Some(hour) {
            blobs.put(&layout.witnessed(newest.checkpoint.size), note.clone().into()).await?;
            self.kept = Some(hour);
        }
        blobs.put(&layout.cosigned(), note.clone().into()).await?;
        self.integrator.publish(&note).await
    }
}

/// When the last of the witnesses needed had cosigned, by its clock.
fn quorum_time(by: &[Cosignature], quorum: usize) -> Option<Micros> {
    let mut times: Vec<u64> = by.iter().map(|c| c.time_secs).collect();
    times.sort_unstable();
    times.get(quorum.max(1) - 1).map(|secs| i64::try_from(*secs).unwrap_or(i64::MAX).saturating_mul(SECOND))
}
