//! The policy: Cedar, `content/authorization/veritrail.cedar`, checked against its schema when it is read.

use crate::{AppError, Operation, Result};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, Response, RestrictedExpression, Schema, ValidationMode, Validator,
};
use model::{Member, Micros};
use std::{collections::HashSet, fmt::Display};

const POLICY: &str = include_str!("../../../../content/authorization/veritrail.cedar");
const SCHEMA: &str = include_str!("../../../../content/authorization/veritrail.cedarschema");

/// How widely a member may use an operation. The engine is asked from the widest to the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    No,
    /// What is his: his own person's events, his own jobs, his own session.
    Own,
    /// What belongs to the departments he answers for.
    Departments,
    Everything,
}

impl Width {
    /// As `content/authorization/table.csv` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Width::No => "no",
            Width::Own => "own",
            Width::Departments => "department",
            Width::Everything => "yes",
        }
    }
}

/// What the engine said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    pub width: Width,
    /// The `@id`s of the policies that decided.
    pub because: Vec<String>,
}

/// Policies and the engine that evaluates them.
pub struct Policy {
    authorizer: Authorizer,
    policies: PolicySet,
    schema: Schema,
}

impl Policy {
    /// The policy that comes with Veritrail.
    pub fn standard() -> Result<Self> {
        Self::parse(POLICY)
    }

    /// A policy an organisation wrote itself.
    ///
    /// # Errors
    /// `Internal` naming what is wrong: syntax, or something the schema does not know (a role or an operation misspelt).
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &dyn Display| AppError::Internal(format!("the authorization policy cannot be used: {why}"));
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|e| wrong(&e))?;
        let policies: PolicySet = text.parse().map_err(|e| wrong(&e))?;
        let checked = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if let Some(fault) = checked.validation_errors().next() {
            return Err(wrong(fault));
        }
        Ok(Self { authorizer: Authorizer::new(), policies, schema })
    }

    /// How widely this member may use this operation now.
    pub fn width(&self, member: &Member, operation: Operation, now: Micros) -> Result<Width> {
        self.decide(member, operation, now).map(|decided| decided.width)
    }

    /// The same, with the policies that decided: those that permit, or those that forbid. None where no policy speaks of it.
    pub(crate) fn decide(&self, member: &Member, operation: Operation, now: Micros) -> Result<Decided> {
        let mut because = Vec::new();
        for width in [Width::Everything, Width::Departments, Width::Own] {
            let answer = self.ask(member, operation, width, now).map_err(AppError::Internal)?;
            because = answer.diagnostics().reason().map(|id| self.policies.annotation(id, "id").map_or_else(|| id.to_string(), str::to_owned)).collect();
            if answer.decision() == Decision::Allow {
                because.sort();
                return Ok(Decided { width, because });
            }
        }
        because.sort();
        Ok(Decided { width: Width::No, because })
    }

    fn ask(&self, member: &Member, operation: Operation, width: Width, now: Micros) -> Result<Response, String> {
        fn text(error: impl Display) -> String {
            format!("authorization failed: {error}")
        }
        let uid = |kind: &str, id: &str| format!("{kind}::\"{id}\"").parse::<EntityUid>().map_err(text);
        let principal = uid("Member", &member.id.to_string())?;
        let role = uid("Role", member.role.name())?;
        let entities = [Entity::new_no_attrs(principal.clone(), HashSet::from([role.clone()])), Entity::new_no_attrs(role, HashSet::new())];
        let entities = Entities::from_entities(entities, Some(&self.schema)).map_err(text)?;
        let context = Context::from_pairs([
            ("width".to_owned(), RestrictedExpression::new_string(width.name().to_owned())),
            ("active".to_owned(), RestrictedExpression::new_bool(member.active)),
            ("expired".to_owned(), RestrictedExpression::new_bool(member.until.is_some_and(|until| now >= until))),
        ])
        .map_err(text)?;
        let action = uid("Action", operation.name())?;
        let request = Request::new(principal, action, uid("Organisation", "this")?, context, Some(&self.schema)).map_err(text)?;
        let answer = self.authorizer.is_authorized(&request, &self.policies, &entities);
        if let Some(error) = answer.diagnostics().errors().next() {
            return Err(text(error));
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests;
