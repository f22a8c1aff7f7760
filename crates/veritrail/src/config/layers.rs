//! Merging defaults, file, environment and flags, remembering which of them each value came from.

use anyhow::{Result, bail};
use serde::Serialize;
use std::collections::BTreeMap;
use toml::{Table, Value};

const PREFIX: &str = "VERITRAIL__";
/// Keys whose value is never shown.
const SECRETS: &[&str] = &[
    "oidc.client_secret",
    "mail.url",
    "webhook.url",
    "webhook.secret",
    "metrics.token",
    "keys.passphrase",
    "keys.pkcs11_pin",
    "data.records",
    "data.trail",
    "data.keys",
    "data.blobs",
    "data.lock",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Default,
    File,
    Environment,
    Flag,
}

/// One key in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// `server.listen`.
    pub key: String,
    /// As it would be written in the file; secrets only say whether they are set.
    pub value: String,
    pub source: Origin,
    pub help: String,
}

/// The merged table and, key by key, where its value came from.
pub fn merge(defaults: &str, file: &str, environment: impl Iterator<Item = (String, String)>, flags: &[(&str, String)]) -> Result<(Table, Vec<Explained>)> {
    let mut table: Table = toml::from_str(defaults)?;
    let mut origins: BTreeMap<String, Origin> = BTreeMap::new();
    let given: Table = toml::from_str(file)?;
    for (section, values) in &given {
        let Value::Table(values) = values else { bail!("'{section}' in the configuration file is no section; write [{section}] and keys below it") };
        for (key, value) in values {
            set(&mut table, section, key, value.clone())?;
            origins.insert(format!("{section}.{key}"), Origin::File);
        }
    }
    for (name, text) in environment.filter(|(name, _)| name.starts_with(PREFIX)) {
        let path = name[PREFIX.len()..].to_ascii_lowercase();
        let Some((section, key)) = path.split_once("__") else { bail!("the environment variable {name} names no key; write {PREFIX}SECTION__KEY") };
        set_text(&mut table, section, key, &text)?;
        origins.insert(format!("{section}.{key}"), Origin::Environment);
    }
    for (path, text) in flags {
        let (section, key) = path.split_once('.').expect("flags name section.key");
        set_text(&mut table, section, key, text)?;
        origins.insert((*path).to_owned(), Origin::Flag);
    }
    let help = comments(defaults);
    let explained = table.iter().flat_map(|(section, values)| {
        let help = &help;
        let origins = &origins;
        values.as_table().into_iter().flatten().map(move |(key, value)| {
            let path = format!("{section}.{key}");
            let shown = if SECRETS.contains(&path.as_str()) {
                if value.as_str() == Some("") { "not set".to_owned() } else { "set".to_owned() }
            } else {
                value.to_string()
            };
            Explained {
                value: shown,
                source: origins.get(&path).copied().unwrap_or(Origin::Default),
                help: help.get(&path).cloned().unwrap_or_default(),
                key: path,
            }
        })
    });
    let explained = explained.collect();
    Ok((table, explained))
}

fn set(table: &mut Table, section: &str, key: &str, value: Value) -> Result<()> {
    let known = table.get_mut(section).and_then(Value::as_table_mut).and_then(|s| s.get_mut(key));
    let Some(known) = known else { bail!("the configuration has no key '{section}.{key}'; `veritrail config explain` lists all") };
    if known.type_str() != value.type_str() {
        bail!("'{section}.{key}' must be a {}, not a {}", known.type_str(), value.type_str());
    }
    *known = value;
    Ok(())
}

/// A value given as text takes the type its default has; lists are separated by commas.
fn set_text(table: &mut Table, section: &str, key: &str, text: &str) -> Result<()> {
    let kind = table.get(section).and_then(|s| s.get(key)).map(Value::type_str);
    let value = match kind {
        Some("integer") => Value::Integer(text.parse().map_err(|_| anyhow::anyhow!("'{section}.{key}' must be a number, not '{text}'"))?),
        Some("boolean") => Value::Boolean(text.parse().map_err(|_| anyhow::anyhow!("'{section}.{key}' must be true or false, not '{text}'"))?),
        Some("array") => Value::Array(text.split(',').map(str::trim).filter(|s| !s.is_empty()).map(|s| Value::String(s.to_owned())).collect()),
        _ => Value::String(text.to_owned()),
    };
    set(table, section, key, value)
}

/// The comment lines above each key.
fn comments(defaults: &str) -> BTreeMap<String, String> {
    let (mut section, mut words, mut found) = (String::new(), Vec::new(), BTreeMap::new());
    for line in defaults.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name.to_owned();
            words.clear();
        } else if let Some(comment) = line.strip_prefix('#') {
            words.push(comment.trim().to_owned());
        } else if let Some((key, _)) = line.split_once('=') {
            found.insert(format!("{section}.{}", key.trim()), words.join(" "));
            words.clear();
        } else {
            words.clear();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(file: &str, environment: &[(&str, &str)]) -> Result<(Table, Vec<Explained>)> {
        merge(super::super::DEFAULTS, file, environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())), &[])
    }

    #[test]
    fn later_layers_win_and_say_so() {
        let (table, explained) = merged("[server]\nlisten = \"a:1\"\n", &[("VERITRAIL__SERVER__LISTEN", "b:2"), ("OTHER", "x")]).expect("merges");
        assert_eq!(table["server"]["listen"].as_str(), Some("b:2"));
        let listen = explained.iter().find(|e| e.key == "server.listen").expect("explained");
        assert_eq!(listen.source, Origin::Environment);
        assert!(listen.help.contains("Address and port"));
        let silent: Vec<&str> = explained.iter().filter(|e| e.help.is_empty()).map(|e| e.key.as_str()).collect();
        assert!(silent.is_empty(), "not explained: {silent:?}");
    }

    #[test]
    fn unknown_keys_and_wrong_types_are_refused_by_name() {
        assert!(merged("[server]\nlisen = \"a\"\n", &[]).expect_err("typo").to_string().contains("server.lisen"));
        assert!(merged("[server]\nlisten = 5\n", &[]).expect_err("type").to_string().contains("must be a string"));
        assert!(merged("", &[("VERITRAIL__LEDGER__PUBLISH", "perhaps")]).expect_err("bool").to_string().contains("true or false"));
    }

    #[test]
    fn secrets_are_not_shown() {
        let (_, explained) = merged("[webhook]\nsecret = \"whsec_abc\"\n", &[]).expect("merges");
        assert!(explained.iter().all(|e| !e.value.contains("whsec_abc")));
    }
}
