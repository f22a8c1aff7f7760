//! A copy of a ledger's files in the hands of somebody who changes them. Formats: c2sp.org/tlog-tiles.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

pub const HASH_BYTES: usize = 32;

/// Entries of a bundle: each has its length before it, two bytes, big-endian.
pub fn entries(bundle: &[u8]) -> Result<Vec<Vec<u8>>> {
    let (mut entries, mut rest) = (Vec::new(), bundle);
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))).context("a bundle ends within an entry")?;
        entries.push(entry.to_vec());
        rest = after;
    }
    Ok(entries)
}

pub fn bundle(entries: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut bundle = Vec::new();
    for entry in entries {
        bundle.extend(u16::try_from(entry.len()).context("an entry is too long for a bundle")?.to_be_bytes());
        bundle.extend(entry);
    }
    Ok(bundle)
}

/// Changes a file.
pub fn rewrite(path: &Path, change: impl FnOnce(Vec<u8>) -> Result<Vec<u8>>) -> Result<()> {
    let bytes = std::fs::read(path).with_context(|| format!("'{}' cannot be read", path.display()))?;
    Ok(std::fs::write(path, change(bytes)?)?)
}

/// Changes the entries of a bundle and the hashes of the tile under them alike, as somebody would who does not want to be seen.
pub fn rewrite_both(log: &Path, name: &str, change: impl Fn(&mut Vec<Vec<u8>>)) -> Result<()> {
    rewrite(&log.join("tile/entries").join(name), |bytes| {
        let mut entries = entries(&bytes)?;
        change(&mut entries);
        bundle(&entries)
    })?;
    rewrite(&log.join("tile/0").join(name), |bytes| {
        let mut hashes: Vec<Vec<u8>> = bytes.chunks(HASH_BYTES).map(<[u8]>::to_vec).collect();
        change(&mut hashes);
        Ok(hashes.concat())
    })
}

/// All files below a directory, relative to it, in order.
pub fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    fn walk(root: &Path, at: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
        for entry in std::fs::read_dir(root.join(at))? {
            let entry = entry?;
            let path = at.join(entry.file_name());
            if entry.file_type()?.is_dir() { walk(root, &path, found)? } else { found.push(path) }
        }
        Ok(())
    }
    let mut found = Vec::new();
    walk(directory, Path::new(""), &mut found)?;
    found.sort();
    Ok(found)
}

/// The segments of a log, in order.
pub fn segments(log: &Path) -> Result<Vec<PathBuf>> {
    let all = files(&log.join("segment"))?;
    Ok(all.into_iter().filter(|path| path.extension().is_some_and(|e| e == "seg")).map(|path| log.join("segment").join(path)).collect())
}

/// The bundles and tiles that hold the entries of a tree of this size: full ones, then the partial one.
pub fn bundle_names(size: u64) -> Vec<String> {
    let mut names: Vec<String> = (0..size / 256).map(name).collect();
    if size % 256 > 0 {
        names.push(format!("{}.p/{}", name(size / 256), size % 256));
    }
    names
}

/// `000`, `x001/234`: three digits an element.
fn name(index: u64) -> String {
    let mut parts = vec![format!("{:03}", index % 1_000)];
    let mut rest = index / 1_000;
    while rest > 0 {
        parts.push(format!("x{:03}", rest % 1_000));
        rest /= 1_000;
    }
    parts.reverse();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_are_read_as_they_are_written() {
        let both = vec![b"one".to_vec(), Vec::new(), vec![7; 300]];
        let bytes = bundle(&both).expect("short entries");
        assert_eq!(entries(&bytes).expect("whole entries"), both);
        assert!(entries(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn bundles_are_named_as_the_specification_says() {
        assert_eq!(bundle_names(600), ["000", "001", "002.p/88"]);
        assert_eq!(bundle_names(256), ["000"]);
        assert_eq!(name(1_234_067), "x001/x234/067");
    }
}
