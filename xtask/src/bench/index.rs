//! `cargo xtask bench index`: in how much memory a very large searchable view answers, and how fast.
//!
//! Through the product's own view, without a server around it, so that 100 million events need no night. Each event has every column that the product
//! gives one and as many words; the stored record, which no question reads but for the hits of its page, is as long as `--record-bytes` says.
//! To hold it to a limit, its page cache included: `systemd-run --scope -p MemoryMax=1G cargo xtask bench index --keep DIR --ask`.

use super::{
    disk,
    records::{self, BEGIN, DAY, END, Records, mix, skewed},
    report::{number, table},
    say,
};
use anyhow::{Context, Result, ensure};
use clap::Parser;
use model::{
    ActorKind, Class, ClearEvent, EventTime, Outcome, Position, Scope,
    query::{EventQuery, Field, Filter, IndexEntry},
};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use store::events::{Events, Splits};
use uuid::Uuid;

const ADDED_AT_ONCE: u64 = 2_000;
const COMMIT_EVERY: u64 = 200_000;
const SAY_EVERY: Duration = Duration::from_secs(30);
/// Constants of each kind of question; the first is not counted.
const CONSTANTS: u64 = 9;
const PAGE: usize = 100;
/// Words that many events share, and those that only this event has (its number, its request).
const SHARED_WORDS: u64 = 27;
const OWN_WORDS: u64 = 3;
const VOCABULARY: u64 = 200_000;

#[derive(Parser)]
#[command(name = "cargo xtask bench index", about = "Measures a very large searchable view: memory and questions")]
struct Arguments {
    /// Events in the view at the end.
    #[arg(long, default_value_t = 10_000_000)]
    count: u64,
    /// Bytes of an event's stored record; about 1,000 in a trail.
    #[arg(long, default_value_t = 1_000)]
    record_bytes: usize,
    /// Works in this directory and leaves everything there: filling goes on where it was.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Only asks what --keep holds.
    #[arg(long)]
    ask: bool,
}

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let arguments = Arguments::parse_from(arguments);
    let folder = arguments.keep.clone().unwrap_or_else(|| std::env::temp_dir().join("veritrail-index"));
    if arguments.keep.is_none() && folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let view = View { records: Records::new(arguments.count), record: vec![7; arguments.record_bytes] };
    tokio::runtime::Runtime::new()?.block_on(async {
        let splits = Splits::open(folder.join("index")).await?;
        if !arguments.ask {
            view.fill(&splits).await?;
        }
        let held = splits.resume().await?;
        ensure!(held == arguments.count, "'{}' holds {held} events of {}; leave --ask away to fill it", folder.display(), arguments.count);
        view.ask(splits, &folder).await
    })?;
    if arguments.keep.is_none() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

struct View {
    records: Records,
    record: Vec<u8>,
}

impl View {
    async fn fill(&self, splits: &Splits) -> Result<()> {
        let first = splits.resume().await?;
        let (begun, mut said, mut next) = (Instant::now(), Instant::now(), first);
        while next < self.records.count {
            let until = (next + ADDED_AT_ONCE).min(self.records.count);
            splits.add((next..until).map(|n| self.entry(n)).collect()).await?;
            next = until;
            if next % COMMIT_EVERY == 0 || next == self.records.count {
                splits.commit(next).await?;
            }
            if said.elapsed() > SAY_EVERY {
                let rate = (next - first) as f64 / begun.elapsed().as_secs_f64();
                say(format_args!("{next} of {}, {rate:.0}/s, {:.0} s left", self.records.count, (self.records.count - next) as f64 / rate));
                said = Instant::now();
            }
        }
        if next > first {
            say(format_args!(
                "filled: {:.0} events/s; {} MiB of its own memory at most",
                (next - first) as f64 / begun.elapsed().as_secs_f64(),
                Memory::now()?.highest >> 10
            ));
        }
        Ok(())
    }

