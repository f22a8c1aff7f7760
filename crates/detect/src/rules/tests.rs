//! The shipped rules against their own tests, and what a bad file is told.

use super::*;
use crate::prove;

fn check_error(text: &str, expect: &str) {
    let error = RuleSet::from_files([RuleFile { name: "x.yml".to_owned(), text: text.to_owned() }]).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.contains(expect), "expected '{expect}', got '{error}'");
}

fn shipped(name: &str) -> String {
    String::from_utf8(Shipped::get(name).unwrap().data.into_owned()).unwrap()
}

#[test]
fn every_shipped_rule_matches_what_it_must_and_nothing_else() {
    let rules = RuleSet::embedded().unwrap();
    let proved = prove(&rules).unwrap();
    eprintln!("{} rules: {} tests must match, {} must not, {} failed", proved.rules, proved.matching, proved.quiet, proved.failures.len());
    assert_eq!(proved.failures, Vec::<String>::new());
    assert_eq!(rules.list().iter().map(|r| (r.id.as_str(), r.kind.as_str())).collect::<Vec<_>>(), [("D01", "sequence"), ("D47", "single")]);
    assert!(proved.matching >= rules.list().len() && proved.quiet >= rules.list().len());
    for info in rules.list() {
        assert!(info.tags.iter().any(|t| t.starts_with("attack.t")), "{} has no technique", info.id);
        assert!(!info.falsepositives.is_empty() && !info.runbook.is_empty() && !info.streams.is_empty() && !info.next.is_empty(), "{}", info.id);
    }
}

#[test]
fn a_rule_without_both_kinds_of_tests_is_refused() {
    let text = shipped("D47_large_export.yml").replace("    no_match:", "    ignored:");
    check_error(&text, "unknown field `ignored`");
    let (before, after) = shipped("D47_large_export.yml").split_once("    no_match:").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let text = format!("{before}{}", after.split_once("---").map(|(_, rest)| format!("---{rest}")).unwrap());
    let rules = RuleSet::from_files([RuleFile { name: "x.yml".to_owned(), text }]).unwrap();
    assert_eq!(prove(&rules).unwrap().failures, ["D47: it has no test under veritrail.tests.no_match; a rule needs both kinds"]);
}

#[test]
fn a_rule_that_misses_its_own_events_fails_its_tests() {
    let text = shipped("D47_large_export.yml").replace("count|gte: 10000\n", "count|gte: 10001\n");
    let rules = RuleSet::from_files([RuleFile { name: "x.yml".to_owned(), text }]).unwrap();
    assert_eq!(prove(&rules).unwrap().failures, ["D47, test 'ten thousand rows': must match and did not"]);
}

#[test]
fn an_error_names_file_line_and_rule() {
    check_error("title: [", "rule file x.yml, line");
    check_error("", "the file holds no rule");
    let brute = shipped("D01_brute_force.yml");
    let line = |needle: &str| brute.lines().position(|l| l.contains(needle)).unwrap() + 1;
    check_error(&brute.replace("type: event_count", "type: value_avg"), "rule file x.yml, line");
    check_error(
        &brute.replace("rules: [failed_sign_in]", "rules: [nobody]"),
        &format!("line {}, rule failures_in_a_row: there is no single-event rule 'nobody'", line("rules: [failed_sign_in]")),
    );
    check_error(&brute.replace("gte: 10", "lt: 10"), &format!("line {}, rule failures_in_a_row: event_count takes one lower bound", line("  condition:")));
    check_error(&brute.replace("level: medium\nstatus", "level: grave\nstatus"), "level 'grave' is unknown");
    check_error(&brute.replace("    status_id: 1\n  condition: logon", "    status_id: 1\n  condition: logon and"), "rule sign_in");
}

#[test]
fn a_file_of_the_same_name_replaces_the_shipped_one() {
    let text = shipped("D47_large_export.yml").replace("version: \"1\"", "version: \"1-house\"");
    let rules = RuleSet::load(vec![RuleFile { name: "D47_large_export.yml".to_owned(), text: text.clone() }]).unwrap();
    assert_eq!((rules.list().len(), rules.info("D47").unwrap().version.as_str()), (2, "1-house"));
    let twice = RuleSet::load(vec![RuleFile { name: "other.yml".to_owned(), text }]);
    assert!(twice.unwrap_err().to_string().contains("ids are unique"));
}
