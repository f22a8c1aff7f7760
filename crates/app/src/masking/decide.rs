//! Deciding on reveals of sensitive values, by a second member; and the list of all reveals.

use super::view::{RevealDecision, RevealList, RevealView};
use crate::{App, AppError, Caller, Operation, Result, Width, alerts::named};
use model::{HOUR, Member, Micros, Reveal, RevealState, time::rfc3339};
use serde_json::json;
use std::collections::HashMap;
use store::{
    records::{Members, Reveals},
    sql::Unit,
};
use uuid::Uuid;

/// How long approved values are shown: whoever asked is seldom there at that moment.
const APPROVED: Micros = HOUR;
/// The newest reveals a page shows.
const SHOWN: u64 = 500;

impl App {
    /// All reveals, newest first: who, what, why, and who approved. No values.
    pub async fn reveals(&self, caller: &Caller) -> Result<RevealList> {
        self.read(caller, Operation::RevealsList, (), json!({})).await?;
        let reveals = self.records.reveals(SHOWN).await?;
        Ok(RevealList { items: self.render_reveals(reveals).await?, per_day: self.masking.reveals_per_day })
    }

    /// Approves or declines a request. Nobody decides on his own, whatever his role has become.
    ///
    /// # Errors
    /// `Forbidden` for one's own; `Conflict` when it does not wait any more, or when whoever asked may not see events any more.
    pub async fn decide_reveal(&self, caller: &Caller, id: Uuid, decision: RevealDecision) -> Result<RevealView> {
        self.allowed(caller, Operation::RevealsDecide, ("reveal", id)).await?;
        let asked = self.records.reveal(id).await?.ok_or_else(|| AppError::not_found(format!("reveal {id}")))?;
        let detail = json!({
            "approve": decision.approve, "for": asked.member, "event": asked.position, "fields": asked.fields, "class": asked.class.name(), "reason": asked.reason,
        });
        let now = self.now();
        let decided = self.change(caller, Operation::RevealsDecide, ("reveal", id), detail, async |unit: &Unit| {
            let asker = unit.member(asked.member).await?;
            if asked.member == caller.member.id || is_same_person(asker.as_ref(), &caller.member) {
                return Err(AppError::Forbidden { operation: Operation::RevealsDecide.name() });
            }
            if decision.approve && !self.may_reveal(asker.as_ref(), now)? {
                return Err(AppError::Conflict("whoever asked may not see this event any more; decline it".into()));
            }
            let (state, until) = if decision.approve { (RevealState::Granted, now + APPROVED) } else { (RevealState::Declined, now) };
            if !unit.decide_reveal(id, state, caller.member.id, now, until).await? {
                return Err(AppError::Conflict("this request was decided already, or its time has passed".into()));
            }
            unit.reveal(id).await?.ok_or_else(|| AppError::not_found(format!("reveal {id}")))
        });
        self.one_reveal(decided.await?).await
    }

    fn may_reveal(&self, asker: Option<&Member>, now: Micros) -> Result<bool> {
        match asker {
            Some(member) => Ok(self.door.policy.width(member, Operation::EventsReveal, now)? != Width::No),
            None => Ok(false),
        }
    }

    pub(super) async fn one_reveal(&self, reveal: Reveal) -> Result<RevealView> {
        self.render_reveals(vec![reveal]).await?.pop().ok_or_else(|| AppError::Internal("one reveal was rendered to none".into()))
    }

    pub(crate) async fn render_reveals(&self, reveals: Vec<Reveal>) -> Result<Vec<RevealView>> {
        if reveals.is_empty() {
            return Ok(Vec::new());
        }
        let (names, now) = (self.member_names().await?, self.now());
        Ok(reveals.into_iter().map(|reveal| view(reveal, &names, now)).collect())
    }
}

/// One human with two members decides on nothing of his own either.
fn is_same_person(asker: Option<&Member>, decider: &Member) -> bool {
    decider.person.is_some() && asker.is_some_and(|asker| asker.person == decider.person)
}

fn view(reveal: Reveal, names: &HashMap<Uuid, String>, now: Micros) -> RevealView {
    let standing = match (reveal.state, now < reveal.until) {
        (RevealState::Asked, true) => "asked",
        (RevealState::Asked, false) => "lapsed",
        (RevealState::Granted, true) => "open",
        (RevealState::Granted, false) => "over",
        (RevealState::Declined, _) => "declined",
    };
    RevealView {
        id: reveal.id,
        member: named(names, reveal.member),
        position: reveal.position.to_string(),
        fields: reveal.fields,
        class: reveal.class.name(),
        reason: reveal.reason,
        standing,
        asked: rfc3339(reveal.asked),
        until: rfc3339(reveal.until),
        decided_by: reveal.decided_by.map(|id| named(names, id)),
        decided: reveal.decided.map(rfc3339),
    }
}
