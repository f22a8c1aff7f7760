//! Reading requests: axum's extractors, with problems as answers where a request cannot be read.

use crate::problem::Problem;
use axum::{
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// A JSON body, in and out.
pub struct Json<T>(pub T);
/// The parts of the path.
pub struct Path<T>(pub T);
/// The query string.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T> FromRequest<S> for Json<T>
where
    axum::Json<T>: FromRequest<S, Rejection = JsonRejection>,
{
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        axum::Json::from_request(request, state).await.map(|axum::Json(body)| Self(body)).map_err(|why| {
            unreadable(match why.status() {
                StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                    Problem::new(why.status(), "media-type", "The media type is not read here", "Send JSON, with Content-Type: application/json.")
                }
                StatusCode::PAYLOAD_TOO_LARGE => Problem::new(why.status(), "too-large", "The body is too large", "Nothing of it was taken."),
                StatusCode::UNPROCESSABLE_ENTITY => Problem::new(why.status(), "invalid", "Something in the request is wrong", sentence(&why.body_text())),
                _ => Problem::bad_request(sentence(&why.body_text())),
            })
        })
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S: Send + Sync, T> FromRequestParts<S> for Path<T>
where
    axum::extract::Path<T>: FromRequestParts<S, Rejection = PathRejection>,
{
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(path)| Self(path)).map_err(|why| unreadable(Problem::bad_request(sentence(&why.body_text()))))
    }
}

impl<S: Send + Sync, T> FromRequestParts<S> for Query<T>
where
    axum::extract::Query<T>: FromRequestParts<S, Rejection = QueryRejection>,
{
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::from_request_parts(parts, state).await;
        read.map(|axum::extract::Query(query)| Self(query)).map_err(|why| unreadable(Problem::bad_request(sentence(&why.body_text()))))
    }
}

fn unreadable(problem: Problem) -> Problem {
    problem.noticed("it cannot be read")
}

/// What the reader of the request says, without naming our types.
fn sentence(text: &str) -> String {
    let told = text.split_once("target type: ").map_or(text, |(_, rest)| rest);
    format!("{}.", told.trim_end_matches('.'))
}
