//! docs/input.md and the bounds in the code say the same.

use anyhow::{Context, Result, ensure};
use regex::Regex;
use std::{collections::BTreeSet, path::Path, process::Command};

const DOCUMENT: &str = "docs/input.md";
/// Where bounds of what people and programs enter stand: each on characters there has a row.
const FIELDS: &str = "crates/app/src/*.rs";
const DEFINED: &str = r"(?m)^(?:pub |pub\(\w+\) )?const ([A-Z_]+): (?:usize|u32|u64) = ([^;]+);";

/// Sentences about what differs.
pub fn faults(root: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(root.join(DOCUMENT)).with_context(|| DOCUMENT)?;
    let (mut faults, mut named) = (Vec::new(), BTreeSet::new());
    for (line, cells) in (1..).zip(text.lines().map(cells)) {
        let [_, _, bound, constant] = cells.as_slice() else { continue };
        let parts: Vec<&str> = constant.split('`').skip(1).step_by(2).collect();
        let [file, name] = parts.as_slice() else { continue };
        let code = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        named.insert(((*file).to_owned(), (*name).to_owned()));
        match (number(bound), value(&code, name)?) {
            (Some(says), Some(is)) if says == is => {}
            (says, is) => faults.push(format!("{DOCUMENT}:{line}: {file} {name} is {is:?}, the document says {says:?}")),
        }
    }
    ensure!(named.len() > 30, "{DOCUMENT} names {} constants only: its tables are not read", named.len());
    let listed = Command::new("git").current_dir(root).args(["ls-files", FIELDS]).output().context("git ls-files")?;
    let defined = Regex::new(DEFINED)?;
    for file in String::from_utf8(listed.stdout)?.lines() {
        let Ok(code) = std::fs::read_to_string(root.join(file)) else { continue };
        let of_characters = |name: &str| name == "CHARS" || name.ends_with("_CHARS");
        for name in defined.captures_iter(&code).map(|found| found[1].to_owned()).filter(|name| of_characters(name)) {
            if !named.contains(&(file.to_owned(), name.clone())) {
                faults.push(format!("{file}: {name} bounds what is entered and has no row in {DOCUMENT}"));
            }
        }
    }
    Ok(faults)
}

fn cells(line: &str) -> Vec<&str> {
    if line.starts_with("| ") { line.trim_matches('|').split('|').map(str::trim).collect() } else { Vec::new() }
}

/// The number in words as `at least 12 characters`.
fn number(text: &str) -> Option<u64> {
    let word = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    word.replace(',', "").parse().ok()
}

/// What a constant is, where it is written as a number, a product or a shift of numbers.
fn value(code: &str, name: &str) -> Result<Option<u64>> {
    let defined = Regex::new(DEFINED)?;
    let Some(written) = defined.captures_iter(code).find(|found| &found[1] == name).map(|found| found[2].replace('_', "")) else { return Ok(None) };
    let number = |text: &str| text.trim().parse::<u64>().with_context(|| format!("{name} = {written} is no number that is read here"));
    if let Some((base, shift)) = written.split_once("<<") {
        return Ok(number(base)?.checked_shl(u32::try_from(number(shift)?)?));
    }
    written.split('*').try_fold(1_u64, |product, factor| Ok(product * number(factor)?)).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_and_the_code_say_the_same() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert_eq!(faults(root).unwrap(), Vec::<String>::new());
        let code = "const MAX_CHARS: usize = 20_000;\npub(crate) const MAX_BYTES: usize = 64 << 20;\nconst MOST_BYTES: usize = 2 * 1024 * 1024;\n";
        let is = |name: &str| value(code, name).unwrap();
        assert_eq!((is("MAX_CHARS"), is("MAX_BYTES"), is("MOST_BYTES"), is("MAX_LINES")), (Some(20_000), Some(67_108_864), Some(2_097_152), None));
        assert_eq!((number("at least 12 characters"), number("67,108,864 bytes"), number("many")), (Some(12), Some(67_108_864), None));
    }

    #[test]
    fn a_bound_that_is_missing_or_another_is_found() {
        let folder = std::env::temp_dir().join(format!("veritrail-input-{}", uuid::Uuid::now_v7()));
        let code = folder.join("crates/app/src");
        std::fs::create_dir_all(&code).unwrap();
        std::fs::create_dir_all(folder.join("docs")).unwrap();
        let constants: String = (0..40).map(|n| format!("const MAX_{}_CHARS: usize = {n};\n", "B".repeat(n))).collect();
        std::fs::write(code.join("one.rs"), constants).unwrap();
        let row = |n: usize| format!("| field | text | {} characters | `crates/app/src/one.rs` `MAX_{}_CHARS` |\n", if n == 3 { 99 } else { n }, "B".repeat(n));
        std::fs::write(folder.join(DOCUMENT), (0..39).map(row).collect::<String>()).unwrap();
        for arguments in [vec!["init", "-q"], vec!["add", "."]] {
            assert!(Command::new("git").current_dir(&folder).args(arguments).status().unwrap().success());
        }
        let found = faults(&folder).unwrap();
        assert!(found.len() == 2 && found[0].contains("the document says Some(99)") && found[1].contains("has no row"), "{found:?}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
