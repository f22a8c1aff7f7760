//! `veritrail verify`: every stored byte of a ledger against its signed checkpoint, here, in a copy, or where it is published.

use super::say;
use crate::{anchors, cli, config::Config, published::Published, stores::Stores};
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use ledger::{AnchorKeys, Layout, Lock, Report, Roots, Verification, WitnessKey, anchor::Anchored, check_anchors, loss::check_opening};
use merkle::{LogKeys, NoteVerifier, Place, Walk};
use std::{
    cmp::Ordering,
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use store::blobs::{Blobs, Directory};
use veritrail_verify::Check;

/// How often the state is kept on the way, so that little is lost when it is interrupted.
const KEEP_EVERY: Duration = Duration::from_secs(5);

/// A ledger to be verified, wherever it is.
struct Found {
    blobs: Arc<dyn Blobs>,
    layout: Layout,
    keys: LogKeys,
    /// Whether there must be segments.
    segments: bool,
    /// `None` for a copy: it comes without.
    lock: Option<Lock>,
}

pub async fn run(config: &Config, asked: &cli::Verify) -> Result<ExitCode> {
    if asked.index {
        return super::index::verify(config).await;
    }
    if !matches!(asked.ledger.as_str(), "activity" | "self") {
        bail!("there is no ledger '{}'; there are activity and self", asked.ledger);
    }
    let key = asked.key.as_deref().map(NoteVerifier::parse).transpose().context("--key is no verifier key")?;
    let report = match (asked.place.as_deref(), key) {
        (Some(place), Some(key)) if place.contains("://") => published(asked, place.to_owned(), key).await?,
        (Some(place), Some(key)) => stored(config, asked, &copy(asked, Path::new(place), &key)?).await?,
        (_, key) => match own(config, asked, key.as_ref()).await? {
            Some(found) => {
                let report = stored(config, asked, &found).await?;
                match own(config, asked, key.as_ref()).await? {
                    // A key took over while this was looking.
                    Some(now) if now.keys != found.keys && !report.faults.is_empty() => stored(config, asked, &now).await?,
                    _ => report,
                }
            }
            None => return Ok(ExitCode::SUCCESS),
        },
    };
    let name = report.checkpoint.lines().next().filter(|name| !name.is_empty()).unwrap_or(&asked.ledger);
    for fault in &report.faults {
        let at = fault.index.map(|i| format!(", from record {i}")).unwrap_or_default();
        say(format_args!("FAULT {}{at}: {}", fault.file, fault.what));
    }
    if !report.faults.is_empty() {
        say(format_args!("{name}: {} records looked at, {} faults", report.size, report.faults.len()));
        return Ok(ExitCode::from(2));
    }
    keep(asked, report.place.as_ref())?;
    let from = if report.from == 0 { String::new() } else { format!(" (those before {} were verified by an earlier run)", report.from) };
    say(format_args!("{name}: {} records verified{from}, no fault. Checkpoint:\n{}", report.size, report.checkpoint.trim_end()));
    Ok(ExitCode::SUCCESS)
}

/// This installation's; `None` where there is nothing to verify yet.
async fn own(config: &Config, asked: &cli::Verify, key: Option<&NoteVerifier>) -> Result<Option<Found>> {
    let stores = Stores::open(config).await?;
    let trail = stores.trail_of(&asked.ledger);
    let head = trail.head().await?;
    let generation = asked.generation.unwrap_or(head.generation);
    let layout = Layout::new(&asked.ledger, generation);
    let lock = stores.lock_of(&asked.ledger);
    let listed = match generation.cmp(&head.generation) {
        Ordering::Equal => stores.integrator(&asked.ledger, trail)?.keys().await?,
        Ordering::Less => {
            let first = stores.signers(&asked.ledger)?.first();
            lock.past(generation).keys(stores.blobs.as_ref(), &asked.ledger, generation, &first).await?
        }
        Ordering::Greater => bail!("the ledger '{}' is in generation {}; there is no {generation}", asked.ledger, head.generation),
    };
    let keys = match key {
        Some(key) => trusting(key, listed.handovers(), &layout),
        None => listed,
    };
    if head.integrated == 0 && lock.is_new().await? {
        say(format_args!("{}: nothing is signed yet; {} records wait for the first checkpoint, which `veritrail serve` signs", asked.ledger, head.size));
        return Ok(None);
    }
    Ok(Some(Found { blobs: stores.blobs.clone(), layout, keys, segments: true, lock: Some(lock) }))
}

/// The keys of a list that lead from the one given; that one alone where none do, and what is wrong with the list is then a fault.
fn trusting(key: &NoteVerifier, handovers: &str, layout: &Layout) -> LogKeys {
    LogKeys::parse(handovers, &layout.origin(key.name()), key).unwrap_or_else(|_| key.clone().into())
}

/// A copy: of all objects, or of one generation of one ledger with its files right at the top.
fn copy(asked: &cli::Verify, directory: &Path, key: &NoteVerifier) -> Result<Found> {
    if !directory.is_dir() {
        bail!("'{}' is no directory", directory.display());
    }
    let layout = match std::fs::read_to_string(directory.join("checkpoint")) {
        Ok(note) => {
            let origin = note.lines().next().unwrap_or_default();
            let name = origin.rsplit_once('/').and_then(|(_, name)| name.rsplit_once('.'));
            let (ledger, generation) =
                name.with_context(|| format!("the checkpoint in '{}' names '{origin}', which is no ledger's name", directory.display()))?;
            Layout::of_copy(ledger, generation.parse().with_context(|| format!("'{generation}' is no generation"))?)
        }
        Err(_) => {
            let generations = std::fs::read_dir(directory.join(&asked.ledger)).into_iter().flatten().flatten();
            let newest = generations.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
            let newest = newest.with_context(|| format!("'{}' holds neither a checkpoint nor a ledger '{}'", directory.display(), asked.ledger))?;
            Layout::new(&asked.ledger, newest)
        }
    };
    let handovers = std::fs::read_to_string(directory.join(layout.handovers())).unwrap_or_default();
    let keys = trusting(key, &handovers, &layout);
    Ok(Found { blobs: Arc::new(Directory::open(directory)?), layout, keys, segments: false, lock: None })
}

async fn stored(config: &Config, asked: &cli::Verify, found: &Found) -> Result<Report> {
    let keys = &found.keys;
    let origin = found.layout.origin(keys.name());
    let older = asked.from.as_deref().map(|file| {
        let note = std::fs::read_to_string(file).with_context(|| format!("'{}' cannot be read", file.display()))?;
        keys.checkpoint(&note, &origin).with_context(|| format!("'{}' is no checkpoint of this ledger signed by its key", file.display()))
    });
    let verification = Verification {
        blobs: found.blobs.as_ref(),
        layout: found.layout.clone(),
        keys,
        place: kept(asked)?,
        older: older.transpose()?,
        segments: found.segments,
    };
    let bar = Bar::new();
    let (mut last, mut failed) = (Instant::now(), None);
    let mut progress = |walk: &Walk| {
        bar.show(walk);
        if last.elapsed() >= KEEP_EVERY {
            last = Instant::now();
            failed = keep(asked, walk.place().as_ref()).err().or(failed.take());
        }
    };
    let mut report = verification.run(&mut progress).await.context("the ledger cannot be read")?;
    bar.0.finish_and_clear();
    // What is damaged itself is named already.
    if report.faults.is_empty() && verification.place.is_none() {
        report.faults.extend(check_opening(found.blobs.as_ref(), &found.layout, keys, found.lock.as_ref()).await?);
    }
    let (witnesses, roots) = anchor_keys(config, asked)?;
    let keys = AnchorKeys { log: keys, witnesses: &witnesses, roots: roots.as_ref() };
    let anchored = check_anchors(found.blobs.as_ref(), &verification.layout, keys, &mut report).await.context("the anchors cannot be read")?;
    if report.faults.is_empty() {
        say_anchored(&anchored);
    }
    if !found.segments && report.faults.is_empty() && found.blobs.list(&verification.layout.segments()).await?.is_empty() {
        say("There are no segments in this copy: entries, tiles and checkpoint were verified.");
    }
    failed.map_or(Ok(report), Err)
}

/// Entries, tiles and checkpoint where they are published; segments never are.
async fn published(asked: &cli::Verify, place: String, key: NoteVerifier) -> Result<Report> {
    let files = Published::open(&place)?;
    let (older, before) = (asked.from.clone(), kept(asked)?);
    let bar = Bar::new();
    let work = move || {
        let note = older.as_ref().map(|file| std::fs::read_to_string(file).with_context(|| format!("'{}' cannot be read", file.display()))).transpose()?;
        let name = older.as_ref().map(|file| file.display().to_string());
        let older = name.as_deref().zip(note.as_deref());
        let check = Check { files: &files, key: &key, origin: None, older, place: before.as_ref() };
        let report = check.run(&mut |walk| bar.show(walk));
        bar.0.finish_and_clear();
        anyhow::Ok(report?)
    };
    let found = tokio::task::spawn_blocking(work).await??;
    Ok(Report { size: found.checkpoint.size, from: found.from, checkpoint: found.note, faults: found.faults, place: found.place })
}

fn kept(asked: &cli::Verify) -> Result<Option<Place>> {
    let Some(file) = asked.state.as_deref().filter(|file| file.exists()) else { return Ok(None) };
    let text = std::fs::read_to_string(file).with_context(|| format!("'{}' cannot be read", file.display()))?;
    let place = Place::parse(&text).with_context(|| format!("'{}' is not a state of this command; remove it, and the next run begins anew", file.display()))?;
    Ok(Some(place))
}

/// Writes the state beside and renames it, so that an interruption leaves the old one.
fn keep(asked: &cli::Verify, place: Option<&Place>) -> Result<()> {
    let (Some(file), Some(place)) = (&asked.state, place) else { return Ok(()) };
    let beside = file.with_extension("new");
    std::fs::write(&beside, place.encode()).and_then(|()| std::fs::rename(&beside, file)).with_context(|| format!("'{}' cannot be written", file.display()))
}

struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} records {eta}").expect("the template is written here");
        Self(ProgressBar::new(0).with_style(style))
    }

    fn show(&self, walk: &Walk) {
        self.0.set_length(walk.size());
        self.0.set_position(walk.position());
    }
}

/// As given; on a copy nothing of the configuration counts.
fn anchor_keys(config: &Config, asked: &cli::Verify) -> Result<(Vec<WitnessKey>, Option<Roots>)> {
    let ours = asked.place.is_none();
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
