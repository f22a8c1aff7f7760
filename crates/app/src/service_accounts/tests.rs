use super::{Rotation, ServiceAccountChange, ServiceAccountNew};
use crate::{
    App, AppError, Caller, Entry, Operation,
    members::{MemberChange, NewMember},
    testing::{self, House},
    tokens::TokenNew,
};
use model::{HOUR, Role};
use serde_json::Value;
use store::records::{SelfEvents, SelfQuery};
use uuid::Uuid;

async fn member(app: &App, email: &str, role: Role) -> Caller {
    let new = NewMember { email: email.into(), name: email.into(), role, departments: vec![], until: None, password: "correct horse battery".into() };
    Caller { member: app.add_member(new).await.unwrap(), address: None, request: Uuid::now_v7(), entry: Entry::Host }
}

async fn program(app: &App, token: &str) -> Option<Caller> {
    let (member, entry) = app.token(token).await.unwrap()?;
    Some(Caller { member, address: None, request: Uuid::now_v7(), entry })
}

fn export() -> TokenNew {
    TokenNew { name: "nightly".into(), operations: vec!["events.search".into()], days: 30 }
}

#[tokio::test]
async fn an_administrator_makes_the_account_and_only_its_owner_the_tokens() {
    for House { app, .. } in testing::houses().await {
        let (ann, admin) = (member(&app, "ann@example.com", Role::Analyst).await, member(&app, "admin@example.com", Role::Administrator).await);
        let made = app.create_service_account(&admin, ServiceAccountNew { name: "siem-export".into(), owner: ann.member.id }).await.unwrap();
        assert_eq!((made.role, made.own, made.orphaned, made.active), ("analyst", false, false, true));
        assert!(matches!(app.create_service_token(&admin, made.id, export()).await, Err(AppError::NotFound { .. })), "an administrator would read the trail");
        let token = app.create_service_token(&ann, made.id, export()).await.unwrap();
        let siem = program(&app, &token.token).await.unwrap();
        app.read(&siem, Operation::EventsSearch, (), Value::Null).await.unwrap();
        let last = app.records.self_events(&SelfQuery { limit: 1, ..Default::default() }).await.unwrap().remove(0);
        assert_eq!(last.member, Some(made.id), "it stands in the trail under its own name");
        // It is not among the people who sign in, and no administrator by another name.
        assert!(app.members(&admin).await.unwrap().items.iter().all(|m| m.id != made.id));
        let visitor = crate::sessions::Visitor::at("192.0.2.1");
        assert!(matches!(app.sign_in("service:siem-export", "", visitor).await, Err(AppError::SignIn(_))));
        assert!(matches!(app.update_member(&admin, made.id, MemberChange::default()).await, Err(AppError::NotFound { .. })));
    }
}

#[tokio::test]
async fn a_secret_opens_beside_the_next_one_for_as_long_as_asked() {
    for House { app, clock, .. } in testing::houses().await {
        let (ann, admin) = (member(&app, "ann@example.com", Role::Analyst).await, member(&app, "admin@example.com", Role::Administrator).await);
        let id = app.create_service_account(&admin, ServiceAccountNew { name: "siem".into(), owner: ann.member.id }).await.unwrap().id;
        let first = app.create_service_token(&ann, id, export()).await.unwrap();
        let too_long = app.rotate_service_token(&ann, id, first.id, Rotation { overlap_hours: 73 }).await;
        assert!(matches!(too_long, Err(AppError::Invalid(_))), "{:?}", too_long.err());
        let second = app.rotate_service_token(&ann, id, first.id, Rotation { overlap_hours: 24 }).await.unwrap();
        clock.pass(23 * HOUR);
        assert!(program(&app, &first.token).await.is_some() && program(&app, &second.token).await.is_some());
        clock.pass(2 * HOUR);
        assert!(program(&app, &first.token).await.is_none() && program(&app, &second.token).await.is_some());
        let third = app.rotate_service_token(&ann, id, first.id, Rotation { overlap_hours: 0 }).await.unwrap();
        assert!(program(&app, &second.token).await.is_none() && program(&app, &third.token).await.is_some());
        app.revoke_service_token(&ann, id, first.id).await.unwrap();
        assert!(program(&app, &third.token).await.is_none());
    }
}

#[tokio::test]
async fn it_outlives_its_owner_and_is_handed_on_within_the_role() {
    for House { app, .. } in testing::houses().await {
        let (ann, ben) = (member(&app, "ann@example.com", Role::Analyst).await, member(&app, "ben@example.com", Role::Analyst).await);
        let admin = member(&app, "admin@example.com", Role::Administrator).await;
        let id = app.create_service_account(&admin, ServiceAccountNew { name: "siem".into(), owner: ann.member.id }).await.unwrap().id;
        let token = app.create_service_token(&ann, id, export()).await.unwrap().token;
        app.update_member(&admin, ann.member.id, MemberChange { active: Some(false), ..Default::default() }).await.unwrap();
        assert!(program(&app, &token).await.is_some(), "it works on");
        assert!(app.service_accounts(&admin).await.unwrap().items[0].orphaned);
        let to = |owner| ServiceAccountChange { owner: Some(owner), active: None };
        assert!(matches!(app.update_service_account(&admin, id, to(admin.member.id)).await, Err(AppError::Invalid(_))), "another role");
        assert!(!app.update_service_account(&admin, id, to(ben.member.id)).await.unwrap().orphaned);
        assert_eq!(app.service_accounts(&ben).await.unwrap().items.len(), 1);
        assert_eq!(app.service_accounts(&member(&app, "eve@example.com", Role::Analyst).await).await.unwrap().items.len(), 0);
        app.update_service_account(&admin, id, ServiceAccountChange { owner: None, active: Some(false) }).await.unwrap();
        assert!(program(&app, &token).await.is_none());
    }
}
