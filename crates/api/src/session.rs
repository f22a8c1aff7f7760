//! Coming in: first run, sign-in with its second step, invitations; and staying in.

use crate::{
    Server,
    cookie::Cookie,
    input::Json,
    problem::{Problem, Result},
    signed::{Client, Signed},
};
use app::{
    factors::Enrolment,
    members::{Acceptance, FirstRun, InvitedView, ResetAnswer, ResetView},
    passkeys::{PasskeyProof, PasskeyRequest},
    sessions::{EnrolledSession, Entered, Proof, SecondStep, SessionView, SignedIn},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct FirstRunNeeded {
    needed: bool,
    /// Browsers make passkeys for where people reach Veritrail.
    passkeys: bool,
    /// Mail is sent to members: a link for who forgot his password.
    letters: bool,
    /// What the company's own sign-in is called; `null`: there is none.
    provider: Option<String>,
}

/// Where the browser goes to sign in.
#[derive(Serialize, ToSchema)]
pub struct Elsewhere {
    url: String,
}

/// What the company's sign-in sent the browser back with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Returned {
    code: String,
    state: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    email: String,
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Forgotten {
    email: String,
}

/// What stands behind the # of a link in a mail: browsers send it to no server, and pages in no address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkToken {
    token: String,
}

/// A code of an authenticator app, or, where a sign-in asks for one, a recovery code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub(crate) code: String,
}

/// The session just begun, or what is still to be done for it: a cookie, and what the page needs to know.
fn entered(server: &Server, entered: Entered) -> Response {
    let secure = server.http.secure;
    match entered {
        Entered::In(signed_in) => {
            let SignedIn { token, session } = *signed_in;
            ([(header::SET_COOKIE, Cookie::Session.set(Some(&token), secure))], Json(session)).into_response()
        }
        Entered::Step { token, step } => (StatusCode::ACCEPTED, [(header::SET_COOKIE, Cookie::Step.set(Some(&token), secure))], Json(step)).into_response(),
    }
}

/// The session begun by a second step, whose own cookie goes.
fn stepped(server: &Server, token: &str, body: impl Serialize) -> Response {
    let secure = server.http.secure;
    let cookies = [(header::SET_COOKIE, Cookie::Session.set(Some(token), secure)), (header::SET_COOKIE, Cookie::Step.set(None, secure))];
    (AppendHeaders(cookies), Json(body)).into_response()
}

/// The token of the second step under way.
fn step(server: &Server, headers: &HeaderMap) -> Result<String> {
    Cookie::Step.read(headers, server.http.secure).map(str::to_owned).ok_or_else(Problem::not_signed_in)
}

/// Whether there is no member yet.
#[utoipa::path(get, path = "/first-run", tag = "session", operation_id = "first_run.read", security(()), responses((status = 200, body = FirstRunNeeded)))]
pub async fn first_run(State(server): State<Server>) -> Result<Json<FirstRunNeeded>> {
    let app = &server.app;
    Ok(Json(FirstRunNeeded {
        needed: app.first_run_needed().await?,
        passkeys: app.passkeys_possible(),
        letters: app.writes_letters(),
        provider: app.provider_title().map(str::to_owned),
    }))
}

/// Makes the first administrator with the code that `veritrail init` printed.
#[utoipa::path(post, path = "/first-run", tag = "session", operation_id = "first_run.complete", security(()), request_body = FirstRun, responses((status = 200, body = SessionView), (status = 202, body = SecondStep), (status = "default", body = Problem)))]
pub async fn start(State(server): State<Server>, Client(visitor): Client, Json(given): Json<FirstRun>) -> Result<Response> {
    Ok(entered(&server, server.app.first_run(given, visitor).await?))
}

/// Who is signed in, and what his role allows.
#[utoipa::path(get, path = "/session", tag = "session", operation_id = "session.read", responses((status = 200, body = SessionView), (status = "default", body = Problem)))]
pub async fn read(State(server): State<Server>, Signed(caller): Signed) -> Result<Json<SessionView>> {
    Ok(Json(server.app.who(&caller).await?))
}

