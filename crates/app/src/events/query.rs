//! The query string of an event search, as people and pages write it. Names are resolved later ([`super::resolve`]); here only its form is read.

use crate::{AppError, FieldProblem, query::repeated};
use model::{DAY, HOUR, MINUTE, Micros, SECOND, query::Field};
use std::collections::BTreeMap;

/// Bounds of one question.
const MAX_BYTES: usize = 16_000;
const MAX_FILTERS: usize = 64;
pub(crate) const MAX_LIMIT: usize = 200;
const DEFAULT_LIMIT: usize = 50;

/// A time as asked: a point, or so long before now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    At(Micros),
    Ago(Micros),
}

impl When {
    pub fn micros(self, now: Micros) -> Micros {
        match self {
            When::At(micros) => micros,
            When::Ago(micros) => now.saturating_sub(micros),
        }
    }

    /// RFC 3339, a bare date, `now`, or `-24h` (s, m, h, d, w).
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a time; write 2026-11-24T07:00:00Z, -24h or -7d");
        if text == "now" {
            return Ok(When::Ago(0));
        }
        if let Some(ago) = text.strip_prefix('-') {
            let unit = ago.chars().last().ok_or_else(wrong)?;
            let number: i64 = ago.strip_suffix(unit).and_then(|n| n.parse().ok()).filter(|n| *n >= 0).ok_or_else(wrong)?;
            let unit = match unit {
                's' => SECOND,
                'm' => MINUTE,
                'h' => HOUR,
                'd' => DAY,
                'w' => 7 * DAY,
                _ => return Err(wrong()),
            };
            return number.checked_mul(unit).map(When::Ago).ok_or_else(wrong);
        }
        // In a query string an unescaped '+' arrives as a space; `07:00:00 02:00` means the zone.
        let zoned = text.len() > 19 && text.as_bytes().get(text.len() - 6) == Some(&b' ');
        let text = if zoned { format!("{}+{}", &text[..text.len() - 6], &text[text.len() - 5..]) } else { text.to_owned() };
        model::time::parse(&text).map(|t| When::At(t.micros)).ok_or_else(wrong)
    }
}

/// One `filter=FIELD:VALUE` or `FIELD!:VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedFilter {
    pub field: Field,
    pub value: String,
    pub exclude: bool,
}

/// A question as asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    pub from: Option<When>,
    pub until: Option<When>,
    pub filters: Vec<AskedFilter>,
    pub words: Vec<String>,
    pub min_rows: Option<u64>,
    pub cursor: Option<String>,
    pub limit: usize,
    /// Further parameters of one operation (`fields`, `interval_secs`).
    pub further: BTreeMap<String, String>,
    /// The question in one order of words, without cursor and limit: what a cursor is bound to.
    pub canonical: String,
}

impl Asked {
    /// Reads a query string, percent-encoded as in a URL. `further` names the parameters besides those of every event query.
    ///
    /// # Errors
    /// `Invalid` with one problem per parameter that is wrong or unknown.
    pub fn parse(query: &str, further: &[&str]) -> Result<Self, AppError> {
        let mut asked = Self { limit: DEFAULT_LIMIT, ..Self::default() };
        let mut problems = repeated(query, &["filter"]);
        if query.len() > MAX_BYTES {
            return Err(AppError::Invalid(vec![FieldProblem::new("query", format!("the query is {} bytes long; at most {MAX_BYTES} are read", query.len()))]));
        }
        let mut canonical = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            if let Err(detail) = asked.take(&name, value, further) {
                problems.push(FieldProblem::new(name.as_ref(), detail));
            }
            if name != "cursor" && name != "limit" {
                canonical.push(format!("{name}={}", one_line(value)));
            }
        }
        if asked.filters.len() > MAX_FILTERS {
            problems.push(FieldProblem::new("filter", format!("{} filters are too many; at most {MAX_FILTERS} are read", asked.filters.len())));
        }
        canonical.sort();
        asked.canonical = canonical.join("\n");
        if problems.is_empty() { Ok(asked) } else { Err(AppError::Invalid(problems)) }
    }

    fn take(&mut self, name: &str, value: &str, further: &[&str]) -> Result<(), String> {
        match name {
            "from" => self.from = Some(When::parse(value)?),
            "until" => self.until = Some(When::parse(value)?),
            "filter" => self.filters.push(filter(value)?),
            "q" => self.words.extend(value.split_whitespace().map(str::to_lowercase)),
            "min_rows" => self.min_rows = Some(number(value)?),
            "cursor" => self.cursor = Some(value.to_owned()),
            "limit" => self.limit = number(value).ok().filter(|n| (1..=MAX_LIMIT).contains(n)).ok_or_else(|| format!("a limit is 1 to {MAX_LIMIT}"))?,
            name if further.contains(&name) => drop(self.further.insert(name.to_owned(), value.to_owned())),
            _ => return Err("there is no such parameter".to_owned()),
        }
        Ok(())
    }
}

