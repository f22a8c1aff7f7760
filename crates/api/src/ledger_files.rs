//! `/ledger/<name>/...`: the ledger's static files for witnesses and auditors, where the configuration publishes them. Leaves hold no personal data.

use crate::{Server, problem::Problem};
use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};

/// Checkpoints, tiles and entry bundles; never segments, which hold sealed parts.
pub async fn file(State(server): State<Server>, Path((ledger, path)): Path<(String, String)>) -> Result<Response, Problem> {
    let public = path == "checkpoint" || path.starts_with("tile/");
    if !server.http.publish_ledger || !public || path.split('/').any(|part| part == ".." || part.is_empty()) {
        return Err(Problem::not_found("such file"));
    }
    let bytes = server.app.ledger_file(&ledger, &path).await?.ok_or_else(|| Problem::not_found("such file"))?;
    let partial = path == "checkpoint" || path.contains(".p/");
    let (kind, cache) =
        if path == "checkpoint" { ("text/plain; charset=utf-8", "no-cache") } else { ("application/octet-stream", "public, max-age=31536000, immutable") };
    let cache = if partial && path != "checkpoint" { "public, max-age=60" } else { cache };
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], bytes).into_response())
}
