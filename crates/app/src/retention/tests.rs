//! What is due, what holds keep, and the order of dry run and job.

use super::*;
use crate::testing::houses;
use async_trait::async_trait;
use ledger::Why;
use model::{
    ActorKind, ClearEvent, EventTime, Held, Hold, Outcome as Ended, Part, Role, SealedPart, StoredEvent,
    class::{Activity, Class, act},
};
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Mutex, PoisonError},
};
use store::records::Holds;
use uuid::Uuid;

const SOURCE: Uuid = Uuid::from_u128(50);
const ACTOR: Uuid = Uuid::from_u128(60);

/// Segments of ten records each.
struct Tens(Mutex<Vec<StoredEvent>>);

#[async_trait]
impl Segments for Tens {
    async fn list(&self) -> Result<Vec<(u64, u64)>> {
        let count = self.0.lock().unwrap().len() as u64;
        Ok((0..count / 10).map(|n| (n * 10, 10)).collect())
    }
    async fn records(&self, (first, count): (u64, u64)) -> Result<Option<Vec<(u64, StoredEvent)>>> {
        let records = self.0.lock().unwrap();
        let held: Vec<_> = (first..first + count).map(|index| (index, records[index as usize].clone())).collect();
        Ok(held.iter().any(|(_, record)| !record.parts.is_empty()).then_some(held))
    }
    async fn drop_parts(&self, (first, count): (u64, u64), indexes: &[Range<u64>], why: &Why) -> Result<()> {
        assert_eq!(why.rule, "access:30,export:90");
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for index in indexes.iter().cloned().flatten() {
            assert!((first..first + count).contains(&index));
            records[index as usize].parts.clear();
        }
        Ok(())
    }
}

/// Forty records, a day apart, the newest received now: reads and exports by turns, in one source; every tenth by [`ACTOR`].
fn forty(now: Micros) -> Tens {
    let record = |n: i64| {
        let received = now - (39 - n) * DAY;
        let activity: Activity = if n % 2 == 0 { act::READ } else { act::EXPORT };
        let clear = ClearEvent {
            activity_id: activity,
            actor_kind: ActorKind::Human,
            actor_subject: (n % 10 == 0).then_some(ACTOR),
            bytes: None,
            class_uid: Class::WebResources,
            commitments: BTreeMap::new(),
            corrects: None,
            normaliser: "generic/1".into(),
            object_type: None,
            outcome: Ended::Success,
            reason: None,
            received,
            rows: None,
            schema_version: 1,
            source: SOURCE,
            stream: "acts".into(),
            target_subject: None,
            time: EventTime::utc(received),
            vendor_type: "view".into(),
        };
        StoredEvent { leaf: serde_json::to_vec(&clear).unwrap(), parts: vec![SealedPart { part: Part::Actor, bytes: vec![0; 100] }] }
    };
    Tens(Mutex::new((0..40).map(record).collect()))
}

fn kept(segments: &Tens) -> Vec<usize> {
    let records = segments.0.lock().unwrap();
    (0..records.len()).filter(|n| !records[*n].parts.is_empty()).collect()
}

