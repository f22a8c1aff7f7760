//! `veritrail verify`: every stored byte of a ledger against its signed checkpoint, and what those outside said of it.

use super::say;
use crate::{anchors, cli, config::Config, stores::Stores};
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use ledger::{AnchorKeys, Roots, WitnessKey, anchor::Anchored, check_anchors};
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
    let (witnesses, roots) = anchor_keys(config, asked)?;
    let log = std::slice::from_ref(&verifier);
    let mut report = ledger::verify(blobs.as_ref(), &asked.ledger, generation, log, &mut progress).await.context("the ledger cannot be read")?;
    let keys = AnchorKeys { log: &verifier, witnesses: &witnesses, roots: roots.as_ref() };
    let anchored = check_anchors(blobs.as_ref(), &asked.ledger, generation, keys, &mut report).await.context("the anchors cannot be read")?;
    bar.finish_and_clear();
    for fault in &report.faults {
        let at = fault.index.map(|i| format!(", from record {i}")).unwrap_or_default();
        say(format_args!("FAULT {}{at}: {}", fault.file, fault.what));
    }
    if report.faults.is_empty() {
        say(format_args!("{}: {} records verified, no fault. Checkpoint:\n{}", asked.ledger, report.size, report.checkpoint.trim_end()));
        say_anchored(&anchored);
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("{}: {} records looked at, {} faults", asked.ledger, report.size, report.faults.len()));
    Ok(ExitCode::from(2))
}

/// As given; on a copy nothing of the configuration counts.
fn anchor_keys(config: &Config, asked: &cli::Verify) -> Result<(Vec<WitnessKey>, Option<Roots>)> {
    let ours = asked.directory.is_none();
    let witnesses = match asked.witnesses.as_slice() {
        [] if ours => anchors::keys(config)?,
        given => given.iter().map(|key| WitnessKey::parse(key).with_context(|| format!("--witness {key}"))).collect::<Result<_>>()?,
    };
    let roots = match &asked.time_roots {
        None if ours => anchors::roots(&config.anchors.time_roots)?,
        None => None,
        Some(file) => anchors::roots(file)?,
    };
    Ok((witnesses, roots))
}

fn say_anchored(anchored: &Anchored) {
    if anchored.cosignatures > 0 {
        say(format_args!("Cosigned: {} cosignatures verified; the newest covers {} records", anchored.cosignatures, anchored.cosigned));
    }
    if anchored.unchecked > 0 {
        say(format_args!("{} cosignatures were NOT checked: give the keys of the witnesses with --witness", anchored.unchecked));
    }
    if anchored.stamps > 0 {
        let signed = if anchored.stamps_signed { "verified" } else { "are of these checkpoints; who signed them was NOT checked: give --time-roots" };
        say(format_args!("Time-stamped: {} time-stamps {signed}; the newest covers {} records", anchored.stamps, anchored.stamped));
    }
}
