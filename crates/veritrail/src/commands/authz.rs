//! `veritrail authz`.

use super::say;
use crate::{cli, config::Config, serve};
use anyhow::{Context, Result};
use app::Caller;
use model::Role;

pub async fn run(config: &Config, command: cli::Authz) -> Result<()> {
    let node = serve::node(config, false).await?;
    let caller = Caller::host(Role::Administrator);
    match command {
        cli::Authz::Table => {
            let table = node.app.role_table(&caller).await?.items;
            let widest = table.iter().map(|row| row.operation.len()).max().unwrap_or_default();
            let roles: Vec<&str> = table.first().map(|row| row.roles.iter().map(|reach| reach.role).collect()).unwrap_or_default();
            say(format_args!("{:widest$}  {}", "", roles.join("  ")));
            for row in table {
                let cells: Vec<String> = row.roles.iter().map(|reach| format!("{:<width$}", reach.width, width = reach.role.len())).collect();
                say(format_args!("{:widest$}  {}", row.operation, cells.join("  ").trim_end()));
            }
        }
        cli::Authz::Explain { email, operation } => {
            let members = node.app.members(&caller).await?.items;
            let member = members
                .iter()
                .find(|m| m.email.eq_ignore_ascii_case(&email))
                .with_context(|| format!("there is no member '{email}' (`veritrail member list`)"))?;
            let explained = node.app.explain(&caller, member.id, &operation).await.context("see `veritrail authz table` for the operations")?;
            say(format_args!("{}: {}", explained.width, explained.why));
            for policy in explained.policies {
                say(format_args!("decided by the policy {policy}"));
            }
        }
    }
    Ok(())
}
