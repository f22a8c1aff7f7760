//! Verification of everything stored, naming the file and the position of every fault.

use crate::{
    copies::{FromSegment, Segments, entry_hashes},
    error::Result,
    layout::Layout,
    tiles::stored,
};
use merkle::{Checkpoint, Hash, MerkleError, NoteVerifier, TILE_WIDTH, TileId, fold, root};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use store::blobs::Blobs;

/// Something stored that is not what was signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub file: String,
    /// The first record concerned, where it can be told.
    pub index: Option<u64>,
    pub what: String,
}

impl Fault {
    pub(crate) fn new(file: impl Into<String>, index: Option<u64>, what: impl ToString) -> Self {
        Self { file: file.into(), index, what: what.to_string() }
    }
}

/// What verification found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Records verified.
    pub size: u64,
    /// The signed note; empty where it could not be read.
    pub checkpoint: String,
    pub faults: Vec<Fault>,
}

struct Check<'a> {
    blobs: &'a dyn Blobs,
    layout: &'a Layout,
    size: u64,
    /// Files there are when it starts, by tile, and those looked at.
    partial: BTreeMap<String, Vec<String>>,
    seen: BTreeSet<String>,
    faults: Vec<Fault>,
    /// Per level, hashes of the tile now growing, and its index.
    rows: Vec<(u64, Vec<Hash>)>,
    /// The last tile of each level: all that the root needs.
    edge: HashMap<TileId, Vec<u8>>,
}

/// Holds every file of a generation against the checkpoint and against one another, in memory that does not grow with the ledger.
/// Files beyond the checkpoint are another process's work in progress and are passed over.
///
/// # Errors
/// Only when the store cannot be read; what is read and wrong is in the report.
pub async fn verify(blobs: &dyn Blobs, ledger: &str, generation: u32, known: &[NoteVerifier], progress: &mut (dyn FnMut(u64, u64) + Send)) -> Result<Report> {
    let layout = Layout::new(ledger, generation);
    let mut faults = Vec::new();
    let (note, checkpoint) = checkpoint(blobs, &layout, known, &mut faults).await?;
    let files: BTreeSet<String> = blobs.list(layout.base()).await?.into_iter().collect();
    let mut segments: Vec<(u64, u64)> = files.iter().filter_map(|path| layout.parse_segment(path)).collect();
    segments.sort_unstable();
    let size = checkpoint.as_ref().map_or_else(|| segments.iter().map(|(first, count)| first.saturating_add(*count)).max().unwrap_or(0), |c| c.size);
    let mut partial: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (whole, path) in files.iter().filter_map(|path| path.split_once(".p/").map(|(whole, _)| (whole, path))) {
        partial.entry(whole.to_owned()).or_default().push(path.clone());
    }
    let mut walked = BTreeSet::from([layout.checkpoint()]);
    let mut segments = Segments {
        blobs,
        layout: &layout,
        known,
        waiting: segments.into_iter().filter(|(first, _)| *first < size).collect(),
        next: 0,
        hashes: VecDeque::new(),
        path: layout.segments(),
        seen: &mut walked,
    };
    let mut check = Check { blobs, layout: &layout, size, partial, seen: BTreeSet::new(), faults, rows: Vec::new(), edge: HashMap::new() };
    let width = u64::from(TILE_WIDTH);
    for group in 0..size.div_ceil(width) {
        let count = (size - group * width).min(width) as usize;
        let from_segments = segments.take(count, &mut check.faults).await?;
        let from = segments.path.clone();
        check.group(group, &from_segments, &from).await?;
        progress((group * width + count as u64).min(size), size);
    }
    for (first, count) in std::mem::take(&mut segments.waiting) {
        check.faults.push(Fault::new(layout.segment(first, count), Some(first), "it repeats records of the segment before"));
    }
    let found = check.finish().await?;
    if let Some(checkpoint) = checkpoint.filter(|c| c.root != found) {
        let what = format!("the records stored have the root {found}, {} was signed", checkpoint.root);
        check.faults.push(Fault::new(layout.checkpoint(), None, what));
    }
    let Check { seen, mut faults, .. } = check;
    // Anchors are held against their keys by `check_anchors`.
    for path in files.iter().filter(|path| !walked.contains(*path) && !seen.contains(*path) && !layout.is_anchor(path)) {
        if !beyond(&layout, path, size) && blobs.get(path).await?.is_some() {
            faults.push(Fault::new(path, None, "it is no part of this ledger"));
        }
    }
    faults.sort();
    faults.dedup();
    Ok(Report { size, checkpoint: note, faults })
}

