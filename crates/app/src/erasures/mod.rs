//! Making a person's values unreadable, for ever and everywhere Veritrail keeps them, while every proof still verifies.
//!
//! The privacy officer asks; [`Eraser`] does it step by step, each of which may be done again. Legal holds forbid it.

pub use holds::{HoldList, HoldNew, HoldView};
pub use run::{Eraser, Views};
pub use view::{ErasureList, ErasureNew, ErasurePreview, ErasureView};

mod again;
mod holds;
mod names;
mod run;
#[cfg(test)]
mod tests;
mod view;

use crate::{App, AppError, Caller, FieldProblem, Operation, Result, directory::filter};
use model::{
    Erased, Erasure, ErasureState, Held, LegalBasis, Scope,
    query::{EventQuery, Field, Filter},
};
use serde_json::json;
use std::collections::BTreeSet;
use store::{
    records::{Erasures, Holds, Links, Persons},
    sql::Unit,
};
use uuid::Uuid;

/// The newest erasures a page shows.
const SHOWN: u64 = 200;
const MOST_REASON_CHARS: usize = 500;

/// Whom an erasure is about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Whom {
    person: Option<Uuid>,
    subjects: Vec<Uuid>,
}

impl Whom {
    /// Both ways an event can be about them.
    fn queries(&self) -> [EventQuery; 2] {
        let values: Vec<String> = self.subjects.iter().map(Uuid::to_string).collect();
        [Field::Actor, Field::Target]
            .map(|field| EventQuery { filters: vec![Filter { field, values: values.clone(), exclude: false }], ..EventQuery::default() })
    }
}

impl App {
    /// Newest first.
    pub async fn erasures(&self, caller: &Caller) -> Result<ErasureList> {
        self.read(caller, Operation::ErasuresList, (), json!({})).await?;
        let erasures = self.records.erasures(SHOWN).await?;
        Ok(ErasureList { items: self.render_erasures(erasures).await? })
    }

    pub async fn erasure(&self, caller: &Caller, id: Uuid) -> Result<ErasureView> {
        self.read(caller, Operation::ErasuresList, ("erasure", id), json!({})).await?;
        let erasure = self.records.erasure(id).await?.ok_or_else(|| AppError::not_found(format!("erasure {id}")))?;
        self.render_erasures(vec![erasure]).await?.pop().ok_or_else(|| AppError::Internal("one erasure was rendered to none".into()))
    }

    /// What an erasure would take away, and what forbids it.
    pub async fn preview_erasure(&self, caller: &Caller, person: Option<Uuid>, subject: Option<Uuid>) -> Result<ErasurePreview> {
        let target = person.map_or_else(|| ("subject", subject.unwrap_or_default()), |id| ("person", id));
        self.read(caller, Operation::ErasuresPreview, target, json!({})).await?;
        let whom = self.whom(person, subject).await?;
        let mut events = 0;
        for query in whom.queries() {
            events += self.events.count(&Scope::everything(), &query).await?;
        }
        let holds = self.holds_on(&self.records, &whom).await?;
        let left = self.what_left().await?;
        Ok(ErasurePreview { accounts: whom.subjects.len() as u64, events, holds: self.render_holds(holds).await?, left: left.len() as u64 })
    }

    /// Asks for an erasure; it begins at once and cannot be undone.
    ///
    /// # Errors
    /// `Conflict` while a legal hold protects any of it, or when it is erased already.
    pub async fn create_erasure(&self, caller: &Caller, new: ErasureNew) -> Result<ErasureView> {
        let target = new.person.map_or_else(|| ("subject", new.subject.unwrap_or_default()), |id| ("person", id));
        self.allowed(caller, Operation::ErasuresCreate, target).await?;
        let (basis, reason) = checked(&new)?;
        let whom = self.whom(new.person, new.subject).await?;
        let now = self.now();
        let erasure = Erasure {
            id: Uuid::now_v7(),
            person: whom.person,
            subjects: whom.subjects.clone(),
            basis,
            reason,
            member: caller.member.id,
            state: ErasureState::Asked,
            done: 0,
            total: None,
            erased: Erased::default(),
            trouble: None,
            created: now,
            finished: None,
        };
        let detail = json!({ "erasure": erasure.id, "basis": basis.name(), "reason": erasure.reason, "subjects": whom.subjects });
        self.change(caller, Operation::ErasuresCreate, target, detail, async |unit: &Unit| {
            if let Some(hold) = self.holds_on(unit, &whom).await?.first() {
                return Err(AppError::Conflict(format!("a legal hold forbids it: {} (hold {}); its owner must release it first", hold.reason, hold.id)));
            }
            if unit.unfinished_erasures().await?.iter().any(|e| e.subjects.iter().any(|s| whom.subjects.contains(s))) {
                return Err(AppError::Conflict("an erasure of this is under way".into()));
            }
            Ok(unit.add_erasure(&erasure).await?)
        })
        .await?;
        self.render_erasures(vec![erasure]).await?.pop().ok_or_else(|| AppError::Internal("one erasure was rendered to none".into()))
    }

