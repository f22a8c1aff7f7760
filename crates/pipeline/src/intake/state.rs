//! What a stream keeps between deliveries, as the trail commits it with the cursor.

use super::number::Tail;
use crate::IntakeError;
use base64::{Engine, engine::general_purpose::STANDARD};
use ledger::Keyring;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

/// The connector's own state, and the counts of the last second polled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StreamState {
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub connector: Value,
    #[serde(default, skip_serializing_if = "Tail::is_empty")]
    pub tail: Tail,
}

/// A state is stored sealed under its source's key: it may hold names and values of the CRM.
pub(crate) struct Seal<'a> {
    pub keyring: &'a Keyring,
    pub source: Uuid,
    pub stream: &'a str,
}

impl Seal<'_> {
    fn purpose(&self) -> String {
        format!("veritrail/1 state of {}", self.stream)
    }

    /// Reads what [`Seal::write`] gave, and the plain objects of earlier versions.
    pub fn read(&self, stored: Value) -> Result<StreamState, IntakeError> {
        let unreadable = |why: String| IntakeError::Internal(format!("the stored state of the stream '{}' cannot be read: {why}", self.stream));
        let plain = match stored {
            Value::Null => return Ok(StreamState::default()),
            Value::String(sealed) => {
                let sealed = STANDARD.decode(sealed).map_err(|e| unreadable(e.to_string()))?;
                self.keyring.open_for_source(self.source, &self.purpose(), &sealed)?
            }
            plain => return serde_json::from_value(plain).map_err(|e| unreadable(e.to_string())),
        };
        serde_json::from_slice(&plain).map_err(|e| unreadable(e.to_string()))
    }

    pub fn write(&self, state: &StreamState) -> Result<Value, IntakeError> {
        let plain = serde_json::to_vec(state).map_err(|e| IntakeError::Internal(format!("a stream's state cannot be written: {e}")))?;
        Ok(Value::String(STANDARD.encode(self.keyring.seal_for_source(self.source, &self.purpose(), &plain)?)))
    }
}

/// One lock per (source, stream): whoever changes a stream's state holds it from reading to commit.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<(Uuid, String), Lane>>);

type Lane = Arc<tokio::sync::Mutex<()>>;

impl Lanes {
    pub async fn enter(&self, source: Uuid, stream: &str) -> OwnedMutexGuard<()> {
        let lane = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((source, stream.to_owned())).or_default().clone();
        lane.lock_owned().await
    }
}
