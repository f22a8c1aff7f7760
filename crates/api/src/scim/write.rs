//! What a directory reads: users, groups, and what is served here.

use app::provisioning::{Group, Person};
use model::time::rfc3339;
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

pub fn person(person: &Person, base: &str) -> Value {
    let groups: Vec<Value> = person.groups.iter().map(|(id, name)| json!({ "value": id, "display": name, "$ref": format!("{base}/Groups/{id}") })).collect();
    let mut user = json!({
        "schemas": [USER],
        "id": person.id,
        "userName": person.user_name,
        "displayName": person.name,
        "name": { "formatted": person.name },
        "active": person.active,
        "emails": [{ "value": person.user_name, "type": "work", "primary": true }],
        "roles": [{ "value": person.role, "primary": true }],
        "groups": groups,
        "meta": { "resourceType": "User", "created": rfc3339(person.created), "lastModified": rfc3339(person.changed), "location": format!("{base}/Users/{}", person.id) }
    });
    if let Some(external) = &person.external_id {
        user["externalId"] = external.as_str().into();
    }
    user
}

pub fn group(group: &Group, base: &str, with_members: bool) -> Value {
    let mut whole = json!({
        "schemas": [GROUP],
        "id": group.id,
        "displayName": group.name,
        "meta": { "resourceType": "Group", "created": rfc3339(group.created), "lastModified": rfc3339(group.changed), "location": format!("{base}/Groups/{}", group.id) }
    });
    if let Some(external) = &group.external_id {
        whole["externalId"] = external.as_str().into();
    }
    if with_members {
        let member = |(id, name): &(uuid::Uuid, String)| json!({ "value": id, "display": name, "$ref": format!("{base}/Users/{id}"), "type": "User" });
        whole["members"] = group.members.iter().map(member).collect();
    }
    whole
}

/// What a filter may ask of a user, by the attribute's name in lower case.
pub fn attribute_of_person(person: &Person, name: &str) -> Option<String> {
    match name {
        "id" => Some(person.id.to_string()),
        "username" | "emails" | "emails.value" | "emails[type eq \"work\"].value" => Some(person.user_name.clone()),
        "externalid" => person.external_id.clone(),
        "displayname" | "name.formatted" => Some(person.name.clone()),
        "active" => Some(person.active.to_string()),
        _ => None,
    }
}

/// The same of a group.
pub fn attribute_of_group(group: &Group, name: &str) -> Option<String> {
    match name {
        "id" => Some(group.id.to_string()),
        "displayname" => Some(group.name.clone()),
        "externalid" => group.external_id.clone(),
        _ => None,
    }
}

pub fn service_provider_config() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": super::MOST },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
        "authenticationSchemes": [{ "type": "oauthbearertoken", "name": "API token", "description": "The token of a service account that may 'members.provision'." }]
    })
}

pub fn resource_types() -> Vec<Value> {
    let one = |name: &str, endpoint: &str, schema: &str| json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], "id": name, "name": name, "endpoint": endpoint, "schema": schema });
    vec![one("User", "/Users", USER), one("Group", "/Groups", GROUP)]
}

pub fn schemas() -> Vec<Value> {
    let attribute = |name: &str, kind: &str, required: bool, mutability: &str| json!({ "name": name, "type": kind, "multiValued": kind == "complex", "required": required, "mutability": mutability, "returned": "default", "uniqueness": "none" });
    let schema = |id: &str, name: &str, attributes: Vec<Value>| json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name, "attributes": attributes });
    vec![
        schema(
            USER,
            "User",
            vec![
                attribute("userName", "string", true, "readWrite"),
                attribute("displayName", "string", false, "readWrite"),
                attribute("active", "boolean", false, "readWrite"),
                attribute("emails", "complex", false, "readWrite"),
                attribute("groups", "complex", false, "readOnly"),
                attribute("roles", "complex", false, "readOnly"),
            ],
        ),
        schema(GROUP, "Group", vec![attribute("displayName", "string", true, "readWrite"), attribute("members", "complex", false, "readWrite")]),
    ]
}
