//! The power is cut: what the disk was told, and nothing else, is there afterwards.
//!
//! The data lies on ext4 on a loop device over a FUSE export of `qemu-storage-daemon`, whose `blklogwrites` keeps every write and flush in order. A cut takes
//! the disk as it was before, plays the log back up to some entry, and starts the real binary on it. Three kinds: all writes up to there; of those after
//! the last flush only some; the last one torn within. The control runs under `eatmydata`, which makes every sync do nothing: it must lose records, or
//! the row would prove nothing.

mod cut;
mod log;
mod recorded;

use super::{
    Shop,
    counters::{Counters, Outcome},
    disk::Disk,
    house::{Around, House},
    judge::judge,
    load::{Load, Sent},
    tools,
};
use anyhow::{Context, Result, bail};
use cut::{Cut, Kind};
use log::Log;
use recorded::Recorder;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

const DISK_MIB: u64 = 256;
/// How long records flow while the disk is watched.
const FLOW: Duration = Duration::from_secs(8);
/// Cuts of the control run: one that loses something is enough, and most do.
const CONTROL_CUTS: u64 = 6;

/// A run whose every write was kept.
struct Recording {
    house: House,
    /// The disk before the first write.
    before: PathBuf,
    log: Log,
    sent: Sent,
    folder: PathBuf,
}

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let folder = shop.folder("power")?;
    if let Some(why) = Disk::refused(&folder)?.or_else(|| tools::needed(&["qemu-storage-daemon"])) {
        return Ok(Outcome::skipped(why));
    }
    let mut recording = record(shop, &folder.join("run"), &Around::default())?;
    let mut outcome = Outcome::default();
    outcome.note(format!(
        "{} writes and {} flushes kept, {} records acknowledged",
        recording.log.writes(),
        recording.log.flushes(),
        recording.sent.acknowledged.len()
    ));
    for n in 0..times {
        let cut = Cut::new(&recording.log, Kind::of(n), n);
        let counted = after(&mut recording, &cut).with_context(|| format!("after {cut}"))?;
        if counted.lost + counted.duplicate + counted.phantom + counted.unverifiable > 0 {
            outcome.wrong(format!("after {cut}: {counted}"));
        }
        outcome.counters.add(&counted);
    }
    control(shop, &folder, &mut outcome)?;
    Ok(outcome)
}

/// The same without any sync: a harness that finds nothing wrong with that finds nothing.
fn control(shop: &Shop, folder: &Path, outcome: &mut Outcome) -> Result<()> {
    let Some(library) = tools::library("libeatmydata.so").or_else(|| tools::library("libeatmydata.so.1")) else {
        outcome.wrong("no control run: eatmydata is not installed");
        return Ok(());
    };
    let mut recording = record(shop, &folder.join("control"), &Around::preloaded(&library, &[]))?;
    let mut failed = 0;
    for n in 0..CONTROL_CUTS {
        let cut = Cut::new(&recording.log, Kind::of(n), n);
        // Whatever goes wrong, a start that is refused included, is what was to be shown.
        let counted = after(&mut recording, &cut);
        failed += u64::from(!counted.is_ok_and(|c| c.lost + c.unverifiable == 0));
    }
    outcome.note(format!("control under eatmydata: {failed} of {CONTROL_CUTS} cuts lost what was acknowledged, as they must"));
    if failed == 0 {
        outcome.wrong("the control run under eatmydata lost nothing: the row proves nothing");
    }
    Ok(())
}

/// Serves on a watched disk under load, then kills the server: the cuts are made in what was kept.
fn record(shop: &Shop, folder: &Path, around: &Around) -> Result<Recording> {
    std::fs::create_dir_all(folder)?;
    let (image, before, path) = (folder.join("disk.img"), folder.join("before.img"), folder.join("disk"));
    super::disk::format(&image, DISK_MIB)?;
    // Everything of the installation lies on the disk, the lock too: all of it is as old as the cut.
    let mut house = {
        let disk = Disk::mount(&image, &path)?;
        House::at(shop, &disk.path, &disk.path.join("data"))?
    };
    tools::copy(&image, &before)?;
    let recorder = Recorder::start(&image, folder)?;
    let sent = {
        let _disk = Disk::mount(recorder.export(), &path)?;
        if let Err(said) = house.serve_around(around)? {
            bail!("the server does not serve: {said}");
        }
        let log = recorder.log().to_owned();
        // How long the log was when the answer came: up to there lies all that the answer rests on.
        let load = Load::start(&house, "w", Arc::new(move || std::fs::metadata(&log).map_or(u64::MAX, |m| m.len())));
        std::thread::sleep(FLOW);
        let sent = load.finish()?;
        house.kill()?;
        sent
    };
    let log = Log::read(recorder.log())?;
    recorder.stop()?;
    Ok(Recording { house, before, log, sent, folder: folder.to_owned() })
}

/// Starts on the disk as the cut left it; what was acknowledged before must be there.
fn after(recording: &mut Recording, cut: &Cut) -> Result<Counters> {
    let image = recording.folder.join("cut.img");
    if image.exists() {
        std::fs::remove_file(&image)?;
    }
    tools::copy(&recording.before, &image)?;
    cut.play(&recording.log, &image)?;
    let _disk = Disk::mount(&image, &recording.folder.join("disk"))?;
    let house = &mut recording.house;
    let counted = house.serve().and_then(|recovered| {
        let acknowledged = recording.sent.acknowledged.iter().filter(|(_, at)| **at <= cut.at).map(|(id, at)| (id.clone(), *at)).collect();
        let sent = Sent { ids: recording.sent.ids.clone(), acknowledged, ..Sent::default() };
        let counted = judge(house, &sent)?;
        Ok(Counters { faults: 1, recovered: vec![recovered], ..counted })
    });
    // Before the disk goes.
    house.kill()?;
    counted
}
