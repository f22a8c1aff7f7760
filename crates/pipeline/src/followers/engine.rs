//! The rules' engine as a detector.

use super::{Detector, Observed};
use detect::Engine;
use model::Finding;

impl Detector for Engine {
    fn fold(&mut self, observed: &Observed) -> Vec<Finding> {
        Engine::fold(self, observed.position, observed.time, observed.received, observed.ocsf, observed.actor, observed.event.source)
    }

    fn state(&self) -> Result<Vec<u8>, String> {
        self.save().map_err(|e| e.to_string())
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let restored = Engine::restore(self, state).map_err(|e| e.to_string())?;
        if !restored.reset.is_empty() && !state.is_empty() {
            tracing::warn!("rules that changed since judge from here on: {}", restored.reset.join(", "));
        }
        Ok(())
    }
}
