//! From an event to a leaf and sealed parts, and back (ADR 0001).

use crate::{
    error::{LedgerError, Result},
    keyring::{Keyring, SubjectKey, aead_open, aead_seal},
};
use model::{Actor, ActorKind, Change, ClearEvent, Event, Network, Part, SealedPart, StoredEvent, SubjectRef, Target};
use rand::{RngCore, rngs::OsRng};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Bytes of salt inside every sealed part.
const SALT_BYTES: usize = 16;

/// The subjects an event names, for resolving many events' at once.
pub fn subjects(event: &Event) -> impl Iterator<Item = &SubjectRef> {
    event.actor.iter().map(|a| &a.subject).chain(event.target.iter().map(|t| &t.subject))
}

/// Ids and keys as [`Keyring::resolve`] answers them.
pub type Resolved = HashMap<SubjectRef, Option<(Uuid, SubjectKey)>>;

/// `detail` is absent where it is what the raw record says as JSON, member for member: most records would be kept twice otherwise.
#[derive(Serialize, Deserialize)]
struct RawPart {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<Map<String, Value>>,
    raw: String,
}

/// Seals an event. Parts about an erased subject are left out: nothing about him is kept again.
pub fn seal(keyring: &Keyring, resolved: &Resolved, ledger: &str, event: &Event) -> Result<StoredEvent> {
    let find = |subject: Option<&SubjectRef>| subject.map(|s| resolved.get(s).and_then(Option::as_ref));
    let actor = find(event.actor.as_ref().map(|a| &a.subject));
    let target = find(event.target.as_ref().map(|t| &t.subject));
    let source_key = keyring.source_key(event.source);
    // Outer None: no such subject in the event. Inner None: erased.
    let key_of = |subject: Option<Option<&(Uuid, SubjectKey)>>| match subject {
        None => Some(source_key.clone()),
        Some(found) => found.map(|(_, key)| key.clone()),
    };
    let mut parts = Vec::new();
    let mut commitments = BTreeMap::new();
    let mut put = |part: Part, key: Option<SubjectKey>, plain: Vec<u8>| -> Result<()> {
        let Some(key) = key else { return Ok(()) };
        let (sealed, commitment) = seal_part(ledger, event.schema_version, part, &key, &plain)?;
        commitments.insert(part.name().to_owned(), commitment);
        parts.push(sealed);
        Ok(())
    };
    if let Some(a) = &event.actor {
        put(Part::Actor, key_of(actor), json(a)?)?;
    }
    if let Some(n) = &event.network {
        put(Part::Network, key_of(actor), json(n)?)?;
    }
    if let Some(t) = &event.target {
        put(Part::Target, key_of(target), json(t)?)?;
    }
    if !event.changes.is_empty() {
        put(Part::Changes, key_of(target), json(&event.changes)?)?;
    }
    let named: Vec<Option<&(Uuid, SubjectKey)>> = [actor, target].into_iter().flatten().collect();
    let raw_key = if named.is_empty() { Some(source_key.clone()) } else { combined(&named) };
    let same = json(&event.detail)? == event.raw.as_bytes();
    put(Part::Raw, raw_key, json(&RawPart { detail: (!same).then(|| event.detail.clone()), raw: event.raw.clone() })?)?;

    let clear = ClearEvent {
        activity_id: event.activity,
        actor_kind: event.actor.as_ref().map_or(ActorKind::Unknown, |a| a.kind),
        actor_subject: actor.flatten().map(|(id, _)| *id),
        bytes: event.counts.bytes,
        class_uid: event.class,
        commitments,
        corrects: event.corrects.clone(),
        normaliser: event.normaliser.clone(),
        object_type: event.target.as_ref().map(|t| t.object_type.clone()),
        outcome: event.outcome,
        reason: event.reason.clone(),
        received: event.received,
        rows: event.counts.rows,
        schema_version: event.schema_version,
        source: event.source,
        stream: event.stream.clone(),
        target_subject: target.flatten().map(|(id, _)| *id),
        time: event.time,
        vendor_type: event.vendor_type.clone(),
    };
    Ok(StoredEvent { leaf: json(&clear)?, parts })
}

/// What a stored record says to someone who holds the keys. An erased part is `None` and named in `erased`.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    pub clear: ClearEvent,
    pub actor: Option<Actor>,
    pub network: Option<Network>,
    pub target: Option<Target>,
    pub changes: Vec<Change>,
    pub detail: Map<String, Value>,
    pub raw: Option<String>,
    /// The raw record says nothing that `detail` does not.
    pub raw_is_detail: bool,
    pub erased: Vec<Part>,
}

impl Opened {
    /// The event as it was, as far as it is still open. The vendor's id is not kept.
    pub fn event(&self) -> Event {
        let clear = &self.clear;
        let mut event = Event::new(clear.source, &clear.stream, &clear.normaliser, &clear.vendor_type, clear.class_uid, clear.activity_id, clear.time);
        event.schema_version = clear.schema_version;
        event.outcome = clear.outcome;
        event.reason = clear.reason.clone();
        event.received = clear.received;
        event.counts = clear.counts();
        event.actor = self.actor.clone();
        event.network = self.network.clone();
        event.target = self.target.clone();
        event.changes = self.changes.clone();
        event.detail = self.detail.clone();
        event.corrects = clear.corrects.clone();
        event
    }
}

