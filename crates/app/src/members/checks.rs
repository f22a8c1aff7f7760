//! What a member may be.

use super::passwords;
use crate::{AppError, Result};
use model::{Micros, Role};
use std::collections::HashSet;
use store::{records::Departments, sql::Unit};
use uuid::Uuid;

const MAX_EMAIL_CHARS: usize = 254;
const MAX_NAME_CHARS: usize = 200;

/// The address in lower case.
pub(crate) fn email(text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
    let (local, domain) = email.split_once('@').unwrap_or_default();
    let plain = email.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>,;\"".contains(c));
    if local.is_empty() || domain.len() < 3 || !domain.contains('.') || domain.contains('@') || !plain || email.len() > MAX_EMAIL_CHARS {
        return Err(AppError::invalid("email", format!("'{}' is not an e-mail address", text.chars().take(80).collect::<String>())));
    }
    Ok(email)
}

pub(crate) fn name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(AppError::invalid("name", format!("write a name of 1 to {MAX_NAME_CHARS} characters")));
    }
    Ok(name.to_owned())
}

pub(super) fn role(text: &str) -> Result<Role> {
    Role::from_name(text).ok_or_else(|| {
        let names = Role::ALL.map(Role::name).join(", ");
        AppError::invalid("role", format!("'{text}' is not a role; there are {names}"))
    })
}

pub(super) fn time(text: &str) -> Result<Micros> {
    let wrong = || AppError::invalid("until", format!("'{text}' is not a time; write it like 2026-12-31T23:59:59Z"));
    model::time::parse(text).map(|t| t.micros).ok_or_else(wrong)
}

pub(super) fn password(password: &str, email: &str) -> Result<()> {
    passwords::fault(password, email).map_or(Ok(()), |fault| Err(AppError::invalid("password", fault)))
}

/// Roles that see departments name them; an external auditor has an end; departments exist.
pub(super) async fn reach(unit: &Unit, role: Role, departments: &[Uuid], until: Option<Micros>, now: Micros) -> Result<()> {
    if matches!(role, Role::DepartmentLead | Role::AccessOwner | Role::ExternalAuditor) && departments.is_empty() {
        return Err(AppError::invalid("departments", format!("name the departments this {} may see", role.name().replace('_', " "))));
    }
    if role == Role::ExternalAuditor && until.is_none() {
        return Err(AppError::invalid("until", "an external auditor's access has an end; write until when"));
    }
    if until.is_some_and(|until| until <= now) {
        return Err(AppError::invalid("until", "this time has passed already"));
    }
    if !departments.is_empty() {
        let known: HashSet<Uuid> = unit.departments().await?.into_iter().map(|d| d.id).collect();
        if let Some(unknown) = departments.iter().find(|d| !known.contains(d)) {
            return Err(AppError::invalid("departments", format!("there is no department {unknown}")));
        }
    }
    Ok(())
}
