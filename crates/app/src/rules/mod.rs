//! The rules in force, in words. The binary reads them with the detection engine and hands them here; what Veritrail finds about itself stands beside them.

pub use own::LEDGER_INTEGRITY;

mod own;

use crate::{App, AppError, Caller, Operation};
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use utoipa::ToSchema;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleView {
    pub id: String,
    pub title: String,
    pub description: String,
    #[schema(schema_with = crate::view::words::severity)]
    pub level: String,
    pub version: String,
    pub kind: String,
    pub tags: Vec<String>,
    pub falsepositives: Vec<String>,
    pub runbook: String,
    pub streams: Vec<String>,
    /// What the rule cannot see with the sources there are; `None` when it sees all it needs.
    pub degraded: Option<String>,
    /// What it can mean when the rule fires.
    pub meaning: String,
    /// What to do then, in order.
    pub next: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleList {
    pub items: Vec<RuleView>,
}

/// The rules, in the order pages show them.
#[derive(Clone, Debug, Default)]
pub struct RuleBook {
    rules: Vec<RuleView>,
    by_id: HashMap<String, usize>,
}

impl RuleBook {
    /// The detection rules, and after them Veritrail's own.
    pub fn new(mut rules: Vec<RuleView>) -> Self {
        rules.push(own::ledger_integrity());
        let by_id = rules.iter().enumerate().map(|(at, rule)| (rule.id.clone(), at)).collect();
        Self { rules, by_id }
    }

    pub fn all(&self) -> &[RuleView] {
        &self.rules
    }

    /// The rule with this id; one that is gone is named as such, so that its alerts stay readable.
    pub fn get(&self, id: &str) -> RuleView {
        let gone = || RuleView {
            id: id.to_owned(),
            title: "A rule no longer in force".to_owned(),
            description: "The rule that made this alert is no longer in force.".to_owned(),
            ..RuleView::default()
        };
        self.by_id.get(id).and_then(|at| self.rules.get(*at)).cloned().unwrap_or_else(gone)
    }
}

impl App {
    pub async fn rules(&self, caller: &Caller) -> Result<RuleList, AppError> {
        self.read(caller, Operation::RulesList, (), json!({})).await?;
        Ok(RuleList { items: self.rules.all().to_vec() })
    }
}
