//! Salesforce, as its documentation describes it: OAuth, limits, SOQL over nine objects, and event log files.
//!
//! [`Salesforce::start`] serves an organisation made from a [`World`] on 127.0.0.1. What it has kept is in [`Salesforce::emitted`]: whoever reads everything
//! must have exactly that. The handle also makes it fail. It speaks plain HTTP and JSON; Salesforce's XML answers are not simulated.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use simulate::vendors::salesforce::{Config, Cut, DEMO_CERTIFICATE, Failure, Salesforce, World};
//!
//! let world = World::new(7, jiff::civil::date(2026, 3, 2), 2, 5);
//! let config = Config { certificate: Some(DEMO_CERTIFICATE.to_owned()), page_size: 500, ..Config::new(world)? };
//! let salesforce = Salesforce::start(config).await?;
//! salesforce.pass(3);
//! salesforce.fail(2, Failure::Busy { retry_after_secs: Some(1) });
//! salesforce.cut_next_file(Cut::Broken, 0.5);
//! // ... let a connector read from salesforce.url(), then compare what it stored:
//! assert!(salesforce.readable().iter().any(|record| record.stream == "EventLogFile/Login"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod error;
mod event_types;
mod events;
mod faults;
pub(crate) mod ids;
mod jwt;
mod log_files;
mod oauth;
mod org;
mod record;
mod rest;
mod schema;
mod soql;
mod state;

pub use config::{Config, DEMO_CERTIFICATE, DEMO_KEY};
pub use error::StartError;
pub use event_types::{EVENT_TYPES, LATER};
pub use faults::{Cut, Failure, Permission};
pub use org::{Emitted, World};
pub use state::Seen;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use model::Micros;
use state::Shared;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_http::compression::CompressionLayer;

/// The running simulator; it stops when this is dropped.
pub struct Salesforce {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Salesforce {
    /// Makes the organisation and serves it. Must be called within a tokio runtime.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let key = config.certificate.as_deref().map(jwt::Key::from_pem).transpose()?;
        let org = org::Org::new(&config.world, &config.username)?;
        let listen = |why| StartError::Listen { port: config.port, why };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let shared = Arc::new(Shared::new(config, org, format!("http://{address}"), key));
        let router = router(shared.clone());
        let task = tokio::spawn(async move {
            // It serves until the task is aborted.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { shared, address, task })
    }

    /// `http://127.0.0.1:PORT`: the My Domain, the token endpoint's host, and the instance_url.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Everything that was ever kept, whether or not it can be read yet.
    pub fn emitted(&self) -> &[Emitted] {
        &self.shared.org.emitted
    }

    /// What somebody could have read by now.
    pub fn readable(&self) -> Vec<Emitted> {
        let now = self.shared.now();
        self.emitted().iter().filter(|record| record.visible_from <= now).cloned().collect()
    }

    /// Sets the moment up to which the world has happened; younger records and files cannot be read.
    pub fn set_now(&self, now: Micros) {
        self.shared.inner().now = Some(now);
    }

    /// The requests that came, the oldest first.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.inner().seen.iter().cloned().collect()
    }

    /// Answers the next `times` requests with a failure; several calls queue up. Only [`Failure::Outage`] and [`Failure::Internal`] reach the token endpoint.
    pub fn fail(&self, times: usize, failure: Failure) {
        self.shared.inner().failures.extend(std::iter::repeat_n(Some(failure), times));
    }

    /// Lets the next `times` requests of the REST interface pass before what is queued after this: a failure in the middle of a query's pages.
    pub fn pass(&self, times: usize) {
        self.shared.inner().failures.extend(std::iter::repeat_n(None, times));
    }

    /// Ends the next log file's body after this part of it, 0 to 1.
    pub fn cut_next_file(&self, cut: Cut, part: f64) {
        self.shared.inner().cuts.push_back((cut, part));
    }

    /// Serves the page before once more, on each of the next `times` requests for a further page; no record is lost by it.
    pub fn repeat_pages(&self, times: u32) {
        self.shared.inner().repeats += times;
    }

    /// Ends every session: the next request with an old access token is answered 401.
    pub fn expire_sessions(&self) {
        self.shared.inner().end_sessions();
    }

    /// Ends every query cursor, as two days would: the rest of a query's pages is INVALID_QUERY_LOCATOR.
    pub fn expire_cursors(&self) {
        self.shared.inner().cursors.clear();
    }

    /// Another consumer secret: the old one signs nobody in any more, and sessions go on.
    pub fn rotate_client_secret(&self, secret: &str) {
        self.shared.inner().client_secret = Some(secret.to_owned());
    }

