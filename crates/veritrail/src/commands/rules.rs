//! `veritrail rules`.

use super::say;
use crate::{cli, config::Config, rules};
use anyhow::Result;
use std::process::ExitCode;

pub fn run(config: &Config, command: &cli::Rules) -> Result<ExitCode> {
    let set = rules::set(config)?;
    match command {
        cli::Rules::List => {
            for rule in set.list() {
                say(format_args!("{:<6} {:<8} {}", rule.id, rule.level.name(), rule.title));
            }
        }
        cli::Rules::Test => {
            let proved = detect::prove(&set)?;
            say(format_args!("{proved:?}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
