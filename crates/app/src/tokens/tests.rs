use super::TokenNew;
use crate::{
    App, AppError, Caller, Entry, Operation,
    members::{MemberChange, NewMember},
    testing::{self, House},
};
use model::{DAY, Role};
use serde_json::Value;
use store::records::{SelfEvents, SelfQuery};
use uuid::Uuid;

async fn member(app: &App, email: &str, role: Role) -> Caller {
    let new = NewMember { email: email.into(), name: email.into(), role, departments: vec![], until: None, password: "correct horse battery".into() };
    Caller { member: app.add_member(new).await.unwrap(), address: None, request: Uuid::now_v7(), entry: Entry::Host }
}

fn asked(operations: &[&str]) -> TokenNew {
    TokenNew { name: "SIEM".into(), operations: operations.iter().map(|o| (*o).to_owned()).collect(), days: 30 }
}

async fn caller(app: &App, token: &str) -> Option<Caller> {
    let (member, entry) = app.token(token).await.unwrap()?;
    Some(Caller { member, address: None, request: Uuid::now_v7(), entry })
}

#[tokio::test]
async fn a_token_does_what_it_is_for_and_no_more() {
    for House { app, .. } in testing::houses().await {
        let ann = member(&app, "ann@example.com", Role::Analyst).await;
        let made = app.create_token(&ann, asked(&["alerts.list", "events.search"])).await.unwrap();
        let program = caller(&app, &made.token).await.unwrap();
        assert!(app.read(&program, Operation::EventsSearch, (), Value::Null).await.is_ok());
        for beyond in [Operation::AlertsRead, Operation::OwnAccount, Operation::ExportsCreate] {
            assert!(app.read(&ann, beyond, (), Value::Null).await.is_ok(), "{beyond} is hers");
            assert!(matches!(app.read(&program, beyond, (), Value::Null).await, Err(AppError::Forbidden { .. })), "{beyond} is not its");
        }
        assert_eq!(app.scope_of(&program, Operation::EventsLive).await.unwrap(), model::Scope::nothing());
        let last = app.records.self_events(&SelfQuery { limit: 1, ..Default::default() }).await.unwrap().remove(0);
        assert_eq!((last.operation.as_str(), last.outcome.as_str(), last.member), ("exports.create", "failure", Some(ann.member.id)));
        let stored = model::StoredEvent::decode(&last.sealed).unwrap().0;
        let opened = ledger::open_all(&app.keyring, model::position::SELF, &[stored]).await.unwrap();
        assert_eq!(opened[0].detail["token"], made.id.to_string().as_str(), "the trail says which token");
        assert!(app.account(&ann).await.unwrap().tokens[0].last_used.is_some());
    }
}

#[tokio::test]
async fn nobody_gives_a_program_more_than_he_may_and_nothing_dangerous() {
    for House { app, .. } in testing::houses().await {
        let (ann, admin) = (member(&app, "ann@example.com", Role::Analyst).await, member(&app, "admin@example.com", Role::Administrator).await);
        for beyond in ["sources.create", "own.account", "own.tokens", "session.confirm", "nonsense"] {
            assert!(matches!(app.create_token(&ann, asked(&[beyond])).await, Err(AppError::Invalid(_))), "{beyond}");
        }
        assert!(matches!(app.create_token(&admin, asked(&["members.update"])).await, Err(AppError::Invalid(_))), "dangerous");
        assert!(matches!(app.create_token(&ann, asked(&[])).await, Err(AppError::Invalid(_))));
        for days in [0, 366] {
            assert!(matches!(app.create_token(&ann, TokenNew { days, ..asked(&["alerts.list"]) }).await, Err(AppError::Invalid(_))));
        }
        assert!(app.account(&ann).await.unwrap().tokens.is_empty());
    }
}

#[tokio::test]
async fn a_token_ends_by_time_rotation_revocation_and_with_its_member() {
    for House { app, clock, .. } in testing::houses().await {
        let (ann, bob) = (member(&app, "ann@example.com", Role::Analyst).await, member(&app, "bob@example.com", Role::Analyst).await);
        let first = app.create_token(&ann, asked(&["alerts.list"])).await.unwrap();
        for wrong in ["", "vta_", "vta_x_y", &first.token[..first.token.len() - 2], &first.token.replace("vta_", "vtk_")] {
            assert!(caller(&app, wrong).await.is_none(), "{wrong}");
        }
        assert!(matches!(app.rotate_token(&bob, first.id).await, Err(AppError::NotFound { .. })));
        let second = app.rotate_token(&ann, first.id).await.unwrap();
        assert!(caller(&app, &first.token).await.is_none() && caller(&app, &second.token).await.is_some());
        clock.pass(30 * DAY);
        assert!(caller(&app, &second.token).await.is_none(), "its days are over");
        let third = app.rotate_token(&ann, first.id).await.unwrap();
        let program = caller(&app, &third.token).await.unwrap();
        assert!(matches!(app.revoke_token(&bob, first.id).await, Err(AppError::NotFound { .. })));
        app.revoke_token(&ann, first.id).await.unwrap();
        assert!(caller(&app, &third.token).await.is_none() && app.still_in(&program).await.unwrap().is_none());
        assert!(matches!(app.rotate_token(&ann, first.id).await, Err(AppError::NotFound { .. })), "for good");

        let admin = member(&app, "admin@example.com", Role::Administrator).await;
        let of_role = app.create_token(&ann, asked(&["alerts.list"])).await.unwrap();
        app.update_member(&admin, ann.member.id, MemberChange { role: Some("auditor".into()), ..Default::default() }).await.unwrap();
        assert!(caller(&app, &of_role.token).await.is_none(), "made in another role");
        let of_bob = app.create_token(&bob, asked(&["alerts.list"])).await.unwrap();
        app.end_sessions_of_member(&admin, bob.member.id).await.unwrap();
        assert!(caller(&app, &of_bob.token).await.is_none(), "signed out everywhere");
    }
}
