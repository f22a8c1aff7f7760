//! From a scope and a question to what a split is asked. The scope becomes conditions like any other, so no list, count or facet can forget it.

use super::split::{Columns, Split};
use model::{
    DAY, HOUR, Micros, Reach, Scope,
    query::{EventQuery, Field, Filter},
};
use std::ops::{Bound, Range};
use tantivy::{
    Term,
    query::{AllQuery, BooleanQuery, EmptyQuery, Occur, Query, RangeQuery, TermQuery},
    schema::{self, IndexRecordOption},
};

/// Event times `[from, until)` that both the scope and the question allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub from: Option<Micros>,
    pub until: Option<Micros>,
}

/// Everything the scope admits and the question asks for, below index `head`.
pub(super) struct Plan {
    pub window: Window,
    pub conditions: Vec<Filter>,
    tokens: Vec<u64>,
    min_rows: Option<u64>,
    index: Option<u64>,
    head: u64,
}

/// What of a plan's bounds one split does not fulfil by itself: most lie within the window as a whole and need none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trim {
    pub from: Option<Micros>,
    pub until: Option<Micros>,
    pub head: Option<u64>,
}

impl Trim {
    /// The whole hours of the split that are asked for, in hours since the epoch, and what remains at both ends.
    pub fn hours(self, day: i64) -> (Range<i64>, Vec<Trim>) {
        let (from, until) = (self.from.unwrap_or(day * DAY), self.until.unwrap_or((day + 1) * DAY));
        let (first, last) = (from.div_euclid(HOUR) + i64::from(from.rem_euclid(HOUR) != 0), until.div_euclid(HOUR));
        let part = |from, until| Trim { from: Some(from), until: Some(until), head: self.head };
        if first > last {
            return (first..first, if from < until { vec![part(from, until)] } else { Vec::new() });
        }
        let edges = [(from, first * HOUR), (last * HOUR, until)];
        (first..last, edges.into_iter().filter(|(from, until)| from < until).map(|(from, until)| part(from, until)).collect())
    }
}

impl Plan {
    pub fn new(scope: &Scope, query: &EventQuery, head: u64) -> Self {
        let mut conditions = query.filters.clone();
        let mut only = |field, values| conditions.push(Filter { field, values, exclude: false });
        match &scope.reach {
            Reach::Everything => {}
            Reach::Departments(ids) => only(Field::Department, ids.iter().map(ToString::to_string).collect()),
            Reach::Person(id) => only(Field::Person, vec![id.to_string()]),
            // No value at all: nothing fulfils it.
            Reach::Nothing => only(Field::Person, Vec::new()),
        }
        if let Some(sources) = &scope.sources {
            only(Field::Source, sources.iter().map(ToString::to_string).collect());
        }
        let mut window = Window { from: scope.from.max(query.from), until: scope.until };
        if let Some(until) = query.until {
            window.until = Some(window.until.map_or(until, |u| u.min(until)));
        }
        Self { window, conditions, tokens: query.tokens.clone(), min_rows: query.min_rows, index: None, head }
    }

    /// Events at an index, if the scope admits them.
    pub fn at(scope: &Scope, index: u64, head: u64) -> Self {
        Self { index: Some(index), ..Self::new(scope, &EventQuery::default(), head) }
    }

    pub fn before(mut self, until: Micros) -> Self {
        self.window.until = Some(self.window.until.map_or(until, |u| u.min(until)));
        self
    }

    /// Nothing but times and values of fields is asked for.
    pub fn has_filters_only(&self) -> bool {
        self.tokens.is_empty() && self.min_rows.is_none() && self.index.is_none()
    }

    pub fn trim(&self, split: &Split) -> Trim {
        let (begin, end) = (split.day * DAY, (split.day + 1) * DAY);
        Trim {
            from: self.window.from.filter(|from| *from > begin),
            until: self.window.until.filter(|until| *until < end),
            // Only a split that was committed and not yet shown holds more than may be seen.
            head: Some(self.head).filter(|head| split.loaded() > *head),
        }
    }

    pub fn query(&self, c: &Columns, trim: Trim) -> Box<dyn Query> {
        let (mut must, mut must_not): (Vec<Box<dyn Query>>, Vec<Box<dyn Query>>) = (Vec::new(), Vec::new());
        for filter in &self.conditions {
            let one = any_of(c.facet(filter.field), &filter.values);
            if filter.exclude { must_not.push(one) } else { must.push(one) }
        }
        must.extend(self.tokens.iter().map(|token| term(Term::from_field_u64(c.tokens, *token))));
        let (time, number) = (|t| Term::from_field_i64(c.time, t), Term::from_field_u64);
        let ranges = [
            self.min_rows.map(|rows| (Bound::Included(number(c.rows, rows)), Bound::Unbounded)),
            self.index.map(|index| (Bound::Included(number(c.index, index)), Bound::Included(number(c.index, index)))),
            trim.from.map(|from| (Bound::Included(time(from)), Bound::Unbounded)),
            trim.until.map(|until| (Bound::Unbounded, Bound::Excluded(time(until)))),
            trim.head.map(|head| (Bound::Unbounded, Bound::Excluded(number(c.index, head)))),
        ];
        for (lower, upper) in ranges.into_iter().flatten() {
            must.push(Box::new(RangeQuery::new(lower, upper)));
        }
        // A lone term is counted from its list's length; and exclusions alone would match nothing.
        match (must.len(), must_not.is_empty()) {
            (0, true) => Box::new(AllQuery),
            (1, true) => must.swap_remove(0),
            (n, _) => {
                let all: Option<Box<dyn Query>> = if n == 0 { Some(Box::new(AllQuery)) } else { None };
                let clauses = must.into_iter().chain(all).map(|q| (Occur::Must, q));
                Box::new(BooleanQuery::new(clauses.chain(must_not.into_iter().map(|q| (Occur::MustNot, q))).collect()))
            }
        }
    }
}

/// No alternatives match nothing.
fn any_of(field: schema::Field, values: &[String]) -> Box<dyn Query> {
    let mut terms: Vec<Box<dyn Query>> = values.iter().map(|v| term(Term::from_field_text(field, v))).collect();
    match terms.len() {
        0 => Box::new(EmptyQuery),
        1 => terms.swap_remove(0),
        _ => Box::new(BooleanQuery::union(terms)),
    }
}

fn term(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: Option<Micros>, until: Option<Micros>, hours: Range<i64>, edges: &[(Micros, Micros)]) {
        let (got, parts) = Trim { from, until, head: None }.hours(1);
        assert_eq!((got, parts.iter().map(|t| (t.from.unwrap(), t.until.unwrap())).collect::<Vec<_>>()), (hours, edges.to_vec()));
    }

    #[test]
    fn a_day_is_whole_hours_and_two_edges_at_most() {
        check(None, None, 24..48, &[]);
        check(Some(25 * HOUR), Some(30 * HOUR), 25..30, &[]);
        check(Some(25 * HOUR + 1), Some(30 * HOUR + 2), 26..30, &[(25 * HOUR + 1, 26 * HOUR), (30 * HOUR, 30 * HOUR + 2)]);
        check(Some(25 * HOUR + 1), Some(25 * HOUR + 9), 26..26, &[(25 * HOUR + 1, 25 * HOUR + 9)]);
        check(Some(25 * HOUR + 1), None, 26..48, &[(25 * HOUR + 1, 26 * HOUR)]);
        check(Some(25 * HOUR + 3), Some(25 * HOUR + 3), 26..26, &[]);
    }
}
