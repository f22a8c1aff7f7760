//! Pushing: files of records are cut into bodies and sent over several connections; every body's answer and the followers' places are timed.

use super::server::{Installation, SOURCE, Server};
use crate::http::Connection;
use anyhow::{Context, Result, bail};
use std::{
    fs::File,
    io::{BufReader, Read},
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    time::{Duration, Instant},
};

const CONNECTIONS: usize = 8;
const BODIES_AHEAD: usize = 16;

/// What one way of pushing gave.
#[derive(Debug, Default)]
pub struct Pushed {
    pub events: u64,
    pub bodies: u64,
    pub body_records: usize,
    /// From the first byte sent until the last body was acknowledged, searchable, judged.
    pub acknowledged: Duration,
    pub searchable: Duration,
    pub judged: Duration,
    /// Of single bodies: sent to acknowledged, and sent to searchable.
    pub acknowledgements: Vec<Duration>,
    pub searchables: Vec<Duration>,
    /// Times the server said "wait".
    pub told_to_wait: u64,
}

struct Taken {
    sent: Instant,
    answered: Instant,
    accepted: u64,
    /// Index of its last event.
    last: u64,
    waits: u64,
}

/// Pushes all files. With `per_second` no faster than that.
pub fn push(installation: &Installation, server: &Server, files: &[PathBuf], body_records: usize, per_second: Option<u64>) -> Result<Pushed> {
    let (bodies, queue) = mpsc::sync_channel::<(Vec<u8>, u64)>(BODIES_AHEAD);
    let (queue, taken) = (Mutex::new(queue), Mutex::new(Vec::new()));
    let (places, ended, failed) = (Mutex::new(Vec::new()), AtomicBool::new(false), AtomicBool::new(false));
    let begun = Instant::now();
    std::thread::scope(|scope| -> Result<()> {
        let followers = scope.spawn(|| follow(server, &places, &ended));
        let sender = || send(installation, server, &queue, &taken).inspect_err(|_| failed.store(true, Relaxed));
        let senders: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(sender)).collect();
        let read = cut(files, body_records, per_second, bodies, &failed);
        let sent = senders.into_iter().try_for_each(|s| s.join().map_err(|_| anyhow::anyhow!("a sender stopped"))?);
        let followed = sent.and(read).and_then(|()| {
            let last = taken.lock().ok().and_then(|t| t.iter().map(|t: &Taken| t.last).max()).context("nothing was taken")?;
            wait_for(&places, last, begun)
        });
        ended.store(true, Relaxed);
        followers.join().map_err(|_| anyhow::anyhow!("the watcher of the followers stopped"))?.and(followed)
    })?;
    let taken = taken.into_inner().map_err(|_| anyhow::anyhow!("a sender stopped"))?;
    let places = places.into_inner().map_err(|_| anyhow::anyhow!("a watcher stopped"))?;
    Ok(summary(begun, body_records, &taken, &places))
}

/// (when, next index searchable, next index judged)
type Place = (Instant, u64, u64);

