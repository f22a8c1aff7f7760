//! `veritrail serve`: every task of one node, wired, until it is asked to stop.

use crate::{
    acme,
    adapt::{Directory, Droppable, Erasable, Polled, Searchable},
    anchors::{self, Anchoring},
    assets,
    config::{Config, Explained, auditing},
    listen::Serving,
    loops,
    masking::masking,
    notify::{letters, notify},
    provider::provider,
    rules,
    stores::{Claim, Stores},
};
use anyhow::{Context, Result, bail};
use api::{Http, Live, Metrics, Parts, Server, Setting, SettingsSection};
use app::{
    App, AppParts, Policy,
    alerts::AlertFollower,
    erasures::Eraser,
    ledgers::{Schedule, Signed},
};
use detect::RuleSet;
use ledger::{Appender, Integrator, Layout, Reader, tombstone};
use model::{
    SECOND,
    position::{ACTIVITY, SELF},
};
use pipeline::{DetectFollower, IndexFollower, Intake, Limits, Poller};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use store::{events::Splits, reserve::Reserve, trail::Trail};
use tokio::{
    sync::{Notify, broadcast},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Checkpoints are signed about this often while there is something new.
const INTEGRATE_EVERY: Duration = Duration::from_millis(700);
/// How long all other work may take to end.
const GRACE: Duration = Duration::from_secs(20);
/// How long requests under way may take to end after a stop was asked for; live streams never end by themselves.
const LEAVING: Duration = Duration::from_secs(3);
/// Left to the answers under way after a failure that nothing may be acknowledged after.
const LAST_WORDS: Duration = Duration::from_millis(500);
const LOOK_FOR_FAILURE_EVERY: Duration = Duration::from_millis(100);
const ALERT_QUEUE: usize = 1_024;

/// The parts that the command line shares with the server.
pub struct Node {
    pub stores: Stores,
    pub app: App,
    pub intake: Arc<Intake>,
    pub reader: Reader,
    pub index: Splits,
    pub wake: Arc<Notify>,
    pub rules: RuleSet,
}

/// Opens everything that needs no loop of its own.
pub async fn node(config: &Config, demo: bool) -> Result<Node> {
    let stores = Stores::open(config).await?;
    let rules = rules::set(config)?;
    let index = Splits::open(&stores.index).await?;
    let trail: Arc<dyn Trail> = stores.trail.clone();
    let reader = Reader::new(trail.clone(), stores.blobs.clone(), ACTIVITY);
    let app = App::new(AppParts {
        records: stores.records.clone(),
        keyring: stores.keyring.clone(),
        events: Arc::new(index.clone()),
        reader: reader.clone(),
        trail: trail.clone(),
        rules: Arc::new(rules::book(&rules)),
        masking: masking(config)?,
        blobs: stores.blobs.clone(),
        apart: stores.lock.clone(),
        reserve: Reserve::open(&config.data.directory.join("self.reserve"), config.data.reserve_bytes)?,
        policy: Policy::standard()?,
        self_generation: 0,
        public_url: config.public_url(),
        demo,
        sign_in: config.sign_in()?,
        provider: provider(config)?,
        letters: letters(config)?,
        reach: config.reach()?,
        clock: app::system_clock,
    })
    .await?;
    let appender = Appender::start(trail.clone(), stores.keyring.clone(), ACTIVITY);
    let limits = Limits { body_bytes: config.server.body_bytes as u64, concurrent_bytes: config.server.intake_bytes as u64, ..Limits::default() };
    let intake = Intake::new(appender, trail, stores.keyring.clone(), limits);
    let wake = Arc::new(Notify::new());
    intake.wake(wake.clone());
    app.name_organisation(&config.organisation.name).await?;
    app.board.keeps(config.retention);
    Ok(Node { stores, app, intake, reader, index, wake, rules })
}

pub async fn run(config: &Config, explained: &[Explained], demo: bool) -> Result<()> {
    let _claim = Claim::take(config)?;
    let node = node(config, demo).await?;
    if node.app.audited_as(auditing(explained)).await? {
        tracing::info!("the configuration of auditing is another than at the last start, or this is the first; it stands in the own trail");
    }
    // Before anything is served: a restored backup may hold keys that were destroyed.
    let risen = tombstone::lay_to_rest(node.stores.lock.as_ref(), &node.stores.keyring).await?;
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    anchors::show(config, &node.app)?;
    for (ledger, trail) in [(ACTIVITY, node.stores.trail.clone() as Arc<dyn Trail>), (SELF, node.stores.self_trail.clone())] {
        let generation = trail.head().await?.generation;
        let integrator = Arc::new(node.stores.integrator(ledger, trail)?);
        let made_again = integrator.catch_up(app::system_clock()).await?;
        if made_again > 0 {
            tracing::info!("the ledger '{ledger}' was made again from its tail, {made_again} records, up to what was last signed");
        }
        integrator.check().await.with_context(|| format!("the ledger '{ledger}' is not what was last signed; nothing is served"))?;
        let (keys, layout) = (integrator.keys().await?, Layout::new(ledger, generation));
        let origin = layout.origin(keys.name());
        node.app.board.keys(ledger, &origin, keys.clone());
        if let Some((note, _)) = node.stores.blobs.get(&layout.checkpoint()).await? {
            let note = String::from_utf8_lossy(&note);
            let found = keys.checkpoint(&note, &origin)?;
            // Just held against the lock: this is the time it was last known to be true.
            node.app.board.signed(ledger, Signed { generation, size: found.size, root: found.root.to_string(), time: app::system_clock() });
        }
        let anchoring = Anchoring::open(config, &node.app, &integrator, ledger).await?;
        let all_signed = CancellationToken::new();
        anchoring.start(&mut tasks, &node.intake, &all_signed);
        tasks.spawn({
            let (app, intake, stop) = (node.app.clone(), node.intake.clone(), stop.clone());
            async move {
                integrate(integrator, app, intake, (ledger, generation), stop).await;
                all_signed.cancel();
            }
        });
    }
    let directory = Arc::new(Directory(node.app.attributor()));
    let index = IndexFollower::new(node.reader.clone(), node.stores.keyring.clone(), Arc::new(node.index.clone()), directory, node.wake.clone());
    let detect = DetectFollower::new(
        node.reader.clone(),
        node.stores.keyring.clone(),
        node.stores.records.clone(),
        rules::engine(&node.rules, &node.stores.keyring)?,
        node.wake.clone(),
    );
    let poller = Poller::new(node.intake.clone(), Arc::new(Polled(node.app.clone())), node.stores.records.clone());
    let (alerts, _) = broadcast::channel(ALERT_QUEUE);
    let follower = AlertFollower::new(node.app.clone(), notify(config)?, alerts.clone());
    let live = Live { entries: index.sender(), alerts };
    let metrics = Metrics::default();
    metrics.follow("index", {
        let index = index.clone();
        move || index.next()
    });
    metrics.follow("detect", {
        let detect = detect.clone();
        move || detect.next()
    });
    tasks.spawn_blocking({
        let searchable = node.index.clone();
        move || {
            if let Err(error) = searchable.warm() {
                tracing::warn!("the roll-ups of the event index will be made when first asked for: {error}");
            }
        }
    });
    tasks.spawn(loops::follow_alerts(follower, detect.found(), stop.clone()));
    let eraser = Eraser::new(node.app.clone(), Arc::new(Erasable { index: index.clone(), intake: node.intake.clone() }));
    let segments = Droppable::new(node.stores.integrator(ACTIVITY, node.stores.trail.clone())?, Some(index.clone()));
    loops::start(&mut tasks, &node.app, segments, Searchable(index.clone()), &stop);
    if !risen.is_empty() {
        tracing::warn!("{} subjects that were erased had their keys back, as after restoring a backup; they are erased again", risen.len());
        index.erase(&risen, &|_, _| {}).await?;
    }
    let again = eraser.again().await?;
    if again > 0 {
        tracing::warn!("{again} erasures that these records did not know as done were done again");
    }
    tasks.spawn(loops::run_erasures(eraser, stop.clone()));
    tasks.spawn({
        let stop = stop.clone();
        async move { index.run(stop).await }
    });
    tasks.spawn({
        let stop = stop.clone();
        async move { detect.run(stop).await }
    });
    tasks.spawn({
        let stop = stop.clone();
        async move { poller.run(stop).await }
    });
    let schedule =
        Schedule { new_every: i64::from(config.ledger.verify_every_secs) * SECOND, all_every: i64::from(config.ledger.verify_all_every_secs) * SECOND };
    tasks.spawn(loops::verify_ledgers(node.app.clone(), schedule, stop.clone()));

    let http = Http {
        secure: config.is_secure(),
        publish_ledger: config.ledger.publish,
        metrics_token: Some(config.metrics.token.clone()).filter(|t| !t.is_empty()),
        proxies: config.proxies()?,
        requests_per_minute: config.server.requests_per_minute,
    };
    let server = Server::new(Parts { app: node.app.clone(), intake: node.intake.clone(), live, http, settings: settings(explained), metrics });
    let by_acme = acme::tls(config, node.stores.keyring.clone(), node.stores.blobs.clone())?;
    let mut serving = Serving::start(&config.server, by_acme, api::router(server, assets::file)).await?;
    tracing::info!("Veritrail serves {} on {}", config.public_url(), config.server.listen);
    tokio::spawn(stop_on_signal(stop.clone()));
    tokio::select! {
        ended = serving.ended() => ended?,
        why = failed(&node.intake) => {
            // Nothing is finished any more: what this process remembers may not be what is on the disk. The next start reads that anew.
            tasks.abort_all();
            tokio::time::sleep(LAST_WORDS).await;
            bail!("stopped, nothing more is acknowledged: {why}; find the cause, then start again");
        }
        () = stop.cancelled() => serving.stop(LEAVING).await,
    }
    stop.cancel();
    let ended = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        bail!("some work did not end within {} s; what was acknowledged is durable and is resumed at the next start", GRACE.as_secs());
    }
    if let Some(why) = node.intake.fatal() {
        bail!("stopped after a failure: {why}");
    }
    Ok(())
}

