//! What a member may see. Every read port takes one, and enforces it in the query.

use crate::Micros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Whose events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    Everything,
    /// Events whose actor belonged to one of these departments at event time.
    Departments(BTreeSet<Uuid>),
    /// Events whose actor is this person.
    Person(Uuid),
    Nothing,
}

/// A member's view of the trail: whose events, and for external auditors from which sources and times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub reach: Reach,
    /// Only these sources, where set.
    pub sources: Option<BTreeSet<Uuid>>,
    /// Only event times in `[from, until)`, where set.
    pub from: Option<Micros>,
    pub until: Option<Micros>,
}

impl Scope {
    pub fn everything() -> Self {
        Self { reach: Reach::Everything, sources: None, from: None, until: None }
    }
    pub fn nothing() -> Self {
        Self { reach: Reach::Nothing, ..Self::everything() }
    }
    pub fn departments(ids: impl IntoIterator<Item = Uuid>) -> Self {
        Self { reach: Reach::Departments(ids.into_iter().collect()), ..Self::everything() }
    }
    pub fn person(id: Uuid) -> Self {
        Self { reach: Reach::Person(id), ..Self::everything() }
    }

    /// Whether an event with these attributes may be seen; the same rule the index enforces in its query.
    pub fn admits(&self, source: Uuid, time: Micros, department: Option<Uuid>, person: Option<Uuid>) -> bool {
        let reach = match &self.reach {
            Reach::Everything => true,
            Reach::Departments(ids) => department.is_some_and(|d| ids.contains(&d)),
            Reach::Person(id) => person == Some(*id),
            Reach::Nothing => false,
        };
        reach && self.sources.as_ref().is_none_or(|s| s.contains(&source)) && self.from.is_none_or(|f| time >= f) && self.until.is_none_or(|u| time < u)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_department_lead_sees_no_one_elses_events() {
        let (own, other, source) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::nil());
        let scope = Scope::departments([own]);
        assert!(scope.admits(source, 0, Some(own), None));
        assert!(!scope.admits(source, 0, Some(other), None));
        assert!(!scope.admits(source, 0, None, None), "an unattributed event belongs to no department");
        assert!(!Scope::nothing().admits(source, 0, Some(own), None));
        let dated = Scope { until: Some(10), ..Scope::everything() };
        assert!(!dated.admits(source, 10, None, None));
    }
}
