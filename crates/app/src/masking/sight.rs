//! What one reader sees of an event's changes and raw record: open classes, what was revealed to him, and masks for the rest.

use super::{
    classes::Rulings,
    raw::{Members, holds},
    view::{FieldState, RawFieldView},
};
use crate::events::{Sight, view::ChangeView, view::MASK};
use ledger::Opened;
use model::{Change, ClearEvent, FieldClass, Micros, Part, Reveal, RevealState, time::rfc3339};
use serde_json::Value;

/// The name of the whole raw record.
pub(crate) const RAW: &str = "raw";

/// Everything that decides what a reader sees.
pub(crate) struct Eyes<'a> {
    pub sight: Sight,
    pub rulings: &'a Rulings<'a>,
    /// Of this reader and this event.
    pub reveals: &'a [Reveal],
    pub now: Micros,
}

/// An event's changes and raw record as one reader sees them.
pub(crate) struct Seen {
    pub changes: Vec<ChangeView>,
    /// The same changes as the event holds them, for its OCSF form.
    pub event_changes: Vec<Change>,
    pub raw: String,
    pub raw_fields: Vec<RawFieldView>,
    pub raw_state: FieldState,
    /// Until when a raw record that is one value is shown, or may be decided on.
    pub raw_until: Option<Micros>,
    /// `changes.email.old`, `raw`.
    pub masked: Vec<String>,
    /// Ids of the reveals that show something here.
    pub shown_by: Vec<uuid::Uuid>,
}

/// One value that can be masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Maskable {
    pub name: String,
    pub class: FieldClass,
}

/// As before the slash of the normaliser: `salesforce` for `salesforce/1`.
pub(crate) fn connector(clear: &ClearEvent) -> &str {
    clear.normaliser.split('/').next().unwrap_or_default()
}

/// The changes of an event, each with its class.
fn classed<'o>(rulings: &Rulings<'_>, opened: &'o Opened) -> Vec<(&'o Change, FieldClass)> {
    let object_type = opened.clear.object_type.as_deref().unwrap_or_default();
    opened.changes.iter().map(|change| (change, rulings.class(connector(&opened.clear), object_type, &change.field).0)).collect()
}

/// The class of a member of the raw record. One that is not open and holds a changed value is as strict as that value.
fn member_class(rulings: &Rulings<'_>, opened: &Opened, changes: &[(&Change, FieldClass)], path: &str, values: &[Value]) -> FieldClass {
    let object_type = opened.clear.object_type.as_deref().unwrap_or_default();
    let (class, _) = rulings.class(connector(&opened.clear), object_type, path);
    if class.is_open() {
        return class;
    }
    let holding = |change: &Change| values.iter().any(|member| holds(member, &change.old) || holds(member, &change.new));
    changes.iter().filter(|(change, _)| holding(change)).map(|(_, stricter)| *stricter).fold(class, FieldClass::max)
}

/// Every value of an event that can be masked, open ones included. A raw record that is no JSON is one value.
pub(crate) fn maskable(rulings: &Rulings<'_>, opened: &Opened) -> Vec<Maskable> {
    let changes = classed(rulings, opened);
    let mut all: Vec<Maskable> = changes.iter().map(|(change, class)| Maskable { name: format!("changes.{}", change.field), class: *class }).collect();
    match opened.raw.as_deref().map(Members::of) {
        None => {}
        Some(None) => all.push(Maskable { name: RAW.to_owned(), class: whole_class(rulings, opened, &changes) }),
        Some(Some(members)) => all.extend(
            members
                .values
                .iter()
                .map(|(path, values)| Maskable { name: format!("{RAW}.{path}"), class: member_class(rulings, opened, &changes, path, values) }),
        ),
    }
    all
}

/// The class of a raw record that is one value: as strict as the strictest changed value.
fn whole_class(rulings: &Rulings<'_>, opened: &Opened, changes: &[(&Change, FieldClass)]) -> FieldClass {
    let object_type = opened.clear.object_type.as_deref().unwrap_or_default();
    let (class, _) = rulings.class(connector(&opened.clear), object_type, RAW);
    changes.iter().map(|(_, class)| *class).fold(class, FieldClass::max)
}