/// Waits for a failure after which nothing may be acknowledged; why.
async fn failed(intake: &Intake) -> String {
    loop {
        if let Some(why) = intake.fatal() {
            return why;
        }
        tokio::time::sleep(LOOK_FOR_FAILURE_EVERY).await;
    }
}

/// Goes on after a stop until all that is there is signed.
async fn integrate(integrator: Arc<Integrator>, app: App, intake: Arc<Intake>, (ledger, generation): (&'static str, u32), stop: CancellationToken) {
    loop {
        let last = stop.is_cancelled();
        let now = app::system_clock();
        let behind = match integrator.step(now).await {
            Ok(Some(done)) => {
                app.board.signed(ledger, Signed { generation, size: done.size, root: done.root.to_string(), time: now });
                if let Some((origin, before)) = app.board.verifiers(ledger).filter(|(_, before)| *before != done.keys) {
                    tracing::info!("the ledger '{ledger}' is signed by {} from now on; before by {}", done.keys.newest(), before.newest());
                    app.board.keys(ledger, &origin, done.keys.clone());
                }
                done.behind > 0
            }
            Ok(None) => false,
            Err(error) if error.is_fatal() => {
                intake.stop(&format!("the ledger '{ledger}' could not be integrated: {error}"));
                return;
            }
            Err(error) => {
                tracing::error!("the ledger '{ledger}' could not be integrated: {error}");
                false
            }
        };
        if last && !behind {
            return;
        }
        if !behind {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(INTEGRATE_EVERY) => {}
            }
        }
    }
}

async fn stop_on_signal(stop: CancellationToken) {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
    tracing::info!("stopping: no new work is begun, work under way ends");
    stop.cancel();
}

fn settings(explained: &[Explained]) -> Vec<SettingsSection> {
    let mut sections: BTreeMap<String, Vec<Setting>> = BTreeMap::new();
    for e in explained {
        let section = e.key.split('.').next().unwrap_or_default().to_owned();
        let source = serde_json::to_value(e.source).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        sections.entry(section).or_default().push(Setting { key: e.key.clone(), value: e.value.clone(), source, help: e.help.clone() });
    }
    let titled = |name: &str| name[..1].to_uppercase() + &name[1..];
    sections.into_iter().map(|(name, values)| SettingsSection { title: titled(&name), name, values }).collect()
}
