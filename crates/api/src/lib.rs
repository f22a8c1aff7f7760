//! HTTP: handlers, the OpenAPI document, sessions. Handlers read the request, hand one call to `app` or `pipeline`, and answer.

use app::App;
use axum::{Router, extract::Request, middleware, routing::get};
use pipeline::Intake;
use std::{net::IpAddr, sync::Arc, time::Duration};
use tower_http::{compression::CompressionLayer, timeout::RequestBodyTimeoutLayer, trace::TraceLayer};
use utoipa_axum::{router::OpenApiRouter, routes};

mod account;
mod alerts;
mod assets;
mod cookie;
mod directory;
mod erasures;
mod events;
mod guard;
mod health;
mod index;
mod ingest;
mod input;
mod jobs;
mod ledger_files;
mod ledgers;
mod live;
mod masking;
mod members;
mod metrics;
mod noticed;
mod openapi;
mod overview;
mod own_trail;
mod pace;
pub mod problem;
mod retention;
mod roles;
#[doc(hidden)]
pub mod scim;
mod searches;
mod service_accounts;
mod session;
mod settings;
mod signed;
mod sources;

pub use assets::Assets;
pub use live::Live;
pub use metrics::Metrics;
pub use settings::{Setting, SettingsSection};

/// A body of which nothing came for so long is given up.
const BODY_PAUSE: Duration = Duration::from_secs(30);

/// How the server stands in its network.
#[derive(Clone, Debug)]
pub struct Http {
    /// People reach it over TLS: the session cookie is bound to it.
    pub secure: bool,
    /// Anyone may read `/ledger/...`.
    pub publish_ledger: bool,
    /// Bearer token for `/metrics`; `None`: loopback only.
    pub metrics_token: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
    /// Of one address; 0: no limit.
    pub requests_per_minute: u32,
}

/// Everything the handlers share. Cheap to clone.
#[derive(Clone)]
pub struct Server(Arc<Parts>);

/// What a [`Server`] points to.
pub struct Parts {
    pub app: App,
    pub intake: Arc<Intake>,
    pub live: Live,
    pub http: Http,
    pub settings: Vec<SettingsSection>,
    pub metrics: Metrics,
}

