//! Every event of every connector keeps to the attributes of its OCSF class (1.5.0; the table is `model::ocsf`).

use crate::{Connector, Context, FileHint, Reach, Settings, creme::Creme, generic::Generic, input::Item, salesforce::Salesforce};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Events per class of everything in a file; refused records are not this test's business.
fn check(connector: &dyn Connector, mapping: Option<&str>, name: &str, bytes: &[u8], seen: &mut BTreeMap<&'static str, usize>) {
    let settings = Settings::new(mapping.map(|m| ("mapping".to_owned(), Value::from(m))).into_iter().collect(), Reach::default());
    let context = Context { source: Uuid::nil(), received: 1, settings: settings.clone() };
    let hint = FileHint { name: name.to_owned(), ..FileHint::default() };
    let mut state = Value::Null;
    for item in connector.split(&settings, &hint, Box::new(bytes)).unwrap() {
        let Item::Record { stream, record } = item.unwrap() else { continue };
        for event in connector.normalise(&context, &stream, &mut state, &record).unwrap_or_default() {
            let faults = model::ocsf::faults(&event.to_ocsf());
            assert!(faults.is_empty(), "{name}: {}: {faults:?}", record.origin);
            *seen.entry(event.class.name()).or_default() += 1;
        }
    }
}

#[test]
fn the_simulated_company() {
    let start = jiff::civil::date(2026, 3, 2);
    let simulation = simulate::Simulation::new(1, start, 14).unwrap();
    let mut seen = BTreeMap::new();
    for file in simulation.history().unwrap() {
        if file.path.contains("2026-03-04") {
            let (connector, mapping): (&dyn Connector, _) = if file.path.starts_with("desk") { (&Generic, Some("desk")) } else { (&Salesforce, None) };
            check(connector, mapping, &file.path, &file.bytes, &mut seen);
        }
    }
    let midnight = start.at(0, 0, 0, 0).in_tz("UTC").unwrap().timestamp().as_microsecond();
    let acts = simulate::Live::new(&simulation.company, 1, midnight, 5.0).due(midnight + 600 * model::SECOND, usize::MAX).unwrap();
    let before: usize = seen.values().sum();
    check(&Salesforce, None, "live.ndjson", &simulate::real_time::ndjson(&acts).unwrap(), &mut seen);
    assert!(seen.values().sum::<usize>() > before + 1_000);
    println!("{seen:?}");
    assert!(
        ["account_change", "api_activity", "authentication", "user_access", "web_resources_activity"].iter().all(|class| seen.contains_key(class)),
        "{seen:?}"
    );
}

/// Nothing of the simulated company is refused: the desk's mapping and the Salesforce connector read all it writes.
#[test]
fn nothing_of_the_simulated_company_is_refused() {
    let simulation = simulate::Simulation::new(1, jiff::civil::date(2026, 3, 2), 14).unwrap();
    // Four days: the attack on the fourth is among them, and a month would take half a minute unoptimised.
    let early = |path: &str| ["-02", "-03", "-04", "-05"].iter().any(|day| path.contains(&format!("/2026-03{day}")));
    for file in simulation.history().unwrap().into_iter().filter(|file| early(&file.path)) {
        let (connector, mapping): (&dyn Connector, _) = match file.path.split('/').next() {
            Some("desk") => (&Generic, Some("desk")),
            Some("salesforce") => (&Salesforce, None),
            _ => continue,
        };
        let mut events = BTreeMap::new();
        let records = file.bytes.iter().filter(|byte| **byte == b'\n').count() - usize::from(file.path.ends_with(".csv"));
        check(connector, mapping, &file.path, &file.bytes, &mut events);
        assert_eq!(events.values().sum::<usize>(), records, "{}", file.path);
    }
}

#[test]
fn one_record_of_every_class() {
    let mut seen = BTreeMap::new();
    for class in model::Class::ALL {
        let record = json!({ "time": "2026-03-04T10:00:00Z", "action": format!("{}/other", class.name()), "actor": "a", "ip": "192.0.2.1", "user_agent": "x",
            "session": "s", "object_type": "thing", "object_id": "1", "object_label": "One", "rows": 3, "bytes": 4,
            "changes": [{"field": "f", "old": 1, "new": 2}] });
        check(&Generic, None, "full.ndjson", record.to_string().as_bytes(), &mut seen);
        let bare = json!({ "time": "2026-03-04T10:00:00Z", "action": format!("{}/other", class.name()) });
        check(&Generic, None, "bare.ndjson", bare.to_string().as_bytes(), &mut seen);
    }
    assert!(seen.len() == model::Class::ALL.len() && seen.values().all(|count| *count == 2), "{seen:?}");
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Over records kept outside the repository; passes where they are absent.
#[test]
fn the_sample_records() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    if !folder.is_dir() {
        println!("no sample records here: nothing compared");
        return;
    }
    for (connector, name) in [(&Salesforce as &dyn Connector, "salesforce"), (&Creme, "creme")] {
        let (mut found, mut seen) = (Vec::new(), BTreeMap::new());
        files(&folder.join(name), &mut found);
        for path in found {
            check(connector, None, &path.file_name().unwrap().to_string_lossy(), &std::fs::read(&path).unwrap(), &mut seen);
        }
        println!("{name}: {seen:?}");
        assert!(!seen.is_empty());
    }
}
