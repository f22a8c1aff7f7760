//! What sources may reach inside: whoever may name a source's database or log must not read every service and file of the server's network with it.
//!
//! The public internet is open. Hosts inside, this machine, and folders for files are listed by the server's configuration, which no page can change.

use crate::ConnectorError;
use model::reach::refused;
use std::{
    net::{IpAddr, SocketAddr},
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::Duration,
};

const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// By default the public internet and nothing inside. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Reach(Arc<Listed>);

#[derive(Debug, Default)]
struct Listed {
    /// Hosts of the public internet must be listed too.
    only_listed: bool,
    hosts: Vec<String>,
    networks: Vec<(IpAddr, u8)>,
    folders: Vec<PathBuf>,
}

impl Reach {
    /// `reachable` lists names of hosts, addresses and networks (`10.20.0.0/16`), `folders` absolute paths.
    ///
    /// # Errors
    /// The entry that is none, and what it should be.
    pub fn new(reachable: &[String], only_listed: bool, folders: &[PathBuf]) -> Result<Self, String> {
        let mut listed = Listed { only_listed, ..Listed::default() };
        for entry in reachable.iter().map(|e| e.trim()) {
            let (address, bits) = entry.split_once('/').map_or((entry, None), |(address, bits)| (address, Some(bits)));
            match (address.parse::<IpAddr>(), bits.map(str::parse::<u8>)) {
                (Ok(address), None) => listed.networks.push((address, if address.is_ipv4() { 32 } else { 128 })),
                (Ok(address), Some(Ok(bits))) if bits <= if address.is_ipv4() { 32 } else { 128 } => listed.networks.push((address, bits)),
                (Err(_), None) if is_name(entry) => listed.hosts.push(entry.to_ascii_lowercase()),
                _ => return Err(format!("'{entry}' is neither the name of a host, nor an address, nor a network as 10.20.0.0/16")),
            }
        }
        for folder in folders {
            if !folder.is_absolute() {
                return Err(format!("'{}' is no absolute path", folder.display()));
            }
            listed.folders.push(folder.clone());
        }
        Ok(Self(Arc::new(listed)))
    }

    /// The addresses of a host that `setting` names, each of which may be reached.
    ///
    /// # Errors
    /// `BadSetting` where one may not, `Unavailable` where the name has none.
    pub async fn addresses(&self, setting: &'static str, host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectorError> {
        let later = |why: &str| ConnectorError::Unavailable { why: format!("the name {host} could not be looked up: {why}"), retry_after_secs: None };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => {
                let lookup = tokio::time::timeout(LOOKUP_TIMEOUT, tokio::net::lookup_host((bare, port)));
                lookup.await.map_err(|_| later("no answer in time"))?.map_err(|e| later(&e.to_string()))?.collect()
            }
        };
        if found.is_empty() {
            return Err(later("it has no address"));
        }
        match found.iter().find_map(|address| self.why_not(bare, address.ip())) {
            Some(why) => Err(ConnectorError::BadSetting {
                name: setting,
                why: format!("{host} is {why}: sources may not reach it; if it is your CRM, list it in sources.reachable of the server's configuration"),
            }),
            None => Ok(found),
        }
    }

    fn why_not(&self, host: &str, address: IpAddr) -> Option<&'static str> {
        let is_listed = self.0.hosts.iter().any(|h| h.eq_ignore_ascii_case(host)) || self.0.networks.iter().any(|network| holds(*network, address));
        refused(address, is_listed).or((self.0.only_listed && !is_listed).then_some("not among the hosts that are listed"))
    }

    /// A file that `setting` names, with links followed: it lies in a folder of the configuration. The file itself need not be there.
    ///
    /// # Errors
    /// `BadSetting` where it lies elsewhere.
    pub fn file(&self, setting: &'static str, path: &Path) -> Result<PathBuf, ConnectorError> {
        let real = real(path);
        let inside = |folder: &PathBuf| folder.canonicalize().is_ok_and(|folder| real.as_ref().is_some_and(|path| path.starts_with(folder)));
        if self.0.folders.iter().any(inside) {
            return Ok(path.to_owned());
        }
        let why = format!(
            "{} does not lie in a folder that sources may read; if it is your CRM's, list the folder in sources.folders of the server's configuration",
            path.display()
        );
        Err(ConnectorError::BadSetting { name: setting, why })
    }
}

/// The path without links and dots, as far as it is there.
fn real(path: &Path) -> Option<PathBuf> {
    let (there, real) = path.ancestors().find_map(|at| Some((at, at.canonicalize().ok()?)))?;
    let rest = path.strip_prefix(there).ok()?;
    rest.components().all(|c| matches!(c, Component::Normal(_))).then(|| real.join(rest))
}

