//! Who asks: the member of the session cookie or of the API token, or 401.

use crate::{Server, cookie::Cookie, ingest::bearer, problem::Problem};
use app::{Caller, sessions::Visitor};
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Extensions, HeaderMap, header, request::Parts},
};
use std::net::{IpAddr, SocketAddr};
use uuid::Uuid;

/// A signed-in member.
pub struct Signed(pub Caller);

/// Whoever asks: his network address, of a proxy's word only where the configuration names the proxy, and what his browser calls itself.
pub struct Client(pub Visitor);

impl FromRequestParts<Server> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let found = match bearer(&parts.headers) {
            Some(token) => server.app.token(token).await?,
            None => {
                let token = Cookie::Session.read(&parts.headers, server.http.secure).ok_or_else(Problem::not_signed_in)?;
                server.app.session(token).await?
            }
        };
        let (member, entry) = found.ok_or_else(Problem::not_signed_in)?;
        Ok(Self(Caller { member, address: address(parts, server), request: Uuid::now_v7(), entry }))
    }
}

impl FromRequestParts<Server> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Self::Rejection> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|h| h.to_str().ok()).map(str::to_owned);
        Ok(Self(Visitor::new(address(parts, server), agent, Cookie::Session.read(&parts.headers, server.http.secure))))
    }
}

fn address(parts: &Parts, server: &Server) -> Option<String> {
    client(&parts.extensions, &parts.headers, &server.http.proxies).map(|client| client.to_string())
}

/// Where a request comes from, as the server saw it.
pub fn client(extensions: &Extensions, headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())?;
    Some(if proxies.contains(&peer) { forwarded(headers).unwrap_or(peer) } else { peer })
}

/// The last hop a believed proxy saw: of several such headers the last, which it added itself.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}
