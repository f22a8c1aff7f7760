//! Reads users and roles with all that hangs on them and emits those that differ from the last snapshot.

use super::{Difference, MAX_ROWS, Snapshot, key};
use crate::creme::database::{Column, Database};
use crate::{ConnectorError, Page, RawRecord, State};
use model::{Micros, time};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Columns of a user. The password's hash and the sign-in time are left alone: the one is a secret, the other no right.
const USERS: &str = "SELECT CAST(id AS TEXT), username, first_name, last_name, email, CAST(is_active AS TEXT), CAST(is_staff AS TEXT), \
    CAST(is_superuser AS TEXT), CAST(is_team AS TEXT), CAST(role_id AS TEXT), CAST(deactivated_on AS TEXT), CAST(date_joined AS TEXT), \
    CAST(modified AS TEXT) FROM creme_core_cremeuser";
const USER_COLUMNS: &[Column] = &[
    Column::Int("id"),
    Column::Text("username"),
    Column::Text("first_name"),
    Column::Text("last_name"),
    Column::Text("email"),
    Column::Flag("is_active"),
    Column::Flag("is_staff"),
    Column::Flag("is_superuser"),
    Column::Flag("is_team"),
    Column::Int("role_id"),
    Column::Text("deactivated_on"),
    Column::Text("date_joined"),
    Column::Text("modified"),
];
const ROLES: &str = "SELECT CAST(id AS TEXT), name, raw_allowed_apps, raw_admin_4_apps, raw_special_perms, CAST(deactivated_on AS TEXT), \
    CAST(created AS TEXT), CAST(modified AS TEXT) FROM creme_core_userrole";
const ROLE_COLUMNS: &[Column] = &[
    Column::Int("id"),
    Column::Text("name"),
    Column::Text("apps"),
    Column::Text("admin_apps"),
    Column::Text("special"),
    Column::Text("deactivated_on"),
    Column::Text("created"),
    Column::Text("modified"),
];
const PAIR: &[Column] = &[Column::Int("id"), Column::Text("value")];

/// Lists that hang on a user or a role: kind, field, and the query of (owner, value).
const LISTS: &[(&str, &str, &str)] = &[
    ("user", "roles", "SELECT CAST(l.cremeuser_id AS TEXT), r.name FROM creme_core_cremeuser_roles l JOIN creme_core_userrole r ON r.id = l.userrole_id"),
    (
        "user",
        "teammates",
        "SELECT CAST(l.from_cremeuser_id AS TEXT), u.username FROM creme_core_cremeuser_teammates_set l JOIN creme_core_cremeuser u ON u.id = l.to_cremeuser_id",
    ),
    (
        "role",
        "creatable",
        "SELECT CAST(l.userrole_id AS TEXT), c.model FROM creme_core_userrole_creatable_ctypes l JOIN django_content_type c ON c.id = l.contenttype_id",
    ),
    (
        "role",
        "listable",
        "SELECT CAST(l.userrole_id AS TEXT), c.model FROM creme_core_userrole_listable_ctypes l JOIN django_content_type c ON c.id = l.contenttype_id",
    ),
    (
        "role",
        "exportable",
        "SELECT CAST(l.userrole_id AS TEXT), c.model FROM creme_core_userrole_exportable_ctypes l JOIN django_content_type c ON c.id = l.contenttype_id",
    ),
    (
        "role",
        "credentials",
        "SELECT CAST(s.role_id AS TEXT), CAST(s.value AS TEXT) || ' ' || CAST(s.set_type AS TEXT) || ' ' || COALESCE(c.model, '*') || ' ' || \
         CAST(s.forbidden AS TEXT) || ' ' || COALESCE(s.efilter_id, '') FROM creme_core_setcredentials s LEFT JOIN django_content_type c ON c.id = s.ctype_id",
    ),
];

type Rows = BTreeMap<String, Map<String, Value>>;

