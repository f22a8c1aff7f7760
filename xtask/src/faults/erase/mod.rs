//! Many people, of whom a part is erased: before, every value of everybody is found in what is kept; after, none of those erased, in no page, log, segment,
//! index or queue, also not after a restore of a backup from before; the others' are all there, and every proof verifies.

mod objects;
mod people;

use super::{
    Shop,
    counters::{Counters, Outcome},
    house::{House, LEDGERS, on_postgres, push},
    judge::verify,
    tools,
};
use crate::http::Connection;
use anyhow::{Context, Result, bail};
use objects::Objects;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use testkit::probe::{Installed, Probe};

const OFFICER: &str = "officer@company.example";
/// People's events in one body.
const PEOPLE_PER_BODY: usize = 50;
/// Erased persons for whose keys every place of every page is tried, and whose events' proofs are asked for.
const TRIED: usize = 100;
/// How long one erasure may take.
const ERASED_WITHIN: Duration = Duration::from_secs(120);
/// A dangerous operation wants a fresh sign-in every five minutes.
const FRESH: Duration = Duration::from_secs(200);

pub fn run(shop: &Shop, count: u64) -> Result<Outcome> {
    let erased = (count / 10).max(20).min(count / 2);
    let folder = shop.folder("erase")?;
    let objects = if shop.postgres.is_some() { Some(Objects::start(&folder)?) } else { None };
    let mut house = House::with(&shop.binary, &folder, &folder.join("data"), settings(shop, objects.as_ref())?)?;
    let mut outcome = Outcome::default();
    fill(&mut house, count, &mut outcome.counters)?;
    let (backups, keys) = (tools::text(&folder.join("backups"))?, tools::text(&folder.join("keys"))?);
    house.run(&["backup", "--to", &backups, "--keys", &keys], "")?;

    let before = canaries(&probe(&house)?);
    let missed: Vec<_> = (0..count).flat_map(people::all_of).filter(|canary| !before.contains(canary)).collect();
    if let Some((field, n)) = missed.first() {
        bail!("before: the probe does not find {} values, {} the first: it would not find what is left of them", missed.len(), people::canary(*field, *n));
    }
    let whom = persons(&house, erased)?;
    let begun = Instant::now();
    erase(&mut house, &whom)?;
    outcome.note(format!(
        "{} values of {count} people found before; {erased} erased in {:.1} s; probed {} bytes or more a time",
        before.len(),
        begun.elapsed().as_secs_f64(),
        size(&probe(&house)?)
    ));
    outcome.counters.faults = erased;
    let after = probe(&house)?;
    compare("after", &after, count, erased, &mut outcome);
    let tried: Vec<String> = whom.iter().take(TRIED).flat_map(|w| w.subjects.clone()).collect();
    match after.keys_found(&tried) {
        0 => outcome.note(format!("no key of {} erased accounts unwraps out of any page", tried.len())),
        found => outcome.wrong(format!("keys of {found} erased accounts still lie in the key store's pages")),
    }
    drop(after);
    proofs(&house, count, erased, &mut outcome)?;
    house.stop()?;
    for ledger in LEDGERS {
        let verdict = verify(&house, ledger)?;
        outcome.counters.unverifiable += verdict.faults();
        if let (Some(size), "activity") = (verdict.size, ledger) {
            outcome.counters.found = size;
        }
    }
    outcome.counters.lost = outcome.counters.acknowledged.saturating_sub(outcome.counters.found);
    restored(shop, &house, objects.as_ref(), (&backups, &keys), (count, erased), &tried, &mut outcome)?;
    Ok(outcome)
}

fn settings(shop: &Shop, objects: Option<&Objects>) -> Result<Vec<(String, String)>> {
    let Some((server, objects)) = shop.postgres.as_ref().zip(objects) else { return Ok(Vec::new()) };
    let mut settings = on_postgres(&server.create_database()?);
    settings.push(("VERITRAIL__DATA__BLOBS".into(), objects.create_bucket()?));
    Ok(settings)
}

