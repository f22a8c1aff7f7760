//! `cargo xtask outsiders [RECORDS]`: a large ledger in the hands of tools that are not ours, Go's among them.

use anyhow::{Context, Result, bail};
use std::process::Command;

const RECORDS: u64 = 1_000_000;

/// Builds the test optimised and runs it alone: minutes, and about 3 GB of disk, for a million records.
pub fn run(records: Option<String>) -> Result<()> {
    let records = records.map_or(Ok(RECORDS), |n| n.parse()).context("the number of records is not a number")?;
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--locked", "--profile", "demo", "-p", "ledger", "--test", "outsider_at_size", "--", "--nocapture"]);
    let ended = cargo.env("VERITRAIL_OUTSIDER_RECORDS", records.to_string()).env("VERITRAIL_TEST_GO", "1").status().context("cargo test")?;
    if ended.success() { Ok(()) } else { bail!("a stranger's tool and the ledger of {records} records do not agree; see above") }
}
