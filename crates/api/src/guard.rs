//! What every request meets before a handler: foreign pages are turned away, answers carry strict headers.

use crate::{Server, assets::Nonce, problem::Problem};
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The header a foreign page cannot set without a preflight, which is never granted.
pub const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-veritrail");

/// What a page may load, after where its styles may come from.
const POLICY: &str = "default-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'self'; object-src 'none'";

/// Unsafe methods with a session need the header, and an `Origin` that is this server's, where the browser sends one.
pub async fn same_site(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let foreign = headers.get(header::ORIGIN).is_some_and(|origin| {
        let authority = origin.to_str().ok().and_then(|o| o.split_once("://")).map(|(_, rest)| rest);
        authority != Some(host)
    });
    if foreign || headers.get(REQUESTED_WITH).is_none() {
        let detail = "Changes are accepted from Veritrail's own pages, or from programs that send the header 'X-Veritrail: 1'.";
        return Problem::new(StatusCode::FORBIDDEN, "foreign-request", "Refused: the request comes from elsewhere", detail)
            .noticed("it comes from elsewhere than our pages")
            .into_response();
    }
    next.run(request).await
}

/// A refusal may leave the rest of a body unread, and the connection then ends: the sender is told, so that it does not send its next request into it.
pub async fn told_to_part(request: Request, next: Next) -> Response {
    let sends = !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = next.run(request).await;
    if sends && !response.status().is_success() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Headers of every answer. Nothing under `/api` may be kept by a cache.
pub async fn headers(State(server): State<Server>, request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let nonce = response.extensions().get::<Nonce>().map(|Nonce(nonce)| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&format!("style-src 'self'{nonce}; {POLICY}")) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if server.http.secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    if api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
