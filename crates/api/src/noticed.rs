//! What looks like an attempt to get round a control stands in the log with where it came from, and never so often that it floods it.

use crate::{Server, pace::network, signed::client};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Lines a minute: about one thing from one address, and in all. What is beyond is counted, and the number stands in the next line.
const OF_ONE_ADDRESS: NonZeroU32 = NonZeroU32::new(5).expect("is not zero");
const IN_ALL: NonZeroU32 = NonZeroU32::new(60).expect("is not zero");
/// After so many attempts addresses that were quiet are forgotten.
const FORGET_EVERY: u64 = 10_000;

/// What an answer refused, where that is to be noticed.
#[derive(Clone, Copy, Debug)]
pub struct Noticed(pub &'static str);

#[derive(Clone)]
pub struct Notices(Arc<Inner>);

struct Inner {
    proxies: Vec<IpAddr>,
    each: DefaultKeyedRateLimiter<(&'static str, Option<IpAddr>)>,
    all: DefaultDirectRateLimiter,
    seen: AtomicU64,
    left_out: AtomicU64,
}

impl Notices {
    pub fn of(server: &Server) -> Self {
        Self::by(server.http.proxies.clone())
    }

    fn by(proxies: Vec<IpAddr>) -> Self {
        let (each, all) = (RateLimiter::keyed(Quota::per_minute(OF_ONE_ADDRESS)), RateLimiter::direct(Quota::per_minute(IN_ALL)));
        Self(Arc::new(Inner { proxies, each, all, seen: AtomicU64::new(0), left_out: AtomicU64::new(0) }))
    }

    /// How many were left out since the last line, where this one is to be written.
    fn line(&self, what: &'static str, address: Option<IpAddr>) -> Option<u64> {
        let Inner { each, all, seen, left_out, .. } = &*self.0;
        if seen.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            each.retain_recent();
        }
        if each.check_key(&(what, address.map(network))).is_err() || all.check().is_err() {
            left_out.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(left_out.swap(0, Ordering::Relaxed))
    }
}

/// The route's pattern is written, never the path: paths hold tokens and ids.
pub async fn tell(State(notices): State<Notices>, request: Request, next: Next) -> Response {
    let address = client(request.extensions(), request.headers(), &notices.0.proxies);
    let (method, route) = (request.method().clone(), request.extensions().get::<MatchedPath>().cloned());
    let response = next.run(request).await;
    if let Some(Noticed(what)) = response.extensions().get()
        && let Some(left_out) = notices.line(what, address)
    {
        let (route, from) = (route.as_ref().map_or("none", MatchedPath::as_str), address.map_or("?".to_owned(), |a| a.to_string()));
        tracing::warn!(from, %method, route, status = response.status().as_u16(), left_out, "a request was refused: {what}");
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_leaves_few_lines_and_hides_nobody_else() {
        let notices = Notices::by(vec![]);
        let from = |n: u32| Some(IpAddr::V4(n.into()));
        let written = (0..1_000).filter(|_| notices.line("it cannot be read", from(1)).is_some()).count();
        assert_eq!(written, 5);
        assert_eq!(notices.line("it cannot be read", from(2)), Some(995), "another address, told how much was left out");
        assert_eq!(notices.line("it comes from elsewhere", from(1)), Some(0), "another thing");
        let written = (10..10_000).filter(|n| notices.line("it cannot be read", from(*n)).is_some()).count();
        assert!(written <= 60, "{written} lines from many addresses");
    }
}
