//! The n-th call of the system fails (strace's fault injection): EIO, ENOSPC, a write of nothing. After an I/O error or a failed sync of the trail, its
//! segments or tiles nothing more is acknowledged and the process ends; after every other failure whatever is acknowledged is there.

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
    time::{Duration, Instant, SystemTime},
};

/// Bodies sent until the call has failed, at most, and after it has.
const BODIES: u64 = 40;
const BODIES_AFTER: u64 = 8;
const PER_BODY: u64 = 10;

/// Which files' calls are counted; without any, those of all files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Files {
    Trail,
    Records,
    Any,
}

impl Files {
    /// Which call fails in this run, counted for each thread from its start. The thread that writes the trail makes many, those that write files few, and
    /// the records are hardly written while nobody is signed in.
    fn nth(self, run: u64) -> u64 {
        match self {
            Self::Trail => 1 + tools::mix(run) % 24,
            Self::Records => 1 + tools::mix(run) % 3,
            Self::Any => 2 + tools::mix(run) % 4,
        }
    }
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

/// How long a failure outside a commit takes to reach intake, which commits at the same time: signing writes to the trail too, segments and tiles lie elsewhere.
const TRAIL_HEARD_OF_SECS: f64 = 0.05;
const FILES_HEARD_OF_SECS: f64 = 0.2;
/// How long a process takes to end after a failure that it must not go on after.
const ENDED_WITHIN: Duration = Duration::from_secs(10);

/// What a failed call forbids.
#[derive(Clone, Copy, Debug, PartialEq)]
enum After {
    /// Everything that is acknowledged must be there, as ever.
    GoOn,
    /// A body sent this many seconds later must not be acknowledged, and the process ends.
    Stop(f64),
}

impl After {
    /// By the line that strace wrote: a full disk can be waited out, anything else leaves it open what is on the disk. The index is a view.
    fn of(line: &str, data: &str) -> Self {
        let failed = line.contains("EIO");
        let sync = line.contains("fdatasync(") || line.contains("fsync(");
        if line.contains(&format!("{data}/trail.sqlite")) && (failed || (sync && line.contains("ENOSPC"))) {
            return Self::Stop(TRAIL_HEARD_OF_SECS);
        }
        if failed && line.contains(&format!("{data}/blobs/")) {
            return Self::Stop(FILES_HEARD_OF_SECS);
        }
        Self::GoOn
    }
}

impl Fault {
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
    /// When each acknowledged body was sent, in seconds since 1970.
    acknowledged: Vec<f64>,
    /// The first call that failed, as strace writes it.
    line: Option<String>,
    started: bool,
    ended: bool,
}

impl Struck {
    /// Acknowledged records of bodies sent `later` seconds after the failed call.
    fn after(&self, line: &str, later: f64) -> Result<u64> {
        let when: f64 = line.split_whitespace().nth(1).and_then(|t| t.parse().ok()).with_context(|| format!("strace wrote no time: {line}"))?;
        Ok(self.acknowledged.iter().filter(|sent| **sent > when + later).count() as u64 * PER_BODY)
    }
}

pub fn run(shop: &Shop, times: u64) -> Result<Outcome> {
    if let Some(missing) = tools::needed(&["strace"]) {
        return Ok(Outcome::skipped(missing));
    }
    if let Err(why) = tools::run("strace", &["-o", "/dev/null", "true"]) {
        return Ok(Outcome::skipped(format!("processes cannot be traced here: {why:#}")));
    }
    let folder = shop.folder("syscalls")?;
    let mut house = House::new(shop, &folder)?;
    let (mut outcome, mut sent) = (Outcome::default(), Sent::default());
    let (mut struck, mut refused_start, mut stopped, mut elsewhere) = (0, 0, 0, 0);
    let data = tools::text(&house.data)?;
    for n in 0..times {
        let fault = FAULTS[(n % FAULTS.len() as u64) as usize];
        let nth = fault.files.nth(n);
        let log = folder.join(format!("strace-{n}"));
        let came = strike(&mut house, fault, nth, &log, &format!("y{n}"), &mut sent)?;
        refused_start += u64::from(!came.started);
        let Some(line) = &came.line else { continue };
        struck += 1;
        outcome.counters.faults += 1;
        match After::of(line, &data) {
            After::Stop(later) if came.started => {
                stopped += 1;
                let after = came.after(line, later)?;
                if after > 0 {
                    outcome.wrong(format!("{after} records were acknowledged after {line}"));
                }
                if !came.ended {
                    outcome.wrong(format!("the process goes on after {line}"));
                }
            }
            After::Stop(_) => {}
            After::GoOn => elsewhere += u64::from(came.after(line, 0.0)? > 0),
        }
    }
    outcome.counters.recovered.push(house.serve()?);
    sent.push(&house, &ids("last", PER_BODY));
    let counted = judge(&mut house, &sent)?;
    outcome.counters.add(&counted);
    outcome.note(format!(
        "{times} runs, {struck} with a failed call, {refused_start} did not start under it; {stopped} times the process stopped, {elsewhere} times intake went on \
         after a failure that can be waited out or is not the trail's, its segments' or tiles'"
    ));
    if struck * 3 < times || stopped == 0 {
        outcome.wrong("too few calls failed while it served: the row proves little");
    }
    Ok(outcome)
}

fn strike(house: &mut House, fault: Fault, nth: u64, log: &Path, name: &str, sent: &mut Sent) -> Result<Struck> {
    let mut came = Struck::default();
    let started = house.serve_around(&fault.around(&house.data, log, nth)?)?;
    came.started = started.is_ok();
    if came.started {
        let mut left = BODIES_AFTER;
        for body in 0..BODIES {
            let begun = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64();
            if sent.push(house, &ids(&format!("{name}b{body}"), PER_BODY)).0 == 200 {
                came.acknowledged.push(begun);
            }
            if failed_call(log)?.is_some() {
                left -= 1;
                if left == 0 {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        came.line = failed_call(log)?;
        let stops = came.line.as_ref().is_some_and(|line| After::of(line, &house.data.display().to_string()) != After::GoOn);
        let begun = Instant::now();
        while stops && !came.ended && begun.elapsed() < ENDED_WITHIN {
            came.ended = house.ended()?.is_some();
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    house.kill()?;
    came.line = failed_call(log)?;
    std::fs::remove_file(log)?;
    Ok(came)
}

/// The first call that was made to fail.
fn failed_call(log: &Path) -> Result<Option<String>> {
    let said = std::fs::read_to_string(log).with_context(|| format!("strace wrote no '{}': may this user trace processes?", log.display()))?;
    Ok(injected(&said))
}

/// With the beginning of the call where another thread's came between: that names the file.
fn injected(said: &str) -> Option<String> {
    let lines: Vec<&str> = said.lines().collect();
    let at = lines.iter().position(|line| line.contains("(INJECTED)"))?;
    let thread = |line: &str| line.split_whitespace().next().map(str::to_owned);
    let begun = lines[..at].iter().rfind(|line| line.contains("<unfinished") && thread(line) == thread(lines[at]));
    let begun = begun.filter(|_| lines[at].contains("resumed>")).map_or(String::new(), |line| format!(" {line}"));
    Some(format!("{}{begun}", lines[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_another_came_between_is_put_together() {
        let said =
            "7 1.0 fsync(3</d/blobs/a> <unfinished ...>\n8 1.1 fsync(4</d/index/b>) = 0\n7 1.2 <... fsync resumed>) = -1 EIO (Input/output error) (INJECTED)\n";
        let line = injected(said).expect("a call was made to fail");
        assert!(line.starts_with("7 1.2 ") && After::of(&line, "/d") == After::Stop(FILES_HEARD_OF_SECS), "{line}");
        assert_eq!(injected("7 1.0 fsync(3</d/blobs/a>) = 0\n"), None);
    }

    #[test]
    fn a_full_disk_can_be_waited_out_and_a_failed_sync_cannot() {
        let of = |call: &str| After::of(&format!("7 1.5 {call} (INJECTED)"), "/d");
        assert_eq!(of("fdatasync(3</d/trail.sqlite-wal>) = -1 EIO"), After::Stop(TRAIL_HEARD_OF_SECS));
        assert_eq!(of("fdatasync(3</d/trail.sqlite-wal>) = -1 ENOSPC"), After::Stop(TRAIL_HEARD_OF_SECS));
        assert_eq!(of("pwrite64(3</d/trail.sqlite-wal>, 9, 9) = -1 ENOSPC"), After::GoOn);
        assert_eq!(of("rename(\"/d/blobs/activity/0/a\", \"/d/blobs/activity/0/b\") = -1 EIO"), After::Stop(FILES_HEARD_OF_SECS));
        assert_eq!(of("fsync(3</d/index/2026/meta>) = -1 EIO"), After::GoOn);
    }
}
