//! What is answered is kept, once, in one order; what cannot be kept is said so.

mod house;

use async_trait::async_trait;
use house::{House, LEDGER, delivery, event, source};
use ledger::{Appender, LedgerError, open_all, open_quarantined, token, tokens};
use model::{Quarantined, Refusal};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use store::{
    StoreError,
    trail::{Batch, Closed, Head, NewBatch, Placed, Trail},
};
use uuid::Uuid;

async fn answered_is_kept_once(house: House) {
    let appender = house.appender();
    let first = appender.append(delivery(0..10)).await.unwrap();
    assert_eq!(first.iter().map(|p| p.position().to_string()).collect::<Vec<_>>(), (0..10).map(|i| format!("activity.0:{i}")).collect::<Vec<_>>());
    // Fifty senders at once, half of what each sends sent before by the one before.
    let sends = (0..50_u64).map(|n| appender.append(delivery(10 + n * 10..30 + n * 10)));
    let placed = futures::future::join_all(sends).await;
    let new: usize = placed.iter().map(|p| p.as_ref().unwrap().iter().filter(|p| matches!(p, Placed::New(_))).count()).sum();
    assert_eq!(new, 510);
    let positions: BTreeSet<u64> = placed.iter().flat_map(|p| p.as_ref().unwrap()).map(|p| p.position().index).collect();
    assert_eq!(positions, (10..520).collect());
    let again = appender.append(delivery(0..10)).await.unwrap();
    assert!(again.iter().zip(&first).all(|(again, first)| matches!(again, Placed::Duplicate(p) if p == first.position())));

    let reader = house.reader();
    assert_eq!(reader.head().await.unwrap().size, 520);
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let page = reader.read(from, 4_000).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        from = last + 1;
        all.extend(page);
    }
    assert_eq!(all.iter().map(|(i, _)| *i).collect::<Vec<_>>(), (0..520).collect::<Vec<_>>());
    assert_eq!(reader.get(17).await.unwrap().unwrap(), all[17].1);
    assert_eq!(reader.get(520).await.unwrap(), None);
    let stored: Vec<_> = all.into_iter().map(|(_, s)| s).collect();
    let opened = open_all(&house.keyring, LEDGER, &stored).await.unwrap();
    assert_eq!(opened.iter().filter_map(|o| o.raw.clone()).collect::<BTreeSet<_>>(), (0..520).map(|n| event(n).raw).collect());
    assert_eq!((&opened[3].actor, &opened[3].target), (&event(3).actor, &event(3).target));
}

#[tokio::test]
async fn answered_is_kept_once_on_sqlite() {
    answered_is_kept_once(House::embedded().await).await;
}

#[tokio::test]
async fn answered_is_kept_once_on_postgres() {
    if let Some(house) = House::outgrown().await {
        answered_is_kept_once(house).await;
    }
}

fn quarantined() -> (Quarantined, Vec<u8>) {
    let refusal = Refusal::new("bad_json", "not JSON");
    let item = Quarantined {
        id: Uuid::from_u128(9),
        source: source(),
        stream: "exports".into(),
        received: 5,
        refusal,
        origin: "line 3".into(),
        size_bytes: 6,
        structure: vec![],
        replayed: None,
    };
    (item, b"{\"CAN".to_vec())
}

#[tokio::test]
async fn cursors_race_and_one_wins() {
    let house = House::embedded().await;
    let appender = house.appender();
    let from_start = |n: u64| ledger::Delivery { expected_cursor: Some(Value::Null), cursor: Some(json!({ "page": n })), ..delivery(n * 10..n * 10 + 5) };
    let racing = futures::future::join_all((0..6).map(|n| appender.append(from_start(n)))).await;
    let won: Vec<_> = racing.iter().filter(|r| r.is_ok()).collect();
    assert_eq!(won.len(), 1);
    assert!(racing.iter().all(|r| matches!(r, Ok(_) | Err(LedgerError::Store(StoreError::Conflict(_))))));
    assert_eq!(house.trail.head().await.unwrap().size, 5);
}

