//! The REST interface: versions, limits, queries, and log files.

use super::error::ApiError;
use super::faults::{Cut, Permission};
use super::ids;
use super::record::Record;
use super::schema::{Field, Object};
use super::soql::{self, Parents};
use super::state::{Cursor, Session, Shared};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

type App = State<Arc<Shared>>;

/// The first and the last version; Interval and Sequence exist from 37.0 on.
const VERSIONS: std::ops::RangeInclusive<u32> = 37..=66;
/// Sforce-Query-Options batchSize: "the minimum is 200, and the maximum is 2,000".
const BATCH: (usize, usize) = (200, 2_000);
/// How much of a file is sent at once.
const PIECE: usize = 64 * 1024;

/// REST API Developer Guide, "Versions" and "List Available REST API Versions": no authentication, counts towards no limit.
pub async fn versions() -> Response {
    let versions: Vec<_> = VERSIONS.map(|v| json!({ "label": label(v), "url": format!("/services/data/v{v}.0"), "version": format!("{v}.0") })).collect();
    Json(versions).into_response()
}

/// Three releases a year: 63.0 was Spring '25.
fn label(version: u32) -> String {
    match version % 3 {
        0 => format!("Spring '{}", version / 3 + 4),
        1 => format!("Summer '{}", version / 3 + 4),
        _ => format!("Winter '{}", version / 3 + 5),
    }
}

/// REST API Developer Guide, "Limits" and "List Org Limits": Max and Remaining, for users with View Setup and Configuration.
pub async fn limits(State(shared): App, Path(version): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    admit(&shared, &version, &headers)?;
    let inner = shared.inner();
    if inner.lacking.contains(&Permission::ViewSetup) {
        return Err(ApiError::access("limits"));
    }
    let max = shared.config.api_requests;
    let body = json!({
        "DailyApiRequests": { "Max": max, "Remaining": max.saturating_sub(inner.api_used) },
        "DailyBulkApiBatches": { "Max": 15_000, "Remaining": 15_000 },
        "DataStorageMB": { "Max": 1_024, "Remaining": 700 },
        "HourlyAsyncReportRuns": { "Max": 1_200, "Remaining": 1_200 },
    });
    Ok(Json(body).into_response())
}

/// REST API Developer Guide, "Query" and "Execute a SOQL Query"; batches: "Query Options Header".
pub async fn query(State(shared): App, Path(version): Path<String>, RawQuery(raw): RawQuery, headers: HeaderMap) -> Result<Response, ApiError> {
    let session = admit(&shared, &version, &headers)?;
    let raw = raw.unwrap_or_default();
    let query = url::form_urlencoded::parse(raw.as_bytes()).find(|(name, _)| name == "q").map(|(_, value)| value.into_owned());
    let query = query.ok_or_else(|| ApiError::bad("MALFORMED_QUERY", "A query string has to be specified"))?;
    let select = soql::parse(&query)?;
    let name = select.object.clone();
    let plan = soql::plan(&query, select)?;
    may_read(&shared, plan.object, || soql::unsupported(&query, &name))?;
    let now = shared.now();
    let parents = shared.org.at(now);
    let mut records: Vec<Record> = plan.run(shared.org.records(plan.object), &parents, now).into_iter().cloned().collect();
    own_logins_only(&shared, plan.object, &session, &mut records);
    let made = {
        let mut inner = shared.inner();
        inner.cursors_made += 1;
        inner.cursors_made
    };
    let cursor = Cursor { locator: ids::nth("0r8", made), object: plan.object, fields: plan.fields, records, page: page_size(&shared, &headers) };
    if cursor.fields.is_empty() {
        return Ok(Json(json!({ "totalSize": cursor.records.len(), "done": true, "records": [] })).into_response());
    }
    let answer = page(&cursor, 0, &root(&version), false, &parents);
    if cursor.records.len() > cursor.page {
        shared.keep(cursor);
    }
    Ok(Json(answer).into_response())
}

