//! The values events are told apart by, with words for people.

use super::{
    Asked, Viewer,
    labels::Labels,
    query, render, resolve,
    view::{FacetValue, FacetView, Facets, MASK},
};
use crate::{App, AppError, Caller, FieldProblem};
use model::{
    Activity, Class,
    query::{EventQuery, Field, Filter},
};
use std::collections::HashMap;
use uuid::Uuid;

const DEFAULT_VALUES: usize = 10;
const MOST_VALUES: usize = 50;

impl App {
    /// `fields=a,b` (all at once in one pass) and `limit` values of each, in the reader's scope.
    pub async fn event_facets(&self, caller: &Caller, text: &str) -> Result<Facets, AppError> {
        let asked = Asked::parse(text, &["fields"])?;
        self.looking(caller, &asked, async |viewer| self.facets_for(&viewer, &asked, text.contains("limit=")).await).await
    }

    async fn facets_for(&self, viewer: &Viewer, asked: &Asked, limited: bool) -> Result<Facets, AppError> {
        let named = asked.further.get("fields").map_or("source,class,outcome,actor", String::as_str);
        let fields = named.split(',').map(|name| query::field(name.trim())).collect::<Result<Vec<Field>, _>>();
        let fields = fields.map_err(|detail| AppError::Invalid(vec![FieldProblem::new("fields", detail)]))?;
        if fields.contains(&Field::Address) && !viewer.sight.network {
            return Err(AppError::Invalid(vec![FieldProblem::new("fields", "addresses are masked for you".to_owned())]));
        }
        let query = resolve::resolve(self, viewer, asked, self.now()).await?;
        let limit = if limited { asked.limit.min(MOST_VALUES) } else { DEFAULT_VALUES };
        let found = self.events.facets(&viewer.scope, &query, &fields, limit).await?;
        let persons = found.iter().filter(|f| f.field == Field::Person).flat_map(|f| &f.values).filter_map(|v| Uuid::parse_str(&v.value).ok());
        let labels = Labels::load(self, persons.collect::<Vec<_>>()).await?;
        let mut facets = Vec::with_capacity(found.len());
        for facet in found {
            let asked: Vec<&str> = facet.values.iter().map(|v| v.value.as_str()).collect();
            let subjects = match facet.field {
                Field::Actor | Field::Target => self.subject_labels(viewer, facet.field, &asked).await?,
                _ => HashMap::new(),
            };
            let label = |value: &String| subjects.get(value).cloned().unwrap_or_else(|| facet_label(viewer, &labels, facet.field, value));
            let values = facet.values.iter().map(|v| FacetValue { value: v.value.clone(), label: label(&v.value), count: v.count }).collect();
            facets.push(FacetView { field: facet.field.name(), values, other: facet.other });
        }
        Ok(Facets { facets })
    }

    /// What the newest event in the reader's scope calls subjects that act ([`Field::Actor`]) or are acted on ([`Field::Target`]).
    async fn subject_labels(&self, viewer: &Viewer, field: Field, subjects: &[&str]) -> Result<HashMap<String, String>, AppError> {
        let mut hits = Vec::with_capacity(subjects.len());
        for subject in subjects {
            let query = EventQuery { filters: vec![Filter { field, values: vec![(*subject).to_owned()], exclude: false }], ..EventQuery::default() };
            hits.extend(self.events.search(&viewer.scope, &query, None, 1).await?.hits);
        }
        let named = render::render_many(self, viewer, hits).await?.into_iter().filter_map(|view| match field {
            Field::Actor => view.actor.map(|a| (a.subject.to_string(), a.label)),
            _ => view.target.map(|t| (t.subject.to_string(), t.label)),
        });
        Ok(named.collect())
    }

    /// [`Self::subject_labels`] of one.
    pub(crate) async fn subject_label(&self, viewer: &Viewer, field: Field, subject: &str) -> Result<Option<String>, AppError> {
        Ok(self.subject_labels(viewer, field, &[subject]).await?.remove(subject))
    }
}

/// What people call a value that is no subject.
fn facet_label(viewer: &Viewer, labels: &Labels, field: Field, value: &str) -> String {
    let id = Uuid::parse_str(value).unwrap_or_default();
    let known = match field {
        Field::Source => Some(labels.source(id).title),
        Field::Class => value.parse::<u32>().ok().and_then(|uid| Class::try_from(uid).ok()).map(|c| c.caption().to_owned()),
        Field::Activity => activity_caption(value),
        Field::Person if !viewer.sight.actors => Some(MASK.to_owned()),
        Field::Person => labels.person(id).map(|p| p.name),
        Field::Department => labels.department(id).map(|d| d.name),
        Field::Actor | Field::Target | Field::Stream | Field::VendorType | Field::Outcome | Field::ObjectType | Field::Address => None,
    };
    known.unwrap_or_else(|| value.to_owned())
}

/// `Web Resources Activity: Export` for `600107`.
fn activity_caption(type_uid: &str) -> Option<String> {
    let uid: u32 = type_uid.parse().ok()?;
    let class = Class::try_from(uid / 100).ok()?;
    let activity = Activity(u8::try_from(uid % 100).ok()?);
    Some(format!("{}: {}", class.caption(), activity.caption(class)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activities_have_captions() {
        assert_eq!(activity_caption("300201").as_deref(), Some("Authentication: Logon"));
        assert_eq!(activity_caption("0").as_deref(), Some("Base Event: Unknown"));
        assert_eq!(activity_caption("99999999"), None);
    }
}