/// Opens a stored record with the keys that are left, and holds each part against its commitment.
pub fn open(keyring: &Keyring, keys: &HashMap<Uuid, SubjectKey>, ledger: &str, stored: &StoredEvent) -> Result<Opened> {
    let clear = stored.clear()?;
    let source_key = keyring.source_key(clear.source);
    let key_of = |subject: Option<Uuid>| subject.map_or(Some(source_key.clone()), |id| keys.get(&id).cloned());
    let named: Vec<Option<(Uuid, SubjectKey)>> = clear.subjects().map(|id| keys.get(&id).map(|k| (id, k.clone()))).collect();
    let mut opened = Opened {
        actor: None,
        network: None,
        target: None,
        changes: Vec::new(),
        detail: Map::new(),
        raw: None,
        raw_is_detail: false,
        erased: Vec::new(),
        clear,
    };
    for sealed in &stored.parts {
        let key = match sealed.part {
            Part::Actor | Part::Network => key_of(opened.clear.actor_subject),
            Part::Target | Part::Changes => key_of(opened.clear.target_subject),
            Part::Raw if named.is_empty() => Some(source_key.clone()),
            Part::Raw => combined(&named.iter().map(Option::as_ref).collect::<Vec<_>>()),
        };
        let Some(key) = key else {
            opened.erased.push(sealed.part);
            continue;
        };
        let plain = open_part(ledger, &opened.clear, sealed, &key)?;
        match sealed.part {
            Part::Actor => opened.actor = Some(read(sealed.part, &plain)?),
            Part::Network => opened.network = Some(read(sealed.part, &plain)?),
            Part::Target => opened.target = Some(read(sealed.part, &plain)?),
            Part::Changes => opened.changes = read(sealed.part, &plain)?,
            Part::Raw => {
                let raw: RawPart = read(sealed.part, &plain)?;
                opened.raw_is_detail = raw.detail.is_none();
                opened.detail = match raw.detail {
                    Some(detail) => detail,
                    None => read(sealed.part, raw.raw.as_bytes())?,
                };
                opened.raw = Some(raw.raw);
            }
        }
    }
    Ok(opened)
}

/// One key from all subjects named, in order of their ids: losing any of them loses it. `None` when one is erased.
fn combined(named: &[Option<&(Uuid, SubjectKey)>]) -> Option<SubjectKey> {
    let mut all: Vec<&(Uuid, SubjectKey)> = named.iter().copied().collect::<Option<_>>()?;
    all.sort_by_key(|(id, _)| *id);
    all.dedup_by_key(|(id, _)| *id);
    let material: Vec<u8> = all.iter().flat_map(|(_, key)| key.0).collect();
    let mut key = SubjectKey([0; 32]);
    hkdf::Hkdf::<Sha256>::new(None, &material).expand(b"veritrail/1 combined", &mut key.0).ok()?;
    Some(key)
}

fn associated(ledger: &str, version: u16, part: Part) -> Vec<u8> {
    format!("veritrail/1 {ledger} {version} {}", part.name()).into_bytes()
}

fn seal_part(ledger: &str, version: u16, part: Part, key: &SubjectKey, plain: &[u8]) -> Result<(SealedPart, String)> {
    let mut salted = vec![0; SALT_BYTES];
    OsRng.fill_bytes(&mut salted);
    salted.extend_from_slice(plain);
    let bytes = aead_seal(&key.0, &associated(ledger, version, part), &salted)?;
    Ok((SealedPart { part, bytes }, commitment(part, &salted)))
}

fn open_part(ledger: &str, clear: &ClearEvent, sealed: &SealedPart, key: &SubjectKey) -> Result<Vec<u8>> {
    let name = sealed.part.name();
    let salted = aead_open(&key.0, &associated(ledger, clear.schema_version, sealed.part), &sealed.bytes).ok_or(LedgerError::Unsealable { part: name })?;
    if salted.len() < SALT_BYTES || clear.commitments.get(name) != Some(&commitment(sealed.part, &salted)) {
        return Err(LedgerError::Commitment { part: name });
    }
    Ok(salted[SALT_BYTES..].to_vec())
}

/// `SHA-256(tag || salt || canonical bytes)`, in hex.
fn commitment(part: Part, salted: &[u8]) -> String {
    hex::encode(Sha256::new().chain_update([part.tag()]).chain_update(salted).finalize())
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| LedgerError::Internal(format!("an event cannot be written as JSON: {e}")))
}

fn read<T: serde::de::DeserializeOwned>(part: Part, plain: &[u8]) -> Result<T> {
    serde_json::from_slice(plain).map_err(|_| LedgerError::Unsealable { part: part.name() })
}
