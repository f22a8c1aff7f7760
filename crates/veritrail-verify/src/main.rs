//! `veritrail-verify`: a ledger's copy, or one proof, held against one public key.

mod arguments;

use arguments::{Arguments, HELP};
use merkle::{Fault, NoteVerifier, Place, Walk};
use std::{
    fs,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    time::{Duration, Instant},
};
use veritrail_verify::{Check, Error, Evidence, entry_of, open, still_there};

/// How often the state is kept on the way, so that little is lost when it is interrupted.
const KEEP_EVERY: Duration = Duration::from_secs(5);
const SHOW_EVERY: Duration = Duration::from_millis(200);
const FAULTS: u8 = 2;

fn main() -> ExitCode {
    match Arguments::read(std::env::args().skip(1)) {
        Ok(None) => {
            say(HELP.trim_end());
            ExitCode::SUCCESS
        }
        Ok(Some(asked)) => run(&asked).unwrap_or_else(|why| fail(&why.to_string())),
        Err(why) => fail(&why),
    }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("veritrail-verify: {why}");
    ExitCode::FAILURE
}

/// Writes a line to standard output; a closed pipe is no error of ours.
fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

fn run(asked: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let key = match asked.key.strip_prefix('@') {
        Some(file) => text(file)?,
        None => asked.key.clone(),
    };
    let key = NoteVerifier::parse(key.trim()).map_err(|why| format!("'{}' is no verifier key: {why}", key.trim()))?;
    match &asked.proof {
        Some(proof) => prove(asked, &key, proof),
        None => verify(asked, &key),
    }
}

fn text(file: &str) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|why| Error::Unreadable { file: file.to_owned(), why: why.to_string() })
}

fn verify(asked: &Arguments, key: &NoteVerifier) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let files = open(asked.place.as_deref().unwrap_or_default())?;
    let older = asked.from.as_deref().map(|file| text(file).map(|note| (file, note))).transpose()?;
    let place = match asked.state.as_deref() {
        Some(file) if fs::exists(file)? => Some(Place::parse(&text(file)?).map_err(|why| Error::State { file: file.to_owned(), why })?),
        _ => None,
    };
    let older = older.as_ref().map(|(file, note)| (*file, note.as_str()));
    let check = Check { files: files.as_ref(), key, origin: asked.origin.as_deref(), older, place: place.as_ref() };
    let (mut shown, mut kept) = (Instant::now(), Instant::now());
    let terminal = io::stderr().is_terminal() && !asked.quiet;
    let mut broken = None;
    let report = check.run(&mut |walk| {
        if terminal && (shown.elapsed() >= SHOW_EVERY || walk.position() == walk.size()) {
            shown = Instant::now();
            show(walk);
        }
        if kept.elapsed() >= KEEP_EVERY {
            kept = Instant::now();
            broken = keep(asked, walk.place().as_ref()).err().or(broken.take());
        }
    })?;
    if terminal {
        eprint!("\r\x1b[K");
    }
    report.faults.iter().for_each(say_fault);
    let (origin, size) = (&report.checkpoint.origin, report.checkpoint.size);
    if !report.faults.is_empty() {
        say(&format!("{origin}: {size} entries looked at, {} faults", report.faults.len()));
        return Ok(ExitCode::from(FAULTS));
    }
    keep(asked, report.place.as_ref())?;
    broken.map_or(Ok(()), Err)?;
    if !asked.quiet {
        let from = if report.from == 0 { String::new() } else { format!(" (those before {} were verified by an earlier run)", report.from) };
        let continued = asked.from.as_ref().map_or(String::new(), |file| format!(" They continue the checkpoint in {file}."));
        say(&format!("{origin}: {size} entries verified{from}, no fault.{continued} Root {}", report.checkpoint.root));
    }
    Ok(ExitCode::SUCCESS)
}

fn show(walk: &Walk) {
    let (done, size) = (walk.position(), walk.size().max(1));
    eprint!("\r{:3} %  {done} of {size} entries", done * 100 / size);
}

fn say_fault(fault: &Fault) {
    let at = fault.index.map(|index| format!(", from entry {index}")).unwrap_or_default();
    say(&format!("FAULT {}{at}: {}", fault.file, fault.what));
}

/// Writes the state beside and renames it, so that an interruption leaves the old one.
fn keep(asked: &Arguments, place: Option<&Place>) -> Result<(), Error> {
    let (Some(file), Some(place)) = (&asked.state, place) else { return Ok(()) };
    let beside = format!("{file}.new");
    fs::write(&beside, place.encode()).and_then(|()| fs::rename(&beside, file)).map_err(|why| Error::Unwritable { file: file.clone(), why: why.to_string() })
}

fn prove(asked: &Arguments, key: &NoteVerifier, file: &str) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let proof = text(file)?;
    let files = asked.place.as_deref().map(open).transpose()?;
    let check = files.as_deref().map(|files| Check { files, key, origin: asked.origin.as_deref(), older: None, place: None });
    let entry = match (&asked.entry, &check) {
        (Some(entry), _) => fs::read(entry).map_err(|why| Error::Unreadable { file: entry.clone(), why: why.to_string() })?,
        (None, Some(check)) => entry_of(check, file, &proof)?,
        (None, None) => return Err("--proof needs --entry, or the directory or address that has the entry".into()),
    };
    let keys = check.as_ref().map_or_else(|| Ok(key.clone().into()), |check| check.keys().map(|(keys, _)| keys))?;
    let (index, checkpoint) = Evidence { file: (file, &proof), entry: &entry }.check(&keys, asked.origin.as_deref())?;
    if let Some(check) = &check
        && let Some(fault) = still_there(check, &checkpoint)?
    {
        say_fault(&fault);
        return Ok(ExitCode::from(FAULTS));
    }
    if !asked.quiet {
        say(&format!("{}: this entry is number {} of {} under a checkpoint signed by {}", checkpoint.origin, index + 1, checkpoint.size, key.name()));
    }
    Ok(ExitCode::SUCCESS)
}