async fn checkpoint(blobs: &dyn Blobs, layout: &Layout, known: &[NoteVerifier], faults: &mut Vec<Fault>) -> Result<(String, Option<Checkpoint>)> {
    let path = layout.checkpoint();
    let Some((bytes, _)) = blobs.get(&path).await? else {
        faults.push(Fault::new(path, None, "the file is gone"));
        return Ok((String::new(), None));
    };
    let note = match String::from_utf8(bytes.to_vec()) {
        Ok(note) => note,
        Err(why) => {
            faults.push(Fault::new(path, None, why));
            return Ok((String::new(), None));
        }
    };
    let mut tried = known.iter().map(|key| Checkpoint::verify(&note, &layout.origin(key.name()), std::slice::from_ref(key)));
    let first = tried.next().unwrap_or(Err(MerkleError::NoKnownSignature));
    let read = if first.is_ok() { first } else { tried.find(Result::is_ok).unwrap_or(first) };
    match read {
        Ok(checkpoint) => Ok((note, Some(checkpoint))),
        Err(why) => {
            faults.push(Fault::new(path, None, why));
            Ok((note, None))
        }
    }
}

/// Whether a file belongs to a tree larger than the one signed: written, not yet signed.
fn beyond(layout: &Layout, path: &str, size: u64) -> bool {
    let segment = |path: &str| layout.parse_segment(path).is_some_and(|(first, _)| first >= size);
    if segment(path) || path.strip_suffix(".note").is_some_and(segment) {
        return true;
    }
    let Some(path) = path.strip_prefix(layout.base()) else { return false };
    let tile = TileId::from_path(&path.replacen("tile/entries/", "tile/0/", 1));
    tile.is_ok_and(|t| TileId::in_tree(t.level, t.index, size).is_none_or(|signed| signed.width < t.width))
}

