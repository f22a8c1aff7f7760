//! What the door says before records are taken in by a member's hand: the taking itself is the pipeline's.

use crate::{App, AppError, Caller, Operation};
use model::Source;
use serde_json::json;
use store::sql::Unit;
use uuid::Uuid;

impl App {
    /// The source a member may upload a file to. The file's name may hold personal data and is sealed.
    pub async fn source_to_upload(&self, caller: &Caller, id: Uuid, file: &str) -> Result<Source, AppError> {
        self.change(caller, Operation::SourcesUpload, ("source", id), json!({ "file": file }), async |_: &Unit| Ok(())).await?;
        self.known_source(id).await
    }

    /// The source of a quarantined record that a member may replay.
    pub async fn source_of_quarantined(&self, caller: &Caller, id: Uuid) -> Result<Source, AppError> {
        self.change(caller, Operation::QuarantineReplay, ("quarantined", id), json!({}), async |_: &Unit| Ok(())).await?;
        let (item, _) = self.trail.quarantined_bytes(id).await?;
        self.known_source(item.source).await
    }
}