/// REST API Developer Guide, "Query More Results"; an unknown or outlived locator: Salesforce Help, "'INVALID_QUERY_LOCATOR' Salesforce Error".
pub async fn more(State(shared): App, Path((version, locator)): Path<(String, String)>, headers: HeaderMap) -> Result<Response, ApiError> {
    admit(&shared, &version, &headers)?;
    let invalid = || ApiError::bad("INVALID_QUERY_LOCATOR", "invalid query locator");
    let (locator, from) = locator.split_once('-').ok_or_else(invalid)?;
    let from: usize = from.parse().map_err(|_| invalid())?;
    let now = shared.now();
    let mut inner = shared.inner();
    let repeat = inner.repeats > 0;
    inner.repeats -= u32::from(repeat);
    let cursor = inner.cursors.iter().find(|cursor| cursor.locator == locator).filter(|cursor| from < cursor.records.len()).ok_or_else(invalid)?;
    Ok(Json(page(cursor, from, &root(&version), repeat, &shared.org.at(now))).into_response())
}

/// REST API Developer Guide, "sObject Describe" and "Describe Event Monitoring Using REST": a part of what it says of an object and its fields.
pub async fn describe(State(shared): App, Path((version, name)): Path<(String, String)>, headers: HeaderMap) -> Result<Response, ApiError> {
    admit(&shared, &version, &headers)?;
    let object = Object::named(&name).ok_or_else(ApiError::not_found)?;
    may_read(&shared, object, ApiError::not_found)?;
    let field = |field: &Field| json!({ "name": field.name, "type": field.kind.described(), "filterable": field.filter, "sortable": field.sort });
    let fields: Vec<_> = object.fields.iter().map(field).collect();
    Ok(Json(json!({ "name": object.name, "custom": false, "queryable": true, "createable": false, "updateable": false, "fields": fields })).into_response())
}

/// REST API Developer Guide, "sObject Blob Get" and "Get Event Monitoring Content from a Record": binary, chunked, `application/octetstream`. Compression:
/// "Compression Headers".
pub async fn log_file(State(shared): App, Path((version, id)): Path<(String, String)>, headers: HeaderMap) -> Result<Response, ApiError> {
    admit(&shared, &version, &headers)?;
    let object = Object::named("EventLogFile").ok_or_else(ApiError::not_found)?;
    may_read(&shared, object, ApiError::not_found)?;
    let file = shared
        .org
        .file(&id, shared.now())
        .ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: LogFile"))?;
    let bytes = file.csv(&shared.org.events).map_err(|_| ApiError::not_found())?;
    let cut = shared.inner().cuts.pop_front();
    Ok(([(header::CONTENT_TYPE, "application/octetstream")], body(bytes, cut)).into_response())
}

/// REST API Developer Guide, "Status Codes and Error Responses": 404.
pub async fn unknown() -> ApiError {
    ApiError::not_found()
}

/// REST API Developer Guide, "Status Codes and Error Responses": 405.
pub async fn not_allowed(method: Method) -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", format!("HTTP Method '{method}' not allowed. Allowed are GET"))
}

fn root(version: &str) -> String {
    format!("/services/data/{version}")
}

fn admit(shared: &Shared, version: &str, headers: &HeaderMap) -> Result<Session, ApiError> {
    let session = shared.admit(bearer(headers))?;
    let number = version.strip_prefix('v').and_then(|v| v.strip_suffix(".0")).and_then(|v| v.parse().ok());
    if number.is_some_and(|number| VERSIONS.contains(&number)) { Ok(session) } else { Err(ApiError::not_found()) }
}

/// REST API Developer Guide, "Step Two: Set Up Authorization": `Authorization: Bearer token`; `OAuth token` is taken as well.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("OAuth "))
}

