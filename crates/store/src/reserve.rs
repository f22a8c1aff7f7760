//! Space set aside on disk: what must be kept while the database cannot be written waits here, and outlives the process.
//!
//! The file is written full of zeros when it is made, so that a full disk does not take the room away; where the file system copies on write
//! (btrfs, ZFS) that is no promise. It holds `VTRESRV1`, then frames: a length (u32, little endian), the first eight bytes of the SHA-256 of what
//! follows, and that. A length of 0, or a frame that is not whole, ends them.

use crate::{Result, StoreError};
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

const MAGIC: &[u8; 8] = b"VTRESRV1";
const HEAD: u64 = 4 + 8;
const WHAT: &str = "the reserve of the own trail";

/// What fits, and what is in it. Cheap to clone; one process at a time has it.
#[derive(Clone)]
pub struct Reserve(Arc<Mutex<Space>>);

struct Space {
    file: File,
    /// Of the whole file.
    bytes: u64,
    /// Where the next frame begins.
    end: u64,
    frames: Vec<Vec<u8>>,
}

/// How much of a reserve is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    pub frames: u64,
    pub bytes: u64,
    pub of: u64,
}

impl Reserve {
    /// Opens the file, or makes it `bytes` large; `None` while another process has it. A file that holds something keeps its size.
    pub fn open(path: &Path, bytes: u64) -> Result<Option<Self>> {
        let mut file = File::options().create(true).truncate(false).read(true).write(true).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut there = Vec::new();
        file.read_to_end(&mut there).map_err(failed)?;
        let (frames, end) = frames(&there)?;
        let mut space = Space { file, bytes: there.len() as u64, end, frames };
        if space.frames.is_empty() && space.bytes != bytes {
            space.make(bytes)?;
        }
        Ok(Some(Self(Arc::new(Mutex::new(space)))))
    }

    /// Keeps a frame, on the disk when this answers; `false` when there is no room for it.
    pub async fn add(&self, frame: Vec<u8>) -> Result<bool> {
        self.with(move |space| space.add(frame)).await
    }

    /// Everything that waits, in order.
    pub fn frames(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).frames.clone()
    }

    pub fn used(&self) -> Used {
        let space = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Used { frames: space.frames.len() as u64, bytes: space.end, of: space.bytes }
    }

    /// Forgets the first `count` frames, which are kept elsewhere by now.
    pub async fn forget(&self, count: usize) -> Result<()> {
        self.with(move |space| space.forget(count)).await
    }

    async fn with<T: Send + 'static>(&self, work: impl FnOnce(&mut Space) -> std::io::Result<T> + Send + 'static) -> Result<T> {
        let space = self.0.clone();
        let done = tokio::task::spawn_blocking(move || work(&mut space.lock().unwrap_or_else(PoisonError::into_inner)));
        done.await.map_err(|e| StoreError::Internal(e.to_string()))?.map_err(failed)
    }
}

impl Space {
    /// Every byte of it written, so that it is there when it is needed.
    fn make(&mut self, bytes: u64) -> Result<()> {
        let made = (|| {
            self.file.set_len(0)?;
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(MAGIC)?;
            std::io::copy(&mut std::io::repeat(0).take(bytes.saturating_sub(MAGIC.len() as u64)), &mut self.file)?;
            self.file.sync_all()
        })();
        made.map_err(failed)?;
        self.bytes = bytes.max(MAGIC.len() as u64);
        self.end = MAGIC.len() as u64;
        Ok(())
    }

    fn add(&mut self, frame: Vec<u8>) -> std::io::Result<bool> {
        let Ok(length) = u32::try_from(frame.len()) else { return Ok(false) };
        let after = self.end + HEAD + u64::from(length);
        if length == 0 || after > self.bytes {
            return Ok(false);
        }
        self.put(self.end, &framed(&frame, length))?;
        self.end = after;
        self.frames.push(frame);
        Ok(true)
    }