impl std::ops::Deref for Server {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Server {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

/// Every operation of `/api/v1`; a route that is not here is not in the OpenAPI document either.
fn operations() -> OpenApiRouter<Server> {
    OpenApiRouter::with_openapi(openapi::document())
        .routes(routes!(session::first_run, session::start))
        .routes(routes!(session::read, session::sign_in, session::sign_out))
        .routes(routes!(session::code))
        .routes(routes!(session::enrol))
        .routes(routes!(session::confirm_enrolment))
        .routes(routes!(session::passkey_options))
        .routes(routes!(session::passkey))
        .routes(routes!(session::begin_elsewhere))
        .routes(routes!(session::end_elsewhere))
        .routes(routes!(session::confirm))
        .routes(routes!(session::invitation))
        .routes(routes!(session::accept))
        .routes(routes!(session::forgot))
        .routes(routes!(session::reset_offered))
        .routes(routes!(session::reset))
        .routes(routes!(overview::read))
        .routes(routes!(events::search))
        .routes(routes!(events::count))
        .routes(routes!(events::facets))
        .routes(routes!(events::histogram))
        .routes(routes!(events::read))
        .routes(routes!(events::proof))
        .routes(routes!(masking::reveal))
        .routes(routes!(events::own))
        .routes(routes!(live::stream))
        .routes(routes!(directory::persons))
        .routes(routes!(directory::person))
        .routes(routes!(directory::pattern))
        .routes(routes!(directory::subject))
        .routes(routes!(directory::departments))
        .routes(routes!(directory::import))
        .routes(routes!(overview::search))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::read, alerts::update))
        .routes(routes!(alerts::judge))
        .routes(routes!(alerts::rules))
        .routes(routes!(sources::connectors))
        .routes(routes!(sources::list, sources::create))
        .routes(routes!(sources::check))
        .routes(routes!(sources::read, sources::update))
        .routes(routes!(sources::create_key))
        .routes(routes!(sources::revoke_key))
        .routes(routes!(sources::upload))
        .routes(routes!(sources::quarantine))
        .routes(routes!(sources::replay))
        .routes(routes!(searches::list, searches::create))
        .routes(routes!(searches::update, searches::remove))
        .routes(routes!(searches::deliver, searches::end_delivery))
        .routes(routes!(jobs::export))
        .routes(routes!(jobs::evidence))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::read, jobs::cancel))
        .routes(routes!(jobs::file))
        .routes(routes!(erasures::list, erasures::create))
        .routes(routes!(erasures::preview))
        .routes(routes!(erasures::read))
        .routes(routes!(erasures::holds, erasures::hold))
        .routes(routes!(erasures::release))
        .routes(routes!(masking::list, masking::update))
        .routes(routes!(masking::fields))
        .routes(routes!(masking::reveals))
        .routes(routes!(masking::decide))
        .routes(routes!(own_trail::list))
        .routes(routes!(own_trail::digests))
        .routes(routes!(ledgers::list))
        .routes(routes!(ledgers::consistency))
        .routes(routes!(roles::table))
        .routes(routes!(roles::explain))
        .routes(routes!(members::list))
        .routes(routes!(members::invite))
        .routes(routes!(members::update))
        .routes(routes!(members::sessions, members::sign_out))
        .routes(routes!(members::reset_factor))
        .routes(routes!(service_accounts::list, service_accounts::create))
        .routes(routes!(service_accounts::update))
        .routes(routes!(service_accounts::create_token))
        .routes(routes!(service_accounts::rotate_token))
        .routes(routes!(service_accounts::revoke_token))
        .routes(routes!(account::read))
        .routes(routes!(account::begin, account::remove))
        .routes(routes!(account::confirm))
        .routes(routes!(account::recovery_codes))
        .routes(routes!(account::change_password))
        .routes(routes!(account::passkey_options))
        .routes(routes!(account::add_passkey))
        .routes(routes!(account::remove_passkey))
        .routes(routes!(account::create_token))
        .routes(routes!(account::rotate_token))
        .routes(routes!(account::revoke_token))
        .routes(routes!(account::end_others))
        .routes(routes!(account::end))
        .routes(routes!(settings::read))
        .routes(routes!(retention::read, retention::run))
        .routes(routes!(index::read))
        .routes(routes!(index::rebuild, index::cancel))
}

/// The routes, and the document made from them.
fn described() -> (Router<Server>, utoipa::openapi::OpenApi) {
    let (routes, mut document) = operations().split_for_parts();
    openapi::answers_are_whole(&mut document);
    openapi::problems_are_named(&mut document);
    (routes, document)
}

/// The OpenAPI document as JSON text.
pub fn openapi_json() -> String {
    described().1.to_pretty_json().expect("the document is plain data")
}

/// The whole HTTP surface.
pub fn router(server: Server, assets: Assets) -> Router {
    let (api, document) = described();
    let document = Arc::new(document.to_pretty_json().expect("the document is plain data"));
    let api = api
        .route("/openapi.json", get(move |signed: signed::Signed| openapi::answer(signed, document.clone())))
        .fallback(openapi::unknown)
        .layer(middleware::from_fn(guard::same_site));
    // Ingest is for programs with a key: no cookie, so no foreign page to fear.
    let ingest = OpenApiRouter::<Server>::new().routes(routes!(ingest::push)).split_for_parts().0;
    Router::new()
        .nest("/scim/v2", scim::routes())
        .nest("/api/v1", ingest.merge(api).layer(middleware::from_fn(guard::told_to_part)))
        .route("/health", get(health::read))
        .route("/metrics", get(metrics::read))
        .route("/ledger/{ledger}/{*path}", get(ledger_files::file))
        .with_state(server.clone())
        .fallback_service(get(assets::serve).with_state(assets))
        .layer(middleware::from_fn_with_state(server.clone(), metrics::count))
        .layer(middleware::from_fn_with_state(pace::Pace::of(&server), pace::keep))
        .layer(middleware::from_fn_with_state(noticed::Notices::of(&server), noticed::tell))
        .layer(middleware::from_fn_with_state(server, guard::headers))
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(CompressionLayer::new())
        .layer(TraceLayer::new_for_http().make_span_with(asked))
}

/// A request in the log: without its query, which holds the words that were searched.
fn asked(request: &Request) -> tracing::Span {
    tracing::debug_span!("request", method = %request.method(), path = request.uri().path(), version = ?request.version())
}
