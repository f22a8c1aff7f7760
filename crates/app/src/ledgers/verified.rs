//! The ledgers verify themselves: what is new often, everything now and then. A fault becomes a finding, and so an alert.

use super::under_way;
use crate::{App, AppError, Result, rules::LEDGER_INTEGRITY};
use ledger::{Layout, Lock, Report, verify::verify_again};
use model::{
    DAY, Finding, Micros, Position, SECOND, Severity,
    position::{ACTIVITY, SELF},
    time::rfc3339,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use store::{
    records::{Findings, Settings},
    trail::{Head, Trail},
};
use utoipa::ToSchema;
use uuid::Uuid;

/// How often a server verifies its ledgers, in microseconds; 0: never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Records since the last verification.
    pub new_every: Micros,
    /// Every stored byte.
    pub all_every: Micros,
}

/// What is kept of a ledger's last verification, in the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    pub generation: u32,
    pub time: Micros,
    /// Records under the checkpoint then.
    pub size: u64,
    /// When the last reading of every byte was begun.
    pub all_time: Option<Micros>,
    pub faults: u64,
    /// Where the next one goes on. `None`: it reads everything, as after a fault, which must be found again.
    pub place: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerifiedView {
    pub time: String,
    pub size: u64,
    /// When every stored byte was last read; the others read what was new.
    pub all_time: Option<String>,
    /// 0 when all was well.
    pub faults: u64,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    New,
    All,
}

impl Schedule {
    fn due(&self, last: Option<&Verified>, now: Micros) -> Due {
        let since = |time: Micros, every: Micros| every > 0 && now - time >= every;
        match last {
            None if self.all_every > 0 => Due::All,
            None if self.new_every > 0 => Due::New,
            Some(last) if last.all_time.map_or(self.all_every > 0, |time| since(time, self.all_every)) => Due::All,
            Some(last) if since(last.time, self.new_every) => Due::New,
            _ => Due::Nothing,
        }
    }

    /// How long to rest between two looks at what is due, in microseconds.
    pub fn rest(&self) -> Micros {
        let shortest = [self.new_every, self.all_every].into_iter().filter(|every| *every > 0).min();
        shortest.unwrap_or(DAY).clamp(SECOND, 30 * SECOND)
    }
}

impl App {
    /// Verifies the ledgers that are due, one after the other. How many were.
    ///
    /// # Errors
    /// When the store cannot be read or the outcome not be kept; what was not kept is due again.
    pub async fn verify_due(&self, schedule: &Schedule) -> Result<usize> {
        let mut done = 0;
        for (ledger, head) in [(ACTIVITY, self.trail.head().await?), (SELF, self.self_trail.head().await?)] {
            let last = self.verified(ledger).await?.filter(|last| last.generation == head.generation);
            let due = schedule.due(last.as_ref(), self.now());
            if due != Due::Nothing && self.verify_ledger(ledger, &head, last, due == Due::All).await? {
                done += 1;
            }
        }
        Ok(done)
    }

    /// False where nothing is signed yet.
    async fn verify_ledger(&self, ledger: &'static str, head: &Head, last: Option<Verified>, all: bool) -> Result<bool> {
        let Some((_, keys)) = self.board.verifiers(ledger) else { return Ok(false) };
        let layout = Layout::new(ledger, head.generation);
        if head.integrated == head.first && self.blobs.get(&layout.checkpoint()).await?.is_none() {
            return Ok(false);
        }
        let (report, begun) = if all {
            self.verify_all(ledger, head.generation, keys).await?
        } else {
            let (lock, before) = (Lock::of(self.apart.clone(), ledger), last.as_ref().and_then(|last| last.place.as_deref()));
            let begun = self.now();
            (verify_again(self.blobs.as_ref(), (ledger, head.generation), keys, &lock, before, &mut |_| {}).await?, begun)
        };
        let now = self.now();
        let verified = Verified {
            generation: head.generation,
            time: now,
            size: report.size,
            all_time: if all || report.from == 0 { Some(begun) } else { last.and_then(|last| last.all_time) },
            faults: report.faults.len() as u64,
            place: report.place.as_ref().map(|place| place.encode()),
        };
        let finding = self.integrity_finding(ledger, head, &report, now);
        match report.faults.first() {
            None => tracing::info!("the ledger '{ledger}' was verified: {} records from {} on, no fault", report.size, report.from),
            Some(first) => tracing::error!("the ledger '{ledger}' has {} faults, the first in {}: {}", report.faults.len(), first.file, first.what),
        }
        let text = serde_json::to_string(&verified).map_err(|e| AppError::Internal(e.to_string()))?;
        let unit = self.records.begin().await?;
        unit.put_setting(&setting(ledger), &text).await?;
        unit.add_findings(finding.as_slice()).await?;
        if all {
            under_way::ended(&unit, ledger).await?;
        }
        unit.commit().await?;
        Ok(true)
    }

