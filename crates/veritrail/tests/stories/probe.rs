//! What the probe of `testkit` needs to know of a house, and copies of its key store.

use crate::house::{House, SetUp};
use std::{path::PathBuf, process::Command};
use testkit::probe::{Installed, Probe};

/// Everything that can be read of the house.
pub async fn of(house: &House) -> Probe {
    let own = |key: &str| house.setting(key).map(str::to_owned);
    Probe::of(&Installed { data: own("DATA__DIRECTORY").unwrap().into(), postgres: own("DATA__RECORDS"), blobs: own("DATA__BLOBS") }).await
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
