//! Rebuilds: asked for once, cancelled, stopped and gone on with.

use super::*;
use crate::search::company::companies;
use model::Role;
use std::sync::Mutex;

/// Counts to ten, one event a step, from where it was; and remembers what it was asked.
#[derive(Default)]
struct ToTen {
    done: AtomicU64,
    names: Mutex<Vec<Uuid>>,
    dropped: AtomicBool,
}

#[async_trait]
impl Rebuild for ToTen {
    async fn rebuild(&self, name: Uuid, progress: &(dyn Fn(u64, u64) -> bool + Send + Sync)) -> Result<Option<u64>> {
        self.names.lock().unwrap().push(name);
        while self.done.load(Ordering::Relaxed) < 10 {
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            if !progress(done, 10) {
                return Ok(None);
            }
        }
        Ok(Some(10))
    }
    async fn drop_rebuild(&self) -> Result<()> {
        self.dropped.store(true, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::test]
async fn a_rebuild_is_asked_for_once_stopped_and_gone_on_with() {
    for company in companies().await {
        let app = &company.app;
        let administrator = company.member(Role::Administrator, &[], None).await;
        let view = app.index(&administrator).await.unwrap();
        assert_eq!((view.events, view.rebuild), (company.entries.len() as u64, None));
        let asked = app.rebuild_index(&administrator).await.unwrap();
        assert_eq!((asked.kind.as_str(), asked.state), ("index", "queued"));
        assert!(matches!(app.rebuild_index(&administrator).await, Err(AppError::Conflict(_))));
        assert!(!app.run_jobs_step().await.unwrap(), "exports do not wait behind it");

        let view = ToTen::default();
        let stopping = || view.done.load(Ordering::Relaxed) >= 4;
        assert!(app.run_rebuild_step(&view, &stopping).await.unwrap());
        assert_eq!(app.index(&administrator).await.unwrap().rebuild.unwrap().state, "queued", "the next process goes on");
        assert!(app.run_rebuild_step(&view, &|| false).await.unwrap());
        let done = app.index(&administrator).await.unwrap().rebuild.unwrap();
        assert_eq!((done.id, done.state, done.done, done.total), (asked.id, "done", 10, Some(10)));
        assert_eq!(*view.names.lock().unwrap(), [asked.id, asked.id]);
        assert!(!app.run_rebuild_step(&view, &|| false).await.unwrap());
    }
}

/// Runs until it is told to end.
struct Long(AtomicBool);
#[async_trait]
impl Rebuild for Long {
    async fn rebuild(&self, _: Uuid, progress: &(dyn Fn(u64, u64) -> bool + Send + Sync)) -> Result<Option<u64>> {
        while progress(1, 10) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(None)
    }
    async fn drop_rebuild(&self) -> Result<()> {
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::test]
async fn a_cancelled_rebuild_is_dropped() {
    for company in companies().await {
        let app = &company.app;
        let administrator = company.member(Role::Administrator, &[], None).await;
        assert!(matches!(app.cancel_rebuild(&administrator).await, Err(AppError::Conflict(_))));
        app.rebuild_index(&administrator).await.unwrap();
        let view = Long(AtomicBool::new(false));
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            app.cancel_rebuild(&administrator).await.unwrap()
        };
        let (ran, cancelled) = tokio::join!(app.run_rebuild_step(&view, &|| false), cancel);
        assert!(ran.unwrap() && view.0.load(Ordering::Relaxed));
        assert_eq!(cancelled.state, "cancelled");
        assert_eq!(app.index(&administrator).await.unwrap().rebuild.unwrap().state, "cancelled");
        app.rebuild_index(&administrator).await.unwrap();
    }
}

#[tokio::test]
async fn only_administrators_have_it_built_anew() {
    for company in companies().await {
        let app = &company.app;
        for (role, reads) in [(Role::Analyst, false), (Role::Auditor, true), (Role::PrivacyOfficer, false), (Role::Employee, false)] {
            let caller = company.member(role, &[], None).await;
            assert!(matches!(app.rebuild_index(&caller).await, Err(AppError::Forbidden { .. })), "{role:?}");
            assert_eq!(app.index(&caller).await.is_ok(), reads, "{role:?}");
        }
    }
}
