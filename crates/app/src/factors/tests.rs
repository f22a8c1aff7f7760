use super::totp::code_at;
use crate::{
    App, AppError, Caller, Entry,
    members::NewMember,
    sessions::{Entered, SignInPolicy, SignedIn, Visitor},
    testing::{self, Clock, House},
};
use model::{HOUR, MINUTE, Role, SECOND};
use store::{
    records::{Factors, SelfEvents, SelfQuery, Sessions},
    sql::Handle,
};
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";
const ANN: &str = "ann@example.com";

async fn member(app: &App, email: &str, role: Role) -> Caller {
    let new = NewMember { email: email.into(), name: "Ann".into(), role, departments: vec![], until: None, password: PASSWORD.into() };
    let member = app.add_member(new).await.unwrap();
    Caller { member, address: None, request: Uuid::now_v7(), entry: Entry::Host }
}

async fn sign_in(app: &App) -> Entered {
    app.sign_in(ANN, PASSWORD, Visitor::at("192.0.2.1")).await.unwrap()
}

/// The token of the second step that the password led to.
async fn step(app: &App, expected: &str) -> String {
    match sign_in(app).await {
        Entered::Step { token, step } => {
            assert_eq!(step.step, expected);
            token
        }
        Entered::In(_) => panic!("nothing more was asked for"),
    }
}

async fn give(app: &App, token: &str, code: &str) -> crate::Result<SignedIn> {
    app.give_code(token, code, Visitor::at("192.0.2.1")).await
}

/// A member with an authenticator app: the secret in it, and his recovery codes.
async fn enrolled(app: &App, clock: &Clock, caller: &Caller) -> (String, Vec<String>) {
    let enrolment = app.begin_factor(caller).await.unwrap();
    let codes = app.confirm_factor(caller, &code_at(&enrolment.secret, clock.now())).await.unwrap().codes;
    clock.pass(MINUTE);
    (enrolment.secret, codes)
}

#[tokio::test]
async fn the_password_alone_begins_no_session_once_an_app_is_set_up() {
    for House { app, clock, .. } in testing::houses().await {
        let ann = member(&app, ANN, Role::Analyst).await;
        let begun = app.begin_factor(&ann).await.unwrap();
        assert!(matches!(sign_in(&app).await, Entered::In(_)), "it counts only after its first code");
        assert!(matches!(app.confirm_factor(&ann, "000000x").await, Err(AppError::Invalid(_))));
        let first = code_at(&begun.secret, clock.now());
        assert_eq!(app.confirm_factor(&ann, &first).await.unwrap().codes.len(), 10);
        assert!(matches!(app.begin_factor(&ann).await, Err(AppError::Conflict(_))), "a confirmed one is not replaced by whoever sits there");

        let token = step(&app, "code").await;
        assert!(app.session(&token).await.unwrap().is_none(), "the step's token opens nothing");
        assert!(matches!(give(&app, &token, &first).await, Err(AppError::SignIn(_))), "the code that set it up is used up");
        clock.pass(30 * SECOND);
        let next = code_at(&begun.secret, clock.now());
        let session = give(&app, &token, &next).await.unwrap();
        assert!(app.session(&session.token).await.unwrap().is_some());
        assert_ne!(session.token, token);
        assert!(matches!(give(&app, &token, &next).await, Err(AppError::SignIn(_))), "the step is over");

        let token = step(&app, "code").await;
        assert!(matches!(give(&app, &token, &next).await, Err(AppError::SignIn(_))), "a code is used once, in any session");
        let rows = app.records.self_events(&SelfQuery { limit: 3, ..Default::default() }).await.unwrap();
        let told: Vec<_> = rows.iter().rev().map(|r| format!("{} {}", r.operation, r.outcome)).collect();
        assert_eq!(told, ["session.create success", "session.begin success", "session.create failure"]);
    }
}

