//! The files of a pack beside its records: checkpoint, keys, time-stamp, the report, and the two texts for its reader.

use super::{
    report::{FORMAT, Listed, Report, Signed},
    zipped::Zipped,
};
use crate::{App, AppError, Result, events::sentence::grouped};
use ledger::{
    LogKeys,
    anchor::{Cosignature, Stamped, stamp_over, witnessed},
};
use model::{SECOND, erasure::mentions, position::ACTIVITY, time::rfc3339};
use serde_json::json;
use std::io::{Cursor, Read};
use zip::ZipArchive;

const README: &str = include_str!("../../../../../content/evidence/README.md");
const PAGE: &str = include_str!("../../../../../content/evidence/verify.html");
/// The files of a pack that may name people.
const NAMING: [&str; 3] = ["events.ndjson", "query.json", "README.md"];

/// A time-stamp, and how its checkpoint and that of the proofs hang together.
pub(super) struct Stamp {
    stamped: Stamped,
    /// Whether every record of the pack is under the stamped checkpoint.
    whole: bool,
    growth: Option<Growth>,
}

/// That the smaller tree is the beginning of the larger.
struct Growth {
    from: (u64, String),
    to: (u64, String),
    hashes: String,
}

/// The time-stamp to go with the pack; `None` where there is none, or none that belongs to what is signed.
pub(super) async fn stamp(app: &App, generation: u32, newest: Option<u64>, signed: Option<&Signed>) -> Result<Option<Stamp>> {
    let Some(signed) = signed else { return Ok(None) };
    let newest = newest.unwrap_or_default();
    let Some(stamped) = stamp_over(app.blobs.as_ref(), ACTIVITY, generation, newest).await? else { return Ok(None) };
    let root = String::from_utf8_lossy(&stamped.checkpoint).lines().nth(2).unwrap_or_default().to_owned();
    let (of_stamp, of_proofs) = ((stamped.size, root), (signed.size, signed.root.clone()));
    let whole = stamped.size > newest;
    if of_stamp == of_proofs {
        return Ok(Some(Stamp { stamped, whole, growth: None }));
    }
    let (from, to) = if of_stamp.0 < of_proofs.0 { (of_stamp, of_proofs) } else { (of_proofs, of_stamp) };
    let proof = ledger::prove_consistency(app.blobs.as_ref(), ACTIVITY, generation, from.0, Some(to.0)).await?;
    if (proof.from_root.to_string(), proof.to_root.to_string()) != (from.1.clone(), to.1.clone()) {
        tracing::error!(
            "the time-stamped checkpoint of {} records is not of this ledger and left out of a pack of evidence; run `veritrail verify`",
            stamped.size
        );
        return Ok(None);
    }
    let hashes = proof.hashes.iter().map(|hash| format!("{hash}\n")).collect();
    Ok(Some(Stamp { stamped, whole, growth: Some(Growth { from, to, hashes }) }))
}

/// Writes all of them into the pack.
pub(super) fn write(
    app: &App,
    zip: &mut Zipped,
    report: &Report<'_>,
    (origin, log_keys): &(String, LogKeys),
    stamp: Option<&Stamp>,
    listed: &[Listed],
) -> Result<()> {
    let key = match report.signed {
        Some(signed) => log_keys.of_size(signed.size).to_string(),
        None => log_keys.newest().to_string(),
    };
    let note = report.signed.map_or("", |signed| signed.note.as_str());
    let mut keys = app.board.witness_keys();
    let cosigned = witnessed(note, &keys);
    keys.retain(|key| cosigned.iter().any(|c| c.witness == key.name()));
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let mut about = report.json()?;
    about["ledger"]["origin"] = json!(origin);
    about["ledger"]["cosigned"] = cosigned.iter().map(|c| json!({ "witness": c.witness, "time": seconds(c) })).collect();
    about["ledger"]["time_stamp"] = json!(stamp.map(|s| json!({ "records": s.stamped.size, "time": rfc3339(s.stamped.time) })));

    zip.add("key", format!("{key}\n").as_bytes())?;
    // Whoever was given another of the log's keys is led to this one.
    let handovers = log_keys.handovers();
    if !handovers.is_empty() {
        zip.add("keys", handovers.as_bytes())?;
    }
    if !note.is_empty() {
        zip.add("checkpoint", note.as_bytes())?;
    }
    if !keys.is_empty() {
        zip.add("witness-keys", (keys.join("\n") + "\n").as_bytes())?;
    }
    if let Some(Stamp { stamped, growth, .. }) = stamp {
        zip.add(&format!("time/{}.checkpoint", stamped.size), &stamped.checkpoint)?;
        zip.add(&format!("time/{}.tsr", stamped.size), &stamped.reply)?;
        if let Some(growth) = growth {
            zip.add("time/consistency", growth.hashes.as_bytes())?;
        }
    }
    let text = serde_json::to_vec_pretty(&about).map_err(|e| AppError::Internal(e.to_string()))?;
    zip.add("query.json", &text)?;
    zip.add("README.md", readme(report, origin, !handovers.is_empty(), &cosigned, stamp)?.as_bytes())?;
    let pack = json!({ "format": FORMAT, "key": key, "handovers": handovers, "witness_keys": keys, "checkpoint": note, "about": about });
    zip.add("verify.html", page(&pack, listed)?.as_bytes())
}

