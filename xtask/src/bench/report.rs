//! The tables: for the terminal and for docs/performance.md alike.

use super::{
    ingest::Pushed,
    questions::{Answered, LOOKUPS, Question},
};
use anyhow::{Context, Result};
use std::{fmt::Write, path::Path, time::Duration};

const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// Columns aligned, as Markdown.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|h| h.chars().count()).collect();
    for row in rows {
        row.iter().zip(&mut widths).for_each(|(cell, width)| *width = (*width).max(cell.chars().count()));
    }
    let mut out = String::new();
    let mut line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(n, (cell, width))| match (n, *width) {
            (0, width) => format!("{cell:<width$}"),
            (_, width) => format!("{cell:>width$}"),
        });
        // Writing to a string does not fail.
        let _ = writeln!(out, "| {} |", padded.collect::<Vec<_>>().join(" | "));
    };
    line(head.to_vec());
    let rules: Vec<String> = widths.iter().enumerate().map(|(n, w)| if n == 0 { "-".repeat(*w) } else { format!("{}:", "-".repeat(w - 1)) }).collect();
    line(rules.iter().map(String::as_str).collect());
    rows.iter().for_each(|row| line(row.iter().map(String::as_str).collect()));
    out
}

/// One row per kind of question: median and worst of each engine, and the others' medians as multiples of Veritrail's.
pub fn questions(questions: &[Question], ours: &[Answered], others: &[(&str, Vec<Answered>)]) -> String {
    let mut head = vec!["question", "Veritrail ms", "worst"];
    let names: Vec<[String; 3]> = others.iter().map(|(name, _)| [format!("{name} ms"), "worst".to_owned(), format!("{name} / Veritrail")]).collect();
    head.extend(names.iter().flatten().map(String::as_str));
    let mut rows = Vec::new();
    let mut titles: Vec<&str> = questions.iter().map(|q| q.title).collect();
    titles.dedup();
    for title in titles {
        let places: Vec<usize> = (0..questions.len()).filter(|n| questions[*n].title == title).skip(1).collect();
        let (median, worst) = median_and_worst(places.iter().map(|n| ours[*n].millis));
        let mut row = vec![title.to_owned(), number(median), number(worst)];
        for (_, answers) in others {
            let (theirs, their_worst) = median_and_worst(places.iter().map(|n| answers[*n].millis));
            row.extend([number(theirs), number(their_worst), number(theirs / median)]);
        }
        rows.push(row);
    }
    table(&head, &rows)
}

/// The aims that are not held, in words.
pub fn missed(questions: &[Question], ours: &[Answered], duckdb: Option<&[Answered]>) -> Vec<String> {
    let mut missed = Vec::new();
    let mut titles: Vec<&str> = questions.iter().map(|q| q.title).collect();
    titles.dedup();
    for title in titles {
        let places: Vec<usize> = (0..questions.len()).filter(|n| questions[*n].title == title).skip(1).collect();
        let (median, _) = median_and_worst(places.iter().map(|n| ours[*n].millis));
        if LOOKUPS.contains(&title) {
            if median >= 30.0 {
                missed.push(format!("{title}: {median:.0} ms, the aim is under 30 ms"));
            }
        } else if let Some(duckdb) = duckdb {
            let (theirs, _) = median_and_worst(places.iter().map(|n| duckdb[*n].millis));
            if median > theirs {
                missed.push(format!("{title}: {median:.0} ms, DuckDB takes {theirs:.0} ms"));
            }
        }
    }
    missed
}

/// What pushing gave, a row per measure.
pub fn pushed(pushed: &Pushed) -> Vec<Vec<String>> {
    let rate = |took: Duration| format!("{:.0}", pushed.events as f64 / took.as_secs_f64().max(0.001));
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let millis = |all: &[Duration], part: f64| number(percentile(all, part).as_secs_f64() * 1_000.0);
    vec![
        row("events, bodies, events of a body", format!("{}, {}, {}", pushed.events, pushed.bodies, pushed.body_records)),
        row("acknowledged, events/s", rate(pushed.acknowledged)),
        row("acknowledgement of a body, p50 / p99 ms", format!("{} / {}", millis(&pushed.acknowledgements, 0.5), millis(&pushed.acknowledgements, 0.99))),
        row("searchable, events/s", rate(pushed.searchable)),
        row("judged by all rules, events/s", rate(pushed.judged)),
        row(
            "sent to searchable, p50 / p99 s",
            format!("{:.2} / {:.2}", percentile(&pushed.searchables, 0.5).as_secs_f64(), percentile(&pushed.searchables, 0.99).as_secs_f64()),
        ),
        row("told to wait", format!("{} times", pushed.told_to_wait)),
    ]
}

pub fn percentile(all: &[Duration], part: f64) -> Duration {
    let mut sorted = all.to_vec();
    sorted.sort();
    sorted.get(((sorted.len() as f64 - 1.0) * part).round().max(0.0) as usize).copied().unwrap_or_default()
}

fn median_and_worst(all: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut sorted: Vec<f64> = all.collect();
    sorted.sort_by(f64::total_cmp);
    (sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN), sorted.last().copied().unwrap_or(f64::NAN))
}

/// Three digits that matter.
pub fn number(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

/// Puts `text` between the marks of a document.
pub fn write_into(path: &Path, text: &str) -> Result<()> {
    let page = std::fs::read_to_string(path).with_context(|| format!("'{}' cannot be read", path.display()))?;
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("'{}' has no line {BEGIN}", path.display()))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("'{}' has no line {END}", path.display()))?;
    Ok(std::fs::write(path, format!("{before}{BEGIN}\n{text}{END}{after}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let table = table(&["what", "n"], &[vec!["a".into(), "10".into()], vec!["longer".into(), "7".into()]]);
        assert_eq!(table, "| what   |  n |\n| ------ | -: |\n| a      | 10 |\n| longer |  7 |\n");
    }

    #[test]
    fn percentiles_of_few_and_none() {
        let millis: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!((percentile(&millis, 0.5), percentile(&millis, 0.99)), (Duration::from_millis(51), Duration::from_millis(99)));
        assert_eq!(percentile(&[], 0.5), Duration::ZERO);
    }
}
