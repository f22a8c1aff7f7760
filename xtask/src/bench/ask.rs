//! Asking Veritrail, as an analyst's page does: over HTTP, signed in, from the question to the last byte of the answer.

use super::{
    questions::{Answered, Ask, Question},
    records::{self, Records, email},
    server::Server,
};
use crate::http::Connection;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Instant};

/// Asks all questions. Answers them, and what a request that searches nothing costs: the part of every time that is not the search.
pub fn ask(server: &Server, questions: &[Question]) -> Result<(Vec<Answered>, f64)> {
    let mut connection = server.analyst()?;
    let mut ids = Ids { known: HashMap::new() };
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        let path = path(&mut connection, &mut ids, question)?;
        let begun = Instant::now();
        let answer = connection.get(&path)?;
        let millis = begun.elapsed().as_secs_f64() * 1_000.0;
        let answer = answer.ok().with_context(|| format!("asked {path}"))?.json()?;
        answers.push(Answered { millis, answer: common(&question.ask, &answer)? });
    }
    let mut idle: Vec<f64> = Vec::new();
    for _ in 0..50 {
        let begun = Instant::now();
        connection.get("/health")?.ok()?;
        idle.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    idle.sort_by(f64::total_cmp);
    Ok((answers, idle[idle.len() / 2]))
}

const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Our random ids behind the vendor's, found as a person would: by a search.
struct Ids {
    known: HashMap<(&'static str, String), String>,
}

impl Ids {
    fn find(&mut self, connection: &mut Connection, field: &'static str, vendor: &str) -> Result<String> {
        if let Some(id) = self.known.get(&(field, vendor.to_owned())) {
            return Ok(id.clone());
        }
        let number: u64 = vendor.trim_start_matches(|c: char| !c.is_ascii_digit()).trim_start_matches("005BN").parse().unwrap_or(0);
        // An account by its e-mail address, a record by the two words its id has.
        let words = if field == "target" { vendor.replace('-', "%20") } else { email(number % 1_000_000) };
        let answer = connection.get(&format!("/api/v1/events?limit=1&q={words}"))?.ok()?.json()?;
        let event = &answer["items"][0];
        let id = match field {
            "person" => &event["actor"]["person"]["id"],
            "actor" => &event["actor"]["subject"],
            _ => &event["target"]["subject"],
        };
        // Among few events a quiet record may have none: then nothing is found of it, by any engine.
        let id = id.as_str().unwrap_or(NOBODY).to_owned();
        self.known.insert((field, vendor.to_owned()), id.clone());
        Ok(id)
    }
}

fn path(connection: &mut Connection, ids: &mut Ids, question: &Question) -> Result<String> {
    let mut parameters = Vec::new();
    for (field, value) in &question.filters {
        let value = match *field {
            "person" | "actor" | "target" => ids.find(connection, field, value)?,
            "activity" => match value.as_str() {
                "logon" => "authentication.logon".to_owned(),
                "view" => "web_resources_activity.read".to_owned(),
                other => format!("web_resources_activity.{other}"),
            },
            _ => value.clone(),
        };
        parameters.push(format!("filter={field}:{value}"));
    }
    parameters.extend(question.word.iter().map(|word| format!("q={word}")));
    if let Some(from) = question.from {
        parameters.push(format!("from={}", records::rfc3339(from)));
    }
    let operation = match &question.ask {
        Ask::Newest { limit } => {
            parameters.push(format!("limit={limit}"));
            ""
        }
        Ask::Count => "/count",
        Ask::Facets { fields, top } => {
            parameters.push(format!("fields={}&limit={top}", fields.join(",")));
            "/facets"
        }
        Ask::Bars { interval_secs } => {
            parameters.push(format!("interval_secs={interval_secs}"));
            "/histogram"
        }
    };
    Ok(format!("/api/v1/events{operation}?{}", parameters.join("&")))
}

/// The answer in the form all engines share.
fn common(ask: &Ask, answer: &Value) -> Result<Value> {
    let list = |name: &str| answer[name].as_array().with_context(|| format!("an answer without {name}: {answer}"));
    Ok(match ask {
        Ask::Newest { .. } => list("items")?.iter().map(|item| micros(&item["time"])).collect::<Result<Value>>()?,
        Ask::Count => answer["count"].clone(),
        Ask::Facets { .. } => {
            let mut facets = serde_json::Map::new();
            for facet in list("facets")? {
                let counts: Vec<&Value> = facet["values"].as_array().into_iter().flatten().map(|v| &v["count"]).collect();
                facets.insert(facet["field"].as_str().context("a facet has a field")?.to_owned(), json!({ "counts": counts, "other": facet["other"] }));
            }
            facets.into()
        }
        Ask::Bars { .. } => {
            let full = list("buckets")?.iter().filter(|b| b["success"] != 0 || b["failure"] != 0 || b["unknown"] != 0);
            full.map(|b| Ok(json!([micros(&b["start"])?, b["success"], b["failure"]]))).collect::<Result<Value>>()?
        }
    })
}

/// Microseconds of a time as the API writes it.
fn micros(time: &Value) -> Result<Value> {
    let text = time.as_str().context("a time is text")?;
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|t| t.parse::<i64>().ok()).with_context(|| format!("'{text}' is no time"));
    let days = [0, 31, 61, 92].get(usize::try_from(number(5..7)? - 8)?).with_context(|| format!("'{text}' is not in the 90 days"))? + number(8..10)? - 3;
    let seconds = number(11..13)? * 3_600 + number(14..16)? * 60 + number(17..19)?;
    let micros = records::BEGIN + days * records::DAY + seconds * 1_000_000 + number(20..26)?;
    if records::rfc3339(micros) != text {
        bail!("'{text}' was read as {}", records::rfc3339(micros));
    }
    Ok(micros.into())
}

/// Fails where the engines do not say the same.
pub fn compare(questions: &[Question], ours: &[Answered], theirs: &[Answered], name: &str) -> Result<()> {
    for ((question, our), their) in questions.iter().zip(ours).zip(theirs) {
        if our.answer != their.answer {
            let short = |v: &Value| v.to_string().chars().take(600).collect::<String>();
            bail!("Veritrail and {name} differ on {question:?}:\n  {}\n  {}", short(&our.answer), short(&their.answer));
        }
    }
    Ok(())
}

/// The number of events, asked until it is what it must be.
pub fn expect_count(server: &Server, records: &Records) -> Result<()> {
    let answer = server.analyst()?.get("/api/v1/events/count")?.ok()?.json()?;
    if answer["count"] != records.count {
        bail!("of {} events {} are found", records.count, answer["count"]);
    }
    Ok(())
}
