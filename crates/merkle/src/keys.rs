//! The keys of a log, one after the other: which of them signs checkpoints of which sizes.
//!
//! A key hands over to the next with a note that both sign, so that whoever trusts either of them learns the other. What a key of the past signs of a size
//! that is no longer its own is refused: a stolen old key rewrites nothing.

use crate::{Checkpoint, MerkleError, Note, NoteSigner, NoteVerifier};

const HEADER: &str = "veritrail key handover 1";
/// Header, origin, first size, both keys; an empty line; both signatures.
const LINES: usize = 8;

/// One or more keys, in the order in which they signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKeys {
    /// With the first size that each signs; 0 for the first key.
    keys: Vec<(u64, NoteVerifier)>,
    handovers: String,
}

impl From<NoteVerifier> for LogKeys {
    /// One key for every size.
    fn from(key: NoteVerifier) -> Self {
        Self { keys: vec![(0, key)], handovers: String::new() }
    }
}

impl LogKeys {
    /// Reads handovers, one after the other, and holds every signature in them. `trusted` must be one of the keys, whichever; no handovers leave it alone.
    pub fn parse(handovers: &str, origin: &str, trusted: &NoteVerifier) -> Result<Self, MerkleError> {
        let bad = |reason| MerkleError::malformed("list of keys", reason);
        let mut keys: Vec<(u64, NoteVerifier)> = Vec::new();
        let lines: Vec<&str> = handovers.split_inclusive('\n').collect();
        for lines in lines.chunks(LINES) {
            let note = lines.concat();
            let (from, old, new) = handover(&note, origin)?;
            match keys.last() {
                None => keys.push((0, old)),
                Some((_, last)) if *last == old => {}
                Some(_) => return Err(bad("a handover is not by the key before")),
            }
            if keys.last().is_some_and(|(last, _)| *last >= from) || keys.iter().any(|(_, key)| *key == new) || new.name() != trusted.name() {
                return Err(bad("a key has another name, comes again, or signs no size at all"));
            }
            keys.push((from, new));
        }
        if keys.is_empty() {
            return Ok(trusted.clone().into());
        }
        if keys.iter().any(|(_, key)| key == trusted) { Ok(Self { keys, handovers: handovers.to_owned() }) } else { Err(MerkleError::NoKnownSignature) }
    }

    /// What [`LogKeys::parse`] reads; empty for one key.
    pub fn handovers(&self) -> &str {
        &self.handovers
    }

    /// The keys with one more, which signs from `from` entries on: `old` must be the newest so far.
    pub fn hand_over(&self, origin: &str, from: u64, old: &NoteSigner, new: &NoteSigner) -> Result<Self, MerkleError> {
        let (old_key, new_key) = (old.verifier(), new.verifier());
        let text = format!("{HEADER}\n{origin}\n{from}\n{old_key}\n{new_key}\n");
        let by_new = new.sign(&text)?;
        let line = by_new.rsplit_once("\n\n").map_or("", |(_, line)| line);
        let handovers = format!("{}{}{line}", self.handovers, old.sign(&text)?);
        Self::parse(&handovers, origin, self.newest())
    }

    /// The name that all of them carry.
    pub fn name(&self) -> &str {
        self.newest().name()
    }

    /// The one that signs what is signed next.
    pub fn newest(&self) -> &NoteVerifier {
        &self.keys.last().expect("there is always a key").1
    }

    /// The one that signs checkpoints of this size.
    pub fn of_size(&self, size: u64) -> &NoteVerifier {
        let signs = self.keys.iter().rev().find(|(from, _)| *from <= size);
        &signs.expect("the first key signs from 0 on").1
    }

    /// Each with the first size that it signs.
    pub fn all(&self) -> &[(u64, NoteVerifier)] {
        &self.keys
    }

    /// Reads a signed checkpoint: its origin must be the one expected, and the key that signs its size must have signed it.
    pub fn checkpoint(&self, note: &str, origin: &str) -> Result<Checkpoint, MerkleError> {
        let said = Checkpoint::parse_text(Note::parse(note)?.text)?;
        let key = self.of_size(said.size);
        match Checkpoint::verify(note, origin, std::slice::from_ref(key)) {
            Err(MerkleError::NoKnownSignature) if self.signed_by_another(note) => Err(MerkleError::OtherKey { size: said.size, wanted: key.to_string() }),
            read => read,
        }
    }

    fn signed_by_another(&self, note: &str) -> bool {
        let by = |key: &NoteVerifier| Note::parse(note).and_then(|note| note.verify(std::slice::from_ref(key)).map(drop)).is_ok();
        self.keys.iter().any(|(_, key)| by(key))
    }
}

