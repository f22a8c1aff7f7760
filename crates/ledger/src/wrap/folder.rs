//! The folder of key files: key-encryption keys, and the keys that sign checkpoints. Files are made whole or not at all, and overwritten before they go.

use super::{
    KeyWrap, KeyWraps, TokenAccess, WHAT, derived,
    key_file::{KeyFile, Passphrase, Secret},
};
use crate::{
    error::{LedgerError, Result},
    keyring::{SubjectKey, aead_seal},
};
use async_trait::async_trait;
use rand::{RngCore, rngs::OsRng};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};
use store::StoreError;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a key is for. It is part of its file's name and of what seals it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Wraps subjects' keys.
    KeyEncryption,
    /// Signs the checkpoints of this ledger.
    Signing(String),
}

impl Purpose {
    fn name(&self) -> String {
        match self {
            Self::KeyEncryption => "key-encryption".to_owned(),
            Self::Signing(ledger) => format!("ledger-signing {ledger}"),
        }
    }

    fn prefix(&self) -> String {
        match self {
            Self::KeyEncryption => "kek-".to_owned(),
            Self::Signing(ledger) => format!("sign-{ledger}-"),
        }
    }
}

/// How a key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In its file, for whoever can read that.
    Plain,
    /// In its file, under a passphrase.
    Sealed,
    /// In a PKCS#11 token.
    Token,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "file",
            Self::Sealed => "file with passphrase",
            Self::Token => "token",
        }
    }
}

/// The folder, and what opens its files.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    path: PathBuf,
    passphrase: Option<Passphrase>,
    tokens: Option<TokenAccess>,
}

impl KeyFolder {
    /// It need not exist before the first key is made.
    pub fn new(path: impl Into<PathBuf>, passphrase: Option<Passphrase>) -> Self {
        Self { path: path.into(), passphrase, tokens: None }
    }

    /// The same where keys may lie in PKCS#11 tokens.
    pub fn with_tokens(self, tokens: TokenAccess) -> Self {
        Self { tokens: Some(tokens), ..self }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a random key and its file, durably.
    pub fn make(&self, purpose: &Purpose) -> Result<Uuid> {
        let (id, mut key) = (Uuid::now_v7(), Zeroizing::new([0; 32]));
        OsRng.fill_bytes(key.as_mut_slice());
        self.write(purpose, &KeyFile::of(id, &purpose.name(), &key, self.passphrase.as_ref())?)?;
        Ok(id)
    }

    /// The file that names a key-encryption key in a token, by the token's label and the key's; makes it where there is none.
    pub fn name_in_token(&self, token: &str, key: &str) -> Result<Uuid> {
        let (purpose, id) = (Purpose::KeyEncryption, Uuid::now_v7());
        for known in self.ids(&purpose)? {
            if matches!(self.read(&purpose, known)?.secret, Secret::Token { token: t, key: k } if t == token && k == key) {
                return Ok(known);
            }
        }
        self.write(&purpose, &KeyFile::of_token(id, &purpose.name(), token, key))?;
        Ok(id)
    }

    /// The keys for this purpose that have files here, the oldest first.
    pub fn list(&self, purpose: &Purpose) -> Result<Vec<(Uuid, Kind)>> {
        let mut found = Vec::new();
        for id in self.ids(purpose)? {
            let file = self.read(purpose, id)?;
            let kind = match file.secret {
                Secret::Plain(_) => Kind::Plain,
                Secret::Sealed { .. } => Kind::Sealed,
                Secret::Token { .. } => Kind::Token,
            };
            found.push((id, kind));
        }
        Ok(found)
    }

    pub(crate) fn ids(&self, purpose: &Purpose) -> Result<Vec<Uuid>> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(&self.path, error)),
        };
        let prefix = purpose.prefix();
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry.map_err(|e| self.failed(&self.path, e))?.file_name();
            let id = name.to_str().and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(".json")?.parse::<Uuid>().ok());
            ids.extend(id);
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// The key itself.
    ///
    /// # Errors
    /// `KeyFile` names the file and says why; `Store(Unavailable)` when it is not there.
    pub(crate) fn key(&self, purpose: &Purpose, id: Uuid) -> Result<Zeroizing<[u8; 32]>> {
        self.read(purpose, id)?.open(self.passphrase.as_ref()).map_err(|why| self.unusable(purpose, id, why))
    }

    /// Seals every key for this purpose under another passphrase, those that were sealed under it before an interruption left as they are. How many files
    /// were written anew. Whoever has the passphrase of before still opens copies made before.
    pub fn seal(&self, purpose: &Purpose, passphrase: &Passphrase) -> Result<usize> {
        let mut sealed = 0;
        for id in self.ids(purpose)? {
            let file = self.read(purpose, id)?;
            let done = matches!(file.secret, Secret::Sealed { .. }) && file.open(Some(passphrase)).is_ok();
            if done || matches!(file.secret, Secret::Token { .. }) {
                continue;
            }
            let key = file.open(self.passphrase.as_ref()).map_err(|why| self.unusable(purpose, id, why))?;
            let path = self.file(purpose, id);
            let before = OpenOptions::new().write(true).open(&path).map_err(|error| self.failed(&path, error))?;
            self.write(purpose, &KeyFile::of(id, &purpose.name(), &key, Some(passphrase))?)?;
            overwrite(before).map_err(|error| self.failed(&path, error))?;
            sealed += 1;
        }
        Ok(sealed)
    }

    /// Overwrites the file and removes it: what the key wrapped or would sign is out of reach afterwards, copies of the file aside.
    pub fn destroy(&self, purpose: &Purpose, id: Uuid) -> Result<()> {
        let path = self.file(purpose, id);
        let overwritten = || {
            overwrite(OpenOptions::new().write(true).open(&path)?)?;
            fs::remove_file(&path)?;
            File::open(&self.path)?.sync_all()
        };
        match overwritten() {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(&path, error)),
            _ => Ok(()),
        }
    }

    fn file(&self, purpose: &Purpose, id: Uuid) -> PathBuf {
        self.path.join(format!("{}{id}.json", purpose.prefix()))
    }

    fn read(&self, purpose: &Purpose, id: Uuid) -> Result<KeyFile> {
        let path = self.file(purpose, id);
        let bytes = match fs::read(&path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let why = format!("there is no file '{}'; copy it from the node that made it, or from its backup", path.display());
                return Err(StoreError::Unavailable { what: WHAT, why }.into());
            }
            Err(error) => return Err(self.failed(&path, error)),
        };
        let file = KeyFile::parse(&bytes).map_err(|why| self.unusable(purpose, id, why))?;
        if (file.id, &file.purpose) != (id, &purpose.name()) {
            return Err(self.unusable(purpose, id, format!("it holds the key {} for '{}'", file.id, file.purpose)));
        }
        Ok(file)
    }

    fn write(&self, purpose: &Purpose, file: &KeyFile) -> Result<()> {
        let (path, beside) = (self.file(purpose, file.id), self.path.join(format!(".{}.new", file.id)));
        let bytes = file.encode()?;
        let written = || {
            private_folder(&self.path)?;
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut out = options.open(&beside)?;
            out.write_all(&bytes)?;
            out.sync_all()?;
            fs::rename(&beside, &path)?;
            File::open(&self.path)?.sync_all()
        };
        written().map_err(|error| self.failed(&path, error))
    }

    fn failed(&self, path: &Path, error: io::Error) -> LedgerError {
        LedgerError::KeyFile { file: path.display().to_string(), why: error.to_string() }
    }

    fn unusable(&self, purpose: &Purpose, id: Uuid, why: String) -> LedgerError {
        LedgerError::KeyFile { file: self.file(purpose, id).display().to_string(), why }
    }
}

