use super::*;
use crate::{
    now,
    testing::{Spine, exports, named, source},
};
use async_trait::async_trait;
use ledger::token;
use model::{
    Finding, Micros, Scope, Severity,
    position::ACTIVITY,
    query::{EventQuery, Field, Filter},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Instant,
};
use store::{
    StoreError,
    events::{Events, Splits},
    records::{Findings, Followers},
};
use uuid::Uuid;

mod view;

/// Everybody belongs to himself; from a time on, to one department.
struct ByTime(Micros);

const DEPARTMENT: Uuid = Uuid::from_u128(77);

#[async_trait]
impl Attribution for ByTime {
    async fn attribute(&self, seen: &[Seen]) -> Result<Vec<Attributed>, StoreError> {
        for actor in seen {
            let pushed = |name: &String| ["dana", "fox", "a"].iter().any(|actor| name.starts_with(actor));
            assert!(!actor.names.is_empty() && actor.names.iter().all(pushed), "the names an actor was seen by: {:?}", actor.names);
        }
        Ok(seen.iter().map(|a| Attributed { person: Some(a.subject), department: (a.time >= self.0).then_some(DEPARTMENT) }).collect())
    }
}

async fn push(spine: &Spine, actor: &str, first: u32, count: u32) {
    spine.intake.push(&source("generic", json!({})), named("push"), exports(actor, first, count)).await.unwrap();
}

/// 10:01:00 on the day of [`exports`].
const MINUTE_ONE: Micros = 1_772_445_660_000_000;

async fn index(spine: &Spine) -> (Arc<IndexFollower>, Splits, Arc<Notify>) {
    let (splits, wake) = (Splits::open(spine.folder.path().join("index")).await.unwrap(), Arc::new(Notify::new()));
    spine.intake.wake(wake.clone());
    let follower = IndexFollower::new(spine.reader(), spine.keyring.clone(), Arc::new(splits.clone()), Arc::new(ByTime(MINUTE_ONE)), wake.clone());
    (follower, splits, wake)
}

#[tokio::test]
async fn the_view_answers_what_was_taken_in_and_a_rebuild_gives_the_same() {
    for spine in Spine::both().await {
        push(&spine, "dana@x.example", 0, 90).await;
        push(&spine, "fox@x.example", 0, 30).await;
        let (follower, splits, _) = index(&spine).await;
        while follower.step().await.unwrap() > 0 {}
        let everything = Scope::everything();
        let answers = async || {
            let count = async |query: EventQuery| splits.count(&everything, &query).await.unwrap();
            let word = |word| EventQuery { tokens: vec![token(&spine.keyring, word)], ..EventQuery::default() };
            let of = |field, value: &str| EventQuery { filters: vec![Filter { field, values: vec![value.into()], exclude: false }], ..EventQuery::default() };
            let department = Scope::departments([DEPARTMENT]);
            [
                count(EventQuery::default()).await,
                count(word("dana@x.example")).await,
                count(of(Field::Address, "192.0.2.7")).await,
                count(of(Field::Department, &DEPARTMENT.to_string())).await,
                splits.count(&department, &word("fox@x.example")).await.unwrap(),
            ]
        };
        assert_eq!(answers().await, [120, 90, 120, 30, 0]);
        let seen = Mutex::new(Vec::new());
        let hear = |done: u64, total: u64| {
            seen.lock().unwrap().push((done, total));
            true
        };
        assert_eq!(follower.rebuild(Uuid::from_u128(1), &hear).await.unwrap(), Some(120));
        assert_eq!(answers().await, [120, 90, 120, 30, 0]);
        let seen = seen.into_inner().unwrap();
        assert_eq!((seen.last(), follower.next()), (Some(&(120, 120)), 120));
    }
}