/// A directory, everybody's events and unreadable records, an export.
fn fill(house: &mut House, count: u64, counters: &mut Counters) -> Result<()> {
    let file = house.folder.join("people.csv");
    std::fs::write(&file, people::directory(count))?;
    house.run(&["directory", "import", &tools::text(&file)?], "")?;
    std::fs::remove_file(&file)?;
    house.hire()?;
    house.hire_as(OFFICER, "privacy_officer")?;
    house.serve()?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?;
    let mut pusher = house.pusher()?;
    let numbers: Vec<u64> = (0..count).collect();
    for part in numbers.chunks(PEOPLE_PER_BODY) {
        let events: String = part.iter().map(|n| people::events(*n, now)).collect();
        let unreadable: String = part.iter().map(|n| people::unreadable(*n)).collect();
        for body in [events, unreadable] {
            let answer = push(&mut pusher, &body)?.ok()?.json()?;
            counters.acknowledged += answer["accepted"].as_u64().unwrap_or(0);
        }
    }
    counters.sent = count * people::EVENTS;
    house.indexed(counters.sent)?;
    let mut analyst = house.analyst(&house.sign_in()?)?;
    let asked = json!({ "format": "csv", "query": "from=-1h" }).to_string();
    let made = analyst.post("/api/v1/exports", "application/json", asked.as_bytes())?;
    let job = made.json()?["id"].as_str().with_context(|| format!("the export was answered {}", made.status))?.to_owned();
    wait("the export is made", ERASED_WITHIN, || Ok(analyst.get(&format!("/api/v1/jobs/{job}"))?.ok()?.json()?["state"] == "done"))
}

/// An erased person, and the accounts that are his.
struct Whom {
    id: String,
    subjects: Vec<String>,
}

/// The first of the directory, by their names.
fn persons(house: &House, erased: u64) -> Result<Vec<Whom>> {
    let mut officer = house.analyst(&house.sign_in_as(OFFICER)?)?;
    (0..erased)
        .map(|n| {
            let name = people::canary('d', n);
            let found = officer.get(&format!("/api/v1/persons?limit=2&q={name}"))?.ok()?.json()?;
            let person = found["items"].as_array().into_iter().flatten().find(|p| p["name"] == name.as_str());
            let id = person.and_then(|p| p["id"].as_str()).with_context(|| format!("nobody is called {name}: {found}"))?.to_owned();
            let detail = officer.get(&format!("/api/v1/persons/{id}"))?.ok()?.json()?;
            let subjects = detail["links"].as_array().into_iter().flatten().filter_map(|l| l["subject"].as_str().map(str::to_owned)).collect();
            Ok(Whom { id, subjects })
        })
        .collect()
}

