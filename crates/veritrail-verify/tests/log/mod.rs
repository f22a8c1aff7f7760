//! A small log in a directory, written with the tree maths alone.
#![allow(dead_code, clippy::unwrap_used, reason = "every test file uses its share of this")]

use merkle::{Checkpoint, Hash, MerkleError, NoteSigner, Rebuild, TILE_WIDTH, TileId, TlogProof, append_tiles, encode_entries, inclusion_proof, leaf_hash};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

pub const ORIGIN: &str = "example.org/activity.0";

pub fn signer() -> NoteSigner {
    NoteSigner::new("example.org", &[7; 32]).unwrap()
}

pub fn entry(n: u64) -> Vec<u8> {
    format!(r#"{{"n":{n},"what":"something happened"}}"#).into_bytes()
}

pub struct Log {
    pub folder: TempDir,
    pub size: u64,
    pub origin: String,
    /// What entry `n` is.
    pub entry: fn(u64) -> Vec<u8>,
}

impl Log {
    /// Grown in two steps, so that partial tiles of the first are there too.
    pub fn new(size: u64) -> Self {
        let mut log = Self { folder: TempDir::new().unwrap(), size: 0, origin: ORIGIN.to_owned(), entry };
        log.grow(size * 2 / 3);
        log.grow(size);
        log
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("log").join(name)
    }

    pub fn grow(&mut self, size: u64) {
        let leaves: Vec<Hash> = (self.size..size).map(|n| leaf_hash(&(self.entry)(n))).collect();
        for (tile, bytes) in append_tiles(&|tile: TileId| self.tile(tile), self.size, &leaves).unwrap() {
            self.write(&tile.path(), &bytes);
            if tile.level == 0 {
                let first = tile.index * u64::from(TILE_WIDTH);
                let entries: Vec<Vec<u8>> = (first..first + u64::from(tile.width)).map(self.entry).collect();
                self.write(&tile.entries_path(), &encode_entries(&entries).unwrap());
            }
        }
        self.size = size;
        self.write("checkpoint", self.checkpoint().sign(&signer()).unwrap().as_bytes());
    }

    pub fn checkpoint(&self) -> Checkpoint {
        let mut rebuild = Rebuild::default();
        (0..self.size).for_each(|n| drop(rebuild.push(leaf_hash(&(self.entry)(n)))));
        Checkpoint { origin: self.origin.clone(), size: self.size, root: rebuild.root() }
    }

    fn tile(&self, tile: TileId) -> Result<Vec<u8>, MerkleError> {
        fs::read(self.path(&tile.path())).map_err(|e| MerkleError::TileUnreadable { path: tile.path(), reason: e.to_string() })
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// A file beside the log.
    pub fn beside(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn proof(&self, index: u64) -> String {
        let hashes = inclusion_proof(&|tile: TileId| self.tile(tile), index, self.size).unwrap();
        TlogProof { index, hashes, checkpoint: String::from_utf8(self.read("checkpoint")).unwrap() }.encode()
    }

    /// Every file of the log, from its directory on.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(&self.path(""), "", &mut found);
        found.sort();
        found
    }
}

fn walk(root: &Path, at: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(at)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{at}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() { walk(root, &format!("{path}/"), found) } else { found.push(path) }
    }
}

/// The binary with the right key: its exit code, and what it says.
pub fn verify(arguments: &[&str]) -> (i32, String) {
    verify_with(&signer().verifier().to_string(), arguments)
}

pub fn verify_with(key: &str, arguments: &[&str]) -> (i32, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_veritrail-verify")).args(["--key", key]).args(arguments).output().unwrap();
    let says = String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap();
    (done.status.code().unwrap(), says)
}
