//! How closely the values of a field are kept, and reveals: who was shown what was masked, and why.

use crate::{Micros, Position};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How closely values are kept; a later class is stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldClass {
    /// Anybody may know it.
    Public,
    /// Of the business, not of a person: shown to whoever may see what was acted on.
    Internal,
    /// About a person: masked until it is revealed. A field that nobody classed is this.
    Personal,
    /// Of special weight (health, bank account): revealed only after a second member's approval.
    Sensitive,
    /// A credential: never shown to anybody.
    Secret,
}

impl FieldClass {
    pub const ALL: [FieldClass; 5] = [FieldClass::Public, FieldClass::Internal, FieldClass::Personal, FieldClass::Sensitive, FieldClass::Secret];
    pub fn name(self) -> &'static str {
        match self {
            FieldClass::Public => "public",
            FieldClass::Internal => "internal",
            FieldClass::Personal => "personal",
            FieldClass::Sensitive => "sensitive",
            FieldClass::Secret => "secret",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }
    /// Whether values are shown without a reveal.
    pub fn is_open(self) -> bool {
        self <= FieldClass::Internal
    }
}

/// A class a member gave a field, in place of the one that comes with Veritrail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassedField {
    /// As before the slash of [`crate::ClearEvent::normaliser`]: `salesforce`.
    pub connector: String,
    /// Lower case; empty for records that name no object.
    pub object_type: String,
    /// Lower case: the field of a change, or the path of a member of the raw record (`data.payload.email`).
    pub field: String,
    pub class: FieldClass,
    pub member: Uuid,
    pub changed: Micros,
}

/// How a reveal stands. Whether its time has passed is told by [`Reveal::until`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevealState {
    /// Waits for a second member.
    Asked,
    Granted,
    Declined,
}

impl RevealState {
    pub const ALL: [RevealState; 3] = [RevealState::Asked, RevealState::Granted, RevealState::Declined];
    pub fn name(self) -> &'static str {
        match self {
            RevealState::Asked => "asked",
            RevealState::Granted => "granted",
            RevealState::Declined => "declined",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// Masked values of one event, shown to one member for a time. It holds names of fields, never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reveal {
    pub id: Uuid,
    /// Who asked, and who alone is shown them.
    pub member: Uuid,
    pub position: Position,
    /// `changes.FIELD`, `raw.PATH`, or `raw` for the whole record.
    pub fields: Vec<String>,
    /// The strictest of the fields when it was asked for; what became stricter since stays masked.
    pub class: FieldClass,
    /// A case number or the like.
    pub reason: String,
    pub state: RevealState,
    pub asked: Micros,
    /// Asked: until when it may be decided. Granted: until when the values are shown.
    pub until: Micros,
    pub decided_by: Option<Uuid>,
    pub decided: Option<Micros>,
}

impl Reveal {
    /// Whether it covers a value by this name: its own, or as a member of the whole raw record.
    pub fn covers(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field == name || (field == "raw" && name.starts_with("raw.")))
    }
    /// Waits or is shown at this time.
    pub fn in_force(&self, now: Micros) -> bool {
        self.state != RevealState::Declined && now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reveal_covers_its_fields_alone() {
        let reveal = |fields: &[&str]| Reveal {
            id: Uuid::nil(),
            member: Uuid::nil(),
            position: "activity.0:1".parse().unwrap(),
            fields: fields.iter().map(|f| (*f).to_owned()).collect(),
            class: FieldClass::Personal,
            reason: "Case 17".into(),
            state: RevealState::Granted,
            asked: 0,
            until: 10,
            decided_by: None,
            decided: None,
        };
        let one = reveal(&["changes.email"]);
        assert!(one.covers("changes.email") && !one.covers("changes.email2") && !one.covers("raw.email") && !one.covers("raw"));
        let whole = reveal(&["raw"]);
        assert!(whole.covers("raw") && whole.covers("raw.a.b") && !whole.covers("changes.email"));
        assert!(one.in_force(9) && !one.in_force(10));
        assert!(!Reveal { state: RevealState::Declined, ..one }.in_force(0));
    }

    #[test]
    fn classes_grow_stricter() {
        assert!(FieldClass::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(FieldClass::ALL.map(FieldClass::is_open), [true, true, false, false, false]);
    }
}
