//! Tasks of the workshop: `cargo xtask tidy`, `cargo xtask bench`, `cargo xtask faults`, `cargo xtask outsiders`, `cargo xtask fuzz`, `cargo xtask asvs`, `cargo xtask sbom`.

mod asvs;
mod bench;
mod cargo;
mod dependencies;
mod faults;
mod fuzz;
mod http;
mod input;
mod outsiders;
#[cfg(test)]
mod packaging;
mod safe;
mod sbom;
mod tidy;

use anyhow::{Result, bail};
use std::process::ExitCode;

fn main() -> ExitCode {
    match task() {
        Ok(()) => ExitCode::SUCCESS,
        // Without a backtrace: where a promise was broken stands in the words, and they are the last lines of a log.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn task() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy::run(),
        Some("bench") => bench::run(std::env::args().skip(1)),
        Some("faults") => faults::run(std::env::args().skip(1)),
        Some("outsiders") => outsiders::run(std::env::args().nth(2)),
        Some("asvs") => asvs::run(std::env::args().skip(2)),
        Some("fuzz") => fuzz::run(std::env::args().skip(2)),
        Some("sbom") => sbom::run(std::env::args().nth(2)),
        Some(other) => bail!("'{other}' is not a task; there are: tidy, bench, faults, outsiders, fuzz, asvs, sbom"),
        None => bail!("name a task: tidy, bench, faults, outsiders, fuzz, asvs, sbom"),
    }
}