/// A value as it stands in [`Asked::canonical`]: two questions never read the same there, nor as more parameters than they have.
fn one_line(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

pub(super) fn number<N: std::str::FromStr>(value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("'{value}' is not a number"))
}

/// The field with this name, or what fields there are.
pub(super) fn field(name: &str) -> Result<Field, String> {
    Field::ALL.into_iter().find(|f| f.name() == name).ok_or_else(|| {
        let all: Vec<&str> = Field::ALL.iter().map(|f| f.name()).collect();
        format!("there is no field '{name}'; there are {}", all.join(", "))
    })
}

fn filter(text: &str) -> Result<AskedFilter, String> {
    let (name, value) = text.split_once(':').ok_or_else(|| format!("'{text}' is not a filter; write FIELD:VALUE or FIELD!:VALUE"))?;
    let (name, exclude) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
    let value = value.trim();
    if value.is_empty() {
        return Err(format!("the filter '{text}' has no value"));
    }
    Ok(AskedFilter { field: field(name)?, value: value.to_owned(), exclude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_lines_is_no_further_parameter() {
        let canonical = |query: &str| Asked::parse(query, &[]).unwrap().canonical;
        assert_eq!(canonical("q=a%0Afilter%3Dactor:dana%5C"), "q=a\\nfilter=actor:dana\\\\");
        assert_ne!(canonical("q=a%0Amin_rows%3D5"), canonical("q=a&min_rows=5"));
        assert_ne!(canonical("q=a%0Ab"), canonical("q=a%5Cnb"));
    }

    #[test]
    fn a_question_is_read_whole() {
        let asked =
            Asked::parse("?filter=class:authentication&filter=outcome%21%3Asuccess&q=Dana%20report&from=-24h&until=2026-11-24&min_rows=5&limit=10", &[]);
        let asked = asked.unwrap();
        assert_eq!(asked.filters[0], AskedFilter { field: Field::Class, value: "authentication".into(), exclude: false });
        assert_eq!(asked.filters[1], AskedFilter { field: Field::Outcome, value: "success".into(), exclude: true });
        assert_eq!((asked.words.as_slice(), asked.limit, asked.min_rows), (&["dana".to_owned(), "report".to_owned()][..], 10, Some(5)));
        assert_eq!(asked.from.unwrap().micros(25 * HOUR), HOUR);
        assert_eq!(asked.until, Some(When::At(1_795_478_400_000_000)));
    }

    #[test]
    fn the_canonical_question_forgets_order_cursor_and_limit() {
        let canonical = |q| Asked::parse(q, &[]).unwrap().canonical;
        assert_eq!(canonical("q=a&filter=stream:x&limit=5"), canonical("cursor=zz&filter=stream:x&q=a"));
        assert_ne!(canonical("q=a"), canonical("q=b"));
    }

    fn refused(query: &str, fields: &[&str]) {
        let Err(AppError::Invalid(problems)) = Asked::parse(query, &[]) else { panic!("{query} should be refused") };
        assert_eq!(problems.iter().map(|p| p.field.as_str()).collect::<Vec<_>>(), fields, "{query}");
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        refused("from=yesterday&filter=nose:red&limit=0&colour=red", &["from", "filter", "limit", "colour"]);
        refused("filter=class", &["filter"]);
        refused("filter=class:", &["filter"]);
        refused("until=-5y&min_rows=many&limit=201", &["until", "min_rows", "limit"]);
    }

    #[test]
    fn a_zone_survives_the_query_string() {
        assert_eq!(When::parse("1970-01-01T02:00:00+02:00"), Ok(When::At(0)));
        assert_eq!(Asked::parse("from=1970-01-01T02:00:00+02:00", &[]).unwrap().from, Some(When::At(0)));
    }
}
