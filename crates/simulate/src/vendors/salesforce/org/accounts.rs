//! User, Profile, PermissionSet, PermissionSetAssignment and UserRole: as they are at a moment. What the audit trail says was changed, is changed here too.

use super::{Login, World, midnight};
use crate::vendors::salesforce::events::target;
use crate::vendors::salesforce::ids;
use crate::vendors::salesforce::record::{Record, Value};
use crate::vendors::salesforce::schema::Object;
use crate::{Act, Company, Error, Kind};
use model::{DAY, Micros};
use std::collections::HashMap;

type Tables = HashMap<&'static str, Vec<Record>>;

/// Name, and whether it may do everything.
const PROFILES: [(&str, bool); 4] = [("Standard User", false), ("System Administrator", true), ("Service User", false), ("Minimum Access - Salesforce", false)];
const ROLES: [&str; 5] = ["Sales", "Service", "Marketing", "Finance", "Operations"];
const REPORT_BUILDER: &str = "Report Builder";

pub fn fill(tables: &mut Tables, company: &Company, world: &World, integration_user: &str, acts: &[Act]) -> Result<Vec<Login>, Error> {
    let founded = midnight(world.start)? - 400 * DAY;
    for name in ["Profile", "PermissionSet", "UserRole", "PermissionSetAssignment", "User"] {
        tables.insert(name, Vec::new());
    }
    let mut book = Book { tables, founded };
    book.profiles();
    book.permission_sets();
    book.roles();
    let mut logins = Vec::new();
    for (place, person) in company.people.iter().enumerate() {
        let manager = person.manager.and_then(|place| company.people.get(place)).map_or(Value::Null, |m| id(&m.account).into());
        let (first, last) = person.name.split_once(' ').unwrap_or(("", &person.name));
        let profile = match person.department {
            "Operations" => 2,
            "Service" => 3,
            _ => 1,
        };
        let role = ROLES.iter().position(|role| *role == person.department).map_or(0, |place| place + 1);
        let named = vec![
            ("FirstName", first.into()),
            ("LastName", last.into()),
            ("Title", person.title.clone().into()),
            ("Department", person.department.into()),
            ("EmployeeNumber", person.employee_id.clone().into()),
            ("FederationIdentifier", person.email.clone().into()),
            ("TimeZoneSidKey", person.zone.into()),
            ("UserRoleId", ids::nth("00E", role).into()),
            ("ManagerId", manager),
        ];
        logins.push(book.user(&person.account, &person.email, &person.name, profile, named));
        if place % 3 == 0 {
            book.assign(2, &person.account, founded);
        }
    }
    for program in &company.integrations {
        logins.push(book.user(&program.account, &program.email, program.name, 4, vec![("LastName", program.name.into())]));
    }
    let own = ids::nth("005", 900);
    logins.push(book.user(&own, integration_user, "Veritrail Integration", 4, vec![("LastName", "Integration".into())]));
    book.assign(1, &own, founded);
    for act in acts {
        book.change(act);
    }
    Ok(logins)
}

fn id(account: &str) -> String {
    ids::long(ids::short(account))
}

struct Book<'a> {
    tables: &'a mut Tables,
    founded: Micros,
}

