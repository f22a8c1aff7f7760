//! Nobody reads of another department: not in a list, a number, a bar, a single event, a proof or a live view, nor by a cursor.

use super::live;
use crate::{
    AppError, Caller,
    search::company::{ANN, BOB, Company, NORTH, NORTHERN, SOUTH, SOUTHERN, companies},
};
use model::Role;
use std::collections::BTreeSet;

const FIELDS: &str = "fields=source,stream,vendor_type,class,activity,outcome,actor,person,department,object_type,target";

async fn counted(company: &Company, caller: &Caller, query: &str) -> u64 {
    let app = &company.app;
    let count = app.count_events(caller, query).await.unwrap().count;
    let page = app.search_events(caller, &format!("{query}&limit=200")).await.unwrap();
    assert_eq!((page.items.len() as u64, page.next), (count, None), "{query}");
    let bars = app.event_histogram(caller, query).await.unwrap().buckets;
    assert_eq!(bars.iter().map(|b| b.success + b.failure + b.unknown).sum::<u64>(), count, "{query}");
    for facet in app.event_facets(caller, &format!("{query}&{FIELDS}")).await.unwrap().facets {
        assert_eq!(facet.values.iter().map(|v| v.count).sum::<u64>() + facet.other, count, "{query} {}", facet.field);
    }
    count
}

#[tokio::test]
async fn lists_counts_bars_and_facets_stop_at_the_department() {
    for company in companies().await {
        let app = &company.app;
        let analyst = company.member(Role::Analyst, &[], None).await;
        assert_eq!(counted(&company, &analyst, "").await, (NORTHERN + SOUTHERN) as u64);
        for caller in company.northerners().await {
            assert_eq!(counted(&company, &caller, "").await, NORTHERN as u64);
            company.silent_of_the_south(&app.search_events(&caller, "limit=200").await.unwrap());
            company.silent_of_the_south(&app.event_facets(&caller, &format!("{FIELDS}&limit=50")).await.unwrap());
            company.silent_of_the_south(&app.overview(&caller, "").await.unwrap());
        }
        let nowhere = company.member(Role::DepartmentLead, &[], None).await;
        assert_eq!(counted(&company, &nowhere, "").await, 0, "a lead of nothing sees nothing");
    }
}

#[tokio::test]
async fn questions_aimed_at_another_department_find_nothing() {
    for company in companies().await {
        let analyst = company.member(Role::Analyst, &[], None).await;
        let clear = &company.southern()[0].clear;
        let (actor, target) = (clear.actor_subject.unwrap(), clear.target_subject.unwrap());
        let by_ids = [
            format!("filter=department:{SOUTH}"),
            format!("filter=department!:{NORTH}"),
            format!("filter=person:{BOB}"),
            format!("filter=actor:{actor}"),
            format!("filter=target:{target}"),
            "filter=stream:south_log".to_owned(),
            "filter=stream!:north_log".to_owned(),
            "filter=object_type:south_report".to_owned(),
        ];
        for query in &by_ids {
            assert_eq!(counted(&company, &analyst, query).await, SOUTHERN as u64, "{query} asks for something");
            for caller in company.northerners().await {
                assert_eq!(counted(&company, &caller, query).await, 0, "{query}");
            }
        }
        let auditor = company.member(Role::ExternalAuditor, &[NORTH], None).await;
        for query in ["q=bob@south.example", "q=southern", "filter=address:198.51.100.7"] {
            assert_eq!(counted(&company, &analyst, query).await, SOUTHERN as u64, "{query} asks for something");
            assert_eq!(counted(&company, &auditor, query).await, 0, "{query}");
        }
    }
}

#[tokio::test]
async fn another_departments_event_is_as_if_it_were_not_there() {
    for company in companies().await {
        let app = &company.app;
        for caller in company.northerners().await {
            for entry in company.southern() {
                let position = entry.position.to_string();
                let (got, proved) = (app.event(&caller, &position).await.unwrap_err(), app.prove_event(&caller, &position).await.unwrap_err());
                assert!(matches!(got, AppError::NotFound { .. }) && matches!(proved, AppError::NotFound { .. }), "{got} {proved}");
                let absent = app.event(&caller, "activity.0:900").await.unwrap_err().to_string();
                assert_eq!(got.to_string(), absent.replace("activity.0:900", &position), "absent and hidden read alike");
            }
            let own = company.entries[0].position.to_string();
            company.silent_of_the_south(&app.event(&caller, &own).await.unwrap());
            let proof = app.prove_event(&caller, &own).await;
            assert!(matches!(proof, Err(AppError::Conflict(_))), "found, and not yet under a checkpoint: {proof:?}");
        }
    }
}