    async fn verified(&self, ledger: &str) -> Result<Option<Verified>> {
        let kept = self.records.setting(&setting(ledger)).await?;
        kept.map(|text| serde_json::from_str(&text).map_err(|e| AppError::Internal(e.to_string()))).transpose()
    }

    /// As pages show it.
    pub(super) async fn verified_view(&self, ledger: &str, generation: u32) -> Result<Option<VerifiedView>> {
        let last = self.verified(ledger).await?.filter(|last| last.generation == generation);
        Ok(last.map(|v| VerifiedView { time: rfc3339(v.time), size: v.size, all_time: v.all_time.map(rfc3339), faults: v.faults }))
    }

    /// One finding a day and first fault: a fault that stays is not forgotten by closing its alert.
    fn integrity_finding(&self, ledger: &str, head: &Head, report: &Report, now: Micros) -> Option<Finding> {
        let first = report.faults.first()?;
        let index = first.index.map_or([0xff; 8], u64::to_be_bytes);
        let about: [&[u8]; 6] =
            [ledger.as_bytes(), &head.generation.to_be_bytes(), first.file.as_bytes(), &index, first.what.as_bytes(), &(now / DAY).to_be_bytes()];
        let mac = self.keyring.mac("ledger-integrity", &about);
        let mut facts = Map::new();
        facts.insert("ledger".into(), json!(ledger));
        facts.insert("faults".into(), json!(report.faults.len()));
        facts.insert("file".into(), json!(first.file));
        if let Some(index) = first.index {
            facts.insert("record".into(), json!(index));
        }
        facts.insert("fault".into(), json!(first.what));
        let position = first.index.filter(|index| ledger == ACTIVITY && *index < report.size);
        Some(Finding {
            id: Uuid::from_slice(&mac[..16]).unwrap_or_default(),
            rule: LEDGER_INTEGRITY.to_owned(),
            rule_version: "1".to_owned(),
            severity: Severity::Critical,
            actor: None,
            source: Uuid::nil(),
            first: now,
            last: now,
            count: report.faults.len() as u64,
            events: position.map(|index| Position { ledger: ledger.to_owned(), generation: head.generation, index: head.first + index }).into_iter().collect(),
            facts,
            supersedes: None,
        })
    }
}

fn setting(ledger: &str) -> String {
    format!("ledger.{ledger}.verified")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::HOUR;

    #[test]
    fn what_is_new_is_due_often_and_everything_now_and_then() {
        let schedule = Schedule { new_every: HOUR, all_every: 7 * DAY };
        let check = |schedule: &Schedule, last: Option<(Micros, Option<Micros>)>, now: Micros, expect: Due| {
            let last = last.map(|(time, all_time)| Verified { time, all_time, ..Verified::default() });
            assert_eq!(schedule.due(last.as_ref(), now), expect, "{last:?} at {now}");
        };
        check(&schedule, None, 0, Due::All);
        check(&schedule, Some((0, Some(0))), HOUR - 1, Due::Nothing);
        check(&schedule, Some((0, Some(0))), HOUR, Due::New);
        check(&schedule, Some((7 * DAY - 1, Some(0))), 7 * DAY, Due::All);
        check(&schedule, Some((0, None)), 1, Due::All);
        let never = Schedule { new_every: 0, all_every: 0 };
        check(&never, None, DAY, Due::Nothing);
        check(&never, Some((0, Some(0))), 700 * DAY, Due::Nothing);
        check(&Schedule { all_every: 0, ..schedule }, None, 0, Due::New);
        check(&Schedule { all_every: 0, ..schedule }, Some((0, None)), HOUR - 1, Due::Nothing);
        assert_eq!((schedule.rest(), never.rest(), Schedule { new_every: 1, ..schedule }.rest()), (30 * SECOND, 30 * SECOND, SECOND));
    }
}
