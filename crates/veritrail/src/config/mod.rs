//! Typed configuration: defaults, a TOML file, the environment, flags; later ones win and unknown keys are refused.

mod layers;

pub use layers::{Explained, Origin};

use anyhow::{Context, Result, anyhow, ensure};
use app::{
    digests::Configured,
    members::{Breached, GroupRule},
    sessions::SignInPolicy,
};
use connectors::Reach;
use ledger::{KeyFolder, Passphrase, TokenAccess};
use model::{Role, SECOND, retention::Rule};
use serde::Deserialize;
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

/// The defaults, commented: the manual of the configuration.
pub const DEFAULTS: &str = include_str!("default.toml");

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub organisation: Organisation,
    pub server: Server,
    pub acme: Acme,
    pub data: Data,
    pub keys: Keys,
    pub ledger: Ledger,
    pub retention: Rule,
    pub sources: Sources,
    pub anchors: Anchors,
    pub sign_in: SignIn,
    pub oidc: Oidc,
    pub mail: Mail,
    pub webhook: Webhook,
    pub detect: Detect,
    pub masking: Masking,
    pub metrics: Metrics,
    pub log: Log,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    pub name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: String,
    pub public_url: String,
    pub tls_certificate: PathBuf,
    pub tls_key: PathBuf,
    pub behind_tls_proxy: bool,
    pub proxies: Vec<String>,
    pub requests_per_minute: u32,
    pub intake_bytes: usize,
    pub body_bytes: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acme {
    pub domains: Vec<String>,
    pub directory: String,
    pub contact: String,
    pub roots: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub directory: PathBuf,
    pub records: String,
    pub trail: String,
    pub keys: String,
    pub blobs: String,
    pub lock: String,
    pub master_secret_file: PathBuf,
    pub reserve_bytes: u64,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    pub folder: PathBuf,
    pub passphrase_file: PathBuf,
    pub passphrase: String,
    pub pkcs11_module: PathBuf,
    pub pkcs11_token: String,
    pub pkcs11_key: String,
    pub pkcs11_pin_file: PathBuf,
    pub pkcs11_pin: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    pub origin: String,
    pub publish: bool,
    pub verify_every_secs: u32,
    pub verify_all_every_secs: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    pub reachable: Vec<String>,
    pub only_listed: bool,
    pub folders: Vec<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchors {
    pub witnesses: Vec<String>,
    pub quorum: usize,
    pub witness_secs: u64,
    pub time_url: String,
    pub time_over_http: bool,
    pub time_secs: u64,
    pub time_roots: PathBuf,
    pub allow_private: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub second_factor: Vec<String>,
    pub idle_secs: u32,
    pub absolute_secs: u32,
    pub confirm_secs: u32,
    pub exact_codes: bool,
    pub groups: Vec<String>,
    pub breached_passwords: PathBuf,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    pub issuer: String,
    pub title: String,
    pub client_id: String,
    pub client_secret: String,
    pub scopes: Vec<String>,
    pub groups_claim: String,
    pub create_members: bool,
    pub trust_email: bool,
    pub allow_private: bool,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub url: String,
    pub from: String,
    pub to: Vec<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    pub url: String,
    pub secret: String,
    pub allow_private: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detect {
    pub rules: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masking {
    pub classes: PathBuf,
    pub reveals_per_day: u64,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    pub token: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub filter: String,
    pub format: String,
}

/// Secrets do not print.
macro_rules! debug_without_values {
    ($($name:ident),*) => { $(impl std::fmt::Debug for $name {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(stringify!($name)) }
    })* };
}
debug_without_values!(Keys, Oidc, Mail, Webhook, Metrics);

impl Config {
    /// Reads `file` where given, then the environment. Answers the configuration and where each value came from.
    pub fn load(file: Option<&Path>, flags: &[(&str, String)]) -> Result<(Self, Vec<Explained>)> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path).with_context(|| format!("the configuration file '{}' cannot be read", path.display()))?,
            None => String::new(),
        };
        let (table, explained) = layers::merge(DEFAULTS, &text, std::env::vars(), flags)?;
        let config: Self = toml::Value::Table(table).try_into().context("the configuration is wrong")?;
        Ok((config, explained))
    }

    /// `http://127.0.0.1:8470` or the public URL, without a slash at the end.
    pub fn public_url(&self) -> String {
        match self.server.public_url.trim_end_matches('/') {
            "" if !self.server.tls_certificate.as_os_str().is_empty() => format!("https://{}", self.server.listen),
            "" if !self.acme.domains.is_empty() => format!("https://{}", self.acme.domains[0]),
            "" => format!("http://{}", self.server.listen),
            url => url.to_owned(),
        }
    }

    /// People reach it over TLS.
    pub fn is_secure(&self) -> bool {
        self.public_url().starts_with("https:")
    }

    /// Proxies whose word about the client's address is believed.
    pub fn proxies(&self) -> Result<Vec<IpAddr>> {
        let read = |text: &String| text.parse().with_context(|| format!("'{text}' in server.proxies is no IP address"));
        self.server.proxies.iter().map(read).collect()
    }

    pub fn master_secret_file(&self) -> PathBuf {
        if self.data.master_secret_file.as_os_str().is_empty() { self.data.directory.join("master.secret") } else { self.data.master_secret_file.clone() }
    }

    /// Where key files lie, and what opens them.
    pub fn key_folder(&self) -> Result<KeyFolder> {
        let folder = if self.keys.folder.as_os_str().is_empty() { self.data.directory.join("keys") } else { self.keys.folder.clone() };
        let folder = KeyFolder::new(folder, self.passphrase()?);
        if self.keys.pkcs11_module.as_os_str().is_empty() {
            return Ok(folder);
        }
        let pin = first_line("keys.pkcs11_pin_file", &self.keys.pkcs11_pin_file, &self.keys.pkcs11_pin)?;
        let pin = pin.context("keys.pkcs11_module is set without a PIN; set keys.pkcs11_pin_file")?;
        Ok(folder.with_tokens(TokenAccess { module: self.keys.pkcs11_module.clone(), pin }))
    }

    /// The passphrase of key files; `None` where none is set.
    pub fn passphrase(&self) -> Result<Option<Passphrase>> {
        first_line("keys.passphrase_file", &self.keys.passphrase_file, &self.keys.passphrase)
    }

    /// Token and key whose labels stand for the key-encryption key that a rotation is to use; `None`: it makes a file.
    pub fn key_in_token(&self) -> Option<(&str, &str)> {
        let Keys { pkcs11_token: token, pkcs11_key: key, .. } = &self.keys;
        (!token.is_empty() && !key.is_empty()).then_some((token, key))
    }

    /// The URL of one of the databases: as configured, or SQLite below the data directory.
    pub fn database_url(&self, configured: &str, name: &str) -> String {
        if configured.is_empty() {
            format!("sqlite://{}?mode=rwc", self.data.directory.join(format!("{name}.sqlite")).display())
        } else {
            configured.to_owned()
        }
    }

    /// How members come in.
    pub fn sign_in(&self) -> Result<SignInPolicy> {
        let SignIn { second_factor, idle_secs, absolute_secs, confirm_secs, exact_codes, groups, breached_passwords } = &self.sign_in;
        for (key, secs) in [("idle_secs", idle_secs), ("absolute_secs", absolute_secs), ("confirm_secs", confirm_secs)] {
            ensure!(*secs > 0, "sign_in.{key} is 0; nobody could stay signed in");
        }
        let role = |name: &String| {
            let there_are = || format!("'{name}' in sign_in.second_factor is no role; there are {}", Role::ALL.map(Role::name).join(", "));
            Role::from_name(name).with_context(there_are)
        };
        Ok(SignInPolicy {
            second_factor: second_factor.iter().map(role).collect::<Result<_>>()?,
            idle: i64::from(*idle_secs) * SECOND,
            absolute: i64::from(*absolute_secs) * SECOND,
            shown: i64::from(*confirm_secs) * SECOND,
            exact_codes: *exact_codes,
            groups: groups.iter().map(|rule| GroupRule::parse(rule).map_err(|why| anyhow!("sign_in.groups: {why}"))).collect::<Result<_>>()?,
            breached: if breached_passwords.as_os_str().is_empty() { Breached::NoList } else { Breached::open(breached_passwords)? },
        })
    }

    /// What sources may reach inside.
    pub fn reach(&self) -> Result<Reach> {
        Reach::new(&self.sources.reachable, self.sources.only_listed, &self.sources.folders).map_err(|why| anyhow!("sources: {why}"))
    }

    /// The name that signs checkpoints where nothing is signed yet.
    pub fn signer_name(&self) -> String {
        if !self.ledger.origin.is_empty() {
            return self.ledger.origin.clone();
        }
        let url = self.public_url();
        url.split_once("://").map_or(url.as_str(), |(_, rest)| rest).to_owned()
    }
}

/// Sections that say what is audited, for how long, who is told, and how one gets in.
const AUDITING: [&str; 10] = ["ledger", "retention", "sources", "anchors", "sign_in", "oidc", "mail", "webhook", "detect", "masking"];

/// The keys in force that auditing depends on; secrets only say whether they are set.
pub fn auditing(explained: &[Explained]) -> Vec<Configured> {
    let of = |e: &&Explained| AUDITING.contains(&e.key.split('.').next().unwrap_or_default());
    explained.iter().filter(of).map(|e| Configured { key: e.key.clone(), value: e.value.clone() }).collect()
}

/// A secret from its file, and without one as configured.
fn first_line(key: &str, file: &Path, given: &str) -> Result<Option<Passphrase>> {
    if file.as_os_str().is_empty() {
        return Ok(Passphrase::new(given));
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("'{}' in {key} cannot be read", file.display()))?;
    Passphrase::new(&text).map(Some).with_context(|| format!("'{}' in {key} has an empty first line", file.display()))
}
