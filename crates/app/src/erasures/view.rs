//! Erasures as pages read them.

use super::holds::HoldView;
use crate::{App, Result, alerts::named, view::Named};
use model::{Erasure, Left, Micros, time::rfc3339};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whom to erase, why, and on which basis. A person stands for all accounts that are his.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureNew {
    pub person: Option<Uuid>,
    /// One account or record, where it is not about a person of the directory.
    pub subject: Option<Uuid>,
    #[schema(schema_with = crate::view::words::legal_basis)]
    pub basis: String,
    /// A case number or the like; it stays for ever, so it must not name the person.
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErasurePreview {
    /// Accounts or records whose keys would be destroyed.
    pub accounts: u64,
    /// Events they acted in or were acted on; the events stay, their values go.
    pub events: u64,
    /// Legal holds that forbid it.
    pub holds: Vec<HoldView>,
    /// Files that left Veritrail so far and cannot be called back.
    pub left: u64,
}

/// Something that left and cannot be called back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftView {
    pub kind: String,
    pub what: String,
    pub time: String,
    pub member: Option<Named>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErasureView {
    pub id: Uuid,
    pub person: Option<Uuid>,
    pub accounts: u64,
    #[schema(schema_with = crate::view::words::legal_basis)]
    pub basis: &'static str,
    pub reason: String,
    pub member: Named,
    #[schema(schema_with = crate::view::words::erasure_state)]
    pub state: &'static str,
    pub done: u64,
    pub total: Option<u64>,
    pub events: u64,
    pub quarantined: u64,
    pub streams: u64,
    pub export_files: u64,
    pub left: Vec<LeftView>,
    /// Why the last try stopped; it is tried again.
    pub trouble: Option<String>,
    pub created: String,
    pub finished: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErasureList {
    pub items: Vec<ErasureView>,
}

impl App {
    pub(super) async fn render_erasures(&self, erasures: Vec<Erasure>) -> Result<Vec<ErasureView>> {
        let names = self.member_names().await?;
        let left = |l: Left| LeftView { kind: l.kind, what: l.what, time: rfc3339(l.time), member: l.member.map(|id| named(&names, id)) };
        let view = |e: Erasure| ErasureView {
            id: e.id,
            person: e.person,
            accounts: e.subjects.len() as u64,
            basis: e.basis.name(),
            reason: e.reason,
            member: named(&names, e.member),
            state: e.state.name(),
            done: e.done,
            total: e.total,
            events: e.erased.events,
            quarantined: e.erased.quarantined,
            streams: e.erased.streams,
            export_files: e.erased.export_files,
            left: e.erased.left.into_iter().map(left).collect(),
            trouble: e.trouble,
            created: rfc3339(e.created),
            finished: time(e.finished),
        };
        Ok(erasures.into_iter().map(view).collect())
    }
}

pub(super) fn time(at: Option<Micros>) -> Option<String> {
    at.map(rfc3339)
}
