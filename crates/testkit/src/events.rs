//! What every `Events` does.

use model::{
    ActorKind, ClearEvent, EventTime, Outcome, Position, Scope,
    class::{Class, act},
    query::{EventQuery, Field, Filter, IndexEntry},
    time::{DAY, HOUR},
};
use store::events::{Events, Old};
use uuid::Uuid;

fn position(index: u64) -> Position {
    Position { ledger: "activity".into(), generation: 0, index }
}

/// Event `index`, two per hour and hours over three days in turn, of source 100 or 101.
pub fn entry(index: u64) -> IndexEntry {
    let time = (index % 3) as i64 * DAY + (index as i64 / 6) * HOUR;
    let clear = ClearEvent {
        activity_id: act::EXPORT,
        actor_kind: ActorKind::Human,
        actor_subject: Some(Uuid::from_u128(400 + u128::from(index % 4))),
        bytes: None,
        class_uid: Class::WebResources,
        commitments: Default::default(),
        corrects: None,
        normaliser: "generic/1".into(),
        object_type: Some("report".into()),
        outcome: Outcome::Success,
        reason: None,
        received: time,
        rows: Some(index),
        schema_version: 1,
        source: Uuid::from_u128(100 + u128::from(index % 2)),
        stream: "exports".into(),
        target_subject: None,
        time: EventTime::utc(time),
        vendor_type: "export".into(),
    };
    let tokens = vec![index % 10];
    IndexEntry { position: position(index), clear, record: index.to_le_bytes().to_vec(), person: None, department: None, address: None, session: None, tokens }
}

pub async fn suite(events: &dyn Events) {
    nothing_shows_before_its_commit(events).await;
    pages_are_newest_first_and_whole(events).await;
    questions_are_answered(events).await;
    what_is_replaced_is_gone_and_the_rest_untouched(events).await;
    a_second_feed_adds_nothing_and_a_clear_drops_all(events).await;
}

async fn nothing_shows_before_its_commit(events: &dyn Events) {
    assert_eq!(events.resume().await.unwrap(), 0);
    events.add((0..60).map(entry).collect()).await.unwrap();
    assert_eq!(events.count(&Scope::everything(), &EventQuery::default()).await.unwrap(), 0);
    events.commit(60).await.unwrap();
    assert_eq!(events.resume().await.unwrap(), 60);
    assert_eq!(events.count(&Scope::everything(), &EventQuery::default()).await.unwrap(), 60);
}

async fn pages_are_newest_first_and_whole(events: &dyn Events) {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = events.search(&Scope::everything(), &EventQuery::default(), after, 7).await.unwrap();
        assert!(page.hits.len() <= 7);
        seen.extend(page.hits.iter().map(|h| (h.time, h.position.index)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut expect: Vec<(i64, u64)> = (0..60).map(|i| (entry(i).clear.time.micros, i)).collect();
    expect.sort_by(|a, b| b.cmp(a));
    assert_eq!(seen, expect);
}

async fn questions_are_answered(events: &dyn Events) {
    let everything = Scope::everything();
    let count = async |query: EventQuery| events.count(&everything, &query).await.unwrap();
    assert_eq!(count(EventQuery { tokens: vec![3], ..Default::default() }).await, 6);
    assert_eq!(count(EventQuery { from: Some(DAY), until: Some(2 * DAY), ..Default::default() }).await, 20);
    assert_eq!(count(EventQuery { min_rows: Some(50), ..Default::default() }).await, 10);
    let source = Filter { field: Field::Source, values: vec![Uuid::from_u128(101).to_string()], exclude: false };
    assert_eq!(count(EventQuery { filters: vec![source.clone()], ..Default::default() }).await, 30);
    assert_eq!(count(EventQuery { filters: vec![Filter { exclude: true, ..source }], tokens: vec![1], ..Default::default() }).await, 0);
    let facets = events.facets(&everything, &EventQuery::default(), &[Field::Actor], 3).await.unwrap();
    assert_eq!((facets[0].values.len(), facets[0].values[0].count, facets[0].other), (3, 15, 15));
    let bars = events.histogram(&everything, &EventQuery::default(), DAY).await.unwrap();
    assert_eq!(bars.iter().map(|b| (b.start, b.success)).collect::<Vec<_>>(), [(0, 20), (DAY, 20), (2 * DAY, 20)]);
    assert_eq!(events.get(&everything, &position(41)).await.unwrap().unwrap().record, 41_u64.to_le_bytes());
    assert_eq!(events.get(&everything, &position(60)).await.unwrap(), None);
    assert_eq!(events.count(&Scope::nothing(), &EventQuery::default()).await.unwrap(), 0);
}

async fn what_is_replaced_is_gone_and_the_rest_untouched(events: &dyn Events) {
    let everything = Scope::everything();
    let count = async |query: EventQuery| events.count(&everything, &query).await.unwrap();
    let actor = Uuid::from_u128(401).to_string();
    let of_actor = EventQuery { filters: vec![Filter { field: Field::Actor, values: vec![actor.clone()], exclude: false }], ..Default::default() };
    let ones = EventQuery { tokens: vec![1], ..Default::default() };
    assert_eq!((count(of_actor.clone()).await, count(ones.clone()).await), (15, 6));
    // On the second day the actor did 1, 13, 25, 37 and 49; only the first of them has the token 1.
    let blank = |index| IndexEntry { tokens: Vec::new(), record: vec![7], ..entry(index) };
    let old = Old { field: Field::Actor, values: vec![actor], times: DAY..2 * DAY };
    events.replace(old.clone(), [1, 13, 25, 37, 49].map(blank).to_vec()).await.unwrap();
    assert_eq!((count(of_actor.clone()).await, count(ones.clone()).await, count(EventQuery::default()).await), (15, 5, 60));
    assert_eq!(events.get(&everything, &position(25)).await.unwrap().unwrap().record, [7]);
    assert_eq!(events.get(&everything, &position(26)).await.unwrap().unwrap().record, 26_u64.to_le_bytes());
    let bars = events.histogram(&everything, &EventQuery::default(), DAY).await.unwrap();
    assert_eq!(bars.iter().map(|b| b.success).collect::<Vec<_>>(), [20, 20, 20]);
    let narrow = Old { times: DAY + 4 * HOUR..DAY + 5 * HOUR, ..old };
    events.replace(narrow, Vec::new()).await.unwrap();
    assert_eq!((count(of_actor).await, events.get(&everything, &position(25)).await.unwrap()), (14, None), "only what lies in the time asked for");
    events.replace(Old { times: DAY + 4 * HOUR..DAY + 5 * HOUR, field: Field::Actor, values: vec![] }, vec![entry(25)]).await.unwrap();
    assert_eq!(events.resume().await.unwrap(), 60, "the follower's place is what it was");
}

async fn a_second_feed_adds_nothing_and_a_clear_drops_all(events: &dyn Events) {
    events.add((30..70).map(entry).collect()).await.unwrap();
    events.commit(70).await.unwrap();
    assert_eq!(events.count(&Scope::everything(), &EventQuery::default()).await.unwrap(), 70);
    events.clear().await.unwrap();
    assert_eq!(events.resume().await.unwrap(), 0);
    assert_eq!(events.count(&Scope::everything(), &EventQuery::default()).await.unwrap(), 0);
    events.add(vec![entry(0)]).await.unwrap();
    events.commit(1).await.unwrap();
    assert_eq!(events.count(&Scope::everything(), &EventQuery::default()).await.unwrap(), 1);
}
