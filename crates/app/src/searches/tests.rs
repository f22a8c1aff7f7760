use super::{DeliveryPlan, Every, SearchNew, Sharing};
use crate::{
    AppError,
    jobs::ExportFormat,
    search::company::{self, NORTH, NORTHERN, SOUTHERN},
};
use model::{DAY, Role};
use store::records::{SelfEvents, SelfQuery};

fn new(name: &str, sharing: Sharing) -> SearchNew {
    SearchNew { name: name.into(), query: "from=-7d".into(), columns: vec!["time".into(), "actor".into()], sharing }
}

#[tokio::test]
async fn a_search_is_found_by_whom_it_is_shared_with_and_changed_by_its_owner_alone() {
    for company in company::companies().await {
        let app = &company.app;
        let (ann, ben) = (company.member(Role::Analyst, &[], None).await, company.member(Role::Analyst, &[], None).await);
        let auditor = company.member(Role::Auditor, &[], None).await;
        let private = app.create_search(&ann, new("mine", Sharing::Private)).await.unwrap();
        let team = app.create_search(&ann, new("ours", Sharing::Role)).await.unwrap();
        app.create_search(&ann, new("All", Sharing::Everyone)).await.unwrap();
        let names = async |caller| app.searches(caller).await.unwrap().items.into_iter().map(|s| s.name).collect::<Vec<_>>();
        assert_eq!(names(&ann).await, ["All", "mine", "ours"]);
        assert_eq!(names(&ben).await, ["All", "ours"]);
        assert_eq!(names(&auditor).await, ["All"]);
        assert!(matches!(app.update_search(&ben, team.id, new("his", Sharing::Role)).await, Err(AppError::NotFound { .. })));
        assert!(matches!(app.remove_search(&ben, private.id).await, Err(AppError::NotFound { .. })));
        app.update_search(&ann, team.id, new("renamed", Sharing::Private)).await.unwrap();
        assert_eq!(names(&ben).await, ["All"]);
        let changed = app.records.self_events(&SelfQuery { operation: Some("searches.update".into()), limit: 9, ..Default::default() }).await.unwrap();
        assert_eq!(changed.iter().map(|c| c.outcome.as_str()).collect::<Vec<_>>(), ["success", "failure", "failure"]);
        let stored = model::StoredEvent::decode(&changed[0].sealed).unwrap().0;
        let opened = ledger::open_all(&app.keyring, model::position::SELF, &[stored]).await.unwrap();
        assert_eq!((&opened[0].detail["before"]["name"], &opened[0].detail["after"]["name"]), (&"ours".into(), &"renamed".into()));
        app.remove_search(&ann, private.id).await.unwrap();
        assert_eq!(names(&ann).await, ["All", "renamed"]);
        let wrong = SearchNew { query: "from=tomorrow-ish".into(), ..new("x", Sharing::Private) };
        assert!(matches!(app.create_search(&ann, wrong).await, Err(AppError::Invalid(_))));
    }
}

#[tokio::test]
async fn each_reader_gets_the_answer_of_his_own_scope_masked_at_its_time() {
    for company in company::companies().await {
        let app = &company.app;
        let ann = company.member(Role::Analyst, &[], None).await;
        let external = company.member(Role::ExternalAuditor, &[NORTH], None).await;
        let search = app.create_search(&ann, new("Exports", Sharing::Everyone)).await.unwrap();
        let private = app.create_search(&ann, new("hers", Sharing::Private)).await.unwrap();
        let plan = DeliveryPlan { every: Every::Day, hour: 6, weekday: 1, format: ExportFormat::Ndjson };
        assert!(matches!(app.deliver_search(&external, private.id, plan).await, Err(AppError::NotFound { .. })));
        assert!(matches!(app.deliver_search(&ann, search.id, DeliveryPlan { hour: 24, ..plan }).await, Err(AppError::Invalid(_))));
        for reader in [&ann, &external] {
            app.deliver_search(reader, search.id, plan).await.unwrap();
        }
        // A lead may search, but takes nothing away.
        let lead = company.member(Role::DepartmentLead, &[NORTH], None).await;
        assert!(matches!(app.deliver_search(&lead, search.id, plan).await, Err(AppError::Forbidden { .. })));
        assert!(!app.run_deliveries_step().await.unwrap(), "before its time");
        company.house.clock.pass(DAY);
        for _ in 0..2 {
            assert!(app.run_deliveries_step().await.unwrap());
        }
        assert!(!app.run_deliveries_step().await.unwrap(), "each once");
        while app.run_jobs_step().await.unwrap() {}
        for (reader, events) in [(&ann, NORTHERN + SOUTHERN), (&external, NORTHERN)] {
            let job = app.jobs(reader).await.unwrap().items.remove(0);
            let file = app.job_file(reader, job.id).await.unwrap();
            let text = String::from_utf8(file.bytes.to_vec()).unwrap();
            assert_eq!(text.lines().filter(|l| l.contains("position")).count(), events, "{text}");
            if reader.member.id == external.member.id {
                company.silent(&text);
            }
        }
        let letters = company.house.post.taken();
        assert_eq!(letters.len(), 2);
        let told = format!("{}{}", letters[1].subject, letters[1].lines.concat());
        assert!(told.contains(&format!("{NORTHERN} events")) || told.contains(&format!("{} events", NORTHERN + SOUTHERN)), "{told}");
        assert!(!told.contains("Exports") && letters[0].link.ends_with(&search.id.to_string()), "{told}");
        // Who may not sign in any more is sent nothing more; a search that is private again goes to its owner alone.
        app.update_search(&ann, search.id, new("Exports", Sharing::Private)).await.unwrap();
        company.house.clock.pass(DAY);
        while app.run_deliveries_step().await.unwrap() {}
        assert_eq!(company.house.post.taken().len(), 1);
        app.end_delivery(&ann, search.id).await.unwrap();
        assert!(matches!(app.end_delivery(&external, search.id).await, Err(AppError::NotFound { .. })), "taken away with the sharing");
    }
}
