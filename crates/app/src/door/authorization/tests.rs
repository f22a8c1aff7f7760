use super::*;
use model::Role;
use uuid::Uuid;

const TABLE: &str = include_str!("../../../../../content/authorization/table.csv");

fn member(role: Role) -> Member {
    Member {
        kind: model::MemberKind::Person,
        id: Uuid::from_u128(1),
        email: "m@example.com".into(),
        name: "M".into(),
        role,
        departments: vec![],
        person: None,
        until: Some(1_000),
        active: true,
        created: 0,
    }
}

#[test]
fn every_cell_of_the_table_is_what_the_engine_says() {
    let policy = Policy::standard().unwrap();
    let mut lines = TABLE.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let roles: Vec<Role> = lines.next().unwrap()[1..].iter().map(|name| Role::from_name(name).unwrap()).collect();
    assert_eq!(roles.len(), Role::ALL.len(), "every role has a column");
    let mut rows = Vec::new();
    let mut wrong = Vec::new();
    for line in lines {
        let operation = Operation::from_name(line[0]).unwrap_or_else(|| panic!("{} is no operation", line[0]));
        assert_eq!(line.len(), roles.len() + 1, "{operation}");
        rows.push(operation);
        for (role, cell) in roles.iter().zip(&line[1..]) {
            let width = policy.width(&member(*role), operation, 0).unwrap().name();
            if width != *cell {
                wrong.push(format!("{operation} for {}: the table says {cell}, the engine {width}", role.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let missing: Vec<_> = Operation::ALL.iter().filter(|o| !rows.contains(o)).collect();
    assert!(missing.is_empty(), "operations without a row in content/authorization/table.csv: {missing:?}");
    assert_eq!(rows.len(), Operation::ALL.len(), "a row twice");
}

#[test]
fn nobody_acts_who_was_deactivated_or_whose_time_has_passed() {
    let policy = Policy::standard().unwrap();
    for role in Role::ALL {
        let gone = Member { active: false, ..member(role) };
        for operation in Operation::ALL {
            assert_eq!(policy.width(&gone, *operation, 0).unwrap(), Width::No, "{operation} for an inactive {}", role.name());
            assert_eq!(policy.width(&member(role), *operation, 1_000).unwrap(), Width::No, "{operation} for an expired {}", role.name());
        }
    }
}

#[test]
fn a_policy_with_a_misspelt_name_is_refused() {
    for text in [r#"permit (principal in Role::"analist", action, resource);"#, r#"permit (principal, action == Action::"events.serch", resource);"#, "permit"]
    {
        assert!(matches!(Policy::parse(text), Err(AppError::Internal(_))), "{text}");
    }
}

#[test]
fn what_decided_is_named() {
    let policy = Policy::standard().unwrap();
    let ids: Vec<_> = policy.policies.policies().map(|p| p.annotation("id").map(str::to_owned)).collect();
    assert!(ids.iter().all(Option::is_some), "every policy has an @id: {ids:?}");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "and one of its own: {ids:?}");
    let decided = |member: &Member, operation, now| policy.decide(member, operation, now).unwrap();
    let search = Operation::EventsSearch;
    let analyst = decided(&member(Role::Analyst), search, 0);
    assert_eq!((analyst.width, analyst.because.as_slice()), (Width::Everything, ["analyst-and-auditor-read-everything".to_owned()].as_slice()));
    let lead = decided(&member(Role::DepartmentLead), search, 0);
    assert_eq!((lead.width, lead.because.as_slice()), (Width::Departments, ["lead-and-access-owner-see-their-departments".to_owned()].as_slice()));
    let expired = decided(&member(Role::Analyst), search, 1_000);
    assert_eq!((expired.width, expired.because.as_slice()), (Width::No, ["nobody-deactivated-or-expired".to_owned()].as_slice()));
    let administrator = decided(&member(Role::Administrator), search, 0);
    assert!(administrator.width == Width::No && administrator.because.is_empty(), "no policy speaks of it: {administrator:?}");
}
