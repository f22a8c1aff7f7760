//! Cursors: opaque, and bound by a keyed hash to the question and the reader. Someone else's or an altered cursor is refused, never guessed at.

use crate::{AppError, FieldProblem};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ledger::Keyring;
use serde::{Serialize, de::DeserializeOwned};

/// Bytes of the keyed hash that a cursor carries.
const TAG_BYTES: usize = 16;
const MAX_CHARS: usize = 2_000;

/// Writes a cursor. `bound` is what it may be used with: the list, the question, the reader's scope.
pub(crate) fn seal<T: Serialize>(keyring: &Keyring, bound: &[&[u8]], payload: &T) -> Result<String, AppError> {
    let payload = serde_json::to_vec(payload).map_err(|e| AppError::Internal(format!("a cursor cannot be written: {e}")))?;
    let tag = tag(keyring, bound, &payload);
    Ok(BASE64.encode([&tag[..], &payload].concat()))
}

/// Reads a cursor back.
///
/// # Errors
/// `Invalid` when it was not made by this installation for exactly this list, question and reader.
pub(crate) fn open<T: DeserializeOwned>(keyring: &Keyring, bound: &[&[u8]], cursor: &str) -> Result<T, AppError> {
    let foreign = || {
        let detail = "this cursor belongs to another question or reader; leave it out to start at the newest";
        AppError::Invalid(vec![FieldProblem::new("cursor", detail.to_owned())])
    };
    if cursor.len() > MAX_CHARS {
        return Err(foreign());
    }
    let bytes = BASE64.decode(cursor).map_err(|_| foreign())?;
    let (tagged, payload) = bytes.split_at_checked(TAG_BYTES).ok_or_else(foreign)?;
    // All bytes are looked at whatever the first ones are.
    let differs = tag(keyring, bound, payload).iter().zip(tagged).fold(0, |differs, (a, b)| differs | (a ^ b));
    if differs != 0 {
        return Err(foreign());
    }
    serde_json::from_slice(payload).map_err(|_| foreign())
}

fn tag(keyring: &Keyring, bound: &[&[u8]], payload: &[u8]) -> [u8; TAG_BYTES] {
    let parts: Vec<&[u8]> = bound.iter().copied().chain([payload]).collect();
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(&keyring.mac("cursor", &parts)[..TAG_BYTES]);
    tag
}
