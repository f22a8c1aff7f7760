//! Copies of the key store: in a directory of their own, and for 30 days at most, so that an erased person's key is nowhere after that.

use super::{KeysCopy, hash_of, is_stamp, stamp, sync};
use anyhow::{Context, Result, bail};
use model::{DAY, Micros};
use std::path::{Path, PathBuf};
use store::{
    copy::{self, Part},
    sql::Database,
};

const BEFORE: &str = "keys-";
const AFTER: &str = ".sqlite";
/// Beside each copy, as `sha256sum -c` reads it.
const HASH: &str = ".sha256";

/// Copies the key store as of now; `name` is the backup's.
pub async fn save(keys: &Database, directory: &Path, name: &str, told: copy::Told<'_>) -> Result<KeysCopy> {
    let file = format!("{BEFORE}{name}{AFTER}");
    let (path, unfinished) = (directory.join(&file), directory.join(format!("{file}.unfinished")));
    let _ = std::fs::remove_file(&unfinished);
    copy::save(keys, Part::Keys, &unfinished, told).await.with_context(|| format!("the key store cannot be copied to '{}'", unfinished.display()))?;
    only_ours(&unfinished)?;
    let (sha256, _) = hash_of(&unfinished)?;
    // The hash first: a copy that has its name has its hash.
    let listed = directory.join(format!("{file}{HASH}"));
    std::fs::write(&listed, format!("{sha256}  {file}\n")).with_context(|| format!("'{}' cannot be written", listed.display()))?;
    std::fs::rename(&unfinished, &path).with_context(|| format!("'{}' cannot be written", path.display()))?;
    sync(directory)?;
    Ok(KeysCopy { file, sha256 })
}

/// Wrapped as they are, keys are nobody else's business.
fn only_ours(file: &Path) -> Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .with_context(|| format!("'{}' cannot be kept from others", file.display()))?;
    Ok(())
}

/// Removes copies made before a time; how many.
pub fn remove_older(directory: &Path, days: u16, now: Micros) -> Result<usize> {
    let oldest = stamp(now - Micros::from(days) * DAY);
    let old: Vec<String> = names(directory)?.into_iter().filter(|name| *name < oldest).collect();
    for name in &old {
        for file in [format!("{BEFORE}{name}{AFTER}"), format!("{BEFORE}{name}{AFTER}{HASH}")] {
            let path = directory.join(file);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("'{}' cannot be removed", path.display()));
                }
                _ => {}
            }
        }
    }
    Ok(old.len())
}

/// The newest copy that is no older than the backup `name`: events in the backup name subjects whose keys it holds. Its hash is checked.
pub fn newest(directory: &Path, name: &str) -> Result<PathBuf> {
    let Some(newest) = names(directory)?.pop() else { bail!("there is no copy of the key store ({BEFORE}*{AFTER}) in '{}'", directory.display()) };
    if newest.as_str() < name {
        bail!(
            "the newest copy of the key store in '{}' is of {newest}, before the backup of {name}: people first seen in between would be unreadable; give the directory with a newer one",
            directory.display()
        );
    }
    let file = format!("{BEFORE}{newest}{AFTER}");
    let listed = directory.join(format!("{file}{HASH}"));
    let line = std::fs::read_to_string(&listed).with_context(|| format!("'{}' cannot be read", listed.display()))?;
    let path = directory.join(&file);
    if line.split_whitespace().next() != Some(hash_of(&path)?.0.as_str()) {
        bail!("'{}' is damaged: its SHA-256 is not the one beside it", path.display());
    }
    Ok(path)
}

/// The times of the copies, oldest first.
fn names(directory: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(directory).with_context(|| format!("'{}' cannot be read", directory.display()))?;
    let name = |entry: std::fs::DirEntry| {
        let file = entry.file_name().into_string().ok()?;
        let name = file.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
        is_stamp(name).then(|| name.to_owned())
    };
    let mut names: Vec<String> = entries.flatten().filter_map(name).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 1_795_415_186_000_000;

    #[tokio::test]
    async fn the_newest_copy_serves_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Database::open(&testkit::sqlite(folder.path(), "keys.db"), "keys").await.unwrap();
        store::keys::SqlKeys::open(keys.clone()).await.unwrap();
        let copies = folder.path().join("copies");
        std::fs::create_dir(&copies).unwrap();
        assert!(newest(&copies, &stamp(NOW)).unwrap_err().to_string().contains("no copy of the key store"));
        for days in [40, 31, 30, 1] {
            save(&keys, &copies, &stamp(NOW - days * DAY), &mut |_| {}).await.unwrap();
        }
        let found = newest(&copies, &stamp(NOW - 2 * DAY)).unwrap();
        assert!(found.ends_with(format!("keys-{}.sqlite", stamp(NOW - DAY))), "{}", found.display());
        assert!(newest(&copies, &stamp(NOW)).unwrap_err().to_string().contains("before the backup of"));
        assert_eq!(remove_older(&copies, 30, NOW).unwrap(), 2);
        assert_eq!(std::fs::read_dir(&copies).unwrap().count(), 4, "two copies, each with its hash");
        let mut bytes = std::fs::read(&found).unwrap();
        bytes[100] ^= 1;
        std::fs::write(&found, bytes).unwrap();
        assert!(newest(&copies, &stamp(NOW - 2 * DAY)).unwrap_err().to_string().contains("is damaged"));
    }
}
