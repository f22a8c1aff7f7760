//! SCIM 2.0 (RFC 7643, RFC 7644) under `/scim/v2`: the company's directory keeps members and groups as it has them, with the token of a service
//! account that may `members.provision`. Not part of `/api/v1`: its paths, answers and errors are the standard's.

use crate::{Server, ingest::bearer, signed::Signed};
use app::{AppError, Caller, provisioning};
use axum::{
    Router,
    body::Bytes,
    extract::{FromRequestParts, Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use uuid::Uuid;

mod filter;
mod read;
mod write;

const MEDIA_TYPE: &str = "application/scim+json";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// Resources of one answer.
const MOST: usize = 200;
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// Whatever a directory may send, through every reader of it.
#[doc(hidden)]
pub fn read_anything(data: &[u8]) {
    let _ = filter::Asked::parse(&String::from_utf8_lossy(data));
    if let Ok(body) = serde_json::from_slice::<serde_json::Value>(data) {
        let _ = (read::person(&body), read::person_patch(&body), read::group(&body), read::group_patch(&body));
    }
}

pub fn routes() -> Router<Server> {
    Router::new()
        .route("/Users", get(users).post(create_user))
        .route("/Users/{id}", get(user).put(replace_user).patch(patch_user).delete(delete_user))
        .route("/Groups", get(groups).post(create_group))
        .route("/Groups/{id}", get(group).put(replace_group).patch(patch_group).delete(delete_group))
        .route("/ServiceProviderConfig", get(async |_: Program| ok(write::service_provider_config())))
        .route("/ResourceTypes", get(async |_: Program| ok(listed(write::resource_types(), 1, 2))))
        .route("/Schemas", get(async |_: Program| ok(listed(write::schemas(), 1, 2))))
        .fallback(async || {
            failed(StatusCode::NOT_FOUND, "", "there is no such endpoint; there are Users, Groups, ServiceProviderConfig, ResourceTypes, Schemas")
        })
        .layer(axum::extract::DefaultBodyLimit::max(MOST_BYTES))
}

/// The directory's program. A browser's session does not do: no page may provision.
struct Program(Caller);

impl FromRequestParts<Server> for Program {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Response> {
        let unauthorised = || failed(StatusCode::UNAUTHORIZED, "", "send the token of a service account that may 'members.provision' as bearer token");
        if bearer(&parts.headers).is_none() {
            return Err(unauthorised());
        }
        match Signed::from_request_parts(parts, server).await {
            Ok(Signed(caller)) if provisioning::is_program(&caller) => Ok(Self(caller)),
            Ok(_) => Err(unauthorised()),
            Err(problem) if problem.status == 401 => Err(unauthorised()),
            Err(problem) => Err(failed(StatusCode::from_u16(problem.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE), "", &problem.detail)),
        }
    }
}

type Answer = Result<Response, Response>;

async fn users(State(server): State<Server>, Program(caller): Program, RawQuery(query): RawQuery) -> Answer {
    let asked = filter::Asked::parse(query.as_deref().unwrap_or_default()).map_err(|why| failed(StatusCode::BAD_REQUEST, "invalidFilter", &why))?;
    let all = server.app.provisioned_persons(&caller).await.map_err(refused)?;
    let base = base(&server);
    let found = all.into_iter().filter(|p| asked.fits(|name| write::attribute_of_person(p, name))).map(|p| write::person(&p, &base)).collect();
    Ok(ok(paged(found, &asked)))
}

async fn user(State(server): State<Server>, Program(caller): Program, Path(id): Path<String>) -> Answer {
    let person = server.app.provisioned_person(&caller, known(&id)?).await.map_err(refused)?;
    Ok(ok(write::person(&person, &base(&server))))
}

async fn create_user(State(server): State<Server>, Program(caller): Program, body: Bytes) -> Answer {
    let person = server.app.provision_person(&caller, read::person(&parsed(&body)?).map_err(invalid)?).await.map_err(refused)?;
    Ok(created(write::person(&person, &base(&server))))
}

async fn replace_user(State(server): State<Server>, Program(caller): Program, Path(id): Path<String>, body: Bytes) -> Answer {
    let draft = read::person(&parsed(&body)?).map_err(invalid)?;
    let person = server.app.reprovision_person(&caller, known(&id)?, draft).await.map_err(refused)?;
    Ok(ok(write::person(&person, &base(&server))))
}

async fn patch_user(State(server): State<Server>, Program(caller): Program, Path(id): Path<String>, body: Bytes) -> Answer {
    let draft = read::person_patch(&parsed(&body)?).map_err(invalid)?;
    let person = server.app.reprovision_person(&caller, known(&id)?, draft).await.map_err(refused)?;
    Ok(ok(write::person(&person, &base(&server))))
}

async fn delete_user(State(server): State<Server>, Program(caller): Program, Path(id): Path<String>) -> Answer {
    server.app.deprovision_person(&caller, known(&id)?).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn groups(State(server): State<Server>, Program(caller): Program, RawQuery(query): RawQuery) -> Answer {
    let asked = filter::Asked::parse(query.as_deref().unwrap_or_default()).map_err(|why| failed(StatusCode::BAD_REQUEST, "invalidFilter", &why))?;
    let all = server.app.provisioned_groups(&caller).await.map_err(refused)?;
    let base = base(&server);
    let found =
        all.into_iter().filter(|g| asked.fits(|name| write::attribute_of_group(g, name))).map(|g| write::group(&g, &base, asked.with_members)).collect();
    Ok(ok(paged(found, &asked)))
}

async fn group(State(server): State<Server>, Program(caller): Program, Path(id): Path<String>) -> Answer {
    let group = server.app.provisioned_group(&caller, known(&id)?).await.map_err(refused)?;
    Ok(ok(write::group(&group, &base(&server), true)))
}

async fn create_group(State(server): State<Server>, Program(caller): Program, body: Bytes) -> Answer {
    let group = server.app.provision_group(&caller, read::group(&parsed(&body)?).map_err(invalid)?).await.map_err(refused)?;
    Ok(created(write::group(&group, &base(&server), true)))
}

async fn replace_group(State(server): State<Server>, Program(caller): Program, Path(id): Path<String>, body: Bytes) -> Answer {
    let draft = read::group(&parsed(&body)?).map_err(invalid)?;
    let group = server.app.reprovision_group(&caller, known(&id)?, draft).await.map_err(refused)?;
    Ok(ok(write::group(&group, &base(&server), true)))
}

async fn patch_group(State(server): State<Server>, Program(caller): Program, Path(id): Path<String>, body: Bytes) -> Answer {
    let draft = read::group_patch(&parsed(&body)?).map_err(invalid)?;
    let group = server.app.reprovision_group(&caller, known(&id)?, draft).await.map_err(refused)?;
    Ok(ok(write::group(&group, &base(&server), true)))
}

async fn delete_group(State(server): State<Server>, Program(caller): Program, Path(id): Path<String>) -> Answer {
    server.app.deprovision_group(&caller, known(&id)?).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn base(server: &Server) -> String {
    format!("{}/scim/v2", server.app.public_url.trim_end_matches('/'))
}

fn known(id: &str) -> Result<Uuid, Response> {
    Uuid::try_parse(id).map_err(|_| failed(StatusCode::NOT_FOUND, "", "there is nothing with this id"))
}

fn parsed(body: &Bytes) -> Result<Value, Response> {
    serde_json::from_slice(body).map_err(|e| failed(StatusCode::BAD_REQUEST, "invalidSyntax", &format!("the body is no JSON: {e}")))
}

fn invalid(why: String) -> Response {
    failed(StatusCode::BAD_REQUEST, "invalidValue", &why)
}

fn refused(error: AppError) -> Response {
    let (status, kind) = match &error {
        AppError::Forbidden { .. } => (StatusCode::FORBIDDEN, ""),
        AppError::NotFound { .. } => (StatusCode::NOT_FOUND, ""),
        AppError::Invalid(_) => (StatusCode::BAD_REQUEST, "invalidValue"),
        AppError::Conflict(_) => (StatusCode::CONFLICT, "uniqueness"),
        AppError::SelfLedger(_) | AppError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, ""),
        _ => {
            tracing::error!("provisioning failed: {error}");
            return failed(StatusCode::INTERNAL_SERVER_ERROR, "", "it failed here; the server's log says why");
        }
    };
    failed(status, kind, &error.to_string())
}

fn paged(mut found: Vec<Value>, asked: &filter::Asked) -> Value {
    let total = found.len();
    let from = asked.start.saturating_sub(1).min(total);
    let page: Vec<Value> = found.drain(from..).take(asked.count.min(MOST)).collect();
    listed(page, asked.start, total)
}

fn listed(resources: Vec<Value>, start: usize, total: usize) -> Value {
    json!({ "schemas": [LIST], "totalResults": total, "startIndex": start, "itemsPerPage": resources.len(), "Resources": resources })
}

fn ok(body: Value) -> Response {
    answer(StatusCode::OK, &body)
}

fn created(body: Value) -> Response {
    let place = body["meta"]["location"].as_str().and_then(|l| HeaderValue::from_str(l).ok());
    let mut answer = answer(StatusCode::CREATED, &body);
    if let Some(place) = place {
        answer.headers_mut().insert(header::LOCATION, place);
    }
    answer
}

fn failed(status: StatusCode, kind: &str, detail: &str) -> Response {
    let mut body = json!({ "schemas": [ERROR], "status": status.as_u16().to_string(), "detail": detail });
    if !kind.is_empty() {
        body["scimType"] = kind.into();
    }
    answer(status, &body)
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (status, headers, body.to_string()).into_response()
}
