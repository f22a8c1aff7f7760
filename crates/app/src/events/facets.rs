//! The values events are told apart by, with words for people.

use super::{
    Asked, Viewer,
    labels::Labels,
    query, render, resolve,
    view::{FacetValue, FacetView, Facets, MASK},
};
use crate::{App, AppError, Caller, FieldProblem, Operation};
use model::{
    Activity, Class,
    query::{EventQuery, Field, Filter},
};
use uuid::Uuid;

const DEFAULT_VALUES: usize = 10;
const MOST_VALUES: usize = 50;

impl App {
    /// `fields=a,b` (all at once in one pass) and `limit` values of each, in the reader's scope.
    pub async fn event_facets(&self, caller: &Caller, text: &str) -> Result<Facets, AppError> {
        let asked = Asked::parse(text, &["fields"])?;
        let viewer = self.viewer(caller, Operation::EventsSearch, &asked.canonical).await?;
        let named = asked.further.get("fields").map_or("source,class,outcome,actor", String::as_str);
        let fields = named.split(',').map(|name| query::field(name.trim())).collect::<Result<Vec<Field>, _>>();
        let fields = fields.map_err(|detail| AppError::Invalid(vec![FieldProblem::new("fields", detail)]))?;
        if fields.contains(&Field::Address) && !viewer.sight.network {
            return Err(AppError::Invalid(vec![FieldProblem::new("fields", "addresses are masked for you".to_owned())]));
        }
        let query = resolve::resolve(self, &viewer, &asked, self.now()).await?;
        let limit = if text.contains("limit=") { asked.limit.min(MOST_VALUES) } else { DEFAULT_VALUES };
        let found = self.events.facets(&viewer.scope, &query, &fields, limit).await?;
        let persons = found.iter().filter(|f| f.field == Field::Person).flat_map(|f| &f.values).filter_map(|v| Uuid::parse_str(&v.value).ok());
        let labels = Labels::load(self, persons.collect::<Vec<_>>()).await?;
        let mut facets = Vec::with_capacity(found.len());
        for facet in found {
            let mut values = Vec::with_capacity(facet.values.len());
            for counted in facet.values {
                let label = self.facet_label(&viewer, &labels, facet.field, &counted.value).await?;
                values.push(FacetValue { value: counted.value, label, count: counted.count });
            }
            facets.push(FacetView { field: facet.field.name(), values, other: facet.other });
        }
        Ok(Facets { facets })
    }

    async fn facet_label(&self, viewer: &Viewer, labels: &Labels, field: Field, value: &str) -> Result<String, AppError> {
        let id = Uuid::parse_str(value).unwrap_or_default();
        let known = match field {
            Field::Source => Some(labels.source(id).title),
            Field::Class => value.parse::<u32>().ok().and_then(|uid| Class::try_from(uid).ok()).map(|c| c.caption().to_owned()),
            Field::Activity => activity_caption(value),
            Field::Person if !viewer.sight.actors => Some(MASK.to_owned()),
            Field::Person => labels.person(id).map(|p| p.name),
            Field::Department => labels.department(id).map(|d| d.name),
            Field::Actor | Field::Target => self.subject_label(viewer, field, value).await?,
            Field::Stream | Field::VendorType | Field::Outcome | Field::ObjectType | Field::Address => None,
        };
        Ok(known.unwrap_or_else(|| value.to_owned()))
    }

    /// What the newest event in the reader's scope calls a subject that acts ([`Field::Actor`]) or is acted on ([`Field::Target`]).
    pub(crate) async fn subject_label(&self, viewer: &Viewer, field: Field, subject: &str) -> Result<Option<String>, AppError> {
        let query = EventQuery { filters: vec![Filter { field, values: vec![subject.to_owned()], exclude: false }], ..EventQuery::default() };
        let hits = self.events.search(&viewer.scope, &query, None, 1).await?.hits;
        let view = render::render_many(self, viewer, hits).await?.pop();
        Ok(match field {
            Field::Actor => view.and_then(|v| v.actor).map(|a| a.label),
            _ => view.and_then(|v| v.target).map(|t| t.label),
        })
    }
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