/// Zeros in place of what is there. Disks that write elsewhere, and copies, keep what they have.
fn overwrite(mut file: File) -> io::Result<()> {
    let length = file.metadata()?.len();
    io::copy(&mut io::Read::take(io::repeat(0), length), &mut file)?;
    file.sync_all()
}

/// Nobody else may look into it, where it is made here.
fn private_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[async_trait]
impl KeyWraps for KeyFolder {
    async fn open(&self, id: Uuid) -> Result<Arc<dyn KeyWrap>> {
        let folder = self.clone();
        // A passphrase is stretched for a tenth of a second, and tokens are slower.
        let opened = tokio::task::spawn_blocking(move || folder.opened(id)).await;
        opened.map_err(|e| LedgerError::Internal(e.to_string()))?
    }
}

impl KeyFolder {
    fn opened(&self, id: Uuid) -> Result<Arc<dyn KeyWrap>> {
        let purpose = Purpose::KeyEncryption;
        match self.read(&purpose, id)?.secret {
            Secret::Token { token, key } => self.in_token(id, token, key),
            _ => Ok(Arc::new(Held { id, key: self.key(&purpose, id)? })),
        }
    }

    #[cfg(feature = "pkcs11")]
    fn in_token(&self, id: Uuid, token: String, key: String) -> Result<Arc<dyn KeyWrap>> {
        let unset = || self.unusable(&Purpose::KeyEncryption, id, format!("its key lies in the token '{token}'; set keys.pkcs11_module and the PIN"));
        let access = self.tokens.clone().ok_or_else(unset)?;
        super::token::InToken { id, access, token, key }.open()
    }

    #[cfg(not(feature = "pkcs11"))]
    fn in_token(&self, id: Uuid, token: String, _: String) -> Result<Arc<dyn KeyWrap>> {
        let _ = &self.tokens;
        Err(self.unusable(&Purpose::KeyEncryption, id, format!("its key lies in the token '{token}', and this build has no PKCS#11 (feature pkcs11)")))
    }
}

/// Holds a wrapped key to its subject and to the key that wrapped it.
pub(super) fn associated(kek: Uuid, subject: Uuid) -> Vec<u8> {
    [b"veritrail/1 subject-key ".as_slice(), kek.as_bytes(), subject.as_bytes()].concat()
}

/// A key-encryption key in memory.
struct Held {
    id: Uuid,
    key: Zeroizing<[u8; 32]>,
}

