//! What the disk can do, and what lies on it.

use anyhow::Result;
use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::Path,
    time::{Duration, Instant},
};

/// Seconds of 4-KiB writes, each made durable.
const MEASURE: Duration = Duration::from_secs(3);

/// How often the disk below `directory` makes 4 KiB durable in a second, and how long one takes at the 99th percentile.
pub fn fsyncs(directory: &Path) -> Result<(f64, Duration)> {
    let path = directory.join("fsync.probe");
    let mut file = File::create(&path)?;
    let block = [7u8; 4096];
    let (started, mut took) = (Instant::now(), Vec::new());
    while started.elapsed() < MEASURE {
        let one = Instant::now();
        file.seek(SeekFrom::Start(took.len() as u64 % 256 * 4096))?;
        file.write_all(&block)?;
        file.sync_data()?;
        took.push(one.elapsed());
    }
    std::fs::remove_file(path)?;
    let per_second = took.len() as f64 / started.elapsed().as_secs_f64();
    took.sort();
    Ok((per_second, took[took.len() * 99 / 100]))
}

/// Bytes of all files below `path`; what vanishes meanwhile does not count.
pub fn size(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else { return std::fs::metadata(path).map(|m| m.len()).unwrap_or(0) };
    entries.flatten().map(|entry| size(&entry.path())).sum()
}
