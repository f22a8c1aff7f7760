//! `veritrail member`.

use super::say;
use crate::{cli, config::Config, serve};
use anyhow::{Context, Result};
use app::{Caller, members::NewMember};
use model::{Role, time};
use std::io::Read;
use store::records::Departments;

pub async fn run(config: &Config, command: cli::Member) -> Result<()> {
    let node = serve::node(config, false).await?;
    match command {
        cli::Member::List => {
            for member in node.app.members(&Caller::host(Role::Administrator)).await?.items {
                let state = if member.active { "" } else { "  (inactive)" };
                say(format_args!("{:<36} {:<18} {}{state}", member.email, member.role, member.name));
            }
        }
        cli::Member::Add { email, name, role, departments, until, password_stdin } => {
            let role = Role::from_name(&role).with_context(|| format!("'{role}' is no role; there are {}", Role::ALL.map(Role::name).join(", ")))?;
            let known = node.stores.records.departments().await?;
            let find = |name: &String| known.iter().find(|d| d.name == *name).map(|d| d.id).with_context(|| format!("there is no department '{name}'"));
            let departments = departments.iter().map(find).collect::<Result<_>>()?;
            let wrong = |text: &String| format!("'{text}' is no time; write it like 2026-12-31T23:59:59Z");
            let until = until.map(|text| time::parse(&text).map(|t| t.micros).with_context(|| wrong(&text))).transpose()?;
            let password = password(password_stdin)?;
            let member = node.app.add_member(NewMember { email, name, role, departments, until, password: password.clone() }).await?;
            say(format_args!("{}  {}", member.id, member.email));
            if !password_stdin {
                say(format_args!("password: {password}"));
            }
        }
        cli::Member::Reset { email, password_stdin } => {
            let password = password(password_stdin)?;
            let member = node.app.reset_member(&email, password.clone()).await?;
            say(format_args!("{}  {}", member.id, member.email));
            if !password_stdin {
                say(format_args!("password: {password}"));
            }
        }
    }
    Ok(())
}

/// Read from standard input, or made.
fn password(from_stdin: bool) -> Result<String> {
    if !from_stdin {
        return Ok(generated());
    }
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password)?;
    // The line's end is no part of it; blanks are.
    password.truncate(password.trim_end_matches(['\r', '\n']).len());
    Ok(password)
}

/// 24 characters without look-alikes, about 130 bits.
fn generated() -> String {
    use rand::{Rng, rngs::OsRng};
    const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    (0..24).map(|_| char::from(ALPHABET[OsRng.gen_range(0..ALPHABET.len())])).collect()
}