impl Book<'_> {
    fn add(&mut self, object: &'static str, id: Option<String>, prefix: &str, from: Micros, mut named: Vec<(&str, Value)>) {
        let Some(schema) = Object::named(object) else { return };
        for stamp in ["CreatedDate", "LastModifiedDate", "SystemModstamp"] {
            if schema.place(stamp).is_some() {
                named.insert(0, (stamp, Value::Time(from)));
            }
        }
        let table = self.tables.entry(object).or_default();
        let id = id.unwrap_or_else(|| ids::nth(prefix, table.len() + 1));
        table.push(Record::new(schema, id, from, named));
    }

    fn profiles(&mut self) {
        for (name, all) in PROFILES {
            let named = vec![
                ("Name", name.into()),
                ("UserType", "Standard".into()),
                ("UserLicenseId", ids::nth("100", 1).into()),
                ("PermissionsModifyAllData", all.into()),
                ("PermissionsViewAllData", all.into()),
                ("PermissionsManageUsers", all.into()),
                ("PermissionsViewSetup", all.into()),
                ("PermissionsApiEnabled", true.into()),
            ];
            self.add("Profile", None, "00e", self.founded, named);
        }
    }

    fn permission_sets(&mut self) {
        for (name, label, log_files) in [("Event_Log_Viewer", "Event Log Viewer", true), ("Report_Builder", REPORT_BUILDER, false)] {
            let named = vec![
                ("Name", name.into()),
                ("Label", label.into()),
                ("Type", "Regular".into()),
                ("IsCustom", true.into()),
                ("IsOwnedByProfile", false.into()),
                ("PermissionsModifyAllData", false.into()),
                ("PermissionsViewAllData", false.into()),
                ("PermissionsManageUsers", log_files.into()),
                ("PermissionsViewSetup", log_files.into()),
                ("PermissionsApiEnabled", log_files.into()),
                ("PermissionsViewEventLogFiles", log_files.into()),
            ];
            self.add("PermissionSet", None, "0PS", self.founded, named);
        }
        for (place, (name, all)) in PROFILES.into_iter().enumerate() {
            let named = vec![
                ("Name", format!("X{}", ids::nth("00e", place + 1)).into()),
                ("Label", name.into()),
                ("Type", "Profile".into()),
                ("IsCustom", false.into()),
                ("IsOwnedByProfile", true.into()),
                ("ProfileId", ids::nth("00e", place + 1).into()),
                ("PermissionsModifyAllData", all.into()),
                ("PermissionsViewAllData", all.into()),
                ("PermissionsManageUsers", all.into()),
                ("PermissionsViewSetup", all.into()),
                ("PermissionsApiEnabled", true.into()),
                ("PermissionsViewEventLogFiles", all.into()),
            ];
            self.add("PermissionSet", None, "0PS", self.founded, named);
        }
    }

    fn roles(&mut self) {
        for (place, name) in ROLES.into_iter().enumerate() {
            let parent = if place == 0 { Value::Null } else { ids::nth("00E", 1).into() };
            let named = vec![("Name", name.into()), ("DeveloperName", name.into()), ("ParentRoleId", parent), ("PortalType", "None".into())];
            self.add("UserRole", None, "00E", self.founded, named);
        }
    }

    fn user(&mut self, account: &str, email: &str, name: &str, profile: usize, mut named: Vec<(&'static str, Value)>) -> Login {
        let id = id(account);
        named.extend([
            ("Username", email.into()),
            ("Email", email.into()),
            ("Name", name.into()),
            ("Alias", name.to_lowercase().replace(' ', "").chars().take(8).collect::<String>().into()),
            ("IsActive", true.into()),
            ("UserType", "Standard".into()),
            ("ProfileId", ids::nth("00e", profile).into()),
        ]);
        self.add("User", Some(id.clone()), "005", self.founded, named);
        // A profile is held through the permission set that it owns.
        self.assign(2 + profile, account, self.founded);
        Login { id, username: email.to_owned() }
    }

    fn assign(&mut self, permission_set: usize, account: &str, from: Micros) {
        let named = vec![("PermissionSetId", ids::nth("0PS", permission_set).into()), ("AssigneeId", id(account).into()), ("IsActive", true.into())];
        self.add("PermissionSetAssignment", None, "0Pa", from, named);
    }

    /// A change told by the audit trail, made: assignments come and go, a user is from then on a second version of itself.
    fn change(&mut self, act: &Act) {
        let Kind::Setup { action, display, .. } = &act.kind else { return };
        let Some(of) = target(display) else { return };
        match *action {
            "PermSetAssign" if self.assignment(of).is_none() => self.assign(2, of, act.time),
            "PermSetUnassign" => {
                if let Some(assignment) = self.assignment(of) {
                    assignment.until = act.time;
                }
            }
            "changedprofileforuser" => self.change_profile(of, act),
            _ => {}
        }
    }

    fn assignment(&mut self, of: &str) -> Option<&mut Record> {
        let schema = Object::named("PermissionSetAssignment")?;
        let (set, assignee) = (schema.place("PermissionSetId")?, schema.place("AssigneeId")?);
        let (wanted, of) = (Value::from(ids::nth("0PS", 2)), Value::from(id(of)));
        let table = self.tables.get_mut("PermissionSetAssignment")?;
        table.iter_mut().find(|record| record.until == Micros::MAX && record.values[set] == wanted && record.values[assignee] == of)
    }

    fn change_profile(&mut self, of: &str, act: &Act) {
        let (Some(schema), Some(users)) = (Object::named("User"), self.tables.get_mut("User")) else { return };
        let of = id(of);
        let Some(before) = users.iter_mut().find(|user| user.id == of && user.until == Micros::MAX) else { return };
        before.until = act.time;
        let mut after = Record { from: act.time, until: Micros::MAX, ..before.clone() };
        let profile = schema.place("ProfileId").map(|place| if after.values[place] == Value::from(ids::nth("00e", 1)) { 3 } else { 1 });
        for (name, value) in [
            ("ProfileId", ids::nth("00e", profile.unwrap_or(1)).into()),
            ("LastModifiedDate", Value::Time(act.time)),
            ("SystemModstamp", Value::Time(act.time)),
            ("LastModifiedById", id(&act.account).into()),
        ] {
            if let Some(place) = schema.place(name) {
                after.values[place] = value;
            }
        }
        users.push(after);
    }
}
