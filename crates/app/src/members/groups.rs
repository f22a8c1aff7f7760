//! What role the company's groups give: `sign_in.groups` of the configuration, for those who come by the company's sign-in and those its directory
//! provisions.

use crate::{App, AppError, Result};
use model::{Member, Role};
use store::{records::Departments, sql::Unit};

/// Roles that one person must not have together, though a member has one only: who is in groups of both is in neither.
const NEVER_TOGETHER: [(Role, Role); 4] = [
    (Role::Administrator, Role::Auditor),
    (Role::Administrator, Role::ExternalAuditor),
    (Role::Analyst, Role::PrivacyOfficer),
    (Role::Auditor, Role::PrivacyOfficer),
];

/// `GROUP = ROLE`, or `GROUP = ROLE: DEPARTMENT, DEPARTMENT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRule {
    pub group: String,
    pub role: Role,
    pub departments: Vec<String>,
}

impl GroupRule {
    /// # Errors
    /// What is wrong with it, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (group, rest) = text.split_once('=').ok_or_else(|| format!("'{text}' gives no role; write GROUP = ROLE"))?;
        let (role, departments) = rest.split_once(':').unwrap_or((rest, ""));
        let (group, role) = (group.trim().to_owned(), role.trim());
        let role = Role::from_name(role).ok_or_else(|| format!("'{role}' is no role; there are {}", Role::ALL.map(Role::name).join(", ")))?;
        let departments: Vec<String> = departments.split(',').map(|d| d.trim().to_owned()).filter(|d| !d.is_empty()).collect();
        if group.is_empty() {
            return Err(format!("'{text}' names no group"));
        }
        match role {
            Role::ExternalAuditor => Err(format!("'{text}': an external auditor's access has an end, which no group gives; invite him")),
            Role::DepartmentLead | Role::AccessOwner if departments.is_empty() => {
                Err(format!("'{text}': name the departments: {group} = {}: Sales, Service", role.name()))
            }
            _ => Ok(Self { group, role, departments }),
        }
    }
}

/// What the rules make of somebody's groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given<'a> {
    Nothing,
    Role(&'a GroupRule),
    /// Two roles that nobody may have together.
    Forbidden(Role, Role),
}

/// The first rule that fits, unless the groups would join roles that never go together.
pub(crate) fn given<'a>(rules: &'a [GroupRule], groups: &[String]) -> Given<'a> {
    let fitting: Vec<&GroupRule> = rules.iter().filter(|rule| groups.contains(&rule.group)).collect();
    let has = |role: Role| fitting.iter().any(|rule| rule.role == role);
    match NEVER_TOGETHER.into_iter().find(|(one, other)| has(*one) && has(*other)) {
        Some((one, other)) => Given::Forbidden(one, other),
        None => fitting.first().map_or(Given::Nothing, |rule| Given::Role(rule)),
    }
}

impl App {
    /// Gives the member the rule's role and departments; whether the role is another.
    ///
    /// # Errors
    /// `Conflict` where a department of the rule is not known yet.
    pub(crate) async fn give_role(&self, unit: &Unit, member: &mut Member, rule: &GroupRule) -> Result<bool> {
        let known = unit.departments().await?;
        let id = |name: &String| {
            let found = known.iter().find(|d| d.name.eq_ignore_ascii_case(name)).map(|d| d.id);
            found.ok_or_else(|| AppError::Conflict(format!("sign_in.groups names a department '{name}' that the directory does not")))
        };
        member.departments = rule.departments.iter().map(id).collect::<Result<_>>()?;
        let changed = member.role != rule.role;
        member.role = rule.role;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_what_is_wrong_with_it() {
        assert_eq!(
            GroupRule::parse("CRM leads = department_lead: Sales, Key accounts").unwrap(),
            GroupRule { group: "CRM leads".into(), role: Role::DepartmentLead, departments: vec!["Sales".into(), "Key accounts".into()] }
        );
        for (text, why) in [
            ("no role", "gives no role"),
            ("a = boss", "'boss' is no role"),
            ("= analyst", "names no group"),
            ("x = external_auditor", "has an end"),
            ("x = access_owner", "name the departments"),
        ] {
            assert!(GroupRule::parse(text).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn the_first_rule_counts_and_roles_that_never_go_together_give_none() {
        let rules: Vec<GroupRule> = ["a = auditor", "b = analyst", "c = administrator", "d = privacy_officer"].map(|r| GroupRule::parse(r).unwrap()).into();
        let groups = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(given(&rules, &groups(&["x"])), Given::Nothing);
        assert_eq!(given(&rules, &groups(&["b", "a"])), Given::Role(&rules[0]));
        assert_eq!(given(&rules, &groups(&["c", "a"])), Given::Forbidden(Role::Administrator, Role::Auditor));
        assert_eq!(given(&rules, &groups(&["d", "b"])), Given::Forbidden(Role::Analyst, Role::PrivacyOfficer));
    }
}
