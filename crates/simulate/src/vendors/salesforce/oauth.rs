//! The token endpoint.

use super::error::OauthError;
use super::ids;
use super::jwt;
use super::org::ORGANIZATION;
use super::state::{Shared, wall};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::SECOND;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const UNKNOWN_CLIENT: OauthError = OauthError::new("invalid_client_id", "client identifier invalid");

/// Salesforce Help, "OAuth Endpoints" (`/services/oauth2/token`); errors: "OAuth 2.0 Authorization Errors".
pub async fn token(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let answer = match form.get("grant_type").map(String::as_str) {
        Some(JWT_BEARER) => jwt_bearer(&shared, &form),
        Some("client_credentials") => client_credentials(&shared, &headers, &form),
        Some(_) => Err(OauthError::new("unsupported_grant_type", "grant type not supported")),
        None => Err(OauthError::new("invalid_request", "grant type missing")),
    };
    match answer {
        Ok(body) => {
            let mut response = (StatusCode::OK, Json(body)).into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
            response
        }
        Err(error) => error.into_response(),
    }
}

/// Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration": iss is the consumer key, aud the authorization server, sub the username,
/// exp within three minutes. Its answer has no refresh token, no issued_at and no signature.
fn jwt_bearer(shared: &Shared, form: &HashMap<String, String>) -> Result<serde_json::Value, OauthError> {
    let assertion = form.get("assertion").ok_or(OauthError::new("invalid_request", "no assertion"))?;
    let claims = jwt::claims(assertion)?;
    if claims.iss != shared.config.client_id {
        return Err(UNKNOWN_CLIENT);
    }
    let key = shared.key.as_ref().ok_or(OauthError::new("invalid_client", "the app has no certificate"))?;
    jwt::verify(assertion, key)?;
    let audience = claims.aud.trim_end_matches('/');
    if audience != shared.url && !shared.config.audiences.iter().any(|a| a == audience) {
        return Err(OauthError::new("invalid_grant", "Audience validation failed"));
    }
    claims.in_force(shared.clock() / SECOND)?;
    // Only the integration user is pre-authorized for the app.
    if !claims.sub.eq_ignore_ascii_case(&shared.config.username) {
        return Err(OauthError::new("invalid_grant", "user hasn't approved this consumer"));
    }
    shared.may_sign_in()?;
    let mut body = session(shared)?;
    body["scope"] = json!("api");
    Ok(body)
}

/// Salesforce Help, "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration": key and secret in the body or as HTTP Basic; the session is of
/// the integration user that the app runs as. The answer has issued_at (milliseconds) and signature.
fn client_credentials(shared: &Shared, headers: &HeaderMap, form: &HashMap<String, String>) -> Result<serde_json::Value, OauthError> {
    let basic = basic(headers);
    let (id, secret) = match &basic {
        Some((id, secret)) => (Some(id), Some(secret)),
        None => (form.get("client_id"), form.get("client_secret")),
    };
    if id != Some(&shared.config.client_id) {
        return Err(UNKNOWN_CLIENT);
    }
    let rotated = shared.inner().client_secret.clone();
    if secret != Some(rotated.as_ref().unwrap_or(&shared.config.client_secret)) {
        return Err(OauthError::new("invalid_client", "invalid client credentials"));
    }
    shared.may_sign_in()?;
    let mut body = session(shared)?;
    body["scope"] = json!("api id");
    body["issued_at"] = json!((shared.clock() / 1_000).to_string());
    body["signature"] = json!(STANDARD.encode(format!("simulated-{}", wall())));
    Ok(body)
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

fn session(shared: &Shared) -> Result<serde_json::Value, OauthError> {
    let user = shared.org.logins.iter().find(|login| login.username.eq_ignore_ascii_case(&shared.config.username));
    let user = user.ok_or(OauthError::new("invalid_grant", "no client credentials user enabled"))?;
    let token = shared.open(&user.id);
    let id = format!("{}/id/{ORGANIZATION}/{}", shared.url, ids::long(ids::short(&user.id)));
    Ok(json!({ "access_token": token, "instance_url": shared.url, "id": id, "token_type": "Bearer" }))
}
