//! How a record is told from a resend of itself (DESIGN: Duplicates).

use crate::keyring::Keyring;
use model::event::{Event, Identity};
use store::trail::Fingerprint;

/// `hour u32 BE | source and stream, keyed, u32 | keyed hash, 16 bytes`. `occurrence` numbers equal records without an id
/// within their file or their source's second; `ordinal` numbers the events of one record.
pub fn fingerprint(keyring: &Keyring, event: &Event, occurrence: u64, ordinal: u32) -> Fingerprint {
    let origin = keyring.mac("origin", &[event.source.as_bytes(), event.stream.as_bytes()]);
    let ordinal = ordinal.to_be_bytes();
    let hash = match &event.identity {
        Identity::Vendor(id) => keyring.mac("vendor-id", &[event.source.as_bytes(), event.stream.as_bytes(), id.as_bytes(), &ordinal]),
        Identity::Content => {
            keyring.mac("content", &[event.source.as_bytes(), event.stream.as_bytes(), event.raw.as_bytes(), &occurrence.to_be_bytes(), &ordinal])
        }
    };
    let mut bytes = [0; 24];
    bytes[..4].copy_from_slice(&event.time.hour().to_be_bytes());
    bytes[4..8].copy_from_slice(&origin[..4]);
    bytes[8..].copy_from_slice(&hash[..16]);
    Fingerprint(bytes)
}
