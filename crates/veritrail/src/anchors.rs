//! Witnesses and the time-stamping authority, as the configuration names them, beside a serving node.

use crate::config::Config;
use anyhow::{Context, Result, bail};
use app::{App, ledgers::Anchor};
use async_trait::async_trait;
use channels::{Allow, Guarded};
use ledger::{Answer, Authority, Integrator, LedgerError, Post, Roots, Stamps, Standing, Witness, WitnessKey, Witnesses};
use model::Micros;
use pipeline::Intake;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Far more than what a witness or an authority with a long chain of certificates answers.
const ANSWER_BYTES: usize = 64 << 10;
/// After a failure it is tried again this soon, where the interval is longer.
const RETRY: Duration = Duration::from_secs(60);

/// A guarded client as the ledger asks it.
struct Outside(Guarded);

#[async_trait]
impl Post for Outside {
    async fn post(&self, content_type: &str, body: Vec<u8>) -> Result<Answer, String> {
        let (status, body) = self.0.post(content_type, body, ANSWER_BYTES).await.map_err(|e| e.to_string())?;
        Ok(Answer { status, body })
    }
}

/// One of `anchors.witnesses`; without a way where it is no longer asked.
struct Named {
    key: WitnessKey,
    way: Option<Guarded>,
}

fn named(config: &Config) -> Result<Vec<Named>> {
    let mut all: Vec<Named> = Vec::new();
    for entry in &config.anchors.witnesses {
        let mut words = entry.split_whitespace();
        let (key, url) = (words.next().unwrap_or_default(), words.next());
        let key = WitnessKey::parse(key).with_context(|| format!("'{entry}' in anchors.witnesses must be NAME+HASH+KEY https://host/prefix"))?;
        if all.iter().any(|other| other.key.name() == key.name()) {
            bail!("the witness {} stands twice in anchors.witnesses; one has one key", key.name());
        }
        let prefix = url.map(|url| url.trim_end_matches('/').to_owned() + "/add-checkpoint");
        let way = prefix.map(|url| guarded(config, "anchors.witnesses", &url, config.anchors.allow_private)).transpose()?;
        all.push(Named { key, way });
    }
    let asked = all.iter().filter(|witness| witness.way.is_some()).count();
    if asked > 0 && !(1..=asked).contains(&config.anchors.quorum) {
        bail!("anchors.quorum is {}; with {asked} witnesses to ask it must be 1 to {asked}", config.anchors.quorum);
    }
    Ok(all)
}

fn guarded(config: &Config, key: &str, text: &str, plain: bool) -> Result<Guarded> {
    let url = Url::parse(text).with_context(|| format!("'{text}' in {key} is no URL"))?;
    let known = url.scheme() == "https" || (plain && url.scheme() == "http");
    let Some(host) = url.host_str().filter(|_| known).map(str::to_owned) else {
        bail!("'{text}' in {key} must begin with https://{}", if plain { " or http://" } else { "; http:// needs anchors.allow_private" });
    };
    Ok(Guarded::new(host, url, Allow { private: config.anchors.allow_private, key: "anchors.allow_private" }, TIMEOUT))
}

fn time_authority(config: &Config) -> Result<Guarded> {
    let (key, url) = ("anchors.time_url", &config.anchors.time_url);
    let way = guarded(config, key, url, true)?;
    if Url::parse(url).is_ok_and(|url| url.scheme() == "http") && !config.anchors.time_over_http && !way.is_here() {
        bail!("'{url}' in {key} would be asked in the clear; use https://, or set anchors.time_over_http where the authority offers nothing else");
    }
    Ok(way)
}

/// Whose cosignatures are checked and shown.
pub fn keys(config: &Config) -> Result<Vec<WitnessKey>> {
    Ok(named(config)?.into_iter().map(|witness| witness.key).collect())
}

/// The certificates of a PEM file; `None` where none is named.
pub fn roots(file: &Path) -> Result<Option<Roots>> {
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let pem = std::fs::read(file).with_context(|| format!("the certificates '{}' cannot be read", file.display()))?;
    Roots::parse(&pem).map(Some).map_err(|why| anyhow::anyhow!("'{}' does not serve as anchors.time_roots: {why}", file.display()))
}

/// What could be put back unnoticed: said where neither a lock nor a witness lies outside this machine.
pub fn unnoticed(config: &Config) -> Result<Option<String>> {
    let witnessed = named(config)?.iter().any(|witness| witness.way.as_ref().is_some_and(|way| !way.is_here()));
    let lock = &config.data.lock;
    let remedy = "name a witness in anchors.witnesses, or set data.lock to s3://";
    Ok(match lock.as_str() {
        _ if witnessed || lock.starts_with("s3:") => None,
        "" => Some(format!("The lock lies below the data directory and no witness is outside this machine: a roll-back could not be noticed; {remedy}.")),
        path => Some(format!(
            "The lock lies at {path} and no witness is outside this machine: unless that is storage of another machine, a roll-back of this one could not be noticed; {remedy}."
        )),
    })
}

/// Tells the pages who the witnesses are, and everybody what could not be noticed.
pub fn show(config: &Config, app: &App) -> Result<()> {
    app.board.witnesses(keys(config)?);
    if let Some(what) = unnoticed(config)? {
        tracing::warn!("{what}");
        app.board.unnoticed(what);
    }
    Ok(())
}

