//! Blobs as files under one directory: written beside, synced, renamed, directory synced.

use super::{Blobs, Version, is_plain};
use crate::{Result, StoreError};
use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeSet, HashSet},
    fs, io,
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use uuid::Uuid;

/// Unfinished writes end like this; `list` leaves them out.
const UNFINISHED: &str = ".unfinished";

/// Files made durable at the same time: the file system commits what waits together, so 16 take hardly longer than one.
const AT_ONCE: usize = 16;

/// A directory of this machine, used by one process: the lock that makes `swap` atomic lives in this value and its clones.
#[derive(Clone, Debug)]
pub struct Directory {
    root: PathBuf,
    writing: Arc<Mutex<()>>,
    /// Directories whose own entry this process has made durable, up to the root.
    entered: Arc<Mutex<HashSet<PathBuf>>>,
}

impl Directory {
    /// Opens the directory, creating it where it is missing.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root).map_err(failed)?;
        Ok(Self { root, writing: Arc::default(), entered: Arc::default() })
    }

    fn resolve(&self, path: &str) -> Result<PathBuf> {
        if !is_plain(path) || path.ends_with(UNFINISHED) {
            return Err(StoreError::Internal(format!("'{path}' is not a relative ASCII path")));
        }
        Ok(self.root.join(path))
    }

    /// File work off the asynchronous threads; writers one at a time.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> Result<T> + Send + 'static) -> Result<T> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || work(&this)).await.map_err(|e| StoreError::Internal(format!("blob work stopped: {e}")))?
    }

    /// Writes when `allowed` finds what is there acceptable; `false` means it is there already.
    async fn write(&self, path: &str, bytes: Bytes, allowed: impl FnOnce(Option<&[u8]>) -> Result<bool> + Send + 'static) -> Result<()> {
        let file = self.resolve(path)?;
        self.run(move |this| {
            let _one_writer = this.writing.lock().map_err(|_| StoreError::Internal("a blob writer panicked".into()))?;
            if !allowed(read(&file)?.as_deref())? {
                return Ok(());
            }
            replace(&file, &bytes)?;
            this.enter(file.parent().unwrap_or(&this.root))
        })
        .await
    }

    /// Makes what was renamed into `parent` durable, and the way there. A directory made just now is only durable once its own parent is synced.
    fn enter(&self, parent: &Path) -> Result<()> {
        sync(parent)?;
        let mut directory = parent;
        while directory != self.root && !self.entered().contains(directory) {
            let Some(above) = directory.parent() else { break };
            sync(above)?;
            self.entered().insert(directory.to_owned());
            directory = above;
        }
        Ok(())
    }

    fn entered(&self) -> std::sync::MutexGuard<'_, HashSet<PathBuf>> {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates files on several threads, then syncs each directory once.
    fn create_files(&self, files: &[(PathBuf, String, Bytes)]) -> Result<()> {
        let next = AtomicUsize::new(0);
        let share = || -> Result<()> {
            while let Some((file, name, bytes)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                if may_create(read(file)?.as_deref(), bytes, name)? {
                    replace(file, bytes)?;
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..AT_ONCE.min(files.len())).map(|_| scope.spawn(share)).collect();
            others.into_iter().fold(share(), |so_far, other| {
                let theirs = other.join().unwrap_or_else(|_| Err(StoreError::Internal("a blob writer panicked".into())));
                so_far.and(theirs)
            })
        })?;
        let parents: BTreeSet<&Path> = files.iter().map(|(file, ..)| file.parent().unwrap_or(&self.root)).collect();
        parents.into_iter().try_for_each(|parent| self.enter(parent))
    }
}

/// Whether bytes are to be written where `there` is.
fn may_create(there: Option<&[u8]>, wanted: &[u8], name: &str) -> Result<bool> {
    match there {
        None => Ok(true),
        Some(there) if there == wanted => Ok(false),
        Some(_) => Err(StoreError::Conflict(format!("{name} is there with other bytes"))),
    }
}

#[async_trait]
impl Blobs for Directory {
    async fn get(&self, path: &str) -> Result<Option<(Bytes, Version)>> {
        let file = self.resolve(path)?;
        self.run(move |_| Ok(read(&file)?.map(|b| (version(&b), b)).map(|(v, b)| (Bytes::from(b), v)))).await
    }

