//! A backup held against its own list, byte by byte, and its ledgers verified as those of a server are.

use super::{Backup, hash_of};
use crate::{config::Config, stores::Stores};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use ledger::{Layout, Verification, loss::check_opening};
use merkle::{LogKeys, Walk};
use std::sync::Arc;
use store::blobs::{Blobs, Directory, Listed};

/// What is wrong with files, one line each; empty when all is well.
pub fn files(backup: &Backup) -> Result<Vec<String>> {
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} files {eta}").expect("the template is written here");
    let bar = ProgressBar::new(backup.sums.len() as u64).with_style(style);
    let mut faults = Vec::new();
    for (path, wanted) in &backup.sums {
        let file = backup.root.join(path);
        match hash_of(&file) {
            Ok((found, _)) if found == *wanted => {}
            Ok(_) => faults.push(format!("{path}: its SHA-256 is not the one listed")),
            Err(_) if !file.exists() => faults.push(format!("{path}: the file is gone")),
            Err(error) => return Err(error),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(faults)
}

/// The backup's objects, as a ledger's are read.
pub fn held(backup: &Backup) -> Result<Arc<dyn Blobs>> {
    Ok(Arc::new(Listed::new(Arc::new(Directory::open(&backup.root)?), backup.objects())))
}

/// What is wrong with the ledgers, one line each, and what was verified of each.
pub async fn ledgers(config: &Config, backup: &Backup) -> Result<(Vec<String>, Vec<String>)> {
    let (stores, blobs) = (Stores::open(config).await?, held(backup)?);
    let (mut faults, mut verified) = (Vec::new(), Vec::new());
    for copy in &backup.manifest.ledgers {
        let layout = Layout::new(&copy.ledger, copy.generation);
        if copy.size == 0 {
            verified.push(format!("{}.{}: nothing was signed yet", copy.ledger, copy.generation));
            continue;
        }
        let keys = keys(&stores, blobs.as_ref(), &layout).await?;
        let verification = Verification { blobs: blobs.as_ref(), layout: layout.clone(), keys: &keys, place: None, older: None, segments: true };
        let report = verification.run(&mut |_: &Walk| {}).await.context("the backup cannot be read")?;
        faults.extend(report.faults.iter().map(|fault| format!("{}: {}", fault.file, fault.what)));
        if report.faults.is_empty() {
            let opened = check_opening(blobs.as_ref(), &layout, &keys, None).await?;
            faults.extend(opened.map(|fault| format!("{}: {}", fault.file, fault.what)));
        }
        if report.checkpoint.lines().nth(2) != Some(copy.root.as_str()) {
            faults.push(format!("{}: it is not the checkpoint that the manifest names", layout.checkpoint()));
        }
        verified.push(format!("{}.{}: {} records verified, {} more wait in the copy of the tail", copy.ledger, copy.generation, report.size, copy.tail));
    }
    Ok((faults, verified))
}

/// The keys that the backup itself lists, beginning with one that this installation knows.
async fn keys(stores: &Stores, blobs: &dyn Blobs, layout: &Layout) -> Result<LogKeys> {
    let (ledger, generation) = (layout.ledger(), layout.generation());
    let (first, lock) = (stores.signers(ledger)?.first(), stores.lock_of(ledger));
    let past = lock.past(generation);
    let lock = if past.is_new().await? { lock } else { past };
    let known = lock.keys(blobs, ledger, generation, &first).await?.all()[0].1.clone();
    let handovers = match blobs.get(&layout.handovers()).await? {
        Some((bytes, _)) => String::from_utf8(bytes.to_vec())?,
        None => String::new(),
    };
    LogKeys::parse(&handovers, &layout.origin(known.name()), &known).context("the backup's list of keys does not begin with a key of this installation")
}
