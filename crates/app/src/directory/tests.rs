use super::DirectoryImport;
use crate::{
    App, AppError, Caller, Entry,
    testing::{self, House},
};
use model::{
    Member, Role,
    directory::{Attributed, Seen},
    time,
};
use store::records::{Departments, SelfEvents, SelfQuery};
use uuid::Uuid;

const FILE: &str = "\u{feff}Employee ID;Name;E-Mail;Time zone;Department;Manager;From;Until;Accounts\n\
    E1;Ada Head;ada@x.example;Europe/Berlin;Sales;;2020-01-01;;\n\
    E2;Bea Moves;bea@x.example;Europe/Berlin;Sales > Field;E1;2024-01-01;2026-03-01;005B\n\
    E2;Bea Moves;bea@x.example;Europe/Berlin;Legal;E1;2026-03-01;;\"BEA;b.moves\"\n";

fn caller(role: Role, departments: Vec<Uuid>) -> Caller {
    let id = Uuid::now_v7();
    let member = Member {
        kind: model::MemberKind::Person,
        id,
        email: format!("{id}@x.example"),
        name: "Somebody".into(),
        role,
        departments,
        person: None,
        active: true,
        until: None,
        created: 0,
    };
    Caller { member, address: None, request: Uuid::now_v7(), entry: Entry::Host }
}

async fn imported(app: &App, file: &str) -> DirectoryImport {
    app.import_directory(&caller(Role::Administrator, vec![]), file.as_bytes()).await.unwrap()
}

fn at(text: &str) -> i64 {
    time::parse(text).unwrap().micros
}

fn seen(subject: u128, at_time: &str, names: &[&str]) -> Seen {
    Seen { subject: Uuid::from_u128(subject), source: Uuid::from_u128(9), time: at(at_time), names: names.iter().map(|n| (*n).to_owned()).collect() }
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    for House { app, .. } in testing::houses().await {
        let first = imported(&app, FILE).await;
        assert_eq!(first, DirectoryImport { persons_added: 2, persons_changed: 0, departments_added: 3, links_added: 5, refused: vec![] });
        assert_eq!(imported(&app, FILE).await, DirectoryImport::default());
        assert_eq!(app.import_directory(&crate::Caller::host(model::Role::Administrator), FILE.as_bytes()).await.unwrap(), DirectoryImport::default());
        let rows = app.records.self_events(&SelfQuery { limit: 9, ..Default::default() }).await.unwrap();
        assert_eq!(rows.iter().filter(|r| r.operation == "directory.import").count(), 3);
        assert_eq!(rows.iter().filter(|r| r.member == Some(Uuid::nil())).count(), 1, "the host's import is recorded too");
        let refused = app.import_directory(&caller(Role::Analyst, vec![]), FILE.as_bytes()).await;
        assert!(matches!(refused, Err(AppError::Forbidden { .. })));
    }
}

#[tokio::test]
async fn bad_lines_are_named_and_good_ones_kept() {
    for House { app, .. } in testing::houses().await {
        let bad = "employee_id,name,department,email,zone,manager_employee_id,from,shoe size\n\
            E1,Ada,Sales,ada@x.example,,,,38\n\
            ,Nobody,Sales,,,,,\n\
            E3,Cem,,,,,,\n\
            E4,Dan,Sales,no address,,,,\n\
            E5,Eve,Sales,,Mars/Base,,,\n\
            E6,Fay,Sales,,,E99,,\n\
            E7,Gus,Sales,,,E6,yesterday,\n\
            E8,Hal,Sales,,,E6,,\n\
            E1,Ada,Legal,,,,,\n\
            short,line\n\
            E9,Ida,Sales,,,E1,2026-01-01,\n";
        let done = imported(&app, bad).await;
        assert_eq!((done.persons_added, done.departments_added), (2, 1));
        let lines: Vec<u64> = done.refused.iter().map(|r| r.line).collect();
        assert_eq!(lines, [1, 3, 4, 5, 6, 7, 8, 9, 10, 11], "{:?}", done.refused);
        assert!(done.refused[0].reason.contains("shoe size") && done.refused[5].reason.contains("E99"));
        let nothing = app.import_directory(&crate::Caller::host(model::Role::Administrator), b"colour,size\nred,1\n").await;
        assert!(matches!(nothing, Err(AppError::Invalid(_))));
    }
}

