//! Legal holds: what must be kept, whatever else would take it away.

use super::view::time;
use crate::{App, AppError, Caller, FieldProblem, Operation, Result, alerts::named, view::Named};
use model::{Held, Hold, time::rfc3339};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{records::Holds, sql::Unit};
use utoipa::ToSchema;
use uuid::Uuid;

const MOST_REASON_CHARS: usize = 500;

/// What to hold: everything, or one person, account or record, or source.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldNew {
    #[schema(schema_with = crate::view::words::held)]
    pub kind: String,
    /// Of the person, subject or source; absent for everything.
    pub id: Option<Uuid>,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoldView {
    pub id: Uuid,
    #[schema(schema_with = crate::view::words::held)]
    pub kind: &'static str,
    pub held: Option<Uuid>,
    pub reason: String,
    pub owner: Named,
    pub created: String,
    pub released: Option<String>,
    pub released_by: Option<Named>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoldList {
    pub items: Vec<HoldView>,
}

impl HoldNew {
    fn checked(&self) -> Result<(Held, String)> {
        let mut problems = Vec::new();
        let held = match (self.kind.as_str(), self.id) {
            ("everything", None) => Some(Held::Everything),
            ("person", Some(id)) => Some(Held::Person(id)),
            ("subject", Some(id)) => Some(Held::Subject(id)),
            ("source", Some(id)) => Some(Held::Source(id)),
            ("everything", Some(_)) => {
                problems.push(FieldProblem::new("id", "a hold on everything names nothing more"));
                None
            }
            ("person" | "subject" | "source", None) => {
                problems.push(FieldProblem::new("id", format!("which {} is to be held", self.kind)));
                None
            }
            _ => {
                problems.push(FieldProblem::new("kind", "one of everything, person, subject, source"));
                None
            }
        };
        let reason = self.reason.trim().to_owned();
        if reason.is_empty() || reason.chars().count() > MOST_REASON_CHARS {
            problems.push(FieldProblem::new("reason", format!("1 to {MOST_REASON_CHARS} characters: the suit, inquiry or duty it serves")));
        }
        match held {
            Some(held) if problems.is_empty() => Ok((held, reason)),
            _ => Err(AppError::Invalid(problems)),
        }
    }
}

impl App {
    /// Newest first, released ones too.
    pub async fn holds(&self, caller: &Caller) -> Result<HoldList> {
        self.read(caller, Operation::HoldsList, (), json!({})).await?;
        let holds = self.records.holds().await?;
        Ok(HoldList { items: self.render_holds(holds).await? })
    }

    pub async fn create_hold(&self, caller: &Caller, new: HoldNew) -> Result<HoldView> {
        self.allowed(caller, Operation::HoldsCreate, ()).await?;
        let (held, reason) = new.checked()?;
        let hold = Hold { id: Uuid::now_v7(), held, reason, owner: caller.member.id, created: self.now(), released: None, released_by: None };
        let detail = json!({ "held": hold.held, "reason": hold.reason });
        self.change(caller, Operation::HoldsCreate, ("hold", hold.id), detail, async |unit: &Unit| Ok(unit.add_hold(&hold).await?)).await?;
        self.one_hold(hold).await
    }

    pub async fn release_hold(&self, caller: &Caller, id: Uuid) -> Result<HoldView> {
        let released = self.change(caller, Operation::HoldsRelease, ("hold", id), json!({}), async |unit: &Unit| {
            if !unit.release_hold(id, caller.member.id, self.now()).await? {
                let found = unit.hold(id).await?.ok_or_else(|| AppError::not_found(format!("hold {id}")))?;
                return Err(AppError::Conflict(format!("this hold was released on {}", rfc3339(found.released.unwrap_or_default()))));
            }
            unit.hold(id).await?.ok_or_else(|| AppError::not_found(format!("hold {id}")))
        });
        self.one_hold(released.await?).await
    }

    async fn one_hold(&self, hold: Hold) -> Result<HoldView> {
        self.render_holds(vec![hold]).await?.pop().ok_or_else(|| AppError::Internal("one hold was rendered to none".into()))
    }

    pub(super) async fn render_holds(&self, holds: Vec<Hold>) -> Result<Vec<HoldView>> {
        let names = self.member_names().await?;
        let view = |h: Hold| {
            let (kind, held) = match h.held {
                Held::Everything => ("everything", None),
                Held::Person(id) => ("person", Some(id)),
                Held::Subject(id) => ("subject", Some(id)),
                Held::Source(id) => ("source", Some(id)),
            };
            HoldView {
                id: h.id,
                kind,
                held,
                reason: h.reason,
                owner: named(&names, h.owner),
                created: rfc3339(h.created),
                released: time(h.released),
                released_by: h.released_by.map(|id| named(&names, id)),
            }
        };
        Ok(holds.into_iter().map(view).collect())
    }
}
