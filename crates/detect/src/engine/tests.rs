//! The engine over whole events: replay, restart, changed rules, and what its memory holds.

use super::*;
use crate::rules::RuleFile;
use crate::standing;
use model::{MINUTE, SECOND, Severity};
use serde_json::json;

fn engine(rules: &RuleSet) -> Engine {
    Engine::new(rules, Limits::default(), HashKey([1; 32])).unwrap()
}

fn at(index: u64) -> Position {
    Position { ledger: "activity".into(), generation: 0, index }
}

fn sign_in(success: bool) -> Value {
    json!({ "class_uid": 3002, "activity_id": 1, "status_id": if success { 1 } else { 2 }, "metadata": { "log_name": "login_history" },
        "user": { "uid": "005SECRET", "name": "dana@example.com" }, "actor": { "user": { "uid": "005SECRET", "name": "dana@example.com" } },
        "src_endpoint": { "ip": "203.0.113.24" } })
}

/// Twelve failures of one account a minute apart, then a success.
fn attack() -> Vec<(Micros, Value)> {
    (0..12).map(|i| (i * MINUTE, sign_in(false))).chain([(13 * MINUTE, sign_in(true))]).collect()
}

fn run(engine: &mut Engine, events: &[(Micros, Value)], from: usize) -> Vec<Finding> {
    let (actor, source) = (Some(Uuid::from_u128(7)), Uuid::from_u128(9));
    events.iter().enumerate().skip(from).flat_map(|(i, (time, event))| engine.fold(&at(i as u64), *time, 100 * MINUTE, event, actor, source)).collect()
}

#[test]
fn brute_force_then_success_explains_itself() {
    let rules = RuleSet::embedded().unwrap();
    let findings = run(&mut engine(&rules), &attack(), 0);
    let got: Vec<_> = findings.iter().map(|f| (f.rule.as_str(), f.severity, f.count)).collect();
    assert_eq!(got, [("D01", Severity::Medium, 10), ("D01", Severity::High, 13)]);
    let worse = &findings[1];
    assert_eq!((worse.actor, worse.source, worse.first, worse.last), (Some(Uuid::from_u128(7)), Uuid::from_u128(9), 0, 13 * MINUTE));
    assert_eq!(worse.events.len(), 13);
    let facts = json!(worse.facts);
    assert_eq!(
        facts,
        json!({ "threshold": 10, "observed": 12, "window_secs": 1200, "first": 0, "last": 13 * MINUTE, "success_time": 13 * MINUTE, "within_secs": 3600 })
    );
}

#[test]
fn the_success_may_arrive_before_the_failures() {
    let rules = RuleSet::embedded().unwrap();
    let mut late = attack();
    late.rotate_right(1);
    let findings = run(&mut engine(&rules), &late, 0);
    let standing: Vec<_> = standing(&findings).into_iter().map(|f| (f.severity, f.count)).collect();
    assert_eq!(standing, [(Severity::Medium, 10), (Severity::High, 13)]);
}

#[test]
fn a_restart_anywhere_gives_the_same_bytes() {
    let rules = RuleSet::embedded().unwrap();
    let mut whole = engine(&rules);
    let expect = serde_json::to_vec(&run(&mut whole, &attack(), 0)).unwrap();
    for cut in 0..attack().len() {
        let mut first = engine(&rules);
        let mut findings = run(&mut first, &attack()[..cut], 0);
        let mut second = engine(&rules);
        assert_eq!(second.restore(&first.save().unwrap()), Ok(Restored::default()));
        findings.extend(run(&mut second, &attack(), cut));
        assert_eq!(serde_json::to_vec(&findings).unwrap(), expect, "cut at {cut}");
        assert_eq!(second.save(), whole.save());
    }
}

