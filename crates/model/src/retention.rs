//! How long what is kept, by class of event (docs/adr/0006-retention.md).

use crate::{Activity, Class, DAY, Micros, class::act};
use serde::{Deserialize, Serialize};

/// What retention policies tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeping {
    Authentication,
    /// Reads and searches.
    Access,
    /// Records made, changed, moved or deleted.
    Change,
    Export,
    /// Accounts, groups and what they may do.
    Permission,
    Other,
}

impl Keeping {
    pub const ALL: [Keeping; 6] = [Keeping::Authentication, Keeping::Access, Keeping::Change, Keeping::Export, Keeping::Permission, Keeping::Other];

    pub fn name(self) -> &'static str {
        match self {
            Keeping::Authentication => "authentication",
            Keeping::Access => "access",
            Keeping::Change => "change",
            Keeping::Export => "export",
            Keeping::Permission => "permission",
            Keeping::Other => "other",
        }
    }

    /// Of an event by what its clear part says.
    pub fn of(class: Class, activity: Activity) -> Self {
        if matches!(activity, Activity::UNKNOWN | Activity::OTHER) && class != Class::Authentication {
            return Keeping::Other;
        }
        match (class, activity) {
            (Class::Authentication, _) => Keeping::Authentication,
            (Class::AccountChange | Class::UserAccess | Class::GroupManagement, _) | (Class::WebResources, act::SHARE) => Keeping::Permission,
            (Class::WebResources, act::EXPORT) => Keeping::Export,
            (Class::WebResources, act::READ | act::SEARCH) | (Class::Api | Class::EntityManagement, act::READ) => Keeping::Access,
            // Read, Connect, Query.
            (Class::Datastore, Activity(1 | 3 | 4)) => Keeping::Access,
            (Class::WebResources | Class::Api | Class::EntityManagement | Class::Datastore | Class::ApplicationLifecycle, _) => Keeping::Change,
            (Class::Base, _) => Keeping::Other,
        }
    }
}

/// Days each class is kept after it was received; 0 keeps it for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    pub authentication: u32,
    pub access: u32,
    pub change: u32,
    pub export: u32,
    pub permission: u32,
    pub other: u32,
}

impl Rule {
    pub fn days(&self, keeping: Keeping) -> u32 {
        match keeping {
            Keeping::Authentication => self.authentication,
            Keeping::Access => self.access,
            Keeping::Change => self.change,
            Keeping::Export => self.export,
            Keeping::Permission => self.permission,
            Keeping::Other => self.other,
        }
    }

    /// Whether an event of this class, received then, is kept no longer.
    pub fn is_due(&self, keeping: Keeping, received: Micros, now: Micros) -> bool {
        match self.days(keeping) {
            0 => false,
            days => received.saturating_add(i64::from(days) * DAY) <= now,
        }
    }

    /// What was received after this time is not due, whatever it is; `None` when everything is kept.
    pub fn newest_due(&self, now: Micros) -> Option<Micros> {
        let shortest = Keeping::ALL.into_iter().map(|keeping| self.days(keeping)).filter(|days| *days > 0).min()?;
        Some(now.saturating_sub(i64::from(shortest) * DAY))
    }

    /// One word, as the manifests of successors say it: `access:90,change:365`.
    pub fn text(&self) -> String {
        let limited = Keeping::ALL.into_iter().filter(|keeping| self.days(*keeping) > 0);
        limited.map(|keeping| format!("{}:{}", keeping.name(), self.days(keeping))).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_activity_belongs_to_a_class_of_the_rule() {
        let check = |class, activity, expect| assert_eq!(Keeping::of(class, activity), expect, "{class:?} {activity:?}");
        check(Class::Authentication, act::LOGON, Keeping::Authentication);
        check(Class::Authentication, Activity::OTHER, Keeping::Authentication);
        check(Class::WebResources, act::READ, Keeping::Access);
        check(Class::WebResources, act::EXPORT, Keeping::Export);
        check(Class::WebResources, act::IMPORT, Keeping::Change);
        check(Class::WebResources, act::SHARE, Keeping::Permission);
        check(Class::WebResources, Activity::UNKNOWN, Keeping::Other);
        check(Class::EntityManagement, act::READ, Keeping::Access);
        check(Class::EntityManagement, act::DELETE, Keeping::Change);
        check(Class::Datastore, Activity(4), Keeping::Access);
        check(Class::Datastore, Activity(5), Keeping::Change);
        check(Class::UserAccess, act::ASSIGN_PRIVILEGES, Keeping::Permission);
        check(Class::Base, Activity(1), Keeping::Other);
    }

    #[test]
    fn what_is_due_is_told_by_class_and_time_of_receipt() {
        let rule = Rule { access: 90, change: 365, ..Rule::default() };
        assert!(rule.is_due(Keeping::Access, 0, 90 * DAY) && !rule.is_due(Keeping::Access, 1, 90 * DAY));
        assert!(!rule.is_due(Keeping::Export, 0, i64::MAX), "kept for ever");
        assert_eq!((rule.newest_due(100 * DAY), Rule::default().newest_due(0)), (Some(10 * DAY), None));
        assert_eq!((rule.text(), Rule::default().text()), ("access:90,change:365".into(), String::new()));
    }
}
