//! `cargo xtask outsiders [RECORDS]`: a large ledger in the hands of tools that are not ours, Go's among them.

use crate::cargo::cargo;
use anyhow::{Context, Result, bail};
use std::process::Command;

const RECORDS: u64 = 1_000_000;

/// Builds the test optimised and runs it alone: minutes, and about 3 GB of disk, for a million records.
pub fn run(records: Option<String>) -> Result<()> {
    // Asked before minutes of building: the only tool that scripts/test-tools.sh does not install.
    let mod_dev = std::path::Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb");
    if Command::new("go").arg("version").output().is_err() || !mod_dev.is_dir() {
        bail!("Go and its sumdb packages are not here: apt-get install golang-go golang-golang-x-mod-dev (465 MB), then run this again");
    }
    let records = records.map_or(Ok(RECORDS), |n| n.parse()).context("the number of records is not a number")?;
    let mut cargo = cargo();
    cargo.args(["test", "--locked", "--profile", "demo", "-p", "ledger", "--test", "outsider_at_size", "--", "--nocapture"]);
    let ended = cargo.env("VERITRAIL_OUTSIDER_RECORDS", records.to_string()).env("VERITRAIL_TEST_GO", "1").status().context("cargo test")?;
    if ended.success() { Ok(()) } else { bail!("a stranger's tool and the ledger of {records} records do not agree; see above") }
}
