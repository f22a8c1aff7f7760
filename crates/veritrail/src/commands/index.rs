//! `veritrail index`.

use super::say;
use crate::{
    adapt::Directory,
    cli,
    config::Config,
    serve::{self, Node},
    stores::Claim,
};
use anyhow::{Result, bail};
use app::{Caller, system_clock};
use indicatif::{ProgressBar, ProgressStyle};
use model::{JobState, MINUTE, Micros, Position, Role, position::ACTIVITY};
use pipeline::{IndexFollower, compare, name_faults};
use std::{process::ExitCode, sync::Arc, time::Duration};
use store::records::Jobs;
use uuid::Uuid;

/// How often a server's progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A server that said nothing for so long does not work on it.
const SILENT: Micros = 2 * MINUTE;
/// What is built without a server is gone on with under this name.
const ALONE: Uuid = Uuid::nil();

pub async fn run(config: &Config, command: &cli::Index) -> Result<ExitCode> {
    match command {
        cli::Index::Rebuild => rebuild(config).await.map(|()| ExitCode::SUCCESS),
        cli::Index::Verify => verify(config).await,
    }
}

async fn rebuild(config: &Config) -> Result<()> {
    // Held to the end: what is open here may not be open there.
    let claim = Claim::try_take(config)?;
    let node = serve::node(config, false).await?;
    let done = match claim {
        Some(_) => alone(node).await?,
        None => by_server(&node).await?,
    };
    say(format_args!("{done} events are searchable"));
    Ok(())
}

async fn alone(node: Node) -> Result<u64> {
    let directory = Arc::new(Directory(node.app.attributor()));
    let follower = IndexFollower::new(node.reader, node.stores.keyring, Arc::new(node.index), directory, node.wake);
    let bar = bar();
    let progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
        true
    };
    let done = follower.rebuild(ALONE, &progress).await?;
    bar.finish_and_clear();
    // Nothing here stops it but the end of the process.
    Ok(done.unwrap_or_default())
}

async fn by_server(node: &Node) -> Result<u64> {
    let asked = node.app.rebuild_index(&Caller::host(Role::Administrator)).await?;
    let bar = bar();
    loop {
        let Some(job) = node.stores.records.job(asked.id).await? else { bail!("the job {} is gone", asked.id) };
        bar.set_length(job.total.unwrap_or_default());
        bar.set_position(job.done);
        match job.state {
            JobState::Done => {
                bar.finish_and_clear();
                return Ok(job.done);
            }
            JobState::Cancelled => bail!("it was cancelled; the view is the one there was"),
            JobState::Failed => bail!("it failed: {}", job.error.unwrap_or_default()),
            JobState::Queued | JobState::Running if system_clock() - job.updated > SILENT => {
                bail!("the server does not work on it; it goes on once `veritrail serve` runs again")
            }
            JobState::Queued | JobState::Running => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// Also `veritrail verify --index`.
pub async fn verify(config: &Config) -> Result<ExitCode> {
    let node = serve::node(config, false).await?;
    let (reader, keyring) = (&node.reader, &node.stores.keyring);
    let bar = bar();
    let progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let differing = compare(reader, keyring, &node.index, &progress).await?;
    bar.finish_and_clear();
    let mut faults = Vec::new();
    if !differing.nowhere() {
        // Everything opened anew: an erasure may have gone through it meanwhile.
        let now = serve::node(config, false).await?;
        faults = name_faults(&now.reader, &now.stores.keyring, &now.index, &differing).await?;
    }
    for fault in &faults {
        // Of what was never in the trail there is no generation.
        let generation = reader.generation_at(fault.index).await?;
        let position = Position { ledger: ACTIVITY.to_owned(), generation, index: fault.index };
        say(format_args!("FAULT {position}: {}", fault.what));
    }
    if faults.is_empty() {
        say(format_args!("the searchable view: {} records compared with the trail, no fault", differing.compared));
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("the searchable view: {} records compared with the trail, {} faults; `veritrail index rebuild`", differing.compared, faults.len()));
    Ok(ExitCode::from(2))
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} events {eta}").expect("the template is written here");
    ProgressBar::new(0).with_style(style)
}
