//! A request to one address outside: what its name leads to is looked up once and checked, and nobody is followed elsewhere.

use crate::ChannelError;
use model::reach;
use reqwest::{RequestBuilder, Response, redirect::Policy};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use url::{Host, Url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether private networks and this machine may be reached, and the key of the configuration that says so.
#[derive(Clone, Copy, Debug)]
pub struct Allow {
    pub private: bool,
    pub key: &'static str,
}

/// The way to one URL.
pub struct Guarded {
    name: String,
    url: Url,
    allow: Allow,
    timeout: Duration,
}

impl Guarded {
    /// `name` stands in what is said of it; the URL does not, for it may hold a token.
    pub fn new(name: String, url: Url, allow: Allow, timeout: Duration) -> Self {
        Self { name, url, allow, timeout }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it leads to this machine by its very name.
    pub fn is_here(&self) -> bool {
        self.url.host_str().is_some_and(reach::is_here)
    }

    /// Posts a body; status and the answer's body, which may have `limit_bytes`.
    pub async fn post(&self, content_type: &str, body: Vec<u8>, limit_bytes: usize) -> Result<(u16, Vec<u8>), ChannelError> {
        let request = self.request().await?.header("content-type", content_type).body(body);
        let mut answer = self.send(request).await?;
        let read = self.body(&mut answer, limit_bytes).await?;
        Ok((answer.status().as_u16(), read))
    }

    async fn body(&self, answer: &mut Response, limit_bytes: usize) -> Result<Vec<u8>, ChannelError> {
        let mut read = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| self.later(&e.without_url()))? {
            if read.len() + chunk.len() > limit_bytes {
                return Err(ChannelError::Refused(format!("{}: it answered more than {limit_bytes} bytes", self.name)));
            }
            read.extend_from_slice(&chunk);
        }
        Ok(read)
    }

    /// Sends a request made elsewhere, to the address that was checked whatever the request says; the answer's body may have `limit_bytes`.
    pub(crate) async fn ask(&self, request: http::Request<Vec<u8>>, limit_bytes: usize) -> Result<http::Response<Vec<u8>>, ChannelError> {
        let (parts, body) = request.into_parts();
        let request = self.client().await?.request(parts.method, self.url.clone()).headers(parts.headers).body(body);
        let mut answer = self.send(request).await?;
        let mut whole = http::Response::builder().status(answer.status());
        if let Some(headers) = whole.headers_mut() {
            headers.clone_from(answer.headers());
        }
        let body = self.body(&mut answer, limit_bytes).await?;
        whole.body(body).map_err(|e| self.later(&e))
    }

    /// A POST by a client of this one request.
    pub(crate) async fn request(&self) -> Result<RequestBuilder, ChannelError> {
        Ok(self.client().await?.post(self.url.clone()))
    }

    /// It knows the checked addresses and no other.
    async fn client(&self) -> Result<reqwest::Client, ChannelError> {
        let client = reqwest::Client::builder()
            .resolve_to_addrs(self.url.host_str().unwrap_or_default(), &self.addresses().await?)
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(self.timeout)
            .user_agent("Veritrail")
            .build()
            .map_err(|e| self.later(&e.without_url()))?;
        Ok(client)
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, ChannelError> {
        request.send().await.map_err(|e| self.later(&e.without_url()))
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, ChannelError> {
        let port = self.url.port_or_known_default().unwrap_or(443);
        let found: Vec<SocketAddr> = match self.url.host() {
            Some(Host::Ipv4(v4)) => vec![SocketAddr::new(IpAddr::V4(v4), port)],
            Some(Host::Ipv6(v6)) => vec![SocketAddr::new(IpAddr::V6(v6), port)],
            Some(Host::Domain(name)) => {
                let later = |why: String| ChannelError::Later(format!("{}: the name could not be looked up: {why}", self.name));
                let lookup = tokio::time::timeout(CONNECT_TIMEOUT, tokio::net::lookup_host((name, port)));
                lookup.await.map_err(|_| later("no answer in time".to_owned()))?.map_err(|e| later(e.to_string()))?.collect()
            }
            None => Vec::new(),
        };
        if found.is_empty() {
            return Err(ChannelError::Later(format!("{}: the name has no address", self.name)));
        }
        match found.iter().find_map(|address| reach::refused(address.ip(), self.allow.private)) {
            Some(why) => {
                Err(ChannelError::Refused(format!("{}: the host is {why}, which may not be reached; set {} if it is yours", self.name, self.allow.key)))
            }
            None => Ok(found),
        }
    }

    fn later(&self, error: &dyn std::error::Error) -> ChannelError {
        ChannelError::Later(format!("{}: {}", self.name, chain(error)))
    }
}

/// An error with its causes: reqwest's own text says only that something failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        text.push_str(&format!(": {e}"));
        cause = e.source();
    }
    text
}
