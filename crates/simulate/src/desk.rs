//! The second CRM: a service desk of our own invention that writes one JSON object per line.

use crate::{Act, Error, Kind};
use jiff::Timestamp;
use serde_json::json;

const STATES: [&str; 3] = ["waiting for customer", "solved", "escalated"];

/// The day's tickets seen and changed as NDJSON; acts in Salesforce are passed over.
pub fn ndjson(acts: &[Act]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for act in acts {
        let (ticket, action) = match &act.kind {
            Kind::DeskView { ticket } => (ticket, "view"),
            Kind::DeskUpdate { ticket } => (ticket, "update"),
            _ => continue,
        };
        let time = Timestamp::from_microsecond(act.time)?.to_string();
        let mut line =
            json!({"id": act.id, "time": time, "user": act.email, "action": action, "object": "ticket", "object_id": format!("T-{ticket}"), "ip": act.address});
        if action == "update" {
            line["changes"] = json!([{"field": "status", "old": "open", "new": STATES[*ticket as usize % STATES.len()]}]);
        }
        serde_json::to_writer(&mut out, &line)?;
        out.push(b'\n');
    }
    Ok(out)
}
