//! Exports: whole, in scope, cancelled, taken over, and ended when rights change.

use super::{ExportFormat, ExportNew, JobView, run::Ended};
use crate::{
    App, AppError, Caller,
    search::company::{NORTH, NORTHERN, SOUTHERN, companies},
};
use model::{JobState, MINUTE, Role, StoredEvent, position::SELF};
use serde_json::{Value, json};
use store::records::{Jobs, Members, SelfEvents, SelfQuery};

async fn asked(app: &App, caller: &Caller, query: &str, format: ExportFormat) -> JobView {
    app.create_export(caller, ExportNew { query: query.into(), format }).await.unwrap()
}

async fn text(app: &App, caller: &Caller, job: &JobView) -> String {
    String::from_utf8(app.job_file(caller, job.id).await.unwrap().bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn an_export_is_whole_and_starts_no_formula() {
    for company in companies().await {
        let app = &company.app;
        let analyst = company.member(Role::Analyst, &[], None).await;
        assert!(!app.run_jobs_step().await.unwrap(), "nothing to do");
        let job = asked(app, &analyst, "filter=stream:south_log&limit=1", ExportFormat::Csv).await;
        assert_eq!((job.state, job.file.as_deref()), ("queued", None));
        assert!(matches!(app.job_file(&analyst, job.id).await, Err(AppError::Conflict(_))), "no file yet");
        assert!(app.run_jobs_step().await.unwrap());
        let done = app.job(&analyst, job.id).await.unwrap();
        assert_eq!((done.state, done.done, done.total, done.error), ("done", SOUTHERN as u64, Some(SOUTHERN as u64), None));
        assert_eq!(done.file.as_deref(), Some("veritrail-events-2026-11-23.csv"));
        let text = text(app, &analyst, &job).await;
        assert!(text.starts_with("# From Veritrail, asked for by Reader analyst <"), "{text}");
        let mut rows = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let target = rows.headers().unwrap().iter().position(|h| h == "target").unwrap();
        let labels: Vec<String> = rows.records().map(|r| r.unwrap()[target].to_owned()).collect();
        assert_eq!(labels, vec!["'=Southern(deals)"; SOUTHERN]);
        assert!(!text.contains("south_log-") && !text.contains(r#""n":"#), "raw records stay");
    }
}

#[tokio::test]
async fn an_export_holds_nothing_of_another_department_and_is_its_members_alone() {
    for company in companies().await {
        let app = &company.app;
        let auditor = company.member(Role::ExternalAuditor, &[NORTH], None).await;
        let job = asked(app, &auditor, "", ExportFormat::Ndjson).await;
        assert!(app.run_jobs_step().await.unwrap());
        let text = text(app, &auditor, &job).await;
        assert_eq!(text.lines().count(), 1 + NORTHERN);
        company.silent(&text);
        let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        let (mark, of) = (first["watermark"]["mark"].as_str().unwrap(), &first["watermark"]);
        assert_eq!((of["email"].as_str().unwrap(), of["question"].clone()), (auditor.member.email.as_str(), json!([])));
        let asked = SelfQuery { operation: Some("exports.create".into()), limit: 1, ..SelfQuery::default() };
        let asked = StoredEvent::decode(&app.records.self_events(&asked).await.unwrap()[0].sealed).unwrap().0;
        let asked = ledger::open_all(&app.keyring, SELF, &[asked]).await.unwrap().remove(0);
        assert_eq!(asked.detail["mark"], mark, "the mark leads back to the request");
        let analyst = company.member(Role::Analyst, &[], None).await;
        assert_eq!(app.jobs(&analyst).await.unwrap().items, []);
        assert_eq!(app.jobs(&auditor).await.unwrap().items.len(), 1);
        let refused = [app.job(&analyst, job.id).await.err(), app.cancel_job(&analyst, job.id).await.err(), app.job_file(&analyst, job.id).await.err()];
        assert!(refused.iter().all(|r| matches!(r, Some(AppError::NotFound { .. }))), "{refused:?}");
        let lead = company.member(Role::DepartmentLead, &[NORTH], None).await;
        let new = ExportNew { query: "filter=source:nowhere".into(), format: ExportFormat::Csv };
        assert!(matches!(app.create_export(&lead, new.clone()).await, Err(AppError::Forbidden { .. })));
        assert!(matches!(app.create_export(&auditor, new).await, Err(AppError::Invalid(_))), "what is wrong is said at once");
    }
}

#[tokio::test]
async fn an_export_ends_when_its_member_may_see_something_else() {
    for company in companies().await {
        let app = &company.app;
        let mut caller = company.member(Role::Analyst, &[], None).await;
        let finished = asked(app, &caller, "", ExportFormat::Csv).await;
        assert!(app.run_jobs_step().await.unwrap());
        let waiting = asked(app, &caller, "", ExportFormat::Csv).await;
        caller.member.role = Role::ExternalAuditor;
        caller.member.departments = vec![NORTH];
        app.records.change_member(&caller.member).await.unwrap();
        assert!(app.run_jobs_step().await.unwrap());
        let failed = app.job(&caller, waiting.id).await.unwrap();
        assert_eq!((failed.state, failed.file), ("failed", None));
        assert!(failed.error.unwrap().contains("export again"));
        assert!(matches!(app.job_file(&caller, finished.id).await, Err(AppError::Conflict(_))), "nor is the wider file given out");
        assert_eq!(app.blobs.list("exports/").await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_cancelled_export_leaves_no_file_and_a_silent_one_is_taken_over() {
    for company in companies().await {
        let app = &company.app;
        let analyst = company.member(Role::Analyst, &[], None).await;
        let queued = asked(app, &analyst, "", ExportFormat::Csv).await;
        assert_eq!(app.cancel_job(&analyst, queued.id).await.unwrap().state, "cancelled");
        assert!(!app.run_jobs_step().await.unwrap());
        assert!(matches!(app.cancel_job(&analyst, queued.id).await, Err(AppError::Conflict(_))));

        let running = asked(app, &analyst, "", ExportFormat::Csv).await;
        let mut claimed = app.records.claim_job(&["export", "evidence"], company.house.clock.now(), 0).await.unwrap().unwrap();
        app.cancel_job(&analyst, running.id).await.unwrap();
        assert!(matches!(app.run_job(&mut claimed).await.unwrap(), Ended::Lost));
        assert_eq!(app.job(&analyst, running.id).await.unwrap().state, "cancelled");
        assert!(app.blobs.list("exports/").await.unwrap().is_empty());

        let silent = asked(app, &analyst, "", ExportFormat::Csv).await;
        let mut dead = app.records.claim_job(&["export", "evidence"], company.house.clock.now(), 0).await.unwrap().unwrap();
        assert!(!app.run_jobs_step().await.unwrap(), "another process has it");
        company.house.clock.pass(6 * MINUTE);
        assert!(app.run_jobs_step().await.unwrap());
        assert_eq!(app.job(&analyst, silent.id).await.unwrap().state, "done");
        assert!(matches!(app.run_job(&mut dead).await.unwrap(), Ended::Lost), "who was thought dead writes nothing");
        assert_eq!(app.records.job(silent.id).await.unwrap().unwrap().state, JobState::Done);
    }
}

#[tokio::test]
async fn a_member_has_few_exports_at_a_time() {
    for company in companies().await {
        let app = &company.app;
        let analyst = company.member(Role::Analyst, &[], None).await;
        for _ in 0..3 {
            asked(app, &analyst, "", ExportFormat::Ndjson).await;
        }
        let more = app.create_export(&analyst, ExportNew { query: String::new(), format: ExportFormat::Ndjson }).await;
        assert!(matches!(more, Err(AppError::Conflict(_))));
        let other = company.member(Role::Auditor, &[], None).await;
        asked(app, &other, "", ExportFormat::Ndjson).await;
        while app.run_jobs_step().await.unwrap() {}
        assert!(app.jobs(&analyst).await.unwrap().items.iter().all(|j| j.state == "done"));
    }
}
