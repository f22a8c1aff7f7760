//! Another key-encryption key: put in force for new rows first, then rows that are there are wrapped anew, batch by batch. It may be stopped between any two
//! steps and begun again; erasures and a server at work go on beside it.

use super::{named, parse};
use crate::{
    error::{LedgerError, Result},
    keyring::{Keyring, SubjectKey},
};
use rand::{RngCore, rngs::OsRng};
use std::collections::{BTreeMap, HashMap};
use store::keys::{Rewrapped, SubjectRow};
use uuid::Uuid;

/// Rows wrapped anew together.
const BATCH: u64 = 1_000;

/// A batch just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stepped {
    /// Where the next goes on.
    pub after: [u8; 16],
    pub looked_at: u64,
    pub replaced: u64,
}

impl Keyring {
    /// The key-encryption key that new keys are wrapped by; `None`: the one derived from the master secret.
    pub async fn wrapped_under(&self) -> Result<Option<Uuid>> {
        Ok(self.keys.wrapped_under().await?)
    }

    /// Opens the key-encryption key in force, so that a wrong passphrase shows at once and not with the first event.
    pub async fn ready(&self) -> Result<()> {
        self.wraps.get(self.keys.wrapped_under().await?).await.map(drop)
    }

    /// Puts another key-encryption key in force for new rows, on every node, after trying whether it unwraps what it wraps.
    pub async fn wrap_under(&self, to: Uuid) -> Result<()> {
        let kek = self.wraps.get(Some(to)).await?;
        let (subject, mut key) = (Uuid::new_v4(), SubjectKey([0; 32]));
        OsRng.fill_bytes(&mut key.0);
        let wrapped = kek.wrap(&[(subject, key.clone())]).await?;
        let again = kek.unwrap(&wrapped.into_iter().map(|w| (subject, w)).collect::<Vec<_>>()).await?;
        if again.len() != 1 || again[0].0 != key.0 {
            return Err(LedgerError::Internal(format!("the key-encryption key {to} does not unwrap what it wraps")));
        }
        let from = self.keys.wrapped_under().await?;
        if from != Some(to) {
            self.keys.wrap_under(from, to).await?;
        }
        Ok(())
    }

    /// How many keys each key-encryption key wraps now.
    pub async fn wrapped(&self) -> Result<BTreeMap<Option<Uuid>, u64>> {
        let (mut counted, mut after) = (BTreeMap::new(), None);
        loop {
            let rows = self.keys.walk(after, BATCH).await?;
            let Some(last) = rows.last() else { return Ok(counted) };
            after = Some(last.lookup);
            for row in rows {
                *counted.entry(parse(&row.wrapped.unwrap_or_default())?.0).or_default() += 1;
            }
        }
    }

    /// Wraps the next rows by the key in force, those that are not yet. `None` at the end. What an erasure takes in between stays taken.
    ///
    /// # Errors
    /// `Store(Unavailable)` while one of the key-encryption keys cannot be reached; the same step may be tried again.
    pub async fn rewrap(&self, after: Option<[u8; 16]>) -> Result<Option<Stepped>> {
        let rows = self.keys.walk(after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        let mut stepped = Stepped { after: last.lookup, looked_at: rows.len() as u64, replaced: 0 };
        let to = self.keys.wrapped_under().await?;
        let mut others = Vec::new();
        for row in rows {
            let Some(wrapped) = row.wrapped else { continue };
            if parse(&wrapped)?.0 != to {
                others.push((row.lookup, row.subject, wrapped));
            }
        }
        if others.is_empty() {
            return Ok(Some(stepped));
        }
        let keys = self.unwrapped(others.iter().map(|(_, subject, wrapped)| (*subject, wrapped.as_slice()))).await?;
        let keys: Vec<(Uuid, SubjectKey)> = others.iter().filter_map(|(_, subject, _)| Some((*subject, keys.get(subject)?.clone()))).collect();
        let new = self.wrapped_by(to, &keys).await?;
        let rewrapped = others.into_iter().zip(new).map(|((lookup, _, before), after)| Rewrapped { lookup, before, after });
        stepped.replaced = self.keys.rewrap(&rewrapped.collect::<Vec<_>>()).await?;
        Ok(Some(stepped))
    }

    /// Leaves nothing of what was replaced in pages and logs of the key store.
    pub async fn scrub(&self) -> Result<()> {
        Ok(self.keys.scrub().await?)
    }

    /// These keys wrapped by one key-encryption key, in their order.
    async fn wrapped_by(&self, kek: Option<Uuid>, keys: &[(Uuid, SubjectKey)]) -> Result<Vec<Vec<u8>>> {
        let bodies = self.wraps.get(kek).await?.wrap(keys).await?;
        if bodies.len() != keys.len() {
            return Err(LedgerError::Internal(format!("{} keys were wrapped to {}", keys.len(), bodies.len())));
        }
        bodies.into_iter().map(|body| named(kek, body)).collect()
    }

    /// Subjects' keys, whichever key-encryption keys they are under; each of those is asked once.
    pub(crate) async fn unwrapped(&self, rows: impl Iterator<Item = (Uuid, &[u8])>) -> Result<HashMap<Uuid, SubjectKey>> {
        let mut by_kek: BTreeMap<Option<Uuid>, Vec<(Uuid, Vec<u8>)>> = BTreeMap::new();
        for (subject, wrapped) in rows {
            let (kek, body) = parse(wrapped)?;
            by_kek.entry(kek).or_default().push((subject, body.to_vec()));
        }
        let mut found = HashMap::new();
        for (kek, rows) in by_kek {
            let keys = self.wraps.get(kek).await?.unwrap(&rows).await?;
            if keys.len() != rows.len() {
                return Err(LedgerError::Internal(format!("{} keys were unwrapped to {}", rows.len(), keys.len())));
            }
            found.extend(rows.into_iter().map(|(subject, _)| subject).zip(keys));
        }
        Ok(found)
    }

    /// New rows for these look-ups, wrapped and durable; those that another node made first are its own. Their keys as far as they are known.
    pub(crate) async fn inserted(&self, lookups: &[[u8; 16]]) -> Result<(Vec<SubjectRow>, HashMap<Uuid, SubjectKey>)> {
        let fresh = |_| {
            let mut key = SubjectKey([0; 32]);
            OsRng.fill_bytes(&mut key.0);
            (Uuid::new_v4(), key)
        };
        let made: Vec<(Uuid, SubjectKey)> = lookups.iter().map(fresh).collect();
        let mut tries = 0;
        loop {
            let under = self.keys.wrapped_under().await?;
            let wrapped = self.wrapped_by(under, &made).await?;
            let rows = lookups.iter().zip(&made).zip(wrapped);
            let rows = rows.map(|((lookup, (subject, _)), wrapped)| SubjectRow { lookup: *lookup, subject: *subject, wrapped: Some(wrapped) });
            match self.keys.insert(under, rows.collect()).await {
                Ok(rows) => return Ok((rows, made.into_iter().collect())),
                // Another key-encryption key was put in force in between.
                Err(store::StoreError::Conflict(_)) if tries < 3 => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
}
