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
        if file.path.starts_with("EventLogFile/") {
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
    assert!(rows("EventLogFile/2026-03-03/Login.csv") > 200);
    assert_eq!(rows("EventLogFile/2026-03-03/Login.csv"), rows("LoginHistory/2026-03-03.csv"));
}

#[test]
fn live_gives_what_the_days_hold_once_and_in_order() {
    let simulation = simulation(9);
    let from = date(2026, 3, 3).at(0, 0, 0, 0).in_tz("UTC").unwrap().timestamp().as_microsecond();
    let mut live = simulation.live(from).unwrap();
    let mut given = Vec::new();
    for hour in 1..=48 {
        let until = from + hour * model::HOUR;
        let due = live.due(until).unwrap();
        assert!(due.iter().all(|act| act.time < until));
        given.extend(due);
    }
    let mut expect = simulation.day(date(2026, 3, 3)).unwrap();
    expect.extend(simulation.day(date(2026, 3, 4)).unwrap());
    assert_eq!(given, expect);
}

#[test]
fn too_few_days_are_refused() {
    assert!(matches!(Simulation::new(1, date(2026, 3, 2), 13), Err(Error::TooShort { days: 13, .. })));
}
