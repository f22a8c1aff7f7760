//! Making a person's values unreadable, and what must not be made so.

use crate::Micros;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why an erasure is lawful: GDPR Article 17(1), points (a) to (e), and what an organisation does of its own accord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    /// (a) no longer needed for what they were collected for.
    NoLongerNecessary,
    /// (b) consent was withdrawn.
    ConsentWithdrawn,
    /// (c) the person objected.
    Objection,
    /// (d) they were processed unlawfully.
    UnlawfulProcessing,
    /// (e) another law demands it.
    LegalObligation,
    /// The organisation's own rule on how long it keeps what.
    OwnPolicy,
}

impl LegalBasis {
    pub const ALL: [LegalBasis; 6] = [
        LegalBasis::NoLongerNecessary,
        LegalBasis::ConsentWithdrawn,
        LegalBasis::Objection,
        LegalBasis::UnlawfulProcessing,
        LegalBasis::LegalObligation,
        LegalBasis::OwnPolicy,
    ];
    pub fn name(self) -> &'static str {
        match self {
            LegalBasis::NoLongerNecessary => "no_longer_necessary",
            LegalBasis::ConsentWithdrawn => "consent_withdrawn",
            LegalBasis::Objection => "objection",
            LegalBasis::UnlawfulProcessing => "unlawful_processing",
            LegalBasis::LegalObligation => "legal_obligation",
            LegalBasis::OwnPolicy => "own_policy",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|b| b.name() == name)
    }
}

/// How far an erasure is. Each step may be done again; the values are gone from [`ErasureState::KeysDestroyed`] on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    Asked,
    /// What could only be found by the person's names is gone: quarantined records, streams' states, files of exports.
    Forgotten,
    KeysDestroyed,
    /// Nothing is left in the searchable view and in the databases' free pages.
    Done,
}

impl ErasureState {
    pub const ALL: [ErasureState; 4] = [ErasureState::Asked, ErasureState::Forgotten, ErasureState::KeysDestroyed, ErasureState::Done];
    pub fn name(self) -> &'static str {
        match self {
            ErasureState::Asked => "asked",
            ErasureState::Forgotten => "forgotten",
            ErasureState::KeysDestroyed => "keys_destroyed",
            ErasureState::Done => "done",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// What an erasure found and took away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Erased {
    /// Events in which the subjects acted or were acted on.
    pub events: u64,
    /// Quarantined records whose bytes named the person.
    pub quarantined: u64,
    /// Streams whose connectors remembered the person and begin anew.
    pub streams: u64,
    /// Files of exports that named the person.
    pub export_files: u64,
    /// What left before and cannot be called back.
    pub left: Vec<Left>,
}

/// Something that left Veritrail while the person's values were readable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// `export`: a file that a member fetched. `pack`: a pack of evidence.
    pub kind: String,
    /// `kind:id` of what left.
    pub what: String,
    pub time: Micros,
    pub member: Option<Uuid>,
}

/// A person, or one subject, whose values are to be unreadable for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    pub id: Uuid,
    pub person: Option<Uuid>,
    pub subjects: Vec<Uuid>,
    pub basis: LegalBasis,
    /// The privacy officer's words: a case number, never the person's name.
    pub reason: String,
    pub member: Uuid,
    pub state: ErasureState,
    /// Events written anew in the searchable view, and how many there are.
    pub done: u64,
    pub total: Option<u64>,
    pub erased: Erased,
    /// Why the last try stopped; it is tried again.
    pub trouble: Option<String>,
    pub created: Micros,
    pub finished: Option<Micros>,
}

/// What a legal hold protects from erasure and from retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Held {
    Everything,
    Person(Uuid),
    Subject(Uuid),
    Source(Uuid),
}

/// A legal hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub id: Uuid,
    pub held: Held,
    pub reason: String,
    /// Who placed it and answers for it.
    pub owner: Uuid,
    pub created: Micros,
    pub released: Option<Micros>,
    pub released_by: Option<Uuid>,
}

/// Shorter texts tell nobody apart.
const TELLING_CHARS: usize = 4;

/// Whether `text` names any of `names` (lower case) as words of their own: `mara` is not named by `samara`.
pub fn mentions(text: &str, names: &[String]) -> bool {
    let text = text.to_lowercase();
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    names.iter().filter(|name| name.chars().count() >= TELLING_CHARS).any(|name| {
        text.match_indices(name.as_str()).any(|(at, found)| !inside(text[..at].chars().next_back()) && !inside(text[at + found.len()..].chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_word_of_its_own() {
        let names = ["mara oduya".to_owned(), "mara@example.com".to_owned(), "4".to_owned(), "0035q0001".to_owned()];
        for text in ["by Mara Oduya.", "\"MARA@example.com\"", "Id,Name\n0035Q0001,x", "mara oduya"] {
            assert!(mentions(text, &names), "{text}");
        }
        for text in ["samara oduya", "mara@example.community", "4", "00035q0001", ""] {
            assert!(!mentions(text, &names), "{text}");
        }
    }
}
