//! What is asked: the same questions, in the same order, of every engine. Each kind is asked with several constants; the first is not counted.

use super::records::{ACCOUNTS, BEGIN, DAY, END, RECORDS, account, home_address, rare_word, record};
use serde::Serialize;
use serde_json::Value;

/// Events in a list.
pub const LIMIT: u64 = 100;
/// Values of a facet.
pub const TOP: u64 = 10;

#[derive(Clone, Debug, Serialize)]
pub struct Question {
    /// What the table calls its kind.
    pub title: &'static str,
    pub ask: Ask,
    pub filters: Vec<(&'static str, String)>,
    pub word: Option<String>,
    /// Microseconds.
    pub from: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Ask {
    /// Times of the newest [`LIMIT`].
    Newest {
        limit: u64,
    },
    Count,
    /// Counts of the [`TOP`] values of each field, and of all others.
    Facets {
        fields: Vec<&'static str>,
        top: u64,
    },
    /// Events by outcome in each interval that has some.
    Bars {
        interval_secs: i64,
    },
}

/// Kinds of question that must be answered in milliseconds.
pub const LOOKUPS: [&str; 6] = ["person's last 100", "account's last 100", "record's last 100", "address' last 100", "newest 100", "rare word"];

const LOOKUP_CONSTANTS: u64 = 12;
const COUNT_CONSTANTS: usize = 6;

/// All questions about `count` records; every kind's own follow each other.
pub fn all(count: u64) -> Vec<Question> {
    let mut all = Vec::new();
    let newest = Ask::Newest { limit: LIMIT };
    let mut put = |title, ask: &Ask, filters: &[(&'static str, String)], word: Option<String>, from| {
        all.push(Question { title, ask: ask.clone(), filters: filters.to_vec(), word, from });
    };
    // Constants from the busy end to the quiet one.
    let spread = |n: u64, below: u64| n * n * below / (LOOKUP_CONSTANTS * LOOKUP_CONSTANTS);
    for n in 0..LOOKUP_CONSTANTS {
        put("person's last 100", &newest, &[("person", account(spread(n, ACCOUNTS)))], None, None);
    }
    for n in 0..LOOKUP_CONSTANTS {
        put("account's last 100", &newest, &[("actor", account(spread(n, ACCOUNTS) + 1))], None, None);
    }
    for n in 0..LOOKUP_CONSTANTS {
        let kind = ["account", "contact", "opportunity"][(n % 3) as usize];
        put("record's last 100", &newest, &[("target", record(kind, spread(n, RECORDS / 5)))], None, None);
    }
    for n in 0..LOOKUP_CONSTANTS {
        put("address' last 100", &newest, &[("address", home_address(spread(n, ACCOUNTS) + 2))], None, None);
    }
    for n in 0..LOOKUP_CONSTANTS {
        // The newest of all, and of each further hour back.
        put("newest 100", &newest, &[], None, Some(END - n as i64 * DAY / 24 - 30 * DAY));
    }
    for n in 0..LOOKUP_CONSTANTS {
        put("rare word", &newest, &[], Some(rare_word(count, n)), None);
    }
    let some: [&[(&'static str, &str)]; COUNT_CONSTANTS] = [
        &[("object_type", "report"), ("outcome", "failure")],
        &[("activity", "logon"), ("outcome", "failure")],
        &[("object_type", "account"), ("activity", "update")],
        &[("object_type", "contact"), ("outcome", "success")],
        &[("activity", "view"), ("object_type", "opportunity")],
        &[("class", "authentication"), ("outcome", "success")],
    ];
    let owned = |filters: &[(&'static str, &str)]| filters.iter().map(|(f, v)| (*f, (*v).to_owned())).collect::<Vec<_>>();
    let week = END - 7 * DAY;
    for (title, from) in [("count, all time", None), ("count, 7 days", Some(week))] {
        some.iter().for_each(|f| put(title, &Ask::Count, &owned(f), None, from.map(|f: i64| f + 1)));
    }
    let facets = Ask::Facets { fields: vec!["class", "activity", "outcome", "object_type", "actor", "address"], top: TOP };
    for n in 0..COUNT_CONSTANTS as i64 {
        // All of it, and a little less each time: whole days cannot be all there is to it.
        put("6 facets, all time", &facets, &[], None, (n > 0).then(|| BEGIN + n * DAY / 7));
    }
    some.iter().for_each(|f| put("6 facets, filtered", &facets, &owned(&f[..1]), None, None));
    some.iter().for_each(|f| put("6 facets, 7 days", &facets, &owned(&f[..1]), None, Some(week + 1)));
    let records = Ask::Facets { fields: vec!["target"], top: TOP };
    some.iter().for_each(|f| put("facet of records", &records, &owned(&f[1..]), None, None));
    some.iter().for_each(|f| put("bars by day", &Ask::Bars { interval_secs: 86_400 }, &owned(&f[..1]), None, None));
    for n in 0..COUNT_CONSTANTS as i64 {
        put("bars by hour, all", &Ask::Bars { interval_secs: 3_600 }, &[], None, Some(END - (70 + n) * DAY));
    }
    some.iter().for_each(|f| put("bars by hour, filtered", &Ask::Bars { interval_secs: 3_600 }, &owned(&f[..1]), None, Some(END - 60 * DAY + 1)));
    all
}

/// What came back, in one form for all engines.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answered {
    pub millis: f64,
    pub answer: Value,
}
