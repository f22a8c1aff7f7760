//! Backups as they lie in a directory (docs/backup.md): one folder for each, with its databases, its list of hashes and last its manifest; and the ledgers'
//! objects that never change, which all of them share.
//!
//! ```text
//! blobs/activity/0/tile/0/000
//! 20261126T024500Z/records.sqlite  trail.sqlite  objects/activity/0/checkpoint  SHA256SUMS  manifest.json
//! ```

pub mod check;
pub mod keys;
pub mod make;
pub mod put_back;

use anyhow::{Context, Result, bail};
use model::{Micros, time::rfc3339};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

pub const FORMAT: &str = "veritrail backup 1";
pub const MANIFEST: &str = "manifest.json";
/// `HASH  PATH` a line, as `sha256sum -c` reads it in the directory of backups.
pub const SUMS: &str = "SHA256SUMS";
/// Objects that never change, below the directory of backups.
pub const SHARED: &str = "blobs";
/// Objects of one backup's own, below its folder.
pub const OWN: &str = "objects";
/// What must be kept apart, by whoever restores.
const NOT_INCLUDED: [&str; 6] = [
    "master.secret: without it nothing can be read",
    "the key folder (keys.folder): key-encryption keys and ledger signing keys, and keys in tokens",
    "the configuration, and what its *_file settings name",
    "the lock (data.lock): what was last signed, and who was erased",
    "exports and packs of evidence: they hold values in clear",
    "the searchable view: it is built anew from the trail",
];

/// Written last: a folder without it is no backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub format: String,
    /// RFC 3339; the moment before the first copy was begun.
    pub made: String,
    pub made_micros: Micros,
    /// What made it.
    pub version: String,
    pub ledgers: Vec<LedgerCopy>,
    pub files: u64,
    pub bytes: u64,
    /// Of the list of hashes.
    pub sums_sha256: String,
    pub keys: KeysCopy,
    pub not_included: Vec<String>,
}

/// One generation of a ledger, as far as the backup has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LedgerCopy {
    pub ledger: String,
    pub generation: u32,
    /// Records under the checkpoint; 0 where none was signed yet.
    pub size: u64,
    /// Of the checkpoint; empty where there is none.
    pub root: String,
    /// Records beyond the checkpoint, in the copy of the trail's tail.
    pub tail: u64,
}

/// The copy of the key store that was made with it; a newer one serves as well.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeysCopy {
    pub file: String,
    pub sha256: String,
}

impl Manifest {
    pub fn new(made: Micros) -> Self {
        Self {
            format: FORMAT.to_owned(),
            made: rfc3339(made),
            made_micros: made,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ledgers: Vec::new(),
            files: 0,
            bytes: 0,
            sums_sha256: String::new(),
            keys: KeysCopy { file: String::new(), sha256: String::new() },
            not_included: NOT_INCLUDED.map(str::to_owned).to_vec(),
        }
    }
}

/// A time as folders and copies of the key store are named: their names sort as their times do.
pub fn stamp(time: Micros) -> String {
    let second: String = rfc3339(time).chars().take(19).filter(|c| !matches!(c, '-' | ':')).collect();
    second + "Z"
}

pub fn is_stamp(name: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    name.len() == 16 && name.ends_with('Z') && name.as_bytes()[8] == b'T' && digits(&name[..8]) && digits(&name[9..15])
}

/// A backup found.
pub struct Backup {
    /// The directory of backups.
    pub root: PathBuf,
    /// Its folder's name.
    pub name: String,
    pub manifest: Manifest,
    /// Hash by path, from `root` on.
    pub sums: BTreeMap<String, String>,
}