    async fn range(&self, path: &str, from: u64, until: u64) -> Result<Bytes> {
        let (file, name) = (self.resolve(path)?, path.to_owned());
        self.run(move |_| {
            let wrong = || StoreError::NotFound(format!("bytes {from}..{until} of {name}"));
            let mut opened = fs::File::open(file).map_err(|e| if e.kind() == io::ErrorKind::NotFound { wrong() } else { failed(e) })?;
            let len = until.checked_sub(from).filter(|_| opened.metadata().is_ok_and(|m| until <= m.len())).ok_or_else(wrong)?;
            opened.seek(io::SeekFrom::Start(from)).map_err(failed)?;
            let mut bytes = Vec::new();
            opened.take(len).read_to_end(&mut bytes).map_err(failed)?;
            Ok(bytes.into())
        })
        .await
    }

    async fn put(&self, path: &str, bytes: Bytes) -> Result<()> {
        self.write(path, bytes, |_| Ok(true)).await
    }

    async fn create(&self, path: &str, bytes: Bytes) -> Result<()> {
        let (wanted, name) = (bytes.clone(), path.to_owned());
        self.write(path, bytes, move |there| may_create(there, &wanted, &name)).await
    }

    async fn create_all(&self, objects: Vec<(String, Bytes)>) -> Result<()> {
        let files = objects.into_iter().map(|(path, bytes)| Ok((self.resolve(&path)?, path, bytes))).collect::<Result<Vec<_>>>()?;
        self.run(move |this| {
            let _one_writer = this.writing.lock().map_err(|_| StoreError::Internal("a blob writer panicked".into()))?;
            this.create_files(&files)
        })
        .await
    }

    async fn swap(&self, path: &str, expected: Option<&Version>, bytes: Bytes) -> Result<Version> {
        let (new, expected, name) = (version(&bytes), expected.cloned(), path.to_owned());
        let allowed = move |there: Option<&[u8]>| match there.map(version) == expected {
            true => Ok(true),
            false => Err(StoreError::Conflict(format!("{name} changed since it was read"))),
        };
        self.write(path, bytes, allowed).await?;
        Ok(new)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let prefix = prefix.to_owned();
        self.run(move |this| {
            let mut found = Vec::new();
            walk(&this.root, "", &prefix, &mut found).map_err(failed)?;
            found.sort();
            Ok(found)
        })
        .await
    }

    async fn delete(&self, path: &str) -> Result<()> {
        let file = self.resolve(path)?;
        self.run(move |this| {
            let _one_writer = this.writing.lock().map_err(|_| StoreError::Internal("a blob writer panicked".into()))?;
            match fs::remove_file(&file) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(e) => Err(failed(e)),
                Ok(()) => sync(file.parent().unwrap_or(&this.root)),
            }
        })
        .await
    }
}

fn version(bytes: &[u8]) -> Version {
    Version(hex::encode(Sha256::digest(bytes)))
}

fn read(file: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed(e)),
    }
}

/// Writes a file beside, syncs it and renames it. The directory is still to be synced.
fn replace(file: &Path, bytes: &[u8]) -> Result<()> {
    let Some(parent) = file.parent() else { return Err(StoreError::Internal(format!("'{}' lies in no directory", file.display()))) };
    fs::create_dir_all(parent).map_err(failed)?;
    let unfinished = parent.join(format!("{}{UNFINISHED}", Uuid::new_v4()));
    let written = fs::File::create(&unfinished).and_then(|mut f| f.write_all(bytes).and_then(|()| f.sync_all())).and_then(|()| fs::rename(&unfinished, file));
    if let Err(e) = written {
        // Best effort: the write failed already, and `list` leaves such files out.
        let _ = fs::remove_file(&unfinished);
        return Err(failed(e));
    }
    Ok(())
}

fn sync(directory: &Path) -> Result<()> {
    fs::File::open(directory).and_then(|d| d.sync_all()).map_err(failed)
}

fn walk(directory: &Path, at: &str, prefix: &str, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if at.is_empty() { name } else { format!("{at}/{name}") };
        if entry.file_type()?.is_dir() {
            if prefix.starts_with(&path) || path.starts_with(prefix) {
                walk(&entry.path(), &path, prefix, found)?;
            }
        } else if path.starts_with(prefix) && !path.ends_with(UNFINISHED) {
            found.push(path);
        }
    }
    Ok(())
}

/// A full disk can be waited out; any other I/O error leaves it open what is on the disk.
fn failed(error: io::Error) -> StoreError {
    let why = error.to_string();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::PermissionDenied => StoreError::Unavailable { what: "blobs", why },
        _ => StoreError::Fatal { what: "blobs", why },
    }
}
