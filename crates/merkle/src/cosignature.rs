//! Cosignatures of witnesses on a checkpoint (c2sp.org/tlog-cosignature, the Ed25519 kind `cosignature/v1`).

use crate::{
    MerkleError, Note,
    note::{key_id, parse_key, signature_line, write_key},
};
use ed25519_dalek::{Signature, VerifyingKey};

const ALGORITHM_COSIGNATURE: u8 = 4;
const TIME_BYTES: usize = 8;

/// A witness's name and public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    key: VerifyingKey,
}

/// What a witness says of a checkpoint: at this time it was the largest it had seen of the log, and it went on from all it had seen before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    pub witness: String,
    /// By the witness's clock, in seconds since 1970 UTC.
    pub time_secs: u64,
    /// As a note carries it, newline included.
    pub line: String,
}

impl WitnessKey {
    /// The name cosignatures of this key carry.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads `name+hash+base64`; the hash must fit the key.
    pub fn parse(text: &str) -> Result<Self, MerkleError> {
        let (name, key) = parse_key(text, ALGORITHM_COSIGNATURE)?;
        // Under such a key anybody can sign.
        if key.is_weak() { Err(MerkleError::malformed("verifier key", "a weak key")) } else { Ok(Self { name, key }) }
    }

    /// Checks `time || signature` over a checkpoint's text; answers the time.
    fn verify(&self, text: &str, blob: &[u8]) -> Result<u64, MerkleError> {
        let wrong = || MerkleError::BadSignature(self.name.clone());
        let (time, signature) = blob.split_first_chunk::<TIME_BYTES>().ok_or_else(wrong)?;
        let time_secs = u64::from_be_bytes(*time);
        let signature = Signature::from_slice(signature).map_err(|_| wrong())?;
        if i64::try_from(time_secs).is_err() {
            return Err(wrong());
        }
        let said = format!("cosignature/v1\ntime {time_secs}\n{text}");
        self.key.verify_strict(said.as_bytes(), &signature).map_err(|_| wrong())?;
        Ok(time_secs)
    }
}

impl std::fmt::Display for WitnessKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_key(out, &self.name, ALGORITHM_COSIGNATURE, &self.key)
    }
}

impl Note<'_> {
    /// The cosignatures by known witnesses, at most one of each, if no line by a known witness is wrong. Unknown keys are passed over.
    pub fn cosignatures(&self, known: &[WitnessKey]) -> Result<Vec<Cosignature>, MerkleError> {
        let mut found: Vec<Cosignature> = Vec::new();
        for (name, id, blob) in &self.signatures {
            let Some(witness) = known.iter().find(|w| w.name == *name && key_id(name, ALGORITHM_COSIGNATURE, &w.key) == *id) else { continue };
            let time_secs = witness.verify(self.text, blob)?;
            if !found.iter().any(|c| c.witness == *name) {
                found.push(Cosignature { witness: witness.name.clone(), time_secs, line: signature_line(name, *id, blob) });
            }
        }
        Ok(found)
    }
}

/// The note with these lines added where they are not in it yet.
pub fn cosigned(note: &str, with: &[Cosignature]) -> String {
    let new = with.iter().filter(|c| !note.contains(&c.line));
    new.fold(note.to_owned(), |note, cosignature| note + &cosignature.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checkpoint, NoteVerifier};

    // Made with hashlib and the PyPI package cryptography, and accepted by aics-tlog verify-checkpoint --quorum 2.
    const LOG: &str = "example.org/trail+db3f8701+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";
    const ONE: &str = "witness.example/w1+efcd800c+BGa+fjMsekUzMr2dCn99sFX1xe8aBq2mbZizn7aBDEc6";
    const TWO: &str = "witness.example/w2+023facbb+BAtROtm0kkAVygkC7QeQRNOsXb7CMG8GlIwQ2o62458t";
    const NOTE: &str = "example.org/trail
42
PH6byTDck/AfppmF7yQtn56GHzxTVaokzl70tLinDMs=

— example.org/trail 2z+HAbbqL0QKRmJ0Q1Aiydc/kS/Rbts24quCZUjPVvASY2uIgpY/79ZVlPV8NiOduHoc4ohd42MPO49nOn/nPLFyuQ8=
— witness.example/w1 782ADAAAAABrA9ySxlsmpf6U3KPJj4ZVVsiigfJSVPZnqEjAqi5Pjb7RqLjEElGn9p/qIbM5qlljH5fAVkTEgr7Jzv/7HE8Yuv84BA==
— witness.example/w2 Aj+suwAAAABrA9yTaPhKuEBrdryD7hIHa6GlYOQNj8if4zKGoRidiHNynzNJ/TVaNKUNoisEwyptqBqYZGgedwQDTctYY0TSlthUDw==
";

    fn keys() -> [WitnessKey; 2] {
        [ONE, TWO].map(|key| WitnessKey::parse(key).unwrap())
    }

    #[test]
    fn another_program_s_cosignatures_are_read() {
        let log = [NoteVerifier::parse(LOG).unwrap()];
        assert_eq!(Checkpoint::verify(NOTE, "example.org/trail", &log).unwrap().size, 42);
        let note = Note::parse(NOTE).unwrap();
        let found = note.cosignatures(&keys()).unwrap();
        let said: Vec<_> = found.iter().map(|c| (c.witness.as_str(), c.time_secs)).collect();
        assert_eq!(said, [("witness.example/w1", 1_795_415_186), ("witness.example/w2", 1_795_415_187)]);
        assert_eq!(note.cosignatures(&keys()[1..]).unwrap().len(), 1, "keys not known are passed over");
        let bare = note.only(&log).unwrap();
        assert!(NOTE.starts_with(&bare) && bare.lines().count() == 5);
        assert_eq!(cosigned(&bare, &found), NOTE);
        assert_eq!(cosigned(NOTE, &found), NOTE, "nothing is added twice");
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let log = [NoteVerifier::parse(LOG).unwrap()];
        // Every signature by a known key and none wrong: what `verify` asks of a stored note.
        let whole = |text: &str| {
            let note = Note::parse(text).ok()?;
            note.verify(&log).ok()?;
            let found = note.cosignatures(&keys()).ok()?;
            (note.signatures() == 3 && found.len() == 2).then_some(())
        };
        assert!(whole(NOTE).is_some());
        for (at, bit) in (0..NOTE.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = NOTE.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(whole(&changed).is_none(), "bit {bit} of byte {at}");
        }
    }

    #[test]
    fn another_time_another_text_and_other_keys_are_refused() {
        let line = NOTE.lines().nth(5).unwrap();
        let of = |text: &str| Note::parse(text).and_then(|note| note.cosignatures(&keys())).map(|found| found.len());
        let other = Checkpoint { origin: "example.org/trail".into(), size: 43, root: crate::leaf_hash(b"x") }.text();
        assert!(matches!(of(&format!("{other}\n{line}\n")), Err(MerkleError::BadSignature(_))), "moved to another checkpoint");
        assert!(WitnessKey::parse(LOG).is_err(), "a log's key is no witness's");
        assert!(NoteVerifier::parse(ONE).is_err(), "a witness's key is no log's");
        for key in keys() {
            assert_eq!(WitnessKey::parse(&key.to_string()).unwrap(), key);
        }
        // The neutral point: everybody's signature would fit.
        let weak = "w+881e0990+BAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(WitnessKey::parse(weak).is_err());
    }
}
