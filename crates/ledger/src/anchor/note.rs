//! Signed checkpoints as anchors read them: the log's own signature apart from the cosignatures.

use crate::{
    error::{LedgerError, Result},
    layout::Layout,
};
use merkle::{Checkpoint, Cosignature, LogKeys, MerkleError, Note, WitnessKey};
use store::blobs::Blobs;

/// A signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) checkpoint: Checkpoint,
    /// With the log's signature alone.
    pub(crate) bare: String,
    /// As stored.
    pub(crate) note: String,
}

impl Signed {
    /// Checks signature and origin.
    pub(crate) fn read(note: &str, layout: &Layout, keys: &LogKeys) -> Result<Self, MerkleError> {
        let checkpoint = keys.checkpoint(note, &layout.origin(keys.name()))?;
        let by = std::slice::from_ref(keys.of_size(checkpoint.size));
        Ok(Self { bare: Note::parse(note)?.only(by)?, checkpoint, note: note.to_owned() })
    }

    /// The same of a stored object; `None` where there is none.
    ///
    /// # Errors
    /// `Damaged` names the file.
    pub(crate) async fn load(blobs: &dyn Blobs, path: &str, layout: &Layout, keys: &LogKeys) -> Result<Option<Self>> {
        let Some((bytes, _)) = blobs.get(path).await? else { return Ok(None) };
        let note = std::str::from_utf8(&bytes).map_err(|e| LedgerError::damaged(path, e))?;
        Self::read(note, layout, keys).map(Some).map_err(|e| LedgerError::damaged(path, e))
    }
}

/// Which of these witnesses cosigned a note, and when; none where one of their lines is wrong.
pub fn witnessed(note: &str, keys: &[WitnessKey]) -> Vec<Cosignature> {
    Note::parse(note).and_then(|note| note.cosignatures(keys)).unwrap_or_default()
}
