//! Twelve copies of a ledger, each changed as somebody would who wants to deceive. Every one must be caught by `veritrail verify` and by a tool that is
//! not ours, each given the public key and, where only that can tell, the last checkpoint that was kept or the witness's key.

use super::{
    Shop,
    counters::Outcome,
    flips::fill,
    house::House,
    judge::verify_copy,
    ledger_copy::{HASH_BYTES, rewrite, rewrite_both, segments},
    outsider::{Given, ORIGIN, Outsider},
    records, tools,
};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Sizes at which the ledger is signed; the second is the one an attacker rolls back to.
const STEPS: [u64; 3] = [200, 260, 600];
/// A witness that exists, and a cosignature line in its name that it never made.
const WITNESS: &str = "witness.example+a50367b6+BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY";
const FAKE_LINE: &str = "\u{2014} witness.example pQNntgAAAABrBq6Ac/eCF5Oewy7VKYbgNfRiamBdh0wV0AZgj7fE/pdr3RJs/Cvi256YsTmmXwM5ptG6X/RmLnzRZLiX0wbd2i9v0g==\n";

/// What the tampering begins with.
struct Site {
    house: House,
    /// The blobs as they were when the second size was signed, and now.
    older: PathBuf,
    now: PathBuf,
    /// A second history, signed with the same key.
    fork: PathBuf,
    /// The checkpoint of the last size, kept elsewhere.
    known: PathBuf,
}

impl Site {
    fn theirs(&self, outsider: &Outsider, copy: &Path, needs: Needs) -> Result<Vec<(&'static str, String)>> {
        let given = Given {
            verifier: &self.house.verifiers[0],
            origin: ORIGIN,
            known: (needs == Needs::Known).then_some(&*self.known),
            witness: (needs == Needs::Witness).then_some(WITNESS),
        };
        outsider.objections(&copy.join("activity/0"), &given)
    }
}

type Change = fn(&Site, &Path) -> Result<()>;

/// Name, how a copy is changed, and whether it takes the last known checkpoint or the witness's key to see it.
const COPIES: [(&str, Change, Needs); 12] = [
    ("edit", edit, Needs::Key),
    ("drop tail", drop_tail, Needs::Key),
    ("drop middle", drop_middle, Needs::Key),
    ("reorder", reorder, Needs::Key),
    ("insert", insert, Needs::Key),
    ("re-signed fork", fork, Needs::Known),
    ("rollback", rollback, Needs::Known),
    ("swapped ledger", swap, Needs::Key),
    ("replayed checkpoint", replay, Needs::Known),
    ("fake witness line", fake_witness, Needs::Witness),
    ("tile only", tile_only, Needs::Key),
    ("segment only", segment_only, Needs::Key),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Key,
    Known,
    Witness,
}

pub fn run(shop: &Shop) -> Result<Outcome> {
    let folder = shop.folder("tampered")?;
    let outsider = Outsider::new(&folder.join("desk"))?;
    let site = site(shop, &folder)?;
    let mut outcome = Outcome::default();
    (outcome.counters.sent, outcome.counters.acknowledged) = (STEPS[2], STEPS[2]);

    // Untouched, nobody may object: else what follows proves nothing.
    for needs in [Needs::Key, Needs::Known] {
        let (ours, theirs) = ask(&site, &outsider, &site.now, needs)?;
        if !ours.is_empty() || !theirs.is_empty() {
            outcome.wrong(format!("the untouched copy is objected to: {ours:?} {theirs:?}"));
        }
    }
    outcome.counters.found = STEPS[2];
    let knows_witnesses = site.house.run(&["verify", "--help"], "")?.contains("--witness");
    for (name, change, needs) in COPIES {
        let copy = folder.join(name.replace(' ', "-"));
        tools::copy(&site.now, &copy)?;
        change(&site, &copy)?;
        let unasked = needs == Needs::Witness && !knows_witnesses;
        let (ours, theirs) = if unasked { (Vec::new(), site.theirs(&outsider, &copy, needs)?) } else { ask(&site, &outsider, &copy, needs)? };
        outcome.counters.faults += 1;
        let (named, tool) = (ours.first().cloned().unwrap_or_default(), theirs.first().map_or("", |(name, _)| *name));
        outcome.note(format!("{name}: verify: {named}; {tool}: {}", theirs.first().map_or("", |(_, said)| said.as_str())));
        if unasked {
            outcome.note(format!("skipped: {name}: this binary's verify takes no witness's key"));
        } else if ours.is_empty() {
            outcome.wrong(format!("{name}: not caught by veritrail verify"));
        }
        if theirs.is_empty() {
            outcome.wrong(format!("{name}: not caught by a tool that is not ours"));
        }
    }
    Ok(outcome)
}

