//! A whole log held against its key: checkpoint, entry bundles, tiles of all levels, root; and against a checkpoint that somebody kept.

use crate::{
    Error, Files,
    files::{stored, tile},
};
use merkle::{Checkpoint, Fault, Hash, LogKeys, MerkleError, NoteVerifier, Place, Stored, TILE_WIDTH, TileId, Walk, consistency_proof, continued};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be verified.
pub struct Check<'a> {
    pub files: &'a dyn Files,
    /// One of the log's keys; the others are learnt from it ([`Check::keys`]).
    pub key: &'a NoteVerifier,
    /// The log's exact name; `None` takes any log whose name begins with the key's.
    pub origin: Option<&'a str>,
    /// File name and text of a checkpoint kept from earlier.
    pub older: Option<(&'a str, &'a str)>,
    /// Goes on where an earlier run ended.
    pub place: Option<&'a Place>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Report {
    pub checkpoint: Checkpoint,
    /// The signed note.
    pub note: String,
    /// The first entry looked at.
    pub from: u64,
    pub faults: Vec<Fault>,
    /// Where the next run may go on.
    pub place: Option<Place>,
}

/// Files under `tile/` that were listed, until each is looked at.
struct Listed {
    partial: BTreeMap<String, Vec<String>>,
    left: BTreeSet<String>,
}

