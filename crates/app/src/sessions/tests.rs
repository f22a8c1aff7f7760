use crate::{
    App, AppError, Caller, Entry, Operation,
    members::{MemberChange, NewMember},
    sessions::{Proof, SignInPolicy, Visitor},
    testing::{self, House},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use model::{DAY, HOUR, MINUTE, Role, SECOND};
use serde_json::Value;
use store::{
    records::{SelfEvents, SelfQuery, Settings},
    sql::Unit,
};
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";
const ANN: &str = "ann@example.com";

async fn add(app: &App, email: &str, role: Role) {
    let new = NewMember { email: email.into(), name: email.into(), role, departments: vec![], until: None, password: PASSWORD.into() };
    app.add_member(new).await.unwrap();
}

/// Signed in from this address: the session's token, and the caller as the server makes him of it.
async fn come_in(app: &App, email: &str, address: &str) -> (String, Caller) {
    let visitor = Visitor { agent: Some("A browser\n of a test".into()), ..Visitor::at(address) };
    let token = app.sign_in(email, PASSWORD, visitor).await.unwrap().signed_in().token;
    let caller = again(app, &token).await;
    (token, caller)
}

/// The caller of the next request in this session.
async fn again(app: &App, token: &str) -> Caller {
    let (member, entry) = app.session(token).await.unwrap().expect("the session lives");
    Caller { member, address: None, request: Uuid::now_v7(), entry }
}

#[tokio::test]
async fn a_member_sees_and_ends_his_own_sessions() {
    for House { app, clock, .. } in testing::houses().await {
        add(&app, ANN, Role::Analyst).await;
        add(&app, "bob@example.com", Role::Analyst).await;
        let (here, ann) = come_in(&app, ANN, "192.0.2.1").await;
        clock.pass(SECOND);
        let (there, _) = come_in(&app, ANN, "192.0.2.2").await;
        let (bobs, bob) = come_in(&app, "bob@example.com", "192.0.2.3").await;
        let seen = app.account(&ann).await.unwrap().sessions;
        let told: Vec<_> = seen.iter().map(|s| (s.address.as_deref().unwrap(), s.agent.as_deref().unwrap(), s.current)).collect();
        assert_eq!(told, [("192.0.2.2", "A browser of a test", false), ("192.0.2.1", "A browser of a test", true)]);

        assert!(matches!(app.end_own_session(&bob, seen[0].id).await, Err(AppError::NotFound { .. })), "not somebody else's");
        assert!(app.session(&there).await.unwrap().is_some());
        app.end_own_session(&ann, seen[0].id).await.unwrap();
        assert!(app.session(&there).await.unwrap().is_none());
        let (third, _) = come_in(&app, ANN, "192.0.2.4").await;
        app.end_other_sessions(&ann).await.unwrap();
        assert!(app.session(&third).await.unwrap().is_none());
        assert!(app.session(&here).await.unwrap().is_some() && app.session(&bobs).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn an_administrator_signs_a_member_out() {
    for House { app, .. } in testing::houses().await {
        add(&app, ANN, Role::Analyst).await;
        add(&app, "admin@example.com", Role::Administrator).await;
        let (token, ann) = come_in(&app, ANN, "192.0.2.1").await;
        let (kept, admin) = come_in(&app, "admin@example.com", "192.0.2.2").await;
        assert_eq!(app.sessions_of_member(&admin, ann.member.id).await.unwrap().items.len(), 1);
        assert!(matches!(app.sessions_of_member(&ann, admin.member.id).await, Err(AppError::Forbidden { .. })));
        assert!(matches!(app.end_sessions_of_member(&ann, admin.member.id).await, Err(AppError::Forbidden { .. })));
        app.end_sessions_of_member(&admin, ann.member.id).await.unwrap();
        assert!(app.session(&token).await.unwrap().is_none() && app.session(&kept).await.unwrap().is_some());
        assert!(matches!(app.end_sessions_of_member(&admin, Uuid::from_u128(9)).await, Err(AppError::NotFound { .. })));
    }
}

#[tokio::test]
async fn work_that_goes_on_ends_with_its_session_and_its_member() {
    for House { app, clock, .. } in testing::houses().await {
        add(&app, ANN, Role::Analyst).await;
        add(&app, "admin@example.com", Role::Administrator).await;
        let (token, ann) = come_in(&app, ANN, "192.0.2.1").await;
        assert_eq!(app.still_in(&ann).await.unwrap().map(|c| c.member), Some(ann.member.clone()));
        app.sign_out(&ann.member, &token).await.unwrap();
        assert!(app.still_in(&ann).await.unwrap().is_none(), "signed out");
        let (_, ann) = come_in(&app, ANN, "192.0.2.1").await;
        let (_, admin) = come_in(&app, "admin@example.com", "192.0.2.2").await;
        let off = MemberChange { active: Some(false), ..MemberChange::default() };
        app.update_member(&admin, ann.member.id, off).await.unwrap();
        assert!(app.still_in(&ann).await.unwrap().is_none(), "switched off");
        clock.pass(DAY);
        assert!(app.still_in(&admin).await.unwrap().is_none(), "too old");
    }
}

#[tokio::test]
async fn the_configuration_says_how_long_a_session_lives() {
    let policy = SignInPolicy { idle: 10 * MINUTE, absolute: HOUR, ..SignInPolicy::default() };
    for House { app, clock, .. } in testing::houses_with(policy).await {
        add(&app, ANN, Role::Analyst).await;
        let (rested, ann) = come_in(&app, ANN, "192.0.2.1").await;
        clock.pass(10 * MINUTE);
        assert!(app.account(&ann).await.unwrap().sessions.is_empty(), "what is void is not listed");
        assert!(app.session(&rested).await.unwrap().is_none());
        let (aged, _) = come_in(&app, ANN, "192.0.2.1").await;
        for _ in 0..6 {
            clock.pass(9 * MINUTE + 59 * SECOND);
            assert!(app.session(&aged).await.unwrap().is_some(), "in use");
        }
        clock.pass(6 * SECOND);
        assert!(app.session(&aged).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_dangerous_act_needs_a_proof_that_is_fresh() {
    for House { app, clock, .. } in testing::houses().await {
        add(&app, "admin@example.com", Role::Administrator).await;
        add(&app, ANN, Role::Analyst).await;
        let (token, admin) = come_in(&app, "admin@example.com", "192.0.2.1").await;
        let act = async |caller: &Caller| {
            app.change(caller, Operation::MembersUpdate, (), Value::Null, async |unit: &Unit| Ok(unit.put_setting("touched", "yes").await?)).await
        };
        act(&admin).await.unwrap();
        app.records.drop_setting("touched").await.unwrap();
        clock.pass(5 * MINUTE);
        assert!(matches!(act(&again(&app, &token).await).await, Err(AppError::Reauthenticate)));
        assert_eq!(app.records.setting("touched").await.unwrap(), None, "nothing was done");
        let last = app.records.self_events(&SelfQuery { limit: 1, ..Default::default() }).await.unwrap().remove(0);
        assert_eq!((last.operation.as_str(), last.outcome.as_str()), ("members.update", "failure"));
        assert!(app.read(&admin, Operation::MembersList, (), Value::Null).await.is_ok(), "what is not dangerous goes on");

        let by = |password: &str| Proof { password: Some(password.into()), code: None };
        assert!(matches!(app.confirm_session(&admin, &token, by("not his password")).await, Err(AppError::Invalid(_))));
        assert!(matches!(app.confirm_session(&admin, &token, Proof::default()).await, Err(AppError::Invalid(_))));
        assert!(matches!(act(&again(&app, &token).await).await, Err(AppError::Reauthenticate)));
        let earlier = token;
        let token = app.confirm_session(&admin, &earlier, by(PASSWORD)).await.unwrap();
        act(&again(&app, &token).await).await.unwrap();
        assert!(app.session(&earlier).await.unwrap().is_none(), "each proof gives a new token, and ends the old");
        assert_eq!(again(&app, &token).await.entry.session(), admin.entry.session(), "the session is the same");

        // Whose role does not allow it is told that, not to show who he is.
        let (_, ann) = come_in(&app, ANN, "192.0.2.2").await;
        let stale = Caller { entry: Entry::Session { id: Uuid::nil(), shown: clock.now() - DAY }, ..ann };
        assert!(matches!(act(&stale).await, Err(AppError::Forbidden { .. })));
        let ahead = Caller { entry: Entry::Session { id: Uuid::nil(), shown: clock.now() + HOUR }, ..again(&app, &token).await };
        assert!(matches!(act(&ahead).await, Err(AppError::Reauthenticate)), "a clock set back makes no proof longer");
    }
}

#[tokio::test]
async fn guesses_from_elsewhere_do_not_lock_a_member_out() {
    for House { app, .. } in testing::houses().await {
        add(&app, ANN, Role::Analyst).await;
        come_in(&app, ANN, "192.0.2.1").await;
        let guess = async |n: u32| app.sign_in(ANN, "a wrong password", Visitor::at(&format!("198.51.100.{n}"))).await.err().unwrap();
        // The member's own first sign-in counted as one.
        for n in 1..20 {
            assert!(matches!(guess(n).await, AppError::SignIn(_)), "{n}");
        }
        assert!(matches!(guess(20).await, AppError::TooMany { .. }), "spread over many addresses they are slowed down too");
        come_in(&app, ANN, "192.0.2.1").await;
        // Nor does a neighbour behind the same address who tries many accounts.
        for n in 0..60 {
            let _slowed = app.sign_in(&format!("nobody{n}@example.com"), "a wrong password", Visitor::at("192.0.2.1")).await.err().unwrap();
        }
        come_in(&app, ANN, "192.0.2.1").await;
    }
}

#[tokio::test]
async fn every_further_round_of_guesses_waits_longer() {
    for House { app, clock, .. } in testing::houses().await {
        add(&app, ANN, Role::Analyst).await;
        let mut waits = Vec::new();
        for _ in 0..3 {
            let wait = loop {
                match app.sign_in(ANN, "a wrong password", Visitor::at("192.0.2.1")).await.err().unwrap() {
                    AppError::TooMany { retry_after_secs } => break i64::try_from(retry_after_secs).unwrap(),
                    other => assert!(matches!(other, AppError::SignIn(_))),
                }
            };
            waits.push(wait / 60);
            clock.pass(wait * SECOND);
        }
        assert_eq!(waits, [15, 30, 45]);
    }
}

#[test]
fn a_token_has_256_bits_and_every_one_of_them_is_random() {
    let tokens: Vec<Vec<u8>> = (0..256).map(|_| BASE64_URL_SAFE_NO_PAD.decode(super::fresh_token()).unwrap()).collect();
    assert!(tokens.iter().all(|token| token.len() == 32));
    // A fair bit is the same in 256 tokens once in 2^255.
    for bit in 0..256 {
        let ones = tokens.iter().filter(|token| token[bit / 8] & (1 << (bit % 8)) != 0).count();
        assert!((1..256).contains(&ones), "bit {bit} is always the same");
    }
}

#[tokio::test]
async fn another_sign_in_of_the_same_browser_ends_its_session() {
    for House { app, .. } in testing::houses().await {
        add(&app, ANN, Role::Analyst).await;
        add(&app, "bob@example.com", Role::Analyst).await;
        let (elsewhere, _) = come_in(&app, ANN, "192.0.2.9").await;
        let (first, _) = come_in(&app, ANN, "192.0.2.1").await;
        let with = |token: &str| Visitor::new(Some("192.0.2.1".into()), None, Some(token));
        // What did not succeed ends nothing.
        assert!(app.sign_in(ANN, "a wrong password", with(&first)).await.is_err());
        assert!(app.session(&first).await.unwrap().is_some());
        let second = app.sign_in(ANN, PASSWORD, with(&first)).await.unwrap().signed_in().token;
        assert!(first != second && app.session(&first).await.unwrap().is_none());
        let third = app.sign_in("bob@example.com", PASSWORD, with(&second)).await.unwrap().signed_in().token;
        assert!(app.session(&second).await.unwrap().is_none(), "of another member too");
        assert!(app.session(&third).await.unwrap().is_some() && app.session(&elsewhere).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn sessions_are_ended_after_a_fresh_proof_only() {
    for House { app, clock, .. } in testing::houses().await {
        add(&app, ANN, Role::Analyst).await;
        let (there, _) = come_in(&app, ANN, "192.0.2.2").await;
        let (token, ann) = come_in(&app, ANN, "192.0.2.1").await;
        let other = app.account(&ann).await.unwrap().sessions.iter().find(|s| !s.current).unwrap().id;
        clock.pass(5 * MINUTE);
        let stale = again(&app, &token).await;
        assert!(matches!(app.end_own_session(&stale, other).await, Err(AppError::Reauthenticate)));
        assert!(matches!(app.end_other_sessions(&stale).await, Err(AppError::Reauthenticate)));
        assert!(app.session(&there).await.unwrap().is_some(), "nothing was ended");
        let token = app.confirm_session(&stale, &token, Proof { password: Some(PASSWORD.into()), code: None }).await.unwrap();
        app.end_other_sessions(&again(&app, &token).await).await.unwrap();
        assert!(app.session(&there).await.unwrap().is_none());
        // Who leaves a browser signs out of it without being asked.
        clock.pass(5 * MINUTE);
        app.sign_out(&ann.member, &token).await.unwrap();
        assert!(app.session(&token).await.unwrap().is_none());
    }
}
