//! Who may do what, and why: the policy as people read it.

use crate::{App, AppError, Caller, Operation, Result, Width, door::Decided};
use model::{Member, Micros, Role, time::rfc3339};
use serde::Serialize;
use serde_json::json;
use store::records::Members;
use utoipa::ToSchema;
use uuid::Uuid;

/// Every operation with what each role may do, as the engine answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoleTable {
    pub items: Vec<OperationView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OperationView {
    #[schema(schema_with = crate::view::words::operation)]
    pub operation: &'static str,
    /// What it does, after "may".
    pub does: &'static str,
    /// It wants a fresh proof of who one is.
    pub dangerous: bool,
    /// A member may let a program do it with an API token.
    pub for_programs: bool,
    pub roles: Vec<Reach>,
}

/// How far one role reaches with one operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reach {
    #[schema(schema_with = crate::view::words::role)]
    pub role: &'static str,
    #[schema(schema_with = crate::view::words::width)]
    pub width: &'static str,
}

/// Why a member may do something, or may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Explained {
    #[schema(schema_with = crate::view::words::operation)]
    pub operation: &'static str,
    #[schema(schema_with = crate::view::words::width)]
    pub width: &'static str,
    /// Policies that decided, by their `@id` in `content/authorization/veritrail.cedar`; none where no policy speaks of it.
    pub policies: Vec<String>,
    /// In one or two sentences.
    pub why: String,
}

impl App {
    pub async fn role_table(&self, caller: &Caller) -> Result<RoleTable> {
        self.read(caller, Operation::RolesRead, (), json!({})).await?;
        let items = Operation::ALL.iter().map(|operation| {
            let reach = |role: Role| Ok(Reach { role: role.name(), width: self.width_of(role, *operation)?.name() });
            Ok(OperationView {
                operation: operation.name(),
                does: operation.does(),
                dangerous: operation.dangerous(),
                for_programs: operation.for_programs(),
                roles: Role::ALL.into_iter().map(reach).collect::<Result<_>>()?,
            })
        });
        Ok(RoleTable { items: items.collect::<Result<_>>()? })
    }

    /// # Errors
    /// `NotFound` without such a member, `Invalid` without such an operation.
    pub async fn explain(&self, caller: &Caller, member: Uuid, operation: &str) -> Result<Explained> {
        self.read(caller, Operation::RolesRead, ("member", member), json!({ "operation": operation })).await?;
        let operation = Operation::from_name(operation).ok_or_else(|| AppError::invalid("operation", format!("'{operation}' is no operation")))?;
        let member = self.records.member(member).await?.ok_or_else(|| AppError::not_found("such member"))?;
        self.explained(&member, operation)
    }

    fn explained(&self, member: &Member, operation: Operation) -> Result<Explained> {
        let now = self.now();
        let Decided { width, because } = self.door.policy.decide(member, operation, now)?;
        let why = match width {
            Width::No => self.refused(member, operation, now)?,
            _ => format!(
                "{} may {}{}{}",
                member.name,
                operation.does(),
                reach(width),
                if operation.dangerous() { ", after showing once more who it is." } else { "." }
            ),
        };
        Ok(Explained { operation: operation.name(), width: width.name(), policies: because, why })
    }

    fn refused(&self, member: &Member, operation: Operation, now: Micros) -> Result<String> {
        let (name, does) = (&member.name, operation.does());
        if !member.active {
            return Ok(format!("{name} may not {does}: the membership was switched off, and nobody acts whose membership was."));
        }
        if let Some(until) = member.until.filter(|until| now >= *until) {
            return Ok(format!("{name} may not {does}: the access ended at {}.", rfc3339(until)));
        }
        let mut able = Vec::new();
        for role in Role::ALL {
            if self.width_of(role, operation)? != Width::No {
                able.push(spoken(role));
            }
        }
        let able = if able.is_empty() { "no role may".to_owned() } else { format!("it takes one of: {}", able.join(", ")) };
        Ok(format!("{name} may not {does}: no policy lets the role '{}' do it; {able}. A member has one role only.", spoken(member.role)))
    }

    /// What a member of this role may do whose access has not ended.
    fn width_of(&self, role: Role, operation: Operation) -> Result<Width> {
        let anyone = Member {
            kind: model::MemberKind::Person,
            id: Uuid::nil(),
            email: String::new(),
            name: String::new(),
            role,
            departments: Vec::new(),
            person: None,
            until: None,
            active: true,
            created: 0,
        };
        self.door.policy.width(&anyone, operation, 0)
    }
}

fn spoken(role: Role) -> String {
    role.name().replace('_', " ")
}

fn reach(width: Width) -> &'static str {
    match width {
        Width::Departments => ", within the departments answered for",
        Width::Own => ", what is the own only",
        Width::Everything | Width::No => "",
    }
}