impl Check<'_> {
    /// Holds the three copies of up to 256 leaf hashes against one another; two of three, or a signed segment, are the truth.
    async fn group(&mut self, group: u64, segment: &[FromSegment], segment_path: &str) -> Result<()> {
        let first = group * u64::from(TILE_WIDTH);
        let id = TileId { level: 0, index: group, width: segment.len() as u16 };
        let tile = self.read(id, |l, t| l.tile(t), first).await?;
        let bundle = self.read(id, |l, t| l.entries(t), first).await?;
        let tile_hashes: Vec<Hash> = tile.as_ref().map_or_else(Vec::new, |(_, b)| b.as_chunks().0.iter().copied().map(Hash).collect());
        let (entries, clean) = bundle.as_ref().map_or_else(|| (Vec::new(), true), |(_, b)| entry_hashes(b));
        let mut truth = Vec::with_capacity(segment.len());
        let mut wrong_segment = None;
        for (at, from_segment) in segment.iter().enumerate() {
            let (in_tile, in_bundle) = (tile_hashes.get(at), entries.get(at));
            let hash = match from_segment {
                Some((hash, true)) => Some(*hash),
                Some((hash, false)) if Some(hash) == in_tile || Some(hash) == in_bundle => Some(*hash),
                Some((hash, false)) if in_tile.is_none() || in_tile != in_bundle => Some(*hash),
                _ => in_tile.or(in_bundle).copied(),
            };
            if from_segment.is_some_and(|(in_segment, _)| Some(in_segment) != hash) {
                wrong_segment.get_or_insert(first + at as u64);
            }
            truth.push(hash.unwrap_or(Hash([0; 32])));
        }
        if let Some(index) = wrong_segment {
            self.faults.push(Fault::new(segment_path, Some(index), "the record does not fit its hash in the tile and its entry"));
        }
        if let Some((path, bytes)) = tile {
            self.compare_tile(&path, &bytes, &truth, first, id.width);
        }
        if let Some((path, _)) = bundle {
            let counted = clean && (entries.len() == truth.len() || (!path.contains(".p/") && entries.len() == usize::from(TILE_WIDTH)));
            self.compare_entries(&path, &entries, counted, &truth, first);
        }
        self.partials(id, |l, t| l.tile(t), &truth, first).await?;
        self.partials(id, |l, t| l.entries(t), &truth, first).await?;
        for hash in truth {
            self.push(0, hash).await?;
        }
        Ok(())
    }

    async fn read(&mut self, id: TileId, path: impl Fn(&Layout, TileId) -> String, first: u64) -> Result<Option<(String, Vec<u8>)>> {
        let found = stored(self.blobs, id, |t| path(self.layout, t)).await?;
        match &found {
            Some((path, _)) => drop(self.seen.insert(path.clone())),
            None => self.faults.push(Fault::new(path(self.layout, id), Some(first), "the file is gone")),
        }
        Ok(found)
    }

    fn compare_tile(&mut self, path: &str, bytes: &[u8], truth: &[Hash], first: u64, width: u16) {
        let wanted: Vec<u8> = truth.iter().flat_map(|h| h.0).collect();
        let longer = !path.contains(".p/") && width < TILE_WIDTH;
        if bytes == wanted || (longer && bytes.starts_with(&wanted)) {
            return;
        }
        let at = bytes.as_chunks::<32>().0.iter().zip(truth).position(|(b, h)| *b != h.0);
        let what = at.map_or_else(|| format!("it has {} bytes instead of {}", bytes.len(), wanted.len()), |at| format!("hash {at} is not the right one"));
        self.faults.push(Fault::new(path, Some(first + at.unwrap_or(0) as u64), what));
    }

    fn compare_entries(&mut self, path: &str, entries: &[Hash], counted: bool, truth: &[Hash], first: u64) {
        let at = entries.iter().zip(truth).position(|(e, t)| e != t);
        if at.is_none() && counted {
            return;
        }
        let at = at.unwrap_or_else(|| entries.len().min(truth.len()));
        self.faults.push(Fault::new(path, Some(first + at as u64), format!("entry {at} of the bundle is not the record that was signed")));
    }

    /// Narrower partial tiles and bundles that are still there must say the same.
    async fn partials(&mut self, id: TileId, path: impl Fn(&Layout, TileId) -> String, truth: &[Hash], first: u64) -> Result<()> {
        let whole = path(self.layout, TileId { width: TILE_WIDTH, ..id });
        for file in self.partial.get(&whole).cloned().unwrap_or_default() {
            let width = file.rsplit_once('/').and_then(|(_, w)| w.parse::<usize>().ok()).filter(|w| (1..=truth.len()).contains(w));
            // Another spelling, or wider than what is signed: judged with the files left over.
            let Some(width) = width.filter(|w| path(self.layout, TileId { width: *w as u16, ..id }) == file) else { continue };
            if !self.seen.insert(file.clone()) {
                continue;
            }
            let Some((bytes, _)) = self.blobs.get(&file).await? else { continue };
            if file.contains("/tile/entries/") {
                let (entries, clean) = entry_hashes(&bytes);
                self.compare_entries(&file, &entries, clean && entries.len() == width, &truth[..width], first);
            } else {
                self.compare_tile(&file, &bytes, &truth[..width], first, width as u16);
            }
        }
        Ok(())
    }

    /// Adds a hash to a level; a full tile is compared and stands for itself one level up.
    async fn push(&mut self, level: usize, hash: Hash) -> Result<()> {
        let mut next = Some(hash);
        let mut level = level;
        while let Some(hash) = next.take() {
            if self.rows.len() == level {
                self.rows.push((0, Vec::new()));
            }
            self.rows[level].1.push(hash);
            if self.rows[level].1.len() == usize::from(TILE_WIDTH) {
                next = Some(fold(&self.rows[level].1));
                self.close(level).await?;
            }
            level += 1;
        }
        Ok(())
    }

    async fn close(&mut self, level: usize) -> Result<()> {
        let (index, hashes) = std::mem::take(&mut self.rows[level]);
        self.rows[level].0 = index + 1;
        let id = TileId { level: level as u8, index, width: hashes.len() as u16 };
        self.edge.retain(|tile, _| tile.level != id.level);
        self.edge.insert(id, hashes.iter().flat_map(|h| h.0).collect());
        // Level 0 was compared with the other copies of its hashes.
        if level > 0 {
            let first = index.checked_shl(8 * (level as u32 + 1)).unwrap_or(u64::MAX);
            if let Some((path, bytes)) = self.read(id, |l, t| l.tile(t), first).await? {
                self.compare_tile(&path, &bytes, &hashes, first, id.width);
            }
            self.partials(id, |l, t| l.tile(t), &hashes, first).await?;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<Hash> {
        for level in 0..self.rows.len() {
            if !self.rows[level].1.is_empty() {
                self.close(level).await?;
            }
        }
        let read = |tile: TileId| self.edge.get(&tile).cloned().ok_or_else(|| MerkleError::TileUnreadable { path: tile.path(), reason: "not built".into() });
        Ok(root(&read, self.size)?)
    }
}