/// What `veritrail verify` names, and which of the other tools object.
fn ask(site: &Site, outsider: &Outsider, copy: &Path, needs: Needs) -> Result<(Vec<String>, Vec<(&'static str, String)>)> {
    let known = tools::text(&site.known)?;
    let further: &[&str] = match needs {
        Needs::Key => &[],
        Needs::Known => &["--from", &known],
        Needs::Witness => &["--witness", WITNESS],
    };
    let verdict = verify_copy(&site.house, copy, "activity", further)?;
    let ours = verdict.said.lines().filter_map(|line| line.strip_prefix("FAULT ")).map(str::to_owned).collect();
    Ok((ours, site.theirs(outsider, copy, needs)?))
}

fn site(shop: &Shop, folder: &Path) -> Result<Site> {
    let mut house = House::new(shop, folder)?;
    house.serve()?;
    let (older, now, known) = (folder.join("older"), folder.join("now"), folder.join("known"));
    fill(&house, &STEPS[..2])?;
    // Not from under a server that takes away what it has replaced.
    house.stop()?;
    tools::copy(&house.blobs(), &older)?;
    house.serve()?;
    let ids: Vec<String> = (STEPS[1]..STEPS[2]).map(|n| format!("r{n}")).collect();
    house.push(&records::body(&ids))?.ok()?;
    std::fs::write(&known, house.signed(STEPS[2])?)?;
    house.stop()?;
    tools::copy(&house.blobs(), &now)?;

    // The same master secret gives the same keys: the fork is signed as well as can be.
    let (elsewhere, data) = (folder.join("fork"), folder.join("fork/data"));
    std::fs::create_dir_all(&data)?;
    std::fs::copy(house.data.join("master.secret"), data.join("master.secret"))?;
    let mut second = House::at(shop, &elsewhere, &data)?;
    second.serve()?;
    let ids: Vec<String> = (0..STEPS[2] + 20).map(|n| format!("other{n}")).collect();
    second.push(&records::body(&ids))?.ok()?;
    second.signed(STEPS[2] + 20)?;
    second.stop()?;
    Ok(Site { fork: second.blobs(), house, older, now, known })
}

fn log(copy: &Path) -> PathBuf {
    copy.join("activity/0")
}

/// A value inside one record.
fn edit(_: &Site, copy: &Path) -> Result<()> {
    rewrite(&log(copy).join("tile/entries/000"), |mut bytes| {
        let at = bytes.windows(4).position(|w| w == b"view").context("the entries name what was done")?;
        bytes[at..at + 4].copy_from_slice(b"edit");
        Ok(bytes)
    })
}

/// The newest records with everything that held them.
fn drop_tail(_: &Site, copy: &Path) -> Result<()> {
    let log = log(copy);
    for folder in ["tile/0/002.p", "tile/entries/002.p"] {
        std::fs::remove_dir_all(log.join(folder))?;
    }
    let last = segments(&log)?.pop().context("there are segments")?;
    std::fs::remove_file(format!("{}.note", last.display()))?;
    Ok(std::fs::remove_file(last)?)
}

fn drop_middle(_: &Site, copy: &Path) -> Result<()> {
    rewrite_both(&log(copy), "001", |records| drop(records.drain(100..110)))
}

fn reorder(_: &Site, copy: &Path) -> Result<()> {
    rewrite_both(&log(copy), "000", |records| records.swap(10, 20))
}

/// One record a second time: its hash need not be made.
fn insert(_: &Site, copy: &Path) -> Result<()> {
    rewrite_both(&log(copy), "002.p/88", |records| records.insert(5, records[4].clone()))
}

fn replace(copy: &Path, with: &Path) -> Result<()> {
    std::fs::remove_dir_all(copy)?;
    tools::copy(with, copy)
}

fn fork(site: &Site, copy: &Path) -> Result<()> {
    replace(copy, &site.fork)
}

fn rollback(site: &Site, copy: &Path) -> Result<()> {
    replace(copy, &site.older)
}

/// The ledger of what members did, in the place of the activities.
fn swap(_: &Site, copy: &Path) -> Result<()> {
    replace(&copy.join("activity"), &copy.join("self"))
}

fn replay(site: &Site, copy: &Path) -> Result<()> {
    let checkpoint = "activity/0/checkpoint";
    std::fs::copy(site.older.join(checkpoint), copy.join(checkpoint)).map(drop).context("the older checkpoint")
}

fn fake_witness(_: &Site, copy: &Path) -> Result<()> {
    rewrite(&log(copy).join("checkpoint"), |mut note| {
        note.extend(FAKE_LINE.as_bytes());
        Ok(note)
    })
}

fn tile_only(_: &Site, copy: &Path) -> Result<()> {
    rewrite(&log(copy).join("tile/0/001"), |mut bytes| {
        bytes[7 * HASH_BYTES] ^= 1;
        Ok(bytes)
    })
}

/// A sealed part: no leaf holds its bytes, the signed manifest does.
fn segment_only(_: &Site, copy: &Path) -> Result<()> {
    let first = segments(&log(copy))?.into_iter().next().context("there are segments")?;
    rewrite(&first, |mut bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        Ok(bytes)
    })
}
