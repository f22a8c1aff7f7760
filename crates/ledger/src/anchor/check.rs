//! Anchors held against keys and tiles, for `veritrail verify`: every file of theirs, and the cosignatures in the published checkpoint.

use super::{Roots, note::Signed, token};
use crate::{
    error::Result,
    layout::Layout,
    tiles::Tiles,
    verify::{Fault, Report},
};
use merkle::{LogKeys, Note, WitnessKey, root};
use store::blobs::Blobs;

/// What was found beside faults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchored {
    /// Cosignatures by the witnesses given, and the most records under one.
    pub cosignatures: u64,
    pub cosigned: u64,
    /// Cosignatures that nobody checked, because no witness's key was given.
    pub unchecked: u64,
    /// Time-stamps, and the most records under one.
    pub stamps: u64,
    pub stamped: u64,
    /// Whether the time-stamps' signatures were checked too; otherwise only what they stamp.
    pub stamps_signed: bool,
}

/// The keys it is held against.
#[derive(Clone, Copy)]
pub struct AnchorKeys<'a> {
    pub log: &'a LogKeys,
    pub witnesses: &'a [WitnessKey],
    pub roots: Option<&'a Roots>,
}

/// Adds the faults of anchors to a report just made. They are held against the tiles where the report is without fault so far.
///
/// # Errors
/// Only when the store cannot be read.
pub async fn check_anchors(blobs: &dyn Blobs, layout: &Layout, keys: AnchorKeys<'_>, report: &mut Report) -> Result<Anchored> {
    let files = blobs.list(&layout.anchors()).await?;
    let found = Anchored { stamps_signed: keys.roots.is_some(), ..Anchored::default() };
    let mut check = Check { blobs, layout, keys, tiles_whole: report.faults.is_empty(), largest: None, found, faults: Vec::new() };
    let published = layout.checkpoint();
    if !report.faults.iter().any(|f| f.file == published)
        && let Ok(signed) = Signed::read(&report.checkpoint, layout, keys.log)
    {
        check.lines(&published, &signed.note);
    }
    for path in files.iter().filter(|path| layout.is_anchor(path)) {
        if path.ends_with(".tsr") { check.stamp(path).await? } else { check.note(path).await? }
    }
    // Asked last: a server at work may have signed and anchored more in the meantime, always in this order.
    let newest = Signed::load(blobs, &published, layout, keys.log).await.ok().flatten().map_or(report.size, |s| s.checkpoint.size);
    if let Some((size, path)) = check.largest.take().filter(|(size, _)| *size > newest.max(report.size)) {
        check.fault(&path, format!("{size} records were anchored, {newest} are signed here: the ledger was rolled back"));
    }
    report.faults.append(&mut check.faults);
    report.faults.sort();
    report.faults.dedup();
    Ok(check.found)
}

struct Check<'a> {
    blobs: &'a dyn Blobs,
    layout: &'a Layout,
    keys: AnchorKeys<'a>,
    tiles_whole: bool,
    largest: Option<(u64, String)>,
    found: Anchored,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, path: &str, what: impl ToString) {
        self.faults.push(Fault::new(path, None, what));
    }

    /// A signed checkpoint among the anchors.
    async fn note(&mut self, path: &str) -> Result<()> {
        let Some((bytes, _)) = self.blobs.get(path).await? else { return Ok(()) };
        let read = std::str::from_utf8(&bytes).map_err(|e| e.to_string());
        let signed = match read.and_then(|note| Signed::read(note, self.layout, self.keys.log).map_err(|e| e.to_string())) {
            Ok(signed) => signed,
            Err(why) => {
                self.fault(path, why);
                return Ok(());
            }
        };
        let (size, root_signed) = (signed.checkpoint.size, signed.checkpoint.root);
        let of_size = [self.layout.witnessed(size), self.layout.stamped(size), self.layout.cosigned()];
        if !of_size.iter().any(|p| p == path) {
            self.fault(path, format!("it is a checkpoint of {size} records"));
        }
        let by_witnesses = self.lines(path, &signed.note);
        if by_witnesses == 0 && path != self.layout.stamped(size) {
            self.fault(path, "nobody cosigned it");
        } else if path == self.layout.cosigned() {
            self.found.cosigned = size;
        }
        if self.tiles_whole {
            match Tiles::new(self.blobs, self.layout).with(|t| root(t, size)).await {
                Ok(found) if found == root_signed => {}
                Ok(found) => self.fault(path, format!("{root_signed} was signed for its {size} records, the tiles have {found}")),
                Err(why) => self.fault(path, format!("it cannot be held against the tiles: {why}")),
            }
        }
        if self.largest.as_ref().is_none_or(|(largest, _)| size > *largest) {
            self.largest = Some((size, path.to_owned()));
        }
        Ok(())
    }

    /// The signatures beside the log's; how many there are.
    fn lines(&mut self, path: &str, text: &str) -> usize {
        let read = Note::parse(text).and_then(|note| Ok((note.signatures() - 1, note.cosignatures(self.keys.witnesses)?.len())));
        match read {
            Ok((all, checked)) => {
                self.found.cosignatures += checked as u64;
                let others = all - checked;
                if self.keys.witnesses.is_empty() {
                    self.found.unchecked += others as u64;
                } else if others > 0 {
                    self.fault(path, format!("{others} of its signatures are by no witness known here, or repeat one"));
                }
                all
            }
            Err(why) => {
                self.fault(path, why);
                1
            }
        }
    }

    async fn stamp(&mut self, path: &str) -> Result<()> {
        let stamped = path.trim_end_matches("tsr").to_owned() + "checkpoint";
        let Some((reply, _)) = self.blobs.get(path).await? else { return Ok(()) };
        let Some((data, _)) = self.blobs.get(&stamped).await? else {
            self.fault(path, "the checkpoint it stamps is gone");
            return Ok(());
        };
        match token::read(&reply, &data).and_then(|token| self.keys.roots.map_or(Ok(()), |roots| roots.check(&token))) {
            Ok(()) => {
                self.found.stamps += 1;
                let size = stamped.trim_end_matches(".checkpoint").rsplit('/').next().and_then(|n| n.parse().ok());
                self.found.stamped = self.found.stamped.max(size.unwrap_or(0));
            }
            // A checkpoint that is damaged is named itself.
            Err(_) if self.damaged(&data) => {}
            Err(why) => self.fault(path, why),
        }
        Ok(())
    }

    fn damaged(&self, note: &[u8]) -> bool {
        let whole = std::str::from_utf8(note).ok().and_then(|note| {
            let signed = Signed::read(note, self.layout, self.keys.log).ok()?;
            let note = Note::parse(&signed.note).ok()?;
            let checked = note.cosignatures(self.keys.witnesses).ok()?.len();
            (self.keys.witnesses.is_empty() || checked + 1 == note.signatures()).then_some(())
        });
        whole.is_none()
    }
}
