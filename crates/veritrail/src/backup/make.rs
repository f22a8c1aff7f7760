//! Making a backup beside a server at work. Records first, then the trail, then the keys: whoever follows the trail is never ahead of it, and every event
//! finds its subjects' keys. A checkpoint seen while the trail was copied ends where the copy does, and objects are copied up to it.

use super::{Backup, LedgerCopy, MANIFEST, Manifest, OWN, SHARED, SUMS, finished, hash_of, keys, sha256, stamp, sync};
use crate::{cli, commands::ledger::LEDGERS, config::Config, serve, serve::Node};
use anyhow::{Context, Result, bail};
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use ledger::{
    Layout,
    backup::{Object, Watch, changing, objects, read},
};
use model::{
    DAY, Micros,
    position::{ACTIVITY, SELF},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{
    blobs::{Blobs, Directory},
    copy::{self, Part},
    sql::Database,
    trail::Head,
};

/// How often a copy is made anew because no checkpoint was seen that ends within it.
const TRIES: usize = 5;
/// Objects copied together.
const AT_ONCE: usize = 256;

/// What was made.
pub struct Made {
    pub folder: PathBuf,
    pub manifest: Manifest,
    /// Objects that were there from before.
    pub there: u64,
    pub old_backups: usize,
    pub old_keys: usize,
}

/// Makes one into `to`, its copy of the key store into `apart`.
pub async fn make(config: &Config, asked: &cli::Backup, to: &Path, apart: &Path) -> Result<Made> {
    let (to, apart) = (directory(to)?, directory(apart)?);
    if to.starts_with(&apart) || apart.starts_with(&to) {
        bail!("'{}' and '{}' lie within one another; keys must lie apart, so that they can be let go after 30 days", to.display(), apart.display());
    }
    let node = serve::node(config, false).await?;
    node.app.making_backup().await?;
    let began = app::system_clock();
    let name = stamp(began);
    let folder = to.join(&name);
    std::fs::create_dir(&folder).with_context(|| format!("'{}' cannot be made", folder.display()))?;
    let mut making = Making::begin(&node, &to, &name, Manifest::new(began)).await?;
    let own = making.database(Part::Records, SELF, &node.stores.records).await?;
    let trail = Database::open(&config.database_url(&config.data.trail, "trail"), "the trail").await?;
    let activity = making.database(Part::Trail, ACTIVITY, &trail).await?;
    let key_store = Database::open(&config.database_url(&config.data.keys, "keys"), "the key store").await?;
    making.bar.set_position(0);
    making.bar.set_message("of keys");
    making.manifest.keys = keys::save(&key_store, &apart, &name, &mut making.rows()).await?;
    for end in [activity, own] {
        making.ledger(end).await?;
    }
    let (manifest, there) = making.finish().await?;
    let old_keys = keys::remove_older(&apart, asked.keep_keys_days, began)?;
    Ok(Made { folder, manifest, there, old_backups: remove_older(&to, asked.keep_days, began)?, old_keys })
}

fn directory(path: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(path).and_then(|()| path.canonicalize()).with_context(|| format!("the directory '{}' cannot be made", path.display()))
}

/// Removes backups made before a time, and folders of stopped ones from then; the newest backup stays.
fn remove_older(to: &Path, days: u16, now: Micros) -> Result<usize> {
    let oldest = stamp(now - Micros::from(days) * DAY);
    let newest = finished(to)?.pop();
    let entries = std::fs::read_dir(to).with_context(|| format!("'{}' cannot be read", to.display()))?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let old: Vec<String> = names.filter(|name| super::is_stamp(name) && *name < oldest && newest.as_ref() != Some(name)).collect();
    for name in &old {
        let folder = to.join(name);
        // What is half removed is no backup.
        let _ = std::fs::remove_file(folder.join(MANIFEST));
        std::fs::remove_dir_all(&folder).with_context(|| format!("'{}' cannot be removed", folder.display()))?;
    }
    Ok(old.len())
}

/// A ledger as a copy of its database holds it, and the checkpoint that ends within; `None` where nothing was signed.
struct End {
    head: Head,
    signed: Option<(u64, String)>,
}

struct Making<'a> {
    node: &'a Node,
    target: Arc<dyn Blobs>,
    folder: PathBuf,
    name: String,
    manifest: Manifest,
    watches: BTreeMap<&'static str, Watch>,
    /// Hashes of what earlier backups have in common with this one.
    known: BTreeMap<String, String>,
    sums: BTreeMap<String, String>,
    there: u64,
    bar: ProgressBar,
}

