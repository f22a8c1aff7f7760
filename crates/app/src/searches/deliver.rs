//! Answers that come by themselves: an export, made for one member with the rights he has then, and a letter that names nobody.

use super::{DeliveryPlan, Sharing};
use crate::{
    App, AppError, Caller, Entry, Operation, Result,
    events::{Viewer, resolve_for},
    jobs::{ExportInput, Question},
    letters::Letter,
    sessions::may_sign_in,
};
use model::{MINUTE, Micros, time::rfc3339};
use serde::Serialize;
use serde_json::{Value, json};
use store::{
    records::{DeliveryRow, Members, Searches},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// What could not be queued is tried again after this long.
const LATER: Micros = 10 * MINUTE;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryView {
    pub plan: DeliveryPlan,
    pub next: String,
}

impl DeliveryView {
    pub(super) fn of(row: &DeliveryRow) -> Result<Self> {
        Ok(Self { plan: plan_of(row)?, next: rfc3339(row.due) })
    }
}

impl App {
    /// Has the answer of a search that the member finds come to him; in place of an earlier plan of his.
    pub async fn deliver_search(&self, caller: &Caller, id: Uuid, plan: DeliveryPlan) -> Result<DeliveryView> {
        let work = async |unit: &Unit| {
            plan.check()?;
            self.found(unit, caller, id).await?;
            let text = serde_json::to_string(&plan).map_err(|e| AppError::Internal(format!("a plan cannot be written down: {e}")))?;
            let row = DeliveryRow { search: id, member: caller.member.id, plan: text, due: plan.next(self.now()) };
            unit.put_delivery(&row).await?;
            DeliveryView::of(&row)
        };
        self.change(caller, Operation::SearchesDeliver, ("search", id), json!({ "plan": plan }), work).await
    }

    pub async fn end_delivery(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let work = async |unit: &Unit| {
            let there = unit.drop_delivery(id, caller.member.id).await?;
            if there { Ok(()) } else { Err(AppError::not_found("delivery of this search to you")) }
        };
        self.change(caller, Operation::SearchesDeliver, ("search", id), json!({ "plan": Value::Null }), work).await
    }

    /// Queues the answer that has been due longest. False: none is due.
    ///
    /// # Errors
    /// When something needed does not answer; it is due still.
    pub async fn run_deliveries_step(&self) -> Result<bool> {
        let now = self.now();
        let Some(row) = self.records.due_delivery(now).await? else { return Ok(false) };
        let Some(member) = self.records.member(row.member).await?.filter(|m| may_sign_in(m, now)) else {
            self.records.drop_delivery(row.search, row.member).await?;
            return Ok(true);
        };
        let caller = Caller { member, address: None, request: Uuid::now_v7(), entry: Entry::Host };
        match self.deliver(&caller, &row).await {
            Ok(()) => {}
            // Too many jobs of his wait.
            Err(AppError::Conflict(_)) => drop(self.records.move_delivery(&row, now + LATER).await?),
            Err(error @ (AppError::Unavailable(_) | AppError::SelfLedger(_))) => return Err(error),
            // He may no longer, or the search is not for him any more; the failed attempt is recorded.
            Err(AppError::Forbidden { .. } | AppError::NotFound { .. }) => drop(self.records.drop_delivery(row.search, row.member).await?),
            Err(error) => {
                tracing::warn!(search = %row.search, reason = error.reason(), "a kept search was not delivered; it is tried at its next time");
                self.records.move_delivery(&row, plan_of(&row)?.next(now)).await?;
            }
        }
        Ok(true)
    }

    async fn deliver(&self, caller: &Caller, row: &DeliveryRow) -> Result<()> {
        let (now, plan) = (self.now(), plan_of(row)?);
        let search = self.records.search(row.search).await?.ok_or_else(|| AppError::not_found("search"))?;
        let kept = self.opened_search(&search)?;
        let (question, asked, _) = Question::new(self, caller, Operation::ExportsCreate, &kept.query, now).await?;
        let detail = json!({ "query": asked.canonical, "format": plan.format.name(), "mark": question.mark });
        let viewer = Viewer::new(caller.member.role, question.scope.clone());
        let count = self.events.count(&viewer.scope, &resolve_for(self, &viewer, &asked).await?).await?;
        let work = async |unit: &Unit| {
            self.found(unit, caller, row.search).await?;
            if !unit.move_delivery(row, plan.next(now)).await? {
                return Ok(false);
            }
            self.queue_export(unit, caller.member.id, &ExportInput { question, format: plan.format }).await?;
            Ok(true)
        };
        let queued = self.change(caller, Operation::SearchesDeliver, ("search", row.search), detail, work).await?;
        if let (true, Some(letters)) = (queued, &self.letters) {
            let letter = Letter {
                to: caller.member.email.clone(),
                subject: "The answer of a kept search".into(),
                lines: vec![
                    format!("One of your kept searches was run: {count} events. Its file, masked as always, waits for you under Jobs."),
                    "The link shows which search it was; you end the delivery there.".into(),
                ],
                link: format!("{}/searches?open={}", self.public_url.trim_end_matches('/'), row.search),
            };
            if let Err(error) = letters.send(letter).await {
                tracing::warn!("a letter about a delivered search was not sent; its file is there: {error}");
            }
        }
        Ok(())
    }

    /// Refuses a search that the member does not find.
    async fn found(&self, unit: &Unit, caller: &Caller, id: Uuid) -> Result<()> {
        let gone = || AppError::not_found("search with this id that you find");
        let row = unit.search(id).await?.ok_or_else(gone)?;
        let owner = if row.sharing == Sharing::Role.name() { unit.member(row.owner).await?.map(|m| m.role) } else { None };
        if self.finds(caller, &row, owner) { Ok(()) } else { Err(gone()) }
    }
}

fn plan_of(row: &DeliveryRow) -> Result<DeliveryPlan> {
    serde_json::from_str(&row.plan).map_err(|e| AppError::Internal(format!("the plan of a delivery cannot be read: {e}")))
}
