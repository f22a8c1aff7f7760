//! A disk whose every write is kept: `qemu-storage-daemon` with `blklogwrites`, exported as a file by FUSE.

use crate::faults::tools::text;
use anyhow::{Context, Result, bail};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const STARTED_WITHIN: Duration = Duration::from_secs(10);

pub struct Recorder {
    daemon: Child,
    export: PathBuf,
    log: PathBuf,
}

impl Recorder {
    pub fn start(image: &Path, folder: &Path) -> Result<Self> {
        let (export, log) = (folder.join("export"), folder.join("writes"));
        File::create(&export)?;
        File::create(&log)?;
        let node = |name: &str, path: &Path| Ok::<_, anyhow::Error>(format!("driver=file,node-name={name},filename={}", text(path)?));
        let daemon = Command::new("qemu-storage-daemon")
            .args(["--blockdev", &node("disk", image)?, "--blockdev", &node("kept", &log)?])
            .args(["--blockdev", "driver=blklogwrites,node-name=watched,file=disk,log=kept,log-sector-size=512"])
            .args(["--export", &format!("type=fuse,id=export,node-name=watched,writable=on,mountpoint={}", text(&export)?)])
            .stdin(Stdio::null())
            .spawn()
            .context("qemu-storage-daemon")?;
        let mut recorder = Self { daemon, export, log };
        let begun = Instant::now();
        while std::fs::metadata(&recorder.export)?.len() == 0 {
            if let Some(status) = recorder.daemon.try_wait()? {
                bail!("qemu-storage-daemon ended with {status}");
            }
            if begun.elapsed() > STARTED_WITHIN {
                bail!("qemu-storage-daemon exports nothing within {} s", STARTED_WITHIN.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(recorder)
    }

    /// The file that stands for the disk.
    pub fn export(&self) -> &Path {
        &self.export
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    pub fn stop(mut self) -> Result<()> {
        Command::new("kill").arg(self.daemon.id().to_string()).status()?;
        self.daemon.wait()?;
        Ok(())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Only after a failure: `stop` has waited already.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}
