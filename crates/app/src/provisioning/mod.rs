//! Members as the company's directory has them: what a SCIM 2.0 client (RFC 7643, 7644) creates, changes and takes away, with the groups that give
//! roles. Nobody is deleted: who is taken away may not sign in any more, and the trail goes on naming him.

use crate::{
    App, AppError, Caller, Entry, Operation, Result,
    members::{Given, checked_email, checked_name, given},
};
use model::{Member, MemberKind, Micros, Role};
use serde_json::{Value, json};
use std::collections::HashMap;
use store::{
    records::{DirectoryGroup, Identities, Members, Persons, Provisioned},
    sql::Unit,
};
use uuid::Uuid;

pub use resource::{Group, GroupDraft, Person, PersonDraft};

mod resource;
#[cfg(test)]
mod tests;

/// Members of one group at most.
const MOST_IN_GROUP: usize = 10_000;

impl App {
    /// Every member who is a person, as the directory knows him.
    pub async fn provisioned_persons(&self, caller: &Caller) -> Result<Vec<Person>> {
        self.provision_read(caller, "members").await?;
        let known: HashMap<Uuid, Provisioned> = self.records.provisioned().await?.into_iter().map(|p| (p.member, p)).collect();
        let groups = self.records.groups().await?;
        let members = self.records.members().await?.into_iter().filter(|m| m.kind == MemberKind::Person);
        Ok(members.map(|m| Person::of(m, &known, &groups)).collect())
    }

    pub async fn provisioned_person(&self, caller: &Caller, id: Uuid) -> Result<Person> {
        let found = self.provisioned_persons(caller).await?.into_iter().find(|p| p.id == id);
        found.ok_or_else(|| AppError::not_found("user with this id"))
    }

    /// # Errors
    /// `Conflict` when somebody has this user name already.
    pub async fn provision_person(&self, caller: &Caller, draft: PersonDraft) -> Result<Person> {
        let (id, now) = (Uuid::now_v7(), self.now());
        let work = async |unit: &Unit| {
            let email = user_name(&draft)?;
            let member = Member {
                id,
                kind: MemberKind::Person,
                name: display(&draft, &email)?,
                role: Role::Employee,
                departments: Vec::new(),
                person: unit.person_by_email(&email).await?.map(|p| p.id),
                until: None,
                active: draft.active.unwrap_or(true),
                created: now,
                email,
            };
            unit.add_member(&member, "").await?;
            Ok(unit.put_provisioned(&Provisioned { member: id, external_id: draft.external_id.clone(), changed: now }).await?)
        };
        self.change(caller, Operation::MembersProvision, ("member", id), json!({ "created": draft.told() }), work).await?;
        self.person_as_is(id).await
    }

    /// Writes what the draft names; what it leaves out stays.
    pub async fn reprovision_person(&self, caller: &Caller, id: Uuid, draft: PersonDraft) -> Result<Person> {
        let before = self.records.member(id).await?.map(|m| json!({ "userName": m.email, "name": m.name, "active": m.active }));
        let work = async |unit: &Unit| {
            unit.lock_members().await?;
            let before = person(unit, id).await?;
            let mut after = before.clone();
            if draft.user_name.is_some() {
                after.email = user_name(&draft)?;
            }
            if draft.name.is_some() {
                after.name = display(&draft, &after.email)?;
            }
            after.active = draft.active.unwrap_or(before.active);
            unit.change_member(&after).await?;
            self.keeps_an_administrator(unit, &before).await?;
            if !after.active {
                self.put_out(unit, id).await?;
            }
            let external_id = match &draft.external_id {
                Some(given) => Some(given.clone()),
                None => unit.provisioned().await?.into_iter().find(|p| p.member == id).and_then(|p| p.external_id),
            };
            Ok(unit.put_provisioned(&Provisioned { member: id, external_id, changed: self.now() }).await?)
        };
        let detail = json!({ "before": before, "after": draft.told() });
        self.change(caller, Operation::MembersProvision, ("member", id), detail, work).await?;
        self.person_as_is(id).await
    }

    /// Ends the access: sessions and tokens end at once.
    pub async fn deprovision_person(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let draft = PersonDraft { active: Some(false), ..PersonDraft::default() };
        self.reprovision_person(caller, id, draft).await.map(drop)
    }

    pub async fn provisioned_groups(&self, caller: &Caller) -> Result<Vec<Group>> {
        self.provision_read(caller, "groups").await?;
        let names = self.names().await?;
        Ok(self.records.groups().await?.into_iter().map(|g| Group::of(g, &names)).collect())
    }

    pub async fn provisioned_group(&self, caller: &Caller, id: Uuid) -> Result<Group> {
        self.provision_read(caller, "groups").await?;
        let group = self.records.group(id).await?.ok_or_else(|| AppError::not_found("group with this id"))?;
        Ok(Group::of(group, &self.names().await?))
    }

    pub async fn provision_group(&self, caller: &Caller, draft: GroupDraft) -> Result<Group> {
        self.write_group(caller, Uuid::now_v7(), None, draft).await
    }

    /// Writes what the draft names; what it leaves out stays.
    pub async fn reprovision_group(&self, caller: &Caller, id: Uuid, draft: GroupDraft) -> Result<Group> {
        let before = self.records.group(id).await?.ok_or_else(|| AppError::not_found("group with this id"))?;
        self.write_group(caller, id, Some(before), draft).await
    }

