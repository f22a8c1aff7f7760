//! `cargo xtask asvs`: whether every test and document that docs/asvs.md names exists; with `--run`, whether those tests pass.

use crate::cargo::cargo;
use anyhow::{Context, Result, bail, ensure};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Stdio,
};

const DOCUMENT: &str = "docs/asvs.md";
/// Requirements of Levels 1 and 2 in ASVS 5.0.0.
const REQUIREMENTS: usize = 253;

/// A test, or a story on either set-up.
const SET_UPS: [&str; 3] = ["", "::on_sqlite_and_a_directory", "::on_postgresql_and_s3"];

/// What stands in a row's last column.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shown {
    By(Vec<String>),
    NotApplicable,
    NotYet,
}

pub fn run(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let text = std::fs::read_to_string(DOCUMENT).with_context(|| format!("{DOCUMENT} is read from the repository's root"))?;
    let rows = rows(&text)?;
    ensure!(rows.len() == REQUIREMENTS, "{DOCUMENT} has {} requirements, ASVS 5.0.0 has {REQUIREMENTS} on Levels 1 and 2", rows.len());
    let there = tests()?;
    let mut found = BTreeSet::new();
    let mut missing = Vec::new();
    for (number, shown) in &rows {
        let Shown::By(names) = shown else { continue };
        for name in names {
            match place(name, &there)? {
                Place::Tests(tests) if !tests.is_empty() => found.extend(tests),
                Place::Elsewhere(true) => {}
                Place::Tests(_) | Place::Elsewhere(false) => missing.push(format!("{number}: {name}")),
            }
        }
    }
    ensure!(missing.is_empty(), "{DOCUMENT} names what is not there:\n{}", missing.join("\n"));
    let count = |of: fn(&Shown) -> bool| rows.values().filter(|s| of(s)).count();
    let (by, not, yet) = (count(|s| matches!(s, Shown::By(_))), count(|s| *s == Shown::NotApplicable), count(|s| *s == Shown::NotYet));
    let sentence = format!("{REQUIREMENTS} requirements: {by} shown, {not} do not apply, {yet} not yet.");
    ensure!(text.contains(&sentence), "{DOCUMENT} counts otherwise; write: {sentence}");
    crate::bench::say(format_args!("{sentence} {} tests of Rust are named.", found.len()));
    if arguments.any(|a| a == "--run") { play(&found) } else { Ok(()) }
}

/// Requirements by number.
fn rows(text: &str) -> Result<BTreeMap<String, Shown>> {
    let mut rows = BTreeMap::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| text.starts_with("| ") && !text.starts_with("| #")) {
        let cells: Vec<&str> = text.trim_matches('|').split('|').map(str::trim).collect();
        let [number, level, asked, shown] = cells.as_slice() else { bail!("{DOCUMENT}:{line}: a row has four cells") };
        ensure!(matches!(*level, "1" | "2") && !asked.is_empty(), "{DOCUMENT}:{line}: a level is 1 or 2, and something is asked");
        let shown = match shown {
            text if text.starts_with('`') => {
                let names: Vec<String> = text.split("; ").next().unwrap_or_default().split('`').skip(1).step_by(2).map(str::to_owned).collect();
                ensure!(names.iter().all(|n| n.contains(' ')), "{DOCUMENT}:{line}: a test is named by its binary, a space and its path");
                Shown::By(names)
            }
            text if text.starts_with("Does not apply: ") => Shown::NotApplicable,
            text if text.starts_with("Not yet: ") => Shown::NotYet,
            _ => bail!("{DOCUMENT}:{line}: neither a test, nor a reason, nor what is missing"),
        };
        ensure!(rows.insert((*number).to_owned(), shown).is_none(), "{DOCUMENT}:{line}: {number} stands here a second time");
    }
    Ok(rows)
}

enum Place {
    Tests(Vec<(String, String)>),
    Elsewhere(bool),
}