#[tokio::test]
async fn the_raw_record_stays_out_of_the_view() {
    let spine = Spine::sqlite().await;
    push(&spine, "dana", 0, 1).await;
    let (follower, splits, _) = index(&spine).await;
    follower.step().await.unwrap();
    let hit = splits.search(&Scope::everything(), &EventQuery::default(), None, 1).await.unwrap().hits.remove(0);
    let (stored, _) = model::StoredEvent::decode(&hit.record).unwrap();
    assert!(stored.part(model::Part::Actor).is_some() && stored.part(model::Part::Raw).is_none());
}

#[tokio::test]
async fn an_event_is_searchable_within_a_second_and_shown_to_listeners_after() {
    let spine = Spine::sqlite().await;
    let (follower, splits, _) = index(&spine).await;
    let (stop, mut shown) = (CancellationToken::new(), follower.subscribe());
    let running = tokio::spawn({
        let (follower, stop) = (follower.clone(), stop.clone());
        async move { follower.run(stop).await }
    });
    push(&spine, "dana", 0, 1).await;
    shown.recv().await.unwrap();
    for n in 1..6 {
        let begin = Instant::now();
        push(&spine, "dana", n, 1).await;
        let entry = tokio::time::timeout(Duration::from_secs(1), shown.recv()).await.unwrap().unwrap();
        assert_eq!(entry.position.index, u64::from(n));
        assert_eq!(splits.count(&Scope::everything(), &EventQuery::default()).await.unwrap(), u64::from(n) + 1);
        println!("taken, indexed and shown in {} ms", begin.elapsed().as_millis());
    }
    stop.cancel();
    running.await.unwrap();
}

/// Finds every tenth event of an actor.
#[derive(Default)]
struct EveryTenth(BTreeMap<Uuid, u64>);

impl Detector for EveryTenth {
    fn fold(&mut self, observed: &Observed) -> Vec<Finding> {
        assert_eq!(observed.ocsf["activity_name"], "Export");
        let Some(actor) = observed.actor else { return vec![] };
        let count = self.0.entry(actor).or_default();
        *count += 1;
        if !count.is_multiple_of(10) {
            return vec![];
        }
        let finding = Finding {
            id: Uuid::from_u128(u128::from(observed.position.index) + 1),
            rule: "every_tenth".into(),
            rule_version: "1".into(),
            severity: Severity::Low,
            actor: Some(actor),
            source: observed.event.source,
            first: observed.time,
            last: observed.time,
            count: *count,
            events: vec![observed.position.clone()],
            facts: Default::default(),
            supersedes: None,
        };
        vec![finding]
    }
    fn state(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(&self.0).map_err(|e| e.to_string())
    }
    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.0 = if state.is_empty() { BTreeMap::new() } else { serde_json::from_slice(state).map_err(|e| e.to_string())? };
        Ok(())
    }
}

fn detect(spine: &Spine) -> Arc<DetectFollower<EveryTenth>> {
    DetectFollower::new(spine.reader(), spine.keyring.clone(), spine.records.clone(), EveryTenth::default(), Arc::new(Notify::new()))
}

async fn findings(spine: &Spine) -> Vec<(u64, u128, u64)> {
    spine.records.findings_after(0, 100).await.unwrap().into_iter().map(|(n, f)| (n, f.id.as_u128(), f.count)).collect()
}

#[tokio::test]
async fn a_restart_resumes_exactly_and_a_replay_finds_the_same() {
    for spine in Spine::both().await {
        let mut expect = Vec::new();
        for n in 0..9_u32 {
            push(&spine, "dana", n * 7, 7).await;
            // A new follower for each step, most of them dropped without having written their place.
            let follower = detect(&spine);
            follower.step().await.unwrap();
            if n % 4 == 0 {
                follower.flush().await.unwrap();
            }
            expect.extend((u64::from(n) * 7 + 1..=u64::from(n) * 7 + 7).filter(|count| count % 10 == 0).map(|count| (count / 10, u128::from(count), count)));
            assert_eq!(findings(&spine).await, expect);
        }
        assert_eq!(expect.len(), 6);
        spine.records.remove_follower("detect").await.unwrap();
        let replayed = detect(&spine);
        while replayed.step().await.unwrap() > 0 {}
        assert_eq!(findings(&spine).await, expect);
    }
}

