//! JSON of SCIM into what is asked. Attribute names are read without regard to case; what we do not keep is passed over, as RFC 7644 section 3.3 allows.

use app::provisioning::{GroupDraft, PersonDraft};
use serde_json::{Map, Value};
use uuid::Uuid;

type Read<T> = Result<T, String>;

/// A whole user.
pub fn person(body: &Value) -> Read<PersonDraft> {
    let given = object(body)?;
    if get(given, "userName").is_none() {
        return Err("'userName' is needed".into());
    }
    let mut draft = PersonDraft::default();
    for (name, value) in given {
        attribute(&mut draft, name, value)?;
    }
    Ok(draft)
}

/// Operations on a user: `add` and `replace`, with a path or without; `remove` of what is optional.
pub fn person_patch(body: &Value) -> Read<PersonDraft> {
    let mut draft = PersonDraft::default();
    for operation in operations(body)? {
        let value = get(operation, "value").unwrap_or(&Value::Null);
        match (kind(operation)?, path(operation)?) {
            (Kind::Remove, _) => {}
            (_, Some(path)) => attribute(&mut draft, path, value)?,
            (_, None) => {
                for (name, value) in object(value)? {
                    attribute(&mut draft, name, value)?;
                }
            }
        }
    }
    Ok(draft)
}

/// A whole group.
pub fn group(body: &Value) -> Read<GroupDraft> {
    let given = object(body)?;
    let name = text(get(given, "displayName").ok_or("'displayName' is needed")?, "displayName")?;
    let members = get(given, "members").map_or(Ok(Vec::new()), members)?;
    let external_id = get(given, "externalId").map(|v| text(v, "externalId")).transpose()?;
    Ok(GroupDraft { external_id, name: Some(name), members: Some(members), ..GroupDraft::default() })
}

/// Operations on a group: its name, and members added, replaced and removed, one or all.
pub fn group_patch(body: &Value) -> Read<GroupDraft> {
    let mut draft = GroupDraft::default();
    for operation in operations(body)? {
        let value = get(operation, "value").unwrap_or(&Value::Null);
        match (kind(operation)?, path(operation)?) {
            (Kind::Remove, Some(path)) if is(path, "members") && value.is_null() => draft.members = Some(Vec::new()),
            (Kind::Remove, Some(path)) if is(path, "members") => draft.remove.extend(members(value)?),
            (Kind::Remove, Some(path)) => draft.remove.push(filtered(path)?),
            (Kind::Add, Some(path)) if is(path, "members") => draft.add.extend(members(value)?),
            (Kind::Replace, Some(path)) if is(path, "members") => draft.members = Some(members(value)?),
            (_, Some(path)) => of_group(&mut draft, path, value)?,
            (kind, None) => {
                for (name, value) in object(value)? {
                    match kind {
                        Kind::Add if is(name, "members") => draft.add.extend(members(value)?),
                        _ => of_group(&mut draft, name, value)?,
                    }
                }
            }
        }
    }
    Ok(draft)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Add,
    Replace,
    Remove,
}

fn attribute(draft: &mut PersonDraft, name: &str, value: &Value) -> Read<()> {
    let name = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
    match name.as_str() {
        "username" => draft.user_name = Some(text(value, "userName")?),
        "externalid" => draft.external_id = Some(text(value, "externalId")?),
        "active" => draft.active = Some(truth(value)?),
        "displayname" => draft.name = Some(text(value, "displayName")?),
        "name" | "name.formatted" => {
            if draft.name.is_none() {
                draft.name = full_name(value);
            }
        }
        "emails" => draft.email = first_email(value),
        other if other.starts_with("emails[") => draft.email = value.as_str().map(str::to_owned),
        _ => {}
    }
    Ok(())
}

fn of_group(draft: &mut GroupDraft, name: &str, value: &Value) -> Read<()> {
    if is(name, "displayName") {
        draft.name = Some(text(value, "displayName")?);
    } else if is(name, "externalId") {
        draft.external_id = Some(text(value, "externalId")?);
    } else if is(name, "members") {
        draft.members = Some(members(value)?);
    }
    Ok(())
}