/// By address and password. 202 says what is still to be done, in the same browser, before the session begins.
#[utoipa::path(post, path = "/session", tag = "session", operation_id = "session.create", security(()), request_body = Credentials, responses((status = 200, body = SessionView), (status = 202, body = SecondStep), (status = "default", body = Problem)))]
pub async fn sign_in(State(server): State<Server>, Client(visitor): Client, Json(given): Json<Credentials>) -> Result<Response> {
    Ok(entered(&server, server.app.sign_in(&given.email, &given.password, visitor).await?))
}

/// The second step by a code of the authenticator app, or a recovery code.
#[utoipa::path(post, path = "/session/code", tag = "session", operation_id = "session.code", security(()), request_body = Code, responses((status = 200, body = SessionView), (status = "default", body = Problem)))]
pub async fn code(State(server): State<Server>, Client(visitor): Client, headers: HeaderMap, Json(given): Json<Code>) -> Result<Response> {
    let SignedIn { token, session } = server.app.give_code(&step(&server, &headers)?, &given.code, visitor).await?;
    Ok(stepped(&server, &token, session))
}

/// A secret for an authenticator app, where the role needs one before the session begins.
#[utoipa::path(post, path = "/session/enrolment", tag = "session", operation_id = "session.enrol", security(()), responses((status = 200, body = Enrolment), (status = "default", body = Problem)))]
pub async fn enrol(State(server): State<Server>, Client(visitor): Client, headers: HeaderMap) -> Result<Json<Enrolment>> {
    Ok(Json(server.app.enrol_in_step(&step(&server, &headers)?, visitor).await?))
}

/// The first code of that app: the session begins.
#[utoipa::path(post, path = "/session/enrolment/confirm", tag = "session", operation_id = "session.enrol.confirm", security(()), request_body = Code, responses((status = 200, body = EnrolledSession), (status = "default", body = Problem)))]
pub async fn confirm_enrolment(State(server): State<Server>, Client(visitor): Client, headers: HeaderMap, Json(given): Json<Code>) -> Result<Response> {
    let (SignedIn { token, session }, codes) = server.app.confirm_in_step(&step(&server, &headers)?, &given.code, visitor).await?;
    Ok(stepped(&server, &token, EnrolledSession { session, recovery_codes: codes.codes }))
}

/// Begins a sign-in by a passkey.
#[utoipa::path(post, path = "/session/passkey/options", tag = "session", operation_id = "session.passkey.options", security(()), responses((status = 200, body = PasskeyRequest), (status = "default", body = Problem)))]
pub async fn passkey_options(State(server): State<Server>) -> Result<Json<PasskeyRequest>> {
    Ok(Json(server.app.passkey_request()?))
}

/// By a passkey alone: its authenticator has made sure who used it.
#[utoipa::path(post, path = "/session/passkey", tag = "session", operation_id = "session.passkey", security(()), request_body = PasskeyProof, responses((status = 200, body = SessionView), (status = "default", body = Problem)))]
pub async fn passkey(State(server): State<Server>, Client(visitor): Client, Json(proof): Json<PasskeyProof>) -> Result<Response> {
    let SignedIn { token, session } = server.app.passkey_sign_in(proof, visitor).await?;
    Ok(stepped(&server, &token, session))
}

/// Begins a sign-in by the company's own (OpenID Connect). What must come back stays in this browser.
#[utoipa::path(post, path = "/session/provider/begin", tag = "session", operation_id = "session.provider.begin", security(()), responses((status = 200, body = Elsewhere), (status = "default", body = Problem)))]
pub async fn begin_elsewhere(State(server): State<Server>) -> Result<Response> {
    let (url, kept) = server.app.begin_elsewhere().await?;
    Ok(([(header::SET_COOKIE, Cookie::Trip.set(Some(&kept), server.http.secure))], Json(Elsewhere { url })).into_response())
}

