//! The searchable view, as its readers and its follower rely on it.

use model::{
    ActorKind, ClearEvent, EventTime, Outcome, Position, Scope,
    class::{Class, act},
    query::{After, EventQuery, Field, Filter, Hit, IndexEntry},
    time::{DAY, HOUR},
};
use std::{collections::BTreeSet, path::Path};
use store::events::{Events, Splits};
use uuid::Uuid;

fn at(index: u64) -> Position {
    Position { ledger: "activity".into(), generation: 0, index }
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// Event `index`: source, department and person go round in 2, 3 and 4; every fifth has nobody.
fn entry(index: u64, time: i64) -> IndexEntry {
    let n = u128::from(index);
    let known = index % 5 != 0;
    let clear = ClearEvent {
        activity_id: act::EXPORT,
        actor_kind: ActorKind::Human,
        actor_subject: known.then(|| id(400 + n % 4)),
        bytes: None,
        class_uid: Class::WebResources,
        commitments: Default::default(),
        corrects: None,
        normaliser: "generic/1".into(),
        object_type: Some("report".into()),
        outcome: [Outcome::Success, Outcome::Failure, Outcome::Unknown][(index % 3) as usize],
        reason: None,
        received: time,
        rows: (index % 2 == 0).then_some(index * 10),
        schema_version: 1,
        source: id(100 + n % 2),
        stream: "exports".into(),
        target_subject: None,
        time: EventTime::utc(time),
        vendor_type: format!("type {}", index % 7),
    };
    IndexEntry {
        position: at(index),
        clear,
        record: index.to_le_bytes().to_vec(),
        person: known.then(|| id(300 + n % 4)),
        department: known.then(|| id(200 + n % 3)),
        address: Some(format!("10.0.0.{}", index % 4)),
        session: None,
        tokens: vec![index % 10, 1000 + index % 3],
    }
}

/// Sixty events over four days (one before the epoch), many at equal times.
fn sixty() -> Vec<IndexEntry> {
    (0..60).map(|i| entry(i, (i as i64 % 4 - 1) * DAY + (i as i64 / 12) * HOUR)).collect()
}

async fn filled(root: &Path) -> Splits {
    let splits = Splits::open(root).await.unwrap();
    splits.add(sixty()).await.unwrap();
    splits.commit(60).await.unwrap();
    splits
}

async fn all(splits: &Splits, scope: &Scope, query: &EventQuery, limit: usize) -> Vec<Hit> {
    let (mut hits, mut after): (Vec<Hit>, Option<After>) = (Vec::new(), None);
    loop {
        let page = splits.search(scope, query, after, limit).await.unwrap();
        assert!(page.hits.len() <= limit);
        hits.extend(page.hits);
        after = page.next;
        if after.is_none() {
            return hits;
        }
    }
}

fn keys(hits: &[Hit]) -> Vec<(i64, u64)> {
    hits.iter().map(|h| (h.time, h.position.index)).collect()
}

fn newest_first(entries: &[IndexEntry], wanted: impl Fn(&IndexEntry) -> bool) -> Vec<(i64, u64)> {
    let mut keys: Vec<_> = entries.iter().filter(|e| wanted(e)).map(|e| (e.clear.time.micros, e.position.index)).collect();
    keys.sort_by(|a, b| b.cmp(a));
    keys
}

#[tokio::test]
async fn pages_have_no_gaps_and_no_repeats_while_events_arrive() {
    let dir = tempfile::tempdir().unwrap();
    let splits = filled(dir.path()).await;
    let expect = newest_first(&sixty(), |_| true);
    for limit in [1, 7, 15, 60, 100] {
        assert_eq!(keys(&all(&splits, &Scope::everything(), &EventQuery::default(), limit).await), expect, "pages of {limit}");
    }
    let first = splits.search(&Scope::everything(), &EventQuery::default(), None, 20).await.unwrap();
    // Late events, at times among those of the pages still to come, and a new newest.
    splits.add(vec![entry(60, -DAY), entry(61, HOUR), entry(62, 5 * DAY)]).await.unwrap();
    splits.commit(63).await.unwrap();
    let (mut seen, mut after) = (first.hits, first.next);
    while after.is_some() {
        let page = splits.search(&Scope::everything(), &EventQuery::default(), after, 20).await.unwrap();
        seen.extend(page.hits);
        after = page.next;
    }
    assert_eq!(keys(&seen), expect);
    assert_eq!(splits.count(&Scope::everything(), &EventQuery::default()).await.unwrap(), 63);
    let hit = &seen[0];
    assert_eq!((hit.record.clone(), hit.person.is_some()), (hit.position.index.to_le_bytes().to_vec(), hit.position.index % 5 != 0));
}

#[tokio::test]
async fn no_read_shows_what_the_scope_hides() {
    let dir = tempfile::tempdir().unwrap();
    let splits = filled(dir.path()).await;
    let scopes = [
        Scope::everything(),
        Scope::nothing(),
        Scope::departments([id(200)]),
        Scope::departments([id(200), id(202)]),
        Scope::departments([]),
        Scope::person(id(301)),
        Scope { sources: Some(BTreeSet::from([id(100)])), ..Scope::departments([id(201)]) },
        Scope { sources: Some(BTreeSet::new()), ..Scope::everything() },
        Scope { from: Some(HOUR), until: Some(DAY + 2 * HOUR), ..Scope::everything() },
    ];
    let wide = EventQuery { from: Some(-9 * DAY), until: Some(9 * DAY), ..EventQuery::default() };
    for scope in &scopes {
        let admitted = |e: &IndexEntry| scope.admits(e.clear.source, e.clear.time.micros, e.department, e.person);
        let expect = newest_first(&sixty(), admitted);
        for query in [&wide, &EventQuery::default()] {
            assert_eq!(keys(&all(&splits, scope, query, 8).await), expect, "{scope:?}");
            assert_eq!(splits.count(scope, query).await.unwrap(), expect.len() as u64, "{scope:?}");
            for facet in splits.facets(scope, query, &Field::ALL, 2).await.unwrap() {
                let sum = facet.values.iter().map(|v| v.count).sum::<u64>() + facet.other;
                let optional = matches!(facet.field, Field::Actor | Field::Person | Field::Department);
                let with = sixty().iter().filter(|e| admitted(e) && (!optional || e.person.is_some())).count();
                let with = if facet.field == Field::Target { 0 } else { with as u64 };
                assert_eq!(sum, with, "{scope:?} {:?}", facet.field);
            }
            for interval in [HOUR, 7 * HOUR, DAY] {
                let bars = splits.histogram(scope, query, interval).await.unwrap();
                assert!(bars.iter().all(|b| b.start.rem_euclid(interval) == 0) && bars.is_sorted_by(|a, b| a.start < b.start));
                assert_eq!(bars.iter().map(|b| b.success + b.failure + b.unknown).sum::<u64>(), expect.len() as u64, "{scope:?}");
            }
        }
        for e in sixty() {
            let hit = splits.get(scope, &e.position).await.unwrap();
            assert_eq!(hit.map(|h| h.record), admitted(&e).then_some(e.record.clone()), "{scope:?}");
        }
    }
    let elsewhere = Position { generation: 1, ..at(3) };
    assert_eq!(splits.get(&Scope::everything(), &elsewhere).await.unwrap(), None);
}

#[tokio::test]
async fn conditions_narrow() {
    let dir = tempfile::tempdir().unwrap();
    let splits = filled(dir.path()).await;
    let filter = |field, values: &[&str], exclude| Filter { field, values: values.iter().map(|v| (*v).to_owned()).collect(), exclude };
    let failed = EventQuery { filters: vec![filter(Field::Outcome, &["failure"], false)], ..EventQuery::default() };
    let not_failed = EventQuery { filters: vec![filter(Field::Outcome, &["failure"], true)], ..EventQuery::default() };
    let two = EventQuery {
        filters: vec![filter(Field::VendorType, &["type 1", "type 2"], false), filter(Field::Address, &["10.0.0.1"], false)],
        ..EventQuery::default()
    };
    let none = EventQuery { filters: vec![filter(Field::Stream, &[], false)], ..EventQuery::default() };
    let tokens = EventQuery { tokens: vec![4, 1001], ..EventQuery::default() };
    let rows = EventQuery { min_rows: Some(500), ..EventQuery::default() };
    let narrow = EventQuery { from: Some(0), until: Some(2 * HOUR), ..EventQuery::default() };
    let cases: [(EventQuery, fn(u64, i64) -> bool); 7] = [
        (failed, |i, _| i % 3 == 1),
        (not_failed, |i, _| i % 3 != 1),
        (two, |i, _| (i % 7 == 1 || i % 7 == 2) && i % 4 == 1),
        (none, |_, _| false),
        (tokens, |i, _| i % 10 == 4 && i % 3 == 1),
        (rows, |i, _| i % 2 == 0 && i >= 50),
        (narrow, |_, t| (0..2 * HOUR).contains(&t)),
    ];
    for (query, expect) in cases {
        let expect = newest_first(&sixty(), |e| expect(e.position.index, e.clear.time.micros));
        assert_eq!(keys(&all(&splits, &Scope::everything(), &query, 9).await), expect, "{query:?}");
    }
}

#[tokio::test]
async fn a_follower_that_starts_over_adds_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let everything = (Scope::everything(), EventQuery::default());
    {
        let splits = Splits::open(dir.path()).await.unwrap();
        splits.add(sixty().drain(..30).collect()).await.unwrap();
        splits.commit(30).await.unwrap();
        // Ten days, more than writers stay open: some are committed early. Then the process ends.
        splits.add((30..60).map(|i| entry(i, i as i64 % 10 * DAY)).collect()).await.unwrap();
        assert_eq!(splits.count(&everything.0, &everything.1).await.unwrap(), 30, "nothing shows before its commit");
    }
    let splits = Splits::open(dir.path()).await.unwrap();
    assert_eq!(splits.resume().await.unwrap(), 30);
    assert_eq!(splits.count(&everything.0, &everything.1).await.unwrap(), 30);
    let mut again = sixty();
    again.truncate(30);
    again.extend((30..60).map(|i| entry(i, i as i64 % 10 * DAY)));
    for _ in 0..2 {
        splits.add(again.clone()).await.unwrap();
        splits.commit(60).await.unwrap();
        assert_eq!(keys(&all(&splits, &everything.0, &everything.1, 11).await), newest_first(&again, |_| true));
    }
    splits.clear().await.unwrap();
    assert_eq!((splits.resume().await.unwrap(), splits.count(&everything.0, &everything.1).await.unwrap()), (0, 0));
    splits.add(sixty()).await.unwrap();
    splits.commit(60).await.unwrap();
    drop(splits);
    let splits = Splits::open(dir.path()).await.unwrap();
    assert_eq!((splits.resume().await.unwrap(), splits.count(&everything.0, &everything.1).await.unwrap()), (60, 60));
}

