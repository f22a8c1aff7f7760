//! Taking a directory file in. The same file again changes nothing; persons it does not name stay as they are.

use super::{
    VERSION,
    file::{self, Refused, Row},
    name_hash,
};
use crate::{App, Caller, Operation, Result};
use model::{Department, Micros, Person, Validity, directory::Employment};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use store::{
    records::{Account, Departments, Links, Persons, Settings},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// Written first by each import, so that two at once wait for each other.
const TURN: &str = "directory_import";

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct DirectoryImport {
    pub persons_added: u64,
    pub persons_changed: u64,
    pub departments_added: u64,
    /// Names of accounts that now lead to a person.
    pub links_added: u64,
    pub refused: Vec<Refused>,
}

impl App {
    /// Imports the directory: the columns of [`super::file`]. `from` and `until` say when a line holds, so several lines may tell one
    /// person's history; a line without `from` that differs from what is known holds from now on.
    pub async fn import_directory(&self, caller: &Caller, csv: &[u8]) -> Result<DirectoryImport> {
        let detail = json!({ "bytes": csv.len() });
        self.change(caller, Operation::DirectoryImport, (), detail, async |unit: &Unit| self.take_directory(unit, csv).await).await
    }

    async fn take_directory(&self, unit: &Unit, csv: &[u8]) -> Result<DirectoryImport> {
        let (rows, refused) = file::read(csv)?;
        let now = self.now();
        unit.put_setting(TURN, &now.to_string()).await?;
        let mut done = DirectoryImport { refused, ..DirectoryImport::default() };
        let known: HashMap<String, Person> = unit.all_persons().await?.into_iter().map(|p| (p.employee_id.clone(), p)).collect();
        let by_person = accepted(rows, &known, &mut done.refused);
        let ids: HashMap<String, Uuid> = by_person
            .keys()
            .map(|key| (key.clone(), known.get(key).map_or_else(Uuid::now_v7, |p| p.id)))
            .chain(known.iter().map(|(k, p)| (k.clone(), p.id)))
            .collect();
        let (departments, moved) = self.take_departments(unit, &by_person, &mut done).await?;
        let mut employments: HashMap<Uuid, Vec<Employment>> = HashMap::new();
        for employment in unit.all_employments().await? {
            employments.entry(employment.person).or_default().push(employment);
        }
        let mut accounts = Vec::new();
        for (employee_id, rows) in &by_person {
            let (Some(newest), Some(id)) = (rows.last(), ids.get(employee_id).copied()) else { continue };
            let person = Person {
                id,
                employee_id: employee_id.clone(),
                name: newest.name.clone(),
                email: newest.email.clone(),
                title: newest.title.clone(),
                zone: newest.zone.clone(),
                erased: None,
            };
            let told = rows.iter().filter_map(|row| {
                let department = *departments.get(&row.departments.last()?.to_lowercase())?;
                Some(Employment { person: id, department, manager: row.manager.as_ref().and_then(|m| ids.get(m).copied()), validity: row.validity })
            });
            let before = employments.remove(&id).unwrap_or_default();
            let after = merged(&before, told.collect(), now);
            let changed = known.get(employee_id) != Some(&person);
            if changed {
                unit.put_person(&person).await?;
            }
            if before != after {
                unit.replace_employments(id, &after).await?;
            }
            match known.contains_key(employee_id) {
                false => done.persons_added += 1,
                true if changed || before != after => done.persons_changed += 1,
                true => {}
            }
            let names: HashSet<&String> = rows.iter().flat_map(|row| &row.accounts).collect();
            accounts.extend(names.into_iter().map(|name| Account { hash: name_hash(&self.keyring, name), person: id, identifier: name.clone() }));
        }
        done.links_added = unit.add_accounts(&accounts).await?;
        if moved || done.persons_added + done.persons_changed + done.departments_added + done.links_added > 0 {
            unit.put_setting(VERSION, &Uuid::now_v7().to_string()).await?;
        }
        done.refused.sort_by_key(|r| r.line);
        Ok(done)
    }

    /// Departments by name in lower case, and whether any got another parent.
    async fn take_departments(&self, unit: &Unit, by_person: &BTreeMap<String, Vec<Row>>, done: &mut DirectoryImport) -> Result<(HashMap<String, Uuid>, bool)> {
        let known = unit.departments().await?;
        let mut ids: HashMap<String, Uuid> = known.iter().map(|d| (d.name.to_lowercase(), d.id)).collect();
        let mut parents: HashMap<Uuid, Uuid> = known.iter().filter_map(|d| Some((d.id, d.parent?))).collect();
        let mut moved = false;
        for row in by_person.values().flatten() {
            let mut parent = None;
            for name in &row.departments {
                let id = match ids.get(&name.to_lowercase()) {
                    Some(id) => *id,
                    None => {
                        let id = Uuid::now_v7();
                        unit.add_department(&Department { id, name: name.clone(), parent: None }).await?;
                        ids.insert(name.to_lowercase(), id);
                        done.departments_added += 1;
                        id
                    }
                };
                if let Some(above) = parent
                    && parents.get(&id) != Some(&above)
                {
                    let mut upwards = std::iter::successors(Some(above), |d| parents.get(d).copied());
                    if upwards.any(|d| d == id) {
                        done.refused.push(Refused { line: row.line, reason: format!("'{name}' would become a part of itself; it stays where it is") });
                    } else {
                        unit.set_department_parent(id, Some(above)).await?;
                        parents.insert(id, above);
                        moved = true;
                    }
                }
                parent = Some(id);
            }
        }
        Ok((ids, moved))
    }
}

/// Lines by employee id, oldest first, without those that contradict an earlier one or name a manager nobody knows.
fn accepted(rows: Vec<Row>, known: &HashMap<String, Person>, refused: &mut Vec<Refused>) -> BTreeMap<String, Vec<Row>> {
    let mut by_person: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        let lines = by_person.entry(row.employee_id.clone()).or_default();
        match lines.iter().find(|earlier| overlap(&earlier.validity, &row.validity)) {
            Some(earlier) => {
                refused.push(Refused { line: row.line, reason: format!("the time overlaps that of line {} for the same employee_id", earlier.line) })
            }
            None => lines.push(row),
        }
    }
    // Refusing a line may take away somebody's manager, so until nothing changes any more.
    loop {
        let people: HashSet<String> = by_person.iter().filter(|(_, rows)| !rows.is_empty()).map(|(id, _)| id.clone()).chain(known.keys().cloned()).collect();
        let before = refused.len();
        for rows in by_person.values_mut() {
            rows.retain(|row| match &row.manager {
                Some(manager) if !people.contains(manager) => {
                    refused.push(Refused { line: row.line, reason: format!("there is no employee_id '{manager}' to be the manager") });
                    false
                }
                _ => true,
            });
        }
        if refused.len() == before {
            break;
        }
    }
    by_person.retain(|_, rows| !rows.is_empty());
    for rows in by_person.values_mut() {
        rows.sort_by_key(|row| row.validity.from);
    }
    by_person
}

