//! Query strings: a parameter has one value, so that nobody reads another of two than the one that was looked at.

use crate::FieldProblem;
use std::collections::HashSet;

/// A problem for each parameter that stands there more than once and is not among those that `may`.
pub(crate) fn repeated(query: &str, may: &[&str]) -> Vec<FieldProblem> {
    let (mut seen, mut told) = (HashSet::new(), HashSet::new());
    let names = url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).map(|(name, _)| name);
    let twice = names.filter(|name| !may.contains(&name.as_ref()) && !seen.insert(name.clone()));
    twice.filter(|name| told.insert(name.clone())).map(|name| FieldProblem::new(name.as_ref(), "this parameter stands here more than once")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_stands_once_unless_it_may_be_repeated() {
        let named = |query: &str| repeated(query, &["filter"]).into_iter().map(|p| p.field).collect::<Vec<_>>();
        assert!(named("?from=-1h&filter=a&filter=b&q=from").is_empty());
        assert_eq!(named("from=-1h&fr%6Fm=-2h&from=-3h&limit=&limit=5"), ["from", "limit"], "once each, however it is written");
        assert_eq!(named("?from=-1h&q=a&q=a"), ["q"], "the same value twice too");
    }
}