#[async_trait]
impl KeyWrap for Held {
    fn id(&self) -> Option<Uuid> {
        Some(self.id)
    }

    async fn wrap(&self, keys: &[(Uuid, SubjectKey)]) -> Result<Vec<Vec<u8>>> {
        keys.iter().map(|(subject, key)| aead_seal(&self.key, &associated(self.id, *subject), &key.0)).collect()
    }

    async fn unwrap(&self, wrapped: &[(Uuid, Vec<u8>)]) -> Result<Vec<SubjectKey>> {
        wrapped.iter().map(|(subject, wrapped)| derived::open(&self.key, &associated(self.id, *subject), wrapped)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_listed_and_destroyed() {
        let place = tempfile::tempdir().unwrap();
        let folder = KeyFolder::new(place.path().join("keys"), None);
        let signing = Purpose::Signing("activity".into());
        assert_eq!(folder.list(&signing).unwrap(), []);
        let (one, two) = (folder.make(&Purpose::KeyEncryption).unwrap(), folder.make(&Purpose::KeyEncryption).unwrap());
        let third = folder.make(&signing).unwrap();
        assert_eq!(folder.list(&Purpose::KeyEncryption).unwrap(), [(one, Kind::Plain), (two, Kind::Plain)]);
        assert_eq!(folder.list(&signing).unwrap(), [(third, Kind::Plain)]);
        assert_eq!(folder.list(&Purpose::Signing("self".into())).unwrap(), []);
        let again = KeyFolder::new(place.path().join("keys"), None);
        assert_eq!(again.key(&Purpose::KeyEncryption, one).unwrap(), folder.key(&Purpose::KeyEncryption, one).unwrap());
        assert_ne!(again.key(&Purpose::KeyEncryption, one).unwrap(), folder.key(&Purpose::KeyEncryption, two).unwrap());
        folder.destroy(&Purpose::KeyEncryption, one).unwrap();
        folder.destroy(&Purpose::KeyEncryption, one).unwrap();
        assert_eq!(folder.list(&Purpose::KeyEncryption).unwrap(), [(two, Kind::Plain)]);
        let gone = folder.key(&Purpose::KeyEncryption, one).unwrap_err();
        assert!(matches!(gone, LedgerError::Store(StoreError::Unavailable { .. })), "{gone}");
        // A file under another's name is refused: it would sign or unwrap in its place.
        fs::rename(folder.file(&Purpose::KeyEncryption, two), folder.file(&Purpose::KeyEncryption, one)).unwrap();
        assert!(folder.key(&Purpose::KeyEncryption, one).unwrap_err().to_string().contains("it holds the key"));
    }

    #[test]
    fn files_are_sealed_under_another_passphrase_and_an_interruption_is_gone_on_from() {
        let place = tempfile::tempdir().unwrap();
        let plain = KeyFolder::new(place.path(), None);
        let ids: Vec<Uuid> = (0..3).map(|_| plain.make(&Purpose::KeyEncryption).unwrap()).collect();
        let keys: Vec<_> = ids.iter().map(|id| plain.key(&Purpose::KeyEncryption, *id).unwrap()).collect();
        let (first, second) = (Passphrase::new("first").unwrap(), Passphrase::new("second").unwrap());
        assert_eq!(plain.seal(&Purpose::KeyEncryption, &first).unwrap(), 3);
        assert!(plain.key(&Purpose::KeyEncryption, ids[0]).unwrap_err().to_string().contains("sealed under a passphrase"));
        // Stopped after one of three: that one is under the second, as after the whole.
        let under_first = KeyFolder::new(place.path(), Some(first));
        let others: Vec<_> = ids[1..].iter().map(|id| (under_first.file(&Purpose::KeyEncryption, *id), place.path().join(format!("{id}.aside")))).collect();
        others.iter().for_each(|(file, aside)| fs::rename(file, aside).unwrap());
        assert_eq!(under_first.seal(&Purpose::KeyEncryption, &second).unwrap(), 1);
        others.iter().for_each(|(file, aside)| fs::rename(aside, file).unwrap());
        assert_eq!(under_first.seal(&Purpose::KeyEncryption, &second).unwrap(), 2);
        let under_second = KeyFolder::new(place.path(), Some(second));
        for (id, key) in ids.iter().zip(&keys) {
            assert_eq!(&under_second.key(&Purpose::KeyEncryption, *id).unwrap(), key, "the keys are the same");
            assert!(under_first.key(&Purpose::KeyEncryption, *id).is_err());
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 3, "nothing is left beside them");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_them() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let folder = KeyFolder::new(place.path().join("keys"), Passphrase::new("p"));
        let id = folder.make(&Purpose::KeyEncryption).unwrap();
        assert_eq!(folder.list(&Purpose::KeyEncryption).unwrap(), [(id, Kind::Sealed)]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.path()), mode(&folder.file(&Purpose::KeyEncryption, id))), (0o700, 0o600));
        let other = KeyFolder::new(folder.path(), Passphrase::new("q"));
        assert!(other.key(&Purpose::KeyEncryption, id).unwrap_err().to_string().contains("the passphrase is not"));
    }
}