    /// The person and the subjects that are his, or one subject.
    async fn whom(&self, person: Option<Uuid>, subject: Option<Uuid>) -> Result<Whom> {
        match (person, subject) {
            (Some(id), None) => {
                let found = self.records.persons_by_id(&[id]).await?.pop().ok_or_else(|| AppError::not_found(format!("person {id}")))?;
                if found.erased.is_some() {
                    return Err(AppError::Conflict("this person is erased already".into()));
                }
                let subjects: BTreeSet<Uuid> = self.records.meetings_of_person(id).await?.into_iter().map(|m| m.subject).collect();
                Ok(Whom { person, subjects: subjects.into_iter().collect() })
            }
            (None, Some(id)) => {
                for field in [Field::Actor, Field::Target] {
                    let query = EventQuery { filters: vec![filter(field, id, false)], ..EventQuery::default() };
                    if self.events.count(&Scope::everything(), &query).await? > 0 {
                        return Ok(Whom { person: None, subjects: vec![id] });
                    }
                }
                Err(AppError::not_found(format!("subject {id} in events")))
            }
            _ => Err(AppError::Invalid(vec![FieldProblem::new("person", "name a person, or one account or record as subject, and not both")])),
        }
    }
}

fn checked(new: &ErasureNew) -> Result<(LegalBasis, String)> {
    let mut problems = Vec::new();
    let basis = LegalBasis::from_name(&new.basis);
    if basis.is_none() {
        let names = LegalBasis::ALL.map(LegalBasis::name).join(", ");
        problems.push(FieldProblem::new("basis", format!("one of {names}")));
    }
    let reason = new.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > MOST_REASON_CHARS {
        problems
            .push(FieldProblem::new("reason", format!("1 to {MOST_REASON_CHARS} characters, such as a case number; it stays, so it must not name the person")));
    }
    match basis {
        Some(basis) if problems.is_empty() => Ok((basis, reason)),
        _ => Err(AppError::Invalid(problems)),
    }
}

/// Whether a hold protects any of this.
fn protects(held: &Held, whom: &Whom, sources: &BTreeSet<Uuid>) -> bool {
    match held {
        Held::Everything => true,
        Held::Person(id) => whom.person == Some(*id),
        Held::Subject(id) => whom.subjects.contains(id),
        Held::Source(id) => sources.contains(id),
    }
}

impl App {
    /// The holds in force that protect any of this.
    async fn holds_on<H: Holds + Links + Sync>(&self, records: &H, whom: &Whom) -> Result<Vec<model::Hold>> {
        let in_force: Vec<model::Hold> = records.holds().await?.into_iter().filter(|h| h.released.is_none()).collect();
        if in_force.is_empty() {
            return Ok(in_force);
        }
        // A hold on a person protects his accounts one by one too, and a source's holds whatever it ever named.
        let mut owners = BTreeSet::new();
        let mut sources = BTreeSet::new();
        for meeting in records.meetings_of_subjects(&whom.subjects).await? {
            owners.insert(meeting.person);
            sources.insert(meeting.source);
        }
        for query in whom.queries() {
            let facets = self.events.facets(&Scope::everything(), &query, &[Field::Source], usize::MAX).await?;
            sources.extend(facets.iter().flat_map(|f| &f.values).filter_map(|v| Uuid::parse_str(&v.value).ok()));
        }
        let of_owner = |held: &Held| matches!(held, Held::Person(id) if owners.contains(id));
        Ok(in_force.into_iter().filter(|h| protects(&h.held, whom, &sources) || of_owner(&h.held)).collect())
    }
}
