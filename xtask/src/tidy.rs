//! Taste as a test: the arrows of the house, file sizes, words that do not belong.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, process::Command};

/// What each crate may use of the house (ARCHITECTURE.md, "The house"). Every arrow points down.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("merkle", &[]),
    ("connectors", &["model"]),
    ("detect", &["model"]),
    ("store", &["model"]),
    ("channels", &["model"]),
    ("ledger", &["model", "merkle", "store"]),
    ("pipeline", &["model", "connectors", "ledger", "store", "detect"]),
    ("app", &["model", "connectors", "store", "ledger", "detect", "channels"]),
    ("api", &["model", "app", "pipeline"]),
    ("veritrail", &["model", "merkle", "connectors", "detect", "store", "channels", "ledger", "pipeline", "app", "api", "veritrail-verify"]),
    ("veritrail-verify", &["merkle"]),
    ("simulate", &["model"]),
    ("testkit", &["model", "store", "ledger"]),
    ("fuzz", &["model", "merkle", "connectors", "detect", "ledger", "app", "api"]),
    ("xtask", &["model", "store", "ledger", "testkit"]),
];

/// The floor crates know no clock, no I/O and no SQL: these crates must not be among their dependencies.
const BANNED: &[(&str, &[&str])] = &[
    ("model", &["tokio", "sea-orm", "reqwest", "axum", "async-trait"]),
    ("merkle", &["tokio", "sea-orm", "reqwest", "axum", "async-trait"]),
    ("veritrail-verify", &["tokio", "sea-orm", "reqwest", "axum", "async-trait", "clap", "serde_json"]),
    ("detect", &["tokio", "sea-orm", "reqwest", "axum"]),
    ("app", &["axum", "sea-orm"]),
    ("api", &["sea-orm"]),
];

const MAX_LINES: usize = 400;

pub fn run() -> Result<()> {
    let mut faults = arrows()?;
    faults.extend(sizes(Path::new("."))?);
    faults.extend(crate::dependencies::faults()?);
    faults.extend(crate::safe::faults(Path::new("."))?);
    faults.extend(crate::input::faults(Path::new("."))?);
    if faults.is_empty() {
        return Ok(());
    }
    bail!("tidy found {} faults:\n{}", faults.len(), faults.join("\n"));
}

fn arrows() -> Result<Vec<String>> {
    let output = Command::new("cargo").args(["metadata", "--no-deps", "--format-version", "1", "--offline"]).output().context("cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")?;
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().context("packages")? {
        let name = package["name"].as_str().context("name")?;
        let Some(may) = allowed.get(name) else {
            faults.push(format!("crate '{name}' has no line in the table of the house (xtask/src/tidy.rs)"));
            continue;
        };
        for dependency in package["dependencies"].as_array().context("dependencies")? {
            let used = dependency["name"].as_str().context("dependency name")?;
            // Development dependencies may point anywhere: tests are no floor.
            if dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            if allowed.contains_key(used) && !may.contains(&used) {
                faults.push(format!("'{name}' uses '{used}': that arrow points up or sideways"));
            }
            if BANNED.iter().any(|(n, banned)| *n == name && banned.contains(&used)) {
                faults.push(format!("'{name}' depends on '{used}', which its floor must not know"));
            }
        }
    }
    Ok(faults)
}

fn sizes(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git").current_dir(root).args(["ls-files", "*.rs", "*.ts", "*.tsx"]).output().context("git ls-files")?;
    let mut faults = Vec::new();
    for path in String::from_utf8(output.stdout)?.lines().filter(|p| !p.contains("/tests/") && !p.contains("generated")) {
        let Ok(text) = std::fs::read_to_string(root.join(path)) else { continue };
        let lines = text.lines().take_while(|l| !l.starts_with("#[cfg(test)]")).count();
        if lines > MAX_LINES {
            faults.push(format!("{path}: {lines} lines without tests; past {MAX_LINES} a second subject has moved in"));
        }
    }
    Ok(faults)
}
