//! OCSF 1.5.0 classes and activities used by Veritrail. Source: schema.ocsf.io, version 1.5.0; ids retyped.

use serde::{Deserialize, Serialize};

/// The version of OCSF whose ids and names are used here.
pub const OCSF_VERSION: &str = "1.5.0";

macro_rules! classes {
    ($($variant:ident = $uid:literal, $caption:literal, $name:literal, $category:literal, [$($aid:literal $aname:literal),*];)*) => {
        /// An OCSF event class, by `class_uid`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(into = "u32", try_from = "u32")]
        pub enum Class { $($variant),* }

        impl Class {
            pub const ALL: &'static [Class] = &[$(Class::$variant),*];

            /// `class_uid`.
            pub fn uid(self) -> u32 { match self { $(Class::$variant => $uid),* } }
            /// The caption OCSF shows to people.
            pub fn caption(self) -> &'static str { match self { $(Class::$variant => $caption),* } }
            /// The snake-case class name used in URLs and filters.
            pub fn name(self) -> &'static str { match self { $(Class::$variant => $name),* } }
            /// `category_uid`.
            pub fn category_uid(self) -> u32 { match self { $(Class::$variant => $category),* } }
            /// The activities OCSF defines for this class besides 0 Unknown and 99 Other.
            pub fn activities(self) -> &'static [(u8, &'static str)] { match self { $(Class::$variant => &[$(($aid, $aname)),*]),* } }
        }
    };
}

classes! {
    Base = 0, "Base Event", "base_event", 0, [];
    AccountChange = 3001, "Account Change", "account_change", 3, [1 "Create", 2 "Enable", 3 "Password Change", 4 "Password Reset", 5 "Disable", 6 "Delete", 7 "Attach Policy", 8 "Detach Policy", 9 "Lock", 10 "MFA Factor Enable", 11 "MFA Factor Disable", 12 "Unlock"];
    Authentication = 3002, "Authentication", "authentication", 3, [1 "Logon", 2 "Logoff", 3 "Authentication Ticket", 4 "Service Ticket Request", 5 "Service Ticket Renew", 6 "Preauth"];
    EntityManagement = 3004, "Entity Management", "entity_management", 3, [1 "Create", 2 "Read", 3 "Update", 4 "Delete", 5 "Move", 6 "Enroll", 7 "Unenroll", 8 "Enable", 9 "Disable", 10 "Activate", 11 "Deactivate", 12 "Suspend", 13 "Resume"];
    UserAccess = 3005, "User Access Management", "user_access", 3, [1 "Assign Privileges", 2 "Revoke Privileges"];
    GroupManagement = 3006, "Group Management", "group_management", 3, [1 "Assign Privileges", 2 "Revoke Privileges", 3 "Add User", 4 "Remove User", 5 "Delete", 6 "Create", 7 "Add Subgroup", 8 "Remove Subgroup"];
    WebResources = 6001, "Web Resources Activity", "web_resources_activity", 6, [1 "Create", 2 "Read", 3 "Update", 4 "Delete", 5 "Search", 6 "Import", 7 "Export", 8 "Share"];
    ApplicationLifecycle = 6002, "Application Lifecycle", "application_lifecycle", 6, [1 "Install", 2 "Remove", 3 "Start", 4 "Stop", 5 "Restart", 6 "Enable", 7 "Disable", 8 "Update"];
    Api = 6003, "API Activity", "api_activity", 6, [1 "Create", 2 "Read", 3 "Update", 4 "Delete"];
    Datastore = 6005, "Datastore Activity", "datastore_activity", 6, [1 "Read", 2 "Update", 3 "Connect", 4 "Query", 5 "Write", 6 "Create", 7 "Delete"];
}

impl From<Class> for u32 {
    fn from(class: Class) -> u32 {
        class.uid()
    }
}

impl TryFrom<u32> for Class {
    type Error = String;
    fn try_from(uid: u32) -> Result<Self, String> {
        Class::ALL.iter().copied().find(|c| c.uid() == uid).ok_or_else(|| format!("class_uid {uid} is not a class Veritrail uses (OCSF {OCSF_VERSION})"))
    }
}

impl Class {
    /// Finds a class by its snake-case name, as mappings and filters write it.
    pub fn from_name(name: &str) -> Option<Class> {
        Class::ALL.iter().copied().find(|c| c.name() == name)
    }
}

/// `activity_id` within its class: 0 is Unknown, 99 is Other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Activity(pub u8);

impl Activity {
    pub const UNKNOWN: Activity = Activity(0);
    pub const OTHER: Activity = Activity(99);

    /// The activity of `class` with this OCSF name, case-insensitive ("Logon", "export", "assign_privileges").
    pub fn named(class: Class, name: &str) -> Option<Activity> {
        let wanted = name.replace(['_', '-'], " ");
        match wanted.to_ascii_lowercase().as_str() {
            "unknown" => return Some(Activity::UNKNOWN),
            "other" => return Some(Activity::OTHER),
            _ => {}
        }
        class.activities().iter().find(|(_, n)| n.eq_ignore_ascii_case(&wanted)).map(|(id, _)| Activity(*id))
    }

    /// The OCSF name of this activity in `class`.
    pub fn caption(self, class: Class) -> &'static str {
        match self.0 {
            0 => "Unknown",
            99 => "Other",
            id => class.activities().iter().find(|(a, _)| *a == id).map_or("Unknown", |(_, n)| n),
        }
    }

    /// `type_uid` = class_uid * 100 + activity_id.
    pub fn type_uid(self, class: Class) -> u64 {
        u64::from(class.uid()) * 100 + u64::from(self.0)
    }
}

/// Shorthands so that normalisers read as sentences: `act::EXPORT` on `Class::WebResources`.
pub mod act {
    use super::Activity;
    pub const LOGON: Activity = Activity(1);
    pub const LOGOFF: Activity = Activity(2);
    pub const CREATE: Activity = Activity(1);
    pub const READ: Activity = Activity(2);
    pub const UPDATE: Activity = Activity(3);
    pub const DELETE: Activity = Activity(4);
    pub const SEARCH: Activity = Activity(5);
    pub const IMPORT: Activity = Activity(6);
    pub const EXPORT: Activity = Activity(7);
    pub const SHARE: Activity = Activity(8);
    pub const ASSIGN_PRIVILEGES: Activity = Activity(1);
    pub const REVOKE_PRIVILEGES: Activity = Activity(2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_agree() {
        for class in Class::ALL {
            assert_eq!(Class::try_from(class.uid()), Ok(*class));
            assert_eq!(Class::from_name(class.name()), Some(*class));
            for (id, name) in class.activities() {
                assert_eq!(Activity::named(*class, name), Some(Activity(*id)));
            }
        }
        assert_eq!(Activity::named(Class::WebResources, "export"), Some(act::EXPORT));
        assert_eq!(act::EXPORT.type_uid(Class::WebResources), 600_107);
    }
}