fn is_name(entry: &str) -> bool {
    !entry.is_empty() && entry.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'))
}

fn holds((network, bits): (IpAddr, u8), address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4),
        v4 => v4,
    };
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => same(u128::from(network.to_bits()), u128::from(address.to_bits()), 32 - u32::from(bits)),
        (IpAddr::V6(network), IpAddr::V6(address)) => same(network.to_bits(), address.to_bits(), 128 - u32::from(bits)),
        _ => false,
    }
}

/// Whether two addresses differ in their last bits only.
fn same(one: u128, other: u128, last: u32) -> bool {
    (one ^ other).checked_shr(last).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(entries: &[&str]) -> Reach {
        Reach::new(&entries.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>(), false, &[]).unwrap()
    }

    async fn may(reach: &Reach, host: &str) -> bool {
        match reach.addresses("database_url", host, 5432).await {
            Ok(_) => true,
            Err(ConnectorError::BadSetting { name: "database_url", why }) if why.contains("sources.reachable") => false,
            Err(other) => panic!("{host}: {other}"),
        }
    }

    #[tokio::test]
    async fn inner_hosts_are_reached_only_where_they_are_listed() {
        let none = Reach::default();
        assert!(may(&none, "1.1.1.1").await && may(&none, "2606:4700::1111").await);
        for inner in ["127.0.0.1", "localhost", "10.20.3.4", "[::1]", "::ffff:10.0.0.1", "169.254.169.254", "0.0.0.0"] {
            assert!(!may(&none, inner).await, "{inner}");
        }
        let network = reach(&["10.20.0.0/16", "fd00:1::/32"]);
        for (host, open) in
            [("10.20.255.1", true), ("10.21.0.1", false), ("::ffff:10.20.0.1", true), ("fd00:1::7", true), ("fd00:2::7", false), ("127.0.0.1", false)]
        {
            assert_eq!(may(&network, host).await, open, "{host}");
        }
        let named = reach(&["LOCALHOST"]);
        assert!(may(&named, "localhost").await && !may(&named, "127.0.0.1").await);
        // The clouds' metadata services stay shut whatever is listed.
        assert!(!may(&reach(&["0.0.0.0/0", "169.254.169.254"]), "169.254.169.254").await);
        assert!(may(&reach(&["0.0.0.0/0"]), "192.168.1.1").await);
        let only = Reach::new(&["10.0.0.0/8".to_owned(), "1.1.1.0/24".to_owned()], true, &[]).unwrap();
        for (host, open) in [("1.1.1.1", true), ("10.1.1.1", true), ("1.1.2.1", false), ("2606:4700::1111", false), ("127.0.0.1", false)] {
            assert_eq!(may(&only, host).await, open, "{host}");
        }
    }

    #[test]
    fn what_is_no_host_is_said() {
        for wrong in ["", "10.0.0.0/33", "crm.internal/8", "https://crm.internal", "crm..internal", "10.0.0.0/x", "crm internal"] {
            let said = Reach::new(&[wrong.to_owned()], false, &[]).unwrap_err();
            assert!(said.contains(&format!("'{wrong}'")), "{said}");
        }
        assert!(Reach::new(&[], false, &["var/log".into()]).unwrap_err().contains("no absolute path"));
    }

    #[test]
    fn files_lie_in_listed_folders_links_followed() {
        let home = tempfile::tempdir().unwrap();
        let (logs, secret) = (home.path().join("logs"), home.path().join("secret"));
        std::fs::create_dir(&logs).unwrap();
        std::fs::write(logs.join("access.log"), "").unwrap();
        std::fs::write(&secret, "").unwrap();
        std::os::unix::fs::symlink(&secret, logs.join("link")).unwrap();
        let reach = Reach::new(&[], false, std::slice::from_ref(&logs)).unwrap();
        for (path, open) in [
            ("logs/access.log", true),
            ("logs/not-yet.log", true),
            ("logs/not/yet.log", true),
            ("logs/../secret", false),
            ("logs/not/../../secret", false),
            ("logs/link", false),
            ("secret", false),
            ("logs2/x", false),
        ] {
            assert_eq!(reach.file("access_log", &home.path().join(path)).is_ok(), open, "{path}");
        }
        let said = Reach::default().file("access_log", &logs.join("access.log")).unwrap_err().to_string();
        assert!(said.contains("access_log") && said.contains("sources.folders"), "{said}");
    }
}