    /// Takes the app's approval away, and its sessions with it; or gives it back.
    pub fn set_app_revoked(&self, revoked: bool) {
        let mut inner = self.shared.inner();
        inner.app_revoked = revoked;
        if revoked {
            inner.end_sessions();
        }
    }

    /// Deactivates the integration user, which ends its sessions; or activates it again.
    pub fn set_user_inactive(&self, inactive: bool) {
        let mut inner = self.shared.inner();
        inner.user_inactive = inactive;
        if inactive {
            inner.end_sessions();
        }
    }

    /// Whether the organisation has bought Event Monitoring; without it EventLogFile does not exist.
    pub fn set_event_monitoring(&self, licensed: bool) {
        self.shared.inner().not_licensed = !licensed;
    }

    /// Gives the integration user a permission, or takes it away.
    pub fn set_permission(&self, permission: Permission, granted: bool) {
        let mut inner = self.shared.inner();
        inner.lacking.retain(|lacking| *lacking != permission);
        if !granted {
            inner.lacking.push(permission);
        }
    }

    /// How far the vendor's clock is ahead, in seconds: in the Date header, and where a JWT's exp is checked.
    pub fn set_clock_skew_secs(&self, secs: i64) {
        self.shared.inner().clock_skew_secs = secs;
    }

    /// Sets what is left of DailyApiRequests.
    pub fn set_api_requests_left(&self, left: u64) {
        self.shared.inner().api_used = self.shared.config.api_requests.saturating_sub(left);
    }

    /// Takes back everything that goes wrong: queued failures, cuts, repeats, switches and skew. Sessions that ended stay ended.
    pub fn clear_faults(&self) {
        let mut inner = self.shared.inner();
        inner.failures.clear();
        inner.cuts.clear();
        inner.repeats = 0;
        (inner.app_revoked, inner.user_inactive, inner.not_licensed) = (false, false, false);
        inner.lacking.clear();
        inner.clock_skew_secs = 0;
    }
}

impl Drop for Salesforce {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/services/oauth2/token", post(oauth::token))
        .route("/services/data", get(rest::versions))
        .route("/services/data/", get(rest::versions))
        .route("/services/data/{version}/limits", get(rest::limits))
        .route("/services/data/{version}/limits/", get(rest::limits))
        .route("/services/data/{version}/query", get(rest::query))
        .route("/services/data/{version}/query/", get(rest::query))
        .route("/services/data/{version}/query/{locator}", get(rest::more))
        .route("/services/data/{version}/sobjects/{object}/describe", get(rest::describe))
        .route("/services/data/{version}/sobjects/EventLogFile/{id}/LogFile", get(rest::log_file))
        .fallback(rest::unknown)
        .method_not_allowed_fallback(rest::not_allowed)
        .with_state(shared.clone())
        .layer(CompressionLayer::new().gzip(true))
        .layer(from_fn_with_state(shared, gate))
}

/// REST API Developer Guide, "Status Codes and Error Responses", 414: "the length of the URI exceeds the 16,384-byte limit".
const LONGEST_URI: usize = 16_384;

/// Around every request: a failure that is due comes first; the vendor's date and, but for versions and tokens, the use of the day's requests go with the
/// answer (REST API Developer Guide, "Limit Info Header").
async fn gate(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let target = request.uri().path_and_query().map_or_else(|| path.clone(), ToString::to_string);
    let method = request.method().to_string();
    let rest = path.starts_with("/services/data/v");
    let mut response = match shared.failure(path.starts_with("/services/oauth2/")) {
        Some(failure) => failure.into_response(),
        None if target.len() > LONGEST_URI => StatusCode::URI_TOO_LONG.into_response(),
        None => next.run(request).await,
    };
    if response.headers().get(header::CONTENT_TYPE).is_some_and(|media_type| media_type == "application/json") {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    }
    let (clock, used) = (shared.clock(), shared.inner().api_used);
    if rest
        && response.status().as_u16() != 401
        && let Ok(usage) = HeaderValue::try_from(format!("api-usage={used}/{}", shared.config.api_requests))
    {
        response.headers_mut().insert("Sforce-Limit-Info", usage);
    }
    let date = Timestamp::from_microsecond(clock).map(|time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    if let Some(date) = date.ok().and_then(|date| HeaderValue::try_from(date).ok()) {
        response.headers_mut().insert(header::DATE, date);
    }
    shared.saw(Seen { method, target, status: response.status().as_u16() });
    response
}

#[cfg(test)]
mod tests;