#[tokio::test]
async fn a_dry_run_comes_first_and_the_job_does_what_it_said() {
    for house in houses().await {
        let app = &house.app;
        let officer = Caller::host(Role::PrivacyOfficer);
        let run = |dry_run| app.run_retention(&officer, RetentionNew { dry_run });
        assert!(matches!(run(true).await, Err(AppError::Conflict(why)) if why.contains("everything is kept")));
        app.board.keeps(Rule { access: 30, export: 90, ..Rule::default() });
        assert!(matches!(run(false).await, Err(AppError::Conflict(why)) if why.contains("dry run first")));
        let segments = forty(house.clock.now());
        run(true).await.unwrap();
        assert!(matches!(run(true).await, Err(AppError::Conflict(why)) if why.contains("under way")));
        assert!(app.run_retention_step(&segments, &|| false).await.unwrap());
        assert_eq!(kept(&segments).len(), 40, "a dry run changes nothing");
        let view = app.retention(&officer).await.unwrap();
        let plan = view.planned.unwrap().plan;
        // Received 30 days ago or before: records 0 to 9, and of these the reads.
        let expect = ClassPlan { class: "access".into(), days: 30, events: 5, bytes: 500, oldest: Some(rfc3339(house.clock.now() - 39 * DAY)) };
        assert_eq!(plan, Plan { classes: vec![expect], segments: 1, held: vec![] });
        assert_eq!((view.job.unwrap().state, view.applied), ("done", None));

        // A hold placed after the dry run counts.
        let hold = Hold {
            id: Uuid::from_u128(1),
            held: Held::Subject(ACTOR),
            reason: "Suit 4".into(),
            owner: Uuid::nil(),
            created: 0,
            released: None,
            released_by: None,
        };
        app.records.add_hold(&hold).await.unwrap();
        run(false).await.unwrap();
        assert!(app.run_retention_step(&segments, &|| false).await.unwrap());
        let expect: Vec<usize> = (0..40).filter(|n| ![2, 4, 6, 8].contains(n)).collect();
        assert_eq!(kept(&segments), expect);
        let view = app.retention(&officer).await.unwrap();
        let applied = view.applied.unwrap().plan;
        assert_eq!((applied.classes[0].events, applied.held), (4, vec![HeldBack { hold: hold.id, events: 1 }]));
        assert_eq!(view.planned, None, "the next job wants a dry run of its own");
        assert!(matches!(run(false).await, Err(AppError::Conflict(_))));

        // Released, it is due at the next run; a plan that is too old does not count.
        app.records.release_hold(hold.id, Uuid::nil(), 1).await.unwrap();
        run(true).await.unwrap();
        assert!(app.run_retention_step(&segments, &|| false).await.unwrap());
        house.clock.pass(8 * DAY);
        assert!(matches!(run(false).await, Err(AppError::Conflict(why)) if why.contains("older than 7 days")));
        run(true).await.unwrap();
        assert!(app.run_retention_step(&segments, &|| false).await.unwrap());
        run(false).await.unwrap();
        assert!(app.run_retention_step(&segments, &|| true).await.unwrap(), "stopped after the first segment");
        assert_eq!(app.retention(&officer).await.unwrap().job.unwrap().state, "queued");
        assert!(app.run_retention_step(&segments, &|| false).await.unwrap());
        let expect: Vec<usize> = (0..40).filter(|n| *n > 17 || n % 2 == 1).collect();
        assert_eq!(kept(&segments), expect, "38 days of receipt lie before the rule's 30 by now");
        house.clock.pass(-8 * DAY);
    }
}

#[tokio::test]
async fn a_hold_on_everything_or_on_the_source_keeps_all() {
    for house in houses().await {
        let app = &house.app;
        app.board.keeps(Rule { access: 30, export: 90, ..Rule::default() });
        let segments = forty(house.clock.now());
        for held in [Held::Everything, Held::Source(SOURCE)] {
            let hold = Hold { id: Uuid::now_v7(), held, reason: "Inquiry".into(), owner: Uuid::nil(), created: 0, released: None, released_by: None };
            app.records.add_hold(&hold).await.unwrap();
            let plan = app.go_through(&app.board.rule(), &segments, None, &|_, _| true).await.unwrap().unwrap();
            assert_eq!((plan.classes, plan.held), (vec![], vec![HeldBack { hold: hold.id, events: 5 }]));
            app.records.release_hold(hold.id, Uuid::nil(), 1).await.unwrap();
        }
    }
}

#[tokio::test]
async fn only_the_privacy_officer_runs_it() {
    for house in houses().await {
        for (role, reads) in [(Role::Analyst, false), (Role::Auditor, true), (Role::Administrator, false), (Role::PrivacyOfficer, true)] {
            let caller = Caller::host(role);
            assert_eq!(house.app.retention(&caller).await.is_ok(), reads, "{role:?}");
            let refused = matches!(house.app.run_retention(&caller, RetentionNew { dry_run: true }).await, Err(AppError::Forbidden { .. }));
            assert_eq!(refused, role != Role::PrivacyOfficer, "{role:?}");
        }
    }
}
