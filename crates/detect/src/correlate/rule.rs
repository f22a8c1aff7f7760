//! What a counting rule is, and how its findings are named.

use model::{Micros, Position, Severity};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Sigma 2.1 `event_count` with a lower bound: at least `threshold` matching events of one group whose times span at most `window`;
/// and where `follow` is set, `temporal_ordered` of that count and one later event of the same group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountRule {
    /// Id of the rule's file; findings carry it.
    pub id: String,
    /// The document within the file. State is kept under it.
    pub lane: String,
    pub version: String,
    pub severity: Severity,
    pub threshold: u64,
    /// Sigma `timespan`, microseconds, inclusive at both ends.
    pub window: Micros,
    /// Whether the count alone is a finding.
    pub tells: bool,
    pub follow: Option<Follow>,
}

/// The event that follows a burst and makes it worse: a success after many failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follow {
    pub severity: Severity,
    /// How long after an event of the burst it may come, microseconds, inclusive.
    pub within: Micros,
}

impl CountRule {
    /// How long before the oldest event that may still arrive the memory must reach.
    pub(super) fn reach(&self) -> Micros {
        self.window.saturating_add(self.follow.as_ref().map_or(0, |f| f.within))
    }
}

/// Names the findings of one group of one rule. UUID version 8 over SHA-256, so that replay finds the same ids.
pub(super) struct Naming<'a> {
    pub lane: &'a str,
    pub source: Uuid,
    pub group: &'a str,
}

impl Naming<'_> {
    /// The id of what is told of the events from `first` to `last`, `count` of them. An event inserted among them moves `last`, so different
    /// contents have different ids.
    pub fn id(&self, what: &str, first: &Position, last: &Position, count: u64, replaced: &[Uuid]) -> Uuid {
        let mut parts = vec![self.lane.as_bytes(), self.source.as_bytes(), self.group.as_bytes(), what.as_bytes()];
        parts.extend(replaced.iter().map(|id| id.as_bytes().as_slice()));
        finding_id(&parts, &[first, last], count)
    }
}

/// A finding's id from what makes it unlike every other.
pub fn finding_id(parts: &[&[u8]], positions: &[&Position], count: u64) -> Uuid {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        // Each part carries its length: ("ab","c") and ("a","bc") are different groups.
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(b"veritrail finding 2");
    for bytes in parts {
        part(bytes);
    }
    for position in positions {
        part(position.to_string().as_bytes());
    }
    part(&count.to_be_bytes());
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
