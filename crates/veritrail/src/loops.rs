//! What goes on beside the answers to requests: each loop takes step after step until it is asked to stop.

use crate::adapt::{Droppable, Searchable};
use app::{App, alerts::AlertFollower, erasures::Eraser, ledgers::Schedule};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

const ALERT_EVERY: Duration = Duration::from_millis(300);
const JOB_EVERY: Duration = Duration::from_millis(500);
/// How often erasures are looked for; one that stopped is tried again ever later.
const ERASE_EVERY: Duration = Duration::from_millis(500);
const ERASE_LATER: Duration = Duration::from_secs(300);
/// How often rebuilds of the searchable view and runs of retention are looked for.
const REBUILD_EVERY: Duration = Duration::from_secs(1);
/// How often what waits in the own trail's reserve is tried to be written.
const RECORD_EVERY: Duration = Duration::from_secs(5);
/// How often deliveries and digests are looked for.
const DELIVER_EVERY: Duration = Duration::from_secs(20);

/// Starts the work that waits in the records: exports, retention, rebuilds, deliveries and digests, beside each other, for some take hours.
/// What is under way at a stop is gone on with, or begins anew, at the next start.
pub fn start(tasks: &mut JoinSet<()>, app: &App, segments: Droppable, view: Searchable, stop: &CancellationToken) {
    let (jobs, deliveries, digests) = (app.clone(), app.clone(), app.clone());
    tasks.spawn(steps(JOB_EVERY, "a job failed", stop.clone(), move || {
        let app = jobs.clone();
        async move { app.run_jobs_step().await }
    }));
    tasks.spawn(steps(DELIVER_EVERY, "kept searches could not be delivered; it is tried again", stop.clone(), move || {
        let app = deliveries.clone();
        async move { app.run_deliveries_step().await }
    }));
    tasks.spawn(steps(DELIVER_EVERY, "the digest of administrators' acts could not be made; it is tried again", stop.clone(), move || {
        let app = digests.clone();
        async move { app.run_digests_step().await }
    }));
    let waiting = app.clone();
    tasks.spawn(steps(RECORD_EVERY, "reads wait to be recorded; it is tried again", stop.clone(), move || {
        let app = waiting.clone();
        // More may have come meanwhile, and then the rest is long enough.
        async move { app.record_waiting().await.map(|_| false) }
    }));
    let (retention, segments, until) = (app.clone(), Arc::new(segments), stop.clone());
    tasks.spawn(steps(REBUILD_EVERY, "a run of retention stopped; it is tried again", stop.clone(), move || {
        let (app, segments, stop) = (retention.clone(), segments.clone(), until.clone());
        async move { app.run_retention_step(segments.as_ref(), &|| stop.is_cancelled()).await }
    }));
    let (rebuilds, view, until) = (app.clone(), Arc::new(view), stop.clone());
    tasks.spawn(steps(REBUILD_EVERY, "the searchable view could not be built anew; it is tried again", stop.clone(), move || {
        let (app, view, stop) = (rebuilds.clone(), view.clone(), until.clone());
        async move { app.run_rebuild_step(view.as_ref(), &|| stop.is_cancelled()).await }
    }));
}

/// Takes steps as long as there is something to do, and looks again after a rest.
async fn steps<F, S>(rest: Duration, failed: &'static str, stop: CancellationToken, step: F)
where
    F: Fn() -> S,
    S: Future<Output = app::Result<bool>>,
{
    while !stop.is_cancelled() {
        match step().await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!("{failed}: {error}"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
}

pub async fn follow_alerts(mut follower: AlertFollower, found: Arc<Notify>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match follower.step().await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::error!("findings could not be made alerts: {error}"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = found.notified() => {}
            () = tokio::time::sleep(ALERT_EVERY) => {}
        }
    }
}

/// What is not finished at a stop is due again at the next start.
pub async fn verify_ledgers(app: App, schedule: Schedule, stop: CancellationToken) {
    let rest = Duration::from_micros(schedule.rest().unsigned_abs());
    while !stop.is_cancelled() {
        let verify = async {
            tokio::time::sleep(rest).await;
            app.verify_due(&schedule).await
        };
        tokio::select! {
            () = stop.cancelled() => {}
            verified = verify => if let Err(error) = verified {
                tracing::error!("the ledgers could not be verified; it is tried again: {error}");
            }
        }
    }
}

pub async fn run_erasures(eraser: Eraser, stop: CancellationToken) {
    let mut pause = ERASE_EVERY;
    while !stop.is_cancelled() {
        pause = match eraser.step().await {
            Ok(true) => continue,
            Ok(false) => ERASE_EVERY,
            Err(_) => (pause * 2).min(ERASE_LATER),
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