    fn entry(&self, n: u64) -> IndexEntry {
        let r = |purpose| mix(n, purpose);
        let account = skewed(n, 1, records::ACCOUNTS);
        let (mut share, mut act) = (r(2) % 1_000, records::ACTS[2]);
        for one in records::ACTS {
            act = one;
            match share.checked_sub(one.2) {
                Some(rest) => share = rest,
                None => break,
            }
        }
        let (action, object_type, _) = act;
        let (class, activity) = match action {
            "logon" => (Class::Authentication, model::class::act::LOGON),
            "logoff" => (Class::Authentication, model::class::act::LOGOFF),
            "update" => (Class::WebResources, model::class::act::UPDATE),
            "create" => (Class::WebResources, model::class::act::CREATE),
            "delete" => (Class::WebResources, model::class::act::DELETE),
            "search" | "query" => (Class::WebResources, model::class::act::SEARCH),
            "export" => (Class::WebResources, model::class::act::EXPORT),
            _ => (Class::WebResources, model::class::act::READ),
        };
        let time = self.records.time(n);
        let clear = ClearEvent {
            activity_id: activity,
            actor_kind: ActorKind::Human,
            actor_subject: Some(actor(account)),
            bytes: None,
            class_uid: class,
            commitments: Default::default(),
            corrects: None,
            normaliser: "generic/1".into(),
            object_type: (!object_type.is_empty()).then(|| object_type.to_owned()),
            outcome: if r(3) % 1_000 < 20 { Outcome::Failure } else { Outcome::Success },
            reason: None,
            received: time,
            rows: matches!(action, "export" | "query" | "search").then(|| 1 + skewed(n, 9, 9_000)),
            schema_version: 1,
            source: Uuid::from_u128(0x50),
            stream: "records".into(),
            target_subject: (!object_type.is_empty()).then(|| target(skewed(n, 8, records::RECORDS))),
            time: EventTime::utc(time),
            vendor_type: action.into(),
        };
        let roaming = r(4) % 100 < 6;
        let address = if roaming {
            let at = skewed(n, 5, records::ROAMING_ADDRESSES);
            format!("192.0.{}.{}", at / 250, at % 250)
        } else {
            records::home_address(account)
        };
        let mut tokens: Vec<u64> = (0..SHARED_WORDS).map(|w| word(skewed(n, 100 + w, VOCABULARY))).chain((0..OWN_WORDS).map(|w| mix(n, 200 + w))).collect();
        tokens.sort_unstable();
        tokens.dedup();
        IndexEntry {
            position: Position { ledger: "activity".into(), generation: 0, index: n },
            clear,
            record: self.record.clone(),
            person: Some(person(account)),
            department: Some(Uuid::from_u128(0xd0 + u128::from(account % 5))),
            address: Some(address),
            session: Some(format!("s{:011x}", mix(account * 100_000 + n / 20_000, 17) & 0xfff_ffff_ffff)),
            tokens,
        }
    }

