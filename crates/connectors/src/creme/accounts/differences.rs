//! What a difference between two snapshots means.

use super::{Difference, Snapshot, key};
use crate::creme::{
    manifest::{ACCOUNTS, NORMALISER},
    normalise::{Judged, Row},
};
use crate::{Context, RawRecord, State};
use model::{Activity, Change, Class, Event, EventTime, Outcome, Refusal, SubjectRef, Target, TimeConfidence, class::act, time};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const LISTS_OF_ROLE: [&str; 7] = ["apps", "admin_apps", "special", "creatable", "listable", "exportable", "credentials"];

/// Reads one difference and takes it into the state.
pub(in crate::creme) fn normalise(context: &Context, state: &mut State, record: &RawRecord) -> Result<Judged, Refusal> {
    let difference = open(record)?;
    let observed = time::parse(&difference.observed).ok_or_else(|| Refusal::field("bad_time", "observed", "the snapshot's time cannot be read"))?;
    let mut snapshot = Snapshot::of(state).unwrap_or_default();
    let key = key(&difference.what, difference.id);
    let old = snapshot.rows.get(&key).cloned();
    let telling = Telling { context, record, difference: &difference, old: old.as_ref(), observed: observed.micros, events: Vec::new() };
    let events = telling.tell();
    match difference.row {
        Some(row) => snapshot.rows.insert(key, row),
        None => snapshot.rows.remove(&key),
    };
    *state = json!({ "rows": snapshot.rows });
    Ok(Judged::Events(events))
}

/// The reader's form, or a row of Creme's user table as a file gives it.
fn open(record: &RawRecord) -> Result<Difference, Refusal> {
    if let Ok(difference) = serde_json::from_str::<Difference>(&record.text) {
        return Ok(difference);
    }
    let row = Row::parse(record)?;
    if record.kind == "creme_core_cremeuser" || row.text("username").is_some() {
        let id = row.required_int("id")?;
        let observed = row.text("modified").ok_or_else(|| Refusal::field("missing_field", "modified", "the user's row has no time"))?.to_owned();
        let mut fields = Map::new();
        for name in ["username", "deactivated_on", "modified", "first_name", "last_name", "email"] {
            fields.insert(name.to_owned(), row.text(name).map_or(Value::Null, Value::from));
        }
        for name in ["is_superuser", "is_active"] {
            fields.insert(name.to_owned(), row.flag(name).into());
        }
        fields.insert("role_id".to_owned(), row.int("role_id").map_or(Value::Null, Value::from));
        return Ok(Difference { what: "user".to_owned(), id, row: Some(fields), first: true, observed });
    }
    Err(Refusal::new("no_time", "the row says who holds what, but not since when; only the database's own reader can tell its changes"))
}

struct Telling<'a> {
    context: &'a Context,
    record: &'a RawRecord,
    difference: &'a Difference,
    old: Option<&'a Map<String, Value>>,
    observed: i64,
    events: Vec<Event>,
}

