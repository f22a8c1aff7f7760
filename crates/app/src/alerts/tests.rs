//! Alerts stop at the department, too.

use super::AlertChange;
use crate::{
    AppError,
    search::company::{NORTH, NORTH_ALERT, SOUTH_ALERT, companies},
};
use model::Role;

#[tokio::test]
async fn alerts_of_another_department_are_neither_listed_nor_counted_nor_read() {
    for company in companies().await {
        let app = &company.app;
        let analyst = company.member(Role::Analyst, &[], None).await;
        let all = app.alerts(&analyst, "").await.unwrap();
        assert_eq!((all.items.len(), all.counts.new), (2, 2));
        for caller in company.northerners().await {
            let page = app.alerts(&caller, "").await.unwrap();
            assert_eq!((page.items.len(), page.counts.new), (1, 1));
            assert_eq!(page.items[0].id, NORTH_ALERT);
            company.silent_of_the_south(&page);
            company.silent_of_the_south(&app.alert(&caller, NORTH_ALERT).await.unwrap());
            assert!(matches!(app.alert(&caller, SOUTH_ALERT).await, Err(AppError::NotFound { .. })));
            let close = AlertChange { status: Some("closed".into()), assignee: None };
            assert!(matches!(app.update_alert(&caller, NORTH_ALERT, close).await, Err(AppError::Forbidden { .. })), "they read, analysts work");
        }
    }
}

#[tokio::test]
async fn an_alert_is_worked_on_and_judged_by_an_analyst_and_every_step_is_told() {
    for company in companies().await {
        let app = &company.app;
        let analyst = company.member(Role::Analyst, &[], None).await;
        let lead = company.member(Role::DepartmentLead, &[NORTH], None).await;
        let given = AlertChange { status: Some("in_progress".into()), assignee: Some(Some(lead.member.id)) };
        assert!(matches!(app.update_alert(&analyst, NORTH_ALERT, given).await, Err(AppError::Invalid(_))), "leads do not work on alerts");
        assert_eq!(app.alert(&analyst, NORTH_ALERT).await.unwrap().alert.status, "new", "refused whole");
        let taken = AlertChange { status: Some("in_progress".into()), assignee: Some(Some(analyst.member.id)) };
        assert_eq!(app.update_alert(&analyst, NORTH_ALERT, taken).await.unwrap().status, "in_progress");
        assert!(matches!(app.judge_alert(&analyst, NORTH_ALERT, "maybe", None).await, Err(AppError::Invalid(_))));
        let judged = app.judge_alert(&analyst, NORTH_ALERT, "noise", Some(" known job ".into())).await.unwrap();
        assert_eq!((judged.status, judged.verdict, judged.verdict_note.as_deref()), ("closed", Some("noise"), Some("known job")));
        let told: Vec<String> = app.alert(&analyst, NORTH_ALERT).await.unwrap().history.into_iter().map(|h| h.what).collect();
        assert_eq!(told, ["set to in progress".to_owned(), format!("assigned to {}", analyst.member.name), "judged: noise".into()]);
    }
}
