//! What a directory sees of members and groups, and what it asks to change. The JSON of SCIM is read and written by `api`.

use super::newer;
use crate::{AppError, Result};
use model::{Member, Micros};
use serde_json::{Value, json};
use std::collections::HashMap;
use store::records::{DirectoryGroup, Provisioned};
use uuid::Uuid;

const MAX_GROUP_CHARS: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: Uuid,
    pub external_id: Option<String>,
    pub user_name: String,
    pub name: String,
    pub active: bool,
    pub role: &'static str,
    /// Groups he is in, by id and name.
    pub groups: Vec<(Uuid, String)>,
    pub created: Micros,
    pub changed: Micros,
}

impl Person {
    pub(super) fn of(member: Member, known: &HashMap<Uuid, Provisioned>, groups: &[DirectoryGroup]) -> Self {
        let known = known.get(&member.id);
        Self {
            id: member.id,
            external_id: known.and_then(|k| k.external_id.clone()),
            user_name: member.email,
            name: member.name,
            active: member.active,
            role: member.role.name(),
            groups: groups.iter().filter(|g| g.members.contains(&member.id)).map(|g| (g.id, g.name.clone())).collect(),
            created: member.created,
            changed: newer(member.created, known.map(|k| k.changed)),
        }
    }
}

/// What is asked of a person; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonDraft {
    pub external_id: Option<String>,
    pub user_name: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub active: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: Uuid,
    pub external_id: Option<String>,
    pub name: String,
    /// By id and user name.
    pub members: Vec<(Uuid, String)>,
    pub created: Micros,
    pub changed: Micros,
}

impl Group {
    pub(super) fn of(group: DirectoryGroup, names: &HashMap<Uuid, String>) -> Self {
        let members = group.members.into_iter().map(|id| (id, names.get(&id).cloned().unwrap_or_default())).collect();
        Self { id: group.id, external_id: group.external_id, name: group.name, members, created: group.created, changed: group.changed }
    }
}

/// What is asked of a group; what is `None` stays. `members` is the whole list, `add` and `remove` come after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupDraft {
    pub external_id: Option<String>,
    pub name: Option<String>,
    pub members: Option<Vec<Uuid>>,
    pub add: Vec<Uuid>,
    pub remove: Vec<Uuid>,
}

impl GroupDraft {
    pub(super) fn write(&self, group: &mut DirectoryGroup) -> Result<()> {
        if let Some(name) = &self.name {
            group.name = name.trim().to_owned();
        }
        if group.name.is_empty() || group.name.chars().count() > MAX_GROUP_CHARS {
            return Err(AppError::invalid("displayName", format!("a group's name has 1 to {MAX_GROUP_CHARS} characters")));
        }
        if self.external_id.is_some() {
            group.external_id.clone_from(&self.external_id);
        }
        if let Some(members) = &self.members {
            group.members.clone_from(members);
        }
        group.members.extend(&self.add);
        group.members.retain(|m| !self.remove.contains(m));
        group.members.sort_unstable();
        group.members.dedup();
        Ok(())
    }

    pub(super) fn told(&self) -> Value {
        json!({ "name": self.name, "members": self.members, "add": self.add, "remove": self.remove })
    }
}
