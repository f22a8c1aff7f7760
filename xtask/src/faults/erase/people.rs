//! People with a value of their own to be found in every field that can hold one.

use model::time::{SECOND, rfc3339};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a canary begins with; a letter for its field, the person's number and an `x` follow.
const MARK: &str = "cnry";
/// An address cannot be a word: the number stands in this network.
const NETWORK: &str = "2001:db8:ca9a:";
const DIGITS: usize = 5;
const ADDRESS: char = 'a';
/// The fields, a letter each: login, name, e-mail, address, user agent, session, city, application, a note in the raw record; of the account as somebody else
/// changed it: label, old and new value; name, e-mail and title in the directory; a record that could not be read.
const FIELDS: &str = "lneauscpmtowdfjq";
/// Events of each person.
pub const EVENTS: u64 = 3;

/// A person's value for a field.
pub fn canary(field: char, n: u64) -> String {
    match field {
        ADDRESS => format!("{NETWORK}{n:04}::1"),
        'e' | 'f' => format!("{MARK}{field}{n:05}x@mail.example"),
        _ => format!("{MARK}{field}{n:05}x"),
    }
}

/// Canaries of every field of person `n`.
pub fn all_of(n: u64) -> impl Iterator<Item = (char, u64)> {
    FIELDS.chars().map(move |field| (field, n))
}

/// Every canary in a text, which is in lower case.
pub fn in_text(text: &str, found: &mut BTreeSet<(char, u64)>) {
    for (at, _) in text.match_indices(MARK) {
        let rest = text.get(at + MARK.len()..).unwrap_or_default();
        let mut letters = rest.chars();
        let (Some(field), number) = (letters.next().filter(|c| FIELDS.contains(*c)), letters.as_str()) else { continue };
        if let Some(n) = digits(number, DIGITS).filter(|_| number.as_bytes().get(DIGITS) == Some(&b'x')) {
            found.insert((field, n));
        }
    }
    for (at, _) in text.match_indices(NETWORK) {
        found.extend(digits(&text[at + NETWORK.len()..], 4).map(|n| (ADDRESS, n)));
    }
}

fn digits(text: &str, count: usize) -> Option<u64> {
    text.get(..count).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

/// The directory file.
pub fn directory(people: u64) -> String {
    let row = |n: u64| {
        let of = |field| canary(field, n);
        format!("E{n},{},{},{},Europe/Berlin,Sales,,2020-01-01,,{}\n", of('d'), of('f'), of('j'), of('l'))
    };
    "employee_id,name,email,title,zone,department,manager_employee_id,from,until,accounts\n".to_owned() + &(0..people).map(row).collect::<String>()
}

/// Two acts of the person, and one of an administrator on the person's account; a line each.
pub fn events(n: u64, now: i64) -> String {
    let of = |field| canary(field, n);
    let act = |k: i64, action: &str| {
        json!({
            "id": format!("p{n}k{k}"), "time": rfc3339(now - (60 + k) * SECOND), "action": action, "actor": of('l'), "actor_name": of('n'),
            "actor_email": of('e'), "actor_kind": "human", "application": of('p'), "object_type": "contact", "object_id": format!("c{k}"),
            "object_label": format!("Customer {k}"), "address": of('a'), "user_agent": of('u'), "session": of('s'), "city": of('c'),
            "note": format!("asked by {}", of('m')), "rows": 5,
        })
    };
    let change = json!({
        "id": format!("p{n}k2"), "time": rfc3339(now - 30 * SECOND), "action": "update", "actor": "root", "actor_kind": "human", "object_type": "user",
        "object_id": of('l'), "object_label": of('t'), "changes": [{ "field": "email", "old": of('o'), "new": of('w') }],
    });
    lines([act(0, "export"), act(1, "view"), change])
}

/// A record that cannot be read and names the person.
pub fn unreadable(n: u64) -> String {
    lines([json!({ "id": format!("q{n}"), "time": "yesterday", "actor": canary('l', n), "note": canary('q', n) })])
}

fn lines(records: impl IntoIterator<Item = Value>) -> String {
    records.into_iter().map(|record| format!("{record}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_canary_of_a_person_is_found_in_what_is_sent() {
        let mut found = BTreeSet::new();
        let sent = directory(8) + &events(7, 1_800_000_000_000_000) + &unreadable(7);
        in_text(&sent, &mut found);
        assert!(all_of(7).all(|canary| found.contains(&canary)), "{found:?}");
        assert!(!found.contains(&('n', 6)) && found.contains(&('d', 6)));
        in_text("cnry cnryz00001x cnryn0001x cnryn00001y 2001:db8:ca9a:12", &mut BTreeSet::new());
    }
}
