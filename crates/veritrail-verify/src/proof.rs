//! A `.tlog-proof` held against the entry it is about.

use crate::{
    Check, Error,
    check::signed,
    files::{stored, tile},
};
use merkle::{Checkpoint, Fault, LogKeys, MerkleError, TileId, TlogProof, consistency_proof, continued, decode_entries, leaf_hash};

/// A proof file and what it is to prove.
pub struct Evidence<'a> {
    /// Its name and text.
    pub file: (&'a str, &'a str),
    /// The entry, byte for byte.
    pub entry: &'a [u8],
}

impl Evidence<'_> {
    /// The position proved, and the checkpoint it is proved under.
    ///
    /// # Errors
    /// `Proof` says why it proves nothing.
    pub fn check(&self, keys: &LogKeys, origin: Option<&str>) -> Result<(u64, Checkpoint), Error> {
        let (name, text) = self.file;
        let wrong = |why| Error::Proof { file: name.to_owned(), why };
        let proof = TlogProof::parse(text).map_err(wrong)?;
        let checkpoint = signed(&proof.checkpoint, keys, origin).map_err(wrong)?;
        proof.verify(leaf_hash(self.entry), &checkpoint.origin, std::slice::from_ref(keys.of_size(checkpoint.size))).map_err(wrong)?;
        Ok((proof.index, checkpoint))
    }
}

/// The entry that a proof file is about, as the log's bundle has it.
pub fn entry_of(check: &Check, name: &str, text: &str) -> Result<Vec<u8>, Error> {
    let wrong = |why| Error::Proof { file: name.to_owned(), why };
    let (_, newest) = check.checkpoint()?;
    let index = TlogProof::parse(text).map_err(wrong)?.index;
    let outside = || wrong(MerkleError::OutOfRange { wanted: index, size: newest.size });
    let id = TileId::in_tree(0, index >> 8, newest.size).filter(|_| index < newest.size).ok_or_else(outside)?;
    let path = format!("{}/{}", check.files.place(), id.entries_path());
    let bundle = stored(check.files, id, TileId::entries_path)?.ok_or_else(|| Error::unreadable(&path, "the file is gone"))?;
    let entries = decode_entries(&bundle.bytes).map_err(|why| Error::unreadable(&path, why))?;
    entries.into_iter().nth((index & 0xff) as usize).ok_or_else(|| Error::unreadable(path, "the entry is missing"))
}

/// What is wrong where the log as it is now does not continue the checkpoint that a proof stands under.
pub fn still_there(check: &Check, proven: &Checkpoint) -> Result<Option<Fault>, Error> {
    let (_, newest) = check.checkpoint()?;
    Ok(continued(proven, &newest, consistency_proof(&|id: TileId| tile(check.files, id), proven.size, newest.size)))
}
