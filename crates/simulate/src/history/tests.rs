use super::*;
use crate::acts::{ACTS_PER_INTEGRATION_DAY, ACTS_PER_SHIFT};
use crate::shifts::{at_work, shift_on};
use jiff::civil::date;
use std::collections::HashMap;

fn simulation(seed: u64) -> Simulation {
    Simulation::new(seed, date(2026, 3, 2), 14).unwrap()
}

/// How often each id occurs in the event files, the LoginHistory view left out.
fn ids(files: &[File]) -> HashMap<String, usize> {
    let mut seen = HashMap::new();
    for file in files {
        // One export is in Report and in ReportExport; LoginHistory and SetupAuditTrail have ids of their own.
        if crate::salesforce::EVENT_TYPES.iter().any(|t| *t != "Report" && file.path.ends_with(&format!("_{t}.csv"))) {
            let mut reader = csv::Reader::from_reader(file.bytes.as_slice());
            for row in reader.records() {
                *seen.entry(row.unwrap()[2].to_owned()).or_default() += 1;
            }
        } else if file.path.starts_with("desk/") {
            for line in std::str::from_utf8(&file.bytes).unwrap().lines() {
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                *seen.entry(value["id"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
    }
    seen
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert_eq!(simulation(5).history().unwrap(), simulation(5).history().unwrap());
    assert_eq!(simulation(5).answers_json().unwrap(), simulation(5).answers_json().unwrap());
    assert_ne!(simulation(5).history().unwrap(), simulation(6).history().unwrap());
}

#[test]
fn every_attack_is_in_the_files_exactly_once() {
    for seed in 0..3 {
        let simulation = simulation(seed);
        let seen = ids(&simulation.history().unwrap());
        assert!(seen.values().all(|count| *count == 1));
        let answers: Vec<Answer> = serde_json::from_slice(&simulation.answers_json().unwrap()).unwrap();
        assert_eq!(answers.iter().map(|a| a.attack.as_str()).collect::<Vec<_>>(), NAMES);
        assert_eq!(answers.iter().map(|a| a.record_ids.len()).sum::<usize>(), simulation.attacks.len());
        assert!(answers.iter().flat_map(|a| &a.record_ids).all(|id| seen.get(id) == Some(&1)));
    }
}

#[test]
fn volume_and_hours_are_as_stated() {
    let simulation = simulation(2);
    for day in simulation.dates().unwrap() {
        let acts: Vec<Act> = simulation.day(day).unwrap().into_iter().filter(|act| act.attack.is_none()).collect();
        for program in &simulation.company.integrations {
            assert_eq!(acts.iter().filter(|act| act.account == program.account).count(), ACTS_PER_INTEGRATION_DAY);
        }
        for person in &simulation.company.people {
            let own: Vec<&Act> = acts.iter().filter(|act| act.account == person.account).collect();
            assert!(own.iter().all(|act| at_work(person, act.time).unwrap()), "{} on {day}", person.name);
            let works = shift_on(person, day).unwrap().is_some();
            assert!(if works { ACTS_PER_SHIFT.contains(&own.len()) } else { own.is_empty() }, "{} acts on {day}", own.len());
        }
    }
}

#[test]
fn every_csv_parses_and_logins_are_in_both_views() {
    let files = simulation(4).history().unwrap();
    let rows = |path: &str| {
        let file = files.iter().find(|file| file.path == path).unwrap();
        csv::Reader::from_reader(file.bytes.as_slice()).records().map(Result::unwrap).count()
    };
    for file in files.iter().filter(|file| file.path.ends_with(".csv")) {
        rows(&file.path);
    }
    assert!(rows("salesforce/2026-03-03_Login.csv") > 200);
    assert_eq!(rows("salesforce/2026-03-03_Login.csv"), rows("salesforce/2026-03-03_LoginHistory.csv"));
}

#[test]
fn too_few_days_are_refused() {
    assert!(matches!(Simulation::new(1, date(2026, 3, 2), 13), Err(Error::TooShort { days: 13, .. })));
}

#[test]
fn thirty_days_are_enough_to_look_at_and_end_when_told() {
    let until = date(2026, 3, 31).at(11, 0, 0, 0).in_tz("UTC").unwrap().timestamp().as_microsecond();
    let simulation = Simulation::new(1, date(2026, 3, 2), 30).unwrap().ending(until);
    let records: usize = simulation.history().unwrap()[1..].iter().map(|f| f.bytes.iter().filter(|b| **b == b'\n').count()).sum();
    assert!((100_000..200_000).contains(&records), "{records}");
    assert!(simulation.day(date(2026, 3, 31)).unwrap().iter().all(|act| act.time < until));
}
