use crate::{
    App, AppError, Caller, Entry, Operation,
    members::{Acceptance, FirstRun, Invite, MemberChange, NewMember},
    sessions::Visitor,
    testing::{self, House},
};
use model::{DAY, Department, HOUR, Member, Role};
use serde_json::Value;
use store::records::{Departments, Invitations, Members, SelfEvents, SelfQuery, Sessions};
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";

async fn member(app: &App, email: &str, role: Role) -> Caller {
    let new = NewMember { email: email.into(), name: email.into(), role, departments: vec![], until: None, password: PASSWORD.into() };
    let member = app.add_member(new).await.unwrap();
    Caller { member, address: Some("192.0.2.1".into()), request: Uuid::now_v7(), entry: Entry::Host }
}

fn invite(email: &str, role: Role) -> Invite {
    Invite { email: email.into(), role: role.name().into(), departments: vec![], until: None }
}

async fn operations(app: &App) -> Vec<String> {
    let rows = app.records.self_events(&SelfQuery { limit: 100, ..Default::default() }).await.unwrap();
    rows.into_iter().rev().map(|r| format!("{} {}", r.operation, r.outcome)).collect()
}

#[tokio::test]
async fn the_first_run_happens_once_with_the_newest_code() {
    for House { app, .. } in testing::houses().await {
        let old = app.first_run_code().await.unwrap().unwrap();
        let code = app.first_run_code().await.unwrap().unwrap();
        assert!(code.replace('-', "").len() as f64 * 31_f64.log2() >= 128.0, "{code} can be guessed");
        let asked = |code: &str| FirstRun {
            code: code.into(),
            organisation: "Example Ltd".into(),
            name: "Ada".into(),
            email: "Ada@Example.com".into(),
            password: PASSWORD.into(),
        };
        assert!(matches!(app.first_run(asked(&old), Visitor::default()).await, Err(AppError::SignIn(_))));
        assert!(app.first_run_needed().await.unwrap());
        let begun = app.first_run(asked(&code.to_lowercase()), Visitor::default()).await.unwrap().signed_in();
        assert_eq!((begun.session.member.email.as_str(), begun.session.member.role.as_str()), ("ada@example.com", "administrator"));
        assert_eq!(begun.session.organisation, "Example Ltd");
        assert!(begun.session.operations.contains(&"members.invite") && !begun.session.operations.contains(&"events.search"));
        assert!(app.session(&begun.token).await.unwrap().is_some());
        assert!(app.first_run(asked(&code), Visitor::default()).await.is_err(), "the code is used up");
        assert_eq!(app.first_run_code().await.unwrap(), None);
        assert_eq!(app.records.member_count().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn an_invitation_makes_one_member_once_within_a_week() {
    for House { app, clock, .. } in testing::houses().await {
        let admin = member(&app, "admin@example.com", Role::Administrator).await;
        let link = app.invite(&admin, invite("New@Example.com", Role::Auditor)).await.unwrap().link;
        let token = link.rsplit('#').next().unwrap().to_owned();
        assert_eq!(app.invitation(&token).await.unwrap().email, "new@example.com");
        assert_eq!(app.members(&admin).await.unwrap().invitations.len(), 1);
        let accept = |password: &str| Acceptance { token: token.clone(), name: "New".into(), password: password.into() };
        assert!(matches!(app.accept(accept("short"), Visitor::default()).await, Err(AppError::Invalid(_))));
        let begun = app.accept(accept(PASSWORD), Visitor::default()).await.unwrap().signed_in();
        assert_eq!(begun.session.member.role, "auditor");
        assert!(matches!(app.accept(accept(PASSWORD), Visitor::default()).await, Err(AppError::NotFound { .. })));
        assert!(matches!(app.invite(&admin, invite("new@example.com", Role::Analyst)).await, Err(AppError::Conflict(_))), "roles never combine");

        let link = app.invite(&admin, invite("late@example.com", Role::Analyst)).await.unwrap().link;
        clock.pass(7 * DAY);
        assert!(matches!(app.invitation(link.rsplit('#').next().unwrap()).await, Err(AppError::NotFound { .. })));
    }
}

#[tokio::test]
async fn an_invitation_says_what_its_role_needs() {
    for House { app, clock, .. } in testing::houses().await {
        let admin = member(&app, "admin@example.com", Role::Administrator).await;
        let sales = Department { id: Uuid::from_u128(1), name: "Sales".into(), parent: None };
        app.records.add_department(&sales).await.unwrap();
        let refused = async |invite: Invite, field: &str| match app.invite(&admin, invite).await {
            Err(AppError::Invalid(problems)) => assert_eq!(problems[0].field, field),
            other => panic!("{field} should be refused: {:?}", other.map(|l| l.link)),
        };
        refused(invite("nobody", Role::Analyst), "email").await;
        refused(Invite { role: "boss".into(), ..invite("a@example.com", Role::Analyst) }, "role").await;
        refused(invite("a@example.com", Role::DepartmentLead), "departments").await;
        refused(Invite { departments: vec![Uuid::from_u128(2)], ..invite("a@example.com", Role::DepartmentLead) }, "departments").await;
        refused(Invite { departments: vec![sales.id], ..invite("a@example.com", Role::ExternalAuditor) }, "until").await;
        let past = model::time::rfc3339(clock.now() - 1);
        refused(Invite { departments: vec![sales.id], until: Some(past), ..invite("a@example.com", Role::ExternalAuditor) }, "until").await;
        let analyst = member(&app, "analyst@example.com", Role::Analyst).await;
        assert!(matches!(app.invite(&analyst, invite("b@example.com", Role::Administrator)).await, Err(AppError::Forbidden { .. })));
        assert_eq!(app.records.invitations(clock.now()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn no_one_changes_his_own_role_and_an_administrator_stays() {
    for House { app, .. } in testing::houses().await {
        let admin = member(&app, "admin@example.com", Role::Administrator).await;
        let to = |role: Role| MemberChange { role: Some(role.name().into()), ..Default::default() };
        let off = || MemberChange { active: Some(false), ..Default::default() };
        assert!(matches!(app.update_member(&admin, admin.member.id, to(Role::Auditor)).await, Err(AppError::Invalid(_))));
        assert!(matches!(app.update_member(&admin, admin.member.id, off()).await, Err(AppError::Conflict(_))), "the last one");
        let second = member(&app, "second@example.com", Role::Administrator).await;
        assert_eq!(app.update_member(&second, admin.member.id, to(Role::Analyst)).await.unwrap().role, "analyst");
        assert!(matches!(app.update_member(&second, second.member.id, off()).await, Err(AppError::Conflict(_))));
        assert_eq!(app.records.member(second.member.id).await.unwrap(), Some(second.member), "nothing was changed");
        let tried = operations(&app).await;
        assert_eq!(tried.iter().filter(|o| *o == "members.update failure").count(), 3, "{tried:?}");
    }
}

#[tokio::test]
async fn sessions_end_by_rest_age_deactivation_and_date() {
    for House { app, clock, .. } in testing::houses().await {
        let admin = member(&app, "admin@example.com", Role::Administrator).await;
        let analyst = member(&app, "analyst@example.com", Role::Analyst).await.member;
        let sign_in = async || app.sign_in("Analyst@example.com", PASSWORD, Visitor::default()).await.unwrap().signed_in().token;
        let alive = async |token: &str| app.session(token).await.unwrap().is_some();

        let rested = sign_in().await;
        assert!(alive(&rested).await);
        assert!(app.records.session(&crate::sessions::hash(&rested)).await.unwrap().is_some(), "kept by its hash");
        clock.pass(8 * HOUR);
        assert!(!alive(&rested).await, "rested for eight hours");

        let aged = sign_in().await;
        for _ in 0..3 {
            clock.pass(7 * HOUR);
            assert!(alive(&aged).await, "in use");
        }
        clock.pass(3 * HOUR);
        assert!(!alive(&aged).await, "a day old");

        let ahead = sign_in().await;
        clock.pass(-HOUR / 120);
        assert!(alive(&ahead).await, "clocks are set a little");
        clock.pass(-2 * HOUR);
        assert!(!alive(&ahead).await, "a clock set back makes no session longer");
        clock.pass(2 * HOUR + HOUR / 120);

        let (one, two) = (sign_in().await, sign_in().await);
        assert_ne!(one, two);
        app.sign_out(&analyst, &one).await.unwrap();
        assert!(!alive(&one).await && alive(&two).await);
        app.update_member(&admin, analyst.id, MemberChange { active: Some(false), ..Default::default() }).await.unwrap();
        assert!(!alive(&two).await, "deactivated");
        assert!(matches!(app.sign_in(&analyst.email, PASSWORD, Visitor::default()).await, Err(AppError::SignIn(_))));

        let until = Some(Some(model::time::rfc3339(clock.now() + HOUR)));
        app.update_member(&admin, analyst.id, MemberChange { active: Some(true), until, ..Default::default() }).await.unwrap();
        let dated = sign_in().await;
        clock.pass(HOUR);
        assert!(!alive(&dated).await, "the date has come");
    }
}

#[tokio::test]
async fn a_member_becomes_the_person_the_directory_names_by_his_address() {
    for House { app, .. } in testing::houses().await {
        let caller = member(&app, "ann@example.com", Role::Employee).await;
        assert_eq!(caller.member.person, None);
        let directory = b"employee_id,name,email,department\nE1,Ann Example,Ann@Example.com,Sales\n";
        let admin = member(&app, "admin@example.com", Role::Administrator).await;
        app.import_directory(&admin, directory).await.unwrap();
        let begun = app.sign_in("ann@example.com", PASSWORD, Visitor::default()).await.unwrap().signed_in();
        assert_eq!(begun.session.member.person.unwrap().name, "Ann Example");
        let (member, _) = app.session(&begun.token).await.unwrap().unwrap();
        let scope = app.read(&Caller { member: member.clone(), ..caller }, Operation::OwnEvents, (), Value::Null).await.unwrap();
        assert_eq!(scope, model::Scope::person(member.person.unwrap()));
    }
}

#[tokio::test]
async fn the_sixth_attempt_waits_and_strangers_learn_nothing() {
    for House { app, clock, .. } in testing::houses().await {
        member(&app, "analyst@example.com", Role::Analyst).await;
        let here = || Visitor::at("192.0.2.9");
        let said = async |email: &str| match app.sign_in(email, "wrong password!", here()).await {
            Err(AppError::SignIn(said)) => said,
            other => panic!("{:?}", other.err()),
        };
        assert_eq!(said("analyst@example.com").await, said("nobody@example.com").await);
        for _ in 0..4 {
            said("analyst@example.com").await;
        }
        let Err(AppError::TooMany { retry_after_secs }) = app.sign_in("analyst@example.com", PASSWORD, here()).await else { panic!("not slowed down") };
        assert!((1..=900).contains(&retry_after_secs), "{retry_after_secs}");
        assert!(app.sign_in("analyst@example.com", PASSWORD, Visitor::at("192.0.2.10")).await.is_ok(), "elsewhere he is not locked out");
        clock.pass(15 * model::MINUTE);
        assert!(app.sign_in("analyst@example.com", PASSWORD, here()).await.is_ok());
        let tried = operations(&app).await;
        assert_eq!(tried.iter().filter(|o| *o == "session.create failure").count(), 6);
        assert_eq!(tried.iter().filter(|o| *o == "session.create success").count(), 2);
    }
}

#[tokio::test]
async fn a_read_is_refused_recorded_and_scoped_by_role() {
    for House { app, .. } in testing::houses().await {
        let admin = member(&app, "admin@example.com", Role::Administrator).await;
        let refused = app.read(&admin, Operation::EventsSearch, (), Value::Null).await;
        assert!(matches!(refused, Err(AppError::Forbidden { operation: "events.search" })));
        assert_eq!(operations(&app).await.last().unwrap(), "events.search failure");
        let gone = Caller { member: Member { active: false, ..member(&app, "a@example.com", Role::Analyst).await.member }, ..admin };
        assert!(app.read(&gone, Operation::EventsSearch, (), Value::Null).await.is_err());
    }
}
