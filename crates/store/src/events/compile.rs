//! From a scope and a question to one tantivy query. The scope is part of the query, so no list, count or facet can forget it.

use super::split::Columns;
use model::{
    Micros, Position, Reach, Scope,
    query::{EventQuery, Field},
};
use std::ops::Bound;
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

impl Window {
    pub fn of(scope: &Scope, query: &EventQuery) -> Self {
        let mut window = Self { from: scope.from.max(query.from), until: scope.until };
        if let Some(until) = query.until {
            window.before(until);
        }
        window
    }

    pub fn before(&mut self, until: Micros) {
        self.until = Some(self.until.map_or(until, |u| u.min(until)));
    }
}

/// Everything the scope admits and the question asks for, below index `head`.
pub(super) fn query(c: &Columns, scope: &Scope, query: &EventQuery, window: Window, head: u64) -> Box<dyn Query> {
    let mut clauses = within(c, scope, window, head);
    for filter in &query.filters {
        let occur = if filter.exclude { Occur::MustNot } else { Occur::Must };
        clauses.push((occur, any_of(c.facet(filter.field), filter.values.iter().map(String::as_str))));
    }
    for token in &query.tokens {
        clauses.push((Occur::Must, term(Term::from_field_u64(c.tokens, *token))));
    }
    if let Some(rows) = query.min_rows {
        clauses.push((Occur::Must, Box::new(RangeQuery::new(Bound::Included(Term::from_field_u64(c.rows, rows)), Bound::Unbounded))));
    }
    Box::new(BooleanQuery::new(clauses))
}

/// The one event at a position, if the scope admits it.
pub(super) fn position(c: &Columns, scope: &Scope, position: &Position, window: Window, head: u64) -> Box<dyn Query> {
    let mut clauses = within(c, scope, window, head);
    clauses.push((Occur::Must, term(Term::from_field_u64(c.index, position.index))));
    clauses.push((Occur::Must, term(Term::from_field_u64(c.generation, u64::from(position.generation)))));
    clauses.push((Occur::Must, term(Term::from_field_text(c.ledger, &position.ledger))));
    Box::new(BooleanQuery::new(clauses))
}

fn within(c: &Columns, scope: &Scope, window: Window, head: u64) -> Vec<(Occur, Box<dyn Query>)> {
    let time = |t| Term::from_field_i64(c.time, t);
    // A query of exclusions alone would match nothing.
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, Box::new(AllQuery))];
    let mut must = |q: Box<dyn Query>| clauses.push((Occur::Must, q));
    must(Box::new(RangeQuery::new(Bound::Unbounded, Bound::Excluded(Term::from_field_u64(c.index, head)))));
    match &scope.reach {
        Reach::Everything => {}
        Reach::Departments(ids) => must(any_of(c.facet(Field::Department), ids.iter().map(|i| i.to_string()))),
        Reach::Person(id) => must(any_of(c.facet(Field::Person), [id.to_string()])),
        Reach::Nothing => must(Box::new(EmptyQuery)),
    }
    if let Some(sources) = &scope.sources {
        must(any_of(c.facet(Field::Source), sources.iter().map(|i| i.to_string())));
    }
    if let Some(from) = window.from {
        must(Box::new(RangeQuery::new(Bound::Included(time(from)), Bound::Unbounded)));
    }
    if let Some(until) = window.until {
        must(Box::new(RangeQuery::new(Bound::Unbounded, Bound::Excluded(time(until)))));
    }
    clauses
}

/// No alternatives match nothing.
fn any_of(field: schema::Field, values: impl IntoIterator<Item = impl AsRef<str>>) -> Box<dyn Query> {
    let terms: Vec<Box<dyn Query>> = values.into_iter().map(|v| term(Term::from_field_text(field, v.as_ref()))).collect();
    if terms.is_empty() { Box::new(EmptyQuery) } else { Box::new(BooleanQuery::union(terms)) }
}

fn term(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}