impl Check<'_> {
    /// The newest checkpoint, if the log's key for its size signed it.
    pub fn checkpoint(&self) -> Result<(String, Checkpoint), Error> {
        let note = self.note()?;
        let wrong = |why| Error::Checkpoint { place: self.files.place().to_owned(), key: self.key.name().to_owned(), why };
        let checkpoint = signed(&note, &self.keys()?.0, self.origin).map_err(wrong)?;
        Ok((note, checkpoint))
    }

    /// The log's keys: the one given, and those that handed over to it or it to them, by the file `keys`. Where that file says nothing to somebody who
    /// trusts the key given, that key stands alone, and what is wrong with the file is a fault.
    pub fn keys(&self) -> Result<(LogKeys, Option<Fault>), Error> {
        let alone = || LogKeys::from(self.key.clone());
        let Some(bytes) = self.files.read("keys")? else { return Ok((alone(), None)) };
        let note = self.note()?;
        let origin = self.origin.or(note.lines().next()).unwrap_or_default();
        let read = String::from_utf8(bytes).map_err(|e| e.to_string());
        match read.and_then(|text| LogKeys::parse(&text, origin, self.key).map_err(|e| e.to_string())) {
            Ok(keys) => Ok((keys, None)),
            Err(why) => Ok((alone(), Some(Fault::new("keys", None, why)))),
        }
    }

    fn note(&self) -> Result<String, Error> {
        let place = self.files.place();
        let bytes = self.files.read("checkpoint")?.ok_or_else(|| Error::NoCheckpoint { place: place.to_owned() })?;
        String::from_utf8(bytes).map_err(|why| Error::unreadable(format!("{place}/checkpoint"), why))
    }

    /// Verifies, in memory that does not grow with the log. `progress` sees the walk after each bundle.
    ///
    /// # Errors
    /// Where there is nothing to hold anything against: no readable files, no checkpoint by this key.
    pub fn run(&self, progress: &mut dyn FnMut(&Walk)) -> Result<Report, Error> {
        let (note, checkpoint) = self.checkpoint()?;
        let (keys, wrong_list) = self.keys()?;
        let older = self.older.map(|(file, note)| {
            let wrong = |why| Error::Older { file: file.to_owned(), why };
            signed(note, &keys, self.origin).map_err(wrong)
        });
        let older = older.transpose()?;
        let mut walk = Walk::new(&checkpoint.origin, checkpoint.size, Some(checkpoint.root));
        wrong_list.into_iter().for_each(|fault| walk.fault(fault));
        let from = self.place.filter(|place| walk.resume(place)).map_or(0, Place::size);
        if let Some(older) = &older {
            let proof = consistency_proof(&|id: TileId| tile(self.files, id), older.size, checkpoint.size);
            continued(older, &checkpoint, proof).into_iter().for_each(|fault| walk.fault(fault));
        }
        let mut listed = self.list()?;
        let (mut place, mut over) = (None, None);
        while let Some(id) = walk.wanted() {
            place = walk.place().or(place);
            self.group(&mut walk, &mut listed, &mut over, id)?;
            progress(&walk);
        }
        place = walk.place().or(place);
        if let Some(listed) = listed.filter(|_| from == 0) {
            for path in listed.left.iter().filter(|path| !beyond(path, checkpoint.size)) {
                walk.fault(Fault::new(path, None, "it is no part of this log"));
            }
        }
        let faults = walk.finish();
        Ok(Report { checkpoint, note, from, place: place.filter(|_| faults.is_empty()), faults })
    }

    fn list(&self) -> Result<Option<Listed>, Error> {
        let Some(files) = self.files.list()? else { return Ok(None) };
        let mut partial: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (whole, path) in files.iter().filter_map(|path| path.split_once(".p/").map(|(whole, _)| (whole, path))) {
            partial.entry(whole.to_owned()).or_default().push(path.clone());
        }
        Ok(Some(Listed { partial, left: files.into_iter().collect() }))
    }

    /// One bundle with its tile, and the tiles above that it completes. `over` keeps the tile over it, which 256 neighbours share.
    fn group(&self, walk: &mut Walk, listed: &mut Option<Listed>, over: &mut Option<Stored>, id: TileId) -> Result<(), Error> {
        let lowest = self.stored(listed, id, TileId::path)?;
        let bundle = self.stored(listed, id, TileId::entries_path)?;
        let above = self.above(over, id, walk.size())?;
        let truth = walk.judge(id, lowest.as_ref(), bundle.as_ref(), &[], above).truth;
        for narrower in self.narrower(listed, id, TileId::path)? {
            walk.compare_tile(&narrower, &truth);
        }
        for narrower in self.narrower(listed, id, TileId::entries_path)? {
            walk.compare_bundle(&narrower, &truth);
        }
        for built in walk.push(&truth) {
            match self.stored(listed, built.tile, TileId::path)? {
                Some(found) => walk.compare_tile(&found, &built.hashes),
                None => walk.fault(Fault::gone(built.tile.path(), Some(built.first_entry()))),
            }
            for narrower in self.narrower(listed, built.tile, TileId::path)? {
                walk.compare_tile(&narrower, &built.hashes);
            }
        }
        Ok(())
    }

    fn above(&self, over: &mut Option<Stored>, id: TileId, size: u64) -> Result<Option<Hash>, Error> {
        let Some(tile) = TileId::in_tree(1, id.index >> 8, size) else { return Ok(None) };
        if over.as_ref().is_none_or(|over| over.tile.index != tile.index) {
            *over = stored(self.files, tile, TileId::path)?;
        }
        let found = over.as_ref().and_then(|over| over.bytes.as_chunks().0.get((id.index & 0xff) as usize));
        Ok(found.copied().map(Hash))
    }

    fn stored(&self, listed: &mut Option<Listed>, id: TileId, path: impl Fn(&TileId) -> String) -> Result<Option<Stored>, Error> {
        let found = stored(self.files, id, &path)?;
        if let (Some(found), Some(listed)) = (&found, listed) {
            listed.left.remove(&path(&found.tile));
        }
        Ok(found)
    }

    /// Narrower partial files that are still there: they must say the same.
    fn narrower(&self, listed: &mut Option<Listed>, id: TileId, path: impl Fn(&TileId) -> String) -> Result<Vec<Stored>, Error> {
        let Some(listed) = listed else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for file in listed.partial.remove(&path(&TileId { width: TILE_WIDTH, ..id })).unwrap_or_default() {
            let width = file.rsplit_once('/').and_then(|(_, w)| w.parse::<u16>().ok()).filter(|w| (1..=id.width).contains(w));
            let Some(tile) = width.map(|width| TileId { width, ..id }).filter(|tile| path(tile) == file) else { continue };
            if listed.left.remove(&file)
                && let Some(bytes) = self.files.read(&file)?
            {
                found.push(Stored { tile, bytes });
            }
        }
        Ok(found)
    }
}

/// The checkpoint in a note, if the key for its size signed it and it is of the log asked for.
pub(crate) fn signed(note: &str, keys: &LogKeys, origin: Option<&str>) -> Result<Checkpoint, MerkleError> {
    if let Some(origin) = origin {
        return keys.checkpoint(note, origin);
    }
    let checkpoint = keys.checkpoint(note, note.lines().next().unwrap_or_default())?;
    let of_key = checkpoint.origin.strip_prefix(keys.name()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if of_key { Ok(checkpoint) } else { Err(MerkleError::OtherLog { found: checkpoint.origin, wanted: keys.name().to_owned() }) }
}

/// Whether a file belongs to a larger tree than the one signed: written, not yet signed.
fn beyond(path: &str, size: u64) -> bool {
    let tile = TileId::from_path(&path.replacen("tile/entries/", "tile/0/", 1));
    tile.is_ok_and(|t| TileId::in_tree(t.level, t.index, size).is_none_or(|signed| signed.width < t.width))
}