fn follow(server: &Server, places: &Mutex<Vec<Place>>, ended: &AtomicBool) -> Result<()> {
    let mut connection = Connection::open(&server.address, "")?;
    while !ended.load(Relaxed) {
        let (index, detect) = (server.follower(&mut connection, "index")?, server.follower(&mut connection, "detect")?);
        if let Ok(mut places) = places.lock() {
            places.push((Instant::now(), index, detect));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn wait_for(places: &Mutex<Vec<Place>>, last: u64, begun: Instant) -> Result<()> {
    let mut reported = Instant::now();
    loop {
        let at = places.lock().ok().and_then(|p| p.last().copied());
        if at.is_some_and(|(_, index, detect)| index > last && detect > last) {
            return Ok(());
        }
        if reported.elapsed() > Duration::from_secs(15) {
            reported = Instant::now();
            super::say(format_args!(
                "  {:.0} s: of {} searchable {}, judged {}",
                begun.elapsed().as_secs_f64(),
                last + 1,
                at.map_or(0, |a| a.1),
                at.map_or(0, |a| a.2)
            ));
        }
        if begun.elapsed() > Duration::from_secs(6 * 3_600) {
            bail!("the followers did not arrive");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Reads the files and cuts them at line ends.
fn cut(files: &[PathBuf], body_records: usize, per_second: Option<u64>, bodies: mpsc::SyncSender<(Vec<u8>, u64)>, failed: &AtomicBool) -> Result<()> {
    let (begun, mut sent) = (Instant::now(), 0);
    let hand_over = |mut body: (Vec<u8>, u64)| loop {
        match bodies.try_send(body) {
            Ok(()) => return Ok(()),
            Err(mpsc::TrySendError::Full(back)) if !failed.load(Relaxed) => body = back,
            Err(_) => bail!("no sender is left"),
        }
        std::thread::sleep(Duration::from_micros(500));
    };
    let (mut body, mut lines, mut buffer) = (Vec::new(), 0, vec![0; 1 << 20]);
    for path in files {
        let mut file = BufReader::new(File::open(path)?);
        loop {
            let read = file.read(&mut buffer)?;
            for line in buffer[..read].split_inclusive(|b| *b == b'\n') {
                body.extend_from_slice(line);
                lines += usize::from(line.ends_with(b"\n"));
                if lines == body_records {
                    sent += lines as u64;
                    hand_over((std::mem::take(&mut body), lines as u64))?;
                    lines = 0;
                    if let Some(rate) = per_second {
                        std::thread::sleep(Duration::from_secs_f64(sent as f64 / rate as f64).saturating_sub(begun.elapsed()));
                    }
                }
            }
            if read == 0 {
                break;
            }
        }
    }
    if lines > 0 {
        hand_over((body, lines as u64))?;
    }
    Ok(())
}

fn send(installation: &Installation, server: &Server, queue: &Mutex<mpsc::Receiver<(Vec<u8>, u64)>>, taken: &Mutex<Vec<Taken>>) -> Result<()> {
    let mut connection = server.pusher(&installation.key)?;
    loop {
        let next = queue.lock().map_err(|_| anyhow::anyhow!("another sender stopped"))?.recv();
        let Ok((body, records)) = next else { return Ok(()) };
        let (sent, mut waits) = (Instant::now(), 0);
        let answer = loop {
            let answer = connection.post(&format!("/api/v1/ingest/{SOURCE}"), "application/x-ndjson", &body)?;
            if !matches!(answer.status, 429 | 503) {
                break answer.ok()?.json()?;
            }
            waits += 1;
            std::thread::sleep(Duration::from_millis(200));
        };
        let number = |name: &str| answer[name].as_u64().unwrap_or(0);
        if number("accepted") != records {
            bail!("of {records} records {} were new: {answer}", number("accepted"));
        }
        let last = answer["positions"][1].as_str().and_then(|p| p.rsplit(':').next()?.parse().ok()).context("the answer names no position")?;
        let done = Taken { sent, answered: Instant::now(), accepted: records, last, waits };
        taken.lock().map_err(|_| anyhow::anyhow!("another sender stopped"))?.push(done);
    }
}

fn summary(begun: Instant, body_records: usize, taken: &[Taken], places: &[Place]) -> Pushed {
    let when = |reached: &dyn Fn(&Place) -> bool| places.iter().find(|p| reached(p)).map_or(begun, |p| p.0);
    let last = taken.iter().map(|t| t.last).max().unwrap_or(0);
    // The followers' places only rise, so the first look past an event can be found by halving.
    let searchable = |t: &Taken| places.get(places.partition_point(|p| p.1 <= t.last)).map_or(t.answered, |p| p.0.max(t.answered));
    Pushed {
        events: taken.iter().map(|t| t.accepted).sum(),
        bodies: taken.len() as u64,
        body_records,
        acknowledged: taken.iter().map(|t| t.answered).max().unwrap_or(begun) - begun,
        searchable: when(&|p| p.1 > last) - begun,
        judged: when(&|p| p.2 > last) - begun,
        acknowledgements: taken.iter().map(|t| t.answered - t.sent).collect(),
        searchables: taken.iter().map(|t| searchable(t) - t.sent).collect(),
        told_to_wait: taken.iter().map(|t| t.waits).sum(),
    }
}
