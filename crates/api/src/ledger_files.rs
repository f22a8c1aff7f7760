//! `/ledger/<name>/...`: the ledger's static files for witnesses and auditors, where the configuration publishes them. Leaves hold no personal data.

use crate::{Server, problem::Problem};
use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};

/// Checkpoints, the list of keys, tiles, entry bundles and anchors; never segments, which hold sealed parts.
pub async fn file(State(server): State<Server>, Path((ledger, path)): Path<(String, String)>) -> Result<Response, Problem> {
    let public = path == "checkpoint" || path == "keys" || path.starts_with("tile/") || path.starts_with("anchor/");
    if !server.http.publish_ledger || !public || path.split('/').any(|part| part == ".." || part.is_empty()) {
        return Err(Problem::not_found("such file"));
    }
    let bytes = server.app.ledger_file(&ledger, &path).await?.ok_or_else(|| Problem::not_found("such file"))?;
    let kind = match path.as_str() {
        stamp if stamp.ends_with(".tsr") => "application/timestamp-reply",
        tile if tile.starts_with("tile/") => "application/octet-stream",
        _ => "text/plain; charset=utf-8",
    };
    let cache = match path.as_str() {
        "checkpoint" | "keys" | "anchor/cosigned" => "no-cache",
        partial if partial.contains(".p/") => "public, max-age=60",
        _ => "public, max-age=31536000, immutable",
    };
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], bytes).into_response())
}
