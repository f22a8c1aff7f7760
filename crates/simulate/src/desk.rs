//! The second CRM: a service desk of our own invention that writes one JSON object per line.

use crate::{Act, Error, Kind};
use jiff::Timestamp;
use serde_json::json;

/// The day's ticket views as NDJSON; acts in Salesforce are passed over.
pub fn ndjson(acts: &[Act]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for act in acts {
        let Kind::DeskView { ticket } = &act.kind else { continue };
        let time = Timestamp::from_microsecond(act.time)?.to_string();
        let line =
            json!({"id": act.id, "time": time, "user": act.email, "action": "view", "object": "ticket", "object_id": format!("T-{ticket}"), "ip": act.address});
        serde_json::to_writer(&mut out, &line)?;
        out.push(b'\n');
    }
    Ok(out)
}
