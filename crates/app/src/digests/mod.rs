//! The daily digest of what administrators and the host's command line did, for auditors: made by Veritrail itself, kept in the records, mailed to
//! every auditor. It has no switch; that the configuration of auditing changed stands in it and in the own trail.

use crate::{
    App, Caller, Kind, Operation, Result, Target,
    door::{Act, HOST},
    letters::Letter,
    sessions::may_sign_in,
    view::Named,
};
use model::{DAY, HOUR, MemberKind, Micros, Role, time::rfc3339};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use store::{
    records::{ActCount, DigestRow, Digests, Members},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

pub use configured::Configured;

mod configured;
#[cfg(test)]
mod tests;

/// A day's digest is made at this hour of the next, in UTC.
const HOUR_MADE: i64 = 5;
/// Mail that was not taken is tried again for this long.
const PATIENCE: Micros = 2 * DAY;
const SHOWN: u64 = 60;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DigestList {
    pub items: Vec<DigestView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DigestView {
    /// `2026-11-26`, in UTC.
    pub day: String,
    pub made: String,
    pub people: Vec<DigestPerson>,
    pub changes: u64,
    pub reads: u64,
    pub refused: u64,
    /// How many auditors it was mailed to.
    pub mailed: u64,
}

/// What one administrator, or the host's command line, did on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DigestPerson {
    /// `null`: the host's command line.
    pub member: Option<Named>,
    pub acts: Vec<DigestAct>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DigestAct {
    pub operation: String,
    /// It changed something, or let something leave.
    pub change: bool,
    pub succeeded: u64,
    pub failed: u64,
}

impl App {
    pub async fn digests(&self, caller: &Caller) -> Result<DigestList> {
        self.read(caller, Operation::DigestsList, (), Value::Null).await?;
        let names: HashMap<Uuid, String> = self.records.members().await?.into_iter().map(|m| (m.id, m.name)).collect();
        let rows = self.records.digests(SHOWN).await?;
        Ok(DigestList { items: rows.into_iter().map(|row| view(row, &names)).collect() })
    }

    /// Makes yesterday's digest once its hour has come, and mails those that some auditor has not got yet. False: there was nothing to do.
    pub async fn run_digests_step(&self) -> Result<bool> {
        let now = self.now();
        let newest = self.records.digests(3).await?;
        let today = now - now.rem_euclid(DAY);
        let day = day_of(today - DAY);
        if now - today >= HOUR_MADE * HOUR && newest.iter().all(|d| d.day != day) {
            return self.make_digest(day, today).await;
        }
        for digest in newest.into_iter().filter(|d| now - d.made < PATIENCE) {
            if self.mail_digest(digest).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn make_digest(&self, day: String, until: Micros) -> Result<bool> {
        let counts = self.records.acts_of_administrators(until - DAY, until).await?;
        let row = DigestRow { day: day.clone(), made: self.now(), counts, mailed: Vec::new() };
        let act = Act { detail: json!({ "day": day }), ..Act::unattended("digests.send", None, None, Target::none()) };
        self.recorded(act, async |unit: &Unit| Ok(unit.add_digest(&row).await?)).await
    }

    /// Mails it to auditors who have not got it. Whether any mail was taken.
    async fn mail_digest(&self, mut digest: DigestRow) -> Result<bool> {
        let Some(letters) = &self.letters else { return Ok(false) };
        let now = self.now();
        let wanting = |m: &model::Member| m.kind == MemberKind::Person && m.role == Role::Auditor && may_sign_in(m, now);
        let auditors: Vec<_> = self.records.members().await?.into_iter().filter(|m| wanting(m) && !digest.mailed.contains(&m.id)).collect();
        let before = digest.mailed.len();
        for auditor in auditors {
            let letter = self.letter(&digest, auditor.email);
            match letters.send(letter).await {
                Ok(()) => digest.mailed.push(auditor.id),
                Err(error) => tracing::warn!("the digest of {} was not mailed to an auditor; it is tried again: {error}", digest.day),
            }
        }
        if digest.mailed.len() > before {
            self.records.digest_mailed(&digest.day, &digest.mailed).await?;
        }
        Ok(digest.mailed.len() > before)
    }

    /// Counts only: mail names nobody.
    fn letter(&self, digest: &DigestRow, to: String) -> Letter {
        let view = view(digest.clone(), &HashMap::new());
        let mut lines = vec![format!(
            "On {}, {} administrators and the host's command line made {} changes, read {} times and were refused {} times.",
            view.day,
            view.people.iter().filter(|p| p.member.is_some()).count(),
            view.changes,
            view.reads,
            view.refused
        )];
        let mut changes: HashMap<&str, u64> = HashMap::new();
        for act in view.people.iter().flat_map(|p| &p.acts).filter(|a| a.change && a.succeeded > 0) {
            *changes.entry(&act.operation).or_default() += act.succeeded;
        }
        let mut changes: Vec<_> = changes.into_iter().collect();
        changes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        lines.extend(changes.into_iter().map(|(operation, times)| format!("{operation}: {times}")));
        lines.push("Who did what is on the page. This letter comes every day, also when nothing happened; ask if one is missing.".into());
        Letter { to, subject: format!("What administrators did on {}", view.day), lines, link: self.link_to_digests(&view.day) }
    }

    fn link_to_digests(&self, day: &str) -> String {
        format!("{}/self?acts=administrators&day={day}", self.public_url.trim_end_matches('/'))
    }
}

/// Roles that count as administering, for the own trail too.
pub(crate) fn administering() -> Vec<String> {
    vec![Role::Administrator.name().to_owned(), HOST.to_owned()]
}

fn view(row: DigestRow, names: &HashMap<Uuid, String>) -> DigestView {
    let mut people: Vec<DigestPerson> = Vec::new();
    let (mut changes, mut reads, mut refused) = (0, 0, 0);
    for ActCount { member, operation, succeeded, failed } in row.counts {
        // The host's command line is recorded under the nil id, or under none.
        let member = member.filter(|id| !id.is_nil());
        let named = member.map(|id| Named::new(id, names.get(&id).cloned().unwrap_or_else(|| "a member no longer there".into())));
        let change = Operation::from_name(&operation).is_none_or(|o| o.kind() != Kind::Read);
        *(if change { &mut changes } else { &mut reads }) += succeeded;
        refused += failed;
        let act = DigestAct { operation, change, succeeded, failed };
        match people.iter_mut().find(|p| p.member.as_ref().map(|m| m.id) == member) {
            Some(person) => person.acts.push(act),
            None => people.push(DigestPerson { member: named, acts: vec![act] }),
        }
    }
    people.iter_mut().for_each(|p| p.acts.sort_by_key(|a| (!a.change, a.operation.clone())));
    DigestView { day: row.day, made: rfc3339(row.made), people, changes, reads, refused, mailed: row.mailed.len() as u64 }
}

fn day_of(time: Micros) -> String {
    rfc3339(time).chars().take(10).collect()
}
