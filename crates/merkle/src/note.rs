//! Signed notes with Ed25519 (c2sp.org/signed-note): a text, an empty line, then one signature a line.

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::MerkleError;

const ALGORITHM_ED25519: u8 = 1;
const SIGNATURE_PREFIX: &str = "\u{2014} ";
/// More than any honest note carries; keeps a hostile one from costing much.
const MAX_SIGNATURES: usize = 100;

fn malformed(reason: &'static str) -> MerkleError {
    MerkleError::malformed("note", reason)
}

fn check_name(name: &str) -> Result<(), MerkleError> {
    let odd = |c: char| c == '+' || c.is_whitespace() || c.is_control();
    if name.is_empty() || name.contains(odd) { Err(malformed("key name is empty or has a space or plus sign")) } else { Ok(()) }
}

pub(crate) fn key_id(name: &str, algorithm: u8, key: &VerifyingKey) -> [u8; 4] {
    let digest = Sha256::new().chain_update(name).chain_update([b'\n', algorithm]).chain_update(key.as_bytes()).finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// Reads `name+hash+base64` of a key of this algorithm; the hash must fit the key.
pub(crate) fn parse_key(text: &str, algorithm: u8) -> Result<(String, VerifyingKey), MerkleError> {
    let bad = |reason| MerkleError::malformed("verifier key", reason);
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(bad("not name+hash+base64")) };
    check_name(name)?;
    let bytes = STANDARD.decode(key).map_err(|_| bad("key is not base64"))?;
    let key = bytes.split_first().filter(|(kind, _)| **kind == algorithm).map(|(_, key)| key);
    let key = key.ok_or_else(|| bad(if algorithm == ALGORITHM_ED25519 { "not an Ed25519 key" } else { "not an Ed25519 cosignature key" }))?;
    let key = key.try_into().ok().and_then(|key| VerifyingKey::from_bytes(key).ok()).ok_or_else(|| bad("not an Ed25519 key"))?;
    if hash == hash_hex(name, algorithm, &key) { Ok((name.to_owned(), key)) } else { Err(bad("hash does not fit the key")) }
}

fn hash_hex(name: &str, algorithm: u8, key: &VerifyingKey) -> String {
    format!("{:08x}", u32::from_be_bytes(key_id(name, algorithm, key)))
}

/// Writes what [`parse_key`] reads.
pub(crate) fn write_key(out: &mut std::fmt::Formatter<'_>, name: &str, algorithm: u8, key: &VerifyingKey) -> std::fmt::Result {
    let bytes = [&[algorithm], key.as_bytes().as_slice()].concat();
    write!(out, "{name}+{}+{}", hash_hex(name, algorithm, key), STANDARD.encode(bytes))
}

/// One signature line, its newline included.
pub(crate) fn signature_line(name: &str, id: [u8; 4], signature: &[u8]) -> String {
    format!("{SIGNATURE_PREFIX}{name} {}\n", STANDARD.encode([&id, signature].concat()))
}

/// A named private key.
pub struct NoteSigner {
    name: String,
    key: SigningKey,
}

impl NoteSigner {
    /// Names a key that exists already; `seed` is the 32-byte Ed25519 private key.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, MerkleError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), key: SigningKey::from_bytes(seed) })
    }

    /// The public half.
    pub fn verifier(&self) -> NoteVerifier {
        NoteVerifier { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// Signs a text, which must end with a newline; the answer is the whole note.
    pub fn sign(&self, text: &str) -> Result<String, MerkleError> {
        check_text(text)?;
        Ok(format!("{text}\n{}", self.signature_line(text)))
    }

    fn signature_line(&self, text: &str) -> String {
        let id = key_id(&self.name, ALGORITHM_ED25519, &self.key.verifying_key());
        signature_line(&self.name, id, &self.key.sign(text.as_bytes()).to_bytes())
    }
}

/// A named public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteVerifier {
    name: String,
    key: VerifyingKey,
}