    async fn ask(&self, splits: Splits, folder: &Path) -> Result<()> {
        let begun = Instant::now();
        splits.warm()?;
        let (warm, resting) = (begun.elapsed(), Memory::now()?);
        let week = Some(END - 7 * DAY);
        let of = |field, value: String| EventQuery { filters: vec![Filter { field, values: vec![value], exclude: false }], ..EventQuery::default() };
        let all = Scope::everything();
        let mut rows = Vec::new();
        let mut row = |title: &str, mut took: Vec<f64>, answer: String| {
            took.remove(0);
            took.sort_by(f64::total_cmp);
            rows.push(vec![title.to_owned(), number(took[took.len() / 2]), number(took.last().copied().unwrap_or(0.0)), answer]);
        };
        // Each kind: median, worst, and what the last answer was, so that nobody takes an empty one for a quick one.
        macro_rules! kind {
            ($title:literal, $n:ident => $question:expr, $said:expr) => {{
                let (mut took, mut answer) = (Vec::new(), String::new());
                for $n in 0..CONSTANTS {
                    let begun = Instant::now();
                    let given = $question;
                    took.push(begun.elapsed().as_secs_f64() * 1_000.0);
                    #[allow(clippy::redundant_closure_call)]
                    (answer = ($said)(given));
                }
                row($title, took, answer);
            }};
        }
        let hits = |page: model::query::Page| format!("{} hits", page.hits.len());
        kind!("person's last 100", n => splits.search(&all, &of(Field::Person, person(7 + n * 90).to_string()), None, PAGE).await?, hits);
        kind!("record's last 100", n => splits.search(&all, &of(Field::Target, target(40 + n * 3_000).to_string()), None, PAGE).await?, hits);
        kind!("address' last 100", n => splits.search(&all, &of(Field::Address, records::home_address(3 + n * 80)), None, PAGE).await?, hits);
        kind!("rare word", n => splits.search(&all, &EventQuery { tokens: vec![mix(self.records.count / 10 * n, 200)], ..EventQuery::default() }, None, PAGE).await?, hits);
        kind!("two common words", n => splits.search(&all, &EventQuery { tokens: vec![word(n), word(n + 11)], ..EventQuery::default() }, None, PAGE).await?, hits);
        kind!("newest 100", _n => splits.search(&all, &EventQuery::default(), None, PAGE).await?, hits);
        kind!("oldest page of a day", n => splits.search(&all, &EventQuery { until: Some(BEGIN + (n as i64 + 1) * DAY), ..EventQuery::default() }, None, PAGE).await?, hits);
        kind!("count, all time", _n => splits.count(&all, &EventQuery::default()).await?, |c: u64| c.to_string());
        kind!("count of a person, all time", n => splits.count(&all, &of(Field::Person, person(7 + n * 90).to_string())).await?, |c: u64| c.to_string());
        kind!("count, more than 8,000 rows, 7 days", _n => splits.count(&all, &EventQuery { from: week, min_rows: Some(8_000), ..EventQuery::default() }).await?, |c: u64| c.to_string());
        const SIX: [Field; 6] = [Field::Class, Field::Activity, Field::Outcome, Field::Department, Field::ObjectType, Field::VendorType];
        let facets = |f: Vec<model::query::Facet>| format!("{} facets", f.len());
        kind!("6 facets, all time", _n => splits.facets(&all, &EventQuery::default(), &SIX, 20).await?, facets);
        kind!("6 facets of a person", n => splits.facets(&all, &of(Field::Person, person(7 + n * 90).to_string()), &SIX, 20).await?, facets);
        kind!("facet of persons, 7 days", _n => splits.facets(&all, &EventQuery { from: week, ..EventQuery::default() }, &[Field::Person], 20).await?, facets);
        kind!("facet of records, all time", _n => splits.facets(&all, &EventQuery::default(), &[Field::Target], 20).await?, facets);
        let bars = |b: Vec<model::query::Bucket>| format!("{} bars", b.len());
        kind!("bars by day", _n => splits.histogram(&all, &EventQuery::default(), DAY).await?, bars);
        kind!("bars by hour of a department", n => splits.histogram(&all, &of(Field::Department, Uuid::from_u128(0xd0 + u128::from(n % 5)).to_string()), DAY / 24).await?, bars);
        say(format_args!("\n{}", table(&["question", "ms", "worst", "the last answer"], &rows)));
        let asked = Memory::now()?;
        let bytes = disk::size(folder) / self.records.count;
        let rows = [
            ("events, days", format!("{}, {}", self.records.count, splits.days().await?.len())),
            ("bytes on disk per event", bytes.to_string()),
            ("roll-ups made after a start, s", number(warm.as_secs_f64())),
            ("its own memory after that, MiB", (resting.own >> 10).to_string()),
            ("its own memory after all questions, MiB", (asked.own >> 10).to_string()),
            ("resident at most, page cache of its files included, MiB", (asked.highest >> 10).to_string()),
        ];
        say(format_args!("{}", table(&["measure", "value"], &rows.map(|(name, value)| vec![name.to_owned(), value]))));
        Ok(())
    }
}

fn actor(account: u64) -> Uuid {
    Uuid::from_u128(u128::from(mix(account, 300)) << 64 | u128::from(account))
}

fn person(account: u64) -> Uuid {
    Uuid::from_u128(u128::from(mix(account, 301)) << 64 | u128::from(account))
}

fn target(record: u64) -> Uuid {
    Uuid::from_u128(u128::from(mix(record, 302)) << 64 | u128::from(record))
}

fn word(number: u64) -> u64 {
    mix(number, 303)
}

/// Of this process, KiB.
struct Memory {
    /// What it holds itself; files that are mapped are the system's to drop.
    own: u64,
    highest: u64,
}

impl Memory {
    fn now() -> Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let of = |name: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(name)).with_context(|| format!("/proc/self/status has no {name}"))?;
            Ok::<u64, anyhow::Error>(line.trim().trim_end_matches(" kB").trim().parse()?)
        };
        Ok(Self { own: of("RssAnon:")?, highest: of("VmHWM:")? })
    }
}
