//! One field finds what the member may read, and nothing else.

use super::company::{ANN, BOB, Company, NORTH, NORTH_ALERT, NORTHERN, SOUTH_ALERT, companies};
use crate::{AppError, Caller};
use model::Role;

async fn kinds(company: &Company, caller: &Caller, words: &str) -> Vec<(&'static str, String)> {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", words).finish();
    company.app.search_everything(caller, &query).await.unwrap().items.into_iter().map(|i| (i.kind, i.id)).collect()
}

#[tokio::test]
async fn everything_is_found_by_what_people_know_of_it() {
    for company in companies().await {
        let analyst = company.member(Role::Analyst, &[], None).await;
        let (position, subject) = (company.entries[0].position.to_string(), company.entries[0].clear.actor_subject.unwrap().to_string());
        assert_eq!(kinds(&company, &analyst, &position).await, [("event", position)]);
        assert_eq!(kinds(&company, &analyst, &subject).await, [("subject", subject)]);
        assert_eq!(kinds(&company, &analyst, &NORTH_ALERT.to_string()).await, [("alert", NORTH_ALERT.to_string())]);
        assert_eq!(kinds(&company, &analyst, "ARCHER").await, [("person", ANN.to_string())]);
        assert_eq!(kinds(&company, &analyst, &BOB.to_string()).await, [("person", BOB.to_string())]);
        assert_eq!(kinds(&company, &analyst, "activit").await, [("page", "/activity".into()), ("page", "/my-activity".into())]);
        assert_eq!(kinds(&company, &analyst, "members").await, [], "no page the member may not open");
        assert_eq!(kinds(&company, &analyst, " ").await, []);
        assert!(matches!(company.app.search_everything(&analyst, "p=x").await, Err(AppError::Invalid(_))));
        assert!(matches!(company.app.search_everything(&analyst, &format!("q={}", "x".repeat(201))).await, Err(AppError::Invalid(_))));
    }
}

#[tokio::test]
async fn another_department_is_not_found_by_any_word() {
    for company in companies().await {
        let southern = &company.southern()[0];
        let (actor, target) = (southern.clear.actor_subject.unwrap(), southern.clear.target_subject.unwrap());
        let words = [southern.position.to_string(), actor.to_string(), target.to_string(), SOUTH_ALERT.to_string(), BOB.to_string(), "bob".into()];
        for caller in company.northerners().await {
            for words in &words {
                assert_eq!(kinds(&company, &caller, words).await, [], "{words} for {}", caller.member.role.name());
            }
            assert_eq!(kinds(&company, &caller, &company.entries[NORTHERN - 1].position.to_string()).await.len(), 1);
            assert_eq!(kinds(&company, &caller, "ann").await, [("person", ANN.to_string())]);
        }
        let employee = company.member(Role::Employee, &[NORTH], Some(ANN)).await;
        assert!(matches!(company.app.search_everything(&employee, "q=ann").await, Err(AppError::Forbidden { .. })));
    }
}
