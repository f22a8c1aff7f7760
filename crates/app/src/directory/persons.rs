//! Persons and departments, within the reader's scope.

use super::{
    view::{DepartmentList, DepartmentView, LinkView, PersonDetail, PersonHistoryView, PersonPage, PersonView},
    with_parts,
};
use crate::{
    App, AppError, Caller, FieldProblem, Operation, Result,
    events::{cursor, labels::Labels},
    query::repeated,
    view::Named,
};
use model::{
    AlertStatus, DAY, Person, Reach, Scope,
    directory::Employment,
    query::{EventQuery, Field, Filter},
    time::rfc3339,
};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use store::records::{AlertQuery, Alerts, Departments, Links, PersonQuery, Persons};
use uuid::Uuid;

const DEFAULT_LIMIT: u64 = 50;
const MAX_LIMIT: u64 = 200;

/// `?q=&department=&cursor=&limit=`, and what a cursor is bound to.
fn read_query(app: &App, scope: &Scope, query: &str) -> Result<(PersonQuery, Option<Uuid>, String)> {
    let mut asked = PersonQuery { limit: DEFAULT_LIMIT, ..PersonQuery::default() };
    let (mut problems, mut department, mut cursor_text) = (repeated(query, &[]), None, None);
    for (name, value) in url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        let mut wrong = |detail: String| problems.push(FieldProblem::new(name.as_ref(), detail));
        match name.as_ref() {
            "q" => asked.words = Some(value.to_lowercase()),
            "department" => match Uuid::parse_str(value) {
                Ok(id) => department = Some(id),
                Err(_) => wrong(format!("'{value}' is not the id of a department")),
            },
            "limit" => match value.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n)) {
                Some(limit) => asked.limit = limit,
                None => wrong(format!("a limit is 1 to {MAX_LIMIT}")),
            },
            "cursor" => cursor_text = Some(value.to_owned()),
            _ => wrong("there is no such parameter".to_owned()),
        }
    }
    if !problems.is_empty() {
        return Err(AppError::Invalid(problems));
    }
    let scope = serde_json::to_string(scope).map_err(|e| AppError::Internal(e.to_string()))?;
    let bound = format!("{:?}\n{department:?}\n{scope}", asked.words);
    if let Some(text) = cursor_text {
        asked.after = Some(cursor::open(&app.keyring, &[b"persons", bound.as_bytes()], &text)?);
    }
    Ok((asked, department, bound))
}

impl App {
    /// Persons by name: `?q=&department=&cursor=&limit=`. A department stands for its parts too.
    pub async fn persons(&self, caller: &Caller, query: &str) -> Result<PersonPage> {
        let scope = self.read(caller, Operation::PersonsList, (), json!({ "query": query })).await?;
        let (mut asked, department, bound) = read_query(self, &scope, query)?;
        let named = match department {
            Some(department) => Some(with_parts(&self.records, &[department]).await?),
            None => None,
        };
        let mut items = match &scope.reach {
            Reach::Nothing => Vec::new(),
            // One's own person is one; it is not searched for.
            Reach::Person(id) => self.records.persons_by_id(&[*id]).await?,
            reach => {
                let own = if let Reach::Departments(own) = reach { Some(own.clone()) } else { None };
                asked.departments = match (own, named) {
                    (Some(own), Some(named)) => Some(own.intersection(&named).copied().collect()),
                    (own, named) => own.or(named).map(|ids| ids.into_iter().collect()),
                };
                // One more than asked tells whether there is a next page.
                self.records.persons(&PersonQuery { limit: asked.limit + 1, ..asked.clone() }).await?
            }
        };
        let more = items.len() as u64 > asked.limit;
        items.truncate(usize::try_from(asked.limit).unwrap_or(usize::MAX));
        let after = items.last().filter(|_| more).map(|p| (p.name.clone(), p.id));
        let next = after.map(|after| cursor::seal(&self.keyring, &[b"persons", bound.as_bytes()], &after)).transpose()?;
        let employments = self.employments(&items).await?;
        Ok(PersonPage { items: self.render_persons(&items, &employments).await?, next })
    }

