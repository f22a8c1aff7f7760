//! A raw record taken apart: the values of its members by path, and the record again with some of them masked.

use crate::events::view::MASK;
use serde_json::{Map, Value};

/// Members of one record that are told apart; the rest of a larger one stays masked.
const MOST_MEMBERS: usize = 300;

/// The members of a raw record that is a JSON object, in its order. Members of a list share the list's path.
pub(super) struct Members {
    record: Map<String, Value>,
    /// Path, and all values that stand there.
    pub values: Vec<(String, Vec<Value>)>,
}

impl Members {
    /// `None` for what is no JSON object: a line of a log is one value.
    pub fn of(raw: &str) -> Option<Self> {
        let record: Map<String, Value> = serde_json::from_str(raw).ok()?;
        let mut values: Vec<(String, Vec<Value>)> = Vec::new();
        for (name, value) in &record {
            walk(name, value, &mut |path: &str, leaf: &Value| match values.iter().position(|(known, _)| known == path) {
                Some(at) => values[at].1.push(leaf.clone()),
                None if values.len() < MOST_MEMBERS => values.push((path.to_owned(), vec![leaf.clone()])),
                None => {}
            });
        }
        Some(Self { record, values })
    }

    /// The record as text, every value masked that is not to be shown.
    pub fn shown(self, is_shown: impl Fn(&str) -> bool) -> String {
        let mut record = self.record;
        for (name, value) in &mut record {
            mask(name, value, &is_shown);
        }
        serde_json::to_string_pretty(&record).unwrap_or_else(|_| MASK.to_owned())
    }
}

fn walk(path: &str, value: &Value, leaf: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| walk(&format!("{path}.{name}"), value, leaf)),
        Value::Array(items) => items.iter().for_each(|item| walk(path, item, leaf)),
        // Says nothing.
        Value::Null => {}
        other => leaf(path, other),
    }
}

fn mask(path: &str, value: &mut Value, is_shown: &impl Fn(&str) -> bool) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| mask(&format!("{path}.{name}"), value, is_shown)),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(path, item, is_shown)),
        Value::Null => {}
        _ if is_shown(path) => {}
        other => *other = MASK.into(),
    }
}

/// Whether a member's value holds this one: a text with it inside, or a text that is JSON again, whose spelling may differ.
pub(super) fn holds(member: &Value, value: &Value) -> bool {
    let text = text(member);
    if text.starts_with(['[', '{']) && serde_json::from_str::<Value>(&text).is_ok() {
        return true;
    }
    let value = self::text(value);
    !value.is_empty() && text.contains(&value)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_have_paths_and_are_masked_by_them() {
        let raw =
            r#"{"id":7,"data":{"name":"Mara","tags":["a","b"]},"changes":[{"field":"email","old":null,"new":"m@x.example"},{"field":"city","new":"Lund"}]}"#;
        let members = Members::of(raw).unwrap();
        let paths: Vec<(&str, usize)> = members.values.iter().map(|(path, values)| (path.as_str(), values.len())).collect();
        // The order of members is that of the parser's map.
        let mut sorted = paths.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [("changes.field", 2), ("changes.new", 2), ("data.name", 1), ("data.tags", 2), ("id", 1)]);
        let shown = members.shown(|path| ["id", "changes.field"].contains(&path));
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let masked = json!({
            "id": 7,
            "data": { "name": MASK, "tags": [MASK, MASK] },
            "changes": [{ "field": "email", "old": null, "new": MASK }, { "field": "city", "new": MASK }],
        });
        assert_eq!(shown, masked);
        assert!(Members::of("192.0.2.1 GET /").is_none() && Members::of("[1]").is_none() && Members::of("\"a\"").is_none());
    }

    #[test]
    fn a_large_record_stays_masked_past_its_first_members() {
        let raw = (0..MOST_MEMBERS + 50).map(|n| (format!("m{n:04}"), json!("said"))).collect::<Map<_, _>>();
        let members = Members::of(&Value::Object(raw).to_string()).unwrap();
        assert_eq!(members.values.len(), MOST_MEMBERS);
        let known: Vec<String> = members.values.iter().map(|(path, _)| path.clone()).collect();
        let shown = members.shown(|path| known.iter().any(|k| k == path));
        assert_eq!(shown.matches("said").count(), MOST_MEMBERS);
    }

    #[test]
    fn a_value_is_found_inside_a_member() {
        assert!(holds(&json!("birthday: 1970-01-02"), &json!("1970-01-02")));
        assert!(holds(&json!(42), &json!(4)));
        assert!(holds(&json!(r#"["Ma\u0072a"]"#), &json!("Mara")), "JSON in a text may spell it otherwise");
        assert!(!holds(&json!("Lund"), &json!("Malmö")) && !holds(&json!("Lund"), &json!(null)) && !holds(&json!("[no JSON"), &json!("x")));
    }
}
