//! Salesforce's real-time events, as a subscriber receives them: one JSON object per line, in its channel's envelope.
//!
//! Field names: Salesforce Platform Events Developer Guide, Real-Time Event Monitoring Objects (LoginEventStream, LogoutEventStream,
//! ReportEventStream, LightningUriEventStream, ApiEventStream). A subset of the fields is written.

use crate::{Act, Error, Kind};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The acts that happened in Salesforce as NDJSON; others are passed over.
pub fn ndjson(acts: &[Act]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for act in acts {
        let Some((channel, own)) = own_fields(&act.kind) else { continue };
        let time = Timestamp::from_microsecond(act.time)?.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        let mut payload = json!({
            "EventDate": time,
            "EventIdentifier": act.id,
            "UserId": act.account,
            "Username": act.email,
            "SourceIp": act.address,
            "LoginKey": format!("LK{}", &act.account[9..15]),
        });
        if let (Value::Object(payload), Value::Object(own)) = (&mut payload, own) {
            payload.extend(own);
        }
        serde_json::to_writer(&mut out, &json!({ "channel": format!("/event/{channel}"), "data": { "payload": payload } }))?;
        out.push(b'\n');
    }
    Ok(out)
}

fn own_fields(kind: &Kind) -> Option<(&'static str, Value)> {
    Some(match kind {
        Kind::Login { success } => {
            let status = if *success { "Success" } else { "Invalid Password" };
            (
                "LoginEventStream",
                json!({ "Status": status, "LoginType": "Application", "Application": "Browser", "Browser": "Chrome 142", "Platform": "Windows 11" }),
            )
        }
        Kind::Logout => ("LogoutEventStream", json!({})),
        Kind::ReportExport { report, rows } => {
            let own = json!({ "Operation": "ReportExported", "ReportId": report, "Name": format!("Report {}", &report[10..15]), "RowsProcessed": rows, "EventSource": "Lightning", "Format": "Tabular" });
            ("ReportEventStream", own)
        }
        Kind::Uri { record } | Kind::PageView { record } => {
            ("LightningUriEventStream", json!({ "Operation": "Read", "RecordId": record, "QueriedEntities": "Account" }))
        }
        Kind::BulkApi { rows } => {
            let own = json!({ "Operation": "Query", "ApiType": "REST", "Client": "integration", "QueriedEntities": "Account", "RowsProcessed": rows, "RowsReturned": rows });
            ("ApiEventStream", own)
        }
        // Setup is in the audit trail only.
        Kind::Setup { .. } | Kind::DeskView { .. } | Kind::DeskUpdate { .. } => return None,
    })
}
