//! The attributes of the OCSF classes used, and whether an event keeps to them.
//!
//! Source: OCSF schema 1.5.0 (schema.ocsf.io), the class files of the categories IAM and Application Activity and the base event, names and
//! requirements retyped. `actor` comes by the profile `host`, which every class used here takes.

use crate::Class;
use serde_json::{Map, Value, json};

/// Required of every event.
pub const REQUIRED: [&str; 7] = ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"];

/// Optional for every event.
const OPTIONAL: [&str; 17] = [
    "activity_name",
    "actor",
    "category_name",
    "class_name",
    "count",
    "duration",
    "end_time",
    "enrichments",
    "message",
    "observables",
    "raw_data",
    "severity",
    "start_time",
    "status",
    "status_detail",
    "status_id",
    "timezone_offset",
];

/// What one class has besides.
struct Own {
    required: &'static [&'static str],
    optional: &'static [&'static str],
    /// At least one of these must be there.
    one_of: &'static [&'static str],
}

fn own(class: Class) -> Own {
    let (required, optional, one_of): (&[&str], &[&str], &[&str]) = match class {
        Class::Base => (&[], &[], &[]),
        Class::AccountChange => (&["user"], &["http_request", "src_endpoint", "policy", "user_result", "auth_factors"], &[]),
        Class::Authentication => (
            &["user"],
            &["http_request", "src_endpoint", "dst_endpoint", "service", "session", "auth_protocol_id", "logon_type", "logon_type_id", "is_mfa", "is_remote"],
            &["service", "dst_endpoint"],
        ),
        Class::EntityManagement => (&["entity"], &["http_request", "src_endpoint", "comment", "entity_result"], &[]),
        Class::UserAccess => (&["user"], &["http_request", "src_endpoint", "privileges", "resource", "resources"], &[]),
        Class::GroupManagement => (&["group"], &["http_request", "src_endpoint", "privileges", "resource", "user", "subgroup"], &[]),
        Class::WebResources => (&["web_resources"], &["http_request", "http_response", "src_endpoint", "dst_endpoint", "tls", "web_resources_result"], &[]),
        Class::ApplicationLifecycle => (&["app"], &[], &[]),
        Class::Api => (&["actor", "api", "src_endpoint"], &["dst_endpoint", "http_request", "http_response", "resources"], &[]),
        Class::Datastore => (
            &["actor", "src_endpoint"],
            &["database", "databucket", "table", "dst_endpoint", "http_request", "http_response", "query_info", "type", "type_id"],
            &["database", "databucket", "table"],
        ),
    };
    Own { required, optional, one_of }
}

/// Whether an event of this class may have this attribute.
pub fn has(class: Class, attribute: &str) -> bool {
    let own = own(class);
    attribute == "unmapped" || [&REQUIRED[..], &OPTIONAL, own.required, own.optional].iter().any(|names| names.contains(&attribute))
}

/// Makes an event keep to its class: what the class has no attribute for moves to `unmapped`, and what it requires but the source does not
/// say is filled in as unknown, as OCSF asks. An unknown user or endpoint gets no name, so that no rule takes two unknowns for one.
pub(crate) fn fit(class: Class, product: &str, event_code: &str, members: &mut Map<String, Value>) {
    let foreign: Vec<String> = members.keys().filter(|name| !has(class, name)).cloned().collect();
    for name in foreign {
        let value = members.remove(&name).unwrap_or_default();
        if let Value::Object(unmapped) = members.entry("unmapped").or_insert_with(|| json!({})) {
            unmapped.insert(name, value);
        }
    }
    let own = own(class);
    let unknown = || json!({ "type": "Unknown", "type_id": 0 });
    for name in own.required {
        if missing(members, name) {
            let value = match *name {
                "user" | "src_endpoint" => unknown(),
                "actor" => json!({ "user": unknown() }),
                "api" => json!({ "operation": event_code }),
                "web_resources" => json!([{ "type": "Unknown" }]),
                _ => json!({ "name": "Unknown" }),
            };
            members.insert((*name).to_owned(), value);
        }
    }
    // The service signed in to, or the database asked, is the product itself.
    if let Some(name) = own.one_of.first()
        && own.one_of.iter().all(|name| missing(members, name))
    {
        members.insert((*name).to_owned(), json!({ "name": product }));
    }
}

/// What of this event is not as its class asks: unknown attributes, missing ones, ids that do not fit together.
pub fn faults(event: &Value) -> Vec<String> {
    let Some(members) = event.as_object() else { return vec!["the event is no object".to_owned()] };
    let uid = event["class_uid"].as_u64().and_then(|uid| u32::try_from(uid).ok()).unwrap_or(u32::MAX);
    let class = match Class::try_from(uid) {
        Ok(class) => class,
        Err(why) => return vec![why],
    };
    let own = own(class);
    let mut faults: Vec<String> = REQUIRED.iter().chain(own.required).filter(|name| missing(members, name)).map(|name| format!("{name} is missing")).collect();
    faults.extend(members.keys().filter(|name| !has(class, name)).map(|name| format!("{name} is no attribute of {}", class.name())));
    if !own.one_of.is_empty() && own.one_of.iter().all(|name| missing(members, name)) {
        faults.push(format!("one of {} is needed", own.one_of.join(", ")));
    }
    let activity = event["activity_id"].as_u64().unwrap_or(u64::MAX);
    if !matches!(activity, 0 | 99) && !class.activities().iter().any(|(id, _)| u64::from(*id) == activity) {
        faults.push(format!("activity_id {activity} is none of {}", class.name()));
    }
    if event["type_uid"].as_u64() != Some(u64::from(uid) * 100 + activity) || event["category_uid"].as_u64() != Some(u64::from(class.category_uid())) {
        faults.push("type_uid or category_uid does not follow from class and activity".to_owned());
    }
    if !event["time"].is_i64() || event["metadata"]["version"] != crate::class::OCSF_VERSION || event["metadata"]["product"].is_null() {
        faults.push("time, metadata.version or metadata.product is not as required".to_owned());
    }
    faults
}

fn missing(members: &Map<String, Value>, name: &str) -> bool {
    members.get(name).is_none_or(|value| value.is_null() || value.as_array().is_some_and(Vec::is_empty))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activity, Event, EventTime};
    use uuid::Uuid;

    #[test]
    fn an_event_that_says_nothing_keeps_to_every_class() {
        for class in Class::ALL {
            let event = Event::new(Uuid::nil(), "s", "generic/1", "thing", *class, Activity::OTHER, EventTime::utc(1)).to_ocsf();
            assert_eq!(faults(&event), Vec::<String>::new(), "{event}");
        }
    }

    #[test]
    fn faults_are_found() {
        let mut event = Event::new(Uuid::nil(), "s", "generic/1", "thing", Class::Authentication, Activity(1), EventTime::utc(1)).to_ocsf();
        event["colour"] = "red".into();
        event["user"] = Value::Null;
        event["service"] = Value::Null;
        event["activity_id"] = 77.into();
        event["time"] = "noon".into();
        let faults = faults(&event).join("; ");
        for word in ["user is missing", "colour is no attribute", "one of service", "activity_id 77", "type_uid", "time, metadata"] {
            assert!(faults.contains(word), "{faults}");
        }
    }
}
