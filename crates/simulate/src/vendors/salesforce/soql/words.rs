//! The words of a query.

use super::fault;
use crate::vendors::salesforce::error::ApiError;

/// Longest query. SOQL and SOSL Reference, "SOQL and SOSL Limits for Search Queries": 100,000 characters.
const LONGEST: usize = 100_000;

#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// A keyword, a name, a number or a time: told apart by whoever reads it.
    Bare(String),
    Quoted(String),
    Sign(&'static str),
}

/// A word and where it begins, in characters.
pub type Placed = (Word, usize);

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: [&str; 10] = ["<=", ">=", "!=", "<>", "=", "<", ">", "(", ")", ","];

pub fn words(query: &str) -> Result<Vec<Placed>, ApiError> {
    let text: Vec<char> = query.chars().collect();
    if text.len() > LONGEST {
        return Err(ApiError::bad("QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than 100000 characters."));
    }
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(&c) = text.get(at) {
        if c.is_whitespace() {
            at += 1;
        } else if c == '\'' {
            let (word, next) = quoted(query, &text, at)?;
            words.push((word, at));
            at = next;
        } else if let Some(sign) = SIGNS.iter().find(|sign| sign.chars().enumerate().all(|(i, c)| text.get(at + i) == Some(&c))) {
            words.push((Word::Sign(sign), at));
            at += sign.len();
        } else if bare(c) {
            let end = text[at..].iter().position(|c| !bare(*c)).map_or(text.len(), |length| at + length);
            words.push((Word::Bare(text[at..end].iter().collect()), at));
            at = end;
        } else {
            return Err(fault("MALFORMED_QUERY", query, at, &format!("line 1:{at} no viable alternative at character '{c}'")));
        }
    }
    Ok(words)
}

/// `+`, `-`, `:` and `.` are in times, numbers and paths.
fn bare(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '+' | '-')
}

fn quoted(query: &str, text: &[char], from: usize) -> Result<(Word, usize), ApiError> {
    let mut value = String::new();
    let mut at = from + 1;
    while let Some(&c) = text.get(at) {
        match c {
            '\'' => return Ok((Word::Quoted(value), at + 1)),
            '\\' => {
                at += 1;
                value.push(match text.get(at) {
                    Some('n' | 'N') => '\n',
                    Some('r' | 'R') => '\r',
                    Some('t' | 'T') => '\t',
                    Some(c @ ('\'' | '"' | '\\' | '%' | '_')) => *c,
                    _ => return Err(fault("MALFORMED_QUERY", query, at.min(text.len()), "invalid escape sequence")),
                });
            }
            c => value.push(c),
        }
        at += 1;
    }
    Err(fault("MALFORMED_QUERY", query, from, "unexpected token: '''"))
}