/// Object Reference, "Special Access Rules" of EventLogFile and SetupAuditTrail. An organisation without Event Monitoring has no such object.
fn may_read(shared: &Shared, object: &Object, absent: impl FnOnce() -> ApiError) -> Result<(), ApiError> {
    let inner = shared.inner();
    let lacks = |permission| inner.lacking.contains(&permission);
    match object.name {
        "EventLogFile" if inner.not_licensed => Err(absent()),
        "EventLogFile" if lacks(Permission::ViewEventLogFiles) => Err(ApiError::access(object.name)),
        "SetupAuditTrail" if lacks(Permission::ViewSetup) => Err(ApiError::access(object.name)),
        _ => Ok(()),
    }
}

/// Object Reference, "LoginHistory", section "Special Access Rules": without Manage Users, one's own logins and no word of others.
fn own_logins_only(shared: &Shared, object: &Object, session: &Session, records: &mut Vec<Record>) {
    if object.name != "LoginHistory" || !shared.inner().lacking.contains(&Permission::ManageUsers) {
        return;
    }
    let place = object.place("UserId");
    records.retain(|record| place.is_some_and(|place| record.values[place] == session.user_id.clone().into()));
}

fn page_size(shared: &Shared, headers: &HeaderMap) -> usize {
    let options = headers.get("Sforce-Query-Options").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asked = options.split(',').filter_map(|option| option.trim().split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("batchSize"));
    let asked = asked.and_then(|(_, size)| size.trim().parse().ok()).unwrap_or(BATCH.1).clamp(BATCH.0, BATCH.1);
    asked.min(shared.config.page_size).max(1)
}

/// The page that begins at a record; or, repeated, the page before it once more, which leads to where this one would have been.
fn page(cursor: &Cursor, from: usize, root: &str, repeat: bool, parents: &dyn Parents) -> serde_json::Value {
    let begin = if repeat { from.saturating_sub(cursor.page) } else { from };
    let next = (begin + cursor.page).min(cursor.records.len());
    let records: Vec<_> = cursor.records[begin..next].iter().map(|record| written(cursor, record, root, parents)).collect();
    let done = next == cursor.records.len();
    let mut answer = json!({ "totalSize": cursor.records.len(), "done": done });
    if !done {
        answer["nextRecordsUrl"] = json!(format!("{root}/query/{}-{next}", cursor.locator));
    }
    answer["records"] = json!(records);
    answer
}

/// A record with the chosen fields; those of a parent in an object of its own, or null where there is no parent ("Understanding Query Results").
fn written(cursor: &Cursor, record: &Record, root: &str, parents: &dyn Parents) -> serde_json::Value {
    let mut written = attributes(cursor.object, record, root);
    for path in &cursor.fields {
        let Some((relationship, object, place)) = path.parent else {
            let field = &cursor.object.fields[path.own];
            written[field.name] = record.json(cursor.object, field, path.own, root);
            continue;
        };
        let Some(parent) = record.text(path.own).and_then(|id| parents.parent(object, id)) else {
            written[relationship] = serde_json::Value::Null;
            continue;
        };
        if written[relationship].is_null() {
            written[relationship] = attributes(object, parent, root);
        }
        let field = &object.fields[place];
        written[relationship][field.name] = parent.json(object, field, place, root);
    }
    written
}

fn attributes(object: &Object, record: &Record, root: &str) -> serde_json::Value {
    json!({ "attributes": { "type": object.name, "url": format!("{root}/sobjects/{}/{}", object.name, record.id) } })
}

fn body(bytes: Vec<u8>, cut: Option<(Cut, f64)>) -> Body {
    let bytes = Bytes::from(bytes);
    let end = cut.map_or(bytes.len(), |(_, part)| (bytes.len() as f64 * part.clamp(0.0, 1.0)) as usize);
    let pieces: Vec<Result<Bytes, std::io::Error>> = (0..end).step_by(PIECE).map(|from| Ok(bytes.slice(from..end.min(from + PIECE)))).collect();
    let pieces = stream::iter(pieces);
    if !matches!(cut, Some((Cut::Broken, _))) {
        return Body::from_stream(pieces);
    }
    // What was sent arrives before the connection breaks.
    let broken = stream::once(async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(pieces.chain(broken))
}
