//! `veritrail retention`: a dry run, and the job, on the host. Recorded like the privacy officer's.

use super::say;
use crate::{
    adapt::{Directory, Droppable},
    cli,
    config::Config,
    serve::{self, Node},
    stores::Claim,
};
use anyhow::{Context, Result, bail};
use app::{
    Caller,
    retention::{OutcomeView, RetentionNew},
    system_clock,
};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use model::{JobState, MINUTE, Micros, Role, position::ACTIVITY};
use pipeline::IndexFollower;
use std::{sync::Arc, time::Duration};
use store::records::Jobs;
use uuid::Uuid;

/// How often progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A server that said nothing for so long does not work on it.
const SILENT: Micros = 2 * MINUTE;

pub async fn run(config: &Config, command: &cli::Retention) -> Result<()> {
    let dry_run = matches!(command, cli::Retention::Plan);
    // Held to the end: without it a server does the work.
    let claim = Claim::try_take(config)?;
    let node = serve::node(config, false).await?;
    let caller = Caller::host(Role::PrivacyOfficer);
    let asked = node.app.run_retention(&caller, RetentionNew { dry_run }).await?;
    if claim.is_some() {
        let directory = Arc::new(Directory(node.app.attributor()));
        let events = Arc::new(node.index.clone());
        let follower = IndexFollower::new(node.reader.clone(), node.stores.keyring.clone(), events, directory, node.wake.clone());
        let segments = Droppable::new(node.stores.integrator(ACTIVITY, node.stores.trail.clone())?, Some(follower));
        let work = async { node.app.run_retention_step(&segments, &|| false).await.map_err(anyhow::Error::from) };
        tokio::try_join!(work, watch(&node, asked.id))?;
    } else {
        watch(&node, asked.id).await?;
    }
    let view = node.app.retention(&caller).await?;
    let outcome = if dry_run { view.planned } else { view.applied };
    tell(&outcome.context("what was found was replaced meanwhile; look at the Privacy page")?, dry_run);
    Ok(())
}

async fn watch(node: &Node, id: Uuid) -> Result<()> {
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} segments {eta}").expect("the template is written here");
    let bar = ProgressBar::new(0).with_style(style);
    loop {
        let Some(job) = node.stores.records.job(id).await? else { bail!("the job {id} is gone") };
        bar.set_length(job.total.unwrap_or_default());
        bar.set_position(job.done);
        match job.state {
            JobState::Done => {
                bar.finish_and_clear();
                return Ok(());
            }
            JobState::Cancelled => bail!("it was cancelled"),
            JobState::Failed => bail!("it failed: {}", job.error.unwrap_or_default()),
            JobState::Queued | JobState::Running if system_clock() - job.updated > SILENT => {
                bail!("the server does not work on it; it goes on once `veritrail serve` runs again")
            }
            JobState::Queued | JobState::Running => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

fn tell(outcome: &OutcomeView, dry_run: bool) {
    let (plan, done) = (&outcome.plan, if dry_run { "due" } else { "dropped" });
    say(format_args!("Rule {}, as of {}:", outcome.rule, outcome.time));
    for class in &plan.classes {
        let oldest = class.oldest.as_deref().unwrap_or("unknown");
        say(format_args!(
            "{:<15} kept {:>5} days: {} events {done}, {}, the oldest of {oldest}",
            class.class,
            class.days,
            class.events,
            HumanBytes(class.bytes)
        ));
    }
    if plan.classes.is_empty() {
        say("Nothing is due.");
    }
    for held in &plan.held {
        say(format_args!("{} events are kept by the legal hold {}", held.events, held.hold));
    }
    if dry_run && !plan.classes.is_empty() {
        say(format_args!("Nothing was changed: {} segments would be succeeded. `veritrail retention apply` within 7 days does it.", plan.segments));
    }
}
