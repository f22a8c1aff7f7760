//! Records as a program posts them, in the names of the plain mapping (docs/connectors/generic.md).

use serde_json::{Value, json};

/// One act of `actor`, some seconds before now.
pub fn act(id: &str, actor: &str, action: &str, seconds_ago: i64) -> Value {
    let time = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds_ago);
    json!({ "id": id, "time": time.to_string(), "action": action, "actor": actor, "actor_kind": "human", "object_type": "contact",
        "object_id": id, "object_label": format!("Contact {id}"), "address": "203.0.113.9" })
}

pub fn ndjson(records: &[Value]) -> String {
    records.iter().map(|r| format!("{r}\n")).collect()
}
