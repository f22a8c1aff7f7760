//! What the trail keeps of an event: a clear part without personal data, and sealed parts. ADR 0001 says why.

use crate::{Activity, ActorKind, Class, Counts, EventTime, Micros, Outcome, Position};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The parts of an event that are sealed, each under the key of the subject it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// [`crate::Actor`]; key of the actor.
    Actor,
    /// [`crate::Network`]; key of the actor, or of the source.
    Network,
    /// [`crate::Target`]; key of the target.
    Target,
    /// `Vec<`[`crate::Change`]`>`; key of the target.
    Changes,
    /// Vendor's details and the raw record; key derived from those of all subjects named.
    Raw,
}

impl Part {
    pub const ALL: [Part; 5] = [Part::Actor, Part::Network, Part::Target, Part::Changes, Part::Raw];

    pub fn name(self) -> &'static str {
        match self {
            Part::Actor => "actor",
            Part::Network => "network",
            Part::Target => "target",
            Part::Changes => "changes",
            Part::Raw => "raw",
        }
    }
    /// The byte that names this part in a stored record.
    pub fn tag(self) -> u8 {
        match self {
            Part::Actor => 1,
            Part::Network => 2,
            Part::Target => 3,
            Part::Changes => 4,
            Part::Raw => 5,
        }
    }
    pub fn from_tag(tag: u8) -> Option<Part> {
        Part::ALL.into_iter().find(|p| p.tag() == tag)
    }
}

/// The clear part: what the ledger's leaf holds. Serialised as JSON with the members in this (alphabetical) order: the bytes are hashed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClearEvent {
    pub activity_id: Activity,
    pub actor_kind: ActorKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_subject: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    pub class_uid: Class,
    /// Part name -> hex of `SHA-256(tag || salt || canonical bytes)`.
    pub commitments: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<Position>,
    pub normaliser: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_type: Option<String>,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub received: Micros,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    pub schema_version: u16,
    pub source: Uuid,
    pub stream: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_subject: Option<Uuid>,
    pub time: EventTime,
    pub vendor_type: String,
}

impl ClearEvent {
    pub fn counts(&self) -> Counts {
        Counts { rows: self.rows, bytes: self.bytes }
    }
    /// The subjects whose keys sealed this event's parts.
    pub fn subjects(&self) -> impl Iterator<Item = Uuid> {
        self.actor_subject.into_iter().chain(self.target_subject)
    }
}

/// An AEAD-encrypted part: `nonce || ciphertext || tag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedPart {
    pub part: Part,
    pub bytes: Vec<u8>,
}

/// A record of the trail: the leaf's exact bytes (JSON of [`ClearEvent`]) and the sealed parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    pub leaf: Vec<u8>,
    pub parts: Vec<SealedPart>,
}

/// What went wrong reading a stored record's bytes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum StoredError {
    #[error("the stored record ends after {got} bytes where {wanted} were announced")]
    Short { wanted: usize, got: usize },
    #[error("the stored record names part {0}, which this version does not know")]
    UnknownPart(u8),
    #[error("the leaf is not a clear event: {0}")]
    Leaf(String),
}

impl StoredEvent {
    /// The clear part, read from the leaf.
    pub fn clear(&self) -> Result<ClearEvent, StoredError> {
        serde_json::from_slice(&self.leaf).map_err(|e| StoredError::Leaf(e.to_string()))
    }

    pub fn part(&self, part: Part) -> Option<&SealedPart> {
        self.parts.iter().find(|p| p.part == part)
    }

    /// `u32 leaf length | leaf | u8 parts | (u8 tag | u32 length | bytes)*`, little endian.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let put_len = |out: &mut Vec<u8>, len: usize| out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
        put_len(out, self.leaf.len());
        out.extend_from_slice(&self.leaf);
        out.push(u8::try_from(self.parts.len()).unwrap_or(u8::MAX));
        for p in &self.parts {
            out.push(p.part.tag());
            put_len(out, p.bytes.len());
            out.extend_from_slice(&p.bytes);
        }
    }

    /// Reads one record from the front of `bytes`; answers it and how many bytes it took.
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), StoredError> {
        let mut at = 0;
        let leaf_len = read_u32(bytes, &mut at)?;
        let leaf = read(bytes, &mut at, leaf_len)?.to_vec();
        let count = read(bytes, &mut at, 1)?[0];
        let mut parts = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let tag = read(bytes, &mut at, 1)?[0];
            let part = Part::from_tag(tag).ok_or(StoredError::UnknownPart(tag))?;
            let len = read_u32(bytes, &mut at)?;
            parts.push(SealedPart { part, bytes: read(bytes, &mut at, len)?.to_vec() });
        }
        Ok((Self { leaf, parts }, at))
    }
}

fn read<'a>(bytes: &'a [u8], at: &mut usize, len: usize) -> Result<&'a [u8], StoredError> {
    let end = at.saturating_add(len);
    let slice = bytes.get(*at..end).ok_or(StoredError::Short { wanted: end, got: bytes.len() })?;
    *at = end;
    Ok(slice)
}

fn read_u32(bytes: &[u8], at: &mut usize) -> Result<usize, StoredError> {
    let raw = read(bytes, at, 4)?;
    Ok(u32::from_le_bytes([raw[0], raw[1], raw[2], raw[3]]) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_bytes_and_truncation_is_named() {
        let stored = StoredEvent { leaf: b"{}".to_vec(), parts: vec![SealedPart { part: Part::Raw, bytes: vec![1, 2, 3] }] };
        let mut bytes = Vec::new();
        stored.encode(&mut bytes);
        assert_eq!(StoredEvent::decode(&bytes), Ok((stored, bytes.len())));
        for cut in 0..bytes.len() {
            assert!(StoredEvent::decode(&bytes[..cut]).is_err());
        }
    }
}
