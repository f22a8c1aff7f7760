//! Prometheus metrics, for loopback or whoever holds the token.

use crate::{Server, ingest::bearer, problem::Problem};
use app::{App, ledgers::Anchor};
use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use model::position::{ACTIVITY, SELF};
use pipeline::Accepted;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Follower {
    follower: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Anchored {
    ledger: &'static str,
    anchor: &'static str,
}

type Place = Box<dyn Fn() -> u64 + Send>;

/// Counters of the HTTP floor, the places of the followers, and how far checkpoints are confirmed outside.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Route, Counter>,
    seconds: Histogram,
    events: Counter,
    duplicates: Counter,
    quarantined: Counter,
    next: Family<Follower, Gauge>,
    followers: Arc<Mutex<Vec<(Follower, Place)>>>,
    anchored: Family<Anchored, Gauge>,
    lag: Family<Anchored, Gauge>,
    late: Family<Anchored, Gauge>,
    waiting: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("veritrail");
        let requests = Family::<Route, Counter>::default();
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let (events, duplicates, quarantined) = (Counter::default(), Counter::default(), Counter::default());
        registry.register("http_requests", "Requests answered, by route and status", requests.clone());
        registry.register("http_request_seconds", "Time to answer", seconds.clone());
        registry.register("ingest_events", "Events taken over HTTP, new in the trail", events.clone());
        registry.register("ingest_duplicates", "Events taken over HTTP that were there already", duplicates.clone());
        registry.register("ingest_quarantined", "Records put into quarantine over HTTP", quarantined.clone());
        let next = Family::<Follower, Gauge>::default();
        registry.register("follower_next", "Index of the next event a follower will take", next.clone());
        let (anchored, lag, late) = (Family::<Anchored, Gauge>::default(), Family::<Anchored, Gauge>::default(), Family::<Anchored, Gauge>::default());
        registry.register("anchor_records", "Records under the newest checkpoint that witnesses cosigned or an authority time-stamped", anchored.clone());
        registry.register("anchor_lag_seconds", "How long signed records have waited for that at most", lag.clone());
        registry.register("anchor_late", "1 while that is longer than promised", late.clone());
        let waiting = Gauge::default();
        registry.register("self_waiting", "Reads that wait in the reserve because the own trail cannot be written", waiting.clone());
        Self { registry: Arc::new(registry), requests, seconds, events, duplicates, quarantined, next, followers: Arc::default(), anchored, lag, late, waiting }
    }
}

impl Metrics {
    /// Has the place of a follower of the trail shown.
    pub fn follow(&self, follower: &'static str, place: impl Fn() -> u64 + Send + 'static) {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner).push((Follower { follower }, Box::new(place)));
    }

    fn anchors(&self, app: &App) {
        for (ledger, anchor) in [ACTIVITY, SELF].into_iter().flat_map(|ledger| Anchor::ALL.map(|anchor| (ledger, anchor))) {
            let Some(view) = app.board.anchor(ledger, anchor, (app.clock)()) else { continue };
            let labels = Anchored { ledger, anchor: anchor.name() };
            self.anchored.get_or_create(&labels).set(i64::try_from(view.size).unwrap_or(i64::MAX));
            self.lag.get_or_create(&labels).set(view.lag_secs);
            self.late.get_or_create(&labels).set(i64::from(view.behind_since.is_some()));
        }
    }

    pub fn taken(&self, accepted: &Accepted) {
        self.events.inc_by(accepted.events);
        self.duplicates.inc_by(accepted.duplicates);
        self.quarantined.inc_by(accepted.quarantined);
    }
}

/// Counts every request under its route's pattern, never under its path: paths hold ids.
pub async fn count(State(server): State<Server>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("pages", MatchedPath::as_str).to_owned();
    let started = Instant::now();
    let response = next.run(request).await;
    server.metrics.seconds.observe(started.elapsed().as_secs_f64());
    server.metrics.requests.get_or_create(&Route { route, status: response.status().as_u16() }).inc();
    response
}

pub async fn read(State(server): State<Server>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Result<Response, Problem> {
    let token = server.http.metrics_token.as_deref();
    let allowed = token.map_or(peer.ip().is_loopback(), |token| bearer(&headers).is_some_and(|given| same(given, token)));
    if !allowed {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "metrics", "Metrics are not for everyone", "Send the token of [metrics] as a bearer token."));
    }
    for (follower, place) in server.metrics.followers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        server.metrics.next.get_or_create(follower).set(i64::try_from(place()).unwrap_or(i64::MAX));
    }
    server.metrics.anchors(&server.app);
    let waiting = server.app.waiting().map_or(0, |used| used.frames);
    server.metrics.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    let mut text = String::new();
    encode(&mut text, &server.metrics.registry).map_err(|e| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Metrics failed", e.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response())
}

/// Compares in time that does not depend on where they differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differ, (x, y)| differ | (x ^ y)) == 0
}
