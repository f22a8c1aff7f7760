//! `veritrail verify`: every stored byte of a ledger against its signed checkpoint.

use super::say;
use crate::{cli, config::Config, stores::Stores};
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use merkle::NoteVerifier;
use std::{process::ExitCode, sync::Arc};
use store::{
    blobs::{Blobs, Directory},
    trail::Trail,
};

pub async fn run(config: &Config, asked: &cli::Verify) -> Result<ExitCode> {
    if !matches!(asked.ledger.as_str(), "activity" | "self") {
        bail!("there is no ledger '{}'; there are activity and self", asked.ledger);
    }
    let (blobs, generation, verifier): (Arc<dyn Blobs>, u32, NoteVerifier) = match (&asked.directory, &asked.key) {
        (Some(directory), Some(key)) => {
            if !directory.is_dir() {
                bail!("'{}' is no directory", directory.display());
            }
            (Arc::new(Directory::open(directory)?), 0, NoteVerifier::parse(key)?)
        }
        _ => {
            let stores = Stores::open(config).await?;
            let trail: Arc<dyn Trail> = if asked.ledger == "self" { stores.self_trail.clone() } else { stores.trail.clone() };
            let verifier = match &asked.key {
                Some(key) => NoteVerifier::parse(key)?,
                None => stores.signer(config, &asked.ledger)?.verifier(),
            };
            let head = trail.head().await?;
            if head.integrated == 0 && stores.lock_of(&asked.ledger).is_new().await? {
                say(format_args!(
                    "{}: nothing is signed yet; {} records wait for the first checkpoint, which `veritrail serve` signs",
                    asked.ledger, head.size
                ));
                return Ok(ExitCode::SUCCESS);
            }
            (stores.blobs.clone(), head.generation, verifier)
        }
    };
    let bar =
        ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} records {eta}").expect("the template is written here"));
    let mut progress = |done: u64, total: u64| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let report = ledger::verify(blobs.as_ref(), &asked.ledger, generation, &[verifier], &mut progress).await.context("the ledger cannot be read")?;
    bar.finish_and_clear();
    for fault in &report.faults {
        let at = fault.index.map(|i| format!(", from record {i}")).unwrap_or_default();
        say(format_args!("FAULT {}{at}: {}", fault.file, fault.what));
    }
    if report.faults.is_empty() {
        say(format_args!("{}: {} records verified, no fault. Checkpoint:\n{}", asked.ledger, report.size, report.checkpoint.trim_end()));
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("{}: {} records looked at, {} faults", asked.ledger, report.size, report.faults.len()));
    Ok(ExitCode::from(2))
}