impl Backup {
    /// The newest in a directory of backups, or the one whose folder is given.
    pub fn open(place: &Path) -> Result<Self> {
        if place.join(MANIFEST).is_file() {
            let place = place.canonicalize().with_context(|| format!("'{}' cannot be read", place.display()))?;
            let name = place.file_name().and_then(|name| name.to_str()).context("the folder of a backup has a name")?.to_owned();
            return Self::read(place.parent().unwrap_or(&place), name);
        }
        match finished(place)?.pop() {
            Some(name) => Self::read(place, name),
            None => bail!("there is no backup in '{}': no folder in it holds {MANIFEST}, which is written last", place.display()),
        }
    }

    fn read(root: &Path, name: String) -> Result<Self> {
        let folder = root.join(&name);
        let text = std::fs::read(folder.join(MANIFEST)).with_context(|| format!("'{}' has no {MANIFEST}", folder.display()))?;
        let manifest: Manifest = serde_json::from_slice(&text).with_context(|| format!("the {MANIFEST} in '{}' cannot be read", folder.display()))?;
        if manifest.format != FORMAT {
            bail!("'{}' is of the form '{}'; this release reads '{FORMAT}'", folder.display(), manifest.format);
        }
        let list = std::fs::read_to_string(folder.join(SUMS)).with_context(|| format!("'{}' has no {SUMS}", folder.display()))?;
        if sha256(list.as_bytes()) != manifest.sums_sha256 {
            bail!("{SUMS} in '{}' is not the list that its manifest names: the backup is damaged", folder.display());
        }
        let line = |line: &str| line.split_once("  ").map(|(hash, path)| (path.to_owned(), hash.to_owned()));
        let sums = list.lines().map(line).collect::<Option<_>>().with_context(|| format!("{SUMS} in '{}' cannot be read", folder.display()))?;
        Ok(Self { root: root.to_owned(), name, manifest, sums })
    }

    /// A file of its own.
    pub fn file(&self, name: &str) -> PathBuf {
        self.root.join(&self.name).join(name)
    }

    /// The ledgers' objects in it, each with its place below `root`.
    pub fn objects(&self) -> BTreeMap<String, String> {
        let (shared, own) = (format!("{SHARED}/"), format!("{}/{OWN}/", self.name));
        let object = |path: &String| Some((path.strip_prefix(&shared).or_else(|| path.strip_prefix(&own))?.to_owned(), path.clone()));
        self.sums.keys().filter_map(object).collect()
    }
}

/// Backups in a directory that were finished, oldest first.
pub fn finished(root: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(root).with_context(|| format!("'{}' cannot be read", root.display()))?;
    let name = |entry: std::fs::DirEntry| entry.file_name().into_string().ok().filter(|name| is_stamp(name) && entry.path().join(MANIFEST).is_file());
    let mut names: Vec<String> = entries.flatten().filter_map(name).collect();
    names.sort();
    Ok(names)
}

/// Lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Hash and length of a file that may be larger than memory.
pub fn hash_of(file: &Path) -> Result<(String, u64)> {
    let read = || -> std::io::Result<(String, u64)> {
        let (mut opened, mut hash, mut length, mut buffer) = (File::open(file)?, Sha256::new(), 0, vec![0; 1 << 20]);
        loop {
            match opened.read(&mut buffer)? {
                0 => return Ok((hex::encode(hash.finalize()), length)),
                n => {
                    hash.update(&buffer[..n]);
                    length += n as u64;
                }
            }
        }
    };
    read().with_context(|| format!("'{}' cannot be read", file.display()))
}

/// Makes durable what was written into a directory.
pub fn sync(directory: &Path) -> Result<()> {
    File::open(directory).and_then(|d| d.sync_all()).with_context(|| format!("'{}' cannot be made durable", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_by_their_time() {
        let name = stamp(1_795_415_186_123_456);
        assert!(is_stamp(&name) && name.starts_with("2026"), "{name}");
        assert!(stamp(1_795_415_187_000_000) > name);
        for other in ["", "blobs", "20261126T024500", "20261126T0245000", "2026112xT024500Z", "20261126 024500Z"] {
            assert!(!is_stamp(other), "{other}");
        }
    }
}