fn overlap(a: &Validity, b: &Validity) -> bool {
    let ends_before = |a: &Validity, b: &Validity| matches!((a.until, b.from), (Some(until), Some(from)) if until <= from);
    !ends_before(a, b) && !ends_before(b, a)
}

/// What was known and what the file tells, as one history. From the first day told on, the file is right; a single line without a
/// beginning says how things are now.
fn merged(before: &[Employment], told: Vec<Employment>, now: Micros) -> Vec<Employment> {
    let cut = |at: Micros| {
        let earlier = before.iter().filter(move |e| e.validity.from.is_none_or(|from| from < at));
        earlier.map(move |e| Employment { validity: Validity { until: Some(e.validity.until.map_or(at, |u| u.min(at))), ..e.validity }, ..e.clone() })
    };
    match (before.last(), told.as_slice()) {
        (Some(last), [one]) if one.validity.from.is_none() && one.validity.until.is_none_or(|until| until > now.max(last.validity.from.unwrap_or(now))) => {
            let mut after: Vec<Employment>;
            if (last.department, last.manager) == (one.department, one.manager) {
                after = before[..before.len() - 1].to_vec();
                after.push(Employment { validity: Validity { until: one.validity.until, ..last.validity }, ..last.clone() });
            } else {
                after = cut(now).collect();
                let from = (!after.is_empty()).then_some(now);
                after.push(Employment { validity: Validity { from, until: one.validity.until }, ..one.clone() });
            }
            after
        }
        (_, [first, ..]) if first.validity.from.is_some() => cut(first.validity.from.unwrap_or(now)).chain(told.iter().cloned()).collect(),
        _ => told,
    }
}
