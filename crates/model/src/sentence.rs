//! The sentence every event has, as a template and typed references; words are chosen per reader by `app`.

use crate::{Class, ClearEvent, Outcome};

/// Message-catalogue key of the sentence for an event, for example `event.web_resources_activity.export.success`.
pub fn template(clear: &ClearEvent) -> String {
    let activity = clear.activity_id.caption(clear.class_uid).to_ascii_lowercase().replace(' ', "_");
    let outcome = if clear.outcome == Outcome::Failure { "failure" } else { "success" };
    format!("event.{}.{activity}.{outcome}", clear.class_uid.name())
}

/// The verb phrase for class, activity and outcome in plain English: "exported", "tried to sign in".
/// `{n}` stands for the row count, `{target}` for the target's label and type.
pub fn phrase(class: Class, activity: u8, outcome: Outcome) -> &'static str {
    let failed = outcome == Outcome::Failure;
    match (class, activity, failed) {
        (Class::Authentication, 1, false) => "signed in",
        (Class::Authentication, 1, true) => "failed to sign in",
        (Class::Authentication, 2, _) => "signed out",
        (Class::Authentication, _, false) => "passed an identity check",
        (Class::Authentication, _, true) => "failed an identity check",
        (Class::WebResources, 1, false) => "created {target}",
        (Class::WebResources, 2, false) => "viewed {target}",
        (Class::WebResources, 3, false) => "changed {target}",
        (Class::WebResources, 4, false) => "deleted {target}",
        (Class::WebResources, 5, false) => "searched {target}",
        (Class::WebResources, 6, false) => "imported {n} into {target}",
        (Class::WebResources, 7, false) => "exported {n} from {target}",
        (Class::WebResources, 8, false) => "shared {target}",
        (Class::WebResources, 7, true) => "tried to export {target}",
        (Class::WebResources, 4, true) => "tried to delete {target}",
        (Class::WebResources, _, true) => "was refused at {target}",
        (Class::AccountChange, 1, _) => "created the account {target}",
        (Class::AccountChange, 2, _) => "enabled the account {target}",
        (Class::AccountChange, 3, _) => "changed the password of {target}",
        (Class::AccountChange, 4, _) => "reset the password of {target}",
        (Class::AccountChange, 5, _) => "disabled the account {target}",
        (Class::AccountChange, 6, _) => "deleted the account {target}",
        (Class::AccountChange, 9, _) => "locked the account {target}",
        (Class::AccountChange, 10, _) => "enrolled a second factor for {target}",
        (Class::AccountChange, 11, _) => "removed a second factor of {target}",
        (Class::AccountChange, _, _) => "changed the account {target}",
        (Class::UserAccess, 2, _) => "took rights from {target}",
        (Class::UserAccess, _, _) => "gave rights to {target}",
        (Class::GroupManagement, 3, _) => "added a member to {target}",
        (Class::GroupManagement, 4, _) => "removed a member from {target}",
        (Class::GroupManagement, 5, _) => "deleted the group {target}",
        (Class::GroupManagement, 6, _) => "created the group {target}",
        (Class::GroupManagement, _, _) => "changed the group {target}",
        (Class::EntityManagement, 1, _) => "created {target}",
        (Class::EntityManagement, 2, _) => "read {target}",
        (Class::EntityManagement, 4, _) => "deleted {target}",
        (Class::EntityManagement, 8, _) => "enabled {target}",
        (Class::EntityManagement, 9, _) => "disabled {target}",
        (Class::EntityManagement, _, _) => "changed {target}",
        (Class::ApplicationLifecycle, 1, _) => "installed {target}",
        (Class::ApplicationLifecycle, 2, _) => "removed {target}",
        (Class::ApplicationLifecycle, _, _) => "changed {target}",
        (Class::Api, 2, false) => "read {target} through the API",
        (Class::Api, 4, false) => "deleted {target} through the API",
        (Class::Api, _, false) => "called the API for {target}",
        (Class::Api, _, true) => "was refused by the API for {target}",
        (Class::Datastore, 4, _) => "queried {target}",
        (Class::Datastore, 1, _) => "read {n} from {target}",
        (Class::Datastore, 7, _) => "deleted {n} from {target}",
        (Class::Datastore, _, _) => "worked on {target}",
        (_, _, false) => "did something with {target}",
        (_, _, true) => "was refused at {target}",
    }
}
