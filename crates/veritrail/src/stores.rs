//! Opening what the configuration names: databases, objects, the searchable view, the keyring.

use crate::config::Config;
use anyhow::{Context, Result, bail, ensure};
use ledger::{Integrator, KeyFolder, Keyring, LedgerError, Lock, Master, Signers};
use merkle::NoteSigner;
use model::position::{ACTIVITY, SELF};
use std::{
    fs::File,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{
    StoreError,
    blobs::{Blobs, Directory, S3},
    keys::SqlKeys,
    sql::Database,
    trail::{SqlTrail, Trail},
};
use uuid::Uuid;

/// Subjects whose keys stay in memory; about 200 bytes each.
const KEYRING_CAPACITY: NonZeroUsize = NonZeroUsize::new(200_000).expect("not zero");
const SECRET_BYTES: usize = 32;

/// Everything that is kept, open.
#[derive(Clone)]
pub struct Stores {
    pub records: Database,
    /// The ledger `activity`.
    pub trail: Arc<SqlTrail>,
    /// The ledger `self`, in the records database: a change and its self event are one transaction.
    pub self_trail: Arc<SqlTrail>,
    pub keyring: Arc<Keyring>,
    /// Key-encryption keys, and the ledgers' signing keys.
    pub keys: KeyFolder,
    pub blobs: Arc<dyn Blobs>,
    pub lock: Arc<dyn Blobs>,
    pub index: PathBuf,
    /// This node, the same after every restart.
    pub node: Uuid,
    /// The name that signs checkpoints; a checkpoint's origin is this and the ledger's name.
    pub signer_name: String,
}

impl Stores {
    pub async fn open(config: &Config) -> Result<Self> {
        if unfinished(config).exists() {
            bail!("a restore into '{}' was cut off; run `veritrail restore` with the same backup again", config.data.directory.display());
        }
        let secret_file = config.master_secret_file();
        let secret = std::fs::read(&secret_file).with_context(|| {
            format!("the master secret '{}' cannot be read; `veritrail init` makes the data directory and the secret", secret_file.display())
        })?;
        let records = Database::open(&config.database_url(&config.data.records, "records"), "the database of records").await?;
        store::records::migrate(&records).await?;
        let trail = Database::open(&config.database_url(&config.data.trail, "trail"), "the trail").await?;
        let wrapped = SqlKeys::open(Database::open(&config.database_url(&config.data.keys, "keys"), "the key store").await?).await?;
        let keys = config.key_folder()?;
        let keyring = Arc::new(Keyring::with_wraps(Master::from_secret(&secret)?, Arc::new(keys.clone()), Arc::new(wrapped), KEYRING_CAPACITY));
        match keyring.ready().await {
            // It may come back: until then whoever needs it is told to try again.
            Err(LedgerError::Store(away @ StoreError::Unavailable { .. })) => tracing::error!("nothing sealed can be opened and nothing is taken: {away}"),
            ready => ready?,
        }
        let lock = blobs(&config.data.lock, config.data.directory.join("lock"))?;
        Ok(Self {
            signer_name: signer_name(config, &lock).await?,
            trail: Arc::new(SqlTrail::open(trail, ACTIVITY, 0).await?),
            self_trail: Arc::new(SqlTrail::open(records.clone(), SELF, 0).await?),
            records,
            keyring,
            keys,
            blobs: objects(config)?,
            lock,
            index: config.data.directory.join("index"),
            node: node_id(&config.data.directory)?,
        })
    }

    /// The keys that sign a ledger's checkpoints: the first is derived from the master secret.
    pub fn signers(&self, ledger: &str) -> Result<Signers> {
        let first = NoteSigner::new(&self.signer_name, &self.keyring.mac("ledger-signer", &[ledger.as_bytes()]))?;
        Ok(Signers::with_folder(first, self.keys.clone(), ledger))
    }

    pub fn trail_of(&self, ledger: &str) -> Arc<dyn Trail> {
        self.sql_trail_of(ledger)
    }

    pub fn sql_trail_of(&self, ledger: &str) -> Arc<SqlTrail> {
        if ledger == SELF { self.self_trail.clone() } else { self.trail.clone() }
    }

    /// What was last signed of a ledger.
    pub fn lock_of(&self, ledger: &str) -> Lock {
        Lock::of(self.lock.clone(), ledger)
    }

    pub fn integrator(&self, ledger: &str, trail: Arc<dyn Trail>) -> Result<Integrator> {
        Ok(Integrator::new(trail, self.blobs.clone(), ledger, self.signers(ledger)?, self.lock_of(ledger), self.node))
    }
}

/// What was signed once says the name: it stays when the installation gets another address.
async fn signer_name(config: &Config, lock: &Arc<dyn Blobs>) -> Result<String> {
    for ledger in [ACTIVITY, SELF] {
        let Some(signed) = Lock::of(lock.clone(), ledger).signer_name().await? else { continue };
        let configured = &config.ledger.origin;
        ensure!(
            configured.is_empty() || *configured == signed,
            "ledger.origin is '{configured}', but the ledger {ledger} was signed under the name '{signed}', which must never change; set it back, or leave it empty"
        );
        return Ok(signed);
    }
    Ok(config.signer_name())
}

/// Stands in the data directory while a restore is not finished.
pub fn unfinished(config: &Config) -> PathBuf {
    config.data.directory.join("restore.unfinished")
}

/// The node's persistent id, made at its first start.
fn node_id(directory: &Path) -> Result<Uuid> {
    let file = directory.join("node.id");
    if !file.exists() {
        std::fs::write(&file, Uuid::now_v7().to_string()).with_context(|| format!("'{}' cannot be written", file.display()))?;
    }
    let text = std::fs::read_to_string(&file)?;
    text.trim().parse().with_context(|| format!("'{}' holds no node id; remove it and a new one is made", file.display()))
}

/// Held while a process serves this data directory.
pub struct Claim(#[expect(dead_code, reason = "the lock ends with the file")] File);

impl Claim {
    /// # Errors
    /// When another process serves the same directory: there is one sequencer.
    pub fn take(config: &Config) -> Result<Self> {
        Self::try_take(config)?.with_context(|| {
            let directory = config.data.directory.display();
            format!("another `veritrail serve` works on the data directory '{directory}'; stop it, or give this one a directory of its own")
        })
    }

    /// `None` when another process serves the same directory.
    pub fn try_take(config: &Config) -> Result<Option<Self>> {
        let path = config.data.directory.join("serve.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path).with_context(|| format!("'{}' cannot be opened", path.display()))?;
        Ok(file.try_lock().is_ok().then_some(Self(file)))
    }
}

/// Segments, tiles and checkpoints, where the configuration says.
pub fn objects(config: &Config) -> Result<Arc<dyn Blobs>> {
    blobs(&config.data.blobs, config.data.directory.join("blobs"))
}

fn blobs(url: &str, fallback: PathBuf) -> Result<Arc<dyn Blobs>> {
    if url.starts_with("s3:") {
        return Ok(Arc::new(S3::open(url)?));
    }
    let path = if url.is_empty() { fallback } else { PathBuf::from(url) };
    Ok(Arc::new(Directory::open(path)?))
}

/// Makes the data directory and a master secret readable by its owner only. Answers whether the secret is new.
pub fn create(config: &Config) -> Result<bool> {
    let directory = &config.data.directory;
    std::fs::create_dir_all(directory).with_context(|| format!("the data directory '{}' cannot be made", directory.display()))?;
    let file = config.master_secret_file();
    if file.exists() {
        let length = std::fs::metadata(&file)?.len();
        if length < SECRET_BYTES as u64 {
            bail!("the master secret '{}' has {length} bytes; it needs at least {SECRET_BYTES}", file.display());
        }
        return Ok(false);
    }
    write_secret(&file)?;
    Ok(true)
}

fn write_secret(file: &Path) -> Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut secret = [0u8; SECRET_BYTES];
    rand::RngCore::fill_bytes(&mut rand::rngs::OsRng, &mut secret);
    let mut out = options.open(file).with_context(|| format!("the master secret '{}' cannot be written", file.display()))?;
    out.write_all(&secret)?;
    out.sync_all()?;
    Ok(())
}
