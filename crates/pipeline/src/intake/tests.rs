use super::*;
use crate::testing::{Spine, exports, named, source};
use bytes::Bytes;
use jiff::civil::date;
use serde_json::json;
use std::sync::Mutex;

fn counts(a: &Accepted) -> (u64, u64, u64, u64) {
    (a.records, a.events, a.duplicates, a.quarantined)
}

async fn import(spine: &Spine, source: &SourceWithSettings, name: &str, bytes: &[u8]) -> (u64, u64, u64, u64) {
    let file = Box::new(std::io::Cursor::new(bytes.to_vec()));
    counts(&spine.restarted(Limits::default()).import(source, named(name), file, &|_| {}, &CancellationToken::new()).await.unwrap())
}

#[tokio::test]
async fn the_same_file_twice_adds_nothing_and_two_equal_lines_are_two_events() {
    let line = r#"ReportExport,20260302100000.000,2026-03-02T10:00:00.000Z,005SM00000000001AAA"#;
    let file = format!("EVENT_TYPE,TIMESTAMP,TIMESTAMP_DERIVED,USER_ID_DERIVED\n{line}\n{line}\n");
    for spine in Spine::both().await {
        let salesforce = source("salesforce", json!({}));
        assert_eq!(import(&spine, &salesforce, "ReportExport.csv", file.as_bytes()).await, (2, 2, 0, 0));
        assert_eq!(import(&spine, &salesforce, "ReportExport.csv", file.as_bytes()).await, (2, 0, 2, 0));
        assert_eq!(import(&spine, &salesforce, "ReportExport.csv", format!("{file}{line}\n").as_bytes()).await, (3, 1, 2, 0));
        assert_eq!(spine.size().await, 3);
    }
}

#[tokio::test]
async fn a_days_files_arrive_whole_in_chunks_with_progress() {
    let spine = Spine::sqlite().await;
    let simulation = simulate::Simulation::new(7, date(2026, 3, 2), 60).unwrap();
    let acts = simulation.day(date(2026, 3, 4)).unwrap();
    let mut file = simulate::salesforce::event_log_file("URI", &acts).unwrap();
    // A few days in one file, so that there are several chunks.
    for day in 5..12 {
        let more = simulate::salesforce::event_log_file("URI", &simulation.day(date(2026, 3, day)).unwrap()).unwrap();
        file.extend(more.split_inclusive(|b| *b == b'\n').skip(1).flatten());
    }
    let rows = file.iter().filter(|b| **b == b'\n').count() as u64 - 1;
    let (salesforce, seen, size) = (source("salesforce", json!({})), Mutex::new(Vec::new()), file.len() as u64);
    let progress = |p: &Progress| seen.lock().unwrap().push((p.bytes_read, p.accepted.events));
    let input = Box::new(std::io::Cursor::new(file.clone()));
    let accepted = spine.intake.import(&salesforce, named("URI.csv"), input, &progress, &CancellationToken::new()).await.unwrap();
    assert_eq!(counts(&accepted), (rows, rows, 0, 0));
    assert_eq!(spine.size().await, rows);
    let seen = seen.into_inner().unwrap();
    assert!(rows > 2_000 && seen.len() as u64 == rows.div_ceil(2_000), "{rows} rows in {} chunks", seen.len());
    assert_eq!(seen.last(), Some(&(size, rows)));
    assert!(seen.windows(2).all(|w| w[0] < w[1]));
    let (first, last) = accepted.positions.unwrap();
    assert_eq!((first.index, last.index), (0, rows - 1));
}

#[tokio::test]
async fn a_cancelled_import_keeps_what_it_took_and_can_be_repeated() {
    let spine = Spine::sqlite().await;
    let (generic, cancel) = (source("generic", json!({})), CancellationToken::new());
    let file: Vec<u8> = (0..3).flat_map(|actor| exports(&format!("a{actor}"), 0, 1_500)).collect();
    let input = || Box::new(std::io::Cursor::new(file.clone()));
    let stop = |_: &Progress| cancel.cancel();
    let stopped = spine.intake.import(&generic, named("a.ndjson"), input(), &stop, &cancel).await;
    assert!(matches!(stopped, Err(IntakeError::Cancelled)));
    assert_eq!(spine.size().await, 2_000);
    let rest = spine.intake.import(&generic, named("a.ndjson"), input(), &|_| {}, &CancellationToken::new()).await.unwrap();
    assert_eq!(counts(&rest), (4_500, 2_500, 2_000, 0));
}

#[tokio::test]
async fn a_pushed_body_may_be_sent_again() {
    let spine = Spine::sqlite().await;
    let generic = source("generic", json!({}));
    let push = async |body: &[u8]| counts(&spine.intake.push(&generic, FileHint::default(), Bytes::copy_from_slice(body)).await.unwrap());
    let (one, two) = (exports("dana", 0, 1), exports("dana", 0, 2));
    assert_eq!(push(&one).await, (1, 1, 0, 0));
    assert_eq!(push(&one).await, (1, 0, 1, 0), "a sender that did not hear the answer");
    assert_eq!(push(&two).await, (2, 2, 0, 0), "another body in the same second: another line");
    assert_eq!(push(&two).await, (2, 0, 2, 0));
    let opened = spine.opened().await;
    assert_eq!(opened[0].raw, opened[1].raw);
    assert!(opened.iter().all(|o| o.clear.received > 0 && o.clear.stream == "activity"));
}

