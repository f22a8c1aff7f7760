//! The log that QEMU's `blklogwrites` keeps, in the format of Linux' dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst): a super block,
//! then for each request a sector that describes it and the sectors written.

use anyhow::{Context, Result, bail};
use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

pub const SECTOR: u64 = 512;
const MAGIC: u64 = 0x6a_7366_7773_6872;
pub const FLUSH: u64 = 1;
pub const FUA: u64 = 2;
const DISCARD: u64 = 4;

/// One request to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where it lies in the log, in bytes, and where its data does.
    pub at: u64,
    pub data: u64,
    /// Where it was written to on the disk, and how much, in bytes.
    pub offset: u64,
    pub size: u64,
    pub flags: u64,
}

impl Request {
    pub fn is_flush(&self) -> bool {
        self.flags & FLUSH != 0
    }

    /// Whether it was durable by itself.
    pub fn is_durable(&self) -> bool {
        self.flags & FUA != 0
    }
}

pub struct Log {
    pub path: PathBuf,
    pub requests: Vec<Request>,
}

impl Log {
    /// # Errors
    /// When it is no such log, or names other sectors than ours.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path)?;
        let end = file.metadata()?.len();
        let words = |at: u64| -> Result<[u64; 4]> {
            let mut bytes = [0; 32];
            file.read_exact_at(&mut bytes, at).with_context(|| format!("the log of writes ends at {at}"))?;
            let (words, _) = bytes.as_chunks::<8>();
            Ok([0, 1, 2, 3].map(|n| u64::from_le_bytes(words[n])))
        };
        let [magic, version, _, sector] = words(0)?;
        if (magic, version, sector & 0xffff_ffff) != (MAGIC, 1, SECTOR) {
            bail!("'{}' is no log of writes with sectors of {SECTOR} bytes", path.display());
        }
        let (mut requests, mut at) = (Vec::new(), SECTOR);
        while at + SECTOR <= end {
            let [sector, sectors, flags, _] = words(at)?;
            let size = if flags & DISCARD == 0 { sectors * SECTOR } else { 0 };
            let request = Request { at, data: at + SECTOR, offset: sector * SECTOR, size, flags };
            at = request.data + size;
            if at > end {
                break;
            }
            requests.push(request);
        }
        Ok(Self { path: path.to_owned(), requests })
    }

    pub fn writes(&self) -> usize {
        self.requests.iter().filter(|r| r.size > 0).count()
    }

    pub fn flushes(&self) -> usize {
        self.requests.iter().filter(|r| r.is_flush()).count()
    }

    pub fn open(&self) -> Result<File> {
        Ok(File::open(&self.path)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_they_were_logged() {
        let mut bytes = Vec::new();
        for (words, data) in [([MAGIC, 1, 2, SECTOR], 0), ([8, 2, 0, 0], 2), ([0, 0, FLUSH, 0], 0)] {
            let mut sector: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
            sector.resize(SECTOR as usize * (1 + data), 7);
            bytes.extend(sector);
        }
        let path = std::env::temp_dir().join(format!("log-of-writes-{}", std::process::id()));
        std::fs::write(&path, bytes).expect("a temporary file");
        let log = Log::read(&path).expect("a log");
        std::fs::remove_file(&path).expect("it is there");
        assert_eq!((log.writes(), log.flushes()), (1, 1));
        assert_eq!((log.requests[0].offset, log.requests[0].size, log.requests[1].at), (8 * SECTOR, 2 * SECTOR, 4 * SECTOR));
    }
}
