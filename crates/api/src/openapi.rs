//! The OpenAPI 3.1 document, made from the handlers.

use crate::{problem::Problem, signed::Signed};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use utoipa::{
    IntoParams, OpenApi,
    openapi::{
        Content, OpenApi as Document, Ref, RefOr, ResponseBuilder,
        schema::{Schema, SchemaType, Type},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

/// Parameters of every event search.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters; `app` reads the query string")]
pub struct EventQueryParams {
    /// Event time from which on: RFC 3339, or relative as `-24h`.
    from: Option<String>,
    /// Event time before which.
    until: Option<String>,
    /// `FIELD:VALUE`, or `FIELD!:VALUE` to exclude; may be repeated, several values of a field are alternatives. Fields: source, stream,
    /// vendor_type, class, activity, outcome, actor, person, department, object_type, target, address.
    filter: Option<Vec<String>>,
    /// Words that must all occur.
    q: Option<String>,
    /// Only events that moved at least this many rows.
    min_rows: Option<u64>,
    /// Where the page before ended; opaque, bound to the question and the reader.
    cursor: Option<String>,
    /// 1 to 200.
    limit: Option<u32>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Veritrail", description = "Audits what people and programs do inside a company's CRMs. Additive only under /api/v1.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "/api/v1")),
    components(schemas(Problem)),
)]
struct Described;

/// An answer writes every field, `null` where there is nothing; only what may be sent (closed to unknown fields) may leave some out.
/// The generator marks an `Option` as absent in both.
pub fn answers_are_whole(document: &mut Document) {
    let schemas = document.components.iter_mut().flat_map(|c| c.schemas.values_mut());
    schemas.for_each(whole);
}

fn whole(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().for_each(whole),
        RefOr::T(Schema::Object(object)) if object.additional_properties.is_none() => {
            let absent: Vec<String> = object.properties.iter().filter(|(_, p)| may_be_null(p)).map(|(name, _)| name.clone()).collect();
            object.required.extend(absent.into_iter().filter(|name| !object.required.contains(name)).collect::<Vec<_>>());
        }
        _ => {}
    }
}

fn may_be_null(schema: &RefOr<Schema>) -> bool {
    let is_null = |kind: &SchemaType| match kind {
        SchemaType::Type(one) => *one == Type::Null,
        SchemaType::Array(several) => several.contains(&Type::Null),
        SchemaType::AnyValue => false,
    };
    match schema {
        RefOr::T(Schema::Object(object)) => is_null(&object.schema_type),
        RefOr::T(Schema::Array(array)) => is_null(&array.schema_type),
        RefOr::T(Schema::OneOf(several)) => several.items.iter().any(may_be_null),
        _ => false,
    }
}

/// Problems that any operation may answer with: the request cannot be read, who asks is not signed in or not allowed, asked too often, our fault, not just now.
const ALWAYS: [u16; 6] = [400, 401, 403, 429, 500, 503];

/// Names each operation's problems one by one, in place of the `default` that the handlers write: what is not listed is a fault of ours.
pub fn problems_are_named(document: &mut Document) {
    let problem = Content::builder().schema(Some(Ref::from_schema_name("Problem"))).build();
    let described = ResponseBuilder::new().description("RFC 9457 problem details.").content("application/problem+json", problem).build();
    document.components.get_or_insert_default().responses.insert("Problem".to_owned(), described.into());
    for (path, item) in &mut document.paths.paths {
        // A question in the query can be wrong, and what a path names can be absent; a body can be wrong in every way.
        let (reads, found) = (&[422][..], if path.contains('{') { &[404, 409][..] } else { &[] });
        let writes = &[404, 409, 413, 415, 422][..];
        let operations = [(&mut item.get, reads), (&mut item.post, writes), (&mut item.put, writes), (&mut item.patch, writes), (&mut item.delete, writes)];
        for (operation, own) in operations {
            let Some(operation) = operation else { continue };
            let responses = &mut operation.responses.responses;
            if responses.remove("default").is_some() {
                let named = ALWAYS.iter().chain(own).chain(found).map(|status| (status.to_string(), Ref::from_response_name("Problem").into()));
                responses.extend(named.collect::<Vec<_>>());
            }
        }
    }
}

pub fn document() -> Document {
    let mut document = Described::openapi();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("__Host-veritrail"))));
    components.add_security_scheme("api_token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme("ingest_key", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    document
}

pub async fn answer(_: Signed, document: Arc<String>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.as_str().to_owned()).into_response()
}

pub async fn unknown() -> Problem {
    Problem::not_found("such operation")
}
