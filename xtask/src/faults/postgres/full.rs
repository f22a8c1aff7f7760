//! The disk of PostgreSQL fills up and is freed: refused with a reason, nothing acknowledged lost. PostgreSQL itself may stop where its log finds no room;
//! then an administrator starts it again.

use super::Server;
use crate::faults::{
    Shop,
    counters::Outcome,
    disk::{Disk, fill, format},
    house::{House, on_postgres},
    judge::judge,
    load::{Sent, ids},
};
use anyhow::Result;
use std::time::{Duration, Instant};

const DISK_MIB: u64 = 160;
/// Bodies after which a full disk must have refused one.
const BODIES: u64 = 2_000;
const PER_BODY: u64 = 50;
const RESUMED_WITHIN: Duration = Duration::from_secs(60);

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let folder = shop.folder("full-postgres")?;
    if let Some(why) = Disk::refused(&folder)? {
        return Ok(Outcome::skipped(why));
    }
    let (image, mount) = (folder.join("disk.img"), folder.join("disk"));
    format(&image, DISK_MIB)?;
    let disk = Disk::mount(&image, &mount)?;
    let server = Server::start(&disk.path.join("postgres"))?;
    let mut house = House::with(&shop.binary, &folder, &folder.join("data"), on_postgres(&server.create_database()?))?;
    house.serve()?;
    let (mut outcome, mut sent, mut restarts) = (Outcome::default(), Sent::default(), 0);
    sent.push(&house, &ids("before", 25));
    for n in 0..times {
        let ballast = disk.path.join("ballast");
        fill(&ballast)?;
        let bodies = (0..BODIES).map(|body| sent.push(&house, &ids(&format!("f{n}b{body}"), PER_BODY)));
        match bodies.into_iter().find(|(status, _)| *status != 200) {
            Some((503, said)) => outcome.note(format!("refused: {}", reason(&said))),
            Some((status, said)) => outcome.wrong(format!("a full disk of PostgreSQL was answered {status}: {said}")),
            None => outcome.wrong(format!("a full disk of PostgreSQL took {BODIES} bodies")),
        }
        std::fs::remove_file(&ballast)?;
        if !server.is_up() {
            restarts += 1;
            server.serve()?;
        }
        let freed = Instant::now();
        for attempt in 0.. {
            if house.ended()?.is_some() {
                outcome.note("the process ended and was started again");
                house.serve()?;
            }
            if sent.push(&house, &ids(&format!("f{n}after{attempt}"), 25)).0 == 200 {
                break;
            }
            if freed.elapsed() > RESUMED_WITHIN {
                outcome.wrong("the freed disk is not written to");
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        outcome.counters.faults += 1;
        outcome.counters.recovered.push(freed.elapsed());
    }
    let counted = judge(&mut house, &sent)?;
    outcome.counters.add(&counted);
    outcome.note(format!("PostgreSQL had to be started again {restarts} times"));
    Ok(outcome)
}

/// The problem's sentence.
fn reason(said: &str) -> String {
    let problem: serde_json::Value = serde_json::from_str(said).unwrap_or_default();
    problem["detail"].as_str().unwrap_or(said).to_owned()
}
