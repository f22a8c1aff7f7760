//! `veritrail self`.

use super::say;
use crate::{cli, config::Config, serve};
use anyhow::{Result, bail};
use app::own_trail::Condition;
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;

/// Rows named one by one; of more there is the number.
const NAMED: usize = 20;

pub async fn run(config: &Config, command: cli::OwnTrail) -> Result<ExitCode> {
    let app = serve::node(config, false).await?.app;
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} records {eta}").expect("the template is written here");
    let bar = ProgressBar::new(0).with_style(style);
    let condition = app
        .own_trail_condition(&|done, total| {
            bar.set_length(total);
            bar.set_position(done);
        })
        .await?;
    bar.finish_and_clear();
    tell(&condition);
    match command {
        cli::OwnTrail::Check => Ok(if condition.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(2) }),
        cli::OwnTrail::Repair => {
            if let Some(why) = &condition.refused {
                bail!("nothing was repaired, because nothing can be written: {why}");
            }
            let done = app.repair_own_trail(&condition).await?;
            say(format_args!("written from the reserve: {}; rows put right: {}", done.written, done.rows));
            Ok(if condition.database.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
        }
    }
}

fn tell(condition: &Condition) {
    match condition.waiting {
        Some(used) => say(format_args!("reserve   {} reads wait to be recorded; {} of {} bytes are used", used.frames, used.bytes, used.of)),
        None => say("reserve   `veritrail serve` has it, and writes what waits itself"),
    }
    match condition.database.as_slice() {
        [] => say("database  no fault was found in the file"),
        faults => {
            faults.iter().for_each(|fault| say(format_args!("database  FAULT {fault}")));
            say("          Put a backup back (docs/backup.md); what was signed since is then declared lost, or witnessed.");
        }
    }
    say(format_args!("rows      {} records of the ledger compared with what auditors read, {} faults", condition.records, condition.rows.len()));
    for fault in condition.rows.iter().take(NAMED) {
        say(format_args!("          FAULT self.{}:{} {}", fault.generation, fault.position, fault.what));
    }
    if condition.rows.len() > NAMED {
        say(format_args!("          and {} more", condition.rows.len() - NAMED));
    }
    match &condition.refused {
        None => say("writing   an act can be recorded"),
        Some(why) => say(format_args!("writing   FAULT changes, reveals, exports and administrators' reads are refused: {why}")),
    }
}