impl<'a> Making<'a> {
    async fn begin(node: &'a Node, to: &Path, name: &str, manifest: Manifest) -> Result<Self> {
        let mut watches = BTreeMap::new();
        for ledger in LEDGERS {
            let layout = Layout::new(ledger, node.stores.trail_of(ledger).head().await?.generation);
            watches.insert(ledger, Watch::start(node.stores.blobs.clone(), &layout).await?);
        }
        let mut known = BTreeMap::new();
        for earlier in finished(to)? {
            match Backup::open(&to.join(earlier)) {
                Ok(earlier) => known.extend(earlier.sums.into_iter().filter(|(path, _)| path.starts_with(SHARED))),
                Err(why) => tracing::warn!("an earlier backup is passed over: {why}"),
            }
        }
        let (folder, target) = (to.join(name), Arc::new(Directory::open(to)?));
        let bar = ProgressBar::new_spinner();
        let sums = BTreeMap::new();
        Ok(Self { node, target, folder, name: name.to_owned(), manifest, watches, known, sums, there: 0, bar })
    }

    /// Hears of rows copied.
    fn rows(&self) -> impl FnMut(u64) + Send + use<> {
        let bar = self.bar.clone();
        bar.set_style(ProgressStyle::with_template("{spinner} {human_pos} rows {msg} {elapsed}").expect("the template is written here"));
        move |more| bar.inc(more)
    }

    /// Copies one of the databases, until a checkpoint fits it.
    async fn database(&mut self, part: Part, ledger: &'static str, from: &Database) -> Result<End> {
        let file = format!("{}.sqlite", part.name());
        let path = self.folder.join(&file);
        for _ in 0..TRIES {
            let _ = std::fs::remove_file(&path);
            self.bar.set_position(0);
            self.bar.set_message(format!("of {}", part.name()));
            let head = copy::save(from, part, &path, &mut self.rows()).await.with_context(|| format!("the {} cannot be copied", part.name()))?;
            let head = head.with_context(|| format!("the copy of the {} holds no ledger '{ledger}'", part.name()))?;
            let (from, until) = (head.integrated - head.first, head.size - head.first);
            let signed = self.watches.get(ledger).and_then(|watch| watch.within(from, until));
            if signed.is_some() || from == 0 {
                let (hash, bytes) = hash_of(&path)?;
                self.sum(format!("{}/{file}", self.name), hash, bytes);
                return Ok(End { head, signed });
            }
            tracing::warn!("no checkpoint was seen that ends within the copy of the {}; it is copied again", part.name());
        }
        bail!(
            "after {TRIES} copies of the {} no checkpoint of the ledger '{ledger}' was seen that fits one; look whether `veritrail verify --ledger {ledger}` finds it",
            part.name()
        )
    }

    fn sum(&mut self, path: String, hash: String, bytes: u64) {
        self.sums.insert(path, hash);
        self.manifest.files += 1;
        self.manifest.bytes += bytes;
    }

