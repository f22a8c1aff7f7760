//! Where a ledger's objects lie: `<ledger>/<generation>/...`.

use merkle::TileId;
use std::collections::BTreeMap;

/// The paths of one generation of one ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    base: String,
    name: String,
    generation: u32,
}

impl Layout {
    pub fn new(ledger: &str, generation: u32) -> Self {
        Self { base: format!("{ledger}/{generation}/"), name: format!("{ledger}.{generation}"), generation }
    }

    /// A copy of one generation, its files right at the top.
    pub fn of_copy(ledger: &str, generation: u32) -> Self {
        Self { base: String::new(), ..Self::new(ledger, generation) }
    }

    /// The ledger's name.
    pub fn ledger(&self) -> &str {
        self.name.rsplit_once('.').map_or(self.name.as_str(), |(ledger, _)| ledger)
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The log's name in its checkpoints: the signer's, the ledger's and the generation's, so that none passes for another.
    pub fn origin(&self, signer: &str) -> String {
        format!("{signer}/{}", self.name)
    }

    /// Everything of this generation lies under this prefix.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn checkpoint(&self) -> String {
        format!("{}checkpoint", self.base)
    }

    /// How one signing key handed over to the next.
    pub fn handovers(&self) -> String {
        format!("{}keys", self.base)
    }

    pub fn tile(&self, tile: TileId) -> String {
        format!("{}{}", self.base, tile.path())
    }

    pub fn entries(&self, tile: TileId) -> String {
        format!("{}{}", self.base, tile.entries_path())
    }

    pub fn segments(&self) -> String {
        format!("{}segment/", self.base)
    }

    pub fn segment(&self, first: u64, count: u64) -> String {
        format!("{}segment/{first:012}-{count}.seg", self.base)
    }

    pub fn segment_note(&self, first: u64, count: u64) -> String {
        format!("{}.note", self.segment(first, count))
    }

    /// The revision of a segment that succeeds it after so many others; 0 is the one integration wrote.
    pub fn revision(&self, first: u64, count: u64, revision: u32) -> String {
        match revision {
            0 => self.segment(first, count),
            n => format!("{}segment/{first:012}-{count}.{n}.seg", self.base),
        }
    }

    /// First index, count and revision from what [`Layout::revision`] writes.
    pub fn parse_revision(&self, path: &str) -> Option<(u64, u64, u32)> {
        let (first, rest) = path.strip_prefix(&self.segments())?.strip_suffix(".seg")?.split_once('-')?;
        let (count, revision) = rest.split_once('.').unwrap_or((rest, "0"));
        let found = (first.parse().ok()?, count.parse().ok()?, revision.parse().ok()?);
        (self.revision(found.0, found.1, found.2) == path).then_some(found)
    }

    /// The newest revision of each segment, by first index and count: one is there once its manifest is.
    pub fn newest_revisions<'a>(&self, paths: impl IntoIterator<Item = &'a String>) -> BTreeMap<(u64, u64), u32> {
        let mut newest: BTreeMap<(u64, u64), u32> = BTreeMap::new();
        for path in paths {
            let written = self.parse_segment(path).map(|(first, count)| (first, count, 0));
            let succeeded = || path.strip_suffix(".note").and_then(|seg| self.parse_revision(seg)).filter(|(.., revision)| *revision > 0);
            if let Some((first, count, revision)) = written.or_else(succeeded) {
                let known = newest.entry((first, count)).or_default();
                *known = revision.max(*known);
            }
        }
        newest
    }

    /// What parties outside said of checkpoints lies under this prefix.
    pub fn anchors(&self) -> String {
        format!("{}anchor/", self.base)
    }

    /// The newest checkpoint that enough witnesses have cosigned.
    pub fn cosigned(&self) -> String {
        format!("{}cosigned", self.anchors())
    }

    /// A cosigned checkpoint that is kept for good.
    pub fn witnessed(&self, size: u64) -> String {
        format!("{}witness/{size:012}", self.anchors())
    }

    /// Time-stamps and what they stamp lie under this prefix.
    pub fn stamps(&self) -> String {
        format!("{}time/", self.anchors())
    }

    /// A checkpoint as it was stamped.
    pub fn stamped(&self, size: u64) -> String {
        format!("{}{size:012}.checkpoint", self.stamps())
    }

    /// The answer of the time-stamping authority to [`Layout::stamped`].
    pub fn stamp(&self, size: u64) -> String {
        format!("{}{size:012}.tsr", self.stamps())
    }

    /// Whether a path is one that the four above write.
    pub fn is_anchor(&self, path: &str) -> bool {
        path == self.cosigned() || self.anchored(path).is_some()
    }

    /// The size of the checkpoint that an anchor's file, kept for good, is about.
    pub fn anchored(&self, path: &str) -> Option<u64> {
        let name = path.strip_prefix(&self.anchors())?;
        let digits = name.trim_start_matches("witness/").trim_start_matches("time/").trim_end_matches(".checkpoint").trim_end_matches(".tsr");
        let size = digits.parse().ok()?;
        [self.witnessed(size), self.stamped(size), self.stamp(size)].iter().any(|known| known == path).then_some(size)
    }

    /// First index and count from what [`Layout::segment`] writes.
    pub fn parse_segment(&self, path: &str) -> Option<(u64, u64)> {
        let (first, count) = path.strip_prefix(&self.segments())?.strip_suffix(".seg")?.split_once('-')?;
        let found = (first.parse().ok()?, count.parse().ok()?);
        (self.segment(found.0, found.1) == path).then_some(found)
    }
}
