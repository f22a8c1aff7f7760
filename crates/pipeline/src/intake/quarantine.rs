//! Records that could not be read: what is kept of them, and what an administrator may see.

use crate::IntakeError;
use connectors::RawRecord;
use model::{Micros, Quarantined, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Field names shown; a record with more shows the first.
const MAX_NAMES: usize = 100;
const MAX_NAME_BYTES: usize = 64;

/// What is sealed under the source's key: a record as JSON, or a zero byte and the bytes.
#[derive(Debug)]
pub(super) enum Kept {
    /// A record the normaliser refused, with its occurrence number, so that a replay and a second import of its file mean the same event.
    Record(KeptRecord),
    /// Bytes the reader could make no record of.
    Bytes(Vec<u8>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptRecord {
    pub record: RawRecord,
    pub occurrence: u64,
}

impl Kept {
    fn plain(&self) -> Result<Vec<u8>, IntakeError> {
        match self {
            Self::Record(kept) => serde_json::to_vec(kept).map_err(|e| IntakeError::Internal(format!("a refused record cannot be kept: {e}"))),
            Self::Bytes(bytes) => Ok([&[0], bytes.as_slice()].concat()),
        }
    }

    pub fn read(id: Uuid, plain: &[u8]) -> Result<Self, IntakeError> {
        if let Some((0, bytes)) = plain.split_first() {
            return Ok(Self::Bytes(bytes.to_vec()));
        }
        let kept = serde_json::from_slice(plain);
        kept.map(Self::Record).map_err(|e| IntakeError::NotReplayable { id, why: format!("what was kept of it cannot be read ({e})") })
    }
}

/// Where a refused record came from.
pub(super) struct Origin<'a> {
    pub source: Uuid,
    pub stream: &'a str,
    pub received: Micros,
    pub origin: &'a str,
    pub size_bytes: u64,
}

pub(super) fn quarantined(from: Origin, refusal: Refusal, kept: &Kept) -> Result<(Quarantined, Vec<u8>), IntakeError> {
    let structure = match kept {
        Kept::Record(kept) => structure(&kept.record.text),
        Kept::Bytes(bytes) => std::str::from_utf8(bytes).map_or_else(|_| Vec::new(), structure),
    };
    let item = Quarantined {
        id: Uuid::now_v7(),
        source: from.source,
        stream: from.stream.to_owned(),
        received: from.received,
        refusal,
        origin: from.origin.to_owned(),
        size_bytes: from.size_bytes,
        structure,
        replayed: None,
    };
    Ok((item, kept.plain()?))
}

/// Names of a JSON record's fields, nested ones with dots. Values never; nor names that could be values (a map keyed by e-mail addresses).
fn structure(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        collect("", &value, &mut names);
    }
    names
}

fn collect(prefix: &str, value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if names.len() >= MAX_NAMES {
                    return;
                }
                let is_name = name.len() <= MAX_NAME_BYTES
                    && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-. ".contains(c));
                let path = format!("{prefix}{}", if is_name { name } else { "•••" });
                match value {
                    Value::Object(_) => collect(&format!("{path}."), value, names),
                    Value::Array(_) => collect(&format!("{path}[]"), value, names),
                    _ => names.push(path),
                }
            }
        }
        Value::Array(items) => match items.first() {
            Some(first @ Value::Object(_)) => collect(&format!("{prefix}."), first, names),
            _ => names.push(prefix.to_owned()),
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structure_shows_names_and_no_values() {
        let names = structure(r#"{"a":"secret","b":{"c":1,"dana@example.com":2},"d":[{"e":"x"}],"f":[1],"0123":5}"#);
        assert_eq!(names, ["a", "b.c", "b.•••", "d[].e", "f[]", "•••"]);
        assert!(structure("not json").is_empty());
        assert_eq!(structure(&format!("{{{}}}", (0..500).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(","))).len(), MAX_NAMES);
    }
}