/// The anchors of one ledger.
pub struct Anchoring {
    app: App,
    ledger: &'static str,
    witnesses: Option<(Witnesses, Duration)>,
    stamps: Option<(Stamps, Duration)>,
}

impl Anchoring {
    /// Asks the witnesses whether what is here is the newest they know.
    ///
    /// # Errors
    /// When a witness holds more than is here, or something else: nothing is served then. One that is away is waited for while serving.
    pub async fn open(config: &Config, app: &App, integrator: &Arc<Integrator>, ledger: &'static str) -> Result<Self> {
        let (mut witnesses, mut stamps) = (None, None);
        let asked = named(config)?.into_iter().filter_map(|w| Some(Witness::new(w.key, Arc::new(Outside(w.way?)))));
        let asked: Vec<Witness> = asked.collect();
        if !asked.is_empty() {
            let mut opened = Witnesses::open(integrator.clone(), asked, config.anchors.quorum).await?;
            let standing =
                opened.check(app::system_clock()).await.with_context(|| format!("the ledger '{ledger}' is not what a witness last saw; nothing is served"))?;
            if let Some(trouble) = &standing.trouble {
                tracing::warn!("whether the ledger '{ledger}' was rolled back is not known until its witnesses answer: {trouble}");
            }
            app.board.anchored(ledger, Anchor::Witness, standing);
            witnesses = Some((opened, Duration::from_secs(config.anchors.witness_secs.max(1))));
        }
        if !config.anchors.time_url.is_empty() {
            let authority = Authority::new(Arc::new(Outside(time_authority(config)?)), roots(&config.anchors.time_roots)?);
            stamps = Some((Stamps::open(integrator.clone(), authority).await?, Duration::from_secs(config.anchors.time_secs.max(1))));
        }
        Ok(Self { app: app.clone(), ledger, witnesses, stamps })
    }

    /// Follows what is signed until `all_signed` after a stop, with one last round then.
    /// Stops the intake, and with it the server, where a witness was right and we were not.
    pub fn start(self, tasks: &mut JoinSet<()>, intake: &Arc<Intake>, all_signed: &CancellationToken) {
        let follow = |anchor, every, steps| Follow {
            app: self.app.clone(),
            ledger: self.ledger,
            anchor,
            every,
            steps,
            intake: intake.clone(),
            all_signed: all_signed.clone(),
            late: false,
        };
        if let Some((witnesses, every)) = self.witnesses {
            tasks.spawn(follow(Anchor::Witness, every, Box::new(witnesses) as Box<dyn Steps>).run());
        }
        if let Some((stamps, every)) = self.stamps {
            tasks.spawn(follow(Anchor::Time, every, Box::new(stamps)).run());
        }
    }
}

/// What follows the checkpoints of a ledger step by step.
#[async_trait]
trait Steps: Send {
    async fn step(&mut self, now: Micros) -> Result<Standing, LedgerError>;
}

#[async_trait]
impl Steps for Witnesses {
    async fn step(&mut self, now: Micros) -> Result<Standing, LedgerError> {
        Witnesses::step(self, now).await
    }
}

#[async_trait]
impl Steps for Stamps {
    async fn step(&mut self, now: Micros) -> Result<Standing, LedgerError> {
        Stamps::step(self, now).await
    }
}

/// One anchor of one ledger, on the board and in the log.
struct Follow {
    app: App,
    ledger: &'static str,
    anchor: Anchor,
    every: Duration,
    steps: Box<dyn Steps>,
    intake: Arc<Intake>,
    all_signed: CancellationToken,
    late: bool,
}

impl Follow {
    async fn run(mut self) {
        loop {
            let last = self.all_signed.is_cancelled();
            let step = self.steps.step(app::system_clock()).await;
            let well = self.said(step);
            if last {
                return;
            }
            tokio::select! {
                () = self.all_signed.cancelled() => {}
                () = tokio::time::sleep(if well { self.every } else { self.every.min(RETRY) }) => {}
            }
        }
    }

    /// Shows a step's outcome; alarms once it is late, and says when it no longer is.
    fn said(&mut self, step: Result<Standing, LedgerError>) -> bool {
        let (ledger, name) = (self.ledger, self.anchor.name());
        let well = match step {
            Ok(standing) => {
                let well = standing.trouble.is_none();
                self.app.board.anchored(ledger, self.anchor, standing);
                well
            }
            Err(error) => {
                tracing::error!("the anchor '{name}' of the ledger '{ledger}' failed: {error}");
                if matches!(error, LedgerError::Older { .. } | LedgerError::Fork { .. }) {
                    self.intake.stop(&format!("a witness contradicts the ledger: {error}"));
                }
                false
            }
        };
        let Some(view) = self.app.board.anchor(ledger, self.anchor, app::system_clock()) else { return well };
        match (&view.behind_since, self.late) {
            (Some(since), false) => {
                let why = view.trouble.as_deref().unwrap_or("no reason is known");
                tracing::warn!("ALARM: {} records of the ledger '{ledger}' are without the anchor '{name}' since {since}: {why}", view.waiting);
            }
            (None, true) => tracing::info!("the ledger '{ledger}' is under its anchor '{name}' again, {} records", view.size),
            _ => {}
        }
        self.late = view.behind_since.is_some();
        well
    }
}
