//! The pages: built files handed in by the binary. A path that is no file is a page of the application, which routes by itself.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, Response, StatusCode, header},
    response::IntoResponse,
};
use std::borrow::Cow;

/// Looks up a built file by its path without leading slash.
pub type Assets = fn(&str) -> Option<Cow<'static, [u8]>>;

const INDEX: &str = "index.html";
/// Stands in the page where its nonce belongs.
const PLACE: &str = "__nonce__";
/// Built file names carry a hash of their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Lets the styles in that the page makes while it runs, in this answer alone.
#[derive(Clone)]
pub struct Nonce(pub String);

pub async fn serve(State(assets): State<Assets>, request: Request) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    let hashed = path.starts_with("assets/");
    match assets(path).filter(|_| !path.is_empty() && path != INDEX) {
        Some(bytes) => answer(path, bytes, if hashed { FOR_EVER } else { "no-cache" }),
        None if hashed => StatusCode::NOT_FOUND.into_response(),
        None => match assets(INDEX) {
            Some(bytes) => page(&bytes),
            None => (StatusCode::NOT_FOUND, "This build carries no pages. The API is under /api/v1.").into_response(),
        },
    }
}

fn page(bytes: &[u8]) -> Response<Body> {
    let nonce = Nonce(format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple()));
    let text = String::from_utf8_lossy(bytes).replace(PLACE, &nonce.0);
    let mut answer = answer(INDEX, text.into_bytes().into(), "no-store");
    answer.extensions_mut().insert(nonce);
    answer
}

fn answer(path: &str, bytes: Cow<'static, [u8]>, cache: &'static str) -> Response<Body> {
    ([(header::CONTENT_TYPE, media_type(path)), (header::CACHE_CONTROL, cache)], bytes.into_owned()).into_response()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
