//! Erasures done again after a restore: the tombstones, which lie apart from the data, know of some that the restored records do not.

use super::{Eraser, Whom};
use crate::{AppError, Result};
use ledger::tombstone::{self, Asked, Tombstone};
use model::{Erased, Erasure, ErasureState, LegalBasis};
use store::records::Erasures;
use uuid::Uuid;

impl Eraser {
    /// Does again, to the end, every erasure that was done once by its tombstone and is not done by these records; how many. No hold forbids that: nothing
    /// is left to hold. To be called before anything is served, once both ledgers can be written.
    pub async fn again(&self) -> Result<usize> {
        let mut done = 0;
        for (id, tombstone) in tombstone::all(self.app.apart.as_ref()).await? {
            let (mut erasure, forgotten) = match self.app.records.erasure(id).await? {
                Some(known) if known.state == ErasureState::Done => continue,
                Some(known) => (known.clone(), known.state == ErasureState::Asked),
                None => (self.remembered(id, tombstone).await?, true),
            };
            if erasure.state == ErasureState::Asked {
                let whom = Whom { person: erasure.person, subjects: erasure.subjects.clone() };
                self.forget_by_name(&mut erasure, &whom).await?;
                self.reach(&mut erasure, ErasureState::Forgotten).await?;
            }
            match self.run(&mut erasure).await {
                Ok(()) => done += 1,
                Err(why) if forgotten => return Err(AppError::Internal(format!("the erasure {id} could not be done again: {why}"))),
                // These records know that it is under way: it is gone on with as ever.
                Err(why) => tracing::error!(erasure = %id, "an erasure stopped and is tried again: {why}"),
            }
        }
        Ok(done)
    }

    async fn remembered(&self, id: Uuid, tombstone: Tombstone) -> Result<Erasure> {
        let asked = tombstone.asked.unwrap_or_else(|| Asked {
            person: None,
            basis: LegalBasis::NoLongerNecessary,
            reason: "known only by its tombstone".to_owned(),
            member: Uuid::nil(),
            created: self.app.now(),
        });
        let erasure = Erasure {
            id,
            person: asked.person,
            subjects: tombstone.subjects,
            basis: asked.basis,
            reason: asked.reason,
            member: asked.member,
            state: ErasureState::Asked,
            done: 0,
            total: None,
            erased: Erased::default(),
            trouble: None,
            created: asked.created,
            finished: None,
        };
        self.app.records.add_erasure(&erasure).await?;
        Ok(erasure)
    }
}
