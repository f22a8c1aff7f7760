//! How far a verification of everything came, kept on the way: a server that is stopped goes on there at its next start.

use crate::{App, Result};
use ledger::{Lock, LogKeys, Report, Walk, verify::verify_again};
use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use store::{records::Settings, sql::Handle};

const KEEP_EVERY: Duration = Duration::from_secs(20);

/// The newest place that is not yet kept.
#[derive(Default)]
struct Place(Mutex<Option<String>>);

impl Place {
    fn put(&self, place: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl App {
    /// Verifies every stored byte of a ledger, those apart that an interrupted run has verified.
    pub(super) async fn verify_all(&self, ledger: &'static str, generation: u32, keys: LogKeys) -> Result<Report> {
        let before = self.records.setting(&under_way(ledger)).await?;
        let (lock, place) = (Lock::of(self.apart.clone(), ledger), Place::default());
        let mut told = Instant::now();
        let mut tell = |walk: &Walk| {
            if told.elapsed() >= KEEP_EVERY {
                told = Instant::now();
                place.put(walk.place().map(|place| place.encode()));
            }
        };
        let verify = verify_again(self.blobs.as_ref(), (ledger, generation), keys, &lock, before.as_deref(), &mut tell);
        tokio::select! {
            report = verify => Ok(report?),
            never = self.keep_place(ledger, &place) => match never {},
        }
    }

    async fn keep_place(&self, ledger: &str, place: &Place) -> Infallible {
        loop {
            tokio::time::sleep(KEEP_EVERY).await;
            if let Some(text) = place.take()
                && let Err(error) = self.records.put_setting(&under_way(ledger), &text).await
            {
                tracing::warn!("how far the verification of the ledger '{ledger}' came could not be kept: {error}");
            }
        }
    }
}

/// Once a run over everything has ended, the next begins anew.
pub(super) async fn ended(handle: &(impl Handle + ?Sized), ledger: &str) -> Result<()> {
    handle.drop_setting(&under_way(ledger)).await?;
    Ok(())
}

fn under_way(ledger: &str) -> String {
    format!("ledger.{ledger}.verifying")
}