#[tokio::test]
async fn a_change_of_department_splits_attribution_by_event_time() {
    for House { app, .. } in testing::houses().await {
        let attributor = app.attributor();
        let names = ["BEA@x.example", "005b"];
        // Seen before there is a directory, and remembered by its names.
        assert_eq!(attributor.attribute(&[seen(1, "2026-02-01T00:00:00Z", &names)]).await.unwrap(), [Attributed::default()]);
        imported(&app, FILE).await;
        let departments = app.records.departments().await.unwrap();
        let id = |name: &str| Some(departments.iter().find(|d| d.name == name).unwrap().id);
        let answers = attributor
            .attribute(&[
                seen(1, "2026-02-28T22:59:59Z", &[]),
                // Midnight in Berlin.
                seen(1, "2026-02-28T23:00:00Z", &[]),
                seen(1, "2023-01-01T00:00:00Z", &[]),
                seen(2, "2026-04-01T00:00:00Z", &["b.Moves"]),
                seen(3, "2026-04-01T00:00:00Z", &["stranger@x.example"]),
            ])
            .await
            .unwrap();
        assert_eq!(answers.iter().map(|a| a.department).collect::<Vec<_>>(), [id("Field"), id("Legal"), None, id("Legal"), None]);
        let bea = answers[0].person;
        assert!(bea.is_some() && answers[..4].iter().all(|a| a.person == bea) && answers[4].person.is_none());
        // The directory says otherwise from April on; what is past stays.
        let later = "employee_id,name,email,zone,department,from\nE2,Bea Moves,bea@x.example,Europe/Berlin,Sales,2026-04-01\n";
        assert_eq!(imported(&app, later).await.persons_changed, 1);
        let answers = attributor.attribute(&[seen(1, "2026-03-15T00:00:00Z", &[]), seen(1, "2026-04-15T00:00:00Z", &[])]).await.unwrap();
        assert_eq!(answers.iter().map(|a| a.department).collect::<Vec<_>>(), [id("Legal"), id("Sales")]);
        let detail = app.person(&caller(Role::Analyst, vec![]), bea.unwrap()).await.unwrap();
        assert_eq!((detail.history.len(), detail.links.len(), detail.person.name.as_str()), (3, 2, "Bea Moves"));
        assert_eq!(detail.history[0].until.as_deref().map(at), Some(at("2026-02-28T23:00:00Z")));
    }
}

#[tokio::test]
async fn a_lead_sees_the_people_of_the_own_departments_and_their_parts() {
    for House { app, .. } in testing::houses().await {
        imported(&app, FILE).await;
        let departments = app.departments(&caller(Role::Analyst, vec![])).await.unwrap().items;
        let id = |name: &str| departments.iter().find(|d| d.name == name).unwrap().id;
        let names = async |caller: &Caller, query: &str| app.persons(caller, query).await.unwrap().items.into_iter().map(|p| p.name).collect::<Vec<_>>();
        assert_eq!(names(&caller(Role::Analyst, vec![]), "").await, ["Ada Head", "Bea Moves"]);
        assert_eq!(names(&caller(Role::DepartmentLead, vec![id("Sales")]), "q=bea").await, ["Bea Moves"], "Field is a part of Sales");
        let legal = caller(Role::DepartmentLead, vec![id("Legal")]);
        assert_eq!(names(&legal, "").await, ["Bea Moves"]);
        let all = app.persons(&caller(Role::Analyst, vec![]), "limit=1").await.unwrap();
        let next = format!("limit=1&cursor={}", all.next.unwrap());
        assert_eq!(names(&caller(Role::Analyst, vec![]), &next).await, ["Bea Moves"]);
        assert!(app.persons(&legal, &next).await.is_err(), "another reader's cursor");
        let ada = all.items[0].id;
        assert!(matches!(app.person(&legal, ada).await, Err(AppError::NotFound { .. })));
        let bea = app.persons(&legal, "").await.unwrap().items[0].id;
        assert_eq!(app.person(&legal, bea).await.unwrap().history.len(), 1, "only the time in the own department");
        let pattern = app.person_pattern(&legal, bea, "").await.unwrap();
        assert_eq!((pattern.zone.as_str(), pattern.cells.len(), pattern.peers.len()), ("Europe/Berlin", 168, 168));
        assert!(matches!(app.subject(&legal, Uuid::from_u128(5)).await, Err(AppError::NotFound { .. })));
    }
}
