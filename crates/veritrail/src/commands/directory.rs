//! `veritrail directory`.

use super::say;
use crate::{cli, config::Config, serve};
use anyhow::{Context, Result};
use app::Caller;
use model::Role;

pub async fn run(config: &Config, command: cli::Directory) -> Result<()> {
    let cli::Directory::Import { file } = command;
    let bytes = std::fs::read(&file).with_context(|| format!("'{}' cannot be read", file.display()))?;
    let node = serve::node(config, false).await?;
    let done = node.app.import_directory(&Caller::host(Role::Administrator), &bytes).await?;
    for refused in &done.refused {
        eprintln!("line {}: {}", refused.line, refused.reason);
    }
    say(format_args!(
        "{} people added, {} changed, {} departments added, {} accounts, {} lines refused",
        done.persons_added,
        done.persons_changed,
        done.departments_added,
        done.links_added,
        done.refused.len()
    ));
    Ok(())
}