#[tokio::test]
async fn senders_at_once_on_one_stream_lose_nothing() {
    let spine = Spine::sqlite().await;
    let generic = source("generic", json!({}));
    let pushes = (0..40).map(|n| (exports(&format!("a{n}"), 0, 25), generic.clone(), spine.intake.clone()));
    let tasks: Vec<_> = pushes.map(|(body, source, intake)| tokio::spawn(async move { intake.push(&source, FileHint::default(), body).await })).collect();
    for task in tasks {
        assert_eq!(counts(&task.await.unwrap().unwrap()), (25, 25, 0, 0));
    }
    assert_eq!(spine.size().await, 1_000);
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_with_its_reason_and_replayed_after_a_fix() {
    for spine in Spine::both().await {
        let generic = source("generic", json!({}));
        let line = r#"{"when":"2026-03-02T10:00:00Z","action":"read","who":{"mail":"dana@x.example"}}"#;
        let body = format!("{line}\n{{oops\n{line}\n");
        let first = spine.intake.push(&generic, named("push"), body.clone().into()).await.unwrap();
        assert_eq!((counts(&first), first.positions), ((3, 0, 0, 3), None));
        let mut items = spine.trail.quarantined(None, None, 10).await.unwrap();
        items.sort_by_key(|i| i.origin.clone());
        assert_eq!(items.iter().map(|i| i.refusal.code.as_str()).collect::<Vec<_>>(), ["missing_field", "bad_json", "missing_field"]);
        assert_eq!(
            (items[0].structure.join(" "), items[0].origin.as_str(), items[0].size_bytes),
            ("when action who.mail".into(), "push line 1", line.len() as u64)
        );
        let shown = serde_json::to_string(&items).unwrap();
        assert!(!shown.contains("dana") && !shown.contains("oops"), "{shown}");

        let unfixed = spine.intake.replay(&generic, items[0].id).await.unwrap();
        assert_eq!((unfixed.events, unfixed.refused.map(|r| r.code)), (0, Some("missing_field".into())));
        let mapping = "title: Fixed\ntime: { fields: [when], format: rfc3339 }\nact: { field: action, table: { read: web_resources_activity/read }, \
            otherwise: base_event/other }\n";
        let fixed = source("generic", json!({ "mapping": mapping }));
        for (item, expect) in items.iter().zip([(1, 0), (0, 0), (1, 0)]) {
            let replayed = spine.intake.replay(&fixed, item.id).await.unwrap();
            assert_eq!((replayed.events, replayed.duplicates), expect, "{}", item.origin);
        }
        let again = spine.intake.replay(&fixed, items[0].id).await.unwrap();
        assert_eq!((again.events, again.duplicates), (0, 1));
        let replayed: Vec<bool> = spine.trail.quarantined(None, None, 10).await.unwrap().iter().map(|i| i.replayed.is_some()).collect();
        assert_eq!(replayed.iter().filter(|r| **r).count(), 2, "bytes that are no record stay");
        assert_eq!(import(&spine, &fixed, "a.ndjson", format!("{line}\n{line}\n").as_bytes()).await, (2, 0, 2, 0), "its file, fixed, is the same events");
    }
}

#[tokio::test]
async fn each_limit_has_its_answer() {
    let spine = Spine::sqlite().await;
    let generic = source("generic", json!({}));
    let intake = spine.restarted(Limits { body_bytes: 4_096, concurrent_bytes: 8_192, concurrent_imports: 1 });
    let body = exports("dana", 0, 20);
    let push = async |source: &SourceWithSettings, hint: FileHint, body: &Bytes| intake.push(source, hint, body.clone()).await.unwrap_err();
    let large = exports("dana", 0, 60);
    assert!(matches!(push(&generic, named("x"), &large).await, IntakeError::TooLarge { limit_bytes: 4_096, .. }));
    let others = intake.room.try_acquire_many(7).unwrap();
    assert!(matches!(push(&generic, named("x"), &body).await, IntakeError::Busy { retry_after_secs: 1.. }));
    drop(others);
    let wrong = push(&generic, FileHint { stream: "exports".into(), ..FileHint::default() }, &body).await;
    assert_eq!(wrong.to_string(), "the source 'sales' has no stream 'exports'; it has activity");
    let mut paused = generic.clone();
    paused.source.state = model::SourceState::Paused;
    assert!(matches!(push(&paused, named("x"), &body).await, IntakeError::Paused(_)));
    assert_eq!(spine.size().await, 0);
    assert_eq!(counts(&intake.push(&generic, named("x"), body).await.unwrap()), (20, 20, 0, 0));
    assert_eq!(intake.room.available_permits(), 8);
}

#[tokio::test]
async fn an_input_that_fails_half_way_says_so() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let spine = Spine::sqlite().await;
    let file = Box::new(std::io::Cursor::new(exports("dana", 0, 3)).chain(Broken));
    let failed = spine.intake.import(&source("generic", json!({})), named("a.ndjson"), file, &|_| {}, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(failed.to_string(), "reading a.ndjson failed: the disk is gone");
}
