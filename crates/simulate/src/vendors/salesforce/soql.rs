//! A subset of SOQL, read by a parser: SELECT fields or COUNT() FROM object [WHERE ...] [ORDER BY ...] [LIMIT n].
//!
//! SOQL and SOSL Reference, "SOQL SELECT Syntax", "Condition Expression Syntax (WHERE Clause)", "ORDER BY", "LIMIT", "Date Formats and Date Literals",
//! "Quoted String Escape Sequences", "Using Relationship Queries" (child to parent, one step). What is outside the subset (subqueries, aggregates of fields,
//! GROUP BY, OFFSET, most named dates) is MALFORMED_QUERY.

mod parse;
mod query;
mod words;

pub use parse::parse;
pub use query::{Parents, Path, plan, unsupported};

use super::error::ApiError;
use model::Micros;

/// A name as written, with its place in the query, for error messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    /// In characters, from 0.
    pub at: usize,
}

/// A query as written; names are not yet looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// None of them where only COUNT() is asked for.
    pub fields: Vec<Name>,
    pub object: Name,
    pub filter: Option<Filter>,
    pub order: Vec<Order>,
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// The field and any one of the values, by the comparison; negated where `NOT IN`.
    Compare {
        field: Name,
        comparison: Comparison,
        values: Vec<Literal>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    In,
    NotIn,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Text(String),
    Number(f64),
    Time(Micros),
    /// A named span of days: from the first until before the last, counted from today (UTC).
    Days(i64, i64),
    /// A date without a time, as written; no field served here is of type date.
    Date(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub field: Name,
    pub descending: bool,
    /// Nulls come first unless the query says otherwise, in either direction.
    pub nulls_last: bool,
}

/// An error with the piece of the query, a caret under the place, and the place in words, as Salesforce shows it.
fn fault(code: &'static str, query: &str, at: usize, message: &str) -> ApiError {
    /// How much of the query is shown before and after the place.
    const SHOWN: usize = 30;
    let from = at.saturating_sub(SHOWN);
    let shown: String = query.chars().skip(from).take(2 * SHOWN).map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let caret = " ".repeat(at - from);
    ApiError::bad(code, format!("\n{shown}\n{caret}^\nERROR at Row:1:Column:{}\n{message}", at + 1))
}

#[cfg(test)]
mod tests;
