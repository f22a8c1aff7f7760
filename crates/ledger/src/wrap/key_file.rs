//! A file that holds one random key: sealed under a passphrase where there is one, and otherwise as safe as the disk it lies on.

use crate::{
    error::{LedgerError, Result},
    keyring::{aead_open, aead_seal},
};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD};
use rand::{RngCore, rngs::OsRng};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

const FORMAT: &str = "veritrail key 1";
const SALT_BYTES: usize = 16;
/// For files made now: 64 MiB, three passes.
const MEMORY_KIB: u32 = 64 << 10;
const PASSES: u32 = 3;
/// What a file may ask for at most: a hostile one must not stop the process.
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_PASSES: u32 = 100;

/// Unseals key files. It prints as nothing and is overwritten when dropped.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// The first line; `None` for an empty one.
    pub fn new(text: &str) -> Option<Self> {
        let line = text.lines().next().unwrap_or_default();
        (!line.is_empty()).then(|| Self(Zeroizing::new(line.to_owned())))
    }

    #[cfg(feature = "pkcs11")]
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Passphrase")
    }
}

/// A key as its file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    format: String,
    pub(super) id: Uuid,
    /// What it is for; a key does not open as another's.
    pub(super) purpose: String,
    pub(super) secret: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Secret {
    /// Base64 of the key.
    Plain(String),
    /// Argon2id of the passphrase seals the key: base64 of salt, and of nonce, ciphertext and tag.
    Sealed { memory_kib: u32, passes: u32, salt: String, key: String },
    /// It never leaves a PKCS#11 token: the token's label and the key's.
    Token { token: String, key: String },
}

impl KeyFile {
    /// Holds this key.
    pub(super) fn of(id: Uuid, purpose: &str, key: &[u8; 32], passphrase: Option<&Passphrase>) -> Result<Self> {
        let mut file = Self { format: FORMAT.to_owned(), id, purpose: purpose.to_owned(), secret: Secret::Plain(String::new()) };
        file.secret = match passphrase {
            None => Secret::Plain(STANDARD.encode(key)),
            Some(passphrase) => {
                let mut salt = [0; SALT_BYTES];
                OsRng.fill_bytes(&mut salt);
                let sealing = stretched(passphrase, MEMORY_KIB, PASSES, &salt).map_err(LedgerError::Internal)?;
                let sealed = aead_seal(&sealing, &file.associated(), key)?;
                Secret::Sealed { memory_kib: MEMORY_KIB, passes: PASSES, salt: STANDARD.encode(salt), key: STANDARD.encode(sealed) }
            }
        };
        Ok(file)
    }

    /// Names a key in a token.
    pub(super) fn of_token(id: Uuid, purpose: &str, token: &str, key: &str) -> Self {
        let secret = Secret::Token { token: token.to_owned(), key: key.to_owned() };
        Self { format: FORMAT.to_owned(), id, purpose: purpose.to_owned(), secret }
    }

    pub(super) fn encode(&self) -> Result<Zeroizing<Vec<u8>>> {
        let text = serde_json::to_vec_pretty(self).map_err(|e| LedgerError::Internal(format!("a key file cannot be written as JSON: {e}")))?;
        Ok(Zeroizing::new(text))
    }

    /// # Errors
    /// A sentence that says why these bytes are no key file of this release.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file: Self = serde_json::from_slice(bytes).map_err(|e| format!("it is no key file: {e}"))?;
        if file.format == FORMAT { Ok(file) } else { Err(format!("its format is '{}', this release reads '{FORMAT}'", file.format)) }
    }

    /// The key in it.
    ///
    /// # Errors
    /// A sentence: the passphrase is missing or another one, or the file is damaged.
    pub(super) fn open(&self, passphrase: Option<&Passphrase>) -> Result<Zeroizing<[u8; 32]>, String> {
        let decoded = |text: &str| STANDARD.decode(text).map_err(|e| format!("it is damaged: {e}"));
        let mut bytes = match &self.secret {
            Secret::Plain(key) => decoded(key)?,
            Secret::Sealed { memory_kib, passes, salt, key } => {
                let passphrase = passphrase.ok_or("it is sealed under a passphrase; set keys.passphrase_file")?;
                let sealing = stretched(passphrase, *memory_kib, *passes, &decoded(salt)?)?;
                aead_open(&sealing, &self.associated(), &decoded(key)?).ok_or("the passphrase is not the one it was sealed under, or the file is damaged")?
            }
            Secret::Token { token, .. } => return Err(format!("its key lies in the token '{token}' and never leaves it")),
        };
        let key = bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| "its key is not 32 bytes".to_owned());
        bytes.zeroize();
        key
    }

    fn associated(&self) -> Vec<u8> {
        format!("{FORMAT} {} {}", self.purpose, self.id).into_bytes()
    }
}

fn stretched(passphrase: &Passphrase, memory_kib: u32, passes: u32, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, String> {
    if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES {
        return Err(format!("it asks for {memory_kib} KiB and {passes} passes of Argon2id; {MAX_MEMORY_KIB} and {MAX_PASSES} are the most"));
    }
    let params = Params::new(memory_kib, passes, 1, Some(32)).map_err(|e| format!("Argon2id: {e}"))?;
    let mut key = Zeroizing::new([0; 32]);
    let stretch = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    stretch.hash_password_into(passphrase.0.as_bytes(), salt, key.as_mut_slice()).map_err(|e| format!("Argon2id: {e}"))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text).unwrap()
    }

    #[test]
    fn only_the_passphrase_opens_what_it_sealed_and_says_so_in_one_line() {
        let id = Uuid::from_u128(3);
        let file = KeyFile::of(id, "key-encryption", &[9; 32], Some(&passphrase("correct horse\n"))).unwrap();
        let read = KeyFile::parse(&file.encode().unwrap()).unwrap();
        assert_eq!(*read.open(Some(&passphrase("correct horse"))).unwrap(), [9; 32]);
        for (given, says) in [(None, "keys.passphrase_file"), (Some(passphrase("correct horsf")), "the passphrase is not the one")] {
            let why = read.open(given.as_ref()).unwrap_err();
            assert!(why.contains(says) && !why.contains("horse") && !why.contains('\n'), "{why}");
        }
        let other = KeyFile { purpose: "ledger-signing self".into(), ..read };
        assert!(other.open(Some(&passphrase("correct horse"))).is_err(), "a key made for one purpose serves no other");
    }

    #[test]
    fn without_a_passphrase_it_is_as_safe_as_its_disk() {
        let file = KeyFile::of(Uuid::from_u128(3), "key-encryption", &[9; 32], None).unwrap();
        assert_eq!(*file.open(None).unwrap(), [9; 32]);
        assert_eq!(*file.open(Some(&passphrase("set later"))).unwrap(), [9; 32]);
    }

    #[test]
    fn what_is_no_key_file_is_named_and_costs_little() {
        let why = |text: &str| KeyFile::parse(text.as_bytes()).unwrap_err();
        assert!(why("{}").contains("no key file"));
        let mut file = KeyFile::of(Uuid::nil(), "p", &[0; 32], None).unwrap();
        file.format = "veritrail key 2".into();
        assert!(why(&String::from_utf8(file.encode().unwrap().to_vec()).unwrap()).contains("'veritrail key 2'"));
        file.secret = Secret::Sealed { memory_kib: u32::MAX, passes: 1, salt: STANDARD.encode([0; 16]), key: STANDARD.encode([0; 60]) };
        assert!(file.open(Some(&passphrase("p"))).unwrap_err().contains("the most"));
        assert_eq!(format!("{:?}", passphrase("p")), "Passphrase");
    }
}