#[tokio::test]
async fn a_live_view_lets_the_same_events_pass_as_the_index() {
    for company in companies().await {
        let app = &company.app;
        let analyst = company.member(Role::Analyst, &[], None).await;
        let passing = async |caller: &Caller, query: &str| {
            let (viewer, query) = app.live_viewer(caller, query).await.unwrap();
            let passed: Vec<_> = company.entries.iter().filter(|e| viewer.admits(e) && live::matches(&query, e)).map(|e| e.position.to_string()).collect();
            passed.into_iter().collect::<BTreeSet<_>>()
        };
        assert_eq!(passing(&analyst, "").await.len(), NORTHERN + SOUTHERN);
        for caller in company.northerners().await {
            let north: BTreeSet<_> = company.entries[..NORTHERN].iter().map(|e| e.position.to_string()).collect();
            assert_eq!(passing(&caller, "").await, north);
            for query in ["", "filter=stream!:north_log", "filter=stream:north_log&min_rows=10", "min_rows=11"] {
                let listed = app.search_events(&caller, &format!("{query}&limit=200")).await.unwrap().items;
                assert_eq!(passing(&caller, query).await, listed.into_iter().map(|e| e.position).collect(), "{query}");
            }
        }
    }
}

fn is_foreign(answer: Result<impl Sized, AppError>) -> bool {
    matches!(answer, Err(AppError::Invalid(problems)) if problems.len() == 1 && problems[0].field == "cursor")
}

#[tokio::test]
async fn a_cursor_serves_its_own_reader_and_question_alone() {
    for company in companies().await {
        let app = &company.app;
        let [analyst, north, south] = [
            company.member(Role::Analyst, &[], None).await,
            company.member(Role::ExternalAuditor, &[NORTH], None).await,
            company.member(Role::ExternalAuditor, &[SOUTH], None).await,
        ];
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let query = cursor.as_ref().map_or("limit=5".to_owned(), |c| format!("limit=5&cursor={c}"));
            let page = app.search_events(&north, &query).await.unwrap();
            company.silent_of_the_south(&page.items);
            seen.extend(page.items.into_iter().map(|e| e.position));
            let Some(next) = page.next else { break };
            assert!(is_foreign(app.search_events(&south, &format!("cursor={next}")).await), "another department's");
            assert!(is_foreign(app.search_events(&analyst, &format!("cursor={next}")).await), "a wider reader's");
            assert!(is_foreign(app.search_events(&north, &format!("min_rows=1&cursor={next}")).await), "another question's");
            assert!(is_foreign(app.alerts(&north, &format!("cursor={next}")).await), "another list's");
            for at in [0, next.len() / 2, next.len() - 2] {
                let mut altered = next.clone().into_bytes();
                altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
                let altered = String::from_utf8(altered).unwrap();
                assert!(is_foreign(app.search_events(&north, &format!("cursor={altered}")).await), "altered at {at}");
            }
            cursor = Some(next);
        }
        let all = app.search_events(&north, "limit=200").await.unwrap().items;
        assert_eq!(seen, all.into_iter().map(|e| e.position).collect::<Vec<_>>(), "each once, in one order");
        assert!(is_foreign(app.search_events(&north, "cursor=").await.map(drop).and(app.search_events(&north, "cursor=x").await)), "no cursor of ours");
    }
}

#[tokio::test]
async fn a_lead_sees_names_of_his_people_and_nothing_of_customers() {
    for company in companies().await {
        let app = &company.app;
        let lead = company.member(Role::DepartmentLead, &[NORTH], None).await;
        let position = company.entries[0].position.to_string();
        let detail = serde_json::to_string(&app.event(&lead, &position).await.unwrap()).unwrap();
        assert!(detail.contains("Ann Archer"), "{detail}");
        for masked in ["Northern", "192.0.2.7", "report/north_log", "\\\"n\\\""] {
            assert!(!detail.contains(masked), "{masked} in {detail}");
        }
        for query in ["q=northern", "filter=address:192.0.2.7"] {
            assert!(matches!(app.count_events(&lead, query).await, Err(AppError::Invalid(_))), "asking by a masked value would tell it");
        }
        let administrator = company.member(Role::Administrator, &[], None).await;
        assert!(matches!(app.search_events(&administrator, "").await, Err(AppError::Forbidden { .. })));
    }
}

#[tokio::test]
async fn an_employee_reads_his_own_events_alone() {
    for company in companies().await {
        let app = &company.app;
        let ann = company.member(Role::Employee, &[], Some(ANN)).await;
        let own = app.own_events(&ann, "limit=200").await.unwrap();
        assert_eq!(own.items.len(), NORTHERN);
        company.silent_of_the_south(&own);
        assert!(app.own_events(&ann, &format!("filter=person:{BOB}")).await.unwrap().items.is_empty());
        assert!(matches!(app.search_events(&ann, "").await, Err(AppError::Forbidden { .. })));
        let nobody = company.member(Role::Employee, &[], None).await;
        assert!(app.own_events(&nobody, "").await.unwrap().items.is_empty(), "a member who is no person has no events");
    }
}
