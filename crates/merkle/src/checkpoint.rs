//! The checkpoint (c2sp.org/tlog-checkpoint): which log, how many entries, which root; signed as a note.

use crate::{Hash, MerkleError, Note, NoteSigner, NoteVerifier};

/// What a log promises about itself at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, one line.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree of `size` entries.
    pub root: Hash,
}

impl Checkpoint {
    /// The unsigned text: three lines.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Reads the text back. Extension lines are allowed and passed over, as the specification asks of readers.
    pub fn parse_text(text: &str) -> Result<Self, MerkleError> {
        let bad = |reason| MerkleError::malformed("checkpoint", reason);
        let body = text.strip_suffix('\n').ok_or_else(|| bad("no newline at the end"))?;
        let lines: Vec<&str> = body.split('\n').collect();
        let [origin, size, root, ..] = lines[..] else { return Err(bad("fewer than three lines")) };
        if lines.iter().any(|line| line.is_empty()) {
            return Err(bad("empty line"));
        }
        let count = size.parse::<u64>().map_err(|_| bad("size is not a number"))?;
        if count.to_string() != size {
            return Err(bad("size is not in plain decimal"));
        }
        Ok(Self { origin: origin.to_owned(), size: count, root: Hash::from_base64(root)? })
    }

    /// The signed note.
    pub fn sign(&self, signer: &NoteSigner) -> Result<String, MerkleError> {
        let text = self.text();
        // An origin with a line break would sign a different checkpoint from the one in hand.
        if Self::parse_text(&text)? != *self {
            return Err(MerkleError::malformed("checkpoint", "origin is not one line"));
        }
        signer.sign(&text)
    }

    /// Reads a signed note; the origin must be the one expected and a known key must have signed.
    pub fn verify(note: &str, origin: &str, known: &[NoteVerifier]) -> Result<Self, MerkleError> {
        let checkpoint = Self::parse_text(Note::parse(note)?.verify(known)?)?;
        if checkpoint.origin == origin { Ok(checkpoint) } else { Err(MerkleError::OtherLog { found: checkpoint.origin, wanted: origin.to_owned() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;

    const ORIGIN: &str = "example.org/trail";

    fn signed() -> (String, NoteVerifier) {
        let signer = NoteSigner::new(ORIGIN, &[7; 32]).unwrap();
        let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: 42, root: leaf_hash(b"x") };
        let note = checkpoint.sign(&signer).unwrap();
        assert_eq!(Checkpoint::verify(&note, ORIGIN, &[signer.verifier()]).unwrap(), checkpoint);
        (note, signer.verifier())
    }

    #[test]
    fn any_flipped_byte_fails() {
        let (note, verifier) = signed();
        for at in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(Checkpoint::verify(&changed, ORIGIN, std::slice::from_ref(&verifier)).is_err(), "byte {at}");
        }
    }

    #[test]
    fn other_log_and_unknown_key_are_refused() {
        let (note, verifier) = signed();
        assert!(Checkpoint::verify(&note, "example.org/other", &[verifier]).is_err());
        let stranger = NoteSigner::new(ORIGIN, &[8; 32]).unwrap().verifier();
        assert!(matches!(Checkpoint::verify(&note, ORIGIN, &[stranger]), Err(MerkleError::NoKnownSignature)));
    }

    #[test]
    fn verifier_key_text_round_trip() {
        let (_, verifier) = signed();
        let text = verifier.to_string();
        assert_eq!(NoteVerifier::parse(&text).unwrap(), verifier);
        assert!(NoteVerifier::parse(&text.replace("trail", "trial")).is_err());
    }

    #[test]
    fn broken_texts_are_refused() {
        let root = leaf_hash(b"x");
        for text in [format!("o\n042\n{root}\n"), format!("o\n+42\n{root}\n"), format!("\n42\n{root}\n"), format!("o\n42\n{root}"), "o\n42\n".to_owned()] {
            assert!(Checkpoint::parse_text(&text).is_err(), "{text:?}");
        }
        let split = Checkpoint { origin: "a\n1".to_owned(), size: 42, root };
        assert!(split.sign(&NoteSigner::new("k", &[7; 32]).unwrap()).is_err());
    }
}
