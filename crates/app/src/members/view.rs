//! Members as pages read them.

use crate::{App, Result, view::Named};
use model::{Member, time::rfc3339};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{HashMap, HashSet};
use store::records::{Departments, Factors, Invitation, Persons};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberView {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    #[schema(schema_with = crate::view::words::role)]
    pub role: String,
    pub departments: Vec<Named>,
    pub person: Option<Named>,
    pub active: bool,
    /// He has an authenticator app or a passkey.
    pub second_factor: bool,
    pub created: String,
    pub until: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InvitationView {
    pub id: Uuid,
    pub email: String,
    #[schema(schema_with = crate::view::words::role)]
    pub role: String,
    pub expires: String,
}

impl InvitationView {
    pub(super) fn of(invitation: Invitation) -> Self {
        let Invitation { id, email, role, expires, .. } = invitation;
        Self { id, email, role: role.name().to_owned(), expires: rfc3339(expires) }
    }
}

/// What someone who holds an invitation's link may know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InvitedView {
    pub email: String,
    #[schema(schema_with = crate::view::words::role)]
    pub role: String,
    pub expires: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberList {
    pub items: Vec<MemberView>,
    pub invitations: Vec<InvitationView>,
}

/// Whom to invite, as what.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    pub email: String,
    #[schema(schema_with = crate::view::words::role)]
    pub role: String,
    #[serde(default)]
    pub departments: Vec<Uuid>,
    /// RFC 3339; the access ends then.
    #[serde(default)]
    pub until: Option<String>,
}

/// The link to hand over; it is shown once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InviteLink {
    pub link: String,
    pub expires: String,
    /// It was sent to the invited by mail too.
    pub mailed: bool,
}

/// The invited's answer.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    pub token: String,
    pub name: String,
    pub password: String,
}

/// What to change of a member; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    #[serde(default)]
    pub role: Option<String>,
    #[serde(default)]
    pub departments: Option<Vec<Uuid>>,
    #[serde(default)]
    pub active: Option<bool>,
    /// RFC 3339; `null` takes the end away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Option<String>>,
}

/// Tells `null` from a field left out.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl App {
    pub(crate) async fn member_views(&self, members: Vec<Member>) -> Result<Vec<MemberView>> {
        let departments: HashMap<Uuid, String> = self.records.departments().await?.into_iter().map(|d| (d.id, d.name)).collect();
        let ids: Vec<Uuid> = members.iter().filter_map(|m| m.person).collect();
        let persons: HashMap<Uuid, String> = self.records.persons_by_id(&ids).await?.into_iter().map(|p| (p.id, p.name)).collect();
        let with_factor: HashSet<Uuid> = self.records.members_with_factor().await?.into_iter().collect();
        let named = |names: &HashMap<Uuid, String>, id: Uuid| names.get(&id).map(|name| Named::new(id, name.clone()));
        let view = |m: Member| MemberView {
            id: m.id,
            departments: m.departments.iter().filter_map(|d| named(&departments, *d)).collect(),
            person: m.person.and_then(|p| named(&persons, p)),
            email: m.email,
            name: m.name,
            role: m.role.name().to_owned(),
            active: m.active,
            second_factor: with_factor.contains(&m.id),
            created: rfc3339(m.created),
            until: m.until.map(rfc3339),
        };
        Ok(members.into_iter().map(view).collect())
    }
}