fn full_name(value: &Value) -> Option<String> {
    let part = |name: &str| value.as_object().and_then(|v| get(v, name)).and_then(Value::as_str).map(str::trim).filter(|p| !p.is_empty());
    let joined = || [part("givenName"), part("familyName")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    value.as_str().or(part("formatted")).map(str::to_owned).or_else(|| Some(joined()).filter(|n| !n.is_empty()))
}

fn first_email(value: &Value) -> Option<String> {
    let all = value.as_array()?;
    let primary = all.iter().find(|e| e["primary"] == Value::Bool(true)).or(all.first())?;
    primary["value"].as_str().map(str::to_owned)
}

fn members(value: &Value) -> Read<Vec<Uuid>> {
    let all = value.as_array().map(Vec::as_slice).unwrap_or(std::slice::from_ref(value));
    all.iter().map(|member| id(member["value"].as_str().unwrap_or_default())).collect()
}

/// `members[value eq "..."]`
fn filtered(path: &str) -> Read<Uuid> {
    let unread = || format!("the path '{path}' is not read; write members[value eq \"ID\"]");
    let inner = path.strip_prefix("members[").and_then(|p| p.strip_suffix(']')).ok_or_else(unread)?;
    let value = inner.trim().strip_prefix("value").map(str::trim_start).and_then(|p| p.strip_prefix("eq")).ok_or_else(unread)?;
    id(value.trim().trim_matches('"'))
}

fn id(text: &str) -> Read<Uuid> {
    Uuid::try_parse(text).map_err(|_| format!("'{text}' is the id of no user here"))
}

fn operations(body: &Value) -> Read<Vec<&Map<String, Value>>> {
    let all = get(object(body)?, "Operations").and_then(Value::as_array).ok_or("'Operations' is needed: a list")?;
    all.iter().map(object).collect()
}

fn kind(operation: &Map<String, Value>) -> Read<Kind> {
    let op = get(operation, "op").and_then(Value::as_str).unwrap_or_default();
    match op.to_ascii_lowercase().as_str() {
        "add" => Ok(Kind::Add),
        "replace" => Ok(Kind::Replace),
        "remove" => Ok(Kind::Remove),
        _ => Err(format!("'{op}' is no operation; there are add, replace and remove")),
    }
}

fn path(operation: &Map<String, Value>) -> Read<Option<&str>> {
    match get(operation, "path") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(path)) => Ok(Some(path)),
        Some(_) => Err("'path' is a text".into()),
    }
}

fn object(value: &Value) -> Read<&Map<String, Value>> {
    value.as_object().ok_or_else(|| "a JSON object is needed here".into())
}

fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(n, _)| is(n, name)).map(|(_, value)| value)
}

fn is(name: &str, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted)
}

fn text(value: &Value, name: &str) -> Read<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("'{name}' is a text"))
}

/// Some directories send truth as text.
fn truth(value: &Value) -> Read<bool> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::String(text) if is(text, "true") => Ok(true),
        Value::String(text) if is(text, "false") => Ok(false),
        _ => Err("'active' is true or false".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn users_come_as_entra_and_okta_send_them() {
        // Microsoft Learn, "Develop and plan provisioning for a SCIM endpoint": create and disable.
        let entra = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "externalId": "0a21f0f2", "userName": "ann@example.com", "active": true,
            "emails": [{ "primary": true, "type": "work", "value": "ann@example.com" }],
            "name": { "formatted": "Ann Archer", "familyName": "Archer", "givenName": "Ann" }
        });
        let draft = person(&entra).unwrap();
        assert_eq!((draft.name.as_deref(), draft.email.as_deref(), draft.active), (Some("Ann Archer"), Some("ann@example.com"), Some(true)));
        let off =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{ "op": "Replace", "path": "active", "value": "False" }] });
        assert_eq!(person_patch(&off).unwrap(), PersonDraft { active: Some(false), ..PersonDraft::default() });
        // Okta developer documentation, "SCIM 2.0 protocol reference": deactivation without a path.
        let okta = json!({ "Operations": [{ "op": "replace", "value": { "active": false } }] });
        assert_eq!(person_patch(&okta).unwrap().active, Some(false));
        let parts = json!({ "userName": "x", "name": { "givenName": "Ann", "familyName": "Archer" } });
        assert_eq!(person(&parts).unwrap().name.as_deref(), Some("Ann Archer"));
        assert!(person(&json!({})).unwrap_err().contains("userName"));
    }

    #[test]
    fn members_come_and_go_one_by_one() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let patch = json!({ "Operations": [
            { "op": "Add", "path": "members", "value": [{ "value": one.to_string() }] },
            { "op": "Remove", "path": format!("members[value eq \"{two}\"]") },
            { "op": "replace", "value": { "displayName": "CRM auditors" } }
        ]});
        let draft = group_patch(&patch).unwrap();
        assert_eq!((draft.add, draft.remove, draft.members, draft.name.as_deref()), (vec![one], vec![two], None, Some("CRM auditors")));
        let all = json!({ "Operations": [{ "op": "remove", "path": "members" }] });
        assert_eq!(group_patch(&all).unwrap().members, Some(vec![]));
        for wrong in [json!({}), json!({ "Operations": [{ "op": "move" }] }), json!({ "Operations": [{ "op": "remove", "path": "members[type eq \"x\"]" }] })] {
            assert!(group_patch(&wrong).is_err(), "{wrong}");
        }
    }
}
