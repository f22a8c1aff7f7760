//! Where an event stands in its ledger.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The two ledgers: `activity` holds what happened in the CRMs, `self` what members did in Veritrail.
pub const ACTIVITY: &str = "activity";
pub const SELF: &str = "self";

/// `ledger.generation:index`, for example `activity.0:41`. Written once, never reused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    pub ledger: String,
    pub generation: u32,
    pub index: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}:{}", self.ledger, self.generation, self.index)
    }
}

impl FromStr for Position {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let wrong = || format!("'{s}' is not a position; write ledger.generation:index, for example activity.0:41");
        let (ledger, rest) = s.rsplit_once('.').ok_or_else(wrong)?;
        let (generation, index) = rest.split_once(':').ok_or_else(wrong)?;
        if ledger.is_empty() || !ledger.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(wrong());
        }
        Ok(Self { ledger: ledger.to_owned(), generation: generation.parse().map_err(|_| wrong())?, index: index.parse().map_err(|_| wrong())? })
    }
}

impl Serialize for Position {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let p = Position { ledger: "activity".into(), generation: 2, index: 41 };
        assert_eq!(p.to_string().parse(), Ok(p));
        for bad in ["", "activity", "activity.0", "activity.x:1", ".0:1", "a/b.0:1"] {
            assert!(bad.parse::<Position>().is_err(), "{bad}");
        }
    }
}
