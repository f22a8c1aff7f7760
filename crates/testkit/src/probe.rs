//! Everything that can be read of an installation by someone who holds its disk, its databases and its master secret: every file and object as it lies,
//! segments unpacked, the searchable view's terms and stored records taken apart, every record and quarantined record opened with every key there is.

mod places;

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use ledger::{Keyring, Master, Reader, open_all, open_quarantined};
use model::position::ACTIVITY;
use sha2::Sha256;
use std::{num::NonZeroUsize, path::PathBuf, sync::Arc};
use store::{
    blobs::{Blobs, Directory, S3},
    keys::SqlKeys,
    sql::Database,
    trail::{SqlTrail, Trail},
};
use uuid::Uuid;

/// Nonce, key, tag.
const WRAPPED_BYTES: usize = 12 + 32 + 16;
/// Quarantined records looked at together.
const PAGE: u64 = 1_000;

/// Where an installation keeps what it keeps.
#[derive(Clone, Debug)]
pub struct Installed {
    pub data: PathBuf,
    /// The PostgreSQL database of all three stores; SQLite files in the data directory where there is none.
    pub postgres: Option<String>,
    /// `s3://...`; a directory in the data directory where there is none.
    pub blobs: Option<String>,
}

pub struct Probe {
    /// What was read, by its place; in lower case, and what is no text replaced.
    read: Vec<(String, String)>,
    /// The key store's pages and logs.
    keys: Vec<Vec<u8>>,
    secret: Vec<u8>,
}

impl Probe {
    pub async fn of(installed: &Installed) -> Self {
        let data = &installed.data;
        let secret = std::fs::read(data.join("master.secret")).unwrap();
        let mut read: Vec<(String, Vec<u8>)> =
            places::files(data).into_iter().map(|path| (path.display().to_string(), std::fs::read(&path).unwrap_or_default())).collect();
        let tables = installed.postgres.as_deref().map(places::relations).unwrap_or_default();
        let keys = match &installed.postgres {
            None => read.iter().filter(|(path, _)| path.contains("keys.sqlite")).map(|(_, bytes)| bytes.clone()).collect(),
            Some(_) => tables.iter().filter(|(name, _)| name.contains("subject_keys")).map(|(_, bytes)| bytes.clone()).collect(),
        };
        read.extend(tables);
        read.extend(places::splits(&data.join("index")));
        let blobs: Arc<dyn Blobs> = match &installed.blobs {
            Some(url) => Arc::new(S3::open(url).unwrap()),
            None => Arc::new(Directory::open(data.join("blobs")).unwrap()),
        };
        for path in blobs.list("").await.unwrap() {
            if let Some((bytes, _)) = blobs.get(&path).await.unwrap() {
                if path.ends_with(".seg") {
                    read.push((format!("{path}, unpacked"), zstd::stream::decode_all(&bytes[..]).unwrap()));
                }
                read.push((path, bytes.to_vec()));
            }
        }
        read.extend(opened(installed, &secret, blobs).await);
        let read = read.into_iter().map(|(place, bytes)| (place, String::from_utf8_lossy(&bytes).to_ascii_lowercase())).collect();
        Self { read, keys, secret }
    }

    /// All that was read, by its place, in lower case.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.read.iter().map(|(place, text)| (place.as_str(), text.as_str()))
    }

    pub fn places(&self, text: &str) -> Vec<&str> {
        let text = text.to_ascii_lowercase();
        self.texts().filter(|(_, read)| read.contains(&text)).map(|(place, _)| place).collect()
    }

    pub fn finds(&self, text: &str) -> bool {
        !self.places(text).is_empty()
    }

    /// For how many of these subjects a key can be unwrapped from any place in any page, free ones and logs included.
    pub fn keys_found(&self, subjects: &[String]) -> usize {
        let mut wrap = [0; 32];
        hkdf::Hkdf::<Sha256>::new(None, &self.secret).expand(b"veritrail/1 key-encryption", &mut wrap).unwrap();
        let cipher = Aes256Gcm::new(&wrap.into());
        let opens = |subject: &Uuid, window: &[u8]| {
            let payload = Payload { msg: &window[12..], aad: subject.as_bytes() };
            cipher.decrypt(Nonce::from_slice(&window[..12]), payload).is_ok()
        };
        let any = |subject: &Uuid| self.keys.iter().any(|bytes| bytes.windows(WRAPPED_BYTES).any(|window| opens(subject, window)));
        subjects.iter().filter(|s| any(&s.parse().unwrap())).count()
    }
}

/// Every record and every quarantined one, as far as keys open it.
async fn opened(installed: &Installed, secret: &[u8], blobs: Arc<dyn Blobs>) -> Vec<(String, Vec<u8>)> {
    let url = |file: &str| installed.postgres.clone().unwrap_or_else(|| format!("sqlite://{}?mode=rwc", installed.data.join(file).display()));
    let keys = SqlKeys::open(Database::open(&url("keys.sqlite"), "keys").await.unwrap()).await.unwrap();
    let keyring = Keyring::new(Master::from_secret(secret).unwrap(), Arc::new(keys), NonZeroUsize::new(1_000).unwrap());
    let trail = Arc::new(SqlTrail::open(Database::open(&url("trail.sqlite"), "trail").await.unwrap(), ACTIVITY, 0).await.unwrap());
    let reader = Reader::new(trail.clone(), blobs, ACTIVITY);
    let mut found = Vec::new();
    let mut next = 0;
    loop {
        let records = reader.read(next, 1 << 20).await.unwrap();
        let Some((last, _)) = records.last() else { break };
        next = last + 1;
        let (indexes, stored): (Vec<_>, Vec<_>) = records.into_iter().unzip();
        for (index, opened) in indexes.into_iter().zip(open_all(&keyring, ACTIVITY, &stored).await.unwrap()) {
            found.push((format!("record {index}, opened"), format!("{opened:?}").into_bytes()));
        }
    }
    let mut before = None;
    loop {
        let page = trail.quarantined(None, before, PAGE).await.unwrap();
        for item in &page {
            let (item, sealed) = trail.quarantined_bytes(item.id).await.unwrap();
            if !sealed.is_empty() {
                found.push((format!("quarantined {}", item.id), open_quarantined(&keyring, ACTIVITY, &item, &sealed).unwrap()));
            }
        }
        let Some(last) = page.last() else { break };
        before = Some(last.id);
    }
    found
}