#[tokio::test]
async fn what_could_not_be_read_is_kept_sealed() {
    let house = House::embedded().await;
    let with_quarantine = ledger::Delivery { quarantine: vec![quarantined()], ..delivery(0..1) };
    house.appender().append(with_quarantine).await.unwrap();
    let (item, sealed) = house.trail.quarantined_bytes(Uuid::from_u128(9)).await.unwrap();
    assert!(!sealed.windows(3).any(|w| w == b"CAN"));
    assert_eq!(open_quarantined(&house.keyring, LEDGER, &item, &sealed).unwrap(), b"{\"CAN");
    assert!(open_quarantined(&house.keyring, "self", &item, &sealed).is_err());
}

#[tokio::test]
async fn a_leaf_over_its_limit_is_refused_with_its_size() {
    let house = House::embedded().await;
    let mut big = delivery(0..2);
    big.events[1].event.reason = Some("x".repeat(70_000));
    assert!(matches!(house.appender().append(big).await, Err(LedgerError::TooLarge { size_bytes: 70_000.., limit_bytes: 65_535, .. })));
    assert_eq!(house.trail.head().await.unwrap().size, 0);
}

#[tokio::test]
async fn words_find_what_they_are_in() {
    let house = House::embedded().await;
    house.fill(0, 1, 1).await;
    let stored = house.reader().get(0).await.unwrap().unwrap();
    let opened = open_all(&house.keyring, LEDGER, &[stored]).await.unwrap();
    let found = tokens(&house.keyring, &opened[0]);
    for word in ["dana", "SCULLY", "user0@example.org", "User0", "example", "q3", "won", "bielefeld", "192.0.2.7", "report/0"] {
        assert!(found.contains(&token(&house.keyring, word)), "{word}");
    }
    for word in ["dan", "mulder", "note"] {
        assert!(!found.contains(&token(&house.keyring, word)), "{word}");
    }
    assert!(found.is_sorted() && found.len() < ledger::tokens::MAX_TOKENS);
}

/// A trail whose connection fails: the commit happens or not, and the answer is lost.
struct Failing {
    trail: Arc<dyn Trail>,
    /// What the next appends do; once used up, they are passed on.
    script: Vec<Failure>,
    next: AtomicUsize,
}

#[derive(Clone, Copy)]
enum Failure {
    CommittedWithoutAnswer,
    LostWithoutAnswer,
    Away,
    Fatal,
}

#[async_trait]
impl Trail for Failing {
    async fn append(&self, batches: Vec<NewBatch>) -> store::Result<Vec<Vec<Placed>>> {
        let unknown = Err(StoreError::Unknown { what: "trail", why: "connection reset".into() });
        match self.script.get(self.next.fetch_add(1, Ordering::SeqCst)) {
            None => self.trail.append(batches).await,
            Some(Failure::CommittedWithoutAnswer) => self.trail.append(batches).await.and(unknown),
            Some(Failure::LostWithoutAnswer) => unknown,
            Some(Failure::Away) => Err(StoreError::Unavailable { what: "trail", why: "disk full".into() }),
            Some(Failure::Fatal) => Err(StoreError::Fatal { what: "trail", why: "fsync failed".into() }),
        }
    }
    async fn head(&self) -> store::Result<Head> {
        self.trail.head().await
    }
    async fn closed(&self) -> store::Result<Vec<Closed>> {
        self.trail.closed().await
    }
    async fn read(&self, index: u64, limit_bytes: usize) -> store::Result<Vec<Batch>> {
        self.trail.read(index, limit_bytes).await
    }
    async fn lease(&self, holder: &str, now: i64, until: i64) -> store::Result<u64> {
        self.trail.lease(holder, now, until).await
    }
    async fn integrated(&self, epoch: u64, integrated: u64) -> store::Result<()> {
        self.trail.integrated(epoch, integrated).await
    }
    async fn cursor(&self, source: Uuid, stream: &str) -> store::Result<(Value, Value)> {
        self.trail.cursor(source, stream).await
    }
    async fn quarantined(&self, source: Option<Uuid>, before: Option<Uuid>, limit: u64) -> store::Result<Vec<Quarantined>> {
        self.trail.quarantined(source, before, limit).await
    }
    async fn quarantined_bytes(&self, id: Uuid) -> store::Result<(Quarantined, Vec<u8>)> {
        self.trail.quarantined_bytes(id).await
    }
    async fn empty_quarantined(&self, ids: &[Uuid]) -> store::Result<u64> {
        self.trail.empty_quarantined(ids).await
    }
    async fn scrub(&self) -> store::Result<()> {
        self.trail.scrub().await
    }
    async fn counts(&self) -> store::Result<Vec<model::source::StreamHealth>> {
        self.trail.counts().await
    }
}

