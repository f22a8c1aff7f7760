//! Who sees which value of one changed contact: by class, by reveal, in time, and never without a record before.

use super::{FieldClassChange, FieldState, RevealDecision, RevealNew, RevealView};
use crate::{
    App, AppError, Caller,
    events::EventDetail,
    search::company::{ANN, Company, NORTH, SOURCE, companies},
    testing::break_ledger,
};
use ledger::{Appender, Delivery, Numbered};
use model::{
    Actor, ActorKind, Change, Class, DAY, Event, EventTime, HOUR, MINUTE, Part, Position, Role, StoredEvent, SubjectRef, Target,
    class::act,
    event::Identity,
    position::{ACTIVITY, SELF},
    query::IndexEntry,
};
use serde_json::{Value, json};
use store::records::{Members, Reveals, SelfEvents, SelfQuery};

const EMAIL: &str = "mara@example.com";
const BIRTHDAY: &str = "1970-01-02";
const PASSWORD: &str = "correct horse";

/// A contact of the north, four fields of which were changed: internal, personal, sensitive and secret ones.
fn contact_changed() -> Event {
    let mut event = Event::new(SOURCE, "north_log", "generic/1", "update", Class::WebResources, act::UPDATE, EventTime::utc(crate::testing::START));
    event.identity = Identity::Vendor("contact-changed".into());
    event.received = crate::testing::START;
    event.actor = Some(Actor {
        subject: SubjectRef::account(SOURCE, "ann"),
        kind: ActorKind::Human,
        username: Some("ann".into()),
        name: None,
        email: None,
        application: None,
    });
    event.target = Some(Target { subject: SubjectRef::record(SOURCE, "contact/9"), object_type: "contact".into(), label: Some("Mara Oduya".into()) });
    let change = |field: &str, old: Value, new: &str| Change { field: field.into(), old, new: new.into() };
    event.changes = vec![
        change("status", "open".into(), "won"),
        change("email", Value::Null, EMAIL),
        change("birthday", "1970-02-01".into(), BIRTHDAY),
        change("password", "battery staple".into(), PASSWORD),
    ];
    let raw = json!({
        "status": "won", "email": EMAIL, "birthday": BIRTHDAY, "note": format!("born {BIRTHDAY}"), "owner": "Per Falk", "new_password": PASSWORD,
    });
    event.raw = raw.to_string();
    event
}

/// Appends and indexes it; where it stands.
async fn with_contact(company: &Company) -> String {
    let app = &company.app;
    let appender = Appender::start(app.trail.clone(), app.keyring.clone(), ACTIVITY);
    let events = vec![Numbered { event: contact_changed(), occurrence: 0, ordinal: 0 }];
    appender.append(Delivery { events, ..Delivery::new(SOURCE, "north_log", crate::testing::START) }).await.unwrap();
    let (index, mut stored) = app.reader.read(company.entries.len() as u64, usize::MAX).await.unwrap().remove(0);
    let opened = ledger::open_all(&app.keyring, ACTIVITY, std::slice::from_ref(&stored)).await.unwrap().remove(0);
    let tokens = ledger::tokens(&app.keyring, &opened);
    stored.parts.retain(|p| p.part != Part::Raw);
    let mut record = Vec::new();
    stored.encode(&mut record);
    let position = Position { ledger: ACTIVITY.into(), generation: 0, index };
    let entry = IndexEntry {
        position: position.clone(),
        clear: opened.clear,
        record,
        person: Some(ANN),
        department: Some(NORTH),
        address: None,
        session: None,
        tokens,
    };
    app.events.add(vec![entry]).await.unwrap();
    app.events.commit(index + 1).await.unwrap();
    position.to_string()
}

fn asking(fields: &[&str]) -> RevealNew {
    RevealNew { fields: fields.iter().map(|f| (*f).to_owned()).collect(), reason: " Case 17 ".into() }
}

async fn ask(app: &App, caller: &Caller, at: &str, fields: &[&str]) -> crate::Result<RevealView> {
    app.reveal(caller, at, asking(fields)).await
}

async fn seen(app: &App, caller: &Caller, at: &str) -> EventDetail {
    app.event(caller, at).await.unwrap()
}

fn change_state(detail: &EventDetail, field: &str) -> FieldState {
    detail.changes.iter().find(|c| c.field == field).unwrap().state
}

