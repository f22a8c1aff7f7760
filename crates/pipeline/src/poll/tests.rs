use super::*;
use crate::testing::{Spine, source_of};
use async_trait::async_trait;
use connectors::{CheckReport, Connector, Context, FileHint, Manifest, Page, RawRecord, Records, Settings, State, StreamManifest};
use model::{Class, Event, EventTime, Refusal, class::act};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::Mutex,
    time::{Duration, Instant},
};

/// A CRM far away: it holds lines of a second each and gives two at a time, unless it has something else to say first.
#[derive(Default)]
struct Crm {
    lines: Mutex<Vec<(i64, &'static str)>>,
    troubles: Mutex<VecDeque<ConnectorError>>,
    reads: Mutex<usize>,
}

static MANIFEST: Manifest = Manifest {
    id: "crm",
    version: 1,
    title: "A CRM",
    summary: "",
    settings: &[],
    streams: &[
        StreamManifest { name: "log", title: "Log", poll_secs: 1, lateness_secs: 0 },
        StreamManifest { name: "files", title: "Imported only", poll_secs: 0, lateness_secs: 0 },
    ],
    recorded: &[],
};

#[async_trait]
impl Connector for Crm {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }
    async fn check(&self, _: &Settings) -> Result<CheckReport, ConnectorError> {
        Ok(CheckReport::default())
    }
    async fn read(&self, _: &Settings, stream: &str, cursor: &Value, _: &State, _: usize) -> Result<Page, ConnectorError> {
        assert_eq!(stream, "log");
        *self.reads.lock().unwrap() += 1;
        if let Some(trouble) = self.troubles.lock().unwrap().pop_front() {
            return Err(trouble);
        }
        let lines = self.lines.lock().unwrap();
        let (from, until) = (cursor.as_u64().unwrap_or(0) as usize, (cursor.as_u64().unwrap_or(0) as usize + 2).min(lines.len()));
        let record = |(second, text): &(i64, &str)| RawRecord { text: format!("{second} {text}"), origin: "log".into(), kind: String::new() };
        Ok(Page { records: lines[from..until].iter().map(record).collect(), cursor: json!(until), more: until < lines.len(), ..Page::default() })
    }
    /// Counts in its state what it has seen, so that a lost state shows.
    fn normalise(&self, context: &Context, stream: &str, state: &mut State, record: &RawRecord) -> Result<Vec<Event>, Refusal> {
        let second: i64 = record.text.split_once(' ').and_then(|(s, _)| s.parse().ok()).ok_or_else(|| Refusal::new("bad_line", "no second"))?;
        *state = json!(state.as_u64().unwrap_or(0) + 1);
        let time = EventTime::utc(second * 1_000_000);
        let mut event = Event::new(context.source, stream, "crm/1", &format!("line {state}"), Class::WebResources, act::READ, time);
        event.raw = record.text.clone();
        Ok(vec![event])
    }
    fn split<'a>(&self, _: &Settings, hint: &FileHint, input: Box<dyn std::io::BufRead + Send + 'a>) -> Result<Records<'a>, ConnectorError> {
        Ok(connectors::input::lines(hint, input))
    }
}

struct Listed(Mutex<Vec<SourceWithSettings>>);

#[async_trait]
impl Sources for Listed {
    async fn active(&self) -> Result<Vec<SourceWithSettings>, StoreError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

fn poller(spine: &Spine, intake: Arc<Intake>, sources: Vec<SourceWithSettings>) -> (Arc<Poller>, Arc<Listed>) {
    let listed = Arc::new(Listed(Mutex::new(sources)));
    let poller = Poller { intake, sources: listed.clone(), records: spine.records.clone(), look_again: Duration::from_millis(20) };
    (Arc::new(poller), listed)
}

/// Waits for something other tasks bring about.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < Duration::from_secs(10), "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn cursor_state_and_counts_of_the_second_survive_a_restart() {
    for spine in Spine::both().await {
        let crm = Arc::new(Crm::default());
        // Five equal lines in one second, read two at a time.
        *crm.lines.lock().unwrap() = vec![(1, "a"), (1, "a"), (1, "a"), (1, "a"), (1, "a"), (2, "b")];
        let source = source_of(crm.clone());
        for more in [true, true, false, false] {
            // A new poller each time: nothing is remembered in memory.
            let (poller, _) = poller(&spine, spine.restarted(Default::default()), vec![]);
            assert_eq!(poller.poll(&source, "log").await.unwrap().more, more);
        }
        let kinds: Vec<String> = spine.opened().await.into_iter().map(|o| o.clear.vendor_type).collect();
        assert_eq!(kinds, ["line 1", "line 2", "line 3", "line 4", "line 5", "line 6"]);
        assert_eq!(spine.trail.cursor(source.source.id, "log").await.unwrap().0, json!(6));
    }
}

