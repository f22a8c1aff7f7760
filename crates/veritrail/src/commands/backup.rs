//! `veritrail backup`: making one, or verifying one.

use super::say;
use crate::{
    backup::{Backup, check, make},
    cli,
    config::Config,
};
use anyhow::{Context, Result};
use std::{path::Path, process::ExitCode};

pub async fn run(config: &Config, asked: &cli::Backup) -> Result<ExitCode> {
    if let Some(place) = &asked.verify {
        return verify(config, place).await;
    }
    let (to, keys) = (asked.to.as_deref().context("--to names no directory")?, asked.keys.as_deref().context("--keys names no directory")?);
    let made = make::make(config, asked, to, keys).await?;
    say(make::told(&made));
    for ledger in &made.manifest.ledgers {
        say(format_args!("  {}.{}: {} records under a checkpoint, {} in the tail", ledger.ledger, ledger.generation, ledger.size, ledger.tail));
    }
    say(format_args!(
        "Keys: {} in '{}'; {} older copies and {} older backups were removed.",
        made.manifest.keys.file,
        keys.display(),
        made.old_keys,
        made.old_backups
    ));
    say("NOT in it, to be kept apart:");
    for what in &made.manifest.not_included {
        say(format_args!("  {what}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Ends with 2 where something is wrong, as `veritrail verify` does.
async fn verify(config: &Config, place: &Path) -> Result<ExitCode> {
    let backup = Backup::open(place)?;
    let mut faults = check::files(&backup)?;
    let (of_ledgers, verified) = check::ledgers(config, &backup).await?;
    faults.extend(of_ledgers);
    for line in &verified {
        say(line);
    }
    for fault in &faults {
        say(format_args!("FAULT {fault}"));
    }
    say(format_args!("Backup of {}: {} files looked at, {} faults", backup.manifest.made, backup.sums.len(), faults.len()));
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