/// The differences to `state`. `now` is written on them as the time of the snapshot.
pub(in crate::creme) async fn read(database: &mut Database, cursor: &Value, state: &State, limit: usize, now: Micros) -> Result<Page, ConnectorError> {
    let current = snapshot(database).await?;
    // A first snapshot longer than a page goes on as first.
    let first = cursor.get("baseline") != Some(&Value::Bool(true));
    let last = Snapshot::of(state).unwrap_or_default();
    let mut differing: Vec<(&String, Option<&Map<String, Value>>)> =
        current.iter().filter(|(key, row)| last.rows.get(*key) != Some(row)).map(|(key, row)| (key, Some(row))).collect();
    differing.extend(last.rows.keys().filter(|key| !current.contains_key(*key)).map(|key| (key, None)));
    let more = differing.len() > limit;
    let observed = time::rfc3339(now);
    let mut records = Vec::new();
    for (key, row) in differing.into_iter().take(limit) {
        let (what, id) = key.split_once('/').unwrap_or((key, "0"));
        let difference = Difference { what: what.to_owned(), id: id.parse().unwrap_or_default(), row: row.cloned(), first, observed: observed.clone() };
        let text = serde_json::to_string(&difference).map_err(|e| ConnectorError::Protocol(format!("the snapshot cannot be written: {e}")))?;
        records.push(RawRecord { text, origin: format!("{key} at {observed}"), kind: "snapshot".to_owned() });
    }
    // A snapshot that says nothing new moves nothing: otherwise every look would be a commit. One that does moves the cursor, so that
    // of two readers at once only one is heard.
    let cursor = if records.is_empty() && !first { cursor.clone() } else { json!({ "snapshot": observed, "baseline": !(first && more) }) };
    Ok(Page { records, refused: Vec::new(), cursor, more })
}

async fn snapshot(database: &mut Database) -> Result<Rows, ConnectorError> {
    let mut rows = Rows::new();
    for (what, sql, columns) in [("user", USERS, USER_COLUMNS), ("role", ROLES, ROLE_COLUMNS)] {
        for mut row in database.rows(&format!("{sql} ORDER BY id LIMIT {}", MAX_ROWS + 1), None, columns).await? {
            let id = row.remove("id").and_then(|id| id.as_i64()).unwrap_or_default();
            if what == "role" {
                for field in ["apps", "admin_apps", "special"] {
                    let words: Vec<Value> = row[field].as_str().unwrap_or_default().lines().filter(|l| !l.is_empty()).map(Value::from).collect();
                    row.insert(field.to_owned(), Value::Array(words));
                }
            }
            rows.insert(key(what, id), row);
        }
    }
    if rows.len() > MAX_ROWS {
        return Err(ConnectorError::Protocol(format!("Creme has more than {MAX_ROWS} users and roles; that many are not compared")));
    }
    for (what, field, sql) in LISTS {
        for row in rows.iter_mut().filter(|(key, _)| key.starts_with(what)).map(|(_, row)| row) {
            row.insert((*field).to_owned(), Value::Array(Vec::new()));
        }
        for pair in database.rows(&format!("{sql} ORDER BY 1, 2"), None, PAIR).await? {
            let (Some(id), Some(value)) = (pair["id"].as_i64(), pair["value"].as_str()) else { continue };
            let value = if *field == "credentials" { credential(value) } else { value.to_owned() };
            if let Some(Value::Array(list)) = rows.get_mut(&key(what, id)).and_then(|row| row.get_mut(*field)) {
                list.push(value.into());
            }
        }
    }
    Ok(rows)
}

/// `view+change own contact` out of Creme's numbers. Source: Creme 2.8, `EntityCredentials` and `SetCredentials`.
fn credential(text: &str) -> String {
    let parts: Vec<&str> = text.splitn(5, ' ').collect();
    let [value, set, model, forbidden, filter] = parts.as_slice() else { return text.to_owned() };
    let bits = value.parse::<u32>().unwrap_or_default();
    let rights: Vec<&str> = [(2, "view"), (4, "change"), (8, "delete"), (16, "link"), (32, "unlink")]
        .into_iter()
        .filter(|(bit, _)| bits & bit != 0)
        .map(|(_, name)| name)
        .collect();
    let set = match *set {
        "1" => "all",
        "2" => "own",
        "3" => "filtered",
        other => other,
    };
    let verb = if matches!(*forbidden, "1" | "true") { "forbid" } else { "allow" };
    let rights = if rights.is_empty() { "nothing".to_owned() } else { rights.join("+") };
    format!("{verb} {rights} {set} {model} {filter}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::credential;

    #[test]
    fn credentials_read_as_words() {
        assert_eq!(credential("6 2 contact 0 "), "allow view+change own contact");
        assert_eq!(credential("62 1 * true "), "forbid view+change+delete+link+unlink all *");
        assert_eq!(credential("2 3 contact false my-filter"), "allow view filtered contact my-filter");
    }
}
