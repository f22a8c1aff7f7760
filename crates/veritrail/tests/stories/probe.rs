//! Everything that can be read of an installation by someone who holds its disk, its databases and its master secret: every file and object as it lies,
//! segments unpacked, every record and quarantined record opened with every key there is.

use crate::house::{House, SetUp};
use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use ledger::{Keyring, Master, Reader, open_all, open_quarantined};
use model::position::ACTIVITY;
use sha2::Sha256;
use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use store::{
    blobs::{Blobs, Directory, S3},
    keys::SqlKeys,
    sql::Database,
    trail::{SqlTrail, Trail},
};
use uuid::Uuid;

/// Nonce, key, tag.
const WRAPPED_BYTES: usize = 12 + 32 + 16;

pub struct Probe {
    /// What was read, by its place; in lower case, and what is no text replaced.
    read: Vec<(String, String)>,
    /// The key store's pages and logs.
    keys: Vec<Vec<u8>>,
    secret: Vec<u8>,
}

impl Probe {
    pub async fn of(house: &House, set_up: SetUp) -> Self {
        let data = PathBuf::from(house.setting("DATA__DIRECTORY").unwrap());
        let secret = std::fs::read(data.join("master.secret")).unwrap();
        let mut read: Vec<(String, Vec<u8>)> =
            files(&data).into_iter().map(|path| (path.display().to_string(), std::fs::read(&path).unwrap_or_default())).collect();
        let tables = if set_up == SetUp::Outgrown { relations(house.setting("DATA__RECORDS").unwrap()) } else { Vec::new() };
        let keys = match set_up {
            SetUp::Embedded => read.iter().filter(|(path, _)| path.contains("keys.sqlite")).map(|(_, bytes)| bytes.clone()).collect(),
            SetUp::Outgrown => tables.iter().filter(|(name, _)| name.contains("subject_keys")).map(|(_, bytes)| bytes.clone()).collect(),
        };
        read.extend(tables);
        let blobs: Arc<dyn Blobs> = match house.setting("DATA__BLOBS") {
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
        read.extend(opened(house, &data, &secret, blobs).await);
        let read = read.into_iter().map(|(place, bytes)| (place, String::from_utf8_lossy(&bytes).to_ascii_lowercase())).collect();
        Self { read, keys, secret }
    }

    pub fn places(&self, text: &str) -> Vec<&str> {
        let text = text.to_ascii_lowercase();
        self.read.iter().filter(|(_, read)| read.contains(&text)).map(|(place, _)| place.as_str()).collect()
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
async fn opened(house: &House, data: &Path, secret: &[u8], blobs: Arc<dyn Blobs>) -> Vec<(String, Vec<u8>)> {
    let url = |name: &str, file: &str| house.setting(name).map_or_else(|| format!("sqlite://{}?mode=rwc", data.join(file).display()), str::to_owned);
    let keys = SqlKeys::open(Database::open(&url("DATA__KEYS", "keys.sqlite"), "keys").await.unwrap()).await.unwrap();
    let keyring = Keyring::new(Master::from_secret(secret).unwrap(), Arc::new(keys), NonZeroUsize::new(1_000).unwrap());
    let trail = Arc::new(SqlTrail::open(Database::open(&url("DATA__TRAIL", "trail.sqlite"), "trail").await.unwrap(), ACTIVITY, 0).await.unwrap());
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
    for item in trail.quarantined(None, None, 1_000).await.unwrap() {
        let (item, sealed) = trail.quarantined_bytes(item.id).await.unwrap();
        if !sealed.is_empty() {
            found.push((format!("quarantined {}", item.id), open_quarantined(&keyring, ACTIVITY, &item, &sealed).unwrap()));
        }
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The files of every table and index of a PostgreSQL database, as they lie.
fn relations(url: &str) -> Vec<(String, Vec<u8>)> {
    let ask = |sql: &str| {
        let output = Command::new("psql").args([url, "-At", "-c", sql]).output().expect("psql comes with PostgreSQL");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    ask("CHECKPOINT");
    let files = "SELECT c.relname || ' ' || encode(pg_read_binary_file(pg_relation_filepath(c.oid)), 'hex') FROM pg_class c \
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 't', 'i') AND n.nspname IN ('public', 'pg_toast') AND pg_relation_filepath(c.oid) IS NOT NULL";
    let of = |line: &str| line.split_once(' ').map(|(name, hex)| (format!("relation {name}"), hex::decode(hex).unwrap()));
    ask(files).lines().filter_map(of).collect()
}

/// A copy of the key store.
pub struct Keys(Vec<u8>);

/// As a backup would take it; SQLite only.
pub fn keys_of(house: &House, set_up: SetUp) -> Option<Keys> {
    let copy = house.folder.path().join("keys.copy");
    let live = PathBuf::from(house.setting("DATA__DIRECTORY").unwrap()).join("keys.sqlite");
    if set_up == SetUp::Outgrown {
        return None;
    }
    let sql = format!("VACUUM INTO '{}'", copy.display());
    let output =
        Command::new("python3").args(["-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(sys.argv[2])"]).arg(&live).arg(&sql).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(Keys(std::fs::read(copy).unwrap()))
}

impl Keys {
    pub fn restore(&self, house: &House) {
        let live = PathBuf::from(house.setting("DATA__DIRECTORY").unwrap());
        for log in ["keys.sqlite-wal", "keys.sqlite-shm"] {
            let _ = std::fs::remove_file(live.join(log));
        }
        std::fs::write(live.join("keys.sqlite"), &self.0).unwrap();
    }
}
