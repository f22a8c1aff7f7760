//! From words to a query.

use super::words::{Placed, Word, words};
use super::{Comparison, Filter, Literal, Name, Order, Select, fault};
use crate::vendors::salesforce::error::ApiError;
use jiff::Timestamp;

/// Deepest nesting of parentheses; a query of more is refused before it can exhaust the stack.
const DEEPEST: usize = 30;

pub fn parse(query: &str) -> Result<Select, ApiError> {
    let mut parser = Parser { query, words: words(query)?, next: 0, depth: 0 };
    let select = parser.select()?;
    match parser.words.get(parser.next) {
        None => Ok(select),
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    query: &'a str,
    words: Vec<Placed>,
    next: usize,
    depth: usize,
}

impl Parser<'_> {
    fn select(&mut self) -> Result<Select, ApiError> {
        self.expect("SELECT")?;
        let fields = if self.counts() { Vec::new() } else { self.fields()? };
        self.expect("FROM")?;
        let object = self.name()?;
        let filter = if self.keyword("WHERE") { Some(self.condition()?) } else { None };
        let order = if self.keyword("ORDER") { self.order()? } else { Vec::new() };
        let limit = if self.keyword("LIMIT") { Some(self.whole_number()?) } else { None };
        Ok(Select { fields, object, filter, order, limit })
    }

    /// `COUNT()`, which stands alone (SOQL and SOSL Reference, "COUNT()").
    fn counts(&mut self) -> bool {
        let next: Vec<&Word> = self.words.iter().skip(self.next).take(3).map(|(word, _)| word).collect();
        let counts = matches!(next.as_slice(), [Word::Bare(count), Word::Sign("("), Word::Sign(")")] if count.eq_ignore_ascii_case("count"));
        self.next += if counts { 3 } else { 0 };
        counts
    }

    fn fields(&mut self) -> Result<Vec<Name>, ApiError> {
        let mut fields = vec![self.name()?];
        while self.sign(",") {
            fields.push(self.name()?);
        }
        Ok(fields)
    }

    /// AND and OR are not mixed without parentheses (SOQL and SOSL Reference, "Logical Operators").
    fn condition(&mut self) -> Result<Filter, ApiError> {
        let first = self.term()?;
        if self.is_keyword("AND") {
            let mut all = vec![first];
            while self.keyword("AND") {
                all.push(self.term()?);
            }
            return Ok(Filter::All(all));
        }
        if self.is_keyword("OR") {
            let mut any = vec![first];
            while self.keyword("OR") {
                any.push(self.term()?);
            }
            return Ok(Filter::Any(any));
        }
        Ok(first)
    }

    fn term(&mut self) -> Result<Filter, ApiError> {
        if self.keyword("NOT") {
            self.deeper()?;
            let inner = self.term()?;
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(inner)));
        }
        if self.sign("(") {
            self.deeper()?;
            let inner = self.condition()?;
            self.depth -= 1;
            return if self.sign(")") { Ok(inner) } else { Err(self.unexpected()) };
        }
        let field = self.name()?;
        let comparison = self.comparison()?;
        let values = if matches!(comparison, Comparison::In | Comparison::NotIn) { self.list()? } else { vec![self.literal()?] };
        Ok(Filter::Compare { field, comparison, values })
    }

    fn deeper(&mut self) -> Result<(), ApiError> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(ApiError::bad("QUERY_TOO_COMPLICATED", "the query is nested too deeply")) } else { Ok(()) }
    }

    fn comparison(&mut self) -> Result<Comparison, ApiError> {
        const SIGNS: [(&str, Comparison); 7] = [
            ("=", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<>", Comparison::NotEqual),
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ];
        for (sign, comparison) in SIGNS {
            if self.sign(sign) {
                return Ok(comparison);
            }
        }
        if self.keyword("LIKE") {
            return Ok(Comparison::Like);
        }
        let negated = self.keyword("NOT");
        if self.keyword("IN") {
            return Ok(if negated { Comparison::NotIn } else { Comparison::In });
        }
        Err(self.unexpected())
    }

    fn list(&mut self) -> Result<Vec<Literal>, ApiError> {
        if !self.sign("(") {
            return Err(self.unexpected());
        }
        let mut values = vec![self.literal()?];
        while self.sign(",") {
            values.push(self.literal()?);
        }
        if self.sign(")") { Ok(values) } else { Err(self.unexpected()) }
    }

    fn literal(&mut self) -> Result<Literal, ApiError> {
        let literal = match self.words.get(self.next) {
            Some((Word::Quoted(text), _)) => Some(Literal::Text(text.clone())),
            Some((Word::Bare(text), _)) => bare_literal(text),
            _ => None,
        };
        match literal {
            Some(literal) => {
                self.next += 1;
                Ok(literal)
            }
            None => Err(self.unexpected()),
        }
    }

    fn order(&mut self) -> Result<Vec<Order>, ApiError> {
        self.expect("BY")?;
        let mut order = Vec::new();
        loop {
            let field = self.name()?;
            let descending = self.keyword("DESC");
            if !descending {
                self.keyword("ASC");
            }
            let mut nulls_last = false;
            if self.keyword("NULLS") {
                nulls_last = self.keyword("LAST");
                if !nulls_last {
                    self.expect("FIRST")?;
                }
            }
            order.push(Order { field, descending, nulls_last });
            if !self.sign(",") {
                return Ok(order);
            }
        }
    }

    fn whole_number(&mut self) -> Result<usize, ApiError> {
        let number = match self.words.get(self.next) {
            Some((Word::Bare(text), _)) => text.parse().ok(),
            _ => None,
        };
        let Some(number) = number else { return Err(self.unexpected()) };
        self.next += 1;
        Ok(number)
    }

    /// A name, or several joined by points; the words of the language are none.
    fn name(&mut self) -> Result<Name, ApiError> {
        const RESERVED: [&str; 13] = ["SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "ORDER", "BY", "LIMIT", "ASC", "DESC"];
        match self.words.get(self.next) {
            Some((Word::Bare(text), at))
                if text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
                    && text.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()))
                    && !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text)) =>
            {
                let name = Name { text: text.clone(), at: *at };
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self.words.get(self.next), Some((Word::Bare(text), _)) if text.eq_ignore_ascii_case(keyword))
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let is = self.is_keyword(keyword);
        self.next += usize::from(is);
        is
    }

    fn expect(&mut self, keyword: &str) -> Result<(), ApiError> {
        if self.keyword(keyword) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.words.get(self.next), Some((Word::Sign(s), _)) if *s == sign);
        self.next += usize::from(is);
        is
    }

    fn unexpected(&self) -> ApiError {
        match self.words.get(self.next) {
            Some((word, at)) => {
                let text = match word {
                    Word::Bare(text) => text.clone(),
                    Word::Quoted(text) => format!("'{text}'"),
                    Word::Sign(sign) => (*sign).to_owned(),
                };
                fault("MALFORMED_QUERY", self.query, *at, &format!("unexpected token: '{text}'"))
            }
            None => ApiError::bad("MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        }
    }
}

/// TODAY, YESTERDAY and LAST_N_DAYS:n, which goes on until now (SOQL and SOSL Reference, "Date Formats and Date Literals").
fn named_days(text: &str) -> Option<Literal> {
    let text = text.to_ascii_uppercase();
    match text.as_str() {
        "TODAY" => Some(Literal::Days(0, 1)),
        "YESTERDAY" => Some(Literal::Days(-1, 0)),
        _ => text.strip_prefix("LAST_N_DAYS:")?.parse::<u16>().ok().map(|days| Literal::Days(-i64::from(days), 1)),
    }
}

/// `2026-03-02T08:00:00Z`, `2026-03-02T08:00:00.000+01:00`, `2026-03-02`, `1.5`, `true`, `null`.
fn bare_literal(text: &str) -> Option<Literal> {
    if text.eq_ignore_ascii_case("null") {
        return Some(Literal::Null);
    }
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return Some(Literal::Bool(text.eq_ignore_ascii_case("true")));
    }
    if let Some(days) = named_days(text) {
        return Some(days);
    }
    if text.contains('T') {
        return text.parse::<Timestamp>().ok().map(|time| Literal::Time(time.as_microsecond()));
    }
    if text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10 {
        return Some(Literal::Date(text.to_owned()));
    }
    // "inf" and "nan" are numbers to Rust only.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Literal::Number)
}