fn failing(house: &House, script: &[Failure]) -> Arc<Appender> {
    let trail = Failing { trail: house.trail.clone(), script: script.to_vec(), next: AtomicUsize::new(0) };
    Appender::start(Arc::new(trail), house.keyring.clone(), LEDGER)
}

#[tokio::test]
async fn a_lost_answer_is_found_out() {
    use Failure::{Away, CommittedWithoutAnswer, LostWithoutAnswer};
    for script in [&[CommittedWithoutAnswer][..], &[LostWithoutAnswer], &[CommittedWithoutAnswer, Away, Away], &[LostWithoutAnswer, CommittedWithoutAnswer]] {
        let house = House::embedded().await;
        let whole = ledger::Delivery { expected_cursor: Some(Value::Null), cursor: Some(json!(7)), quarantine: vec![quarantined()], ..delivery(0..5) };
        let placed = failing(&house, script).append(whole).await.unwrap();
        assert_eq!(placed.iter().map(|p| p.position().index).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(house.trail.head().await.unwrap().size, 5);
        assert_eq!(house.trail.cursor(source(), "exports").await.unwrap().0, json!(7));
        assert_eq!(house.trail.quarantined(None, None, 9).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_database_away_is_said_and_the_next_delivery_goes_through() {
    let house = House::embedded().await;
    let appender = failing(&house, &[Failure::Away]);
    assert!(matches!(appender.append(delivery(0..1)).await, Err(LedgerError::Store(StoreError::Unavailable { .. }))));
    assert_eq!(appender.fatal(), None);
    appender.append(delivery(0..1)).await.unwrap();
}

#[tokio::test]
async fn after_a_failed_fsync_nothing_is_acknowledged() {
    let house = House::embedded().await;
    let appender = failing(&house, &[Failure::Fatal]);
    let answers = futures::future::join_all((0..5).map(|n| appender.append(delivery(n..n + 1)))).await;
    assert!(answers.iter().all(|a| matches!(a, Err(LedgerError::Stopped(_)))));
    assert!(appender.fatal().unwrap().contains("fsync failed"));
    assert!(matches!(appender.append(delivery(9..10)).await, Err(LedgerError::Stopped(_))));
    assert_eq!(house.trail.head().await.unwrap().size, 0);
}

#[tokio::test]
async fn told_to_stop_nothing_is_acknowledged() {
    let house = House::embedded().await;
    let appender = house.appender();
    appender.append(delivery(0..1)).await.unwrap();
    appender.stop("the tiles could not be written");
    assert!(matches!(appender.append(delivery(1..2)).await, Err(LedgerError::Stopped(why)) if why.contains("tiles")));
    assert_eq!((appender.fatal().as_deref(), house.trail.head().await.unwrap().size), (Some("the tiles could not be written"), 1));
}

#[tokio::test]
async fn a_full_queue_asks_to_wait() {
    let house = House::embedded().await;
    let appender = house.appender();
    let sends = (0..600_u64).map(|n| appender.append(delivery(n..n + 1)));
    let answers = futures::future::join_all(sends).await;
    let busy = answers.iter().filter(|a| matches!(a, Err(LedgerError::Busy { retry_after_secs: 1.. }))).count();
    let kept = answers.iter().filter(|a| a.is_ok()).count();
    assert!(busy > 0 && kept >= ledger::append::QUEUE_DELIVERIES && busy + kept == 600, "{busy} busy, {kept} kept");
    assert_eq!(house.trail.head().await.unwrap().size, kept as u64);
}
