//! What a stream keeps between deliveries, as the trail commits it with the cursor.

use super::number::Tail;
use crate::IntakeError;
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

impl StreamState {
    pub fn read(stored: Value) -> Result<Self, IntakeError> {
        if stored.is_null() {
            return Ok(Self::default());
        }
        serde_json::from_value(stored).map_err(|e| IntakeError::Internal(format!("a stream's stored state cannot be read: {e}")))
    }

    pub fn write(&self) -> Result<Value, IntakeError> {
        serde_json::to_value(self).map_err(|e| IntakeError::Internal(format!("a stream's state cannot be written: {e}")))
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
