//! How fast one address may ask. Nobody's pages are that fast; a program that is gets told to wait, and how long.

use crate::{Server, problem::Problem, signed::client};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// After so many requests addresses that were quiet are forgotten.
const FORGET_EVERY: u64 = 10_000;

#[derive(Clone)]
pub struct Pace(Arc<Inner>);

struct Inner {
    proxies: Vec<IpAddr>,
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
    seen: AtomicU64,
}

impl Pace {
    pub fn of(server: &Server) -> Self {
        let limiter = NonZeroU32::new(server.http.requests_per_minute).map(|n| RateLimiter::keyed(Quota::per_minute(n)));
        Self(Arc::new(Inner { proxies: server.http.proxies.clone(), limiter, seen: AtomicU64::new(0) }))
    }

    /// Whole seconds to wait, where there are any.
    fn wait(&self, address: IpAddr) -> Option<u64> {
        let limiter = self.0.limiter.as_ref()?;
        if self.0.seen.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limiter.retain_recent();
        }
        let refused = limiter.check_key(&network(address)).err()?;
        let clock = governor::clock::DefaultClock::default();
        Some(refused.wait_time_from(clock.now()).as_secs() + 1)
    }
}

/// Pushes have a limit of their own in bytes; the rest of the paths left out is cheap, and asked for by machines.
pub async fn keep(State(pace): State<Pace>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let free = path.starts_with("/api/v1/ingest/") || path.starts_with("/assets/") || path == "/health" || path == "/metrics";
    let address = client(request.extensions(), request.headers(), &pace.0.proxies).filter(|_| !free);
    match address.and_then(|address| pace.wait(address)) {
        Some(secs) => Problem::too_many(secs).noticed("more come from there than are answered").into_response(),
        None => next.run(request).await,
    }
}

/// One of IPv6 has a /64 to itself.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_none() => {
            let s = v6.segments();
            Ipv6Addr::new(s[0], s[1], s[2], s[3], 0, 0, 0, 0).into()
        }
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_and_others_do_not() {
        let limiter = Some(RateLimiter::keyed(Quota::per_minute(NonZeroU32::new(3).expect("three"))));
        let pace = Pace(Arc::new(Inner { proxies: vec![], limiter, seen: AtomicU64::new(0) }));
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        for _ in 0..3 {
            assert_eq!(pace.wait(address("2001:db8::1")), None);
        }
        let wait = pace.wait(address("2001:db8::2")).expect("the same /64");
        assert!((1..=21).contains(&wait), "{wait}");
        assert_eq!(pace.wait(address("2001:db8:0:1::1")), None);
        assert_eq!(pace.wait(address("192.0.2.1")), None);
        let none = Pace(Arc::new(Inner { proxies: vec![], limiter: None, seen: AtomicU64::new(0) }));
        assert!((0..100).all(|_| none.wait(address("192.0.2.1")).is_none()));
    }
}