fn raw_state(detail: &EventDetail, field: &str) -> FieldState {
    detail.raw_fields.iter().find(|f| f.field == field).unwrap().state
}

fn says(detail: &EventDetail, value: &str) -> bool {
    serde_json::to_string(detail).unwrap().contains(value)
}

fn conflict<T: std::fmt::Debug>(answer: crate::Result<T>, why: &str) {
    let error = answer.unwrap_err();
    assert!(matches!(error, AppError::Conflict(_)) && error.to_string().contains(why), "{error}");
}

#[tokio::test]
async fn the_class_of_a_field_decides_what_is_seen_of_it() {
    for company in companies().await {
        let (app, at) = (&company.app, with_contact(&company).await);
        let analyst = company.member(Role::Analyst, &[], None).await;
        let detail = seen(app, &analyst, &at).await;
        let states: Vec<(&str, &str, FieldState)> = detail.changes.iter().map(|c| (c.field.as_str(), c.class, c.state)).collect();
        let expected = [
            ("status", "internal", FieldState::Shown),
            ("email", "personal", FieldState::Masked),
            ("birthday", "sensitive", FieldState::Masked),
            ("password", "secret", FieldState::Never),
        ];
        assert_eq!(states, expected);
        assert_eq!((&detail.changes[0].old, &detail.changes[0].new), (&json!("open"), &json!("won")));
        let raw: Vec<(&str, &str)> = detail.raw_fields.iter().map(|f| (f.field.as_str(), f.class)).collect();
        let classes = [
            ("status", "internal"),
            ("email", "personal"),
            ("birthday", "sensitive"),
            ("note", "sensitive"),
            ("owner", "personal"),
            ("new_password", "secret"),
        ];
        assert_eq!(raw, classes, "a note that holds the birthday is as sensitive");
        for value in [EMAIL, BIRTHDAY, PASSWORD, "1970-02-01", "battery", "Per Falk"] {
            assert!(!says(&detail, value), "{value}");
        }
        assert!(detail.raw.contains(r#""status": "won""#), "{}", detail.raw);
        assert_eq!(detail.ocsf["unmapped"]["changes"][0]["new"], "won");
        let masked = ["changes.email.new", "changes.birthday.old", "changes.birthday.new", "changes.password.old", "changes.password.new", "raw"];
        assert_eq!(detail.masked_fields, masked);

        let lead = company.member(Role::DepartmentLead, &[NORTH], None).await;
        let detail = seen(app, &lead, &at).await;
        assert!(!says(&detail, "won") && !says(&detail, EMAIL) && detail.raw_fields.is_empty(), "who sees no records sees none of their fields");
        assert!(matches!(ask(app, &lead, &at, &["changes.email"]).await, Err(AppError::Forbidden { .. })));
    }
}

#[tokio::test]
async fn personal_values_are_shown_to_one_member_for_a_quarter_of_an_hour_and_recorded_first() {
    for company in companies().await {
        let (app, at) = (&company.app, with_contact(&company).await);
        let [ada, eve] = [company.member(Role::Analyst, &[], None).await, company.member(Role::Analyst, &[], None).await];
        let nothing = RevealNew { fields: vec![], reason: "  ".into() };
        let Err(AppError::Invalid(problems)) = app.reveal(&ada, &at, nothing).await else { panic!("accepted") };
        assert_eq!(problems.into_iter().map(|p| p.field).collect::<Vec<_>>(), ["fields", "reason"]);

        let reveal = ask(app, &ada, &at, &["changes.email", "raw.owner"]).await.unwrap();
        assert_eq!((reveal.standing, reveal.class, reveal.reason.as_str()), ("open", "personal", "Case 17"));
        assert!(!serde_json::to_string(&reveal).unwrap().contains(EMAIL), "the answer holds no value");
        conflict(ask(app, &ada, &at, &["changes.email"]).await, "already");
        let detail = seen(app, &ada, &at).await;
        assert_eq!(change_state(&detail, "email"), FieldState::Revealed);
        assert_eq!((raw_state(&detail, "owner"), raw_state(&detail, "email")), (FieldState::Revealed, FieldState::Masked));
        assert!(says(&detail, EMAIL) && says(&detail, "Per Falk") && !says(&detail, BIRTHDAY));
        assert_eq!((detail.changes[1].until.clone(), detail.reveals.len()), (Some(reveal.until), 1));
        assert!(!says(&seen(app, &eve, &at).await, EMAIL), "nobody else");

        company.house.clock.pass(15 * MINUTE - 1);
        assert!(says(&seen(app, &ada, &at).await, EMAIL));
        company.house.clock.pass(1);
        let detail = seen(app, &ada, &at).await;
        assert!(!says(&detail, EMAIL) && detail.reveals[0].standing == "over");

        let query = SelfQuery { operation: Some("events.reveal".into()), limit: 9, ..SelfQuery::default() };
        let mut rows = app.records.self_events(&query).await.unwrap();
        rows.reverse();
        let plain = rows.iter().map(|r| String::from_utf8_lossy(&r.sealed).into_owned()).collect::<String>();
        let stored: Vec<StoredEvent> = rows.iter().map(|r| StoredEvent::decode(&r.sealed).unwrap().0).collect();
        let told = ledger::open_all(&app.keyring, SELF, &stored).await.unwrap();
        // Granted, refused as it is there already, shown twice; what could not be read was no attempt.
        let outcomes: Vec<&str> = rows.iter().map(|r| r.outcome.as_str()).collect();
        assert_eq!(outcomes, ["success", "failure", "success", "success"]);
        assert_eq!((&told[0].detail["reason"], &told[0].detail["fields"]), (&json!("Case 17"), &json!(["changes.email", "raw.owner"])));
        assert_eq!(told[2].detail["shown"], json!([reveal.id]));
        let details: String = told.iter().map(|t| Value::Object(t.detail.clone()).to_string()).collect();
        assert!(!details.contains(EMAIL) && !plain.contains("Case 17"), "no value, and all of it sealed");
    }
}

#[tokio::test]
async fn sensitive_values_need_a_second_member() {
    for company in companies().await {
        let (app, at) = (&company.app, with_contact(&company).await);
        let mut ada = company.member(Role::Analyst, &[], Some(ANN)).await;
        let officer = company.member(Role::PrivacyOfficer, &[], None).await;
        let asked = ask(app, &ada, &at, &["changes.birthday"]).await.unwrap();
        assert_eq!((asked.standing, asked.class), ("asked", "sensitive"));
        let detail = seen(app, &ada, &at).await;
        assert!(change_state(&detail, "birthday") == FieldState::Asked && !says(&detail, BIRTHDAY));
        let yes = || RevealDecision { approve: true };
        assert!(matches!(app.decide_reveal(&ada, asked.id, yes()).await, Err(AppError::Forbidden { .. })), "an analyst approves nothing");

        // Neither after her role changed, nor by another member of the same human.
        ada.member.role = Role::PrivacyOfficer;
        assert!(matches!(app.decide_reveal(&ada, asked.id, yes()).await, Err(AppError::Forbidden { .. })), "one's own");
        let same_human = company.member(Role::PrivacyOfficer, &[], Some(ANN)).await;
        assert!(matches!(app.decide_reveal(&same_human, asked.id, yes()).await, Err(AppError::Forbidden { .. })));
        ada.member.role = Role::Analyst;
        assert!(matches!(app.reveal(&officer, &at, asking(&["changes.birthday"])).await, Err(AppError::Forbidden { .. })), "an officer reveals nothing");

        let granted = app.decide_reveal(&officer, asked.id, yes()).await.unwrap();
        assert_eq!((granted.standing, granted.decided_by.unwrap().id), ("open", officer.member.id));
        conflict(app.decide_reveal(&officer, asked.id, RevealDecision { approve: false }).await, "decided already");
        let detail = seen(app, &ada, &at).await;
        assert!(change_state(&detail, "birthday") == FieldState::Revealed && says(&detail, BIRTHDAY));
        company.house.clock.pass(HOUR);
        assert!(!says(&seen(app, &ada, &at).await, BIRTHDAY));

        let declined = ask(app, &ada, &at, &["changes.birthday"]).await.unwrap();
        app.decide_reveal(&officer, declined.id, RevealDecision { approve: false }).await.unwrap();
        let detail = seen(app, &ada, &at).await;
        assert!(change_state(&detail, "birthday") == FieldState::Masked && detail.reveals[0].standing == "declined");

        let late = ask(app, &ada, &at, &["changes.birthday"]).await.unwrap();
        company.house.clock.pass(DAY);
        conflict(app.decide_reveal(&officer, late.id, yes()).await, "its time has passed");

        let gone = ask(app, &ada, &at, &["changes.birthday"]).await.unwrap();
        ada.member.active = false;
        app.records.change_member(&ada.member).await.unwrap();
        conflict(app.decide_reveal(&officer, gone.id, yes()).await, "may not see this event any more");
        let auditor = company.member(Role::Auditor, &[], None).await;
        let listed = app.reveals(&auditor).await.unwrap();
        let standings: Vec<&str> = listed.items.iter().map(|r| r.standing).collect();
        assert_eq!(standings, ["asked", "lapsed", "declined", "over"]);
        assert!(matches!(app.reveals(&company.member(Role::Analyst, &[], None).await).await, Err(AppError::Forbidden { .. })));
    }
}

#[tokio::test]
async fn secrets_erased_and_open_values_are_not_revealed() {
    for company in companies().await {
        let (app, at) = (&company.app, with_contact(&company).await);
        let analyst = company.member(Role::Analyst, &[], None).await;
        let officer = company.member(Role::PrivacyOfficer, &[], None).await;
        conflict(ask(app, &analyst, &at, &["changes.password"]).await, "a secret");
        conflict(ask(app, &analyst, &at, &["raw.new_password", "changes.email"]).await, "raw.new_password: it is a secret");
        conflict(ask(app, &analyst, &at, &["changes.status"]).await, "not masked");
        conflict(ask(app, &analyst, &at, &["changes.phone"]).await, "no such value");
        assert!(matches!(ask(app, &analyst, "activity.0:900", &["raw"]).await, Err(AppError::NotFound { .. })));
        let south = company.member(Role::ExternalAuditor, &[], None).await;
        assert!(matches!(ask(app, &south, &at, &["raw"]).await, Err(AppError::NotFound { .. })), "outside his scope");

        let whole = ask(app, &analyst, &at, &["raw"]).await.unwrap();
        assert_eq!(whole.class, "sensitive", "as its strictest member that can be revealed");
        app.decide_reveal(&officer, whole.id, RevealDecision { approve: true }).await.unwrap();
        let detail = seen(app, &analyst, &at).await;
        assert!(says(&detail, BIRTHDAY) && !says(&detail, PASSWORD) && raw_state(&detail, "new_password") == FieldState::Never);
        assert_eq!(change_state(&detail, "birthday"), FieldState::Masked, "of the record alone");

        let clear = app.events.get(&model::Scope::everything(), &at.parse().unwrap()).await.unwrap().unwrap();
        let target = StoredEvent::decode(&clear.record).unwrap().0.clear().unwrap().target_subject.unwrap();
        app.keyring.erase(&[target]).await.unwrap();
        let detail = seen(app, &analyst, &at).await;
        assert!(detail.raw_state == FieldState::Erased && detail.changes.is_empty() && !says(&detail, EMAIL));
        conflict(ask(app, &analyst, &at, &["raw"]).await, "erased");
        conflict(ask(app, &analyst, &at, &["changes.email"]).await, "erased");
    }
}

#[tokio::test]
async fn a_member_reveals_so_many_values_a_day() {
    for company in companies().await {
        let (app, at) = (&company.app, with_contact(&company).await);
        let [ada, eve] = [company.member(Role::Analyst, &[], None).await, company.member(Role::Analyst, &[], None).await];
        for _ in 0..25 {
            ask(app, &ada, &at, &["changes.email", "raw.email"]).await.unwrap();
            company.house.clock.pass(15 * MINUTE);
        }
        conflict(ask(app, &ada, &at, &["changes.email"]).await, "may reveal 50 values");
        ask(app, &eve, &at, &["changes.email"]).await.unwrap();
        company.house.clock.pass(DAY - 25 * 15 * MINUTE);
        ask(app, &ada, &at, &["changes.email", "raw.email"]).await.unwrap();
        conflict(ask(app, &ada, &at, &["raw.owner"]).await, "may reveal 50 values");
    }
}

#[tokio::test]
async fn a_privacy_officer_classes_fields_and_everybody_sees_by_it_at_once() {
    for company in companies().await {
        let (app, at) = (&company.app, with_contact(&company).await);
        let [analyst, auditor, officer] = [
            company.member(Role::Analyst, &[], None).await,
            company.member(Role::Auditor, &[], None).await,
            company.member(Role::PrivacyOfficer, &[], None).await,
        ];
        let change = |field: &str, class: Option<&str>| FieldClassChange {
            connector: "generic".into(),
            object_type: "Contact".into(),
            field: field.into(),
            class: class.map(str::to_owned),
        };
        assert!(matches!(app.change_field_class(&auditor, change("email", Some("public"))).await, Err(AppError::Forbidden { .. })));
        let Err(AppError::Invalid(problems)) = app.change_field_class(&officer, change("", Some("hidden"))).await else { panic!("accepted") };
        assert_eq!(problems.into_iter().map(|p| p.field).collect::<Vec<_>>(), ["field", "class"]);

        ask(app, &analyst, &at, &["changes.email"]).await.unwrap();
        assert!(says(&seen(app, &analyst, &at).await, EMAIL));
        let changed = app.change_field_class(&officer, change("Email", Some("sensitive"))).await.unwrap();
        assert_eq!((changed.class, changed.origin, changed.shipped), ("sensitive", "member", "personal"));
        assert!(!says(&seen(app, &analyst, &at).await, EMAIL), "stricter since it was asked for");
        app.change_field_class(&officer, change("owner", Some("internal"))).await.unwrap();
        assert!(says(&seen(app, &auditor, &at).await, "Per Falk"));

        let connectors = app.masking(&auditor).await.unwrap().connectors;
        assert_eq!((connectors.len(), connectors[0].connector.as_str(), connectors[0].classed), (1, "generic", 2));
        assert!(["", "contact", "north_report"].iter().all(|t| connectors[0].object_types.iter().any(|known| known == t)), "{connectors:?}");
        let fields = app.masking_fields(&auditor, "generic", "contact").await.unwrap().items;
        let told: Vec<(&str, &str, &str)> = fields.iter().map(|f| (f.field.as_str(), f.class, f.origin)).collect();
        let expected = [
            ("birthday", "sensitive", "generic"),
            ("email", "sensitive", "member"),
            ("new_password", "secret", "generic"),
            ("note", "personal", "unknown"),
            ("owner", "internal", "member"),
            ("password", "secret", "generic"),
            ("status", "internal", "generic"),
        ];
        assert_eq!(told, expected);
        assert_eq!(fields[1].member.as_ref().unwrap().id, officer.member.id);

        let back = app.change_field_class(&officer, change("email", None)).await.unwrap();
        assert_eq!((back.class, back.origin, back.member), ("personal", "generic", None));
        assert!(says(&seen(app, &analyst, &at).await, EMAIL), "still within her quarter of an hour");
    }
}

#[tokio::test]
async fn without_the_own_trail_nothing_is_revealed_and_what_was_is_masked_again() {
    for company in companies().await {
        let (app, at) = (&company.app, with_contact(&company).await);
        let analyst = company.member(Role::Analyst, &[], None).await;
        ask(app, &analyst, &at, &["changes.email"]).await.unwrap();
        assert!(says(&seen(app, &analyst, &at).await, EMAIL));
        break_ledger(&company.house.records_url, true).await;
        assert!(matches!(ask(app, &analyst, &at, &["raw.owner"]).await, Err(AppError::SelfLedger(_))));
        let detail = seen(app, &analyst, &at).await;
        assert!(!says(&detail, EMAIL) && detail.event.sentence.contains("Mara"), "masked reads go on");
        break_ledger(&company.house.records_url, false).await;
        assert!(says(&seen(app, &analyst, &at).await, EMAIL));
        assert_eq!(app.records.fields_revealed(analyst.member.id, 0).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_reveal_of_another_event_shows_nothing_here() {
    for company in companies().await {
        let (app, at) = (&company.app, with_contact(&company).await);
        let analyst = company.member(Role::Analyst, &[], None).await;
        ask(app, &analyst, "activity.0:0", &["raw"]).await.unwrap();
        assert!(seen(app, &analyst, "activity.0:0").await.raw.contains("ann"));
        assert!(!says(&seen(app, &analyst, &at).await, EMAIL));
    }
}