#[tokio::test]
async fn a_code_counts_beside_its_step_unless_codes_are_exact() {
    for exact_codes in [false, true] {
        for House { app, clock, .. } in testing::houses_with(SignInPolicy { exact_codes, ..SignInPolicy::default() }).await {
            let ann = member(&app, ANN, Role::Analyst).await;
            let (secret, _) = enrolled(&app, &clock, &ann).await;
            let (token, code) = (step(&app, "code").await, code_at(&secret, clock.now()));
            clock.pass(30 * SECOND);
            assert_eq!(give(&app, &token, &code).await.is_err(), exact_codes);
            let token = step(&app, "code").await;
            give(&app, &token, &code_at(&secret, clock.now())).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_recovery_code_stands_in_once() {
    for House { app, clock, .. } in testing::houses().await {
        let ann = member(&app, ANN, Role::Analyst).await;
        let (_, codes) = enrolled(&app, &clock, &ann).await;
        let token = step(&app, "code").await;
        give(&app, &token, &codes[0].to_lowercase().replace('-', " ")).await.unwrap();
        assert_eq!(app.account(&ann).await.unwrap().recovery_codes_left, 9);
        let token = step(&app, "code").await;
        assert!(matches!(give(&app, &token, &codes[0]).await, Err(AppError::SignIn(_))), "used");
        let renewed = app.renew_recovery_codes(&ann).await.unwrap().codes;
        assert!(matches!(give(&app, &token, &codes[1]).await, Err(AppError::SignIn(_))), "replaced");
        give(&app, &token, &renewed[1]).await.unwrap();

        let kept = app.records.rows("SELECT hash FROM recovery_codes", vec![]).await.unwrap().len();
        assert_eq!(kept, 10);
        let other = member(&app, "other@example.com", Role::Analyst).await;
        assert!(matches!(app.renew_recovery_codes(&other).await, Err(AppError::Conflict(_))), "they stand in for an app");
    }
}

#[tokio::test]
async fn the_secret_is_sealed_and_bound_to_its_member() {
    for House { app, .. } in testing::houses().await {
        let ann = member(&app, ANN, Role::Analyst).await;
        let secret = app.begin_factor(&ann).await.unwrap().secret;
        let plain = totp_rs::Secret::Encoded(secret.replace(' ', "")).to_bytes().unwrap();
        let sealed = app.records.authenticator(ann.member.id).await.unwrap().unwrap().sealed;
        assert!(!sealed.windows(plain.len()).any(|part| part == plain), "sealed");
        // Put under another member, it does not open.
        let eve = member(&app, "eve@example.com", Role::Administrator).await;
        app.records.begin_authenticator(eve.member.id, &sealed, 0).await.unwrap();
        assert!(matches!(app.confirm_factor(&eve, "123456").await, Err(AppError::Internal(_))));
    }
}

#[tokio::test]
async fn a_step_ends_by_time_by_tries_and_with_the_member() {
    for House { app, clock, .. } in testing::houses().await {
        let ann = member(&app, ANN, Role::Analyst).await;
        let (secret, _) = enrolled(&app, &clock, &ann).await;
        let late = step(&app, "code").await;
        clock.pass(10 * MINUTE);
        assert!(matches!(give(&app, &late, &code_at(&secret, clock.now())).await, Err(AppError::SignIn(_))), "too late");

        let tried = step(&app, "code").await;
        for _ in 0..5 {
            assert!(matches!(give(&app, &tried, "000000").await, Err(AppError::SignIn(_))));
        }
        let right = code_at(&secret, clock.now());
        assert!(matches!(give(&app, &tried, &right).await, Err(AppError::TooMany { .. })), "guessing is slowed down");
        assert!(matches!(app.give_code(&tried, &right, Visitor::at("192.0.2.7")).await, Err(AppError::SignIn(_))), "and the step is over, from anywhere");

        clock.pass(HOUR);
        let switched_off = step(&app, "code").await;
        let admin = member(&app, "admin@example.com", Role::Administrator).await;
        app.update_member(&admin, ann.member.id, crate::members::MemberChange { active: Some(false), ..Default::default() }).await.unwrap();
        assert!(matches!(give(&app, &switched_off, &code_at(&secret, clock.now())).await, Err(AppError::SignIn(_))));
    }
}

#[tokio::test]
async fn a_role_that_needs_a_second_factor_is_led_to_it_before_anything_else() {
    let policy = SignInPolicy { second_factor: vec![Role::Administrator], ..SignInPolicy::default() };
    for House { app, clock, .. } in testing::houses_with(policy).await {
        let ann = member(&app, ANN, Role::Administrator).await;
        let token = step(&app, "enrol").await;
        assert!(matches!(give(&app, &token, "000000").await, Err(AppError::SignIn(_))), "there is no app yet");
        let enrolment = app.enrol_in_step(&token, Visitor::default()).await.unwrap();
        let code = code_at(&enrolment.secret, clock.now());
        let (session, codes) = app.confirm_in_step(&token, &code, Visitor::at("192.0.2.1")).await.unwrap();
        assert!(app.session(&session.token).await.unwrap().is_some());
        assert_eq!(codes.codes.len(), 10);
        clock.pass(MINUTE);

        let token = step(&app, "code").await;
        assert!(matches!(app.enrol_in_step(&token, Visitor::default()).await, Err(AppError::Conflict(_))), "who knows the password alone sets up no other app");
        assert!(matches!(app.confirm_in_step(&token, &code_at(&enrolment.secret, clock.now()), Visitor::default()).await, Err(AppError::Conflict(_))));

        app.remove_factor(&ann).await.unwrap();
        assert!(app.session(&session.token).await.unwrap().is_none(), "signed out until another is set up");
        step(&app, "enrol").await;
    }
}

#[tokio::test]
async fn an_administrator_helps_who_lost_everything() {
    for House { app, clock, .. } in testing::houses().await {
        let (ann, admin) = (member(&app, ANN, Role::Analyst).await, member(&app, "admin@example.com", Role::Administrator).await);
        let (secret, _) = enrolled(&app, &clock, &ann).await;
        let token = step(&app, "code").await;
        let session = give(&app, &token, &code_at(&secret, clock.now())).await.unwrap();
        assert!(matches!(app.reset_factor(&ann, admin.member.id).await, Err(AppError::Forbidden { .. })));
        app.reset_factor(&admin, ann.member.id).await.unwrap();
        assert!(app.session(&session.token).await.unwrap().is_none());
        assert!(matches!(sign_in(&app).await, Entered::In(_)));
        assert!(matches!(app.reset_factor(&admin, ann.member.id).await, Err(AppError::NotFound { .. })));
        assert_eq!(app.records.sessions_of(ann.member.id).await.unwrap().len(), 1);
    }
}
