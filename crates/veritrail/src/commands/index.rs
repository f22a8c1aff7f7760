//! `veritrail index`.

use super::say;
use crate::{adapt::Directory, cli, config::Config, serve};
use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use pipeline::IndexFollower;
use std::sync::Arc;

pub async fn run(config: &Config, command: &cli::Index) -> Result<()> {
    let cli::Index::Rebuild = command;
    let node = serve::node(config, false).await?;
    let directory = Arc::new(Directory(node.app.attributor()));
    let follower = IndexFollower::new(node.reader, node.stores.keyring, Arc::new(node.index), directory, node.wake);
    let bar =
        ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} events {eta}").expect("the template is written here"));
    let done = follower
        .rebuild(&|done, total| {
            bar.set_length(total);
            bar.set_position(done);
        })
        .await?;
    bar.finish_and_clear();
    say(format_args!("{done} events are searchable"));
    Ok(())
}
