//! What the commands do.

use crate::To;
use crate::post::{Post, PostError};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use model::{Micros, SECOND};
use simulate::{Company, LiveAttack, Simulation, desk, real_time};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The company everybody gets who asks for none; history and live must agree on it.
pub const SEED: u64 = 20_260;
/// The longest batch posted at once.
const MOST_AT_ONCE: usize = 200;
const TICK: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Simulate(#[from] simulate::Error),
    #[error("the date cannot be computed: {0}")]
    Time(#[from] jiff::Error),
    #[error("'{path}' cannot be written: {why}")]
    File { path: PathBuf, why: std::io::Error },
    #[error(transparent)]
    Post(#[from] PostError),
    #[error("signals cannot be heard: {0}")]
    Signal(std::io::Error),
    #[error("the certificate '{path}' cannot be read: {why}")]
    Certificate { path: PathBuf, why: std::io::Error },
    #[error(transparent)]
    Salesforce(#[from] simulate::vendors::salesforce::StartError),
}

/// Progress and faults go to standard error; nothing can be done where even that is closed.
pub fn say(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

pub fn write(dir: &Path, days: u16, until: Option<Timestamp>, seed: u64) -> Result<(), RunError> {
    let until = until.unwrap_or_else(Timestamp::now);
    let start = until.to_zoned_datetime(TimeZone::UTC).date().checked_sub((i64::from(days) - 1).days())?;
    let simulation = Simulation::new(seed, start, days)?.ending(until.as_microsecond());
    let (mut records, mut files) = (0, 0);
    for file in simulation.history()? {
        // A header alone is no record, and an import of nothing is no news.
        let lines = file.bytes.iter().filter(|byte| **byte == b'\n').count();
        let of_file = if file.path.ends_with(".csv") { lines.saturating_sub(1) } else { lines };
        if of_file > 0 {
            save(&dir.join(&file.path), &file.bytes)?;
            files += 1;
            records += of_file;
        }
    }
    save(&dir.join("answers.json"), &simulation.answers_json()?)?;
    say(&format!("{records} records of {days} days until {until} in {files} files under {}\n", dir.display()));
    Ok(())
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let fault = |why| RunError::File { path: path.to_owned(), why };
    std::fs::create_dir_all(path.parent().unwrap_or(path)).map_err(fault)?;
    std::fs::write(path, bytes).map_err(fault)
}

/// The company as it is today: the one who leaves at the end of a history until today has left.
fn company(seed: u64) -> Result<Company, RunError> {
    let today = Timestamp::now().to_zoned_datetime(TimeZone::UTC).date();
    Ok(Company::new(seed, today.checked_sub(29.days())?, today)?)
}

fn now() -> Micros {
    Timestamp::now().as_microsecond()
}

pub async fn stopped() -> Result<(), RunError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signal)?;
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    Ok(())
}

pub struct Live {
    pub to: To,
    pub rate: f64,
}

impl Live {
    /// Posts until stopped. A batch not yet answered when the stop comes is given up; sending it again would be harmless.
    pub async fn run(self, attack: Option<(LiveAttack, u32)>) -> Result<(), RunError> {
        let mut post = Post::new(&self.to);
        let stopped = {
            let work = self.work(attack, &mut post);
            tokio::select! { done = work => done, stop = stopped() => stop }
        };
        say(&format!("{}{}\n", line_start(), post.progress()));
        stopped
    }

    async fn work(&self, attack: Option<(LiveAttack, u32)>, post: &mut Post) -> Result<(), RunError> {
        let company = company(self.to.seed)?;
        let mut live = simulate::Live::new(&company, self.to.seed, now(), self.rate);
        if let Some((attack, after_secs)) = attack {
            live.attack(attack, now() + Micros::from(after_secs) * SECOND)?;
        }
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            loop {
                let acts = live.due(now(), MOST_AT_ONCE)?;
                if acts.is_empty() {
                    break;
                }
                post.salesforce(real_time::ndjson(&acts)?).await?;
                post.desk(desk::ndjson(&acts)?).await?;
            }
            if std::io::stderr().is_terminal() {
                say(&format!("{}{}", line_start(), post.progress()));
            }
        }
    }
}

/// On a terminal the one line is written over.
fn line_start() -> &'static str {
    if std::io::stderr().is_terminal() { "\r\x1b[2K" } else { "" }
}

/// Posts one attack whose last act is now.
pub async fn attack(to: To, attack: LiveAttack) -> Result<(), RunError> {
    let company = company(to.seed)?;
    let end = now();
    // How long it takes is known once it is planned: plan it from now, then move it into the past.
    let mut live = simulate::Live::new(&company, to.seed, end, 0.01);
    let last = live.attack(attack, end)?;
    let mut acts = live.due(last + 1, usize::MAX)?;
    for act in &mut acts {
        act.time -= last - end;
    }
    let mut post = Post::new(&to);
    post.salesforce(real_time::ndjson(&acts)?).await?;
    say(&format!("{}: {}\n", attack.name(), post.progress()));
    Ok(())
}
