//! What a counting rule is, and how its findings are named.

use model::{Micros, Position, Severity};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Sigma 2.1 `event_count` with a lower bound: at least `threshold` matching events of one group whose times span at most `window`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountRule {
    /// Id of the rule's file.
    pub id: String,
    pub version: String,
    pub severity: Severity,
    pub threshold: u64,
    /// Sigma `timespan`, microseconds, inclusive at both ends.
    pub window: Micros,
}

/// The id of the finding that `rule` makes for `group` when it begins at `first`. UUID version 8 over SHA-256, so that replay finds the same id.
pub fn finding_id(rule: &str, source: Uuid, group: &[String], first: &Position) -> Uuid {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        // Each part carries its length: ("ab","c") and ("a","bc") are different groups.
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(b"veritrail finding 1");
    part(rule.as_bytes());
    part(source.as_bytes());
    for value in group {
        part(value.as_bytes());
    }
    part(first.to_string().as_bytes());
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