impl Telling<'_> {
    fn tell(mut self) -> Vec<Event> {
        let is_user = self.difference.what == "user";
        match (self.old, &self.difference.row) {
            (Some(old), Some(new)) if is_user => self.user(old, new),
            (Some(old), Some(new)) => self.role(old, new),
            (None, Some(_)) if self.difference.first => self.add(Class::EntityManagement, Activity::OTHER, "accounts.present", "baseline", None, Vec::new()),
            (None, Some(new)) if is_user => {
                let joined = self.stamped(new, "date_joined");
                self.add(Class::AccountChange, act::CREATE, "accounts.user", "created", Some(joined), Vec::new());
                self.rights(&Map::new(), new, joined);
                self.members(&Map::new(), new, joined);
            }
            (None, Some(new)) => {
                let created = self.stamped(new, "created");
                self.add(Class::GroupManagement, Activity(6), "accounts.role", "created", Some(created), Vec::new());
                self.role_lists(&Map::new(), new, created);
            }
            (Some(_), None) if is_user => self.add(Class::AccountChange, Activity(6), "accounts.user", "deleted", None, Vec::new()),
            (Some(_), None) => self.add(Class::GroupManagement, Activity(5), "accounts.role", "deleted", None, Vec::new()),
            (None, None) => {}
        }
        self.events
    }

    fn user(&mut self, old: &Map<String, Value>, new: &Map<String, Value>) {
        let before = self.events.len();
        let when = if old.get("modified") == new.get("modified") { self.now() } else { self.stamped(new, "modified") };
        match (flag(old, "is_active"), flag(new, "is_active")) {
            (true, false) => {
                let at = self.stamped(new, "deactivated_on");
                self.add(Class::AccountChange, Activity(5), "accounts.user", "disabled", Some(at), vec![change("is_active", old, new)]);
            }
            (false, true) => self.add(Class::AccountChange, Activity(2), "accounts.user", "enabled", Some(when), vec![change("is_active", old, new)]),
            _ => {}
        }
        self.rights(old, new, when);
        self.members(old, new, when);
        let changes: Vec<Change> = ["username", "first_name", "last_name", "email", "is_team", "role_id"]
            .into_iter()
            .filter(|f| old.get(*f) != new.get(*f))
            .map(|f| change(f, old, new))
            .collect();
        if !changes.is_empty() {
            self.add(Class::AccountChange, Activity::OTHER, "accounts.user", "changed", Some(when), changes);
        } else if self.events.len() == before {
            self.add(Class::AccountChange, Activity::OTHER, "accounts.user", "unseen_field_changed", Some(when), Vec::new());
        }
    }

    /// Roles and flags a user gained or lost, one event each.
    fn rights(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, when: EventTime) {
        let (given, taken) = sets(old, new, "roles");
        for (list, activity, reason) in [(given, act::ASSIGN_PRIVILEGES, "role_given"), (taken, act::REVOKE_PRIVILEGES, "role_taken")] {
            for name in list {
                self.add(Class::UserAccess, activity, "accounts.right", reason, Some(when), vec![named("roles", reason == "role_given", &name)]);
            }
        }
        for field in ["is_superuser", "is_staff"] {
            match (flag(old, field), flag(new, field)) {
                (false, true) => self.add(Class::UserAccess, act::ASSIGN_PRIVILEGES, "accounts.right", field, Some(when), vec![change(field, old, new)]),
                (true, false) => self.add(Class::UserAccess, act::REVOKE_PRIVILEGES, "accounts.right", field, Some(when), vec![change(field, old, new)]),
                _ => {}
            }
        }
    }

    /// Users a team gained or lost, one event each.
    fn members(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, when: EventTime) {
        let (joined, left) = sets(old, new, "teammates");
        for (list, activity, reason) in [(joined, Activity(3), "member_added"), (left, Activity(4), "member_removed")] {
            for name in list {
                self.add(Class::GroupManagement, activity, "accounts.team", reason, Some(when), vec![named("teammates", reason == "member_added", &name)]);
            }
        }
    }

    fn role(&mut self, old: &Map<String, Value>, new: &Map<String, Value>) {
        let before = self.events.len();
        let when = if old.get("modified") == new.get("modified") { self.now() } else { self.stamped(new, "modified") };
        self.role_lists(old, new, when);
        let fields = if old.get("deactivated_on") == new.get("deactivated_on") { vec!["name"] } else { vec!["name", "deactivated_on"] };
        let changes: Vec<Change> = fields.into_iter().filter(|f| old.get(*f) != new.get(*f)).map(|f| change(f, old, new)).collect();
        if !changes.is_empty() || self.events.len() == before {
            let reason = if changes.is_empty() { "unseen_field_changed" } else { "changed" };
            self.add(Class::GroupManagement, Activity::OTHER, "accounts.role", reason, Some(when), changes);
        }
    }

    /// What a role's holders may do more, and what less: at most one event each.
    fn role_lists(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, when: EventTime) {
        let (mut given, mut taken) = (Vec::new(), Vec::new());
        for field in LISTS_OF_ROLE {
            let (more, less) = sets(old, new, field);
            // A line that forbids takes rights away by being there.
            let (allow, forbid): (Vec<String>, Vec<String>) = more.into_iter().partition(|l| !l.starts_with("forbid "));
            let (unforbid, disallow): (Vec<String>, Vec<String>) = less.into_iter().partition(|l| l.starts_with("forbid "));
            given.extend(allow.iter().map(|name| named(field, true, name)).chain(unforbid.iter().map(|name| named(field, false, name))));
            taken.extend(disallow.iter().map(|name| named(field, false, name)).chain(forbid.iter().map(|name| named(field, true, name))));
        }
        for (changes, activity, reason) in [(given, Activity(1), "rights_given"), (taken, Activity(2), "rights_taken")] {
            if !changes.is_empty() {
                self.add(Class::GroupManagement, activity, "accounts.role", reason, Some(when), changes);
            }
        }
    }

    fn add(&mut self, class: Class, activity: Activity, kind: &str, reason: &str, when: Option<EventTime>, changes: Vec<Change>) {
        let mut event = Event::new(self.context.source, ACCOUNTS, NORMALISER, kind, class, activity, when.unwrap_or_else(|| self.now()));
        event.outcome = Outcome::Success;
        event.reason = Some(reason.to_owned());
        event.changes = changes;
        let row = self.difference.row.as_ref().or(self.old);
        let text = |name: &str| row.and_then(|r| r.get(name)).and_then(Value::as_str).map(str::to_owned);
        let id = self.difference.id;
        event.target = Some(if self.difference.what == "user" {
            let object_type = if row.is_some_and(|r| flag(r, "is_team")) { "team" } else { "user" };
            Target { subject: SubjectRef::account(self.context.source, id.to_string()), object_type: object_type.to_owned(), label: text("username") }
        } else {
            Target { subject: SubjectRef::record(self.context.source, format!("role/{id}")), object_type: "role".to_owned(), label: text("name") }
        });
        event.raw = self.record.text.clone();
        self.events.push(event);
    }

    fn now(&self) -> EventTime {
        EventTime { micros: self.observed, offset_minutes: Some(0), confidence: TimeConfidence::Observed }
    }

    /// Creme's own stamp of the row, where it has one: of the last change, which need not be this one.
    fn stamped(&self, row: &Map<String, Value>, field: &str) -> EventTime {
        let found = row.get(field).and_then(Value::as_str).and_then(time::parse);
        found.map_or_else(|| self.now(), |t| EventTime { confidence: TimeConfidence::Coarse, ..t })
    }
}

