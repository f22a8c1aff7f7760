//! A copy of a log in a directory.

use crate::{Error, Files};
use std::{fs, io, path::PathBuf};

/// Larger than any bundle (256 entries of 65,535 bytes) and any tile: more is no file of a log, and is not taken into memory.
pub(crate) const MAX_FILE_BYTES: u64 = 17 << 20;

/// A directory with a log's `checkpoint` and `tile/`.
#[derive(Debug)]
pub struct Folder {
    place: String,
    root: PathBuf,
}

impl Folder {
    pub fn open(place: &str) -> Result<Self, Error> {
        let root = PathBuf::from(place);
        let found = fs::metadata(&root).map_err(|why| Error::unreadable(place, why))?;
        if found.is_dir() { Ok(Self { place: place.to_owned(), root }) } else { Err(Error::unreadable(place, "it is no directory")) }
    }

    fn walk(&self, at: &str, found: &mut Vec<String>) -> Result<(), Error> {
        let failed = |why: io::Error| Error::unreadable(format!("{}/{at}", self.place), why);
        for entry in fs::read_dir(self.root.join(at)).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = format!("{at}/{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(failed)?.is_dir() { self.walk(&path, found)? } else { found.push(path) }
        }
        Ok(())
    }
}

impl Files for Folder {
    fn place(&self) -> &str {
        &self.place
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let (file, name) = (self.root.join(path), || format!("{}/{path}", self.place));
        match fs::metadata(&file) {
            Ok(found) if found.is_dir() => Ok(None),
            Ok(found) if found.len() > MAX_FILE_BYTES => Err(Error::unreadable(name(), format!("{} bytes are more than a log's file has", found.len()))),
            Ok(_) => fs::read(file).map(Some).map_err(|why| Error::unreadable(name(), why)),
            Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(why) => Err(Error::unreadable(name(), why)),
        }
    }

    fn list(&self) -> Result<Option<Vec<String>>, Error> {
        let mut found = Vec::new();
        if self.root.join("tile").is_dir() {
            self.walk("tile", &mut found)?;
        }
        found.sort();
        Ok(Some(found))
    }
}
