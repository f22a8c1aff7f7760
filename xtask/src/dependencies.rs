//! What may be built in, as `deny.toml` says: licences, banned crates, where crates come from.

use anyhow::{Context, Result};
use serde_json::Value;
use std::{collections::BTreeSet, process::Command};

pub const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Sentences about what should not be there.
pub fn faults() -> Result<Vec<String>> {
    let rules: toml::Table = std::fs::read_to_string("deny.toml").context("deny.toml")?.parse().context("deny.toml")?;
    let list = |section: &str, key: &str| rules[section][key].as_array().cloned().unwrap_or_default();
    let allowed: BTreeSet<String> = list("licenses", "allow").iter().filter_map(|l| l.as_str().map(str::to_owned)).collect();
    let banned = list("bans", "deny");
    let output =
        Command::new("cargo").args(["metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET]).output().context("cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")?;
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().context("packages")? {
        let name = package["name"].as_str().context("name")?;
        if let Some(rule) = banned.iter().find(|rule| rule.get("crate").and_then(toml::Value::as_str) == Some(name)) {
            let reason = rule.get("reason").and_then(toml::Value::as_str).unwrap_or("deny.toml");
            faults.push(format!("'{name}' is banned: {reason}"));
        }
        // Ours have no source.
        let Some(source) = package["source"].as_str() else { continue };
        if !source.starts_with("registry+") {
            faults.push(format!("'{name}' comes from {source}, not from the registry"));
        }
        match package["license"].as_str() {
            Some(expression) if permitted(expression, &allowed) => {}
            Some(expression) => faults.push(format!("'{name}' is under '{expression}', which deny.toml does not allow")),
            None => faults.push(format!("'{name}' states no licence")),
        }
    }
    Ok(faults)
}

/// Whether an SPDX expression can be met by allowed licences alone. An old `MIT/Apache-2.0` is a choice.
fn permitted(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "~");
    let mut words = spaced.split_whitespace().peekable();
    any(&mut words, allowed)
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words, allowed: &BTreeSet<String>) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words, allowed: &BTreeSet<String>) -> bool {
    match words.next() {
        Some("(") => {
            let met = any(words, allowed);
            words.next() == Some(")") && met
        }
        Some(licence) => allowed.contains(&licence.replace('~', " WITH ")),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_by_allowed_licences_only() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
        for good in ["MIT", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "MIT/Apache-2.0", "Apache-2.0 WITH LLVM-exception"] {
            assert!(permitted(good, &allowed), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR GPL-3.0) AND LGPL-2.1", "(MIT", "", "MIT WITH nothing"] {
            assert!(!permitted(bad, &allowed), "{bad}");
        }
    }
}
