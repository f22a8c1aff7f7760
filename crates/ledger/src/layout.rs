//! Where a ledger's objects lie: `<ledger>/<generation>/...`.

use merkle::TileId;

/// The paths of one generation of one ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    base: String,
    name: String,
}

impl Layout {
    pub fn new(ledger: &str, generation: u32) -> Self {
        Self { base: format!("{ledger}/{generation}/"), name: format!("{ledger}.{generation}") }
    }

    /// A copy of one generation, its files right at the top.
    pub fn of_copy(ledger: &str, generation: u32) -> Self {
        Self { base: String::new(), ..Self::new(ledger, generation) }
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

    /// First index and count from what [`Layout::segment`] writes.
    pub fn parse_segment(&self, path: &str) -> Option<(u64, u64)> {
        let (first, count) = path.strip_prefix(&self.segments())?.strip_suffix(".seg")?.split_once('-')?;
        let found = (first.parse().ok()?, count.parse().ok()?);
        (self.segment(found.0, found.1) == path).then_some(found)
    }
}
