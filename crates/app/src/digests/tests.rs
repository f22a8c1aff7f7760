use super::Configured;
use crate::{
    App, Caller, Entry, Operation,
    members::{MemberChange, NewMember},
    testing::{self, House},
};
use model::{DAY, HOUR, Role};
use serde_json::Value;
use store::records::{SelfEvent, SelfEvents, SelfQuery};
use uuid::Uuid;

async fn member(app: &App, email: &str, role: Role) -> Caller {
    let new = NewMember { email: email.into(), name: email.into(), role, departments: vec![], until: None, password: "correct horse battery".into() };
    Caller { member: app.add_member(new).await.unwrap(), address: None, request: Uuid::now_v7(), entry: Entry::Host }
}

async fn rows(app: &App, operation: &str) -> Vec<SelfEvent> {
    app.records.self_events(&SelfQuery { operation: Some(operation.into()), limit: 9, ..Default::default() }).await.unwrap()
}

async fn detail(app: &App, row: &SelfEvent) -> serde_json::Map<String, Value> {
    let stored = model::StoredEvent::decode(&row.sealed).unwrap().0;
    ledger::open_all(&app.keyring, model::position::SELF, &[stored]).await.unwrap().remove(0).detail
}

#[tokio::test]
async fn every_auditor_gets_yesterdays_acts_of_administrators_each_day() {
    for House { app, post, clock, .. } in testing::houses().await {
        let (admin, auditor) = (member(&app, "admin@example.com", Role::Administrator).await, member(&app, "auditor@example.com", Role::Auditor).await);
        let ann = member(&app, "ann@example.com", Role::Analyst).await;
        app.members(&admin).await.unwrap();
        app.update_member(&admin, ann.member.id, MemberChange { active: Some(false), ..Default::default() }).await.unwrap();
        assert!(app.read(&admin, Operation::EventsSearch, (), Value::Null).await.is_err());
        app.read(&ann, Operation::AlertsList, (), Value::Null).await.ok();
        // START is at 06:26:26 UTC.
        clock.pass(DAY - 2 * HOUR);
        assert!(!app.run_digests_step().await.unwrap() || post.taken().is_empty(), "before five in the morning");
        clock.pass(2 * HOUR);
        while app.run_digests_step().await.unwrap() {}
        let letters = post.taken();
        assert_eq!(letters.iter().map(|l| l.to.as_str()).collect::<Vec<_>>(), ["auditor@example.com"], "auditors alone, once");
        assert!(letters[0].lines.concat().contains("members.update: 1"), "{:?}", letters[0].lines);
        assert!(!letters[0].lines.concat().contains("admin@example.com"), "mail names nobody");
        let digests = app.digests(&auditor).await.unwrap().items;
        assert_eq!((digests[0].refused, digests[0].mailed), (1, 1));
        let people: Vec<_> = digests[0].people.iter().map(|p| p.member.as_ref().map(|m| m.id)).collect();
        assert!(people.contains(&None) && people.contains(&Some(admin.member.id)) && people.len() == 2, "the host and the administrator: {people:?}");
        assert!(app.digests(&admin).await.is_err());
        // A day on which nothing was done has one too.
        clock.pass(DAY);
        while app.run_digests_step().await.unwrap() {}
        assert_eq!(post.taken().len(), 1);
        assert_eq!(rows(&app, "digests.send").await.len(), 2);
    }
}

#[tokio::test]
async fn another_configuration_of_auditing_is_an_event_with_both_values() {
    for House { app, .. } in testing::houses().await {
        let key = |key: &str, value: &str| Configured { key: key.into(), value: value.into() };
        let first = vec![key("retention.standard_days", "400"), key("ledger.publish", "false")];
        assert!(app.audited_as(first.clone()).await.unwrap());
        assert!(!app.audited_as(first.into_iter().rev().collect()).await.unwrap(), "the order is nothing");
        assert!(app.audited_as(vec![key("retention.standard_days", "30"), key("digest.hour", "5")]).await.unwrap());
        let rows = rows(&app, "auditing.configured").await;
        assert_eq!((rows.len(), rows[0].role.as_deref()), (2, Some("host")));
        let told = detail(&app, &rows[0]).await;
        let changed = told["changed"].as_array().unwrap();
        assert_eq!(changed.iter().map(|c| c["key"].as_str().unwrap()).collect::<Vec<_>>(), ["digest.hour", "ledger.publish", "retention.standard_days"]);
        assert_eq!((&changed[2]["before"], &changed[2]["after"]), (&"400".into(), &"30".into()));
        assert_eq!(told["before_sha256"], detail(&app, &rows[1]).await["sha256"]);
    }
}
