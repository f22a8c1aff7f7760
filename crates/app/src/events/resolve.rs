//! From a question as asked to one the index answers: names become ids, words become keyed tokens.

use super::{query::Asked, render::Viewer};
use crate::{App, AppError, FieldProblem};
use model::{
    Class, Micros, Outcome,
    query::{EventQuery, Field, Filter},
};
use store::records::Sources;
use uuid::Uuid;

const MAX_WORDS: usize = 12;

/// Resolves a question for a reader; `now` is what relative times count from.
///
/// # Errors
/// `Invalid` when a name is unknown, or when the reader asks by a value he sees masked: the answer would tell it.
pub async fn resolve(app: &App, viewer: &Viewer, asked: &Asked, now: Micros) -> Result<EventQuery, AppError> {
    let mut problems = Vec::new();
    let mut query =
        EventQuery { from: asked.from.map(|t| t.micros(now)), until: asked.until.map(|t| t.micros(now)), min_rows: asked.min_rows, ..EventQuery::default() };
    if let (Some(from), Some(until)) = (query.from, query.until)
        && from > until
    {
        problems.push(FieldProblem::new("until", "the end lies before the beginning".to_owned()));
    }
    for filter in &asked.filters {
        match value(app, viewer, filter.field, &filter.value).await? {
            Ok(value) => add(&mut query.filters, filter.field, value, filter.exclude),
            Err(detail) => problems.push(FieldProblem::new("filter", detail)),
        }
    }
    if !asked.words.is_empty() && !(viewer.sight.targets && viewer.sight.network) {
        problems.push(FieldProblem::new("q", "words search values that you see masked; use filters".to_owned()));
    }
    let words: Vec<&str> = asked.words.iter().flat_map(|w| parts(w)).collect();
    if words.len() > MAX_WORDS {
        problems.push(FieldProblem::new("q", format!("{} words are too many; at most {MAX_WORDS} are searched", words.len())));
    }
    query.tokens = words.into_iter().take(MAX_WORDS).map(|word| ledger::token(&app.keyring, word)).collect();
    query.tokens.sort_unstable();
    query.tokens.dedup();
    if problems.is_empty() { Ok(query) } else { Err(AppError::Invalid(problems)) }
}

/// A word as the ledger makes tokens: whole e-mail and network addresses, otherwise runs of letters and digits.
fn parts(word: &str) -> Vec<&str> {
    if word.contains('@') || word.parse::<std::net::IpAddr>().is_ok() {
        vec![word]
    } else {
        word.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect()
    }
}

/// Values of one field are alternatives.
fn add(filters: &mut Vec<Filter>, field: Field, value: String, exclude: bool) {
    match filters.iter_mut().find(|f| f.field == field && f.exclude == exclude) {
        Some(filter) => filter.values.push(value),
        None => filters.push(Filter { field, values: vec![value], exclude }),
    }
}

/// The value as the index holds it.
async fn value(app: &App, viewer: &Viewer, field: Field, text: &str) -> Result<Result<String, String>, AppError> {
    let id = |what: &str| Uuid::parse_str(text).map(|id| id.to_string()).map_err(|_| format!("'{text}' is not the id of a {what}"));
    Ok(match field {
        Field::Source => match Uuid::parse_str(text) {
            Ok(id) => Ok(id.to_string()),
            Err(_) => app.records.source_named(text).await?.map(|s| s.id.to_string()).ok_or_else(|| format!("there is no source named '{text}'")),
        },
        Field::Class => {
            let class = Class::from_name(text).or_else(|| text.parse::<u32>().ok().and_then(|uid| Class::try_from(uid).ok()));
            class.map(|c| c.uid().to_string()).ok_or_else(|| format!("'{text}' is not a class Veritrail uses"))
        }
        Field::Activity => activity(text),
        Field::Outcome => {
            let outcome = [Outcome::Success, Outcome::Failure, Outcome::Unknown].into_iter().find(|o| o.name() == text);
            outcome.map(|o| o.name().to_owned()).ok_or_else(|| format!("'{text}' is not an outcome; there are success, failure, unknown"))
        }
        Field::Actor => id("subject"),
        Field::Target => id("subject"),
        Field::Person => id("person"),
        Field::Department => id("department"),
        Field::Address if !viewer.sight.network => Err("addresses are masked for you, so they cannot be searched".to_owned()),
        Field::Address | Field::Stream | Field::VendorType => Ok(text.to_owned()),
        Field::ObjectType => Ok(text.to_lowercase()),
    })
}

/// `600107`, or `web_resources_activity.export`.
fn activity(text: &str) -> Result<String, String> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    let named = text.split_once('.').and_then(|(class, name)| Class::from_name(class).map(|class| (class, name)));
    let found = named.and_then(|(class, name)| model::Activity::named(class, name).map(|a| a.type_uid(class)));
    found.map(|uid| uid.to_string()).ok_or_else(|| format!("'{text}' is not an activity; write a type_uid such as 600107, or CLASS.ACTIVITY"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activity_is_named_or_numbered() {
        assert_eq!(activity("authentication.logon"), Ok("300201".into()));
        assert_eq!(activity("300201"), Ok("300201".into()));
        assert!(activity("logon").is_err() && activity("authentication.sing").is_err());
    }

    #[test]
    fn words_split_as_the_ledger_splits_them() {
        assert_eq!(parts("all-customers.csv"), ["all", "customers", "csv"]);
        assert_eq!(parts("dana@example.com"), ["dana@example.com"]);
    }
}
