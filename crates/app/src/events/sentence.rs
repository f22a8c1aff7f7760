//! The sentence of an event: the model's phrase with the words this reader may see.

use model::{ClearEvent, sentence::phrase};

/// The words for one reader; what he may not see is left out by whoever fills this.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    pub actor: Option<&'a str>,
    pub application: Option<&'a str>,
    pub target: Option<&'a str>,
    /// The actor's values were erased.
    pub erased: bool,
}

/// "Dana Weiss exported 4,012 rows from the report “All customers”".
pub fn sentence(clear: &ClearEvent, words: &Words<'_>) -> String {
    let actor = match (words.actor, clear.actor_kind) {
        (Some(label), _) => label.to_owned(),
        _ if words.erased => "An erased account".to_owned(),
        (None, model::ActorKind::System) => "The system".to_owned(),
        (None, model::ActorKind::Application) => "An application".to_owned(),
        (None, _) if clear.actor_subject.is_some() => "An account".to_owned(),
        (None, _) => "Someone".to_owned(),
    };
    let act = phrase(clear.class_uid, clear.activity_id.0, clear.outcome).replace("{n}", &rows(clear.rows)).replace("{target}", &target(clear, words.target));
    let through = words.application.map(|a| format!(" through {a}")).unwrap_or_default();
    format!("{actor} {act}{through}")
}

fn rows(rows: Option<u64>) -> String {
    match rows {
        None => "rows".to_owned(),
        Some(1) => "1 row".to_owned(),
        Some(rows) => format!("{} rows", grouped(rows)),
    }
}

fn target(clear: &ClearEvent, label: Option<&str>) -> String {
    let kind = clear.object_type.as_deref().map(|t| t.replace('_', " "));
    match (kind, label) {
        (Some(kind), Some(label)) => format!("the {kind} “{label}”"),
        (None, Some(label)) => format!("“{label}”"),
        (Some(kind), None) => format!("{} {kind}", if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }),
        (None, None) => "the CRM".to_owned(),
    }
}

/// `4012` as `4,012`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Activity, ActorKind, Class, EventTime, Outcome, class::act};
    use uuid::Uuid;

    fn clear(class: Class, activity: Activity, outcome: Outcome, rows: Option<u64>, object_type: Option<&str>) -> ClearEvent {
        ClearEvent {
            activity_id: activity,
            actor_kind: ActorKind::Human,
            actor_subject: Some(Uuid::nil()),
            bytes: None,
            class_uid: class,
            commitments: Default::default(),
            corrects: None,
            normaliser: "test/1".into(),
            object_type: object_type.map(str::to_owned),
            outcome,
            reason: None,
            received: 0,
            rows,
            schema_version: 1,
            source: Uuid::nil(),
            stream: "s".into(),
            target_subject: None,
            time: EventTime::utc(0),
            vendor_type: "t".into(),
        }
    }

    fn check(clear: &ClearEvent, words: Words<'_>, expect: &str) {
        assert_eq!(sentence(clear, &words), expect);
    }

    #[test]
    fn sentences_say_who_did_what_to_what() {
        let export = clear(Class::WebResources, act::EXPORT, Outcome::Success, Some(1_234_012), Some("report"));
        let dana = Words { actor: Some("Dana Weiss"), application: Some("Data Loader"), target: Some("All customers"), erased: false };
        check(&export, dana, "Dana Weiss exported 1,234,012 rows from the report “All customers” through Data Loader");
        check(&export, Words::default(), "An account exported 1,234,012 rows from a report");
        check(&export, Words { erased: true, ..Words::default() }, "An erased account exported 1,234,012 rows from a report");
        let logon = clear(Class::Authentication, act::LOGON, Outcome::Failure, None, None);
        check(&logon, Words { actor: Some("dana"), ..Words::default() }, "dana failed to sign in");
        let anonymous = ClearEvent { actor_subject: None, ..logon };
        check(&anonymous, Words::default(), "Someone failed to sign in");
        let import = clear(Class::WebResources, act::IMPORT, Outcome::Success, Some(1), Some("import"));
        check(&import, Words { actor: Some("Ann"), ..Words::default() }, "Ann imported 1 row into an import");
    }
}
