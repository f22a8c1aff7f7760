//! What happened in an alert, as counted acts: numbers and kinds without anyone's name, kept with the alert and put into words later.

use crate::events::sentence::grouped;
use model::{Class, ClearEvent, Micros, Outcome, SECOND};
use serde::{Deserialize, Serialize};

/// Events of one kind, in the order their kinds first occurred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub class: Class,
    pub activity: u8,
    pub outcome: Outcome,
    pub count: u64,
    pub rows: u64,
    pub first: Micros,
    pub last: Micros,
}

/// Counts events by class, activity and outcome.
pub fn count<'a>(events: impl IntoIterator<Item = &'a ClearEvent>) -> Vec<Act> {
    let mut acts: Vec<Act> = Vec::new();
    for e in events {
        let (class, activity, outcome, time) = (e.class_uid, e.activity_id.0, e.outcome, e.time.micros);
        let rows = e.rows.unwrap_or(0);
        match acts.iter_mut().find(|a| (a.class, a.activity, a.outcome) == (class, activity, outcome)) {
            Some(act) => {
                act.count += 1;
                act.rows = act.rows.saturating_add(rows);
                act.first = act.first.min(time);
                act.last = act.last.max(time);
            }
            None => acts.push(Act { class, activity, outcome, count: 1, rows, first: time, last: time }),
        }
    }
    acts.sort_by_key(|a| (a.first, a.last));
    acts
}

/// "14 failed sign-ins, then 1 sign-in"; kinds that overlap in time are joined by "and".
pub fn words(acts: &[Act]) -> String {
    let mut text = String::new();
    let mut ended = Micros::MAX;
    for act in acts {
        if !text.is_empty() {
            text.push_str(if act.first >= ended { ", then " } else { " and " });
        }
        text.push_str(&one(act));
        ended = if ended == Micros::MAX { act.last } else { ended.max(act.last) };
    }
    text
}

fn one(act: &Act) -> String {
    let (single, plural) = noun(act);
    let rows = if act.rows > 0 { format!(" ({} rows)", grouped(act.rows)) } else { String::new() };
    format!("{} {}{rows}", grouped(act.count), if act.count == 1 { single } else { plural })
}

fn noun(act: &Act) -> (&'static str, &'static str) {
    let failed = act.outcome == Outcome::Failure;
    match (act.class, act.activity, failed) {
        (Class::Authentication, 1, false) => ("sign-in", "sign-ins"),
        (Class::Authentication, 1, true) => ("failed sign-in", "failed sign-ins"),
        (Class::Authentication, 2, _) => ("sign-out", "sign-outs"),
        (Class::WebResources, 7, false) => ("export", "exports"),
        (Class::WebResources, 7, true) => ("refused export", "refused exports"),
        (Class::WebResources | Class::EntityManagement | Class::Api, 4, false) => ("deletion", "deletions"),
        (Class::WebResources | Class::EntityManagement | Class::Api, 4, true) => ("refused deletion", "refused deletions"),
        (Class::WebResources | Class::EntityManagement | Class::Api, 2, false) => ("read", "reads"),
        (Class::WebResources | Class::EntityManagement | Class::Api, 3, false) => ("change", "changes"),
        (Class::WebResources | Class::EntityManagement, 1, false) => ("new record", "new records"),
        (Class::WebResources, 5, false) => ("search", "searches"),
        (Class::WebResources, 6, false) => ("import", "imports"),
        (Class::WebResources, 8, false) => ("sharing", "sharings"),
        (Class::UserAccess, 1, _) => ("grant of rights", "grants of rights"),
        (Class::UserAccess, 2, _) => ("withdrawal of rights", "withdrawals of rights"),
        (Class::AccountChange, 1, _) => ("new account", "new accounts"),
        (Class::AccountChange, 3 | 4, _) => ("password change", "password changes"),
        (Class::AccountChange, 11, _) => ("removal of a second factor", "removals of a second factor"),
        (Class::AccountChange, _, _) => ("account change", "account changes"),
        (Class::GroupManagement, _, _) => ("group change", "group changes"),
        (Class::Datastore, 1 | 4, false) => ("query", "queries"),
        (Class::Api, _, false) => ("API call", "API calls"),
        (_, _, true) => ("refused act", "refused acts"),
        (_, _, false) => ("act", "acts"),
    }
}

/// "6 minutes", "1 hour", "3 days"; whole units, rounded up.
pub fn span(micros: Micros) -> String {
    let secs = (micros.max(0) / SECOND).max(1).unsigned_abs();
    let (number, unit) = match secs {
        0..120 => (secs, "second"),
        120..7_200 => (secs.div_ceil(60), "minute"),
        7_200..172_800 => (secs.div_ceil(3_600), "hour"),
        _ => (secs.div_ceil(86_400), "day"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{HOUR, MINUTE};

    fn act(class: Class, activity: u8, outcome: Outcome, count: u64, rows: u64, first: Micros, last: Micros) -> Act {
        Act { class, activity, outcome, count, rows, first, last }
    }

    #[test]
    fn acts_read_in_the_order_they_happened() {
        let failed = act(Class::Authentication, 1, Outcome::Failure, 14, 0, 0, 50);
        let signed_in = act(Class::Authentication, 1, Outcome::Success, 1, 0, 60, 60);
        assert_eq!(words(&[failed.clone(), signed_in.clone()]), "14 failed sign-ins, then 1 sign-in");
        let between = Act { first: 20, ..signed_in };
        assert_eq!(words(&[failed, between]), "14 failed sign-ins and 1 sign-in");
        let export = act(Class::WebResources, 7, Outcome::Success, 1, 48_210, 0, 0);
        assert_eq!(words(&[export]), "1 export (48,210 rows)");
        assert_eq!(words(&[]), "");
    }

    #[test]
    fn spans_are_whole_and_rounded_up() {
        for (micros, expect) in
            [(0, "1 second"), (90 * SECOND, "90 seconds"), (5 * MINUTE + 1 * SECOND, "6 minutes"), (3 * HOUR, "3 hours"), (72 * HOUR, "3 days")]
        {
            assert_eq!(span(micros), expect);
        }
    }
}