/// Where a name leads: `doc FILE`, `web FILE: TITLE`, or the binary and the test, or the module that holds its variants.
fn place(name: &str, there: &BTreeMap<String, Vec<String>>) -> Result<Place> {
    let (of, rest) = name.split_once(' ').with_context(|| format!("'{name}' is no name of a test"))?;
    Ok(match of {
        "doc" => Place::Elsewhere(Path::new(rest).is_file()),
        "web" => {
            let (file, title) = rest.split_once(": ").with_context(|| format!("'{name}' has no title"))?;
            Place::Elsewhere(std::fs::read_to_string(Path::new("web").join(file)).is_ok_and(|text| !title.is_empty() && text.contains(title)))
        }
        binary => {
            let is_it = |t: &&String| t.strip_prefix(rest).is_some_and(|end| SET_UPS.contains(&end));
            let tests = there.get(binary).into_iter().flatten().filter(is_it);
            Place::Tests(tests.map(|t| (binary.to_owned(), t.clone())).collect())
        }
    })
}

/// Every test there is, by its binary.
fn tests() -> Result<BTreeMap<String, Vec<String>>> {
    let listed = cargo().args(["nextest", "list", "--workspace", "--message-format", "json"]).stderr(Stdio::inherit()).output()?;
    ensure!(listed.status.success(), "the tests could not be listed");
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout)?;
    let suites = listed["rust-suites"].as_object().context("cargo-nextest lists no suites")?;
    let names = |suite: &serde_json::Value| suite["testcases"].as_object().map(|t| t.keys().cloned().collect()).unwrap_or_default();
    Ok(suites.iter().map(|(binary, suite)| (binary.clone(), names(suite))).collect())
}

fn play(tests: &BTreeSet<(String, String)>) -> Result<()> {
    let one = |(binary, test): &(String, String)| format!("(binary_id(={binary}) & test(={test}))");
    let filter = tests.iter().map(one).collect::<Vec<_>>().join(" | ");
    let status = cargo().args(["nextest", "run", "--workspace", "-E", &filter]).status()?;
    ensure!(status.success(), "not every test that {DOCUMENT} names passes");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_shown_reasoned_or_missing() {
        let text = "| # | L | Asked | Shown by |\n|---|---|---|---|\n| 1.1.1 | 2 | x | `app a::b`, `doc docs/x.md`; with `a_word` |\n| 1.1.2 | 1 | y | Not yet: z. |\n";
        let read = rows(text).unwrap();
        assert_eq!(read["1.1.1"], Shown::By(vec!["app a::b".into(), "doc docs/x.md".into()]));
        assert_eq!(read["1.1.2"], Shown::NotYet);
        for (wrong, why) in [
            ("| 1.1.1 | 2 | x | perhaps |", "neither a test"),
            ("| 1.1.1 | 3 | x | Not yet: y |", "a level"),
            ("| 1.1.1 | 2 | x | `b` |", "its binary"),
            ("| 1.1.1 | 2 |", "four cells"),
        ] {
            assert!(rows(wrong).unwrap_err().to_string().contains(why), "{wrong}");
        }
        assert!(rows("| 1 | 1 | x | Not yet: y |\n| 1 | 1 | x | Not yet: y |").unwrap_err().to_string().contains("a second time"));
    }

    #[test]
    fn a_name_leads_to_its_test_and_its_variants() {
        let there = BTreeMap::from([(
            "app".to_owned(),
            ["a::b::on_sqlite_and_a_directory", "a::b::on_postgresql_and_s3", "a::bc", "a::b::c"].map(str::to_owned).into(),
        )]);
        let Place::Tests(found) = place("app a::b", &there).unwrap() else { panic!("tests") };
        assert_eq!(found.len(), 2);
        assert!(matches!(place("app a", &there).unwrap(), Place::Tests(t) if t.is_empty()), "a module is no test");
        assert!(matches!(place("web none.ts: x", &there).unwrap(), Place::Elsewhere(false)));
    }
}
