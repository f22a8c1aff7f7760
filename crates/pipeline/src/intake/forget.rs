//! What a stream remembers of an erased person.

use super::{Intake, state::StreamState};
use crate::{IntakeError, now};
use ledger::Delivery;
use model::erasure::mentions;
use serde_json::Value;
use uuid::Uuid;

impl Intake {
    /// Drops the state of a stream that names any of these (in lower case); its connector then compares with nothing, as at its first read.
    /// Whether it did.
    pub async fn forget(&self, source: Uuid, stream: &str, names: &[String]) -> Result<bool, IntakeError> {
        let _lane = self.lanes.enter(source, stream).await;
        let (_, stored) = self.trail.cursor(source, stream).await?;
        let state = self.seal(source, stream).read(stored)?;
        if !holds(&state.connector, names) {
            return Ok(false);
        }
        let mut delivery = Delivery::new(source, stream, now());
        delivery.state = Some(self.seal(source, stream).write(&StreamState { connector: Value::Null, ..state })?);
        self.commit(delivery).await?;
        Ok(true)
    }
}

fn holds(value: &Value, names: &[String]) -> bool {
    match value {
        Value::String(text) => mentions(text, names),
        Value::Array(values) => values.iter().any(|v| holds(v, names)),
        Value::Object(members) => members.iter().any(|(name, v)| mentions(name, names) || holds(v, names)),
        Value::Number(_) | Value::Bool(_) | Value::Null => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_is_found_anywhere_in_a_state() {
        let state = json!({ "rows": { "user/4": { "name": "Mara Oduya", "age": 4 } }, "seen": ["ivo@example.com"] });
        assert!(holds(&state, &["mara oduya".into()]));
        assert!(holds(&state, &["ivo@example.com".into()]));
        assert!(!holds(&state, &["dana weiss".into()]));
        assert!(!holds(&Value::Null, &["mara oduya".into()]));
    }
}