impl NoteVerifier {
    /// The name signatures of this key carry.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn signed(&self, name: &str, id: [u8; 4]) -> bool {
        self.name == name && key_id(name, ALGORITHM_ED25519, &self.key) == id
    }

    /// Reads `name+hash+base64`; the hash must fit the key.
    pub fn parse(text: &str) -> Result<Self, MerkleError> {
        parse_key(text, ALGORITHM_ED25519).map(|(name, key)| Self { name, key })
    }
}

impl std::fmt::Display for NoteVerifier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_key(out, &self.name, ALGORITHM_ED25519, &self.key)
    }
}

fn check_text(text: &str) -> Result<(), MerkleError> {
    if !text.ends_with('\n') || text.chars().any(|c| c < ' ' && c != '\n') {
        return Err(malformed("text lacks its last newline or has control characters"));
    }
    Ok(())
}

/// A note taken apart, its signatures not yet checked: nothing but [`Note::verify`] hands out the text.
#[derive(Debug)]
pub struct Note<'a> {
    pub(crate) text: &'a str,
    /// (name, key id, signature) as written.
    pub(crate) signatures: Vec<(&'a str, [u8; 4], Vec<u8>)>,
}

impl<'a> Note<'a> {
    /// Takes a note apart.
    pub fn parse(note: &'a str) -> Result<Self, MerkleError> {
        let gap = note.rfind("\n\n").ok_or_else(|| malformed("no empty line before the signatures"))?;
        let (text, lines) = (&note[..=gap], &note[gap + 2..]);
        check_text(text)?;
        let lines = lines.strip_suffix('\n').ok_or_else(|| malformed("no newline at the end"))?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(malformed("too many signatures"));
        }
        let signatures = lines.split('\n').map(signature).collect::<Result<_, _>>()?;
        Ok(Self { text, signatures })
    }

    /// The text, if at least one known key signed it and no signature by a known key is wrong. Unknown keys are passed over.
    pub fn verify(&self, known: &[NoteVerifier]) -> Result<&'a str, MerkleError> {
        let mut verified = false;
        for (name, id, signature) in &self.signatures {
            let Some(verifier) = known.iter().find(|verifier| verifier.signed(name, *id)) else { continue };
            let wrong = || MerkleError::BadSignature((*name).to_owned());
            let signature = Signature::from_slice(signature).map_err(|_| wrong())?;
            verifier.key.verify_strict(self.text.as_bytes(), &signature).map_err(|_| wrong())?;
            verified = true;
        }
        if verified { Ok(self.text) } else { Err(MerkleError::NoKnownSignature) }
    }

    /// The note with the signatures of these keys alone.
    ///
    /// # Errors
    /// As [`Note::verify`].
    pub fn only(&self, known: &[NoteVerifier]) -> Result<String, MerkleError> {
        self.verify(known)?;
        let kept = self.signatures.iter().filter(|(name, id, _)| known.iter().any(|verifier| verifier.signed(name, *id)));
        Ok(kept.fold(format!("{}\n", self.text), |note, (name, id, signature)| note + &signature_line(name, *id, signature)))
    }

    /// How many signatures there are, known or not.
    pub fn signatures(&self) -> usize {
        self.signatures.len()
    }
}

fn signature(line: &str) -> Result<(&str, [u8; 4], Vec<u8>), MerkleError> {
    let (name, blob) = line.strip_prefix(SIGNATURE_PREFIX).and_then(|rest| rest.split_once(' ')).ok_or_else(|| malformed("broken signature line"))?;
    check_name(name)?;
    let blob = STANDARD.decode(blob).map_err(|_| malformed("signature is not base64"))?;
    let (id, signature) = blob.split_first_chunk::<4>().ok_or_else(|| malformed("signature is too short"))?;
    Ok((name, *id, signature.to_vec()))
}
