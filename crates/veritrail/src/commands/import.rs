//! `veritrail import`: files into a source, with a bar, stoppable at any point.

use super::say;
use crate::{cli, config::Config, serve};
use anyhow::{Context, Result, bail};
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use pipeline::{Accepted, FileHint, SourceWithSettings};
use std::{
    fs::File,
    path::{Path, PathBuf},
};
use store::records::Sources;
use tokio_util::sync::CancellationToken;

pub async fn run(config: &Config, import: &cli::Import) -> Result<()> {
    let node = serve::node(config, false).await?;
    let source = node.stores.records.source_named(&import.source).await?;
    let source = source.with_context(|| format!("there is no source '{}'; `veritrail source list` names them", import.source))?;
    let settings = node.app.source_settings(&source).await?;
    let source = SourceWithSettings::open(source, settings)?;
    let mut files = Vec::new();
    for path in &import.paths {
        collect(path, &mut files)?;
    }
    let total_bytes = files.iter().map(|f| std::fs::metadata(f).map(|m| m.len())).sum::<std::io::Result<u64>>()?;
    let bar = ProgressBar::new(total_bytes)
        .with_style(ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {msg} {eta}").expect("the template is written here"));
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let (mut sum, mut before) = (Accepted::default(), 0);
    let mut failed = 0;
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let hint = FileHint { stream: import.stream.clone(), name, media_type: String::new() };
        let reader = Box::new(File::open(file).with_context(|| format!("'{}' cannot be opened", file.display()))?);
        let done = |p: &pipeline::Progress| {
            bar.set_position(before + p.bytes_read);
            bar.set_message(format!("{} events", HumanCount(sum.events + p.accepted.events)));
        };
        match node.intake.import(&source, hint, reader, &done, &cancel).await {
            Ok(accepted) => {
                sum.records += accepted.records;
                sum.events += accepted.events;
                sum.duplicates += accepted.duplicates;
                sum.quarantined += accepted.quarantined;
            }
            Err(pipeline::IntakeError::Cancelled) => {
                bar.abandon();
                bail!("stopped; what was taken stays, and the same import goes on where it was");
            }
            Err(error) => {
                failed += 1;
                bar.suspend(|| eprintln!("{}: {error}", file.display()));
            }
        }
        before += std::fs::metadata(file)?.len();
        bar.set_position(before);
    }
    bar.finish_and_clear();
    say(format_args!(
        "{} files, {}: {} records, {} new events, {} there already, {} in quarantine",
        files.len(),
        HumanBytes(total_bytes),
        HumanCount(sum.records),
        HumanCount(sum.events),
        HumanCount(sum.duplicates),
        HumanCount(sum.quarantined)
    ));
    if failed > 0 {
        bail!("{failed} of {} files could not be read", files.len());
    }
    Ok(())
}

/// Files of a folder in the order of their names.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).with_context(|| format!("the folder '{}' cannot be read", path.display()))?;
    let mut inside = entries.map(|e| e.map(|e| e.path())).collect::<std::io::Result<Vec<_>>>()?;
    inside.sort();
    inside.iter().try_for_each(|path| collect(path, files))
}
