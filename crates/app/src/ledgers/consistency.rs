//! Proof that a ledger only grew: that what somebody kept a checkpoint of is the beginning of what there is now.

use crate::{App, AppError, Caller, Operation, Result};
use ledger::LedgerError;
use model::position::{ACTIVITY, SELF};
use serde::Serialize;
use serde_json::json;
use store::StoreError;
use utoipa::ToSchema;

/// RFC 6962's consistency proof between two sizes, with the roots it leads between. Whoever kept a checkpoint holds its root against `from_root`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsistencyView {
    #[schema(schema_with = crate::view::words::ledger)]
    pub ledger: &'static str,
    pub generation: u32,
    /// Records of the older tree.
    pub from: u64,
    pub from_root: String,
    /// Records of the newer tree.
    pub to: u64,
    pub to_root: String,
    /// Base64, in the order of RFC 6962.
    pub hashes: Vec<String>,
    /// The newest checkpoint as a signed note: of `to` records unless another size was asked for.
    pub checkpoint: String,
}

impl App {
    /// The consistency proof from `from` records to `to`, the newest checkpoint's where left out.
    ///
    /// # Errors
    /// `Invalid` when the sizes are not in order or not yet under a checkpoint; `Conflict` before the first.
    pub async fn prove_growth(&self, caller: &Caller, ledger: &str, from: u64, to: Option<u64>) -> Result<ConsistencyView> {
        // What is not a ledger's name stays out of the trail's clear part.
        let named = [ACTIVITY, SELF].into_iter().find(|name| *name == ledger).unwrap_or("unknown");
        self.read(caller, Operation::LedgersProve, ("ledger", named), json!({ "from": from, "to": to })).await?;
        let (ledger, generation) = self.generation(ledger).await?.ok_or_else(|| AppError::not_found("such ledger; there are activity and self"))?;
        let proof = ledger::prove_consistency(self.blobs.as_ref(), ledger, generation, from, to).await.map_err(|error| match error {
            LedgerError::Store(StoreError::NotFound(_)) => {
                AppError::Conflict(format!("the ledger '{ledger}' has no checkpoint yet; the first is signed after its first record"))
            }
            LedgerError::Merkle(why) => AppError::invalid(if to.is_some() { "to" } else { "from" }, why.to_string()),
            other => other.into(),
        })?;
        Ok(ConsistencyView {
            ledger,
            generation,
            from: proof.from,
            from_root: proof.from_root.to_string(),
            to: proof.to,
            to_root: proof.to_root.to_string(),
            hashes: proof.hashes.iter().map(ToString::to_string).collect(),
            checkpoint: proof.checkpoint,
        })
    }
}
