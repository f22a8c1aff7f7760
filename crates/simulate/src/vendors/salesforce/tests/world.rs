use super::super::World;
use super::super::org::Org;
use super::super::record::Value;
use super::super::schema::Object;
use super::client::world;
use jiff::civil::date;
use std::collections::{BTreeMap, BTreeSet};

fn org(world: &World) -> Org {
    Org::new(world, "veritrail@company.example").unwrap()
}

#[test]
fn the_seed_decides() {
    let bytes = |org: &Org| org.files.iter().map(|file| (file.id.clone(), file.csv(&org.events).unwrap())).collect::<Vec<_>>();
    let (a, b) = (org(&world()), org(&world()));
    assert_eq!(a.emitted, b.emitted);
    assert_eq!(bytes(&a), bytes(&b));
    assert_ne!(a.emitted, org(&World { seed: 8, ..world() }).emitted);
}

#[test]
fn the_answer_list_names_each_record_once() {
    let org = org(&world());
    let mut keys = BTreeSet::new();
    for record in &org.emitted {
        assert!(keys.insert((record.stream.clone(), record.id.clone(), record.occurrence)), "{record:?}");
        assert_eq!(record.stream.starts_with("EventLogFile/"), !record.files.is_empty(), "{record:?}");
    }
    let streams: BTreeSet<&str> = org.emitted.iter().map(|record| record.stream.as_str()).collect();
    for stream in ["LoginHistory", "SetupAuditTrail", "AccountHistory", "User", "EventLogFile/LoginAs", "EventLogFile/BulkApi2"] {
        assert!(streams.contains(stream), "{stream}");
    }
}

#[test]
fn rows_fill_the_columns_of_their_type() {
    let org = org(&world());
    assert_eq!(org.events.iter().find_map(|event| event.stray().map(|column| (event.event_type, column))), None);
    // Two rows of one transaction are two events: they differ.
    let mut rows: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    for event in &org.events {
        let row = format!("{}{}{}", event.cell("TIMESTAMP"), event.cell("REPORT_ID"), event.cell("JOB_STATUS"));
        assert!(rows.entry((event.event_type, &event.request_id)).or_default().insert(row));
    }
}

#[test]
fn people_days_and_kinds_of_files_are_as_asked() {
    let users = |people| {
        let org = org(&World { people, ..world() });
        let users = org.records(Object::named("User").unwrap());
        users.iter().map(|user| user.id.clone()).collect::<BTreeSet<_>>().len()
    };
    // Two programs and the app's own user are users too.
    assert_eq!((users(2), users(12), users(999)), (5, 15, 203));
    let weekend = org(&World { start: date(2026, 3, 7), days: 1, ..world() });
    assert!(weekend.events.iter().all(|event| event.event_type != "LightningPageView"));
    let daily = org(&World { hourly: false, ..world() });
    assert!(daily.files.iter().all(|file| !file.hourly && file.sequence == 0));
    let punctual = org(&World { late: false, ..world() });
    assert!(punctual.files.iter().all(|file| file.sequence <= 1));
    let rows: usize = punctual.files.iter().filter(|file| file.hourly).map(|file| file.rows.len()).sum();
    assert_eq!(rows, punctual.events.len());
}

#[test]
fn what_the_trail_says_was_changed_is_changed() {
    let org = org(&World { days: 12, ..world() });
    let object = Object::named("User").unwrap();
    let (profile, stamp) = (object.place("ProfileId").unwrap(), object.place("SystemModstamp").unwrap());
    let users = org.records(object);
    let after = users.iter().find(|user| users.iter().any(|before| before.id == user.id && before.until == user.from)).unwrap();
    let before = users.iter().find(|before| before.id == after.id && before.until == after.from).unwrap();
    assert_ne!(before.values[profile], after.values[profile]);
    assert_eq!(after.values[stamp], Value::Time(after.from));
    assert!(before.visible(after.from - 1) && !before.visible(after.from) && after.visible(after.from));
    let trail = Object::named("SetupAuditTrail").unwrap();
    let delegate = trail.place("DelegateUser").unwrap();
    assert!(org.records(trail).iter().any(|record| record.values[delegate] != Value::Null));
}

#[test]
fn some_records_are_readable_after_younger_ones() {
    let org = org(&World { days: 12, ..world() });
    let object = Object::named("LoginHistory").unwrap();
    let time = object.place("LoginTime").unwrap();
    let mut records: Vec<_> = org.records(object).iter().collect();
    records.sort_by_key(|record| record.from);
    let times: Vec<i64> = records.iter().map(|record| if let Value::Time(time) = record.values[time] { time } else { panic!("no time") }).collect();
    assert!(times.windows(2).any(|pair| pair[0] > pair[1]));
}