#[tokio::test]
async fn a_page_that_another_node_read_first_is_not_taken_twice() {
    let spine = Spine::sqlite().await;
    let crm = Arc::new(Crm::default());
    *crm.lines.lock().unwrap() = vec![(1, "a"), (2, "b")];
    let source = source_of(crm);
    let (here, _) = poller(&spine, spine.intake.clone(), vec![]);
    let (there, _) = poller(&spine, spine.restarted(Default::default()), vec![]);
    let polled = tokio::join!(here.poll(&source, "log"), there.poll(&source, "log"));
    for polled in [polled.0, polled.1] {
        assert!(matches!(polled, Ok(_) | Err(PollError::Overtaken)), "{polled:?}");
    }
    assert_eq!(spine.size().await, 2);
}

#[tokio::test]
async fn trouble_is_told_and_cleared_by_the_next_success() {
    let spine = Spine::sqlite().await;
    let crm = Arc::new(Crm::default());
    let source = source_of(crm.clone());
    let (poller, _) = poller(&spine, spine.intake.clone(), vec![]);
    let stop = CancellationToken::new();
    let unavailable = ConnectorError::Unavailable { why: "connection refused".into(), retry_after_secs: Some(9) };
    let troubles = [
        (ConnectorError::Credential("wrong password".into()), "credential"),
        (unavailable, "unavailable"),
        (ConnectorError::Protocol("a web page".into()), "protocol"),
    ];
    for (trouble, kind) in troubles {
        let text = trouble.to_string();
        crm.troubles.lock().unwrap().push_back(trouble);
        poller.poll_noted(&source, "log", &stop).await.unwrap().unwrap_err();
        let noted = spine.records.polls().await.unwrap().remove(0);
        assert_eq!(noted.trouble.map(|t| (t.kind, t.text)), Some((kind.to_owned(), text)));
    }
    poller.poll_noted(&source, "log", &stop).await.unwrap().unwrap();
    assert_eq!(spine.records.polls().await.unwrap()[0].trouble, None);
}

#[tokio::test]
async fn sources_are_picked_up_and_let_go_while_running() {
    let spine = Spine::sqlite().await;
    let crm = Arc::new(Crm::default());
    *crm.lines.lock().unwrap() = vec![(1, "a"), (2, "b"), (3, "c")];
    crm.troubles.lock().unwrap().push_back(ConnectorError::Unavailable { why: "starting".into(), retry_after_secs: Some(0) });
    let (poller, listed) = poller(&spine, spine.intake.clone(), vec![]);
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (poller, stop) = (poller.clone(), stop.clone());
        async move { poller.run(stop).await }
    });
    *listed.0.lock().unwrap() = vec![source_of(crm.clone())];
    until("the first lines", async || spine.size().await == 3).await;
    crm.lines.lock().unwrap().push((4, "d"));
    until("a later line", async || spine.size().await == 4).await;
    let mut paused = source_of(crm.clone());
    paused.source.state = model::SourceState::Paused;
    *listed.0.lock().unwrap() = vec![paused];
    tokio::time::sleep(Duration::from_millis(200)).await;
    let reads = *crm.reads.lock().unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(*crm.reads.lock().unwrap(), reads, "a paused source is not read");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
}
