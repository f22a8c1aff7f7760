//! A notice to send.

use channels::Notice;
use model::Severity;
use serde_json::json;
use uuid::Uuid;

pub fn notice() -> Notice {
    Notice {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
        kind: "alert.opened".into(),
        time: 1_772_442_000_000_000,
        severity: Severity::High,
        title: "Repeated failed sign-ins of one account".into(),
        lines: vec!["12 failures in 20 minutes, then a success.".into(), "Grüße & <b>".into()],
        link: "https://veritrail.example.com/alerts/1".into(),
        payload: json!({ "rule": "D01", "observed": 12 }),
    }
}