    async fn write_group(&self, caller: &Caller, id: Uuid, before: Option<DirectoryGroup>, draft: GroupDraft) -> Result<Group> {
        let now = self.now();
        let detail = json!({ "group": draft.name.as_ref().or(before.as_ref().map(|g| &g.name)), "changes": draft.told() });
        let work = async |unit: &Unit| {
            unit.lock_members().await?;
            let old = unit.group(id).await?;
            if before.is_some() && old.is_none() {
                return Err(AppError::not_found("group with this id"));
            }
            let fresh = DirectoryGroup { id, name: String::new(), external_id: None, members: Vec::new(), created: now, changed: now };
            let mut group = old.clone().unwrap_or(fresh);
            draft.write(&mut group)?;
            group.changed = now;
            if group.members.len() > MOST_IN_GROUP {
                return Err(AppError::invalid("members", format!("a group has {MOST_IN_GROUP} members at most")));
            }
            if unit.groups().await?.iter().any(|g| g.id != id && g.name == group.name) {
                return Err(AppError::Conflict(format!("there is a group '{}' already", group.name)));
            }
            for member in &group.members {
                person(unit, *member).await?;
            }
            unit.put_group(&group).await?;
            let mut touched = old.map(|g| g.members).unwrap_or_default();
            touched.extend(&group.members);
            self.follow_groups(unit, touched).await?;
            Ok(group)
        };
        let group = self.change(caller, Operation::MembersProvision, ("group", id), detail, work).await?;
        Ok(Group::of(group, &self.names().await?))
    }

    pub async fn deprovision_group(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let work = async |unit: &Unit| {
            unit.lock_members().await?;
            let group = unit.group(id).await?.ok_or_else(|| AppError::not_found("group with this id"))?;
            unit.drop_group(id).await?;
            self.follow_groups(unit, group.members).await
        };
        self.change(caller, Operation::MembersProvision, ("group", id), json!({ "removed": true }), work).await
    }

    /// Gives each of these members the role of his groups. One whom no group gives a role any more is an employee; one in groups whose roles never go
    /// together is refused, with the whole change.
    async fn follow_groups(&self, unit: &Unit, mut members: Vec<Uuid>) -> Result<()> {
        members.sort_unstable();
        members.dedup();
        if self.sign_in.groups.is_empty() {
            return Ok(());
        }
        for id in members {
            let before = person(unit, id).await?;
            let mut after = before.clone();
            match given(&self.sign_in.groups, &unit.groups_of(id).await?) {
                Given::Role(rule) => drop(self.give_role(unit, &mut after, rule).await?),
                Given::Nothing => (after.role, after.departments) = (Role::Employee, Vec::new()),
                Given::Forbidden(one, other) => {
                    let why = format!("{} would be {} and {} at once, which nobody may be", before.email, one.name(), other.name());
                    return Err(AppError::invalid("members", why));
                }
            }
            if (after.role, &after.departments) == (before.role, &before.departments) {
                continue;
            }
            unit.change_member(&after).await?;
            self.keeps_an_administrator(unit, &before).await?;
            if after.role != before.role {
                self.put_out(unit, id).await?;
            }
        }
        Ok(())
    }

    /// Only a program's token provisions: no browser, and no member by hand.
    async fn provision_read(&self, caller: &Caller, what: &str) -> Result<()> {
        self.read(caller, Operation::MembersProvision, (), json!({ "read": what })).await.map(drop)
    }

    async fn person_as_is(&self, id: Uuid) -> Result<Person> {
        let known = self.records.provisioned().await?.into_iter().map(|p| (p.member, p)).collect();
        let member = self.records.member(id).await?.ok_or_else(|| AppError::not_found("user with this id"))?;
        Ok(Person::of(member, &known, &self.records.groups().await?))
    }

    async fn names(&self) -> Result<HashMap<Uuid, String>> {
        Ok(self.records.members().await?.into_iter().map(|m| (m.id, m.email)).collect())
    }
}

/// Whether the caller came with a program's token.
pub fn is_program(caller: &Caller) -> bool {
    matches!(caller.entry, Entry::Token { .. })
}

async fn person(unit: &Unit, id: Uuid) -> Result<Member> {
    let found = unit.member(id).await?.filter(|m| m.kind == MemberKind::Person);
    found.ok_or_else(|| AppError::not_found("user with this id"))
}

fn user_name(draft: &PersonDraft) -> Result<String> {
    let given = draft.user_name.as_deref().unwrap_or_default();
    // Directories whose user names are no addresses send the address beside.
    let address = if given.contains('@') { given } else { draft.email.as_deref().unwrap_or(given) };
    checked_email(address)
        .map_err(|_| AppError::invalid("userName", format!("'{given}' is no e-mail address, and none is among 'emails'; members sign in by one")))
}

fn display(draft: &PersonDraft, email: &str) -> Result<String> {
    checked_name(draft.name.as_deref().filter(|n| !n.trim().is_empty()).unwrap_or(email))
}

/// When something was last changed, for `meta.lastModified`.
fn newer(created: Micros, changed: Option<Micros>) -> Micros {
    changed.unwrap_or(created).max(created)
}

impl PersonDraft {
    fn told(&self) -> Value {
        json!({ "userName": self.user_name, "name": self.name, "active": self.active, "externalId": self.external_id })
    }
}
