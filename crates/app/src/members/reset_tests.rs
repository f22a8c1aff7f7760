use super::{Breached, Invite, NewMember, ResetAnswer, reset::RESET};
use crate::{
    App, AppError, Caller, Entry,
    factors::totp::code_at,
    sessions::{Entered, SignInPolicy, Visitor},
    testing::{self, House, Post},
};
use model::{MINUTE, Role};
use store::records::{SelfEvents, SelfQuery};
use uuid::Uuid;

const OLD: &str = "correct horse battery";
const NEW: &str = "another horse altogether";
const ANN: &str = "ann@example.com";

async fn member(app: &App, email: &str, role: Role) -> Caller {
    let new = NewMember { email: email.into(), name: email.into(), role, departments: vec![], until: None, password: OLD.into() };
    Caller { member: app.add_member(new).await.unwrap(), address: None, request: Uuid::now_v7(), entry: Entry::Host }
}

/// The token in the one letter that was written.
async fn token(app: &App, post: &Post) -> String {
    app.forgot_password(" Ann@example.com", Visitor::at("192.0.2.1")).await.unwrap();
    // It is written behind the answer.
    tokio::task::yield_now().await;
    let letters = post.taken();
    assert_eq!(letters.iter().map(|l| l.to.as_str()).collect::<Vec<_>>(), [ANN]);
    letters[0].link.strip_prefix("https://veritrail.example.com/password-reset#").unwrap().to_owned()
}

fn answer(token: &str, password: &str) -> ResetAnswer {
    ResetAnswer { token: token.into(), password: password.into() }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_through_a_link_once() {
    for House { app, clock, post, .. } in testing::houses().await {
        member(&app, ANN, Role::Analyst).await;
        let session = app.sign_in(ANN, OLD, Visitor::at("192.0.2.1")).await.unwrap().signed_in().token;
        let earlier = token(&app, &post).await;
        let link = token(&app, &post).await;
        assert!(matches!(app.password_reset(&earlier).await, Err(AppError::NotFound { .. })), "replaced");
        assert_eq!(app.password_reset(&link).await.unwrap().email, ANN);
        assert!(matches!(app.reset_password(answer(&link, "short"), Visitor::default()).await, Err(AppError::Invalid(_))));
        assert!(app.session(&session).await.unwrap().is_some(), "asking alone ends nothing");

        let begun = app.reset_password(answer(&link, NEW), Visitor::at("192.0.2.1")).await.unwrap().signed_in();
        assert!(app.session(&begun.token).await.unwrap().is_some() && app.session(&session).await.unwrap().is_none());
        assert!(matches!(app.reset_password(answer(&link, NEW), Visitor::default()).await, Err(AppError::NotFound { .. })), "used");
        assert!(matches!(app.sign_in(ANN, OLD, Visitor::default()).await, Err(AppError::SignIn(_))));
        assert!(app.sign_in(ANN, NEW, Visitor::default()).await.is_ok());

        let late = token(&app, &post).await;
        clock.pass(RESET);
        assert!(matches!(app.reset_password(answer(&late, OLD), Visitor::default()).await, Err(AppError::NotFound { .. })));
    }
}

#[tokio::test]
async fn strangers_learn_nothing_and_write_no_one() {
    for House { app, post, .. } in testing::houses().await {
        member(&app, ANN, Role::Analyst).await;
        app.forgot_password("nobody@example.com", Visitor::at("192.0.2.1")).await.unwrap();
        tokio::task::yield_now().await;
        assert!(post.taken().is_empty());
        let last = app.records.self_events(&SelfQuery { limit: 1, ..Default::default() }).await.unwrap().remove(0);
        assert_eq!((last.operation.as_str(), last.outcome.as_str()), ("password.forgotten", "failure"));
        for _ in 0..5 {
            app.forgot_password(ANN, Visitor::at("192.0.2.1")).await.unwrap();
        }
        assert!(matches!(app.forgot_password(ANN, Visitor::at("192.0.2.1")).await, Err(AppError::TooMany { .. })), "nobody's mailbox is filled");
    }
}

#[tokio::test]
async fn a_mail_does_not_stand_in_for_the_second_factor() {
    for House { app, clock, post, .. } in testing::houses().await {
        let ann = member(&app, ANN, Role::Analyst).await;
        let secret = app.begin_factor(&ann).await.unwrap().secret;
        app.confirm_factor(&ann, &code_at(&secret, clock.now())).await.unwrap();
        clock.pass(MINUTE);
        let link = token(&app, &post).await;
        let Entered::Step { token, step } = app.reset_password(answer(&link, NEW), Visitor::default()).await.unwrap() else { panic!("let in") };
        assert_eq!(step.step, "code");
        assert!(app.give_code(&token, &code_at(&secret, clock.now()), Visitor::default()).await.is_ok());
    }
}

#[tokio::test]
async fn a_member_chooses_another_password_and_none_that_became_known() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("known.txt");
    std::fs::write(&list, "another known password\n").unwrap();
    let policy = SignInPolicy { breached: Breached::open(&list).unwrap(), ..SignInPolicy::default() };
    for House { app, post, .. } in testing::houses_with(policy).await {
        let ann = member(&app, ANN, Role::Analyst).await;
        let other = app.sign_in(ANN, OLD, Visitor::default()).await.unwrap().signed_in().token;
        let known = "another known password";
        assert!(matches!(app.change_password(&ann, known.into()).await, Err(AppError::Invalid(_))));
        assert!(app.session(&other).await.unwrap().is_some());
        app.change_password(&ann, NEW.into()).await.unwrap();
        assert!(app.session(&other).await.unwrap().is_none());
        let link = token(&app, &post).await;
        assert!(matches!(app.reset_password(answer(&link, known), Visitor::default()).await, Err(AppError::Invalid(_))));
        let new =
            NewMember { email: "bob@example.com".into(), name: "B".into(), role: Role::Analyst, departments: vec![], until: None, password: known.into() };
        assert!(matches!(app.add_member(new).await, Err(AppError::Invalid(_))));
    }
}