    /// Copies the objects of every generation of a ledger.
    async fn ledger(&mut self, end: End) -> Result<()> {
        let ledger = end.head.ledger.clone();
        let blobs = self.node.stores.blobs.clone();
        for closed in self.node.stores.trail_of(&ledger).closed().await?.into_iter().filter(|closed| closed.generation < end.head.generation) {
            let layout = Layout::new(&ledger, closed.generation);
            let note = match blobs.get(&layout.checkpoint()).await? {
                Some((note, _)) => Some((closed.end - closed.first, String::from_utf8(note.to_vec())?)),
                None => None,
            };
            self.generation(&layout, 0, note).await?;
        }
        let layout = Layout::new(&ledger, end.head.generation);
        let records = end.head.size - end.head.first;
        self.generation(&layout, records, end.signed).await
    }

    async fn generation(&mut self, layout: &Layout, records: u64, signed: Option<(u64, String)>) -> Result<()> {
        let size = signed.as_ref().map_or(0, |(size, _)| *size);
        let root = signed.as_ref().and_then(|(_, note)| note.lines().nth(2)).unwrap_or_default().to_owned();
        let (ledger, generation) = (layout.ledger().to_owned(), layout.generation());
        self.manifest.ledgers.push(LedgerCopy { ledger, generation, size, root, tail: records.saturating_sub(size) });
        let Some((size, note)) = signed else { return Ok(()) };
        let blobs = self.node.stores.blobs.clone();
        let all = objects(blobs.as_ref(), layout, size).await?;
        self.bar.reset();
        self.bar.set_length(all.len() as u64);
        self.bar.set_style(ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} objects {msg} {eta}").expect("the template is written here"));
        self.bar.set_message(format!("of {}", layout.base()));
        for some in all.chunks(AT_ONCE) {
            self.objects(blobs.as_ref(), layout, some).await?;
            self.bar.inc(some.len() as u64);
        }
        for (path, bytes) in changing(blobs.as_ref(), layout, (size, &note)).await? {
            let place = format!("{}/{OWN}/{path}", self.name);
            self.sum(place.clone(), sha256(&bytes), bytes.len() as u64);
            self.target.put(&place, bytes).await?;
        }
        Ok(())
    }

    /// What is there and has the hash it had is left; what is there and has not is written anew.
    async fn objects(&mut self, blobs: &dyn Blobs, layout: &Layout, some: &[Object]) -> Result<()> {
        let mut missing = Vec::new();
        for object in some {
            let place = format!("{SHARED}/{}", object.path);
            let there = self.target.get(&place).await?.map(|(bytes, _)| (sha256(&bytes), bytes.len() as u64));
            if let Some((hash, length)) = there.clone().filter(|(hash, _)| self.known.get(&place) == Some(hash)) {
                self.there += 1;
                self.sum(place, hash, length);
                continue;
            }
            let bytes = read(blobs, layout, object).await?;
            let hash = sha256(&bytes);
            self.sum(place.clone(), hash.clone(), bytes.len() as u64);
            match there {
                None => missing.push((place, bytes)),
                Some((same, _)) if same == hash => self.there += 1,
                Some(_) => {
                    tracing::warn!("'{place}' was not what the ledger holds; it is copied anew");
                    self.target.put(&place, bytes).await?;
                }
            }
        }
        Ok(self.target.create_all(missing).await?)
    }

    /// The list of hashes, and last the manifest.
    async fn finish(mut self) -> Result<(Manifest, u64)> {
        self.bar.finish_and_clear();
        sync(&self.folder)?;
        let list: String = self.sums.iter().map(|(path, hash)| format!("{hash}  {path}\n")).collect();
        self.manifest.sums_sha256 = sha256(list.as_bytes());
        self.target.put(&format!("{}/{SUMS}", self.name), list.into_bytes().into()).await?;
        let text = serde_json::to_vec_pretty(&self.manifest)?;
        self.target.put(&format!("{}/{MANIFEST}", self.name), text.into()).await?;
        Ok((self.manifest, self.there))
    }
}

/// In a sentence.
pub fn told(made: &Made) -> String {
    let Made { folder, manifest, there, .. } = made;
    format!("{}: {} files, {}; {} objects were there from before", folder.display(), HumanCount(manifest.files), HumanBytes(manifest.bytes), HumanCount(*there))
}