#[tokio::test]
async fn roll_ups_say_what_the_events_say() {
    let dir = tempfile::tempdir().unwrap();
    let splits = Splits::open(dir.path()).await.unwrap();
    // Minutes and seconds of all kinds, over four days; in several commits, so that days have several segments.
    let entries: Vec<IndexEntry> = (0..600).map(|i| entry(i, (i as i64 * 7_919_013_177).rem_euclid(4 * DAY) - DAY)).collect();
    for part in entries.chunks(150) {
        splits.add(part.to_vec()).await.unwrap();
        splits.commit(part[149].position.index + 1).await.unwrap();
    }
    let filter = |field, values: &[&str], exclude| Filter { field, values: values.iter().map(|v| (*v).to_owned()).collect(), exclude };
    let filters = [
        vec![],
        vec![filter(Field::Outcome, &["failure"], false)],
        vec![filter(Field::VendorType, &["type 1", "type 2"], true), filter(Field::ObjectType, &["report"], false)],
        vec![filter(Field::Department, &[&id(201).to_string()], true)],
        vec![filter(Field::Address, &["10.0.0.1"], false), filter(Field::Outcome, &["success"], false)],
    ];
    let windows = [
        (None, None),
        (Some(-DAY / 2), Some(DAY)),
        (Some(HOUR / 3), Some(2 * HOUR + 17)),
        (Some(HOUR / 3), Some(HOUR / 2)),
        (Some(5 * HOUR), None),
        (None, Some(DAY + 1)),
        (Some(DAY), Some(DAY)),
    ];
    for scope in [Scope::everything(), Scope::departments([id(200), id(202)]), Scope { sources: Some(BTreeSet::from([id(101)])), ..Scope::everything() }] {
        for (filters, (from, until)) in filters.iter().flat_map(|f| windows.iter().map(move |w| (f, *w))) {
            let query = EventQuery { from, until, filters: filters.clone(), ..EventQuery::default() };
            let fulfils = |e: &IndexEntry, f: &Filter| e.value(f.field).is_some_and(|v| f.values.contains(&v)) != f.exclude;
            let within = |e: &&IndexEntry| {
                let time = e.clear.time.micros;
                from.is_none_or(|f| time >= f) && until.is_none_or(|u| time < u) && filters.iter().all(|f| fulfils(e, f))
            };
            let expect: Vec<&IndexEntry> =
                entries.iter().filter(|e| scope.admits(e.clear.source, e.clear.time.micros, e.department, e.person)).filter(within).collect();
            assert_eq!(splits.count(&scope, &query).await.unwrap(), expect.len() as u64, "{scope:?} {query:?}");
            for facet in splits.facets(&scope, &query, &Field::ALL, 100).await.unwrap() {
                for value in &facet.values {
                    let with = expect.iter().filter(|e| e.value(facet.field).as_ref() == Some(&value.value)).count();
                    assert_eq!(value.count, with as u64, "{:?} {} {scope:?} {query:?}", facet.field, value.value);
                }
                let all: u64 = facet.values.iter().map(|v| v.count).sum();
                assert_eq!(all, expect.iter().filter(|e| e.value(facet.field).is_some()).count() as u64, "{:?}", facet.field);
            }
            for interval in [HOUR, 7 * HOUR, DAY, HOUR / 4] {
                let bars = splits.histogram(&scope, &query, interval).await.unwrap();
                assert_eq!(bars.iter().map(|b| b.success + b.failure + b.unknown).sum::<u64>(), expect.len() as u64, "{interval} {scope:?} {query:?}");
                for bar in bars {
                    let of =
                        |o| expect.iter().filter(|e| e.clear.outcome == o && (bar.start..bar.start + interval).contains(&e.clear.time.micros)).count() as u64;
                    assert_eq!((bar.success, bar.failure, bar.unknown), (of(Outcome::Success), of(Outcome::Failure), of(Outcome::Unknown)));
                }
            }
        }
    }
}