fn flag(row: &Map<String, Value>, name: &str) -> bool {
    row.get(name) == Some(&Value::Bool(true))
}

fn change(field: &str, old: &Map<String, Value>, new: &Map<String, Value>) -> Change {
    Change { field: field.to_owned(), old: old.get(field).cloned().unwrap_or_default(), new: new.get(field).cloned().unwrap_or_default() }
}

fn named(field: &str, added: bool, name: &str) -> Change {
    let value = Value::from(name);
    let (old, new) = if added { (Value::Null, value) } else { (value, Value::Null) };
    Change { field: field.to_owned(), old, new }
}

/// What a list gained and lost.
fn sets(old: &Map<String, Value>, new: &Map<String, Value>, field: &str) -> (Vec<String>, Vec<String>) {
    let set = |row: &Map<String, Value>| -> BTreeSet<String> {
        row.get(field).and_then(Value::as_array).map(|l| l.iter().filter_map(Value::as_str).map(str::to_owned).collect()).unwrap_or_default()
    };
    let (old, new) = (set(old), set(new));
    (new.difference(&old).cloned().collect(), old.difference(&new).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use uuid::Uuid;

    fn fold(state: &mut State, text: Value) -> Vec<(u32, u8, String)> {
        let context = Context { source: Uuid::nil(), received: 0, settings: Settings::default() };
        let record = RawRecord { text: text.to_string(), origin: "t".into(), kind: "snapshot".into() };
        match normalise(&context, state, &record) {
            Ok(Judged::Events(events)) => events.into_iter().map(|e| (e.class.uid(), e.activity.0, e.reason.unwrap_or_default())).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn seen(what: &str, row: Value, first: bool) -> Value {
        json!({ "what": what, "id": 2, "row": row, "first": first, "observed": "2026-03-02T09:15:00Z" })
    }

    fn user(roles: &[&str], superuser: bool, active: bool) -> Value {
        json!({ "username": "dana", "is_superuser": superuser, "is_active": active, "roles": roles, "teammates": [], "modified": "2026-03-02 09:14:00+00" })
    }

    fn check(old: Value, new: Value, what: &str, expect: &[(u32, u8, &str)]) {
        let mut state = Value::Null;
        assert_eq!(fold(&mut state, seen(what, old, true)), [(3004, 99, "baseline".into())]);
        let expect: Vec<_> = expect.iter().map(|(c, a, r)| (*c, *a, (*r).to_owned())).collect();
        assert_eq!(fold(&mut state, seen(what, new.clone(), false)), expect);
        assert_eq!(state["rows"][format!("{what}/2")], new);
    }

    #[test]
    fn a_users_rights_come_and_go() {
        check(user(&["Sales"], false, true), user(&["Sales", "Boss"], false, true), "user", &[(3005, 1, "role_given")]);
        check(user(&["Sales"], false, true), user(&[], true, true), "user", &[(3005, 2, "role_taken"), (3005, 1, "is_superuser")]);
        check(user(&[], false, true), user(&[], false, false), "user", &[(3001, 5, "disabled")]);
        check(user(&[], false, false), user(&[], false, true), "user", &[(3001, 2, "enabled")]);
        let mut later = user(&[], false, true);
        later["modified"] = json!("2026-03-02 09:14:30+00");
        check(user(&[], false, true), later, "user", &[(3001, 99, "unseen_field_changed")]);
    }

    #[test]
    fn a_roles_rights_come_and_go() {
        let role = |credentials: &[&str]| json!({ "name": "Sales", "apps": ["persons"], "credentials": credentials, "modified": "x" });
        check(role(&["allow view own *"]), role(&["allow view+delete all *"]), "role", &[(3006, 1, "rights_given"), (3006, 2, "rights_taken")]);
        check(role(&[]), role(&["forbid view all contact"]), "role", &[(3006, 2, "rights_taken")]);
    }

    #[test]
    fn accounts_appear_and_vanish() {
        let mut state = Value::Null;
        fold(&mut state, json!({ "what": "user", "id": 1, "row": user(&[], true, true), "first": true, "observed": "2026-03-02T09:15:00Z" }));
        assert_eq!(fold(&mut state, seen("user", user(&["Sales"], false, true), false)), [(3001, 1, "created".into()), (3005, 1, "role_given".into())]);
        assert_eq!(fold(&mut state, seen("user", Value::Null, false)), [(3001, 6, "deleted".into())]);
        let team = json!({ "username": "North", "is_team": true, "is_active": true, "roles": [], "teammates": ["dana"] });
        assert_eq!(fold(&mut state, seen("user", team, false)), [(3001, 1, "created".into()), (3006, 3, "member_added".into())]);
        fold(&mut state, seen("user", Value::Null, false));
        assert_eq!(state["rows"].as_object().map(Map::len), Some(1));
    }
}
