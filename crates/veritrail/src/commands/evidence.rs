//! `veritrail evidence`: a pack of evidence made on the host, as an auditor. Recorded before anything leaves.

use super::say;
use crate::{anchors, cli, config::Config, serve};
use anyhow::{Context, Result};
use app::{Caller, jobs::EvidenceNew};
use indicatif::{ProgressBar, ProgressStyle};
use ledger::Layout;
use model::{Role, position::ACTIVITY};
use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt};
use store::trail::Trail;

pub async fn run(config: &Config, asked: &cli::Evidence) -> Result<()> {
    let out = asked.out.display();
    // Held from the beginning, so that nothing is recorded as having left that could not be written. Not for others: it names people.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&asked.out).with_context(|| format!("'{out}' cannot be written"))?;
    match pack(config, asked)
        .await
        .and_then(|bytes| file.write_all(&bytes).and_then(|()| file.sync_all()).with_context(|| format!("'{out}' cannot be written")))
    {
        Ok(()) => say(format_args!("{out} written. Unpack it and begin with README.md; hand the verifier key over another way.")),
        Err(error) => {
            let _ = std::fs::remove_file(&asked.out);
            return Err(error);
        }
    }
    Ok(())
}

async fn pack(config: &Config, asked: &cli::Evidence) -> Result<Vec<u8>> {
    let node = serve::node(config, false).await?;
    let keys = node.stores.integrator(ACTIVITY, node.stores.trail.clone())?.keys().await?;
    let generation = node.stores.trail.head().await?.generation;
    node.app.board.keys(ACTIVITY, &Layout::new(ACTIVITY, generation).origin(keys.name()), keys);
    node.app.board.witnesses(anchors::keys(config)?);
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos} of {len} records")?);
    let mut progress = |done: u64, total: u64| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let new = EvidenceNew { query: asked.query.clone() };
    let bytes = node.app.make_evidence(&Caller::host(Role::Auditor), new, &mut progress).await;
    bar.finish_and_clear();
    Ok(bytes?.to_vec())
}
