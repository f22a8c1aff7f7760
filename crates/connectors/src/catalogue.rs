//! Every connector there is. Listed means tested and documented.

use crate::Connector;
use std::sync::Arc;

/// All connectors, in the order the catalogue page shows them.
pub fn catalogue() -> Vec<Arc<dyn Connector>> {
    vec![Arc::new(crate::creme::Creme), Arc::new(crate::salesforce::Salesforce), Arc::new(crate::generic::Generic)]
}

/// The connector with this id.
pub fn find(id: &str) -> Option<Arc<dyn Connector>> {
    catalogue().into_iter().find(|c| c.manifest().id == id)
}