#[tokio::test]
async fn the_host_helps_who_can_come_in_no_longer() {
    for House { app, clock, .. } in testing::houses().await {
        let ann = member(&app, ANN, Role::Administrator).await;
        let secret = app.begin_factor(&ann).await.unwrap().secret;
        app.confirm_factor(&ann, &code_at(&secret, clock.now())).await.unwrap();
        assert!(matches!(app.reset_member("nobody@example.com", NEW.into()).await, Err(AppError::NotFound { .. })));
        assert!(matches!(app.reset_member(ANN, "short".into()).await, Err(AppError::Invalid(_))));
        assert_eq!(app.reset_member("Ann@example.com", NEW.into()).await.unwrap().id, ann.member.id);
        assert!(matches!(app.sign_in(ANN, OLD, Visitor::default()).await, Err(AppError::SignIn(_))));
        assert!(matches!(app.sign_in(ANN, NEW, Visitor::default()).await, Ok(Entered::In(_))), "no second factor is left");
        let rows = app.records.self_events(&SelfQuery { limit: 10, ..Default::default() }).await.unwrap();
        assert!(rows.iter().any(|r| r.operation == "members.reset" && r.outcome == "success"));
    }
}

#[tokio::test]
async fn an_invitation_is_mailed_to_the_invited() {
    for House { app, post, .. } in testing::houses().await {
        let admin = member(&app, "admin@example.com", Role::Administrator).await;
        let invite = Invite { email: ANN.into(), role: "analyst".into(), departments: vec![], until: None };
        let made = app.invite(&admin, invite).await.unwrap();
        let letters = post.taken();
        assert!(made.mailed && letters.len() == 1);
        assert_eq!((letters[0].to.as_str(), letters[0].link.as_str()), (ANN, made.link.as_str()));
    }
}
