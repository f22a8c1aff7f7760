//! Changing to a view that was built beside: by renames that whoever opens the view next completes.
//!
//! While it is built it lies under `beside/`, a view of its own. Once the file `beside/whole` is there it is the view, and what still stands in its place is
//! old.

use super::split::broken;
use crate::Result;
use std::{fs::File, io, path::Path};

pub(super) const BESIDE: &str = "beside";
const WHOLE: &str = "whole";

/// Held while a view is opened and while directories are renamed, so that no other process opens half of each.
pub(super) fn lock(root: &Path) -> Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(root.join("lock")).map_err(broken)?;
    file.lock().map_err(broken)?;
    Ok(file)
}

/// From here on the view beside is the view.
pub(super) fn decide(root: &Path) -> Result<()> {
    let beside = root.join(BESIDE);
    File::create(beside.join(WHOLE)).and_then(|file| file.sync_all()).map_err(broken)?;
    sync(&beside)
}

pub(super) fn is_decided(root: &Path) -> bool {
    root.join(BESIDE).join(WHOLE).exists()
}

/// Puts the view beside into its place, as far as that was not done. It may be stopped after any step.
pub(super) fn complete(root: &Path) -> Result<()> {
    let (beside, days) = (root.join(BESIDE), root.join("days"));
    if beside.join("days").exists() {
        let dropped = root.join("dropped");
        remove(std::fs::remove_dir_all(&dropped))?;
        remove(std::fs::rename(&days, &dropped))?;
        std::fs::rename(beside.join("days"), &days).map_err(broken)?;
        sync(root)?;
    }
    remove(std::fs::rename(beside.join("cursor"), root.join("cursor")))?;
    sync(root)
}

/// Removes what is left over of a switch that is complete.
pub(super) fn clean(root: &Path) -> Result<()> {
    remove(std::fs::remove_dir_all(root.join(BESIDE)))?;
    remove(std::fs::remove_dir_all(root.join("dropped")))
}

/// What is not there need not be removed.
pub(super) fn remove(removed: io::Result<()>) -> Result<()> {
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(broken(e)),
        _ => Ok(()),
    }
}

fn sync(directory: &Path) -> Result<()> {
    File::open(directory).and_then(|d| d.sync_all()).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn files(root: &Path) -> (String, String) {
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap_or_default();
        (read("days/1"), read("cursor"))
    }

    #[test]
    fn a_switch_stopped_after_any_step_is_completed() {
        // As `complete` leaves them when it is stopped: how many of its renames were done.
        for done in 0..=3 {
            let root = tempfile::tempdir().unwrap();
            let (root, beside) = (root.path(), root.path().join(BESIDE));
            for (folder, what) in [(root, "old"), (beside.as_path(), "new")] {
                fs::create_dir_all(folder.join("days")).unwrap();
                fs::write(folder.join("days/1"), what).unwrap();
                fs::write(folder.join("cursor"), what).unwrap();
            }
            assert!(!is_decided(root));
            decide(root).unwrap();
            let renames = [("days", "dropped"), ("beside/days", "days"), ("beside/cursor", "cursor")];
            for (from, to) in &renames[..done] {
                fs::rename(root.join(from), root.join(to)).unwrap();
            }
            complete(root).unwrap();
            assert!(is_decided(root), "it may be completed again until it is cleaned");
            complete(root).unwrap();
            clean(root).unwrap();
            assert_eq!((files(root), is_decided(root), root.join("dropped").exists()), (("new".into(), "new".into()), false, false), "after {done}");
        }
    }
}