/// As the privacy officer asks: one after the other, then each is waited for.
fn erase(house: &mut House, whom: &[Whom]) -> Result<()> {
    let mut officer: Option<(Connection, Instant)> = None;
    let mut asked = Vec::new();
    for (n, person) in whom.iter().enumerate() {
        if officer.as_ref().is_none_or(|(_, since)| since.elapsed() > FRESH) {
            officer = Some((house.analyst(&house.sign_in_as(OFFICER)?)?, Instant::now()));
        }
        let Some((connection, _)) = officer.as_mut() else { continue };
        let body = json!({ "person": person.id, "basis": "objection", "reason": format!("Case {n}") }).to_string();
        let answer = connection.post("/api/v1/erasures", "application/json", body.as_bytes())?;
        asked.push(
            answer.json()?["id"]
                .as_str()
                .with_context(|| format!("an erasure was answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body)))?
                .to_owned(),
        );
    }
    let (mut connection, _) = officer.context("somebody is erased")?;
    for id in asked {
        wait("an erasure is done", ERASED_WITHIN, || {
            let erasure = connection.get(&format!("/api/v1/erasures/{id}"))?.ok()?.json()?;
            if let Some(trouble) = erasure["trouble"].as_str() {
                bail!("an erasure is in trouble: {trouble}");
            }
            Ok(erasure["state"] == "done")
        })?;
    }
    Ok(())
}

/// Erased events keep their places and their proofs; the others' values are what they were.
fn proofs(house: &House, count: u64, erased: u64, outcome: &mut Outcome) -> Result<()> {
    let mut analyst = house.analyst(&house.sign_in()?)?;
    let there = analyst.get("/api/v1/events/count?from=-1d")?.ok()?.json()?["count"].as_u64();
    if there != Some(count * people::EVENTS) {
        outcome.wrong(format!("after the erasures {there:?} events are found, there were {}", count * people::EVENTS));
    }
    let (mut seen, mut proved, mut next) = (0, 0, String::new());
    loop {
        let page: Value = analyst.get(&format!("/api/v1/events?from=-1d&limit=200{next}"))?.ok()?.json()?;
        for event in page["items"].as_array().into_iter().flatten().filter(|event| event["erased"] == true) {
            seen += 1;
            if proved < TRIED {
                let at = event["position"].as_str().context("an event has a position")?;
                analyst.get(&format!("/api/v1/events/{at}/proof"))?.ok()?;
                proved += 1;
            }
        }
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    if seen != erased * people::EVENTS {
        outcome.wrong(format!("{seen} events read as erased, {} should", erased * people::EVENTS));
    }
    outcome.note(format!("{seen} events read as erased, {proved} of their proofs asked for"));
    Ok(())
}

/// The backup from before, restored into nothing beside the lock there is: who was erased since is erased again before anything is served.
fn restored(
    shop: &Shop,
    house: &House,
    objects: Option<&Objects>,
    (backups, keys): (&str, &str),
    (count, erased): (u64, u64),
    tried: &[String],
    outcome: &mut Outcome,
) -> Result<()> {
    let data = house.folder.join("restored");
    let mut again = house.moved(&data)?;
    again.settings = settings(shop, objects)?;
    std::fs::create_dir_all(&data)?;
    std::fs::copy(house.data.join("master.secret"), data.join("master.secret"))?;
    again.run(&["restore", "--from", backups, "--keys", keys], "")?;
    // What was signed since the backup is lost and declared: the erasures' own records are.
    for ledger in ["self", "activity"] {
        let asked = ["ledger", "new-generation", "--ledger", ledger, "--reason", "a restore"];
        let (shown, said) = again.try_run(&asked)?;
        if let Some(range) = said.split_once("--lost ").and_then(|(_, rest)| rest.split_whitespace().next()).filter(|_| shown.success()) {
            again.run(&[&asked[..], &["--lost", range, "--yes"]].concat(), "")?;
        }
    }
    outcome.counters.recovered.push(again.serve()?);
    let probed = probe(&again)?;
    // Erased ones may only be nowhere; the others' values come out of the restored records at once.
    compare("after a restore", &probed, count, erased, outcome);
    if probed.keys_found(tried) > 0 {
        outcome.wrong("a restore brought keys of erased accounts back");
    }
    outcome.note("a backup from before, restored after, brought nothing back");
    again.stop()
}

/// What of the erased is still found, and what of the others is not.
fn compare(when: &str, probe: &Probe, count: u64, erased: u64, outcome: &mut Outcome) {
    let found = canaries(probe);
    let left: Vec<_> = found.iter().filter(|(_, n)| *n < erased).collect();
    if let Some((field, n)) = left.first() {
        let canary = people::canary(*field, *n);
        outcome.wrong(format!("{when}: {} values of erased people are left, {canary} in {:?}", left.len(), probe.places(&canary)));
    }
    let gone: Vec<_> = (erased..count).flat_map(people::all_of).filter(|canary| !found.contains(canary)).collect();
    if let Some((field, n)) = gone.first() {
        outcome.wrong(format!("{when}: {} values of the others are gone, {} the first", gone.len(), people::canary(*field, *n)));
    }
}

fn canaries(probe: &Probe) -> BTreeSet<(char, u64)> {
    let mut found = BTreeSet::new();
    probe.texts().for_each(|(_, text)| people::in_text(text, &mut found));
    found
}

fn size(probe: &Probe) -> usize {
    probe.texts().map(|(_, text)| text.len()).sum()
}

fn probe(house: &House) -> Result<Probe> {
    let own = |name: &str| house.setting(name).map(str::to_owned);
    let installed = Installed { data: house.data.clone(), postgres: own("VERITRAIL__DATA__RECORDS"), blobs: own("VERITRAIL__DATA__BLOBS") };
    Ok(tokio::runtime::Runtime::new()?.block_on(Probe::of(&installed)))
}

fn wait(what: &str, within: Duration, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !done()? {
        if begun.elapsed() > within {
            bail!("{what}: not within {} s", within.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
