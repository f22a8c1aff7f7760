//! What follows the trail. Each reads in order from where its own last commit ended, so that recovery walks the normal path.

mod detect;
mod engine;
mod erase;
mod index;
#[cfg(test)]
mod tests;
mod unsealed;
mod verify;

pub use detect::{DetectFollower, Detector, Observed, follow_opening};
pub use index::{Attribution, IndexFollower};
pub use model::directory::{Attributed, Seen};
pub use verify::{Differing, ViewFault, compare, name_faults};

use std::{future::Future, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Looked at the trail at least this often: another node may have appended.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Steps until stopped: at once while there is work, else when woken or after a moment; after a failure with growing pauses.
async fn run<E: std::fmt::Display, F: Future<Output = Result<bool, E>>>(name: &str, wake: &Notify, stop: &CancellationToken, mut step: impl FnMut() -> F) {
    let mut wait = FIRST_WAIT;
    while !stop.is_cancelled() {
        let pause = match step().await {
            Ok(true) => {
                wait = FIRST_WAIT;
                continue;
            }
            Ok(false) => {
                wait = FIRST_WAIT;
                LOOK_AGAIN
            }
            Err(e) => {
                tracing::error!("the {name} follower stopped and tries again in {} ms: {e}", wait.as_millis());
                let pause = wait;
                wait = (wait * 2).min(LONGEST_WAIT);
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(pause) => {}
                }
                continue;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
