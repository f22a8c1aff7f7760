//! The six late-event cases that must be exact, then bounds and replay.

use super::*;
use model::time::SECOND;
use model::{Finding, Position, Severity};
use uuid::Uuid;

fn rule() -> CountRule {
    CountRule { id: "burst".into(), version: "1".into(), severity: Severity::High, threshold: 3, window: 60 * SECOND }
}

fn limits(lateness_secs: i64) -> Limits {
    Limits { lateness: lateness_secs * SECOND, ..Limits::default() }
}

/// An event at `secs`, in the group `who`; its position is `index`.
fn seen(index: u64, secs: i64, who: Option<&str>) -> Observation {
    Observation {
        position: Position { ledger: "activity".into(), generation: 0, index },
        source: Uuid::nil(),
        time: secs * SECOND,
        received: 10_000 * SECOND,
        actor: None,
        group: who.map(|w| vec![w.to_owned()]),
    }
}

fn run(limits: &Limits, events: &[Observation]) -> (State, Vec<Finding>) {
    let mut all = Vec::new();
    let mut state = State::default();
    for event in events {
        let (next, findings) = fold(state, limits, &rule(), event);
        state = next;
        all.extend(findings);
    }
    (state, all)
}

/// Runs times in arrival order for one group; expects (first, last, count) of each finding, in seconds.
fn check(lateness_secs: i64, times: &[i64], expect: &[(i64, i64, u64)]) -> State {
    let events: Vec<_> = times.iter().enumerate().map(|(i, t)| seen(i as u64, *t, Some("dana"))).collect();
    let (state, findings) = run(&limits(lateness_secs), &events);
    let got: Vec<_> = findings.iter().map(|f| (f.first / SECOND, f.last / SECOND, f.count)).collect();
    assert_eq!(got, expect, "{times:?}");
    state
}

#[test]
fn case_1_a_late_event_completes_a_burst_once() {
    check(3600, &[1000, 1030, 1500, 1010, 1020], &[(1000, 1030, 3)]);
}

#[test]
fn case_2_a_far_late_event_does_not_join() {
    check(3600, &[1000, 1001, 10], &[]);
}

#[test]
fn case_3_a_burst_split_by_lateness_is_found() {
    check(3600, &[1000, 1001, 2000, 1002], &[(1000, 1002, 3)]);
}

#[test]
fn case_4_the_same_record_counts_once() {
    let twice = [seen(0, 1000, Some("dana")), seen(1, 1001, Some("dana")), seen(1, 1001, Some("dana"))];
    assert_eq!(run(&limits(3600), &twice).1, []);
}

#[test]
fn case_5_too_late_is_counted_and_found_by_the_backtest() {
    let times = [1000, 1001, 2000, 1002];
    let state = check(500, &times, &[]);
    assert_eq!(state.sources[&Uuid::nil()].too_late, 1);
    check(2000, &times, &[(1000, 1002, 3)]);
}

#[test]
fn case_6_events_without_the_group_never_share_a_bucket() {
    let (state, findings) = run(&limits(3600), &[seen(0, 1000, None), seen(1, 1001, None), seen(2, 1002, None)]);
    assert_eq!(findings, []);
    assert_eq!(state.rules["burst"][&Uuid::nil()].ungrouped, 3);
}

#[test]
fn the_window_is_inclusive_and_groups_are_apart() {
    check(0, &[1000, 1030, 1060], &[(1000, 1060, 3)]);
    check(0, &[1000, 1030, 1061], &[]);
    let (_, findings) = run(&limits(0), &[seen(0, 1000, Some("a")), seen(1, 1001, Some("b")), seen(2, 1002, Some("a"))]);
    assert_eq!(findings, []);
}

#[test]
fn one_burst_is_one_finding_and_two_are_two() {
    check(0, &[1000, 1010, 1020, 1030, 1050, 1090, 1095], &[(1000, 1020, 3)]);
    check(0, &[1000, 1010, 1020, 1200, 1210, 1220], &[(1000, 1020, 3), (1200, 1220, 3)]);
}

#[test]
fn a_late_event_in_front_supersedes() {
    let events: Vec<_> = [1000, 1010, 1020, 990].iter().enumerate().map(|(i, t)| seen(i as u64, *t, Some("dana"))).collect();
    let (_, findings) = run(&limits(3600), &events);
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[1].supersedes, Some(findings[0].id));
    assert_eq!((findings[1].first, findings[1].count), (990 * SECOND, 4));
}

#[test]
fn memory_is_bounded_and_says_so() {
    let small = Limits { max_events: 5, ..limits(3600) };
    let events: Vec<_> = (0..12).map(|i| seen(i, 1000 + i as i64, Some(if i % 2 == 0 { "a" } else { "b" }))).collect();
    let (state, findings) = run(&small, &events);
    let lane = &state.rules["burst"][&Uuid::nil()];
    assert_eq!((lane.events(), lane.degraded), (5, 7));
    assert_eq!(findings.len(), 2);
    let old = check(0, &[1000, 5000], &[]);
    assert_eq!((old.rules["burst"][&Uuid::nil()].events(), old.rules["burst"][&Uuid::nil()].degraded), (1, 0));
}

#[test]
fn a_wrong_clock_does_not_make_the_rest_late() {
    let state = advance(State::default(), Uuid::nil(), 900_000 * SECOND, 10_000 * SECOND);
    assert_eq!(state.sources[&Uuid::nil()].watermark, Some(10_300 * SECOND));
}

#[test]
fn replay_and_a_restart_in_the_middle_give_the_same_findings() {
    let times = [1000, 1001, 2000, 1002, 990, 2010, 2020];
    let events: Vec<_> = times.iter().enumerate().map(|(i, t)| seen(i as u64, *t, Some("dana"))).collect();
    let (end, whole) = run(&limits(3600), &events);
    assert!(whole.len() >= 2);
    for cut in 0..events.len() {
        let (half, mut findings) = run(&limits(3600), &events[..cut]);
        let text = serde_json::to_string(&half).unwrap();
        let mut state: State = serde_json::from_str(&text).unwrap();
        for event in &events[cut..] {
            let (next, more) = fold(state, &limits(3600), &rule(), event);
            state = next;
            findings.extend(more);
        }
        assert_eq!((&state, &findings), (&end, &whole), "cut at {cut}");
    }
}
