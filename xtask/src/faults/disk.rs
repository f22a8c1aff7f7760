//! Small file systems of a row's own: a file, a loop device, ext4.

use super::tools::{needed, run, text};
use anyhow::Result;
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

const PROGRAMS: [&str; 4] = ["mkfs.ext4", "losetup", "mount", "umount"];

/// A mounted file system; unmounted when dropped.
pub struct Disk {
    device: String,
    pub path: PathBuf,
}

/// Makes an empty ext4 file system in a file.
pub fn format(image: &Path, mib: u64) -> Result<()> {
    let file = std::fs::File::create(image)?;
    file.set_len(mib << 20)?;
    run("mkfs.ext4", &["-q", "-F", "-m", "0", &text(image)?]).map(drop)
}

/// Writes into a new file until nothing more fits.
pub fn fill(path: &Path) -> Result<()> {
    let mut file = File::create(path)?;
    for block in [1 << 20, 4 << 10] {
        while file.write_all(&vec![7; block]).is_ok() {}
    }
    file.sync_all()?;
    run("sync", &["-f", &text(path)?]).map(drop)
}

impl Disk {
    /// Why this machine does not let anybody mount one, if so.
    pub fn refused(folder: &Path) -> Result<Option<String>> {
        if let Some(missing) = needed(&PROGRAMS) {
            return Ok(Some(missing));
        }
        let (image, path) = (folder.join("trial.img"), folder.join("trial"));
        format(&image, 8)?;
        let refused = Self::mount(&image, &path).err().map(|why| format!("no file system can be mounted here (that needs root and loop devices): {why}"));
        std::fs::remove_file(image)?;
        Ok(refused)
    }

    /// Mounts the file system in this file, or export, through a loop device. One request at a time reaches the file: QEMU 10.0 mixes up the data of writes
    /// that reach its FUSE export together, which direct I/O would let them.
    pub fn mount(image: &Path, path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path)?;
        let device = run("losetup", &["--find", "--show", "--direct-io=off", &text(image)?])?.trim().to_owned();
        let disk = Self { device, path: path.to_owned() };
        run("mount", &["-t", "ext4", &disk.device, &text(path)?])?;
        Ok(disk)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Best effort: what was not mounted cannot be unmounted, and what a process still holds goes when it does.
        if !Command::new("umount").arg(&self.path).output().is_ok_and(|done| done.status.success()) {
            let _ = Command::new("umount").arg("--lazy").arg(&self.path).output();
        }
        let _ = Command::new("losetup").args(["--detach", &self.device]).output();
    }
}