#[tokio::test]
async fn an_index_of_another_format_starts_over() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()).await);
    std::fs::write(dir.path().join("format"), "1").unwrap();
    let splits = Splits::open(dir.path()).await.unwrap();
    assert_eq!((splits.resume().await.unwrap(), splits.count(&Scope::everything(), &EventQuery::default()).await.unwrap()), (0, 0));
    splits.add(sixty()).await.unwrap();
    splits.commit(60).await.unwrap();
    drop(splits);
    assert_eq!(Splits::open(dir.path()).await.unwrap().count(&Scope::everything(), &EventQuery::default()).await.unwrap(), 60);
}

#[tokio::test]
async fn what_is_removed_leaves_no_trace_and_an_empty_day_goes() {
    let dir = tempfile::tempdir().unwrap();
    let splits = filled(dir.path()).await;
    let everything = (Scope::everything(), EventQuery::default());
    // Every fourth event lies in the same day: all of the first day, and ten of all days.
    let mut gone: Vec<std::ops::Range<u64>> = (0..15).map(|n| n * 4..n * 4 + 1).collect();
    splits.remove(&gone).await.unwrap();
    let left = newest_first(&sixty(), |e| e.position.index % 4 != 0);
    assert_eq!(keys(&all(&splits, &everything.0, &everything.1, 11).await), left);
    assert_eq!((splits.days().await.unwrap(), dir.path().join("days/-1").exists()), (vec![0, 1, 2], false));
    gone.clear();
    gone.push(0..10);
    for _ in 0..2 {
        splits.remove(&gone).await.unwrap();
        let left = newest_first(&sixty(), |e| e.position.index % 4 != 0 && e.position.index >= 10);
        assert_eq!(keys(&all(&splits, &everything.0, &everything.1, 11).await), left);
    }
    // What comes later is added, also to a day that went.
    splits.add(vec![entry(60, -DAY), entry(61, 0)]).await.unwrap();
    splits.commit(62).await.unwrap();
    let count = splits.count(&everything.0, &everything.1).await.unwrap();
    drop(splits);
    let splits = Splits::open(dir.path()).await.unwrap();
    assert_eq!((count, splits.count(&everything.0, &everything.1).await.unwrap()), (40, 40));
}

