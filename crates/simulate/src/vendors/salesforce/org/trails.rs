//! LoginHistory, SetupAuditTrail and AccountHistory.

use crate::vendors::salesforce::events::{LOGIN_AS, target};
use crate::vendors::salesforce::record::{Record, Value};
use crate::vendors::salesforce::schema::Object;
use crate::vendors::salesforce::{ids, schema};
use crate::{Act, Kind};
use model::{Micros, SECOND};
use rand::Rng;
use rand::rngs::StdRng;
use std::collections::HashMap;

type Tables = HashMap<&'static str, Vec<Record>>;

/// These objects write whole seconds (Object Reference, examples of LoginTime and CreatedDate).
fn second(time: Micros) -> Micros {
    time.div_euclid(SECOND) * SECOND
}

/// When a record can be read: within two seconds as a rule, and sometimes only after a minute and a half, behind younger ones.
fn readable(time: Micros, rng: &mut StdRng) -> Micros {
    time + if rng.gen_bool(0.05) { rng.gen_range(20..90) * SECOND } else { 2 * SECOND }
}

/// What the record tells the time of.
pub fn happened(object: &Object, record: &Record) -> Micros {
    let field = ["LoginTime", "SystemModstamp", "CreatedDate"].into_iter().find_map(|name| object.place(name));
    match field.and_then(|place| record.values.get(place)) {
        Some(Value::Time(time)) => *time,
        _ => record.from,
    }
}

pub fn fill(tables: &mut Tables, acts: &[Act], rng: &mut StdRng) {
    for act in acts {
        match &act.kind {
            Kind::Login { success } => push(tables, "LoginHistory", "0Ya", |object, id| login(object, id, act, *success, rng)),
            Kind::Setup { action, display, section } => {
                push(tables, "SetupAuditTrail", "0Ym", |object, id| setup(object, id, act, (action, display, section), "", rng));
                // What is then done as the other user names the administrator in DelegateUser.
                if *action == LOGIN_AS
                    && let Some(other) = target(display)
                {
                    let as_other = Act { account: ids::long(other), time: act.time + 40 * SECOND, ..act.clone() };
                    let done = ("loginasgrantedtousers", "Granted login access to administrators", "");
                    push(tables, "SetupAuditTrail", "0Ym", |object, id| setup(object, id, &as_other, done, &act.email, rng));
                }
            }
            Kind::Uri { record } if rng.gen_bool(0.3) => account_change(tables, act, record, rng),
            _ => {}
        }
    }
}

fn push(tables: &mut Tables, name: &'static str, prefix: &str, make: impl FnOnce(&Object, String) -> Record) {
    let Some(object) = schema::Object::named(name) else { return };
    let table = tables.entry(name).or_default();
    let id = ids::nth(prefix, table.len() + 1);
    table.push(make(object, id));
}

fn login(object: &Object, id: String, act: &Act, success: bool, rng: &mut StdRng) -> Record {
    let program = act.email.contains("@integration.");
    let time = second(act.time);
    Record::new(
        object,
        id,
        readable(time, rng),
        vec![
            ("UserId", ids::long(ids::short(&act.account)).into()),
            ("LoginTime", Value::Time(time)),
            ("LoginType", if program { "Remote Access 2.0" } else { "Application" }.into()),
            ("LoginUrl", "company.my.salesforce.com".into()),
            ("TlsProtocol", "TLS 1.3".into()),
            ("CipherSuite", "TLS_AES_256_GCM_SHA384".into()),
            ("SourceIp", act.address.to_string().into()),
            ("Browser", if program { "Unknown" } else { "Firefox 50" }.into()),
            ("Platform", if program { "Unknown" } else { "Windows 10" }.into()),
            ("Status", if success { "Success" } else { "Invalid Password" }.into()),
            ("Application", if program { "Invoice Sync" } else { "Browser" }.into()),
            ("ClientVersion", "N/A".into()),
            ("ApiType", "N/A".into()),
            ("ApiVersion", "N/A".into()),
        ],
    )
}

fn setup(object: &Object, id: String, act: &Act, (action, display, section): (&str, &str, &str), delegate: &str, rng: &mut StdRng) -> Record {
    let time = second(act.time);
    let or_null = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
    let named = vec![
        ("Action", action.into()),
        ("Section", or_null(section)),
        ("CreatedDate", Value::Time(time)),
        ("CreatedById", ids::long(ids::short(&act.account)).into()),
        ("Display", display.into()),
        ("DelegateUser", or_null(delegate)),
    ];
    Record::new(object, id, readable(time, rng), named)
}

/// A change of one field; of a lookup field there are two rows, with the names and with the ids ("StandardObjectNameHistory", DataType).
fn account_change(tables: &mut Tables, act: &Act, account: &str, rng: &mut StdRng) {
    let changes: Vec<(&str, &str, Value, Value)> = match rng.gen_range(0..4) {
        0 => vec![("Phone", "Phone", Value::Null, format!("+49 30 {:06}", rng.gen_range(0..1_000_000)).into())],
        1 => vec![("Rating", "Picklist", "Cold".into(), "Hot".into())],
        2 => vec![("Name", "Text", "Example \"Süd\" GmbH".into(), "Example, Süd & Söhne GmbH".into())],
        _ => {
            let (old, new) = (ids::nth("005", 1), ids::long(ids::short(&act.account)));
            vec![("Owner", "Text", "Ada Ahlberg".into(), "Hugo Dorn".into()), ("Owner", "EntityId", old.into(), new.into())]
        }
    };
    let time = second(act.time);
    let from = readable(time, rng);
    for (field, data_type, old, new) in changes {
        push(tables, "AccountHistory", "017", |object, id| {
            let named = vec![
                ("IsDeleted", false.into()),
                ("AccountId", ids::long(ids::short(account)).into()),
                ("CreatedById", ids::long(ids::short(&act.account)).into()),
                ("CreatedDate", Value::Time(time)),
                ("Field", field.into()),
                ("DataType", data_type.into()),
                ("OldValue", old),
                ("NewValue", new),
            ];
            Record::new(object, id, from, named)
        });
    }
}
