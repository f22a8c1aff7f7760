//! Every name a person is known by, gathered while it can still be read.

use super::Whom;
use crate::{App, Result, events::render::open_hits};
use ledger::Opened;
use model::{Actor, Scope};
use std::collections::BTreeSet;
use store::records::{Links, Persons};
use uuid::Uuid;

/// Distinct names gathered; a source that makes up one per event fills no memory.
const MOST: usize = 10_000;
const PAGE: usize = 1_000;

impl App {
    /// Names, addresses and vendors' ids, in lower case.
    pub(super) async fn names_of(&self, whom: &Whom) -> Result<Vec<String>> {
        let mut names = BTreeSet::new();
        if let Some(person) = whom.person {
            for person in self.records.persons_by_id(&[person]).await? {
                add(&mut names, [Some(person.name), person.email, Some(person.employee_id)]);
            }
            add(&mut names, self.records.accounts_of(&[person]).await?.into_iter().map(|a| Some(a.identifier)));
        }
        for query in whom.queries() {
            let mut after = None;
            loop {
                let page = self.events.search(&Scope::everything(), &query, after, PAGE).await?;
                for opened in open_hits(self, &page.hits).await? {
                    of_event(&mut names, &whom.subjects, opened);
                }
                after = page.next;
                if after.is_none() || names.len() >= MOST {
                    break;
                }
            }
        }
        Ok(names.into_iter().collect())
    }
}

fn of_event(names: &mut BTreeSet<String>, subjects: &[Uuid], opened: Opened) {
    let ours = |subject: Option<Uuid>| subject.is_some_and(|id| subjects.contains(&id));
    if let (true, Some(Actor { subject, username, name, email, .. })) = (ours(opened.clear.actor_subject), opened.actor) {
        add(names, [Some(subject.vendor_id), username, name, email]);
    }
    if let (true, Some(target)) = (ours(opened.clear.target_subject), opened.target) {
        add(names, [Some(target.subject.vendor_id), target.label]);
    }
}

fn add(names: &mut BTreeSet<String>, more: impl IntoIterator<Item = Option<String>>) {
    names.extend(more.into_iter().flatten().map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()));
}
