//! The `.tlog-proof` text (c2sp.org/tlog-proof): index, audit path and signed checkpoint in one file that can be checked offline.

use crate::{Checkpoint, Hash, MerkleError, NoteVerifier, verify_inclusion};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A path is never longer than the bits of an index.
const MAX_HASHES: usize = 64;

/// Evidence that one entry is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Position of the entry.
    pub index: u64,
    /// Audit path, leaf side first.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, byte for byte.
    pub checkpoint: String,
}

impl TlogProof {
    /// Writes the file.
    pub fn encode(&self) -> String {
        let hashes: String = self.hashes.iter().map(|hash| format!("{hash}\n")).collect();
        format!("{HEADER}\nindex {}\n{hashes}\n{}", self.index, self.checkpoint)
    }

    /// Reads the file; proves nothing before [`TlogProof::verify`].
    pub fn parse(text: &str) -> Result<Self, MerkleError> {
        let bad = |reason| MerkleError::malformed("tlog-proof", reason);
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(|| bad("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(bad("unknown header"));
        }
        let number = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or_else(|| bad("no index line"))?;
        let index = number.parse::<u64>().ok().filter(|index| index.to_string() == number).ok_or_else(|| bad("index is not in plain decimal"))?;
        let hashes = lines.map(Hash::from_base64).collect::<Result<Vec<_>, _>>()?;
        if hashes.len() > MAX_HASHES {
            return Err(bad("too many hashes"));
        }
        Ok(Self { index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// Checks signature, origin and path for the entry with this leaf hash; answers the checkpoint it stands under.
    pub fn verify(&self, leaf: Hash, origin: &str, known: &[NoteVerifier]) -> Result<Checkpoint, MerkleError> {
        let checkpoint = Checkpoint::verify(&self.checkpoint, origin, known)?;
        verify_inclusion(leaf, self.index, checkpoint.size, &self.hashes, checkpoint.root)?;
        Ok(checkpoint)
    }
}