/// First size and both keys of one handover, its signatures checked.
fn handover(note: &str, origin: &str) -> Result<(u64, NoteVerifier, NoteVerifier), MerkleError> {
    let bad = |reason| MerkleError::malformed("handover of keys", reason);
    let note = Note::parse(note)?;
    let lines: Vec<&str> = note.text.lines().collect();
    let [HEADER, of, from, old, new] = lines[..] else { return Err(bad("not header, origin, size and two keys")) };
    let size = from.parse::<u64>().ok().filter(|size| size.to_string() == from).ok_or_else(|| bad("size is not in plain decimal"))?;
    let (old, new) = (NoteVerifier::parse(old)?, NoteVerifier::parse(new)?);
    for key in [&old, &new] {
        note.verify(std::slice::from_ref(key))?;
    }
    if of == origin { Ok((size, old, new)) } else { Err(MerkleError::OtherLog { found: of.to_owned(), wanted: origin.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;

    const ORIGIN: &str = "example.org/activity.0";

    fn signer(seed: u8) -> NoteSigner {
        NoteSigner::new("example.org", &[seed; 32]).unwrap()
    }

    fn signed(size: u64, by: &NoteSigner) -> String {
        Checkpoint { origin: ORIGIN.to_owned(), size, root: leaf_hash(b"x") }.sign(by).unwrap()
    }

    /// Three keys: sizes 0 to 9, 10 to 24, and from 25 on.
    fn three() -> LogKeys {
        let keys = LogKeys::from(signer(1).verifier()).hand_over(ORIGIN, 10, &signer(1), &signer(2)).unwrap();
        keys.hand_over(ORIGIN, 25, &signer(2), &signer(3)).unwrap()
    }

    #[test]
    fn each_size_has_one_key() {
        let keys = three();
        let check = |size: u64, by: u8, expect: bool| {
            let read = keys.checkpoint(&signed(size, &signer(by)), ORIGIN);
            assert_eq!(read.is_ok(), expect, "{size} records by key {by}: {read:?}");
        };
        for (size, by) in [(0, 1), (9, 1), (10, 2), (24, 2), (25, 3), (u64::MAX, 3)] {
            (1..=4).for_each(|other| check(size, other, other == by));
        }
        let why = keys.checkpoint(&signed(30, &signer(1)), ORIGIN).unwrap_err().to_string();
        assert!(why.contains(&signer(3).verifier().to_string()), "{why}");
        assert!(matches!(keys.checkpoint(&signed(30, &signer(4)), ORIGIN), Err(MerkleError::NoKnownSignature)));
        assert!(matches!(keys.checkpoint(&signed(30, &signer(3)), "example.org/self.0"), Err(MerkleError::OtherLog { .. })));
    }

    #[test]
    fn whoever_trusts_one_learns_the_others() {
        let keys = three();
        assert_eq!(keys.name(), "example.org");
        for seed in 1..=3 {
            assert_eq!(LogKeys::parse(keys.handovers(), ORIGIN, &signer(seed).verifier()).unwrap(), keys);
        }
        assert!(matches!(LogKeys::parse(keys.handovers(), ORIGIN, &signer(4).verifier()), Err(MerkleError::NoKnownSignature)));
        assert_eq!(LogKeys::parse("", ORIGIN, &signer(4).verifier()).unwrap(), signer(4).verifier().into());
    }

    #[test]
    fn any_flipped_byte_and_any_missing_line_fails() {
        let keys = three();
        let trusted = signer(1).verifier();
        for at in 0..keys.handovers().len() {
            let mut bytes = keys.handovers().as_bytes().to_vec();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(LogKeys::parse(&changed, ORIGIN, &trusted).is_err(), "byte {at}");
        }
        let lines: Vec<&str> = keys.handovers().split_inclusive('\n').collect();
        for lost in 0..lines.len() {
            let less = [&lines[..lost], &lines[lost + 1..]].concat().concat();
            assert!(LogKeys::parse(&less, ORIGIN, &trusted).is_err(), "line {lost}");
        }
        assert!(LogKeys::parse(keys.handovers(), "example.org/self.0", &trusted).is_err());
        assert_eq!(LogKeys::parse(&lines[..LINES].concat(), ORIGIN, &trusted).unwrap().all().len(), 2, "an older list is a list");
        assert!(LogKeys::parse(&lines[LINES..].concat(), ORIGIN, &trusted).is_err(), "the beginning is cut off");
    }

    #[test]
    fn only_the_newest_key_hands_over() {
        let keys = three();
        assert!(keys.hand_over(ORIGIN, 40, &signer(1), &signer(4)).is_err(), "a key of the past");
        assert!(keys.hand_over(ORIGIN, 25, &signer(3), &signer(4)).is_err(), "it would leave nothing to the one before");
        assert!(keys.hand_over(ORIGIN, 40, &signer(3), &signer(1)).is_err(), "a key that comes again");
        assert!(keys.hand_over(ORIGIN, 40, &signer(3), &NoteSigner::new("example.com", &[4; 32]).unwrap()).is_err(), "another name");
        assert_eq!(keys.hand_over(ORIGIN, 40, &signer(3), &signer(4)).unwrap().all().len(), 4);
    }
}