#[test]
fn a_changed_rule_begins_anew_and_the_others_go_on() {
    let rules = RuleSet::embedded().unwrap();
    let mut old = engine(&rules);
    run(&mut old, &attack()[..5], 0);
    assert_eq!(old.health().iter().map(|h| h.events).sum::<usize>(), 5);
    let text = "title: x\ndescription: x\nlevel: low\nlogsource: {product: crm}\ndetection: {a: {count: 1}, condition: a}\n\
        veritrail: {id: D47, version: '2', runbook: x, streams: [], meaning: x, next: []}\n";
    let changed = RuleSet::load(vec![RuleFile { name: "D47_large_export.yml".into(), text: text.into() }]).unwrap();
    let mut new = engine(&changed);
    assert_eq!(new.restore(&old.save().unwrap()), Ok(Restored { reset: vec!["D47".to_owned()] }));
    assert_eq!(new.health().iter().map(|h| h.events).sum::<usize>(), 5);
    assert_eq!(new.restore(&[9, 1]), Err(StateError::Version(9)));
    assert!(matches!(new.restore(&[1, b'{']), Err(StateError::Damaged(_))));
}

#[test]
fn the_state_holds_no_personal_data_and_tells_addresses_apart() {
    let text = "title: Failures of one address\nname: by_address\ndescription: x\nlevel: low\ncorrelation: {type: event_count, rules: [one], group-by: [src_endpoint.ip], timespan: 10m, condition: {gte: 3}}\n\
        veritrail: {id: X01, version: '1', runbook: x, streams: [], meaning: x, next: []}\n---\n\
        title: One\nname: one\nlogsource: {category: authentication}\ndetection: {a: {status_id: 2}, condition: a}\n";
    let rules = RuleSet::load(vec![RuleFile { name: "X01.yml".into(), text: text.into() }]).unwrap();
    let mut engine = engine(&rules);
    let (here, mut there, mut nowhere) = (sign_in(false), sign_in(false), sign_in(false));
    there["src_endpoint"]["ip"] = json!("198.51.100.7");
    nowhere["src_endpoint"] = Value::Null;
    let events: Vec<_> =
        [&here, &there, &nowhere, &nowhere, &nowhere, &here, &there].iter().enumerate().map(|(i, e)| (i as i64 * SECOND, (*e).clone())).collect();
    assert_eq!(run(&mut engine, &events, 0).len(), 0);
    assert!(engine.health().iter().any(|h| h.rule == "X01/by_address" && h.ungrouped == 3 && h.events == 4));
    let state = String::from_utf8(engine.save().unwrap()).unwrap();
    for personal in ["203.0.113.24", "198.51.100.7", "dana", "005SECRET"] {
        assert!(!state.contains(personal), "{personal} is in the state");
    }
}

#[test]
fn rules_for_other_log_sources_are_not_asked() {
    let text = "title: Elsewhere\ndescription: x\nlevel: low\nlogsource: {product: windows, category: authentication}\ndetection: {a: {status_id: 2}, condition: a}\n\
        veritrail: {id: X02, version: '1', runbook: x, streams: [], meaning: x, next: []}\n";
    let elsewhere = RuleSet::from_files([RuleFile { name: "X02.yml".into(), text: text.into() }]).unwrap();
    let here = RuleSet::from_files([RuleFile { name: "X02.yml".into(), text: text.replace("product: windows", "product: crm") }]).unwrap();
    assert_eq!(run(&mut engine(&elsewhere), &attack(), 0).len(), 0);
    assert_eq!(run(&mut engine(&here), &attack(), 0).len(), 12);
}

#[test]
fn too_late_is_counted_per_source() {
    let rules = RuleSet::embedded().unwrap();
    let mut engine = engine(&rules);
    let source = Uuid::from_u128(9);
    engine.set_lateness(source, MINUTE);
    engine.tick(source, 50 * MINUTE, 50 * MINUTE);
    run(&mut engine, &attack(), 0);
    assert_eq!(engine.too_late(), BTreeMap::from([(source, 13)]));
}
