//! Names behind the ids of a page of events, looked up once per page.

use super::{
    render::unknown_source,
    view::{Named, SourceRef},
};
use crate::{App, AppError};
use model::query::Hit;
use std::collections::{BTreeSet, HashMap};
use store::records::{Departments, Persons, Sources};
use uuid::Uuid;

/// Sources, persons and departments by id.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    sources: HashMap<Uuid, SourceRef>,
    persons: HashMap<Uuid, String>,
    departments: HashMap<Uuid, String>,
}

impl Labels {
    /// What a page of hits needs.
    pub async fn of(app: &App, hits: &[Hit]) -> Result<Self, AppError> {
        Self::load(app, hits.iter().filter_map(|h| h.person)).await
    }

    /// All sources and departments (there are few), and these persons.
    pub async fn load(app: &App, persons: impl IntoIterator<Item = Uuid>) -> Result<Self, AppError> {
        let persons: Vec<Uuid> = persons.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let sources = app.records.sources().await?.into_iter().map(|s| (s.id, SourceRef { id: s.id, name: s.name, title: s.title })).collect();
        let persons = app.records.persons_by_id(&persons).await?.into_iter().map(|p| (p.id, p.name)).collect();
        let departments = app.records.departments().await?.into_iter().map(|d| (d.id, d.name)).collect();
        Ok(Self { sources, persons, departments })
    }

    pub fn source(&self, id: Uuid) -> SourceRef {
        self.sources.get(&id).cloned().unwrap_or_else(|| unknown_source(id))
    }

    pub fn person(&self, id: Uuid) -> Option<Named> {
        self.persons.get(&id).map(|name| Named { id, name: name.clone() })
    }

    pub fn department(&self, id: Uuid) -> Option<Named> {
        self.departments.get(&id).map(|name| Named { id, name: name.clone() })
    }
}
