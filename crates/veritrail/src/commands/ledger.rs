//! `veritrail ledger`: the keys that sign checkpoints, as a contract names them, and handing over to another.

mod new_generation;

use super::say;
use crate::{cli, config::Config, serve, stores::Stores};
use anyhow::{Result, bail};
use ledger::Layout;
use model::position::{ACTIVITY, SELF};

pub const LEDGERS: [&str; 2] = [ACTIVITY, SELF];

pub async fn run(config: &Config, command: cli::Ledger) -> Result<()> {
    let command = match command {
        cli::Ledger::Key { command } => command,
        cli::Ledger::NewGeneration(asked) => return new_generation::run(config, &asked).await,
    };
    let node = serve::node(config, false).await?;
    match command {
        cli::LedgerKey::Show => show(&node.stores).await,
        cli::LedgerKey::Rotate { ledger } => {
            let named = ledger.as_deref();
            if let Some(unknown) = named.filter(|name| !LEDGERS.contains(name)) {
                bail!("there is no ledger '{unknown}'; there are {}", LEDGERS.join(" and "));
            }
            for ledger in LEDGERS.into_iter().filter(|name| named.is_none_or(|named| named == *name)) {
                rotate(&node, ledger).await?;
            }
            Ok(())
        }
    }
}

async fn rotate(node: &serve::Node, ledger: &str) -> Result<()> {
    let integrator = node.stores.integrator(ledger, node.stores.trail_of(ledger))?;
    let keys = integrator.keys().await?;
    if let Some(waiting) = integrator.signers().waiting(&keys)? {
        say(format_args!("{ledger}: {} was made before and waits for the next checkpoint; no other is made.", waiting.verifier()));
        return Ok(());
    }
    node.app.making_ledger_key(ledger).await?;
    let past = integrator.signers().destroy_past(&keys)?;
    let made = integrator.signers().make()?;
    say(format_args!("{ledger}: signs from the next checkpoint on: {made}"));
    if past > 0 {
        say(format_args!("{ledger}: the private halves of {past} keys whose time is over are destroyed."));
    }
    say(format_args!("{ledger}: tell witnesses and whoever keeps a key of this ledger; `veritrail ledger key show` prints what to tell them."));
    Ok(())
}

/// Verifier keys with their sizes, and a text for a contract.
pub async fn show(stores: &Stores) -> Result<()> {
    let mut listed = Vec::new();
    for ledger in LEDGERS {
        let trail = stores.trail_of(ledger);
        let origin = Layout::new(ledger, trail.head().await?.generation).origin(&stores.signer_name);
        let integrator = stores.integrator(ledger, trail)?;
        let keys = integrator.keys().await?;
        for (from, key) in keys.all() {
            let sizes = if *from == 0 { String::new() } else { format!(", from size {from} on") };
            say(format_args!("Verifier key     {ledger}{sizes}: {key}"));
            listed.push(format!("  {origin}, from size {from} on: {key}"));
        }
        if let Some(waiting) = integrator.signers().waiting(&keys)? {
            say(format_args!("Verifier key     {ledger}, from the next checkpoint on: {}", waiting.verifier()));
            listed.push(format!("  {origin}, from its next checkpoint on: {}", waiting.verifier()));
        }
    }
    say(format_args!(
        "\nFor a contract:\n\n  We publish the logs named below under these keys. A checkpoint of a log is ours when the key listed for its size has signed it,\n  and not otherwise. \
         Before another key signs we announce it in writing; the key before it signs the handover, in the file 'keys' beside the checkpoint.\n\n{}\n",
        listed.join("\n")
    ));
    Ok(())
}
