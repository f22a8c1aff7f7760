//! The six late-event cases that must be exact, then bounds and replay.

use super::*;
use model::time::SECOND;
use model::{Finding, Position, Severity};
use uuid::Uuid;

fn rule() -> CountRule {
    CountRule {
        id: "burst".into(),
        lane: "burst".into(),
        version: "1".into(),
        severity: Severity::Medium,
        threshold: 3,
        window: 60 * SECOND,
        tells: true,
        follow: None,
    }
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
        part: Part::Counted,
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
    check(3600, &[1000, 1030, 1500, 1010], &[(1000, 1030, 3)]);
    // A further late event among them replaces what was told, so that one finding stands and says what an orderly delivery would have said.
    let late: Vec<_> = [1000, 1030, 1500, 1010, 1020].iter().enumerate().map(|(i, t)| seen(i as u64, *t, Some("dana"))).collect();
    let (_, findings) = run(&limits(3600), &late);
    let standing: Vec<_> = standing(&findings).into_iter().map(|f| (f.first / SECOND, f.last / SECOND, f.count)).collect();
    assert_eq!(standing, [(1000, 1020, 3)]);
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
    check(0, &[1000, 1010, 1020, 1030, 1050], &[(1000, 1020, 3)]);
    check(0, &[1000, 1010, 1020, 1030, 1050, 1090, 1095], &[(1000, 1020, 3), (1000, 1090, 6)]);
    check(0, &[1000, 1010, 1020, 1200, 1210, 1220], &[(1000, 1020, 3), (1200, 1220, 3)]);
}

#[test]
fn a_late_event_in_front_supersedes() {
    let events: Vec<_> = [1000, 1010, 1020, 990].iter().enumerate().map(|(i, t)| seen(i as u64, *t, Some("dana"))).collect();
    let (_, findings) = run(&limits(3600), &events);
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[1].supersedes, Some(findings[0].id));
    assert_eq!((findings[1].first, findings[1].last, findings[1].count), (990 * SECOND, 1010 * SECOND, 3));
}

#[test]
fn memory_is_bounded_and_says_so() {
    let small = Limits { max_events: 5, ..limits(3600) };
    let events: Vec<_> = (0..12).map(|i| seen(i, 1000 + i as i64, Some(if i % 2 == 0 { "a" } else { "b" }))).collect();
    let (state, findings) = run(&small, &events);
    let lane = &state.rules["burst"][&Uuid::nil()];
    assert_eq!((lane.events(), lane.degraded), (5, 7));
    // Each group is told when it is a burst and when it has doubled, forgotten events counted.
    assert_eq!(findings.len(), 4);
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
        state.rebuild();
        for event in &events[cut..] {
            let (next, more) = fold(state, &limits(3600), &rule(), event);
            state = next;
            findings.extend(more);
        }
        assert_eq!((&state, &findings), (&end, &whole), "cut at {cut}");
    }
}

const RULE_THEN: Follow = Follow { severity: Severity::High, within: 100 * SECOND };

fn then_rule() -> CountRule {
    CountRule { follow: Some(RULE_THEN), ..rule() }
}

/// Runs (seconds, follows) in arrival order; the standing findings as (severity, first, last, count, success).
fn run_then(limits: &Limits, events: &[(u64, i64, bool)]) -> Vec<(Severity, i64, i64, u64, Option<i64>)> {
    let mut state = State::default();
    let mut all = Vec::new();
    for (index, secs, follows) in events {
        let part = if *follows { Part::Follows } else { Part::Counted };
        let (next, findings) = fold(state, limits, &then_rule(), &Observation { part, ..seen(*index, *secs, Some("dana")) });
        state = next;
        all.extend(findings);
    }
    let mut out: Vec<_> = standing(&all)
        .into_iter()
        .map(|f| (f.severity, f.first / SECOND, f.last / SECOND, f.count, f.facts.get("success_time").and_then(|t| t.as_i64()).map(|t| t / SECOND)))
        .collect();
    out.sort();
    out
}

fn numbered(events: &[(i64, bool)]) -> Vec<(u64, i64, bool)> {
    events.iter().enumerate().map(|(i, (t, f))| (i as u64, *t, *f)).collect()
}

#[test]
fn a_success_after_a_burst_is_worse_and_told_once() {
    let (no, yes) = (false, true);
    let burst = (Severity::Medium, 1000, 1020, 3, None);
    let check = |events: &[(i64, bool)], expect: &[(Severity, i64, i64, u64, Option<i64>)]| {
        assert_eq!(run_then(&limits(3600), &numbered(events)), expect, "{events:?}")
    };
    check(&[(1000, no), (1010, no), (1020, no), (1120, yes), (1130, yes)], &[burst, (Severity::High, 1000, 1120, 4, Some(1120))]);
    check(&[(1000, no), (1010, no), (1020, no), (1121, yes)], &[burst]);
    // A success in the middle, before the count was reached, is none.
    check(&[(1000, no), (1010, no), (1015, yes), (1020, no)], &[burst]);
    // Late: the success first, then the failures; and an earlier success replaces a later one.
    check(&[(1030, yes), (1020, no), (1010, no), (1000, no)], &[burst, (Severity::High, 1000, 1030, 4, Some(1030))]);
    check(&[(1000, no), (1010, no), (1020, no), (1090, yes), (1025, yes)], &[burst, (Severity::High, 1000, 1025, 4, Some(1025))]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    /// Any order of delivery within the lateness ends in the same findings.
    #[test]
    fn order_of_delivery_does_not_matter(events in proptest::collection::vec((1000_i64..1600, proptest::bool::weighted(0.2)), 0..40), seed in proptest::prelude::any::<u64>()) {
        let mut sorted = events;
        sorted.sort();
        let sorted = numbered(&sorted);
        let mut shuffled = sorted.clone();
        let mut random = seed | 1;
        for i in (1..shuffled.len()).rev() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            shuffled.swap(i, (random % (i as u64 + 1)) as usize);
        }
        let expect = run_then(&limits(3600), &sorted);
        proptest::prop_assert_eq!(&run_then(&limits(3600), &shuffled), &expect);
        // In order, forgetting what can no longer matter changes nothing.
        proptest::prop_assert_eq!(&run_then(&limits(0), &sorted), &expect);
    }
}
