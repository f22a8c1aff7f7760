//! One field that finds everything: an event by its position, alerts, persons and accounts or records by their ids, persons and pages by
//! name. Each kind is looked for as widely as the member may read that kind, and no wider.

#[cfg(test)]
pub(crate) mod company;
#[cfg(test)]
mod tests;

use crate::{
    App, AppError, Caller, FieldProblem, Operation, Result,
    events::{Viewer, render_many, view::MASK},
    query::repeated,
};
use model::{
    Person, Position, Reach, Scope,
    query::{EventQuery, Field, Filter},
};
use serde::Serialize;
use serde_json::json;
use store::records::{Alerts, PersonQuery, Persons};
use utoipa::ToSchema;
use uuid::Uuid;

const MAX_CHARS: usize = 200;
const MOST_PERSONS: u64 = 8;

/// Title, path and the operation it stands on, of every page a member can be sent to.
const PAGES: [(&str, &str, Operation); 12] = [
    ("Overview", "/overview", Operation::OverviewRead),
    ("Activity", "/activity", Operation::EventsSearch),
    ("People", "/persons", Operation::PersonsList),
    ("Alerts", "/alerts", Operation::AlertsList),
    ("My activity", "/my-activity", Operation::OwnEvents),
    ("Library", "/rules", Operation::RulesList),
    ("Sources", "/sources", Operation::SourcesList),
    ("Directory", "/directory", Operation::DirectoryImport),
    ("Members", "/members", Operation::MembersList),
    ("Own trail", "/self", Operation::SelfList),
    ("Jobs", "/jobs", Operation::JobsList),
    ("Settings", "/settings", Operation::SettingsRead),
];

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FoundItem {
    #[schema(schema_with = crate::view::words::found_kind)]
    pub kind: &'static str,
    pub id: String,
    pub title: String,
    pub subtitle: String,
    /// Where it is shown, within Veritrail.
    pub href: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Found {
    pub items: Vec<FoundItem>,
}

impl App {
    /// `q=` is what was typed; nothing typed finds nothing.
    pub async fn search_everything(&self, caller: &Caller, query: &str) -> Result<Found> {
        let words = read_words(query)?;
        self.read(caller, Operation::SearchEverything, (), json!({ "query": words })).await?;
        let mut items = Vec::new();
        if words.is_empty() {
            return Ok(Found { items });
        }
        if let Ok(position) = words.parse::<Position>() {
            items.extend(self.found_event(caller, &position).await?);
        }
        if let Ok(id) = Uuid::parse_str(&words) {
            items.extend(self.found_alert(caller, id).await?);
            items.extend(self.found_subject(caller, id).await?);
        }
        items.extend(self.found_persons(caller, &words).await?);
        items.extend(self.found_pages(caller, &words)?);
        Ok(Found { items })
    }

    async fn found_event(&self, caller: &Caller, position: &Position) -> Result<Option<FoundItem>> {
        let viewer = self.finder(caller, Operation::EventsRead).await?;
        let hit = self.events.get(&viewer.scope, position).await?;
        let event = render_many(self, &viewer, hit.into_iter().collect()).await?.pop();
        Ok(event.map(|event| FoundItem {
            kind: "event",
            href: format!("/activity?open={}", encoded(&event.position)),
            subtitle: format!("{}, {}", event.source.title, event.time),
            title: event.sentence,
            id: event.position,
        }))
    }

    async fn found_alert(&self, caller: &Caller, id: Uuid) -> Result<Option<FoundItem>> {
        let viewer = self.finder(caller, Operation::AlertsRead).await?;
        let Some(alert) = self.records.alert(&viewer.scope, id).await? else { return Ok(None) };
        let alert = self.render_alerts(&viewer, &[alert]).await?.pop();
        Ok(alert.map(|alert| FoundItem {
            kind: "alert",
            id: alert.id.to_string(),
            href: format!("/alerts/{}", alert.id),
            subtitle: format!("{}, {}, {}", alert.rule.title, alert.severity, alert.opened),
            title: alert.headline,
        }))
    }

    /// An account or record that events in the member's scope name.
    async fn found_subject(&self, caller: &Caller, id: Uuid) -> Result<Option<FoundItem>> {
        let viewer = self.finder(caller, Operation::SubjectsRead).await?;
        for field in [Field::Actor, Field::Target] {
            let filters = vec![Filter { field, values: vec![id.to_string()], exclude: false }];
            let hits = self.events.search(&viewer.scope, &EventQuery { filters, ..EventQuery::default() }, None, 1).await?.hits;
            let Some(event) = render_many(self, &viewer, hits).await?.pop() else { continue };
            let (label, what) = match field {
                Field::Actor => (event.actor.map(|a| a.label), "account".to_owned()),
                _ => event.target.map_or((None, String::new()), |t| (Some(t.label), t.object_type.replace('_', " "))),
            };
            return Ok(Some(FoundItem {
                kind: "subject",
                id: id.to_string(),
                title: label.unwrap_or_else(|| MASK.to_owned()),
                subtitle: format!("{}, {what}, last seen {}", event.source.title, event.time),
                href: format!("/subjects/{id}"),
            }));
        }
        Ok(None)
    }

    async fn found_persons(&self, caller: &Caller, words: &str) -> Result<Vec<FoundItem>> {
        let scope = self.scope_of(caller, Operation::PersonsList).await?;
        let mut persons = match &scope.reach {
            Reach::Nothing => Vec::new(),
            Reach::Person(id) => self.records.persons_by_id(&[*id]).await?.into_iter().filter(|person| says(person, words)).collect(),
            Reach::Everything | Reach::Departments(_) => {
                let departments = departments(&scope);
                let asked = PersonQuery { words: Some(words.to_lowercase()), departments, after: None, limit: MOST_PERSONS };
                self.records.persons(&asked).await?
            }
        };
        if let (Ok(id), true) = (Uuid::parse_str(words), persons.is_empty()) {
            persons = self.person_in(&scope, id).await?;
        }
        Ok(persons.into_iter().map(found_person).collect())
    }

    /// A person by his id, if he at some time belonged to what the scope reaches.
    async fn person_in(&self, scope: &Scope, id: Uuid) -> Result<Vec<Person>> {
        let reached = match &scope.reach {
            Reach::Nothing => false,
            Reach::Everything => true,
            Reach::Person(own) => *own == id,
            Reach::Departments(departments) => self.records.employments_of(&[id]).await?.iter().any(|e| departments.contains(&e.department)),
        };
        if reached { Ok(self.records.persons_by_id(&[id]).await?) } else { Ok(Vec::new()) }
    }

    fn found_pages(&self, caller: &Caller, words: &str) -> Result<Vec<FoundItem>> {
        let operations = self.operations_of(&caller.member)?;
        let words = words.to_lowercase();
        let fits = |(title, _, operation): &&(&str, &str, Operation)| title.to_lowercase().contains(&words) && operations.contains(&operation.name());
        let item = |(title, path, _): &(&str, &str, Operation)| FoundItem {
            kind: "page",
            id: (*path).to_owned(),
            title: (*title).to_owned(),
            subtitle: String::new(),
            href: (*path).to_owned(),
        };
        Ok(PAGES.iter().filter(fits).map(item).collect())
    }

    async fn finder(&self, caller: &Caller, operation: Operation) -> Result<Viewer> {
        Ok(Viewer::new(caller.member.role, self.scope_of(caller, operation).await?))
    }
}

fn departments(scope: &Scope) -> Option<Vec<Uuid>> {
    match &scope.reach {
        Reach::Departments(ids) => Some(ids.iter().copied().collect()),
        _ => None,
    }
}

fn says(person: &Person, words: &str) -> bool {
    person.name.to_lowercase().contains(&words.to_lowercase())
}

fn found_person(person: Person) -> FoundItem {
    let said = [person.title, person.email].into_iter().flatten().collect::<Vec<_>>();
    FoundItem { kind: "person", id: person.id.to_string(), title: person.name, subtitle: said.join(", "), href: format!("/persons/{}", person.id) }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn read_words(query: &str) -> Result<String> {
    let (mut words, mut problems) = (String::new(), repeated(query, &[]));
    for (name, value) in url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
        match name.as_ref() {
            "q" if value.chars().count() > MAX_CHARS => problems.push(FieldProblem::new("q", format!("at most {MAX_CHARS} characters are searched"))),
            "q" => words = value.trim().to_owned(),
            other => problems.push(FieldProblem::new(other, "there is no such parameter")),
        }
    }
    if problems.is_empty() { Ok(words) } else { Err(AppError::Invalid(problems)) }
}
