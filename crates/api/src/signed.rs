//! Who asks: the member of the session cookie, or 401.

use crate::{Server, cookie, problem::Problem};
use app::Caller;
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use std::net::{IpAddr, SocketAddr};
use uuid::Uuid;

/// A signed-in member.
pub struct Signed(pub Caller);

/// The client's network address; of a proxy's word only where the configuration names the proxy.
pub struct Client(pub Option<String>);

impl FromRequestParts<Server> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let token = cookie::read(&parts.headers, server.http.secure).ok_or_else(Problem::not_signed_in)?.to_owned();
        let Client(address) = client(parts, server);
        let member = server.app.session(&token).await?.ok_or_else(Problem::not_signed_in)?;
        Ok(Self(Caller { member, address, request: Uuid::now_v7() }))
    }
}

impl FromRequestParts<Server> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Self::Rejection> {
        Ok(client(parts, server))
    }
}

fn client(parts: &Parts, server: &Server) -> Client {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    Client(peer.map(|peer| if server.http.proxies.contains(&peer) { forwarded(&parts.headers).unwrap_or(peer) } else { peer }.to_string()))
}

/// The last hop a believed proxy saw.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    headers.get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}