    /// One person, where they belonged, which accounts are theirs.
    pub async fn person(&self, caller: &Caller, id: Uuid) -> Result<PersonDetail> {
        let scope = self.read(caller, Operation::PersonsRead, ("person", id), json!({})).await?;
        let (person, employments) = self.person_within(&scope, id).await?;
        let view = self.render_persons(std::slice::from_ref(&person), &employments).await?.pop();
        let view = view.ok_or_else(|| AppError::Internal("one person was rendered to none".into()))?;
        let labels = Labels::load(self, employments.iter().filter_map(|e| e.manager)).await?;
        let of_time = |at: Option<i64>| at.map(rfc3339);
        let history = employments.iter().map(|e| PersonHistoryView {
            department: labels.department(e.department).unwrap_or_else(|| Named::new(e.department, "")),
            manager: e.manager.and_then(|id| labels.person(id)),
            from: of_time(e.validity.from),
            until: of_time(e.validity.until),
        });
        // An account is a person's from the first to the last day the directory knows.
        let from = employments.first().and_then(|e| e.validity.from);
        let until = if employments.iter().any(|e| e.validity.until.is_none()) { None } else { employments.iter().filter_map(|e| e.validity.until).max() };
        let mut met = self.records.meetings_of_person(id).await?;
        met.sort_by(|a, b| (a.subject, &a.identifier).cmp(&(b.subject, &b.identifier)));
        met.dedup_by_key(|m| m.subject);
        let links = met.into_iter().map(|m| LinkView {
            subject: m.subject,
            source: labels.source(m.source),
            label: m.identifier,
            from: of_time(from),
            until: of_time(until),
        });
        let week = EventQuery { from: Some(self.now() - 7 * DAY), filters: vec![filter(Field::Person, id, false)], ..EventQuery::default() };
        let alerts = self.records.count_alerts_by_status(&scope, &AlertQuery { person: Some(id), ..AlertQuery::default() }).await?;
        Ok(PersonDetail {
            person: view,
            history: history.collect(),
            links: links.collect(),
            events_7d: self.events.count(&scope, &week).await?,
            alerts_open: alerts.into_iter().filter(|(status, _)| *status != AlertStatus::Closed).map(|(_, count)| count).sum(),
        })
    }

    /// Departments by name; to who answers for some, those.
    pub async fn departments(&self, caller: &Caller) -> Result<DepartmentList> {
        let scope = self.read(caller, Operation::DepartmentsList, (), json!({})).await?;
        let sizes: HashMap<Uuid, u64> = self.records.department_sizes(self.now()).await?.into_iter().collect();
        let mut all = self.records.departments().await?;
        all.retain(|d| match &scope.reach {
            Reach::Everything => true,
            Reach::Departments(own) => own.contains(&d.id),
            Reach::Person(_) | Reach::Nothing => false,
        });
        let view = |d: model::Department| DepartmentView { persons: sizes.get(&d.id).copied().unwrap_or_default(), id: d.id, name: d.name, parent: d.parent };
        Ok(DepartmentList { items: all.into_iter().map(view).collect() })
    }

    /// A person this scope admits, with their employments, oldest first.
    pub(super) async fn person_within(&self, scope: &Scope, id: Uuid) -> Result<(Person, Vec<Employment>)> {
        let unknown = || AppError::not_found(format!("person {id}"));
        let person = self.records.persons_by_id(&[id]).await?.pop().ok_or_else(unknown)?;
        let mut employments = self.records.employments_of(&[id]).await?;
        let admitted = match &scope.reach {
            Reach::Everything => true,
            Reach::Departments(own) => {
                // What someone did before or after is another lead's.
                employments.retain(|e| own.contains(&e.department));
                !employments.is_empty()
            }
            Reach::Person(own) => *own == id,
            Reach::Nothing => false,
        };
        if admitted { Ok((person, employments)) } else { Err(unknown()) }
    }

    async fn employments(&self, persons: &[Person]) -> Result<Vec<Employment>> {
        Ok(self.records.employments_of(&persons.iter().map(|p| p.id).collect::<Vec<_>>()).await?)
    }

    async fn render_persons(&self, persons: &[Person], employments: &[Employment]) -> Result<Vec<PersonView>> {
        let now = self.now();
        let current: HashMap<Uuid, &Employment> = employments.iter().filter(|e| e.validity.contains(now)).map(|e| (e.person, e)).collect();
        let labels = Labels::load(self, current.values().filter_map(|e| e.manager)).await?;
        let mut accounts: HashMap<Uuid, BTreeSet<String>> = HashMap::new();
        for account in self.records.accounts_of(&persons.iter().map(|p| p.id).collect::<Vec<_>>()).await? {
            accounts.entry(account.person).or_default().insert(account.identifier);
        }
        let view = |person: &Person| PersonView {
            id: person.id,
            employee_id: if person.erased.is_some() { String::new() } else { person.employee_id.clone() },
            name: person.name.clone(),
            email: person.email.clone(),
            title: person.title.clone(),
            zone: person.zone.clone(),
            erased: person.erased.map(rfc3339),
            department: current.get(&person.id).and_then(|e| labels.department(e.department)),
            manager: current.get(&person.id).and_then(|e| labels.person(e.manager?)),
            accounts: accounts.get(&person.id).map_or(0, |names| names.len() as u64),
        };
        Ok(persons.iter().map(view).collect())
    }
}

pub(crate) fn filter(field: Field, id: Uuid, exclude: bool) -> Filter {
    Filter { field, values: vec![id.to_string()], exclude }
}
