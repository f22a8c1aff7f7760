//! The n-th call of the system fails (strace's fault injection): EIO, ENOSPC, a write of nothing. After a failed write or sync of the trail nothing more is
//! acknowledged; after every other failure whatever is acknowledged is there.

use super::{
    Shop,
    counters::Outcome,
    house::{Around, House},
    judge::judge,
    load::{Sent, ids},
    tools,
};
use anyhow::{Context, Result};
use std::{
    path::Path,
    time::{Duration, SystemTime},
};

/// Bodies sent until the call has failed, at most, and after it has.
const BODIES: u64 = 60;
const BODIES_AFTER: u64 = 8;
const PER_BODY: u64 = 10;
/// The latest call that fails, counted for each thread from its start.
const LATEST: u64 = 40;

/// Which files' calls are counted; without any, those of all files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Files {
    Trail,
    Records,
    Any,
}

/// One way to fail.
#[derive(Clone, Copy, Debug)]
struct Fault {
    files: Files,
    call: &'static str,
    /// As strace names it: an error, or what the call answers without having been made.
    how: &'static str,
}

const FAULTS: [Fault; 10] = [
    Fault { files: Files::Trail, call: "fdatasync", how: "error=EIO" },
    Fault { files: Files::Trail, call: "pwrite64", how: "error=EIO" },
    Fault { files: Files::Trail, call: "pwrite64", how: "error=ENOSPC" },
    Fault { files: Files::Trail, call: "pwrite64", how: "retval=0" },
    Fault { files: Files::Any, call: "fsync", how: "error=EIO" },
    Fault { files: Files::Records, call: "fdatasync", how: "error=EIO" },
    Fault { files: Files::Trail, call: "fdatasync", how: "error=ENOSPC" },
    Fault { files: Files::Records, call: "pwrite64", how: "error=ENOSPC" },
    Fault { files: Files::Any, call: "rename", how: "error=ENOSPC" },
    Fault { files: Files::Any, call: "rename", how: "error=EIO" },
];

impl Fault {
    /// Whether nothing may be acknowledged after it: a full disk can be waited out, anything else leaves it open what is on the disk.
    fn is_final(self) -> bool {
        self.files == Files::Trail && (self.how == "error=EIO" || self.call == "fdatasync")
    }

    fn around(self, data: &Path, log: &Path, nth: u64) -> Result<Around> {
        let mut wrapper: Vec<String> = ["strace", "-D", "-f", "--seccomp-bpf", "-ttt", "-y", "-qq", "-e", "signal=none", "-o"].map(str::to_owned).into();
        wrapper.push(tools::text(log)?);
        let name = match self.files {
            Files::Trail => Some("trail"),
            Files::Records => Some("records"),
            Files::Any => None,
        };
        if let Some(name) = name {
            for ending in ["sqlite", "sqlite-wal"] {
                wrapper.extend(["-P".to_owned(), tools::text(&data.join(format!("{name}.{ending}")))?]);
            }
        }
        let inject = format!("inject={}:{}:when={nth}", self.call, self.how);
        wrapper.extend(["-e".to_owned(), format!("trace={}", self.call), "-e".to_owned(), inject]);
        Ok(Around { wrapper, environment: Vec::new() })
    }
}

/// What came of one run.
#[derive(Default)]
struct Struck {
    /// Records of bodies sent after the failed call and acknowledged.
    after: u64,
    /// The first call that failed, as strace writes it.
    line: Option<String>,
    started: bool,
}

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    if let Some(missing) = tools::needed(&["strace"]) {
        return Ok(Outcome::skipped(missing));
    }
    let folder = shop.folder("syscalls")?;
    let mut house = House::new(&shop.binary, &folder)?;
    let (mut outcome, mut sent) = (Outcome::default(), Sent::default());
    let (mut struck, mut refused_start, mut elsewhere) = (0, 0, 0);
    for n in 0..times {
        let fault = FAULTS[(n % FAULTS.len() as u64) as usize];
        let nth = 1 + tools::mix(n) % LATEST;
        let log = folder.join(format!("strace-{n}"));
        let came = strike(&mut house, fault, nth, &log, &format!("y{n}"), &mut sent)?;
        refused_start += u64::from(!came.started);
        let Some(line) = came.line else { continue };
        struck += 1;
        outcome.counters.faults += 1;
        if came.after > 0 && fault.is_final() {
            outcome.wrong(format!("{} records were acknowledged after {line}", came.after));
        } else if came.after > 0 {
            elsewhere += 1;
        }
    }
    outcome.counters.recovered.push(house.serve()?);
    sent.push(&house, &ids("last", PER_BODY));
    let counted = judge(&mut house, &sent)?;
    outcome.counters.add(&counted);
    outcome.note(format!(
        "{times} runs, {struck} with a failed call, {refused_start} did not start under it; {elsewhere} times intake went on after a failure that is not the \
         trail's or that can be waited out"
    ));
    if struck * 2 < times {
        outcome.wrong("in most runs no call failed: the row proves little");
    }
    Ok(outcome)
}

fn strike(house: &mut House, fault: Fault, nth: u64, log: &Path, name: &str, sent: &mut Sent) -> Result<Struck> {
    let mut came = Struck::default();
    let mut acknowledged: Vec<f64> = Vec::new();
    let started = house.serve_around(&fault.around(&house.data, log, nth)?);
    came.started = matches!(started, Ok(Ok(_)));
    if came.started {
        let mut left = BODIES_AFTER;
        for body in 0..BODIES {
            let begun = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64();
            let (status, _) = sent.push(house, &ids(&format!("{name}b{body}"), PER_BODY));
            if status == 200 {
                acknowledged.push(begun);
            }
            if failed_call(log)?.is_some() {
                left -= 1;
                if left == 0 {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
    house.kill()?;
    came.line = failed_call(log)?;
    if let Some(line) = &came.line {
        let when: f64 = line.split_whitespace().nth(1).and_then(|t| t.parse().ok()).with_context(|| format!("strace wrote no time: {line}"))?;
        came.after = acknowledged.iter().filter(|begun| **begun > when).count() as u64 * PER_BODY;
    }
    std::fs::remove_file(log)?;
    Ok(came)
}

/// The first call that was made to fail.
fn failed_call(log: &Path) -> Result<Option<String>> {
    let said = std::fs::read_to_string(log).with_context(|| format!("strace wrote no '{}': may this user trace processes?", log.display()))?;
    Ok(said.lines().find(|line| line.contains("(INJECTED)")).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_can_be_waited_out_and_a_failed_sync_cannot() {
        let finals: Vec<&str> = FAULTS.iter().filter(|f| f.is_final()).map(|f| f.call).collect();
        assert_eq!(finals, ["fdatasync", "pwrite64", "fdatasync"]);
    }
}
