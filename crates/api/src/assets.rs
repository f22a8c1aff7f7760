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
/// Built file names carry a hash of their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub async fn serve(State(assets): State<Assets>, request: Request) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    let hashed = path.starts_with("assets/");
    match assets(path).filter(|_| !path.is_empty()) {
        Some(bytes) => answer(path, bytes, if hashed { FOR_EVER } else { "no-cache" }),
        None if hashed => StatusCode::NOT_FOUND.into_response(),
        None => match assets(INDEX) {
            Some(bytes) => answer(INDEX, bytes, "no-cache"),
            None => (StatusCode::NOT_FOUND, "This build carries no pages. The API is under /api/v1.").into_response(),
        },
    }
}

fn answer(path: &str, bytes: Cow<'static, [u8]>, cache: &'static str) -> Response<Body> {
    ([(header::CONTENT_TYPE, media_type(path)), (header::CACHE_CONTROL, cache)], bytes.into_owned()).into_response()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
