//! The listening socket: plain HTTP, or TLS; little patience with senders that never finish a request.

use crate::config;
use anyhow::{Context, Result, ensure};
use axum::{Router, extract::ConnectInfo, middleware::AddExtension};
use axum_server::{Handle, accept::Accept, service::SendService, tls_rustls::RustlsConfig};
use hyper_util::rt::TokioTimer;
use rustls::ServerConfig;
use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A connection that has not sent a request's headers by then is closed.
const HEADERS_WITHIN: Duration = Duration::from_secs(20);
/// Requests of one HTTP/2 connection at a time.
const MOST_STREAMS: u32 = 200;
/// How often the certificate's files are looked at for newer ones.
const LOOK_FOR_CERTIFICATE_EVERY: Duration = Duration::from_secs(60);

/// A server at work.
pub struct Serving {
    handle: Handle<SocketAddr>,
    task: JoinHandle<io::Result<()>>,
}

impl Serving {
    /// Listens; from here on connections are taken.
    ///
    /// `by_acme` is TLS with a certificate that an authority gave; otherwise it is by the configuration's own, if any.
    pub async fn start(config: &config::Server, by_acme: Option<Arc<ServerConfig>>, router: Router) -> Result<Self> {
        let listener = TcpListener::bind(&config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
        let (address, listener) = (listener.local_addr()?, listener.into_std()?);
        let handle = Handle::new();
        let server = axum_server::from_tcp(listener)?.handle(handle.clone());
        let tls = match by_acme {
            Some(by_acme) => Some(RustlsConfig::from_config(by_acme)),
            None => tls(config).await?,
        };
        ensure!(
            tls.is_none() || config.public_url.is_empty() || config.public_url.starts_with("https:"),
            "the server speaks TLS, but server.public_url does not begin with https://"
        );
        ensure!(
            tls.is_some() || address.ip().is_loopback() || config.behind_tls_proxy,
            "server.listen is {}, which others reach, and what is said there would cross the network in the clear; set server.tls_certificate and \
             server.tls_key, or acme.domains, or, where a proxy in front speaks TLS, server.behind_tls_proxy = true",
            config.listen
        );
        let task = match tls {
            Some(tls) => run(server.acceptor(axum_server::tls_rustls::RustlsAcceptor::new(tls)), router),
            None => run(server, router),
        };
        Ok(Self { handle, task })
    }

    /// Ends by itself only after a failure.
    pub async fn ended(&mut self) -> Result<()> {
        (&mut self.task).await?.context("the HTTP server ended")
    }

    /// Lets requests under way end, for so long; live streams never do by themselves.
    pub async fn stop(mut self, patience: Duration) {
        self.handle.graceful_shutdown(Some(patience));
        if tokio::time::timeout(patience * 2, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

fn run<A>(mut server: axum_server::Server<SocketAddr, A>, router: Router) -> JoinHandle<io::Result<()>>
where
    A: Accept<TcpStream, AddExtension<Router, ConnectInfo<SocketAddr>>> + Clone + Send + Sync + 'static,
    A::Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
    A::Service: SendService<http::Request<hyper::body::Incoming>> + Send,
    A::Future: Send,
{
    let builder = server.http_builder();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEADERS_WITHIN).max_concurrent_streams(MOST_STREAMS);
    tokio::spawn(async move { server.serve(router.into_make_service_with_connect_info::<SocketAddr>()).await })
}

/// The certificate and its key, read anew when their files change; `None`: plain HTTP.
async fn tls(config: &config::Server) -> Result<Option<RustlsConfig>> {
    let (certificate, key) = (config.tls_certificate.clone(), config.tls_key.clone());
    match (certificate.as_os_str().is_empty(), key.as_os_str().is_empty()) {
        (true, true) => return Ok(None),
        (false, false) => {}
        _ => anyhow::bail!("server.tls_certificate and server.tls_key go together: set both, or neither"),
    }
    // Fails only where one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let read = RustlsConfig::from_pem_file(&certificate, &key).await;
    let tls = read.with_context(|| format!("the certificate '{}' and the key '{}' cannot be used", certificate.display(), key.display()))?;
    tokio::spawn(follow(tls.clone(), certificate, key));
    Ok(Some(tls))
}

async fn follow(tls: RustlsConfig, certificate: PathBuf, key: PathBuf) {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut last = (changed(&certificate), changed(&key));
    loop {
        tokio::time::sleep(LOOK_FOR_CERTIFICATE_EVERY).await;
        let now = (changed(&certificate), changed(&key));
        if now == last {
            continue;
        }
        match tls.reload_from_pem_file(&certificate, &key).await {
            Ok(()) => {
                tracing::info!("the certificate '{}' was read anew", certificate.display());
                last = now;
            }
            // Written half, perhaps: the one before goes on, and it is looked at again.
            Err(error) => tracing::warn!("the certificate '{}' changed and cannot be used; the one before goes on: {error}", certificate.display()),
        }
    }
}
