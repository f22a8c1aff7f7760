use super::*;
use crate::{
    sessions::Visitor,
    testing::{self, House, break_ledger},
};
use model::{Member, position::SELF};
use serde_json::json;
use store::{
    records::{Members, SelfEvents, SelfQuery, Settings},
    trail::Trail,
};

async fn caller(app: &App, role: Role) -> Caller {
    let member = Member {
        kind: model::MemberKind::Person,
        id: Uuid::now_v7(),
        email: format!("{}@example.com", role.name()),
        name: "Some Body".into(),
        role,
        departments: vec![Uuid::from_u128(5)],
        person: Some(Uuid::from_u128(6)),
        until: None,
        active: true,
        created: 0,
    };
    app.records.add_member(&member, "no password").await.unwrap();
    Caller { member, address: Some("192.0.2.1".into()), request: Uuid::now_v7(), entry: Entry::Host }
}

async fn rows(app: &App) -> Vec<store::records::SelfEvent> {
    let mut rows = app.records.self_events(&SelfQuery { limit: 5_000, ..Default::default() }).await.unwrap();
    rows.reverse();
    rows
}

fn spawnable<T: Send>(future: T) -> T {
    future
}

#[tokio::test]
async fn a_change_and_its_record_are_one() {
    for House { app, .. } in testing::houses().await {
        let admin = caller(&app, Role::Administrator).await;
        let put = app.change(&admin, Operation::SourcesUpdate, ("source", "1"), json!({"title": "New"}), async |unit: &Unit| {
            unit.put_setting("title", "New").await?;
            Ok(7)
        });
        assert_eq!(spawnable(put).await.unwrap(), 7);
        let failed = app.change(&admin, Operation::SourcesUpdate, ("source", "1"), json!({}), async |unit: &Unit| {
            unit.put_setting("title", "Never").await?;
            Err::<(), _>(AppError::Conflict("no".into()))
        });
        assert!(matches!(failed.await, Err(AppError::Conflict(_))));
        assert_eq!(app.records.setting("title").await.unwrap().as_deref(), Some("New"));

        let rows = rows(&app).await;
        let said: Vec<_> = rows.iter().map(|r| (r.position, r.operation.as_str(), r.outcome.as_str(), r.target.as_str(), r.member)).collect();
        let id = Some(admin.member.id);
        assert_eq!(said, [(0, "sources.update", "success", "source:1", id), (1, "sources.update", "failure", "source:1", id)]);
        assert_eq!(app.self_trail.head().await.unwrap().size, 2, "a row per record of the ledger");
        let stored: Vec<_> = rows.iter().map(|r| model::StoredEvent::decode(&r.sealed).unwrap().0).collect();
        let opened = ledger::open_all(&app.keyring, SELF, &stored).await.unwrap();
        assert_eq!((&opened[0].detail["title"], opened[0].actor.as_ref().unwrap().name.as_deref()), (&json!("New"), Some("Some Body")));
        assert_eq!(opened[1].clear.reason.as_deref(), Some("conflict"));
        let plain = String::from_utf8_lossy(&rows[0].sealed).into_owned();
        assert!(!plain.contains("Some Body") && !plain.contains("192.0.2.1") && !plain.contains("title"), "sealed");
    }
}

#[tokio::test]
async fn a_refused_attempt_is_recorded_and_changes_nothing() {
    for House { app, .. } in testing::houses().await {
        let analyst = caller(&app, Role::Analyst).await;
        let tried = app.change(&analyst, Operation::SourcesCreate, (), json!({}), async |unit: &Unit| Ok(unit.put_setting("title", "Mine").await?));
        assert!(matches!(tried.await, Err(AppError::Forbidden { operation: "sources.create" })));
        assert_eq!(app.records.setting("title").await.unwrap(), None);
        let rows = rows(&app).await;
        assert_eq!((rows.len(), rows[0].operation.as_str(), rows[0].outcome.as_str()), (1, "sources.create", "failure"));
    }
}

#[tokio::test]
async fn without_its_ledger_nothing_changes_and_administrators_see_nothing() {
    for House { app, records_url, .. } in testing::houses().await {
        let (admin, analyst) = (caller(&app, Role::Administrator).await, caller(&app, Role::Analyst).await);
        break_ledger(&records_url, true).await;
        let put = app.change(&admin, Operation::SourcesUpdate, (), json!({}), async |unit: &Unit| Ok(unit.put_setting("title", "New").await?));
        assert!(matches!(put.await, Err(AppError::SelfLedger(_))));
        assert_eq!(app.records.setting("title").await.unwrap(), None, "nothing was changed");
        assert!(matches!(app.read(&admin, Operation::MembersList, (), json!({})).await, Err(AppError::SelfLedger(_))));
        assert!(matches!(app.read(&analyst, Operation::JobsFile, (), json!({})).await, Err(AppError::SelfLedger(_))), "nothing leaves");
        assert!(matches!(app.sign_in("x@example.com", "some password", Visitor::default()).await, Err(AppError::SelfLedger(_))));

        let mut kept = 0;
        let refused = loop {
            match app.read(&analyst, Operation::EventsSearch, (), json!({"n": kept})).await {
                Ok(_) => kept += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, AppError::SelfLedger(_)), "no room for more");
        assert!(kept > 10, "{kept} masked reads went on");
        let used = app.waiting().unwrap();
        assert!(used.frames == kept as u64 && used.bytes <= used.of, "{used:?}");
        assert!(app.record_waiting().await.is_err());
        assert_eq!(app.waiting().unwrap(), used, "nothing is let go before it is written");

        break_ledger(&records_url, false).await;
        app.read(&admin, Operation::MembersList, (), json!({})).await.unwrap();
        let rows = rows(&app).await;
        assert_eq!(rows.len(), kept + 1, "what waited was written, in order, before what is newer");
        assert_eq!((rows[0].operation.as_str(), rows[kept].operation.as_str()), ("events.search", "members.list"));
        assert_eq!((rows[0].member, rows[0].role.as_deref()), (Some(analyst.member.id), Some("analyst")));
        let first = model::StoredEvent::decode(&rows[1].sealed).unwrap().0;
        assert_eq!(ledger::open_all(&app.keyring, SELF, &[first]).await.unwrap()[0].detail["n"], json!(1));
        assert_eq!(app.waiting().unwrap().frames, 0);
        assert_eq!(app.self_trail.head().await.unwrap().size, rows.len() as u64);
    }
}

#[tokio::test]
async fn a_read_answers_the_scope_of_the_role() {
    for House { app, .. } in testing::houses().await {
        let scope = async |role: Role, operation: Operation| {
            let caller = caller(&app, role).await;
            app.read(&caller, operation, (), json!({})).await.unwrap()
        };
        assert_eq!(scope(Role::Analyst, Operation::EventsSearch).await, Scope::everything());
        assert_eq!(scope(Role::DepartmentLead, Operation::EventsSearch).await, Scope::departments([Uuid::from_u128(5)]));
        assert_eq!(scope(Role::Employee, Operation::OwnEvents).await, Scope::person(Uuid::from_u128(6)));
        let nobody =
            Caller { member: Member { person: None, ..caller(&app, Role::AccessOwner).await.member }, address: None, request: Uuid::nil(), entry: Entry::Host };
        assert_eq!(app.scope_of(&nobody, Operation::OwnEvents).await.unwrap(), Scope::nothing());
        assert_eq!(app.scope_of(&nobody, Operation::MembersList).await.unwrap(), Scope::nothing());
    }
}
