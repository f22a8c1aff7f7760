//! Certificates from an authority that speaks ACME (RFC 8555): asked for, proven on the server's own port (tls-alpn-01, RFC 8737) and renewed by itself.

use crate::config::Config;
use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use futures::StreamExt;
use ledger::Keyring;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_acme::{AccountCache, AcmeConfig, CertCache};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::blobs::Blobs;
use uuid::Uuid;

/// What the port speaks, and the name by which the authority's proof asks (RFC 8737).
const PROTOCOLS: [&[u8]; 3] = [b"h2", b"http/1.1", b"acme-tls/1"];

/// TLS by such a certificate; `None` where the configuration names no domain. Until the authority has answered for the first time, no connection is taken.
pub fn tls(config: &Config, keyring: Arc<Keyring>, blobs: Arc<dyn Blobs>) -> Result<Option<Arc<ServerConfig>>> {
    let acme = &config.acme;
    if acme.domains.is_empty() {
        return Ok(None);
    }
    ensure!(config.server.tls_certificate.as_os_str().is_empty(), "acme.domains and server.tls_certificate exclude each other: set one of them");
    ensure!(acme.directory.starts_with("https://"), "acme.directory does not begin with https://");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let mut asked = if acme.roots.as_os_str().is_empty() {
        AcmeConfig::new_with_provider(&acme.domains, provider.clone())
    } else {
        let unusable = || format!("acme.roots: '{}' holds no certificates that can be used", acme.roots.display());
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(&acme.roots).with_context(unusable)? {
            roots.add(certificate.with_context(unusable)?).with_context(unusable)?;
        }
        ensure!(!roots.is_empty(), unusable());
        AcmeConfig::new_with_client_config(&acme.domains, Arc::new(client.with_root_certificates(roots).with_no_client_auth()))
    };
    asked = asked.directory(&acme.directory);
    if !acme.contact.is_empty() {
        asked = asked.contact_push(format!("mailto:{}", acme.contact));
    }
    let mut state = asked.cache(Kept { keyring, blobs }).state();
    let mut server =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?.with_no_client_auth().with_cert_resolver(state.resolver());
    server.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    let domains = acme.domains.join(", ");
    tokio::spawn(async move {
        while let Some(event) = state.next().await {
            match event {
                Ok(done) => tracing::info!("the certificate for {domains}: {done:?}"),
                Err(error) => tracing::error!("the certificate for {domains} cannot be had for now, it is tried again: {error}"),
            }
        }
    });
    Ok(Some(Arc::new(server)))
}

/// The account at the authority and the certificate with its key, sealed, beside the ledgers.
struct Kept {
    keyring: Arc<Keyring>,
    blobs: Arc<dyn Blobs>,
}

impl Kept {
    fn path(what: &str, of: &[String], directory: &str) -> String {
        let mut hash = Sha256::new();
        for part in of.iter().map(String::as_str).chain([directory]) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        format!("acme/{what}-{}", hex::encode(&hash.finalize()[..16]))
    }

    async fn load(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let Some((sealed, _)) = self.blobs.get(path).await? else { return Ok(None) };
        Ok(Some(self.keyring.open_for_source(Uuid::nil(), path, &sealed)?))
    }

    async fn store(&self, path: &str, plain: &[u8]) -> Result<()> {
        let sealed = self.keyring.seal_for_source(Uuid::nil(), path, plain)?;
        Ok(self.blobs.put(path, sealed.into()).await?)
    }
}

#[async_trait]
impl CertCache for Kept {
    type EC = anyhow::Error;

    async fn load_cert(&self, domains: &[String], directory: &str) -> Result<Option<Vec<u8>>> {
        self.load(&Self::path("certificate", domains, directory)).await
    }

    async fn store_cert(&self, domains: &[String], directory: &str, certificate: &[u8]) -> Result<()> {
        self.store(&Self::path("certificate", domains, directory), certificate).await
    }
}

#[async_trait]
impl AccountCache for Kept {
    type EA = anyhow::Error;

    async fn load_account(&self, contact: &[String], directory: &str) -> Result<Option<Vec<u8>>> {
        self.load(&Self::path("account", contact, directory)).await
    }

    async fn store_account(&self, contact: &[String], directory: &str, account: &[u8]) -> Result<()> {
        self.store(&Self::path("account", contact, directory), account).await
    }
}
