//! `veritrail config`.

use super::say;
use crate::{
    cli,
    config::{DEFAULTS, Explained, Origin},
};
use anyhow::Result;

pub fn run(explained: &[Explained], command: &cli::Config) -> Result<()> {
    match command {
        cli::Config::Defaults => say(DEFAULTS.trim_end()),
        cli::Config::Explain => {
            for e in explained {
                let source = match e.source {
                    Origin::Default => "default",
                    Origin::File => "file",
                    Origin::Environment => "environment",
                    Origin::Flag => "flag",
                };
                say(format_args!("{} = {}  ({source})\n    {}", e.key, e.value, e.help));
            }
        }
    }
    Ok(())
}