#[tokio::test]
async fn a_view_built_beside_takes_the_place_while_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let splits = filled(dir.path()).await;
    let everything = (Scope::everything(), EventQuery::default());
    let page = splits.search(&everything.0, &everything.1, None, 20).await.unwrap();
    assert!(splits.beside(None).await.unwrap().is_none() && splits.switch().await.is_err());
    let beside = splits.beside(Some(id(1))).await.unwrap().unwrap();
    beside.add(sixty()[..30].to_vec()).await.unwrap();
    beside.commit(30).await.unwrap();
    drop((beside, splits));
    // Another process goes on, under the same name; under another it would begin anew.
    let splits = Splits::open(dir.path()).await.unwrap();
    let beside = splits.beside(Some(id(1))).await.unwrap().unwrap();
    assert_eq!((beside.resume().await.unwrap(), splits.resume().await.unwrap()), (30, 60));
    let mut later = sixty()[30..].to_vec();
    later.push(entry(60, 9 * DAY));
    beside.add(later).await.unwrap();
    beside.commit(61).await.unwrap();
    assert_eq!(splits.count(&everything.0, &everything.1).await.unwrap(), 60);
    splits.switch().await.unwrap();
    assert_eq!((splits.resume().await.unwrap(), splits.count(&everything.0, &everything.1).await.unwrap()), (61, 61));
    // A page that was begun before goes on as if nothing had happened.
    let rest = splits.search(&everything.0, &everything.1, page.next, 100).await.unwrap();
    let seen: Vec<_> = keys(&page.hits).into_iter().chain(keys(&rest.hits)).collect();
    assert_eq!(seen, newest_first(&sixty(), |_| true));
    splits.add(vec![entry(61, 2 * DAY)]).await.unwrap();
    splits.commit(62).await.unwrap();
    let again = splits.beside(Some(id(2))).await.unwrap().unwrap();
    assert_eq!(again.resume().await.unwrap(), 0);
    drop(again);
    splits.drop_beside().await.unwrap();
    drop(splits);
    let splits = Splits::open(dir.path()).await.unwrap();
    assert_eq!((splits.resume().await.unwrap(), splits.count(&everything.0, &everything.1).await.unwrap()), (62, 62));
    assert!(splits.beside(None).await.unwrap().is_none());
}
