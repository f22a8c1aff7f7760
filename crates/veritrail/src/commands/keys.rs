//! `veritrail keys`: what subjects' keys are wrapped by, and changing to another.

use super::say;
use crate::{cli, config::Config, serve, serve::Node};
use anyhow::{Context, Result, bail};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use ledger::{KeyFolder, Passphrase, Purpose, wrap::Kind};
use model::position::{ACTIVITY, SELF};
use std::{collections::BTreeMap, fs::File, path::Path};
use uuid::Uuid;

const WRAPPING: Purpose = Purpose::KeyEncryption;

pub async fn run(config: &Config, command: cli::Keys) -> Result<()> {
    let node = serve::node(config, false).await?;
    match command {
        cli::Keys::List => list(&node).await,
        cli::Keys::Rotate { retire: and_retire } => {
            let _alone = alone(&node.stores.keys)?;
            rotate(config, &node).await?;
            if and_retire { retire(&node).await } else { Ok(()) }
        }
        cli::Keys::Retire => {
            let _alone = alone(&node.stores.keys)?;
            retire(&node).await
        }
        cli::Keys::Seal { passphrase_file } => {
            let _alone = alone(&node.stores.keys)?;
            seal(&node, &passphrase_file).await
        }
    }
}

async fn list(node: &Node) -> Result<()> {
    let (wrapped, under) = (node.stores.keyring.wrapped().await?, node.stores.keyring.wrapped_under().await?);
    let files: BTreeMap<Uuid, Kind> = node.stores.keys.list(&WRAPPING)?.into_iter().collect();
    let mut all: Vec<Option<Uuid>> = files.keys().copied().map(Some).chain(wrapped.keys().copied()).chain([None, under]).collect();
    all.sort_unstable();
    all.dedup();
    for id in all {
        let kind = match id {
            None => "from the master secret",
            Some(id) => files.get(&id).map_or("NO FILE HERE", |kind| kind.name()),
        };
        let in_force = if id == under { "  in force" } else { "" };
        say(format_args!("{:<38} {kind:<22} {:>12} keys{in_force}", name(id), HumanCount(wrapped.get(&id).copied().unwrap_or(0)).to_string()));
    }
    Ok(())
}

fn name(id: Option<Uuid>) -> String {
    id.map_or_else(|| "derived".to_owned(), |id| id.to_string())
}

/// Held while keys are changed from this folder.
fn alone(folder: &KeyFolder) -> Result<File> {
    std::fs::create_dir_all(folder.path()).with_context(|| format!("the key folder '{}' cannot be made", folder.path().display()))?;
    let path = folder.path().join("rotate.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).with_context(|| format!("'{}' cannot be opened", path.display()))?;
    if file.try_lock().is_err() {
        bail!("another `veritrail keys` is changing keys; wait until it ends");
    }
    Ok(file)
}

/// Goes on with a rotation that was stopped, and begins another one where there is none.
async fn rotate(config: &Config, node: &Node) -> Result<()> {
    let keyring = &node.stores.keyring;
    let (before, wrapped) = (keyring.wrapped_under().await?, keyring.wrapped().await?);
    let left: u64 = wrapped.iter().filter(|(id, _)| **id != before).map(|(_, count)| count).sum();
    let to = if left > 0 {
        say(format_args!("A rotation to {} was stopped before its end; it is gone on with. {} keys are left.", name(before), HumanCount(left)));
        before
    } else {
        let made = match config.key_in_token() {
            Some((token, key)) => node.stores.keys.name_in_token(token, key)?,
            None => node.stores.keys.make(&WRAPPING)?,
        };
        if Some(made) == before {
            bail!("the key that keys.pkcs11_key names is in force already; make another one in the token and name that");
        }
        node.app.wrap_keys_under(made).await?;
        say(format_args!("New keys are wrapped by {made} from now on; those that are there follow."));
        Some(made)
    };
    let total: u64 = wrapped.values().sum();
    let bar =
        ProgressBar::new(total).with_style(ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} keys {eta}").expect("the template is written here"));
    let (mut after, mut replaced) = (None, 0);
    while let Some(stepped) = keyring.rewrap(after).await? {
        (after, replaced) = (Some(stepped.after), replaced + stepped.replaced);
        bar.inc(stepped.looked_at);
    }
    bar.finish_and_clear();
    keyring.scrub().await?;
    say(format_args!("{} keys were wrapped anew; {} are under {}.", HumanCount(replaced), HumanCount(total), name(to)));
    Ok(())
}

/// Destroys the files of key-encryption keys that nothing is under any more.
async fn retire(node: &Node) -> Result<()> {
    let keyring = &node.stores.keyring;
    let (under, wrapped) = (keyring.wrapped_under().await?, keyring.wrapped().await?);
    if let Some((id, count)) = wrapped.iter().find(|(id, _)| **id != under) {
        bail!("{} keys are still under {}; run `veritrail keys rotate` to its end first", HumanCount(*count), name(*id));
    }
    let old: Vec<(Uuid, Kind)> = node.stores.keys.list(&WRAPPING)?.into_iter().filter(|(id, _)| Some(*id) != under).collect();
    for (id, kind) in &old {
        node.app.retiring_key(*id).await?;
        node.stores.keys.destroy(&WRAPPING, *id)?;
        match kind {
            Kind::Token => say(format_args!("{id} is forgotten here; destroy the key in its token too.")),
            Kind::Plain | Kind::Sealed => say(format_args!("{id} is destroyed: backups of the key store from its time can no longer be read.")),
        }
    }
    if old.is_empty() {
        say("There is no key-encryption key out of use.");
    }
    if under.is_some() {
        say("The derived one cannot be destroyed apart from the master secret: backups from its time stay readable with that secret.");
    }
    Ok(())
}

/// Also what signs checkpoints.
async fn seal(node: &Node, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("the passphrase file '{}' cannot be read", file.display()))?;
    let passphrase = Passphrase::new(&text).with_context(|| format!("the passphrase file '{}' has an empty first line", file.display()))?;
    node.app.sealing_keys().await?;
    let mut sealed = 0;
    for purpose in [WRAPPING, Purpose::Signing(ACTIVITY.to_owned()), Purpose::Signing(SELF.to_owned())] {
        sealed += node.stores.keys.seal(&purpose, &passphrase)?;
    }
    say(format_args!("{sealed} key files are sealed under the passphrase in '{}'. Set keys.passphrase_file to it, and start `serve` again.", file.display()));
    Ok(())
}
