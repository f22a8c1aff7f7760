//! The configuration of auditing is changed in the host's file and by a restart alone; that it is another than before is an event.

use crate::{App, AppError, Result, Target, door::Act};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{records::Settings, sql::Unit};

const SETTING: &str = "auditing.configuration";

/// One key in force; secrets only say whether they are set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Configured {
    /// `retention.standard_days`.
    pub key: String,
    pub value: String,
}

impl App {
    /// Records which keys differ from the last start's, with both values and the hash of all. Whether any did.
    ///
    /// # Errors
    /// When it cannot be recorded; then nothing may be served.
    pub async fn audited_as(&self, mut now: Vec<Configured>) -> Result<bool> {
        now.sort();
        let text = serde_json::to_string(&now).map_err(|e| AppError::Internal(format!("the configuration cannot be written down: {e}")))?;
        let before = self.records.setting(SETTING).await?;
        if before.as_ref() == Some(&text) {
            return Ok(false);
        }
        let earlier: Vec<Configured> = before.as_deref().map(serde_json::from_str).transpose().unwrap_or_default().unwrap_or_default();
        let detail = json!({
            "sha256": hex::encode(Sha256::digest(text.as_bytes())),
            "before_sha256": before.as_ref().map(|text| hex::encode(Sha256::digest(text.as_bytes()))),
            "changed": if before.is_some() { differences(&earlier, &now) } else { Value::Null },
        });
        let act = Act::at_host("auditing.configured", Target::none(), detail);
        self.recorded(act, async |unit: &Unit| Ok(unit.put_setting(SETTING, &text).await?)).await?;
        Ok(true)
    }
}

/// Keys whose values differ, with both; `null` where there was, or is, none.
fn differences(before: &[Configured], now: &[Configured]) -> Value {
    let value = |of: &[Configured], key: &str| of.iter().find(|c| c.key == key).map(|c| c.value.clone());
    let mut keys: Vec<&str> = before.iter().chain(now).map(|c| c.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let changed = keys.into_iter().filter(|key| value(before, key) != value(now, key));
    changed.map(|key| json!({ "key": key, "before": value(before, key), "after": value(now, key) })).collect()
}
