//! `cargo xtask fuzz [--minutes N] [TARGET...]`: every parser of what comes from outside under libFuzzer, by coverage.
//!
//! What was found interesting is kept in `$HOME/.cache/veritrail/fuzz/TARGET`, so that the next run goes on from there. An input that does harm is
//! written to `crates/fuzz/regressions/`: mend the parser, and commit it; the tests of `fuzz` then take it for ever.

use crate::cargo::cargo;
use anyhow::{Context, Result, bail, ensure};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const TRIPLE: &str = "x86_64-unknown-linux-gnu";
/// Coverage as libFuzzer reads it; these are flags of the compiler's back end and need no nightly.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";
const MEMORY_MB: u32 = 1_024;
/// An input that takes longer is a fault.
const SECONDS: u32 = 10;
const REGRESSIONS: &str = "crates/fuzz/regressions";

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let (minutes, names) = asked(arguments)?;
    let (binary, corpora) = (build()?, cache()?.join("fuzz"));
    let all = targets(&binary, &corpora)?;
    let known: Vec<&str> = all.iter().map(|target| target.name.as_str()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("'{unknown}' is no target; there are {}", known.join(", "));
    }
    let targets: Vec<&Target> = all.iter().filter(|target| names.is_empty() || names.contains(&target.name)).collect();
    let each = (minutes * 60).div_ceil(targets.len() as u32);
    let mut harmful = Vec::new();
    crate::bench::say(format_args!("{:<12}{:>14}{:>12}{:>12}{:>10}  reads", "target", "inputs", "inputs/s", "edges", "kept"));
    for target in &targets {
        let told = drive(&binary, &target.name, &corpora.join(&target.name), each)?;
        let figure = |of: Option<u64>| of.map_or_else(|| "-".to_owned(), |n| n.to_string());
        let (inputs, speed) = (figure(told.inputs), figure(told.inputs.map(|n| n / u64::from(each.max(1)))));
        crate::bench::say(format_args!("{:<12}{inputs:>14}{speed:>12}{:>12}{:>10}  {}", target.name, figure(told.edges), told.kept, target.reads));
        if !told.sound {
            harmful.push(format!("{}:\n{}", target.name, told.last_lines));
        }
    }
    ensure!(harmful.is_empty(), "an input did harm; it is in {REGRESSIONS}:\n{}", harmful.join("\n"));
    Ok(())
}

fn asked(mut arguments: impl Iterator<Item = String>) -> Result<(u32, Vec<String>)> {
    let (mut minutes, mut names) = (12, Vec::new());
    while let Some(argument) = arguments.next() {
        if argument == "--minutes" {
            minutes = arguments.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0).context("--minutes wants a whole number from 1 on")?;
        } else {
            names.push(argument);
        }
    }
    Ok((minutes, names))
}

/// As the binary names it.
struct Target {
    name: String,
    reads: String,
}

/// All there are, each with what it begins with in its folder below `corpora`.
fn targets(binary: &Path, corpora: &Path) -> Result<Vec<Target>> {
    let told = Command::new(binary).env("VERITRAIL_FUZZ_SEEDS", corpora).output().with_context(|| format!("{} cannot be started", binary.display()))?;
    ensure!(told.status.success(), "the targets cannot be listed: {}", String::from_utf8_lossy(&told.stderr));
    let lines = String::from_utf8(told.stdout).context("names of targets")?;
    Ok(lines.lines().filter_map(|line| line.split_once('\t')).map(|(name, reads)| Target { name: name.into(), reads: reads.into() }).collect())
}

/// With coverage in all of it, in a folder of its own: nothing else is built with these flags.
fn build() -> Result<PathBuf> {
    let folder = cache()?.join("fuzz-target");
    let mut cargo = cargo();
    cargo.args(["build", "--locked", "--profile", "fuzz", "-p", "fuzz", "--bin", "fuzz", "--features", "libfuzzer", "--target", TRIPLE]);
    let built = cargo.env("CARGO_TARGET_DIR", &folder).env("RUSTFLAGS", COVERAGE).status().context("cargo build")?;
    ensure!(built.success(), "the targets cannot be built with coverage");
    Ok(folder.join(TRIPLE).join("fuzz/fuzz"))
}

fn cache() -> Result<PathBuf> {
    let home = std::env::var_os("HOME").context("HOME is not set")?;
    Ok(Path::new(&home).join(".cache/veritrail"))
}

struct Told {
    sound: bool,
    inputs: Option<u64>,
    edges: Option<u64>,
    kept: usize,
    last_lines: String,
}

fn drive(binary: &Path, target: &str, corpus: &Path, seconds: u32) -> Result<Told> {
    std::fs::create_dir_all(REGRESSIONS)?;
    let output = Command::new(binary)
        .arg(corpus)
        .args([format!("-max_total_time={seconds}"), format!("-rss_limit_mb={MEMORY_MB}"), format!("-timeout={SECONDS}")])
        .args([format!("-artifact_prefix={REGRESSIONS}/{target}-"), "-print_final_stats=1".into(), "-max_len=65536".into()])
        .env("VERITRAIL_FUZZ_TARGET", target)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{} cannot be started", binary.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    Ok(Told {
        sound: output.status.success(),
        inputs: lines.iter().find_map(|line| line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok()),
        edges: lines.iter().rev().find_map(|line| line.split("cov: ").nth(1)?.split_whitespace().next()?.parse().ok()),
        kept: std::fs::read_dir(corpus)?.count(),
        last_lines: lines[lines.len().saturating_sub(25)..].join("\n"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_targets_are_read() {
        let asked = |words: &[&str]| asked(words.iter().map(|w| (*w).to_owned()));
        assert_eq!(asked(&[]).unwrap(), (12, Vec::new()));
        assert_eq!(asked(&["--minutes", "3", "note", "csv"]).unwrap(), (3, vec!["note".to_owned(), "csv".to_owned()]));
        assert!(asked(&["--minutes"]).is_err() && asked(&["--minutes", "0"]).is_err());
    }
}
