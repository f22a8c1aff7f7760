//! `veritrail init`.

use super::{ledger, say};
use crate::{anchors, config::Config, serve, stores};
use ::ledger::Purpose;
use anyhow::Result;

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
    // Without a passphrase a file beside the secret would keep nothing that the secret does not.
    if config.passphrase()?.is_some() && node.stores.keyring.wrapped_under().await?.is_none() && node.stores.keyring.wrapped().await?.is_empty() {
        node.app.wrap_keys_under(node.stores.keys.make(&Purpose::KeyEncryption)?).await?;
    }
    if let Some(kek) = node.stores.keyring.wrapped_under().await? {
        say(format_args!("Key folder       {} (key-encryption key {kek}; back it up apart from the data, as the secret)", node.stores.keys.path().display()));
    }
    ledger::show(&node.stores).await?;
    if let Some(what) = anchors::unnoticed(config)? {
        say(format_args!("Roll-back        {what}"));
    }
    match node.app.first_run_code().await? {
        Some(code) => say(format_args!("First-run code   {code}\n\nRun `veritrail serve`, open {} and enter the code.", config.public_url())),
        None => say("There are members already; an administrator invites further ones."),
    }
    Ok(())
}