#[tokio::test]
async fn two_nodes_that_detect_at_once_do_not_count_twice() {
    let spine = Spine::sqlite().await;
    let (here, there) = (detect(&spine), detect(&spine));
    push(&spine, "dana", 0, 10).await;
    assert_eq!(here.step().await.unwrap(), 10);
    push(&spine, "dana", 10, 10).await;
    assert_eq!(there.step().await.unwrap(), 20 - 10, "from the place the other wrote");
    push(&spine, "dana", 20, 10).await;
    assert!(here.step().await.is_err(), "the other moved on");
    assert_eq!(here.step().await.unwrap(), 10);
    assert_eq!(findings(&spine).await, [(1, 10, 10), (2, 20, 20), (3, 30, 30)]);
}

#[tokio::test]
async fn a_follower_behind_catches_up_by_thousands() {
    let spine = Spine::sqlite().await;
    let generic = source("generic", json!({}));
    let file: Vec<u8> = (0..8).flat_map(|actor| exports(&format!("a{actor}"), 0, 2_500)).collect();
    let begin = Instant::now();
    let imported = spine.intake.import(&generic, named("a.ndjson"), Box::new(std::io::Cursor::new(file)), &|_| {}, &CancellationToken::new()).await.unwrap();
    println!("{} events imported in {} ms", imported.events, begin.elapsed().as_millis());
    let (follower, splits, _) = index(&spine).await;
    let (begin, mut steps) = (Instant::now(), 0);
    while follower.step().await.unwrap() > 0 {
        steps += 1;
    }
    println!("indexed in {steps} steps, {} ms", begin.elapsed().as_millis());
    assert_eq!(splits.count(&Scope::everything(), &EventQuery::default()).await.unwrap(), 20_000);
    assert!(steps <= 10, "{steps}");
    let hit = splits.search(&Scope::everything(), &EventQuery::default(), None, 1).await.unwrap().hits.remove(0);
    assert!(hit.time < now() && hit.position.ledger == ACTIVITY);
}

#[tokio::test]
async fn the_rules_engine_goes_on_where_it_was_stopped() {
    let spine = Spine::sqlite().await;
    let rules = ::detect::RuleSet::embedded().unwrap();
    let engine = || ::detect::Engine::new(&rules, ::detect::Limits::default(), ::detect::HashKey([3; 32])).unwrap();
    let follower = || DetectFollower::new(spine.reader(), spine.keyring.clone(), spine.records.clone(), engine(), Arc::new(Notify::new()));
    // Fifteen failed sign-ins of one account, a second apart, seen by a new process every fifth.
    let failed = |n: u32| format!(r#"{{"time":"2026-03-02T10:00:{n:02}Z","action":"logon_failed","actor":"dana","ip":"192.0.2.7"}}"#) + "\n";
    for begin in [0, 5, 10] {
        let body: String = (begin..begin + 5).map(failed).collect();
        spine.intake.push(&source("generic", json!({})), named("push"), body.into()).await.unwrap();
        let follower = follower();
        follower.step().await.unwrap();
        follower.flush().await.unwrap();
    }
    let found = findings_of(&spine).await;
    assert_eq!(found.iter().map(|f| f.rule.as_str()).collect::<Vec<_>>(), ["D01"], "ten failures over three processes are one burst");
    spine.records.remove_follower("detect").await.unwrap();
    let replayed = follower();
    while replayed.step().await.unwrap() > 0 {}
    assert_eq!(findings_of(&spine).await, found, "a replay names the same findings");
}

async fn findings_of(spine: &Spine) -> Vec<Finding> {
    spine.records.findings_after(0, 100).await.unwrap().into_iter().map(|(_, f)| f).collect()
}