impl Eyes<'_> {
    /// How a value stands for this reader, until when it is shown or may be decided, and the reveal that says so.
    fn state(&self, name: &str, class: FieldClass) -> (FieldState, Option<&Reveal>) {
        if !self.sight.targets {
            return (FieldState::Masked, None);
        }
        if class.is_open() {
            return (FieldState::Shown, None);
        }
        if class == FieldClass::Secret {
            return (FieldState::Never, None);
        }
        // What became stricter since it was asked for needs another reveal.
        let covering: Vec<&Reveal> = self.reveals.iter().filter(|r| r.in_force(self.now) && r.class >= class && r.covers(name)).collect();
        let latest = |state: RevealState| covering.iter().copied().filter(|r| r.state == state).max_by_key(|r| r.until);
        if let Some(open) = latest(RevealState::Granted) {
            return (FieldState::Revealed, Some(open));
        }
        latest(RevealState::Asked).map_or((FieldState::Masked, None), |asked| (FieldState::Asked, Some(asked)))
    }

    /// `opened` is the whole record of the trail, its raw part included; `None` there where it cannot be read.
    pub fn see(&self, opened: &Opened) -> Seen {
        let changes = classed(self.rulings, opened);
        let mut seen = Seen {
            changes: Vec::with_capacity(changes.len()),
            event_changes: Vec::with_capacity(changes.len()),
            raw: MASK.to_owned(),
            raw_fields: Vec::new(),
            raw_state: FieldState::Masked,
            raw_until: None,
            masked: Vec::new(),
            shown_by: Vec::new(),
        };
        for (change, class) in &changes {
            self.see_change(change, *class, &mut seen);
        }
        match opened.raw.as_deref() {
            None if opened.erased.contains(&Part::Raw) => seen.raw_state = FieldState::Erased,
            None => {}
            Some(raw) => self.see_raw(opened, &changes, raw, &mut seen),
        }
        if !seen.raw_state.is_open() {
            seen.masked.push(RAW.to_owned());
        }
        seen.shown_by.sort_unstable();
        seen.shown_by.dedup();
        seen
    }

    fn see_change(&self, change: &Change, class: FieldClass, seen: &mut Seen) {
        let (state, by) = self.state(&format!("changes.{}", change.field), class);
        let open = state.is_open();
        let mut shown = change.clone();
        for (value, side) in [(&mut shown.old, "old"), (&mut shown.new, "new")] {
            if !open && !value.is_null() {
                *value = MASK.into();
                seen.masked.push(format!("changes.{}.{side}", change.field));
            }
        }
        if state == FieldState::Revealed {
            seen.shown_by.extend(by.map(|r| r.id));
        }
        seen.changes.push(ChangeView {
            field: shown.field.clone(),
            old: shown.old.clone(),
            new: shown.new.clone(),
            class: class.name(),
            state,
            until: by.map(|r| rfc3339(r.until)),
        });
        seen.event_changes.push(shown);
    }

    fn see_raw(&self, opened: &Opened, changes: &[(&Change, FieldClass)], raw: &str, seen: &mut Seen) {
        let Some(members) = Members::of(raw) else {
            let (state, by) = self.state(RAW, whole_class(self.rulings, opened, changes));
            (seen.raw_state, seen.raw_until) = (state, by.map(|r| r.until));
            if state.is_open() {
                seen.raw = raw.to_owned();
                seen.shown_by.extend(by.map(|r| r.id));
            }
            return;
        };
        let mut open = Vec::new();
        // The record as a whole is what its most closely kept member is.
        seen.raw_state = FieldState::Shown;
        for (path, values) in &members.values {
            let class = member_class(self.rulings, opened, changes, path, values);
            let (state, by) = self.state(&format!("{RAW}.{path}"), class);
            let is_open = state.is_open();
            if is_open {
                open.push(path.clone());
            }
            if state == FieldState::Revealed {
                seen.shown_by.extend(by.map(|r| r.id));
            }
            seen.raw_state = seen.raw_state.max(state);
            let value: Value = match (is_open, values.as_slice()) {
                (false, _) => MASK.into(),
                (true, [one]) => one.clone(),
                (true, several) => Value::Array(several.to_vec()),
            };
            seen.raw_fields.push(RawFieldView { field: path.clone(), value, class: class.name(), state, until: by.map(|r| rfc3339(r.until)) });
        }
        seen.raw = members.shown(|path| open.iter().any(|known| known == path));
    }
}