/// Ends it with what the browser came back with. 202 says what is still to be done.
#[utoipa::path(post, path = "/session/provider", tag = "session", operation_id = "session.provider", security(()), request_body = Returned, responses((status = 200, body = SessionView), (status = 202, body = SecondStep), (status = "default", body = Problem)))]
pub async fn end_elsewhere(State(server): State<Server>, Client(visitor): Client, headers: HeaderMap, Json(returned): Json<Returned>) -> Result<Response> {
    let secure = server.http.secure;
    let kept = Cookie::Trip.read(&headers, secure).ok_or_else(Problem::not_signed_in)?;
    let mut answer = entered(&server, server.app.end_elsewhere(kept, &returned.state, &returned.code, visitor).await?);
    answer.headers_mut().append(header::SET_COOKIE, Cookie::Trip.set(None, secure));
    Ok(answer)
}

/// Shows once more who is signed in, by password or code: for five minutes dangerous operations are allowed. The session goes on under another cookie.
#[utoipa::path(post, path = "/session/confirm", tag = "session", operation_id = "session.confirm", request_body = Proof, responses((status = 204), (status = "default", body = Problem)))]
pub async fn confirm(State(server): State<Server>, Signed(caller): Signed, headers: HeaderMap, Json(proof): Json<Proof>) -> Result<Response> {
    let token = Cookie::Session.read(&headers, server.http.secure).ok_or_else(Problem::not_signed_in)?;
    let renewed = server.app.confirm_session(&caller, token, proof).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Cookie::Session.set(Some(&renewed), server.http.secure))]).into_response())
}

#[utoipa::path(delete, path = "/session", tag = "session", operation_id = "session.delete", responses((status = 204), (status = "default", body = Problem)))]
pub async fn sign_out(State(server): State<Server>, Signed(caller): Signed, headers: HeaderMap) -> Result<Response> {
    let token = Cookie::Session.read(&headers, server.http.secure).ok_or_else(Problem::not_signed_in)?;
    server.app.sign_out(&caller.member, token).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Cookie::Session.set(None, server.http.secure))]).into_response())
}

/// What an invitation's link offers.
#[utoipa::path(post, path = "/invitations/offered", tag = "session", operation_id = "invitation.read", security(()), request_body = LinkToken, responses((status = 200, body = InvitedView), (status = "default", body = Problem)))]
pub async fn invitation(State(server): State<Server>, Json(given): Json<LinkToken>) -> Result<Json<InvitedView>> {
    Ok(Json(server.app.invitation(&given.token).await?))
}

#[utoipa::path(post, path = "/invitations/accept", tag = "session", operation_id = "invitation.accept", security(()), request_body = Acceptance, responses((status = 200, body = SessionView), (status = 202, body = SecondStep), (status = "default", body = Problem)))]
pub async fn accept(State(server): State<Server>, Client(visitor): Client, Json(given): Json<Acceptance>) -> Result<Response> {
    Ok(entered(&server, server.app.accept(given, visitor).await?))
}

/// Sends a link to the member of this address, if there is one; the answer is always the same.
#[utoipa::path(post, path = "/password-resets", tag = "session", operation_id = "password.forgotten", security(()), request_body = Forgotten, responses((status = 204), (status = "default", body = Problem)))]
pub async fn forgot(State(server): State<Server>, Client(visitor): Client, Json(given): Json<Forgotten>) -> Result<StatusCode> {
    server.app.forgot_password(&given.email, visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a link for another password offers.
#[utoipa::path(post, path = "/password-resets/offered", tag = "session", operation_id = "password.offered", security(()), request_body = LinkToken, responses((status = 200, body = ResetView), (status = "default", body = Problem)))]
pub async fn reset_offered(State(server): State<Server>, Json(given): Json<LinkToken>) -> Result<Json<ResetView>> {
    Ok(Json(server.app.password_reset(&given.token).await?))
}

#[utoipa::path(post, path = "/password-resets/accept", tag = "session", operation_id = "password.reset", security(()), request_body = ResetAnswer, responses((status = 200, body = SessionView), (status = 202, body = SecondStep), (status = "default", body = Problem)))]
pub async fn reset(State(server): State<Server>, Client(visitor): Client, Json(given): Json<ResetAnswer>) -> Result<Response> {
    Ok(entered(&server, server.app.reset_password(given, visitor).await?))
}
