//! `veritrail init`.

use super::say;
use crate::{anchors, config::Config, serve, stores};
use anyhow::Result;
use model::position::{ACTIVITY, SELF};

pub async fn run(config: &Config) -> Result<()> {
    let fresh = stores::create(config)?;
    let node = serve::node(config, false).await?;
    say(format_args!("Data directory   {}", config.data.directory.display()));
    let secret = config.master_secret_file();
    say(format_args!(
        "Master secret    {}{}",
        secret.display(),
        if fresh { " (new; back it up apart from the data: without it nothing can be read)" } else { "" }
    ));
    for ledger in [ACTIVITY, SELF] {
        say(format_args!("Verifier key     {ledger}: {}", node.stores.signer(config, ledger)?.verifier()));
    }
    if let Some(what) = anchors::unnoticed(config)? {
        say(format_args!("Roll-back        {what}"));
    }
    match node.app.first_run_code().await? {
        Some(code) => say(format_args!("First-run code   {code}\n\nRun `veritrail serve`, open {} and enter the code.", config.public_url())),
        None => say("There are members already; an administrator invites further ones."),
    }
    Ok(())
}
