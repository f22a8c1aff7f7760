//! Asking for masked values of one event: at once within a day's quota where they are personal, after a second member's approval where sensitive.

use super::{
    sight::{Maskable, RAW, maskable},
    view::{RevealNew, RevealView},
};
use crate::{
    App, AppError, Caller, FieldProblem, Operation, Result,
    events::{Viewer, read_position},
};
use ledger::Opened;
use model::{DAY, FieldClass, MINUTE, Micros, Part, Position, Reveal, RevealState, position::ACTIVITY, query::Hit};
use serde_json::json;
use store::{records::Reveals, sql::Unit};
use uuid::Uuid;

/// How long personal values are shown.
const SHOWN: Micros = 15 * MINUTE;
/// How long a request may be decided.
const WAITS: Micros = DAY;
const MOST_REASON_CHARS: usize = 500;
const MOST_FIELDS: usize = 100;

impl App {
    /// Reveals masked values of an event to the member who asks, or asks a second member where they are sensitive. The answer holds no value:
    /// the event shows them from then on.
    ///
    /// # Errors
    /// `Conflict` when a value is shown anyhow, erased or a secret, or when the day's quota is used up.
    pub async fn reveal(&self, caller: &Caller, position: &str, new: RevealNew) -> Result<RevealView> {
        let position = read_position(position)?;
        self.allowed(caller, Operation::EventsReveal, &position).await?;
        let (fields, reason) = checked(new)?;
        let viewer = Viewer::new(caller.member.role, self.scope_of(caller, Operation::EventsReveal).await?);
        let hit = self.events.get(&viewer.scope, &position).await?.ok_or_else(|| AppError::not_found(format!("event {position}")))?;
        let class = match self.class_of(&viewer, &hit, &fields).await {
            Ok(class) => class,
            // Whoever asked for a secret is recorded too.
            Err(refused) => {
                let detail = json!({ "fields": fields, "reason": reason });
                return self.change(caller, Operation::EventsReveal, &position, detail, async |_: &Unit| Err(refused)).await;
            }
        };
        let now = self.now();
        let (state, until) = match class {
            FieldClass::Sensitive => (RevealState::Asked, now + WAITS),
            _ => (RevealState::Granted, now + SHOWN),
        };
        let member = caller.member.id;
        let reveal = Reveal { id: Uuid::now_v7(), member, position, fields, class, reason, state, asked: now, until, decided_by: None, decided: None };
        let detail = json!({ "reveal": reveal.id, "fields": reveal.fields, "class": class.name(), "reason": reveal.reason, "state": state.name() });
        let quota = self.masking.reveals_per_day;
        self.change(caller, Operation::EventsReveal, &reveal.position, detail, async |unit: &Unit| {
            unit.hold_reveals_of(member).await?;
            let before = unit.reveals_of(member, &reveal.position, now.saturating_sub(WAITS)).await?;
            if before.iter().any(|r| r.in_force(now) && r.class >= class && reveal.fields.iter().all(|field| r.covers(field))) {
                return Err(AppError::Conflict("this is revealed to you, or waits for a decision, already".into()));
            }
            let used = unit.fields_revealed(member, now.saturating_sub(DAY)).await?;
            if used + reveal.fields.len() as u64 > quota {
                return Err(AppError::Conflict(format!(
                    "a member may reveal {quota} values in 24 hours, and you revealed {used}; wait, or ask whoever runs Veritrail for more (masking.reveals_per_day)"
                )));
            }
            Ok(unit.add_reveal(&reveal).await?)
        })
        .await?;
        self.one_reveal(reveal).await
    }

    /// The strictest class of the masked values asked for.
    async fn class_of(&self, viewer: &Viewer, hit: &Hit, fields: &[String]) -> Result<FieldClass> {
        if !viewer.sight.targets {
            return Err(AppError::Conflict("values of records are not for your role".into()));
        }
        let rulings = self.rulings().await?;
        let opened = self.open_whole(hit).await?;
        let all = maskable(&rulings, &opened);
        let mut strictest = FieldClass::Public;
        for field in fields {
            let class = class_asked(&all, &opened, field).map_err(|why| AppError::Conflict(format!("{field}: {why}")))?;
            strictest = strictest.max(class);
        }
        Ok(strictest)
    }

    /// The whole record, opened with the keys that are left.
    pub(crate) async fn open_whole(&self, hit: &Hit) -> Result<Opened> {
        let stored = match self.whole_record(hit).await? {
            Some(stored) => stored,
            None => {
                let damaged = |e: model::stored::StoredError| {
                    AppError::Internal(format!("the index's record of {} cannot be read: {e}; rebuild the index", hit.position))
                };
                model::StoredEvent::decode(&hit.record).map_err(damaged)?.0
            }
        };
        ledger::open_all(&self.keyring, ACTIVITY, &[stored]).await?.pop().ok_or_else(|| AppError::Internal("one record opened to none".into()))
    }

    /// Reveals of an event that its reader asked for lately, newest first.
    pub(crate) async fn own_reveals(&self, member: Uuid, position: &Position) -> Result<Vec<Reveal>> {
        Ok(self.records.reveals_of(member, position, self.now().saturating_sub(2 * WAITS)).await?)
    }
}

/// The class of one value asked for; of the whole raw record, the strictest of what can be revealed in it.
fn class_asked(all: &[Maskable], opened: &Opened, field: &str) -> Result<FieldClass, &'static str> {
    let part = if field.starts_with("changes.") { Part::Changes } else { Part::Raw };
    if opened.erased.contains(&part) {
        return Err("it was erased, and nobody can read it any more");
    }
    let covered = all.iter().filter(|one| one.name == field || (field == RAW && one.name.starts_with("raw.")));
    let classes: Vec<FieldClass> = covered.map(|one| one.class).collect();
    if classes.is_empty() {
        return Err("the event has no such value; name changes.FIELD, raw.PATH or raw, as its masked fields are named");
    }
    if classes.iter().all(|class| class.is_open()) {
        return Err("it is not masked");
    }
    let revealable = classes.into_iter().filter(|class| *class != FieldClass::Secret && !class.is_open());
    revealable.max().ok_or("it is a secret, and is shown to nobody")
}

fn checked(new: RevealNew) -> Result<(Vec<String>, String)> {
    let mut problems = Vec::new();
    let mut fields = new.fields;
    fields.sort_unstable();
    fields.dedup();
    if fields.is_empty() || fields.len() > MOST_FIELDS {
        problems.push(FieldProblem::new("fields", format!("1 to {MOST_FIELDS} of the event's masked fields: changes.FIELD, raw.PATH, or raw")));
    }
    let reason = new.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > MOST_REASON_CHARS || reason.contains(char::is_control) {
        let detail = format!("1 to {MOST_REASON_CHARS} characters, such as a case number; it stays, so it must not name the person");
        problems.push(FieldProblem::new("reason", detail));
    }
    if problems.is_empty() { Ok((fields, reason)) } else { Err(AppError::Invalid(problems)) }
}
