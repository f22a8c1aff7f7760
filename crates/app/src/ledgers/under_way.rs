//! How far a verification of everything came, kept on the way: a server that is stopped goes on there at its next start.

use crate::{App, Result};
use ledger::{Lock, LogKeys, Report, Walk, verify::verify_again};
use model::{DAY, Micros};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use store::{records::Settings, sql::Handle};

const KEEP_EVERY: Duration = Duration::from_secs(20);

/// What is kept of a run in the settings.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    begun: Micros,
    place: String,
}

/// The newest place that is not yet kept.
#[derive(Default)]
struct Newest(Mutex<Option<String>>);

impl Newest {
    fn put(&self, place: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl App {
    /// Verifies every stored byte of a ledger, those apart that an interrupted run has verified within the last day. Answers when it was begun, too.
    pub(super) async fn verify_all(&self, ledger: &'static str, generation: u32, keys: LogKeys) -> Result<(Report, Micros)> {
        let now = self.now();
        let kept = self.records.setting(&under_way(ledger)).await?.and_then(|text| serde_json::from_str::<UnderWay>(&text).ok());
        let (begun, before) = kept.filter(|kept| now - kept.begun < DAY).map_or((now, None), |kept| (kept.begun, Some(kept.place)));
        let (lock, place) = (Lock::of(self.apart.clone(), ledger), Newest::default());
        let mut told = Instant::now();
        let mut tell = |walk: &Walk| {
            if told.elapsed() >= KEEP_EVERY {
                told = Instant::now();
                place.put(walk.place().map(|place| place.encode()));
            }
        };
        let verify = verify_again(self.blobs.as_ref(), (ledger, generation), keys, &lock, before.as_deref(), &mut tell);
        tokio::select! {
            report = verify => Ok((report?, begun)),
            never = self.keep_place(ledger, begun, &place) => match never {},
        }
    }

    async fn keep_place(&self, ledger: &str, begun: Micros, newest: &Newest) -> Infallible {
        loop {
            tokio::time::sleep(KEEP_EVERY).await;
            let Some(place) = newest.take() else { continue };
            let text = json!(UnderWay { begun, place }).to_string();
            if let Err(error) = self.records.put_setting(&under_way(ledger), &text).await {
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
