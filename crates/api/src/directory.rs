//! People, departments, accounts and records.

use crate::{
    Server,
    input::{Json, Path},
    problem::{Problem, Result},
    signed::Signed,
};
use app::directory::{DepartmentList, DirectoryImport, Pattern, PersonDetail, PersonPage, SubjectView};
use axum::{
    body::{Body, to_bytes},
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

/// By name; `q`, `department`, `cursor`, `limit`.
#[utoipa::path(get, path = "/persons", tag = "directory", operation_id = "persons.list", params(("q" = Option<String>, Query), ("department" = Option<Uuid>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = PersonPage), (status = "default", body = Problem)))]
pub async fn persons(State(server): State<Server>, Signed(caller): Signed, RawQuery(query): RawQuery) -> Result<Json<PersonPage>> {
    Ok(Json(server.app.persons(&caller, &query.unwrap_or_default()).await?))
}

#[utoipa::path(get, path = "/persons/{id}", tag = "directory", operation_id = "persons.read", params(("id" = Uuid, Path)), responses((status = 200, body = PersonDetail), (status = "default", body = Problem)))]
pub async fn person(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Json<PersonDetail>> {
    Ok(Json(server.app.person(&caller, id).await?))
}

/// When this person works: events by hour of the week in his zone, beside his peers' average.
#[utoipa::path(get, path = "/persons/{id}/pattern", tag = "directory", operation_id = "persons.pattern", params(("id" = Uuid, Path), ("from" = Option<String>, Query)), responses((status = 200, body = Pattern), (status = "default", body = Problem)))]
pub async fn pattern(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>, RawQuery(query): RawQuery) -> Result<Json<Pattern>> {
    Ok(Json(server.app.person_pattern(&caller, id, &query.unwrap_or_default()).await?))
}

#[utoipa::path(get, path = "/subjects/{id}", tag = "directory", operation_id = "subjects.read", params(("id" = Uuid, Path)), responses((status = 200, body = SubjectView), (status = "default", body = Problem)))]
pub async fn subject(State(server): State<Server>, Signed(caller): Signed, Path(id): Path<Uuid>) -> Result<Json<SubjectView>> {
    Ok(Json(server.app.subject(&caller, id).await?))
}

#[utoipa::path(get, path = "/departments", tag = "directory", operation_id = "departments.list", responses((status = 200, body = DepartmentList), (status = "default", body = Problem)))]
pub async fn departments(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<DepartmentList>> {
    Ok(Json(server.app.departments(&caller).await?))
}

/// The longest directory file: some 300,000 people.
const DIRECTORY_BYTES: usize = 64 << 20;

/// The company's directory as CSV; bad lines are reported, good ones kept, the same file again changes nothing.
#[utoipa::path(post, path = "/directory/import", tag = "directory", operation_id = "directory.import", request_body(content = String, content_type = "text/csv"), responses((status = 200, body = DirectoryImport), (status = "default", body = Problem)))]
pub async fn import(State(server): State<Server>, Signed(caller): Signed, body: Body) -> Result<Json<DirectoryImport>> {
    let bytes = to_bytes(body, DIRECTORY_BYTES).await.map_err(|_| {
        let detail = format!("The file is longer than {DIRECTORY_BYTES} bytes. Nothing of it was taken; send it in parts, each with the header line.");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The file is too large", detail)
    })?;
    Ok(Json(server.app.import_directory(&caller, &bytes).await?))
}