/// By the witness's clock.
fn seconds(cosignature: &Cosignature) -> String {
    rfc3339(i64::try_from(cosignature.time_secs).unwrap_or(i64::MAX / SECOND).saturating_mul(SECOND))
}

/// The page, its data within. In a script element nothing may look like the element's end.
fn page(pack: &serde_json::Value, listed: &[Listed]) -> Result<String> {
    let text = |value: serde_json::Result<String>| value.map(|text| text.replace('<', "\\u003c")).map_err(|e| AppError::Internal(e.to_string()));
    let (pack, records) = (text(serde_json::to_string(pack))?, text(serde_json::to_string(listed))?);
    fill(PAGE, |name| match name {
        "pack" => Some(pack.as_str()),
        "records" => Some(records.as_str()),
        _ => None,
    })
}

fn readme(report: &Report<'_>, origin: &str, handed_over: bool, cosigned: &[Cosignature], stamp: Option<&Stamp>) -> Result<String> {
    let growth = stamp.and_then(|s| s.growth.as_ref());
    let there = |section: &str| match section {
        "records" => report.counts.records > 0,
        "handovers" => handed_over,
        "witnesses" => !cosigned.is_empty(),
        "time" => stamp.is_some(),
        "time-whole" => stamp.is_some_and(|s| s.whole),
        "time-part" => stamp.is_some_and(|s| !s.whole),
        "growth" => growth.is_some(),
        _ => false,
    };
    let time = |micros: Option<model::Micros>, none: &str| micros.map_or_else(|| none.to_owned(), rfc3339);
    let names: Vec<String> = cosigned.iter().map(|c| format!("{} at {}", c.witness, seconds(c))).collect();
    let records = match report.counts.records {
        1 => "1 record".to_owned(),
        many => format!("{} records", grouped(many)),
    };
    let mut question: String = report.lines()?.iter().map(|line| format!("    {line}\n")).collect();
    if question.is_empty() {
        question.push_str("    everything\n");
    }
    let values = [
        ("records", records),
        ("asker", report.asker.name.clone()),
        ("mark", report.question.mark.to_string()),
        ("role", report.question.role.name().replace('_', " ")),
        ("asked-at", rfc3339(report.asked_at)),
        ("made-at", rfc3339(report.made_at)),
        ("question", question),
        ("from", time(report.question.from, "the beginning")),
        ("until", time(report.question.until, "when it was made")),
        ("origin", origin.to_owned()),
        ("size", report.signed.map_or_else(|| "no".to_owned(), |s| s.size.to_string())),
        ("witnesses", names.join(", ")),
        ("quorum", cosigned.len().to_string()),
        ("stamp-size", stamp.map(|s| s.stamped.size.to_string()).unwrap_or_default()),
        ("stamp-time", stamp.map(|s| rfc3339(s.stamped.time)).unwrap_or_default()),
        ("from-size", growth.map(|g| g.from.0.to_string()).unwrap_or_default()),
        ("from-root", growth.map(|g| g.from.1.clone()).unwrap_or_default()),
        ("to-size", growth.map(|g| g.to.0.to_string()).unwrap_or_default()),
        ("to-root", growth.map(|g| g.to.1.clone()).unwrap_or_default()),
    ];
    fill(&sections(README, there), |name| values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()))
}

/// Leaves out the lines between `{{#name}}` and `{{/name}}` where there is nothing to say. One section holds no other.
fn sections(template: &str, there: impl Fn(&str) -> bool) -> String {
    let (mut kept, mut out) = (true, String::new());
    for line in template.lines() {
        if let Some(name) = line.strip_prefix("{{#").and_then(|rest| rest.strip_suffix("}}")) {
            kept = there(name);
        } else if line.starts_with("{{/") {
            kept = true;
        } else if kept {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Puts values in the place of `{{name}}`. What is put in is not looked at again.
fn fill<'v>(template: &str, value: impl Fn(&str) -> Option<&'v str>) -> Result<String> {
    let (mut out, mut rest) = (String::with_capacity(template.len()), template);
    while let Some((before, after)) = rest.split_once("{{") {
        let found = after.split_once("}}").and_then(|(name, after)| value(name).map(|value| (value, after)));
        let (value, after) = found.ok_or_else(|| AppError::Internal(format!("a template of evidence cannot be filled at '{{{{{:.20}'", after)))?;
        out.push_str(before);
        out.push_str(value);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether a kept file names any of these, packs looked into. One that cannot be opened might.
pub(crate) fn names_any(path: &str, bytes: &[u8], names: &[String]) -> bool {
    if !path.ends_with(".zip") {
        return mentions(&String::from_utf8_lossy(bytes), names);
    }
    NAMING.iter().any(|file| unpacked(bytes, file).is_none_or(|text| mentions(&text, names)))
}

fn unpacked(zip: &[u8], file: &str) -> Option<String> {
    let mut text = String::new();
    ZipArchive::new(Cursor::new(zip)).ok()?.by_name(file).ok()?.read_to_string(&mut text).ok()?;
    Some(text)
}