    fn forget(&mut self, count: usize) -> std::io::Result<()> {
        let left = self.frames.split_off(count.min(self.frames.len()));
        let mut bytes: Vec<u8> = left.iter().flat_map(|frame| framed(frame, frame.len() as u32)).collect();
        let end = MAGIC.len() as u64 + bytes.len() as u64;
        // What was there is overwritten: nothing of it may be taken for a frame again.
        bytes.resize((self.end - MAGIC.len() as u64) as usize, 0);
        self.frames = left;
        self.put(MAGIC.len() as u64, &bytes)?;
        self.end = end;
        Ok(())
    }

    fn put(&mut self, at: u64, bytes: &[u8]) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }
}

fn framed(frame: &[u8], length: u32) -> Vec<u8> {
    [&length.to_le_bytes()[..], &Sha256::digest(frame)[..8], frame].concat()
}

/// The whole frames, and where they end.
fn frames(file: &[u8]) -> Result<(Vec<Vec<u8>>, u64)> {
    let start = MAGIC.len();
    let mut found = Vec::new();
    if file.iter().all(|byte| *byte == 0) {
        return Ok((found, start as u64));
    }
    let Some(mut rest) = file.strip_prefix(MAGIC) else {
        return Err(StoreError::Damaged { what: WHAT.into(), why: "the file is something else; move it away, and an empty one is made".into() });
    };
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let Some((check, after)) = after.split_first_chunk::<8>() else { break };
        let Some((frame, after)) = after.split_at_checked(u32::from_le_bytes(*length) as usize) else { break };
        if frame.is_empty() || Sha256::digest(frame)[..8] != check[..] {
            break;
        }
        found.push(frame.to_vec());
        rest = after;
    }
    let end = file.len() - rest.len();
    Ok((found, end as u64))
}

fn failed(error: std::io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull => StoreError::Unavailable { what: WHAT, why: crate::error::DISK_FULL.into() },
        _ => StoreError::Unavailable { what: WHAT, why: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_outlives_the_process_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reserve");
        let reserve = Reserve::open(&path, 200).unwrap().unwrap();
        assert!(Reserve::open(&path, 200).unwrap().is_none(), "another has it");
        assert_eq!(reserve.used(), Used { frames: 0, bytes: 8, of: 200 });
        for n in 1..=3u8 {
            assert!(reserve.add(vec![n; 40]).await.unwrap());
        }
        assert!(!reserve.add(vec![4; 40]).await.unwrap(), "no room");
        drop(reserve);

        // Made smaller in the configuration meanwhile: what waits has its room.
        let reserve = Reserve::open(&path, 100).unwrap().unwrap();
        assert_eq!(reserve.frames(), [vec![1; 40], vec![2; 40], vec![3; 40]]);
        reserve.forget(1).await.unwrap();
        drop(reserve);

        let reserve = Reserve::open(&path, 200).unwrap().unwrap();
        assert_eq!(reserve.frames(), [vec![2; 40], vec![3; 40]]);
        reserve.forget(2).await.unwrap();
        assert!(reserve.add(vec![5; 40]).await.unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 200, "it never grows");
        drop(reserve);
        assert_eq!(Reserve::open(&path, 200).unwrap().unwrap().frames(), [vec![5; 40]]);
    }

    #[test]
    fn a_torn_frame_ends_them_and_another_file_is_not_overwritten() {
        let whole = [MAGIC.as_slice(), &framed(b"first", 5), &framed(b"second", 6), &[0; 20]].concat();
        assert_eq!(frames(&whole).unwrap(), (vec![b"first".to_vec(), b"second".to_vec()], 43));
        for torn in 26..43 {
            assert_eq!(frames(&whole[..torn]).unwrap().0.len(), 1, "cut at {torn}");
        }
        let mut flipped = whole.clone();
        flipped[38] ^= 1;
        assert_eq!(frames(&flipped).unwrap().0.len(), 1);
        assert!(frames(b"something else").unwrap_err().to_string().contains("move it away"));

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reserve");
        std::fs::write(&path, "a letter").unwrap();
        assert!(Reserve::open(&path, 100).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"a letter");
    }
}
