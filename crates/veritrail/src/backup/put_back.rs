//! Putting a backup back: into nothing, each file checked, the lock left as it is. What the ledgers then lack of the lock is shown; nothing here signs.

use super::{Backup, check::held, hash_of, keys, sha256};
use crate::{
    commands::{ledger::LEDGERS, say},
    config::Config,
    serve,
    stores::{self, Claim, Stores},
};
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use ledger::{LedgerError, tombstone};
use std::{io::ErrorKind, path::Path};
use store::{
    copy::{self, Part},
    sql::Database,
};

/// Objects put back together.
const AT_ONCE: usize = 256;

pub async fn put_back(config: &Config, from: &Path, key_copies: &Path) -> Result<()> {
    let backup = Backup::open(from)?;
    let key_copy = keys::newest(key_copies, &backup.name)?;
    for part in [Part::Records, Part::Trail] {
        let file = format!("{}/{}.sqlite", backup.name, part.name());
        let wanted = backup.sums.get(&file).with_context(|| format!("the backup lists no '{file}'"))?;
        if hash_of(&backup.root.join(&file))?.0 != *wanted {
            bail!("'{file}' is damaged: its SHA-256 is not the one listed; nothing was put back");
        }
    }
    let secret = config.master_secret_file();
    if !secret.is_file() {
        bail!("'{}' is not there; put the master secret back first, and the key folder: no backup holds them", secret.display());
    }
    let _claim = Claim::take(config)?;
    begin(config, &backup).await?;
    objects(config, &backup).await?;
    for part in Part::ALL {
        let file = if part == Part::Keys { key_copy.clone() } else { backup.file(&format!("{}.sqlite", part.name())) };
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {human_pos} rows {msg} {elapsed}").expect("the template is written here"));
        bar.set_message(format!("of {}", part.name()));
        copy::put_back(&file, part, &database(config, part).await?, &mut |more| bar.inc(more))
            .await
            .with_context(|| format!("{} cannot be put back", part.name()))?;
        bar.finish_and_clear();
    }
    // What may be there was made of other data.
    remove(std::fs::remove_dir_all(config.data.directory.join("index")), "the searchable view")?;
    remove(std::fs::remove_file(stores::unfinished(config)), "the mark of an unfinished restore")?;
    say(format_args!("The backup of {} is back in '{}'.", backup.manifest.made, config.data.directory.display()));
    standing(config, &backup).await
}

/// Refuses a place where something is, and marks it as not finished: until it is, everything but the same restore refuses it.
async fn begin(config: &Config, backup: &Backup) -> Result<()> {
    let (mark, wanted) = (stores::unfinished(config), &backup.manifest.sums_sha256);
    match std::fs::read_to_string(&mark) {
        Ok(begun) if begun.trim() == wanted => return Ok(()),
        Ok(_) => bail!("a restore of another backup into '{}' was cut off; go on with that one, or empty the place", config.data.directory.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("'{}' cannot be read", mark.display())),
    }
    for part in Part::ALL {
        if !copy::is_unused(&database(config, part).await?, part).await? {
            bail!("the database of {} is in use; a backup is only put back where nothing is. Nothing was changed", part.name());
        }
    }
    let blobs = stores::objects(config)?;
    for ledger in LEDGERS {
        if let Some(there) = blobs.list(&format!("{ledger}/")).await?.first() {
            bail!("there are objects of a ledger already, '{there}' among them; a backup is only put back where nothing is. Nothing was changed");
        }
    }
    std::fs::write(&mark, format!("{wanted}\n")).with_context(|| format!("'{}' cannot be written", mark.display()))
}

async fn database(config: &Config, part: Part) -> Result<Database> {
    let (url, what) = match part {
        Part::Records => (&config.data.records, "the database of records"),
        Part::Trail => (&config.data.trail, "the trail"),
        Part::Keys => (&config.data.keys, "the key store"),
    };
    Ok(Database::open(&config.database_url(url, part.name()), what).await?)
}

async fn objects(config: &Config, backup: &Backup) -> Result<()> {
    let (from, to, all) = (held(backup)?, stores::objects(config)?, backup.objects());
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} objects {eta}").expect("the template is written here");
    let bar = ProgressBar::new(all.len() as u64).with_style(style);
    let all: Vec<(&String, &String)> = all.iter().collect();
    for some in all.chunks(AT_ONCE) {
        let mut checked = Vec::new();
        for (path, place) in some {
            let (bytes, _) =
                from.get(path).await?.with_context(|| format!("'{place}' is gone from the backup; run the same restore again once it is mended"))?;
            if backup.sums.get(*place) != Some(&sha256(&bytes)) {
                bail!("'{place}' is damaged: its SHA-256 is not the one listed; run the same restore again once it is mended");
            }
            checked.push(((*path).clone(), bytes));
        }
        to.create_all(checked).await?;
        bar.inc(some.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

fn remove(removed: std::io::Result<()>, what: &str) -> Result<()> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).with_context(|| format!("{what} cannot be removed")),
        _ => Ok(()),
    }
}

/// How the ledgers stand against the lock in force, and what is to be done next.
async fn standing(config: &Config, backup: &Backup) -> Result<()> {
    let opened = Stores::open(config).await?;
    let now = app::system_clock();
    let mut whole = true;
    for ledger in LEDGERS {
        let integrator = opened.integrator(ledger, opened.trail_of(ledger))?;
        if opened.lock_of(ledger).is_new().await? {
            say(format_args!(
                "{ledger}: NO LOCK is where the configuration leads: whether this is older than what was signed last cannot be known, and who was erased after \
                 {} is not known either: erase them again. If the lock lies elsewhere, set data.lock before anything else.",
                backup.manifest.made
            ));
        }
        let again = integrator.catch_up(now).await?;
        match integrator.check().await {
            Ok(()) if again > 0 => say(format_args!("{ledger}: nothing is lost; {again} records were taken from the tail up to what was last signed.")),
            Ok(()) => say(format_args!("{ledger}: nothing that was signed is lost.")),
            Err(why @ (LedgerError::Older { .. } | LedgerError::Fork { .. })) => {
                whole = false;
                say(format_args!(
                    "{ledger}: {why}\n  `serve` refuses it. If there is no newer backup: veritrail ledger new-generation --ledger {ledger} --reason TEXT"
                ));
            }
            Err(other) => return Err(other.into()),
        }
    }
    let risen = tombstone::lay_to_rest(opened.lock.as_ref(), &opened.keyring).await?;
    if !risen.is_empty() {
        say(format_args!("{} subjects that were erased since have no keys again; `serve` does the rest of their erasures before it answers.", risen.len()));
    }
    if whole {
        serve::node(config, false).await?.app.restored_backup(backup.manifest.made_micros).await?;
        say("Next: `veritrail serve`; it builds the searchable view anew from the trail.");
    }
    Ok(())
}
