//! A disk that fills up and is freed again: refused with the reason, reads go on, resumed without a restart, nothing acknowledged lost.

use super::{
    Shop,
    counters::Outcome,
    disk::{Disk, fill, format},
    house::House,
    judge::judge,
    load::{Sent, ids},
};
use anyhow::Result;
use std::time::{Duration, Instant};

const DISK_MIB: u64 = 48;
/// Bodies after which a full disk must have refused one.
const BODIES: u64 = 400;
const RESUMED_WITHIN: Duration = Duration::from_secs(30);

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    let folder = shop.folder("full")?;
    if let Some(why) = Disk::refused(&folder)? {
        return Ok(Outcome::skipped(why));
    }
    let (image, mount) = (folder.join("disk.img"), folder.join("disk"));
    format(&image, DISK_MIB)?;
    let disk = Disk::mount(&image, &mount)?;
    let mut house = House::at(shop, &folder, &disk.path.join("data"))?;
    house.hire()?;
    house.serve()?;
    let (mut outcome, mut sent) = (Outcome::default(), Sent::default());
    sent.push(&house, &ids("before", 25));
    let mut analyst = house.analyst(&house.sign_in()?)?;
    for n in 0..times {
        let ballast = disk.path.join("ballast");
        fill(&ballast)?;
        let bodies = (0..BODIES).map(|body| sent.push(&house, &ids(&format!("f{n}b{body}"), 25)));
        let refused = bodies.into_iter().find(|(status, _)| *status != 200);
        match refused {
            Some((503, said)) if said.contains("the disk is full") => {}
            Some((status, said)) => outcome.wrong(format!("a full disk was answered {status}: {said}")),
            None => outcome.wrong(format!("a full disk took {BODIES} bodies")),
        }
        let read = analyst.get("/api/v1/events/count?from=-1d")?;
        if read.status != 200 {
            outcome.wrong(format!("with a full disk a read was answered {}", read.status));
        }
        std::fs::remove_file(&ballast)?;
        let freed = Instant::now();
        while sent.push(&house, &ids(&format!("f{n}after"), 25)).0 != 200 {
            if freed.elapsed() > RESUMED_WITHIN {
                outcome.wrong("the freed disk is not written to");
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        outcome.counters.faults += 1;
        outcome.counters.recovered.push(freed.elapsed());
    }
    let counted = judge(&mut house, &sent)?;
    outcome.counters.add(&counted);
    Ok(outcome)
}
