//! What several pages read.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something with an id and the name people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Named {
    pub id: Uuid,
    pub name: String,
}

impl Named {
    pub fn new(id: Uuid, name: impl Into<String>) -> Self {
        Self { id, name: name.into() }
    }
}
